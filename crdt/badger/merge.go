package badger

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"os"
	"slices"

	"github.com/dgraph-io/badger/v4/y"
)

// merge goes through the records of a directory that no Badger has open, in the
// order of their keys: of each key the newest version that can be read. A
// record that was deleted last is left out.
type merge struct {
	survey *survey
	heap   sources
	values map[uint64]*logReader
	files  []*os.File
}

// source is where versions of records come from, in the order of their keys.
type source interface {
	next() (record, bool)
}

// head is the next record of a source.
type head struct {
	record
	source source
	age    int // of the source: younger ones are asked first
}

type sources []head

func (s sources) Len() int      { return len(s) }
func (s sources) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s sources) Less(i, j int) bool {
	if order := y.CompareKeys(s[i].key, s[j].key); order != 0 {
		return order < 0
	}
	return s[i].age < s[j].age
}
func (s *sources) Push(one any) { *s = append(*s, one.(head)) }
func (s *sources) Pop() any {
	last := len(*s) - 1
	one := (*s)[last]
	*s = (*s)[:last]
	return one
}

// openMerge opens all files. With mend, it tries to put right what is wrong in
// a table's block.
func openMerge(ctx context.Context, s *survey, mend bool) (*merge, error) {
	m := &merge{survey: s, values: map[uint64]*logReader{}}
	if err := m.open(ctx, mend); err != nil {
		m.close()
		return nil, err
	}
	heap.Init(&m.heap)
	return m, nil
}

func (m *merge) open(ctx context.Context, mend bool) error {
	for _, one := range slices.Backward(m.survey.writes) {
		r, file, err := m.survey.openLog(one, logOpen)
		if err != nil {
			return err
		}
		all, err := readWrites(ctx, r)
		file.Close()
		if err != nil {
			return err
		}
		m.add(all)
	}
	tables := slices.Clone(m.survey.tables)
	slices.SortFunc(tables, func(a, b numbered) int {
		level := func(one numbered) int { return m.survey.manifest.tables[one.id].level }
		if order := level(a) - level(b); order != 0 {
			return order
		}
		return int(b.id) - int(a.id)
	})
	for _, one := range tables {
		t, file, err := m.survey.openTable(one)
		if err != nil {
			return err
		}
		m.files = append(m.files, file)
		if t != nil {
			t.mend = mend
			m.add(&tableSource{table: t})
		}
	}
	for _, one := range m.survey.values {
		r, file, err := m.survey.openLog(one, m.survey.kindOf(one))
		if err != nil {
			return err
		}
		m.files = append(m.files, file)
		if err := r.prepare(); err != nil {
			return err
		}
		m.values[one.id] = r
	}
	return ctx.Err()
}

func (m *merge) add(from source) {
	if first, ok := from.next(); ok {
		m.heap = append(m.heap, head{first, from, len(m.heap)})
	}
}

func (m *merge) close() {
	for _, file := range m.files {
		file.Close()
	}
}

// each calls visit for every record, its bytes valid during the call.
func (m *merge) each(ctx context.Context, visit func(key, value []byte) error) error {
	var versions []record // of one key
	for len(m.heap) > 0 {
		versions = append(versions[:0], m.pop())
		for len(m.heap) > 0 && y.SameKey(m.heap[0].key, versions[0].key) {
			versions = append(versions, m.pop())
		}
		value, there, err := m.newest(versions)
		if err != nil {
			return err
		}
		if there {
			if err := visit(y.ParseKey(versions[0].key), value); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (m *merge) pop() record {
	one := m.heap[0]
	if next, ok := one.source.next(); ok {
		m.heap[0].record = next
		heap.Fix(&m.heap, 0)
	} else {
		heap.Pop(&m.heap)
	}
	return one.record
}

// newest reads the value of the newest version. There may be several of that,
// since rewriting a log of values writes records again as they are. There is no
// falling back to an older version: nobody meant that to be the last word.
func (m *merge) newest(versions []record) (value []byte, there bool, err error) {
	if versions[0].value.Meta&metaDeleted != 0 {
		return nil, false, nil
	}
	var lost func()
	for _, one := range versions {
		if !bytes.Equal(one.key, versions[0].key) {
			break
		}
		if one.value.Meta&metaPointer == 0 {
			return one.value.Value, true, nil
		}
		to, ok := parsePointer(one.value.Value)
		name := valueName(uint64(to.file))
		if !ok {
			continue
		}
		r := m.values[uint64(to.file)]
		if r == nil {
			lost = func() { m.survey.finder(name).damaged(0, "it is missing, and with it a large value") }
			continue
		}
		value, there, err := r.valueAt(int64(to.offset), int(to.size), one.key)
		if err != nil || there {
			return value, there, err
		}
		lost = func() { m.survey.finder(name).damaged(int64(to.offset), "a large value cannot be read") }
	}
	if lost != nil {
		lost()
	}
	return nil, false, nil
}

// pointer says where a large value is.
type pointer struct{ file, size, offset uint32 }

// parsePointer reads a pointer, which Badger writes as its machine does; all it
// runs on are little-endian.
func parsePointer(data []byte) (p pointer, ok bool) {
	if len(data) != 12 {
		return p, false
	}
	return pointer{binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint32(data[8:])}, true
}

// tableSource reads a table block by block.
type tableSource struct {
	table  *tableReader
	block  int
	loaded []record
}

func (s *tableSource) next() (record, bool) {
	for len(s.loaded) == 0 {
		if s.block == len(s.table.blocks) {
			return record{}, false
		}
		// What cannot be read is reported there.
		s.loaded, _ = s.table.records(s.table.blocks[s.block])
		s.block++
	}
	one := s.loaded[0]
	s.loaded = s.loaded[1:]
	return one, true
}

// writes are the records of a log of writes.
type writes []record

func (w *writes) next() (record, bool) {
	if len(*w) == 0 {
		return record{}, false
	}
	one := (*w)[0]
	*w = (*w)[1:]
	return one, true
}

// readWrites reads a log of writes. A transaction whose end was never written
// did not happen; one that has lost its end, or some other piece, did.
func readWrites(ctx context.Context, r *logReader) (*writes, error) {
	var all, open writes
	var number uint64 // of the open transaction
	damages := 0      // when it began
	err := r.read(true, func(e entry) error {
		one := record{key: bytes.Clone(e.key), value: y.ValueStruct{Meta: e.meta, Value: bytes.Clone(e.value)}}
		switch {
		case e.meta&metaFinished != 0:
			all, open = append(all, open...), nil
		case e.meta&metaInTxn != 0:
			if at := y.ParseTs(e.key); len(open) == 0 || at != number {
				all, open = append(all, open...), nil
				number, damages = at, r.damages
			}
			open = append(open, one)
		default:
			all = append(all, one)
		}
		return ctx.Err()
	})
	if r.damages > damages {
		all = append(all, open...)
	}
	// The later of two with one key and number is the one that counts.
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b record) int { return y.CompareKeys(a.key, b.key) })
	return &all, err
}
