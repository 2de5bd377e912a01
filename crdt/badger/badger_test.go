package badger_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"parley/crdt"
	"parley/crdt/backendtest"
	"parley/crdt/badger"
)

// The test binary is also the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(openerEnv); dir != "" {
		openAndClose(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

var quiet = slog.New(slog.DiscardHandler)

func TestBackend(t *testing.T) {
	runBackend(t, badger.Options{Dir: t.TempDir(), Log: quiet})
}

func runBackend(t *testing.T, o badger.Options) {
	backendtest.Run(t, func(t *testing.T) crdt.Backend { return opens(t, o) })
}

func TestADirectoryIsForOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when", "needed")
	b, err := badger.Open(badger.Options{Dir: dir, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := badger.Open(badger.Options{Dir: dir, Log: quiet}); !errors.Is(err, badger.ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err = badger.Open(badger.Options{Dir: dir, Log: quiet}); err != nil {
		t.Fatalf("opened again after closing: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestADirectoryThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/nowhere"} {
		if _, err := badger.Open(badger.Options{Dir: dir, Log: quiet}); !errors.Is(err, badger.ErrNotWritable) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// BenchmarkWrite is the raw limit that commits are measured against.
func BenchmarkWrite(b *testing.B) {
	backend, err := badger.Open(badger.Options{Dir: b.TempDir(), Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	defer backend.Close()
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			var next atomic.Int64
			var wait sync.WaitGroup
			for range writers {
				wait.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						op := crdt.Op{Key: fmt.Appendf(nil, "%d/%d", b.N, i), Value: make([]byte, 200)}
						if err := backend.Write([]crdt.Op{op}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wait.Wait()
		})
	}
}
