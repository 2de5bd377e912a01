package badger_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
)

const diskEnv = "PARLEY_TEST_DISK"

// On a small disk of its own, in a process of its own, which would die if
// Badger wrote to a mapped file that there is no room for.
func TestFullDisk(t *testing.T) {
	if os.Getenv(diskEnv) != "" {
		t.Run("small", func(t *testing.T) { fillDisk(t, 1<<10, 300) })
		if !testing.Short() {
			t.Run("large", func(t *testing.T) { fillDisk(t, 3<<20, 2) })
		}
		t.Run("closed", closedOnFullDisk)
		t.Run("making a table", closedWhileATableIsMade)
		return
	}
	process := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v", fmt.Sprintf("-test.short=%t", testing.Short()))
	process.Env = append(os.Environ(), diskEnv+"="+t.TempDir())
	process.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		process.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		process.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		process.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	if out, err := process.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// disk mounts an empty disk of some size.
func disk(t *testing.T, size string) (dir string) {
	t.Helper()
	dir = os.Getenv(diskEnv)
	// What is mounted here is to be seen by nobody else.
	try(t, syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
	try(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size))
	t.Cleanup(func() { try(t, syscall.Unmount(dir, 0)) })
	return dir
}

// fillDisk writes records of a size until there is no room, opens the store
// again, makes room, and goes on.
func fillDisk(t *testing.T, size, together int) {
	dir := disk(t, "48m")
	o := badger.Options{Dir: filepath.Join(dir, "store"), Key: storeKey, Log: quiet}
	b := opens(t, o)
	want := map[string]string{}
	number := 0
	writeOn := func() error {
		ops := make([]crdt.Op, together)
		for i := range ops {
			ops[i] = crdt.Op{Key: fmt.Appendf(nil, "key/%08d", number+i), Value: noise(number+i, size)}
		}
		err := b.Write(ops)
		if err == nil {
			for _, op := range ops {
				want[string(op.Key)] = string(op.Value)
			}
			number += together
		}
		return err
	}
	untilFull := func() {
		t.Helper()
		before := number
		var err error
		for err == nil {
			err = writeOn()
		}
		if !errors.Is(err, crdt.ErrFull) {
			t.Fatalf("after %d records: %v", number, err)
		}
		t.Logf("%d records of %d bytes fit: %v", number-before, size, err)
	}
	untilFull()
	if number == 0 {
		t.Fatal("nothing was written")
	}
	same(t, contents(t, b), want)
	for range 3 {
		try(t, b.Close())
		b = opens(t, o)
		same(t, contents(t, b), want)
		if err := writeOn(); err != nil && !errors.Is(err, crdt.ErrFull) {
			t.Fatal(err)
		}
	}
	try(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=80m"))
	before := number
	untilFull()
	if number == before {
		t.Fatal("nothing was written though there was room again")
	}
	try(t, b.Close())
	holds(t, o, want)
}

// closedOnFullDisk opens stores on a disk where something else has taken the
// rest of the room.
func closedOnFullDisk(t *testing.T) {
	dir := disk(t, "48m")
	o := badger.Options{Dir: filepath.Join(dir, "store"), Key: storeKey, Log: quiet}
	fill(t, o, 2000)
	other, err := os.Create(filepath.Join(dir, "other"))
	try(t, err)
	for err == nil {
		_, err = other.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	fresh := o
	fresh.Dir = filepath.Join(dir, "fresh")
	for _, o := range []badger.Options{o, fresh} {
		if _, err := badger.Open(o); !errors.Is(err, crdt.ErrFull) {
			t.Errorf("opened %s on a full disk: %v", filepath.Base(o.Dir), err)
		}
	}
	try(t, errors.Join(other.Truncate(0), other.Close()))
	holds(t, o, records(2000))
	holds(t, fresh, nil)
}

// closedWhileATableIsMade looks at a directory as Badger leaves it while it makes
// a table of a log: the table has its room, and the log is still there.
func closedWhileATableIsMade(t *testing.T) {
	dir := disk(t, "16m")
	logs := []string{"00001.mem", "00002.mem", "00003.mem"}
	for _, name := range logs {
		try(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	if err := badger.RoomToOpen(dir); !errors.Is(err, crdt.ErrFull) {
		t.Fatalf("room for three tables: %v", err)
	}
	closed := make(chan error)
	go func() { closed <- badger.RoomToClose(dir) }()
	select {
	case err := <-closed:
		t.Fatalf("the table was not waited for: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	try(t, os.Remove(filepath.Join(dir, logs[0])))
	if err := <-closed; err != nil {
		t.Errorf("once the table is made: %v", err)
	}
}

// allocated is how much of the disk a file takes.
func allocated(t *testing.T, path string) int64 {
	t.Helper()
	var stat syscall.Stat_t
	try(t, syscall.Stat(path, &stat))
	return stat.Blocks * 512
}
