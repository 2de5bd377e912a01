package badger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"parley/crdt"
)

// View shows a consistent state to read. What depends on something that is
// damaged fails with crdt.ErrDamaged, a *DamagedError where the file is known;
// all else can still be read.
func (b *Backend) View(read func(crdt.Reader) error) error {
	tables, err := b.guard.list()
	if err != nil {
		return err
	}
	return b.db.View(func(txn *badger.Txn) error {
		return read(reader{b, txn, tables, time.Now().UnixNano()})
	})
}

type reader struct {
	backend *Backend
	txn     *badger.Txn
	tables  []*guarded
	now     int64
}

func (r reader) Get(key []byte) ([]byte, error) {
	value, err := r.get(key)
	if err != nil && !errors.Is(err, crdt.ErrNotFound) {
		return nil, fmt.Errorf("get %x: %w", key, err)
	}
	return value, err
}

func (r reader) get(key []byte) (value []byte, err error) {
	if err := r.backend.guard.covers(r.tables, key, r.now); err != nil {
		return nil, err
	}
	panicked := safely(func() {
		var item *badger.Item
		if item, err = r.txn.Get(key); err != nil {
			return
		}
		if value, err = item.ValueCopy(nil); err == nil {
			err = r.backend.missing(item, value)
		}
	})
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, crdt.ErrNotFound
	}
	return value, errors.Join(err, panicked)
}

func (r reader) Scan(prefix, from []byte, visit func(key, value []byte) (bool, error)) error {
	if from == nil {
		from = prefix
	}
	watch, err := r.backend.guard.watch(r.tables, from, r.now)
	if err != nil {
		return fmt.Errorf("read from %x: %w", from, err)
	}
	opts := badger.DefaultIteratorOptions
	opts.Prefix = prefix
	opts.PrefetchValues = false // most are read one by one, and lie beside their keys
	it := r.txn.NewIterator(opts)
	defer it.Close()
	step := func() { it.Seek(from) }
	for {
		if err := safely(step); err != nil {
			return fmt.Errorf("read from %x: %w", from, err)
		}
		if !it.Valid() {
			break
		}
		step = it.Next
		key := it.Item().Key()
		if err := watch.reach(key); err != nil {
			return fmt.Errorf("read %x: %w", key, err)
		}
		more, err := true, error(nil)
		valueErr := it.Item().Value(func(value []byte) error {
			if err = r.backend.missing(it.Item(), value); err == nil {
				more, err = visit(key, value)
			}
			return nil
		})
		if valueErr != nil {
			return fmt.Errorf("read %x: %w", key, valueErr)
		}
		if err != nil || !more {
			return err
		}
	}
	if err := watch.finish(prefix); err != nil {
		return fmt.Errorf("read to the end of %x: %w", prefix, err)
	}
	return nil
}

// missing notices a large value that Badger could not read: it gives none, and
// no error. The files are read to find out which of them it is.
func (b *Backend) missing(item *badger.Item, value []byte) error {
	if len(value) > 0 || item.ValueSize() <= 0 {
		return nil
	}
	lost := &DamagedError{}
	err := b.checkValues(context.Background(), func(d Damage) { lost.Damages = append(lost.Damages, d) })
	if err == nil && len(lost.Damages) > 0 {
		return lost
	}
	return fmt.Errorf("%w: a large value cannot be read", crdt.ErrDamaged)
}
