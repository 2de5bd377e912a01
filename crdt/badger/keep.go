package badger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"

	"parley/crdt"
)

// Badger rewrites tables, and logs of values, from what it can read of them,
// and then removes them: what it cannot read is gone for good, without a word.
// It also needs as much room for that as what it rewrites takes. So it rewrites
// nothing of its own accord; keep has it do so when there is something to gain,
// and after all that it will read was read and found sound.
const (
	// compactFrom is how many tables of the first level are merged with the
	// others: each one more makes reading slower.
	compactFrom = 5
	// neverStalled is more tables than there can be: waiting for a compaction
	// that may not happen would be for ever.
	neverStalled = 1 << 20
	// wakeAfter is how many bytes are written until keep has a look.
	wakeAfter = 1 << 20
	// collectEvery is how long deleted values keep their room at most, once
	// they are in a table.
	collectEvery = time.Hour
)

// checkFile is left in a directory where damage was found while it was open.
// The next opening reads every byte then.
const checkFile = "CHECK"

func (b *Backend) keep(ctx context.Context, unread bool) {
	defer close(b.kept)
	if unread {
		if err := b.Check(ctx, func(Damage) {}); err != nil && ctx.Err() == nil {
			b.log.Warn("the store was not checked", "error", err)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
		if b.db.Levels()[0].NumTables < compactFrom {
			continue
		}
		b.work.Lock()
		err := b.compact(ctx)
		b.work.Unlock()
		if err != nil && ctx.Err() == nil {
			b.log.Warn("tables were not merged", "error", err)
		}
	}
}

// compact merges all tables. work is held.
func (b *Backend) compact(ctx context.Context) error {
	if err := b.guard.verifyAll(ctx, nil); err != nil {
		return err
	}
	tables, _, err := sizeOf(b.dir, tableSuffix)
	if err == nil {
		err = roomFor(b.dir, tables+reserve)
	}
	if err == nil {
		err = b.forgetReaders()
	}
	if err == nil {
		err = b.db.Flatten(1)
	}
	if err != nil {
		return fmt.Errorf("merge tables: %w", full(err))
	}
	b.compacted = time.Now()
	return nil
}

// pendingMarks is more than the news of readers that Badger lets wait.
const pendingMarks = 256

// forgetReaders makes sure that Badger has heard which readers are done. It
// keeps every version that one of them may still want, and hears of them in a
// goroutine of its own, through a channel: right after opening it may not have
// heard of any, and would discard nothing. What is sent once the channel has
// filled is sent after all that was in it before.
func (b *Backend) forgetReaders() error {
	for range pendingMarks {
		if err := b.db.View(func(*badger.Txn) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// Collect gives room back that deleted values took: at once where Badger knows
// that most of a log is deleted, which it learns when tables are merged.
func (b *Backend) Collect() error {
	b.work.Lock()
	defer b.work.Unlock()
	if err := b.collect(b.ctx); err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	return nil
}

func (b *Backend) collect(ctx context.Context) error {
	if b.db.Levels()[0].NumTables > 0 && time.Since(b.compacted) > collectEvery {
		if err := b.compact(ctx); err != nil {
			return err
		}
	}
	for {
		log, size, err := b.mostlyDeleted()
		if err != nil || log == (numbered{}) {
			return err
		}
		// Rewriting asks the tables what is still needed.
		if err := b.guard.verifyAll(ctx, nil); err != nil {
			return err
		}
		if err := b.checkLogs(ctx, []numbered{log}, logSealed, nil); err != nil {
			return err
		}
		if err := roomFor(b.dir, size+reserve); err != nil {
			return err
		}
		switch err := b.db.RunValueLogGC(collectRatio); {
		case errors.Is(err, badger.ErrNoRewrite), errors.Is(err, badger.ErrRejected):
			return nil
		case err != nil:
			return full(err)
		}
	}
}

// collectRatio is the part of a log that has to be deleted before the rest of it
// is written elsewhere.
const collectRatio = 0.5

// mostlyDeleted finds the log that Badger would rewrite, by the counts it keeps.
func (b *Backend) mostlyDeleted() (log numbered, size int64, err error) {
	data, err := os.ReadFile(filepath.Join(b.dir, discardFile))
	if err != nil {
		return numbered{}, 0, err
	}
	var id, most uint64
	for at := 0; at+discardPair <= len(data); at += discardPair {
		if count := binary.BigEndian.Uint64(data[at+8:]); count > most {
			id, most = binary.BigEndian.Uint64(data[at:]), count
		}
	}
	info, err := os.Stat(filepath.Join(b.dir, valueName(id)))
	if errors.Is(err, fs.ErrNotExist) || err == nil && float64(most) < collectRatio*float64(info.Size()) {
		return numbered{}, 0, nil
	}
	if err != nil {
		return numbered{}, 0, err
	}
	return numbered{valueName(id), id}, info.Size(), nil
}

// Check reads every byte of the files that do not change any more, and reports
// what is damaged.
func (b *Backend) Check(ctx context.Context, report func(Damage)) error {
	tell := func(f finding) { report(f.Damage) }
	_, _, err := findRegistry(b.dir, b.key, tell)
	if err == nil {
		var data []byte
		if data, err = os.ReadFile(filepath.Join(b.dir, manifestFile)); err == nil {
			readManifest(data, finder{manifestFile, tell})
		}
	}
	if err == nil {
		err = b.guard.verifyAll(ctx, report)
	}
	if err == nil {
		err = b.checkValues(ctx, report)
	}
	if err != nil {
		return fmt.Errorf("check the store: %w", err)
	}
	return nil
}

// checkValues reads all logs of values.
func (b *Backend) checkValues(ctx context.Context, report func(Damage)) error {
	logs, err := listLogs(b.dir, valueSuffix)
	if err != nil || len(logs) == 0 {
		return err
	}
	last := len(logs) - 1
	err = b.checkLogs(ctx, logs[:last], logSealed, report)
	if err != nil {
		return err
	}
	return b.checkLogs(ctx, logs[last:], logOpen, report)
}

// checkLogs reads logs, past those that Badger has removed meanwhile. Without
// report, damage is its error.
func (b *Backend) checkLogs(ctx context.Context, logs []numbered, kind logKind, report func(Damage)) error {
	var damages []Damage
	s := &survey{dir: b.dir, registry: registry{keys: b.guard.keys}}
	s.report = func(f finding) {
		b.note(f)
		damages = append(damages, f.Damage)
		if report != nil {
			report(f.Damage)
		}
	}
	for _, one := range logs {
		if err := s.checkLog(ctx, one, kind); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if report == nil && len(damages) > 0 {
		return &DamagedError{damages}
	}
	return nil
}

// note says what was found while the directory is open, and has the next opening
// read everything.
func (b *Backend) note(f finding) {
	if f.harmless {
		return
	}
	b.log.Warn("a file of the store is damaged", "file", f.File, "offset", f.Offset, "what", f.What)
	if err := os.WriteFile(filepath.Join(b.dir, checkFile), nil, 0o600); err != nil {
		b.log.Error("the next opening will not know that files are damaged", "error", err)
	}
}

// Write applies all ops or none, and waits for the disk. It fails with
// crdt.ErrFull, having written nothing, unless there is room for more than what
// it writes.
func (b *Backend) Write(ops []crdt.Op) error {
	size := roomToWrite(ops)
	if err := roomFor(b.dir, b.writing.Add(size)+reserve); err != nil {
		b.writing.Add(-size)
		return fmt.Errorf("write %d records: %w", len(ops), err)
	}
	err := b.write(ops)
	b.writing.Add(-size)
	if err != nil {
		return fmt.Errorf("write %d records: %w", len(ops), full(err))
	}
	if b.written.Add(size) > wakeAfter {
		b.written.Store(0)
		select {
		case b.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

func (b *Backend) write(ops []crdt.Op) error {
	txn := b.db.NewTransaction(true)
	defer txn.Discard()
	for _, op := range ops {
		var err error
		if op.Value == nil {
			err = txn.Delete(op.Key)
		} else {
			err = txn.Set(op.Key, op.Value)
		}
		if err != nil {
			return err
		}
	}
	return txn.Commit()
}
