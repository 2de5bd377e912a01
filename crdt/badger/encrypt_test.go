package badger_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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

var storeKey = bytes.Repeat([]byte{7}, badger.KeySize)

func TestEncryptedBackend(t *testing.T) {
	dir := t.TempDir()
	runBackend(t, badger.Options{Dir: dir, Key: storeKey, Log: quiet})
}

// What is written with a key is found in no file, and only that key opens it.
func TestKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	options := badger.Options{Dir: dir, Key: storeKey, Log: quiet}
	fill(t, options, 200)
	if found := clearText(t, dir); found != "" {
		t.Errorf("%s can be read without a key", found)
	}
	for name, key := range map[string][]byte{"another": bytes.Repeat([]byte{8}, badger.KeySize), "none": nil} {
		if _, err := badger.Open(badger.Options{Dir: dir, Key: key, Log: quiet}); !errors.Is(err, badger.ErrWrongKey) {
			t.Errorf("%s key: %v", name, err)
		}
	}
	if _, err := badger.Open(badger.Options{Dir: dir, Key: storeKey[:16], Log: quiet}); err == nil {
		t.Error("opened with half a key")
	}
	holds(t, options, records(200))
}

// A directory of the time before encryption is encrypted when it is opened with
// a key, from whatever an interrupted attempt has left.
func TestEncryptingWhatIsThere(t *testing.T) {
	states := map[string]func(t *testing.T, dir string){
		"nothing was tried yet": func(*testing.T, string) {},
		"a copy was begun": func(t *testing.T, dir string) {
			fill(t, badger.Options{Dir: dir + ".encrypting", Key: storeKey, Log: quiet}, 20)
		},
		"a copy has just its first file": func(t *testing.T, dir string) {
			fill(t, badger.Options{Dir: dir + ".encrypting", Key: storeKey, Log: quiet}, 0)
			for _, name := range files(t, dir+".encrypting") {
				if name != "KEYREGISTRY" {
					try(t, os.Remove(filepath.Join(dir+".encrypting", name)))
				}
			}
		},
		"the old one has stepped aside": func(t *testing.T, dir string) {
			fill(t, badger.Options{Dir: dir + ".encrypting", Key: storeKey, Log: quiet}, 200)
			try(t, os.Rename(dir, dir+".plain"))
		},
		"the old one has stepped aside and an empty directory is there": func(t *testing.T, dir string) {
			fill(t, badger.Options{Dir: dir + ".encrypting", Key: storeKey, Log: quiet}, 200)
			try(t, os.Rename(dir, dir+".plain"))
			try(t, os.Mkdir(dir, 0o700))
		},
		"the new one has taken its place": func(t *testing.T, dir string) {
			fill(t, badger.Options{Dir: dir + ".encrypting", Key: storeKey, Log: quiet}, 200)
			try(t, os.Rename(dir, dir+".plain"))
			try(t, os.Rename(dir+".encrypting", dir))
		},
		"the old one is partly removed": func(t *testing.T, dir string) {
			fill(t, badger.Options{Dir: dir + ".encrypting", Key: storeKey, Log: quiet}, 200)
			try(t, os.Rename(dir, dir+".plain"))
			try(t, os.Rename(dir+".encrypting", dir))
			try(t, os.Remove(filepath.Join(dir+".plain", "MANIFEST")))
		},
	}
	for name, leave := range states {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			fill(t, badger.Options{Dir: dir, Log: quiet}, 200)
			leave(t, dir)
			holds(t, badger.Options{Dir: dir, Key: storeKey, Log: quiet}, records(200))
			if found := clearText(t, filepath.Dir(dir)); found != "" {
				t.Errorf("%s can be read without a key", found)
			}
			if _, err := badger.Open(badger.Options{Dir: dir, Log: quiet}); !errors.Is(err, badger.ErrWrongKey) {
				t.Errorf("without a key: %v", err)
			}
		})
	}
}

// A store that an older program made while an encrypted one waited for its name
// is not what Parley throws away.
func TestTwoStoresAreLeftToThePerson(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	fill(t, badger.Options{Dir: dir, Log: quiet}, 6)
	fill(t, badger.Options{Dir: dir + ".plain", Log: quiet}, 5)
	if _, err := badger.Open(badger.Options{Dir: dir, Key: storeKey, Log: quiet}); err == nil {
		t.Fatal("opened one of two")
	}
	try(t, os.Rename(dir+".plain", dir+"-elsewhere"))
	holds(t, badger.Options{Dir: dir, Key: storeKey, Log: quiet}, records(6))
	holds(t, badger.Options{Dir: dir + "-elsewhere", Log: quiet}, records(5))
}

