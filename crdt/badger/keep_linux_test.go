package badger_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
)

// What deleted values took is given back, and what was not deleted stays.
func TestRoomComesBack(t *testing.T) {
	o := badger.Options{Dir: filepath.Join(t.TempDir(), "store"), Key: storeKey, Log: quiet}
	b := opens(t, o)
	const size, count = 1 << 20, 60
	want := map[string]string{}
	for i := range count {
		key := fmt.Sprintf("key/%03d", i)
		try(t, b.Write([]crdt.Op{{Key: []byte(key), Value: noise(i, size)}}))
		if i%10 == 0 {
			want[key] = string(noise(i, size))
		}
	}
	before := taken(t, o.Dir)
	try(t, b.Close())
	b = opens(t, o)
	for i := range count {
		if key := fmt.Sprintf("key/%03d", i); want[key] == "" {
			try(t, b.Write([]crdt.Op{{Key: []byte(key)}}))
		}
	}
	// Badger learns what was deleted when it merges tables, which come of memory
	// that is full, or of closing.
	try(t, b.Close())
	b = opens(t, o)
	try(t, b.Collect())
	same(t, contents(t, b), want)
	if after := taken(t, o.Dir); before < count*size || after > before/2 {
		t.Errorf("%d MB, after deleting most of it %d MB", before>>20, after>>20)
	}
	try(t, b.Close())
	holds(t, o, want)
}

// Tables are merged while records are written and read.
func TestTablesAreMerged(t *testing.T) {
	o := badger.Options{Dir: filepath.Join(t.TempDir(), "store"), Key: storeKey, Log: quiet}
	b := opens(t, o)
	want := map[string]string{}
	for i := range 120 {
		var ops []crdt.Op
		for k := range 400 {
			key := fmt.Sprintf("key/%06d", (i*400+k)*7919%20_000)
			value := noise(i*400+k, 1000)
			ops = append(ops, crdt.Op{Key: []byte(key), Value: value})
			want[key] = string(value)
		}
		try(t, b.Write(ops))
	}
	same(t, contents(t, b), want)
	try(t, b.Close())
	holds(t, o, want)
	// 48 MB were written, of which 20 MB are the newest.
	tables, err := filepath.Glob(filepath.Join(o.Dir, "*.sst"))
	try(t, err)
	total := int64(0)
	for _, name := range tables {
		info, err := os.Stat(name)
		try(t, err)
		total += info.Size()
	}
	if total > 45<<20 {
		t.Errorf("%d MB of tables: nothing was merged", total>>20)
	}
}

// taken is what a directory's files take of the disk.
func taken(t *testing.T, dir string) (total int64) {
	t.Helper()
	for _, name := range files(t, dir) {
		total += allocated(t, filepath.Join(dir, name))
	}
	return total
}
