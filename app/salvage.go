package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"parley/crdt"
	"parley/crdt/badger"
)

// A store whose files are damaged is not opened: what Badger cannot read it may
// take for something that was deleted. Instead everything that can be read is
// copied, the copy takes the store's place, and the damaged one stays beside
// it. Then the documents are made whole without what was lost (crdt.Store.Heal).

// salvaged says what became of a damaged store.
type salvaged struct {
	aside   string // the directory that it is in now
	files   []string
	records int // that could be read
}

// openBackend opens the files of the store, or a copy of what can be read of
// them. saved is nil unless that was so. The caller wipes the key.
func openBackend(ctx context.Context, o badger.Options) (backend *badger.Backend, saved *salvaged, err error) {
	if err := resumeSalvage(o.Dir); err != nil {
		return nil, nil, err
	}
	found, err := os.Lstat(o.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("open store: %w", err)
	}
	backend, err = badger.Open(o)
	if err == nil {
		forgetLock(o.Dir)
	}
	var damaged *badger.DamagedError
	if !errors.As(err, &damaged) {
		return backend, nil, err
	}
	o.Log.Warn("files of the store are damaged", "err", err)
	if saved, err = salvageFound(ctx, o, found, damaged.Damages); err != nil {
		return nil, nil, err
	}
	if backend, err = badger.Open(o); err == nil {
		forgetLock(o.Dir)
	}
	return backend, saved, err
}

// forgetLock removes the lock on a copy that was made. The store is open, so
// nobody makes another.
func forgetLock(store string) { _ = os.Remove(salvageDir(store) + ".lock") }

// resumeSalvage finishes what another run was cut short in, unless that is
// under way: then it fails with badger.ErrInUse.
func resumeSalvage(store string) (err error) {
	if _, err := os.Lstat(store); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	held, err := badger.Hold(store)
	if err != nil {
		return err
	}
	return errors.Join(finishSalvage(store), held.Close())
}

// salvageFound salvages a store that was found to be damaged, and lets no other
// process near it meanwhile. It does nothing, and returns nil, if another one
// has put a copy in its place since. It fails with badger.ErrInUse while another
// one is at it.
func salvageFound(ctx context.Context, o badger.Options, found fs.FileInfo, damages []badger.Damage) (saved *salvaged, err error) {
	held, err := badger.Hold(o.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	now, err := os.Lstat(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("salvage store: %w", err)
	}
	if !os.SameFile(found, now) {
		return nil, nil
	}
	return salvage(ctx, o, damages)
}

// salvageDir is where a copy is made until it is complete.
func salvageDir(store string) string { return store + ".salvaged" }

// salvage puts what can be read of a damaged store in its place.
func salvage(ctx context.Context, o badger.Options, damages []badger.Damage) (*salvaged, error) {
	copied := o
	copied.Dir = salvageDir(o.Dir)
	if err := os.RemoveAll(copied.Dir); err != nil { // what an earlier try has left
		return nil, fmt.Errorf("salvage store: %w", err)
	}
	saved := new(salvaged)
	note := func(d badger.Damage) {
		if !slices.Contains(saved.files, d.File) {
			saved.files = append(saved.files, d.File)
		}
	}
	for _, d := range damages {
		note(d)
	}
	var err error
	if saved.records, err = badger.Salvage(ctx, o, copied, note); err == nil {
		err = suspect(copied)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(copied.Dir))
	}
	if saved.aside, err = putDirAside(o.Dir); err != nil {
		return nil, fmt.Errorf("salvage store: %w", err)
	}
	o.Log.Warn("what can be read of the store was copied", "records", saved.records, "files", saved.files, "aside", saved.aside)
	return saved, finishSalvage(o.Dir)
}

// suspect has the next opening of a store look at every record.
func suspect(o badger.Options) error {
	backend, err := badger.Open(o)
	if err != nil {
		return err
	}
	return errors.Join(crdt.MarkSuspect(backend), backend.Close())
}

// finishSalvage puts a copy, which is complete once the store was put aside, in
// its place.
func finishSalvage(store string) error {
	if _, err := os.Lstat(store); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := os.Rename(salvageDir(store), store)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("put what was salvaged in the store's place: %w", err)
	}
	return syncDir(filepath.Dir(store))
}

// putDirAside renames a directory to a name that is nobody else's.
func putDirAside(dir string) (aside string, err error) {
	for n := 1; ; n++ {
		aside = dir + damagedSuffix + "-" + strconv.Itoa(n)
		_, err := os.Lstat(aside)
		if errors.Is(err, fs.ErrNotExist) {
			if err := os.Rename(dir, aside); err != nil {
				return "", err
			}
			return aside, syncDir(filepath.Dir(dir))
		}
		if err != nil {
			return "", err
		}
	}
}

// noteSalvaged tells people what happened. gaps is how many documents were found
// to lack something, empty until that is known.
func (a *App) noteSalvaged(saved *salvaged, gaps string) {
	if saved == nil {
		return
	}
	values := map[string]string{
		"files": strings.Join(saved.files, ", "), "saved": strconv.Itoa(saved.records), "aside": saved.aside,
	}
	if gaps != "" {
		values["gaps"] = gaps
	}
	a.notices.add(Notice{ID: string(NoticeDamaged) + " " + saved.aside, Code: NoticeDamaged, Values: values})
}
