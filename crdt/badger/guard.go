package badger

import (
	"bytes"
	"context"
	"crypto/aes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4/pb"

	"parley/crdt"
)

// guard sees to it that what a table cannot give any more is missed. Badger
// treats a block that it cannot read as if its records did not exist. So before
// a read is believed, the blocks are read that it depended on.
//
// A block that was found sound not long ago most likely lies in memory still,
// and is not read again: what happened to the disk since cannot have reached
// Badger either.
type guard struct {
	dir  string
	keys map[uint64]*pb.DataKey
	told func(finding) // of damage that was not known before

	mu       sync.Mutex
	manifest fs.FileInfo // as it was when tables were listed
	read     int64       // when the tables that are listed first were found sound, 0: they were not
	tables   atomic.Pointer[[]*guarded]
	known    map[Damage]bool
}

// guarded is a table. Its file is open only while it is read, since Badger may
// want to remove it.
type guarded struct {
	numbered
	size  int64
	table tableReader
	index atomic.Int64   // when it was found sound last, in nanoseconds
	sound []atomic.Int64 // likewise, for each block
}

// trust is how long a block is taken for sound.
const trust = 15 * time.Minute

// newGuard guards a directory that Badger has open. sound: all in it was read
// just now.
func newGuard(dir string, keys map[uint64]*pb.DataKey, sound bool, told func(finding)) *guard {
	g := &guard{dir: dir, keys: keys, told: told, known: map[Damage]bool{}}
	if sound {
		g.read = time.Now().UnixNano()
	}
	g.tables.Store(new([]*guarded))
	return g
}

