package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"parley/crdt"
)

// A directory that is not encrypted is encrypted by copying it: into a
// directory beside it, whose name says that it is not finished. When it is, the
// old one steps aside, the new one takes its name, and the old one is removed.
// So the name is free only while a finished copy waits to take it, and whatever
// moment a process ends at, settle knows how to go on.
const (
	unfinished = ".encrypting"
	setAside   = ".plain"
)

// settle brings to an end what an earlier process was not given the time for.
func settle(dir string) error {
	held, err := holdsStore(dir)
	if err != nil {
		return err
	}
	if !held {
		// Nothing but an empty directory can be in the way.
		waiting, err := holdsStore(dir + unfinished)
		if err != nil {
			return err
		}
		aside, err := holdsStore(dir + setAside)
		if err != nil {
			return err
		}
		switch {
		case aside && waiting:
			err = takeName(dir+unfinished, dir)
		case aside:
			err = takeName(dir+setAside, dir)
		}
		if err != nil {
			return fmt.Errorf("end the encryption of %s: %w", dir, err)
		}
	}
	aside, err := holdsStore(dir + setAside)
	if err != nil {
		return err
	}
	data, err := readIfThere(filepath.Join(dir, registryFile))
	if err != nil {
		return err
	}
	if aside && len(data) >= registryHeader && lockOf(data[:registryHeader], nil) == lockedByNothing {
		// A program that knows nothing of encryption made a store in the
		// meantime: which one is meant is not for us to say.
		return fmt.Errorf("%s and %s both hold a store: move one of them away", dir, dir+setAside)
	}
	err = errors.Join(os.RemoveAll(dir+unfinished), os.RemoveAll(dir+setAside))
	if err != nil {
		return fmt.Errorf("remove what was encrypted: %w", err)
	}
	return nil
}

// holdsStore reports whether a directory is there with a store in it.
func holdsStore(dir string) (bool, error) {
	for _, name := range []string{registryFile, manifestFile} {
		_, err := os.Stat(filepath.Join(dir, name))
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("look for a store: %w", err)
		}
	}
	return false, nil
}

func takeName(from, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// encrypt makes a directory that is not encrypted one that is.
func encrypt(o Options) error {
	o.Log.Info("the store is being encrypted", "directory", o.Dir)
	plain, copied := o, o
	plain.Key = nil
	copied.Dir += unfinished
	if _, err := inspect(plain); err != nil {
		return err
	}
	if err := copyStore(plain, copied); err != nil {
		return fmt.Errorf("encrypt %s: %w", o.Dir, err)
	}
	err := os.Rename(o.Dir, o.Dir+setAside)
	if err == nil {
		err = syncDir(filepath.Dir(o.Dir))
	}
	if err == nil {
		err = takeName(copied.Dir, o.Dir)
	}
	if err != nil {
		return fmt.Errorf("encrypt %s: %w", o.Dir, err)
	}
	if err := os.RemoveAll(o.Dir + setAside); err != nil {
		return fmt.Errorf("remove what was encrypted: %w", err)
	}
	return nil
}

// copyStore copies every record into a directory that is new.
func copyStore(from, to Options) error {
	if err := os.RemoveAll(to.Dir); err != nil {
		return err
	}
	source, err := start(from, durable, false)
	if err != nil {
		return err
	}
	target, err := create(to)
	if err != nil {
		return errors.Join(err, source.Close())
	}
	err = source.View(func(r crdt.Reader) error {
		return r.Scan(nil, nil, func(key, value []byte) (bool, error) {
			return true, target.add(key, value)
		})
	})
	if err != nil {
		return errors.Join(err, target.abandon(), source.Close())
	}
	return errors.Join(target.finish(), source.Close())
}

// target is a new directory that is being filled. It is on disk when finish
// returns, and not before.
type target struct {
	backend *Backend
	ops     []crdt.Op
	bytes   int
}

func create(o Options) (*target, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("create %s: %w", o.Dir, err)
	}
	backend, err := start(o, atClose, false)
	if err != nil {
		return nil, err
	}
	return &target{backend: backend}, nil
}

// add keeps a copy of the record until it is written with others.
func (t *target) add(key, value []byte) error {
	t.ops = append(t.ops, crdt.Op{Key: append([]byte{}, key...), Value: append([]byte{}, value...)})
	t.bytes += len(key) + len(value)
	if len(t.ops) < crdt.MaxWriteOps && t.bytes < crdt.MaxWriteBytes-crdt.LargeValue {
		return nil
	}
	return t.flush()
}

func (t *target) flush() error {
	ops := t.ops
	t.ops, t.bytes = nil, 0
	if len(ops) == 0 {
		return nil
	}
	return t.backend.Write(ops)
}

func (t *target) finish() error {
	err := errors.Join(t.flush(), t.backend.Close())
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(t.backend.dir))
}

// abandon takes back what was written: on a full disk it would be in the way.
func (t *target) abandon() error {
	return errors.Join(t.backend.Close(), os.RemoveAll(t.backend.dir))
}
