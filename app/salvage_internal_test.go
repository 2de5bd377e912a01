package app

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
)

// damagedStore is a closed store of a hundred records, one file of which is
// damaged.
func damagedStore(t *testing.T) badger.Options {
	t.Helper()
	o := badger.Options{Dir: filepath.Join(t.TempDir(), "store"), Log: slog.New(slog.DiscardHandler)}
	backend, err := badger.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := backend.Write([]crdt.Op{{Key: fmt.Appendf(nil, "key %d", i), Value: make([]byte, 1<<10)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := backend.Close(); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(o.Dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	raw, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 4
	if err := os.WriteFile(tables[0], raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

func asides(t *testing.T, o badger.Options) []string {
	t.Helper()
	found, err := filepath.Glob(o.Dir + damagedSuffix + "-*")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestADamagedStoreIsSalvagedOnce opens one from several sides at once.
func TestADamagedStoreIsSalvagedOnce(t *testing.T) {
	o := damagedStore(t)
	var opening sync.WaitGroup
	backends, errs := make([]*badger.Backend, 4), make([]error, 4)
	for i := range backends {
		opening.Go(func() { backends[i], _, errs[i] = openBackend(t.Context(), o) })
	}
	opening.Wait()
	opened := 0
	for i, err := range errs {
		if err == nil {
			opened++
			if err := backends[i].Close(); err != nil {
				t.Error(err)
			}
		} else if !errors.Is(err, badger.ErrInUse) {
			t.Error(err)
		}
	}
	if opened != 1 {
		t.Errorf("it was opened %d times", opened)
	}
	if found := asides(t, o); len(found) != 1 {
		t.Errorf("it was put aside as %v", found)
	}
	backend, saved, err := openBackend(t.Context(), o)
	if err != nil || saved != nil {
		t.Fatal(saved, err)
	}
	if err := backend.Close(); err != nil {
		t.Error(err)
	}
}

// TestNobodySalvagesWhatAnotherSalvages finds a store damaged while another
// process is at it, and after that.
func TestNobodySalvagesWhatAnotherSalvages(t *testing.T) {
	o := damagedStore(t)
	found, err := os.Lstat(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	held, err := badger.Hold(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := salvageFound(t.Context(), o, found, nil); !errors.Is(err, badger.ErrInUse) {
		t.Errorf("it is salvaged while another process is at it: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	saved, err := salvageFound(t.Context(), o, found, nil)
	if err != nil || saved == nil || saved.records != 100 {
		t.Fatalf("%+v, %v", saved, err)
	}
	if again, err := salvageFound(t.Context(), o, found, nil); err != nil || again != nil {
		t.Errorf("what was salvaged is salvaged again: %v, %v", again, err)
	}
	if found := asides(t, o); len(found) != 1 {
		t.Errorf("it was put aside as %v", found)
	}
}