// list returns the tables there are. The result is not to be changed.
func (g *guard) list() ([]*guarded, error) {
	info, err := os.Stat(filepath.Join(g.dir, manifestFile))
	if err != nil {
		return nil, fmt.Errorf("look for new tables: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if last := g.manifest; last != nil && last.Size() == info.Size() && last.ModTime().Equal(info.ModTime()) {
		return *g.tables.Load(), nil
	}
	data, err := os.ReadFile(filepath.Join(g.dir, manifestFile))
	if err != nil {
		return nil, fmt.Errorf("look for new tables: %w", err)
	}
	m := readManifest(data, finder{manifestFile, g.tell})
	if !m.whole {
		return nil, &DamagedError{[]Damage{{manifestFile, 0, "it can no longer be read"}}}
	}
	before := map[uint64]*guarded{}
	for _, one := range *g.tables.Load() {
		before[one.id] = one
	}
	var now []*guarded
	for id, info := range m.tables {
		one := before[id]
		if one == nil {
			if one, err = g.open(id, info); errors.Is(err, errGone) {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		now = append(now, one)
	}
	g.tables.Store(&now)
	g.manifest, g.read = info, 0
	return now, nil
}

// errGone is that a table was removed in the meantime.
var errGone = errors.New("gone")

func (g *guard) open(id uint64, info tableInfo) (*guarded, error) {
	one := &guarded{numbered: numbered{fmt.Sprintf("%06d%s", id, tableSuffix), id}}
	one.table = tableReader{packed: info.compression, key: g.keys[info.keyID]}
	if one.table.key != nil {
		made, err := aes.NewCipher(one.table.key.Data)
		if err != nil {
			return nil, fmt.Errorf("data key %d: %w", info.keyID, err)
		}
		one.table.cipher = made
	}
	err := g.use(one, func(t *tableReader, size int64) error {
		one.size = size
		one.table.found = finder{one.name, g.tell}
		t.found = one.table.found
		if err := t.readIndex(size); err != nil {
			return g.damaged(one, size, err)
		}
		one.table.blocks = t.blocks
		return nil
	})
	one.sound = make([]atomic.Int64, len(one.table.blocks))
	for block := range one.sound {
		one.sound[block].Store(g.read)
	}
	one.index.Store(g.read)
	return one, err
}

// use opens a table's file for the time of the call.
func (g *guard) use(one *guarded, use func(t *tableReader, size int64) error) error {
	file, size, err := openFile(filepath.Join(g.dir, one.name))
	if errors.Is(err, fs.ErrNotExist) || err == nil && size == 0 {
		// Badger empties a file before it removes it.
		if file != nil {
			file.Close()
		}
		return errGone
	}
	if err != nil {
		return err
	}
	defer file.Close()
	t := one.table
	t.file = file
	t.memory = memories.Get().(*memory)
	defer memories.Put(t.memory)
	return use(&t, size)
}

var memories = sync.Pool{New: func() any { return new(memory) }}

// expire forgets what was found sound.
func (g *guard) expire() {
	for _, one := range *g.tables.Load() {
		one.index.Store(0)
		for block := range one.sound {
			one.sound[block].Store(0)
		}
	}
}

// tell passes on what is not known yet. It is called with mu held.
func (g *guard) tell(f finding) {
	if !g.known[f.Damage] {
		g.known[f.Damage] = true
		g.told(f)
	}
}

func (g *guard) damaged(one *guarded, offset int64, reason error) error {
	return &DamagedError{[]Damage{{one.name, offset, reason.Error()}}}
}

// verify reads a block, and the index that Badger finds it by, unless both were
// found sound a moment ago.
func (g *guard) verify(one *guarded, block int, now int64) error {
	if now-one.index.Load() < int64(trust) && now-one.sound[block].Load() < int64(trust) {
		return nil
	}
	b := one.table.blocks[block]
	err := g.use(one, func(t *tableReader, size int64) error {
		if now-one.index.Load() >= int64(trust) {
			if size != one.size {
				return io.ErrUnexpectedEOF
			}
			t.found.report = func(finding) {}
			end := one.table.blocks[len(one.table.blocks)-1]
			tail := make([]byte, min(size, 64))
			if _, err := t.file.ReadAt(tail, size-int64(len(tail))); err != nil {
				return err
			}
			index, start, want, ok := t.indexAt(size, tail)
			if !ok || start != end.offset+int64(end.size) || checksum(index) != want {
				b.offset = end.offset + int64(end.size)
				return errTable
			}
			one.index.Store(now)
		}
		return t.verify(b)
	})
	if errors.Is(err, errGone) {
		return nil
	}
	if err != nil {
		g.mu.Lock()
		g.tell(finding{Damage: Damage{one.name, b.offset, err.Error()}})
		g.mu.Unlock()
		return g.damaged(one, b.offset, err)
	}
	one.sound[block].Store(now)
	return nil
}

// verifyAll reads all tables, whether they were read before or not. Without
// report, the first damage is its error.
func (g *guard) verifyAll(ctx context.Context, report func(Damage)) error {
	tables, err := g.list()
	if err != nil {
		return err
	}
	g.expire()
	for _, one := range tables {
		for block := range one.sound {
			err := g.verify(one, block, time.Now().UnixNano())
			if lost := (*DamagedError)(nil); report != nil && errors.As(err, &lost) {
				for _, d := range lost.Damages {
					report(d)
				}
				err = nil
			}
			if err := errors.Join(err, ctx.Err()); err != nil {
				return err
			}
		}
	}
	return nil
}

// blockOf is the block of a table in which a key is, if it is in the table; -1
// if the table begins after it.
func (one *guarded) blockOf(key []byte) int {
	low, high := 0, len(one.table.blocks)
	for low < high {
		if middle := (low + high) / 2; bytes.Compare(one.first(middle), key) <= 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1
}

// first is the first key of a block, without its timestamp.
func (one *guarded) first(block int) []byte {
	key := one.table.blocks[block].first
	return key[:len(key)-timestamp]
}

// covers verifies what looking for a key depends on. A block may begin with an
// older version of a key whose newest one ends the block before.
func (g *guard) covers(tables []*guarded, key []byte, now int64) error {
	for _, one := range tables {
		block := one.blockOf(key)
		for ; block >= 0; block-- {
			if err := g.verify(one, block, now); err != nil {
				return err
			}
			if !bytes.Equal(one.first(block), key) {
				break
			}
		}
	}
	return nil
}

// watch follows a scan, and verifies each block before a key is believed that
// comes after its first one.
type watch struct {
	guard  *guard
	tables []*guarded
	next   []int  // for each table, its first block that is not verified
	limit  []byte // the smallest key that such a block begins with, nil: there is none
	now    int64
}

func (g *guard) watch(tables []*guarded, from []byte, now int64) (*watch, error) {
	w := &watch{guard: g, tables: tables, next: make([]int, len(tables)), now: now}
	if err := g.covers(tables, from, now); err != nil {
		return nil, err
	}
	for i, one := range tables {
		w.next[i] = one.blockOf(from) + 1
	}
	w.findLimit()
	return w, nil
}

func (w *watch) findLimit() {
	w.limit = nil
	for i, one := range w.tables {
		if w.next[i] < len(one.sound) {
			if first := one.first(w.next[i]); w.limit == nil || bytes.Compare(first, w.limit) < 0 {
				w.limit = first
			}
		}
	}
}

// reach verifies all blocks that begin with the key or before it.
func (w *watch) reach(key []byte) error {
	if w.limit == nil || bytes.Compare(key, w.limit) < 0 {
		return nil
	}
	return w.verifyWhile(func(first []byte) bool { return bytes.Compare(first, key) <= 0 })
}

// finish verifies all blocks that begin with the prefix, or before all that do.
func (w *watch) finish(prefix []byte) error {
	return w.verifyWhile(func(first []byte) bool {
		return bytes.HasPrefix(first, prefix) || bytes.Compare(first, prefix) < 0
	})
}

func (w *watch) verifyWhile(concerned func(first []byte) bool) error {
	for i, one := range w.tables {
		for w.next[i] < len(one.sound) && concerned(one.first(w.next[i])) {
			if err := w.guard.verify(one, w.next[i], w.now); err != nil {
				return err
			}
			w.next[i]++
		}
	}
	w.findLimit()
	return nil
}

// safely makes a panic of Badger's, about bytes that make no sense, an error.
func safely(call func()) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%w: %v", crdt.ErrDamaged, reason)
		}
	}()
	call()
	return nil
}
