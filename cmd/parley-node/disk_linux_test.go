package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/crdt/chunk"
)

const diskEnv = "PARLEY_TEST_DISK"

const length = 10_000 // of a text, in characters

// onItsOwnDisk runs a test in a process of its own, which alone sees a small
// disk at a directory.
func onItsOwnDisk(t *testing.T, story func(t *testing.T, disk string)) {
	if dir := os.Getenv(diskEnv); dir != "" {
		mount(t, "", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "") // nobody else is to see what comes
		mount(t, "tmpfs", dir, "tmpfs", 0, "size=64m")
		story(t, dir)
		return
	}
	process := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
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

// A directory that was written to, and then may only be read.
func TestTheDiskIsReadOnly(t *testing.T) { onItsOwnDisk(t, readsOnly) }

func readsOnly(t *testing.T, disk string) {
	data := filepath.Join(disk, "data")
	id := ask(t, data, "space", "create", "Park")["space"].(string)
	document := ask(t, data, "document", "create", id, "--title", "Plan")["document"].(string)
	mount(t, "tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=64m")
	for _, command := range [][]string{
		{"space", "list"}, {"serve"}, {"document", "edit", id, document, "--at", "0", "--insert", "x"},
	} {
		_, err := try(data, command...)
		expect(t, err, `"code":"unwritable"`, "cannot write to its data directory", "Make it writable")
	}
	mount(t, "tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=64m")
	if err := edit(data, id, document, "again"); err != nil {
		t.Error(err)
	}
	if text := ask(t, data, "document", "show", id, document, "--format", "text")["content"]; text != "again\n" && text != "again" {
		t.Errorf("the document says %q", text)
	}
}

// Somebody writes through a peer until its disk is full.
func TestTheDiskIsFull(t *testing.T) { onItsOwnDisk(t, writesUntilTheDiskIsFull) }

func writesUntilTheDiskIsFull(t *testing.T, disk string) {
	data := filepath.Join(disk, "data")
	id := ask(t, data, "space", "create", "Park")["space"].(string)
	peer := startPeer(t, data)

	// Somebody writes, and something else takes more and more of the disk.
	text := filepath.Join(t.TempDir(), "text.md")
	if err := os.WriteFile(text, noise(length), 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := os.Create(filepath.Join(disk, "other"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var written []string
	for {
		document, err := try(data, "document", "create", id, "--title", "Plan", "--from", text)
		if err != nil {
			expect(t, err, "disk is full", "Make room", "what was saved before is safe")
			break
		}
		written = append(written, document["document"].(string))
		if _, err := other.Write(make([]byte, 3<<20)); err != nil {
			t.Fatalf("the disk is full, and Parley still writes: %v", err)
		}
	}
	if len(written) < 5 {
		t.Fatalf("only %d documents fit", len(written))
	}

	shows := func() {
		t.Helper()
		for _, document := range written {
			if content := ask(t, data, "document", "show", id, document, "--format", "text")["content"].(string); len(content) < length {
				t.Fatalf("%d bytes are left of document %s", len(content), document)
			}
		}
	}
	shows()
	expect(t, edit(data, id, written[0], "more"), "disk is full")

	// Something else takes the rest too. A backup says so and leaves nothing
	// behind; Parley can still be stopped, and says why it cannot be started.
	for err = nil; err == nil; {
		_, err = other.Write(make([]byte, 4096))
	}
	shows()
	backup := filepath.Join(disk, "backup")
	_, err = try(data, "backup", backup)
	expect(t, err, "not enough room for the backup", "Make room")
	if left, _ := filepath.Glob(backup + "*"); len(left) > 0 {
		t.Errorf("the backup left %v", left)
	}
	if err := peer.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _ = peer.Wait(); peer.ProcessState.ExitCode() > 1 || !peer.ProcessState.Exited() {
		t.Errorf("the peer did not stop by itself: %v", peer.ProcessState)
	}
	_, err = try(data, "space", "list")
	expect(t, err, "disk is full", "Make room")

	// With room again, everything is there and writing goes on.
	if err := other.Truncate(0); err != nil {
		t.Fatal(err)
	}
	startPeer(t, data)
	shows()
	if err := edit(data, id, written[0], "again"); err != nil {
		t.Errorf("nothing can be written though there is room: %v", err)
	}
	for _, command := range [][]string{{"backup", backup}, {"doctor"}} {
		if _, err := try(data, command...); err != nil {
			t.Error(err)
		}
	}
}

// The disk has room for what somebody writes, and not for the snapshot that is
// made of it.
func TestTheDiskIsFullWhileCompacting(t *testing.T) {
	t.Parallel() // it is mostly waiting for the next round of housekeeping
	onItsOwnDisk(t, compactsOnAFullDisk)
}

func compactsOnAFullDisk(t *testing.T, disk string) {
	dir := t.TempDir()
	data := filepath.Join(disk, "data")
	id := ask(t, data, "space", "create", "Park")["space"].(string)
	document := ask(t, data, "document", "create", id, "--title", "Plan")["document"].(string)
	told := &complaints{more: make(chan struct{}, 1)}
	startTelling(t, data, told, "--verbose")
	copied := filepath.Join(dir, "plan.automerge")
	large := continued(t, data, id, document)
	if err := os.WriteFile(copied, large, 0o600); err != nil {
		t.Fatal(err)
	}

	// Something else takes all but what it takes to save that, and a little.
	var state syscall.Statfs_t
	if err := syscall.Statfs(disk, &state); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(disk, "other")
	taken := int(state.Bavail)*int(state.Bsize) - reserve - len(large)*5/4
	if err := os.WriteFile(other, make([]byte, taken), 0o600); err != nil {
		t.Fatal(err)
	}
	ask(t, data, "document", "merge", id, document, copied)
	told.waitFor(t, "compaction failed, the document stays as it is")
	shows := func() {
		t.Helper()
		show := exec.Command("parley-node", "--data", data, "document", "show", id, document, "--format", "automerge")
		if got, err := show.Output(); err != nil || len(got) < len(large)/2 {
			t.Fatalf("%d bytes of the document can be read (%v)", len(got), err)
		}
	}
	shows()

	// With room again, writing goes on, and so does compacting, of which nobody
	// need think.
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	if err := edit(data, id, document, "again"); err != nil {
		t.Fatal(err)
	}
	told.waitFor(t, "compacted a document")
	shows()
	if text := ask(t, data, "document", "show", id, document, "--format", "text")["content"].(string); strings.TrimSpace(text) != "again" {
		t.Errorf("the document says %q", text)
	}
	ask(t, data, "doctor")
}

// reserve is what Parley keeps free of a disk (crdt/badger).
const reserve = 17<<20 + 512<<10

// continued is a copy of a document as another program has gone on with it: with
// more changes than stay loose, which hardly get smaller together.
func continued(t *testing.T, data, space, document string) []byte {
	t.Helper()
	saved, err := exec.Command("parley-node", "--data", data, "document", "show", space, document, "--format", "automerge").Output()
	if err != nil {
		t.Fatal(err)
	}
	before, err := chunk.ParseSnapshot(saved, chunk.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	const actor = chunk.Actor("another program")
	deps, op := before.Heads, before.MaxOp+1
	for seq := range uint64(1100) {
		change, err := chunk.Encode(
			chunk.Change{Actor: actor, Seq: seq + 1, StartOp: op + seq, Deps: deps},
			[]chunk.Actor{actor},
			[]chunk.Op{{Key: chunk.Key{Name: fmt.Sprintf("key %d", seq), IsName: true}, Action: chunk.Put, Value: chunk.String(string(noise(2000)))}},
		)
		if err != nil {
			t.Fatal(err)
		}
		saved = append(saved, change.Raw...)
		deps = []chunk.Hash{change.Hash}
	}
	return saved
}

// complaints are what a program says.
type complaints struct {
	more chan struct{} // holds at most one: something was said

	mu   sync.Mutex
	said bytes.Buffer
}

func (h *complaints) Write(p []byte) (int, error) {
	h.mu.Lock()
	n, err := h.said.Write(p)
	h.mu.Unlock()
	select {
	case h.more <- struct{}{}:
	default:
	}
	return n, err
}

func (h *complaints) has(words string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Contains(h.said.String(), words)
}

func (h *complaints) waitFor(t *testing.T, words string) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for !h.has(words) {
		select {
		case <-h.more:
		case <-deadline:
			t.Fatalf("nothing was said of %q", words)
		}
	}
}

func mount(t *testing.T, source, target, kind string, flags uintptr, options string) {
	t.Helper()
	if err := syscall.Mount(source, target, kind, flags, options); err != nil {
		t.Fatalf("mount %s: %v", target, err)
	}
}

// noise is text that does not compress well.
func noise(size int) []byte {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	out := make([]byte, size)
	for i := range out {
		out[i] = letters[rand.IntN(len(letters))]
	}
	return out
}

// expect wants words in what a command that failed has said.
func expect(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("nothing failed, where %q was to be said", words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("nothing is said of %q: %v", word, err)
		}
	}
}
