package p2p

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"

	"parley/crdt"
	"parley/crdt/backendtest"
	"parley/space"
)

// A memory is the disk of a simulated device: what a store has written outlives
// the store, and the power. It is as a backend has to be, without the files
// that would make a simulation slow, and wait for a clock that is not its own.
type memory struct {
	mu      sync.Mutex
	records []record // sorted by key, replaced as a whole
	outages int
}

type record struct{ key, value []byte }

// open is for the store of one start.
func (m *memory) open() *memoryUse {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memoryUse{memory: m, outages: m.outages}
}

// outage cuts the power: nothing more is written by those who use the disk now.
func (m *memory) outage() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outages++
}

// copy is all that is written now.
func (m *memory) copy() []record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records
}

// putBack has the disk hold a copy.
func (m *memory) putBack(records []record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = records
}

type memoryUse struct {
	memory  *memory
	outages int // when it was opened
}

var errOutage = errors.New("the power is off")

func (u *memoryUse) View(read func(crdt.Reader) error) error {
	u.memory.mu.Lock()
	records := u.memory.records
	u.memory.mu.Unlock()
	return read(memoryReader(records))
}

func (u *memoryUse) Write(ops []crdt.Op) error {
	u.memory.mu.Lock()
	defer u.memory.mu.Unlock()
	if u.memory.outages != u.outages {
		return errOutage
	}
	next := slices.Clone(u.memory.records)
	for _, op := range ops {
		i, found := find(next, op.Key)
		switch {
		case op.Value == nil && found:
			next = slices.Delete(next, i, i+1)
		case op.Value == nil:
		case found:
			next[i] = record{next[i].key, bytes.Clone(op.Value)}
		default:
			next = slices.Insert(next, i, record{bytes.Clone(op.Key), bytes.Clone(op.Value)})
		}
	}
	u.memory.records = next
	return nil
}

func (u *memoryUse) Close() error { return nil }

func find(records []record, key []byte) (int, bool) {
	return slices.BinarySearchFunc(records, key, func(r record, key []byte) int { return bytes.Compare(r.key, key) })
}

type memoryReader []record

func (r memoryReader) Get(key []byte) ([]byte, error) {
	i, found := find(r, key)
	if !found {
		return nil, crdt.ErrNotFound
	}
	return bytes.Clone(r[i].value), nil
}

func (r memoryReader) Scan(prefix, from []byte, visit func(key, value []byte) (bool, error)) error {
	if bytes.Compare(from, prefix) < 0 {
		from = prefix
	}
	i, _ := find(r, from)
	for ; i < len(r) && bytes.HasPrefix(r[i].key, prefix); i++ {
		if more, err := visit(r[i].key, r[i].value); err != nil || !more {
			return err
		}
	}
	return nil
}

func TestMemoryIsABackend(t *testing.T) {
	m := &memory{}
	backendtest.Run(t, func(*testing.T) crdt.Backend { return m.open() })
}

// A memoryBook keeps addresses over the starts of a simulated device.
type memoryBook map[space.DeviceID][]string

func (b memoryBook) Load() (map[space.DeviceID][]string, error) { return maps.Clone(b), nil }

func (b memoryBook) Save(known map[space.DeviceID][]string) error {
	clear(b)
	maps.Copy(b, known)
	return nil
}
