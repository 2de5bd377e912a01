package crdt_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"parley/crdt"
)

// fullDiskEnv names the folder in which a process of a test's own has a small
// disk.
const fullDiskEnv = "PARLEY_TEST_FULL_DISK"

// TestABlobThatTheDiskHasNoRoomFor puts blobs on a small disk of the test's own
// until it is full, makes room, and goes on.
func TestABlobThatTheDiskHasNoRoomFor(t *testing.T) {
	if dir := os.Getenv(fullDiskEnv); dir != "" {
		putUntilTheDiskIsFull(t, dir)
		return
	}
	process := exec.Command(os.Args[0], "-test.run=^TestABlobThatTheDiskHasNoRoomFor$", "-test.v")
	process.Env = append(os.Environ(), fullDiskEnv+"="+t.TempDir())
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

func putUntilTheDiskIsFull(t *testing.T, disk string) {
	// What is mounted here is to be seen by nobody else.
	for _, err := range []error{
		syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=96m"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 24<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDevice(t, "Ada")
	d.closes()
	d.dir = filepath.Join(disk, "store")
	d.opens()
	id := d.founds().Space
	var kept []crdt.BlobID
	for seed := uint64(300); ; seed++ {
		blob, err := d.store.PutBlob(t.Context(), id, "", bytes.NewReader(picture(5*piece+1, seed)))
		if errors.Is(err, crdt.ErrFull) {
			break
		}
		if err != nil {
			t.Fatalf("after %d blobs: %v", len(kept), err)
		}
		kept = append(kept, blob.ID)
	}
	if len(kept) == 0 {
		t.Fatal("nothing was put")
	}
	check := func(when string) {
		t.Helper()
		files := d.files(id)
		if len(files) != len(kept) {
			t.Errorf("%s there are %d blobs of %d", when, len(files), len(kept))
		}
		for _, blob := range kept {
			if err := d.store.VerifyBlob(t.Context(), id, blob); err != nil || !slices.Contains(files, blob) {
				t.Errorf("%s: %v", when, err)
			}
		}
	}
	check("on the full disk")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	kept = append(kept, d.puts(id, picture(5*piece+1, 999)).ID)
	if _, err := d.store.CollectBlobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("with room again")
	d.restarts()
	check("opened again")
	if n := d.records(id, 'u'); n != 0 {
		t.Errorf("%d puts are left", n)
	}
	if n := d.records(id, 'B'); n != 6*len(kept) {
		t.Errorf("%d pieces of %d blobs: something is left of the one that did not fit", n, len(kept))
	}
	d.closes()
	if err := syscall.Unmount(disk, 0); err != nil {
		t.Error(err)
	}
}