// A process that encrypts is killed at random moments until one gets through.
func TestEncryptingIsKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	const count = 20_000
	fill(t, badger.Options{Dir: dir, Log: quiet}, count)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	began := time.Now()
	child(t, openerEnv, dir).Wait() // the first run tells how long it takes, on a copy
	whole := time.Since(began)
	again := filepath.Join(t.TempDir(), "store")
	fill(t, badger.Options{Dir: again, Log: quiet}, count)
	for range rounds {
		opener := child(t, openerEnv, again)
		time.AfterFunc(time.Duration(random.Int64N(int64(whole))), func() { opener.Process.Kill() })
		opener.Wait()
	}
	holds(t, badger.Options{Dir: again, Key: storeKey, Log: quiet}, records(count))
	if left, err := filepath.Glob(again + ".*"); err != nil || len(left) != 1 {
		t.Errorf("%q is left beside the store, %v", left, err)
	}
}

const openerEnv = "PARLEY_TEST_OPEN"

// openAndClose is what a child process does that is told to open a directory.
func openAndClose(dir string) {
	b, err := badger.Open(badger.Options{Dir: dir, Key: storeKey, Log: quiet})
	if err == nil {
		err = b.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child starts this test binary for something else than testing.
func child(t *testing.T, variable, dir string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), variable+"="+dir)
	command.Stderr = os.Stderr
	try(t, command.Start())
	return command
}

// records are what fill writes: small values, and a few that Badger keeps in
// logs of their own. Each can be told from the others.
func records(count int) map[string]string {
	all := make(map[string]string, count)
	for i := range count {
		value := fmt.Sprintf("clear text of record %d %x ", i, noise(i, 5+i%23))
		if i%97 == 3 {
			value = strings.Repeat(value, crdt.LargeValue/len(value)+1)
		}
		all[fmt.Sprintf("key/%06d", i)] = value
	}
	return all
}

// fill writes records(count) to a directory, and again over some of it.
func fill(t *testing.T, o badger.Options, count int) {
	t.Helper()
	b := opens(t, o)
	write(t, b, records(count))
	try(t, b.Close())
}

func write(t *testing.T, b *badger.Backend, all map[string]string) {
	t.Helper()
	var ops []crdt.Op
	size := 0
	for key, value := range all {
		ops = append(ops, crdt.Op{Key: []byte(key), Value: []byte(value)})
		if size += len(key) + len(value); size > crdt.MaxWriteBytes/2 || len(ops) == 500 {
			try(t, b.Write(ops))
			ops, size = nil, 0
		}
	}
	try(t, b.Write(ops))
}

func opens(t *testing.T, o badger.Options) *badger.Backend {
	t.Helper()
	b, err := badger.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// holds opens a directory and compares all it holds.
func holds(t *testing.T, o badger.Options, want map[string]string) {
	t.Helper()
	b := opens(t, o)
	defer func() { try(t, b.Close()) }()
	same(t, contents(t, b), want)
}

func contents(t *testing.T, b *badger.Backend) map[string]string {
	t.Helper()
	got := make(map[string]string)
	try(t, b.View(func(r crdt.Reader) error {
		return r.Scan(nil, nil, func(key, value []byte) (bool, error) {
			got[string(key)] = string(value)
			return true, nil
		})
	}))
	return got
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	if maps.Equal(got, want) {
		return
	}
	for key, value := range want {
		if got[key] != value {
			t.Fatalf("%d records, not %d: %s is %.40q, not %.40q", len(got), len(want), key, got[key], value)
		}
	}
	t.Fatalf("%d records, not %d", len(got), len(want))
}

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	try(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// clearText names a file below dir in which a record can be read.
func clearText(t *testing.T, dir string) (name string) {
	t.Helper()
	try(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("clear text")) || bytes.Contains(data, []byte("key/")) {
			name = path
		}
		return err
	}))
	return name
}

// noise does not compress. It is the same for the same number.
func noise(number, size int) []byte {
	seed := [32]byte{byte(number), byte(number >> 8), byte(number >> 16)}
	value := make([]byte, size)
	chacha := rand.NewChaCha8(seed)
	_, _ = chacha.Read(value)
	return value
}
