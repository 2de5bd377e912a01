package badger_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
)

const writerEnv = "PARLEY_TEST_WRITE"

// stored is what writeStore leaves in a directory.
func stored() map[string]string {
	all := records(3000)
	random := rand.New(rand.NewPCG(5, 5))
	for i := range 9000 {
		value := make([]byte, 500)
		for at := range value {
			value[at] = byte(random.Uint32())
		}
		all[fmt.Sprintf("key/random/%06d", i)] = string(value)
	}
	for i := range 3000 {
		key := fmt.Sprintf("key/%06d", i)
		switch {
		case len(all[key]) >= crdt.LargeValue: // all large values stay as they are
		case i%7 == 0:
			delete(all, key)
		case i%11 == 0:
			all[key] = fmt.Sprintf("clear text of record %d, as it is now", i)
		}
	}
	return all
}

// writeStore writes what stored returns, in several openings, so that there are
// tables of several levels, logs, older versions and deleted records.
func writeStore(t *testing.T, o badger.Options) *badger.Backend {
	t.Helper()
	fill(t, o, 3000)
	b := opens(t, o)
	now := stored()
	var ops []crdt.Op
	for key, value := range records(3000) {
		switch now[key] {
		case "":
			ops = append(ops, crdt.Op{Key: []byte(key)})
		case value:
			delete(now, key)
		}
	}
	try(t, b.Write(ops))
	write(t, b, now)
	return b
}

// stores are two directories: one was closed, the other one's process was
// killed.
func stores(t *testing.T) map[string]badger.Options {
	t.Helper()
	closed := badger.Options{Dir: filepath.Join(t.TempDir(), "store"), Key: storeKey, Log: quiet}
	try(t, writeStore(t, closed).Close())
	killed := closed
	killed.Dir = filepath.Join(t.TempDir(), "store")
	process := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
	process.Env = append(os.Environ(), writerEnv+"="+killed.Dir)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	try(t, err)
	try(t, process.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "written\n" {
		t.Fatalf("%q, %v", line, err)
	}
	try(t, process.Process.Kill())
	_ = process.Wait()
	return map[string]badger.Options{"closed": closed, "killed": killed}
}

// TestWriterProcess is what a child process does that is going to be killed.
func TestWriterProcess(t *testing.T) {
	dir := os.Getenv(writerEnv)
	if dir == "" {
		return
	}
	writeStore(t, badger.Options{Dir: dir, Key: storeKey, Log: quiet})
	// A table that is just being made is no part of the store yet, and may have
	// any bit flipped: the last one is waited for.
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if logs, err := filepath.Glob(filepath.Join(dir, "*.mem")); err == nil && len(logs) == 1 {
			break
		}
	}
	fmt.Println("written")
	select {}
}

func check(t *testing.T, o badger.Options) (found []badger.Damage) {
	t.Helper()
	try(t, badger.Check(t.Context(), o, func(d badger.Damage) { found = append(found, d) }))
	return found
}

// salvage copies a directory and returns what was in it.
func salvage(t *testing.T, from badger.Options) (all map[string]string, found []badger.Damage) {
	t.Helper()
	to := from
	to.Dir = filepath.Join(t.TempDir(), "salvaged")
	count, err := badger.Salvage(t.Context(), from, to, func(d badger.Damage) { found = append(found, d) })
	try(t, err)
	b := opens(t, to)
	all = contents(t, b)
	try(t, b.Close())
	try(t, os.RemoveAll(to.Dir))
	if count != len(all) {
		t.Errorf("%d records were salvaged, %d are there", count, len(all))
	}
	return all, found
}

func TestSoundStoresAreFoundSound(t *testing.T) {
	for name, o := range stores(t) {
		t.Run(name, func(t *testing.T) {
			if found := check(t, o); len(found) > 0 {
				t.Errorf("found %v", found)
			}
			all, found := salvage(t, o)
			if len(found) > 0 {
				t.Errorf("found %v", found)
			}
			same(t, all, stored())
			holds(t, o, stored())
		})
	}
}

// place is a bit of a file.
type place struct {
	file string
	at   int64
	bit  int
}

// flip flips a bit, and flips it back when the test has ended.
func (p place) flip(t *testing.T, dir string) {
	t.Helper()
	flip := func() {
		file, err := os.OpenFile(filepath.Join(dir, p.file), os.O_RDWR, 0)
		try(t, err)
		one := make([]byte, 1)
		_, err = file.ReadAt(one, p.at)
		try(t, err)
		one[0] ^= 1 << p.bit
		_, err = file.WriteAt(one, p.at)
		try(t, err)
		try(t, file.Close())
	}
	flip()
	t.Cleanup(flip)
}

// places are bits in each structural region of each file, and some at random.
func places(t *testing.T, dir string, random *rand.Rand, more int) (all []place) {
	t.Helper()
	for _, name := range files(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		try(t, err)
		end := int64(len(strings.TrimRight(string(data), "\x00")))
		add := func(at int64) {
			if at >= 0 && at < end {
				all = append(all, place{name, at, random.IntN(8)})
			}
		}
		from := int64(0)
		switch filepath.Ext(name) {
		case ".mem", ".vlog":
			if end <= 20 {
				continue // nothing is in it, and of a head's random bytes nobody can tell
			}
			// Data key, initialisation vector, then the first entry: meta,
			// length of key, length of value, key, value.
			for _, at := range []int64{7, 9, 19, 20, 21, 22, 23, 24, 30, 60} {
				add(at)
			}
		case ".sst":
			// Blocks, index, its size, its checksum, that one's size.
			for _, at := range []int64{0, 100, 4000, 5000, end / 2, end - 3000, end - 18, end - 13, end - 10, end - 6, end - 1, end - 4} {
				add(at)
			}
		case "":
			switch name {
			case "MANIFEST", "KEYREGISTRY", "KEYREGISTRY-COPY":
				for _, at := range []int64{0, 8, 12, 16, 20, 28, 32, 40} {
					add(at)
				}
			default:
				continue
			}
		default:
			continue
		}
		add(end - 1)
		add(end - 2)
		for range more {
			add(from + random.Int64N(end-from))
		}
	}
	return all
}

// Wherever a bit is flipped, the file is named, and nothing is lost.
func TestAFlippedBitAnywhere(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	want := stored()
	for state, o := range stores(t) {
		all := places(t, o.Dir, random, 2)
		if testing.Short() {
			random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			all = all[:8]
		}
		for _, p := range all {
			t.Run(fmt.Sprintf("%s/%s/%d.%d", state, p.file, p.at, p.bit), func(t *testing.T) {
				p.flip(t, o.Dir)
				found := check(t, o)
				all, put := salvage(t, o)
				same(t, all, want)
				if filepath.Ext(p.file) == ".sst" && len(found)+len(put) == 0 {
					return // a compressed block can say the same in another way
				}
				named(t, found, p.file)
			})
		}
	}
}

func named(t *testing.T, found []badger.Damage, file string) {
	t.Helper()
	for _, d := range found {
		if d.File != file {
			t.Errorf("%s was said to be damaged, and %s is", d, file)
		}
	}
	if len(found) == 0 {
		t.Errorf("nobody noticed that %s is damaged", file)
	}
}
