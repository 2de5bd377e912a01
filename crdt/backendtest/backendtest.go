// Package backendtest is what every crdt.Backend has to pass. A backend's own
// test calls Run.
package backendtest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"parley/crdt"
)

// Run tests a backend. open opens the same place each time, which is empty at
// first; what was opened before is closed by then.
func Run(t *testing.T, open func(t *testing.T) crdt.Backend) {
	b := open(t)
	defer func() { closes(t, b) }()
	t.Run("get", func(t *testing.T) { testGet(t, b) })
	t.Run("scan", func(t *testing.T) { testScan(t, b) })
	t.Run("together", func(t *testing.T) { testTogether(t, b) })
	t.Run("consistent", func(t *testing.T) { testConsistent(t, b) })
	t.Run("limits", func(t *testing.T) { testLimits(t, b) })
	t.Run("concurrent", func(t *testing.T) { testConcurrent(t, b) })
	if c, ok := b.(crdt.Collector); ok {
		t.Run("collect", func(t *testing.T) {
			if err := c.Collect(); err != nil {
				t.Fatal(err)
			}
		})
	}
	before := contents(t, b)
	closes(t, b)
	b = open(t)
	if after := contents(t, b); !slices.Equal(before, after) {
		t.Fatalf("%d records before closing, %d after opening again", len(before), len(after))
	}
}

func testGet(t *testing.T, b crdt.Backend) {
	if _, err := get(b, "absent"); !errors.Is(err, crdt.ErrNotFound) {
		t.Fatalf("absent: %v", err)
	}
	writes(t, b, set("get/a", "1"), set("get/empty", ""))
	for key, want := range map[string]string{"get/a": "1", "get/empty": ""} {
		if got, err := get(b, key); err != nil || got != want {
			t.Fatalf("%s is %q, %v", key, got, err)
		}
	}
	writes(t, b, set("get/a", "2"), crdt.Op{Key: []byte("get/empty")}, crdt.Op{Key: []byte("get/never")})
	if got, err := get(b, "get/a"); err != nil || got != "2" {
		t.Fatalf("after setting it again: %q, %v", got, err)
	}
	if _, err := get(b, "get/empty"); !errors.Is(err, crdt.ErrNotFound) {
		t.Fatalf("after deleting it: %v", err)
	}
	writes(t, b, set("get/a", "3"), crdt.Op{Key: []byte("get/a")}, set("get/a", "4"))
	if got, err := get(b, "get/a"); err != nil || got != "4" {
		t.Fatalf("the last of three: %q, %v", got, err)
	}
}

func testScan(t *testing.T, b crdt.Backend) {
	for _, key := range []string{"scan/b/2", "scan/b/1", "scan/a", "scan/c", "scan/b", "scan/b/\xff\xff", "scan/b\x00"} {
		writes(t, b, set(key, "of "+key))
	}
	tests := []struct {
		prefix, from string
		want         []string
	}{
		{"scan/b/", "", []string{"scan/b/1", "scan/b/2", "scan/b/\xff\xff"}},
		{"scan/b", "", []string{"scan/b", "scan/b\x00", "scan/b/1", "scan/b/2", "scan/b/\xff\xff"}},
		{"scan/b/", "scan/b/2", []string{"scan/b/2", "scan/b/\xff\xff"}},
		{"scan/b/", "scan/b/11", []string{"scan/b/2", "scan/b/\xff\xff"}},
		{"scan/b/", "scan/c", nil},
		{"scan/x", "", nil},
	}
	for _, test := range tests {
		var from []byte
		if test.from != "" {
			from = []byte(test.from)
		}
		if got := keys(t, b, test.prefix, from, -1); !slices.Equal(got, test.want) {
			t.Errorf("%q from %q: %q", test.prefix, test.from, got)
		}
	}
	if got := keys(t, b, "scan/b/", nil, 2); len(got) != 2 {
		t.Errorf("stopped after two: %q", got)
	}
	failed := errors.New("enough")
	err := b.View(func(r crdt.Reader) error {
		return r.Scan([]byte("scan/"), nil, func(_, _ []byte) (bool, error) { return true, failed })
	})
	if !errors.Is(err, failed) {
		t.Errorf("the visitor's error: %v", err)
	}
}

// testTogether shows that a write is seen whole or not at all.
func testTogether(t *testing.T, b crdt.Backend) {
	var wait sync.WaitGroup
	wait.Go(func() {
		for i := range 50 {
			value := fmt.Sprint(i)
			writes(t, b, set("together/a", value), set("together/b", value))
		}
	})
	for range 200 {
		err := b.View(func(r crdt.Reader) error {
			one, _ := r.Get([]byte("together/a"))
			other, _ := r.Get([]byte("together/b"))
			if !bytes.Equal(one, other) {
				t.Errorf("%q and %q", one, other)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	wait.Wait()
}

func testConsistent(t *testing.T, b crdt.Backend) {
	writes(t, b, set("consistent/a", "before"))
	err := b.View(func(r crdt.Reader) error {
		writes(t, b, set("consistent/a", "after"), set("consistent/b", "new"))
		if got, err := r.Get([]byte("consistent/a")); err != nil || string(got) != "before" {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := r.Get([]byte("consistent/b")); !errors.Is(err, crdt.ErrNotFound) {
			t.Errorf("%v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testLimits writes as much at once as crdt may.
func testLimits(t *testing.T, b crdt.Backend) {
	var many []crdt.Op
	for i := range crdt.MaxWriteOps {
		many = append(many, set(fmt.Sprintf("limits/many/%0100d", i), "x"))
	}
	writes(t, b, many...)
	if got := len(keys(t, b, "limits/many/", nil, -1)); got != len(many) {
		t.Errorf("%d of %d", got, len(many))
	}
	const value = crdt.LargeValue - 1
	var medium []crdt.Op
	for i := range crdt.MaxWriteBytes / crdt.LargeValue {
		medium = append(medium, crdt.Op{Key: fmt.Appendf(nil, "limits/medium/%d", i), Value: random(value)})
	}
	writes(t, b, medium...)
	large := random(crdt.MaxValue)
	var all []crdt.Op
	for i := range crdt.MaxLargeBytes / crdt.MaxValue {
		all = append(all, crdt.Op{Key: fmt.Appendf(nil, "limits/large/%d", i), Value: large})
	}
	writes(t, b, append(all, set("limits/small", "with them"))...)
	for _, op := range all {
		if got, err := get(b, string(op.Key)); err != nil || got != string(large) {
			t.Errorf("%d bytes of %d, %v", len(got), len(large), err)
		}
	}
}

func testConcurrent(t *testing.T, b crdt.Backend) {
	var wait sync.WaitGroup
	for writer := range 8 {
		wait.Go(func() {
			for i := range 20 {
				writes(t, b, set(fmt.Sprintf("concurrent/%d/%02d", writer, i), "x"))
			}
		})
	}
	wait.Wait()
	if got := len(keys(t, b, "concurrent/", nil, -1)); got != 160 {
		t.Errorf("%d records of 160", got)
	}
}

func set(key, value string) crdt.Op {
	return crdt.Op{Key: []byte(key), Value: append([]byte{}, value...)}
}

func random(n int) []byte {
	source := rand.New(rand.NewPCG(1, uint64(n)))
	value := make([]byte, n)
	for i := range value {
		value[i] = byte(source.Uint32())
	}
	return value
}

func writes(t *testing.T, b crdt.Backend, ops ...crdt.Op) {
	t.Helper()
	if err := b.Write(ops); err != nil {
		t.Error(err)
	}
}

func closes(t *testing.T, b crdt.Backend) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func get(b crdt.Backend, key string) (value string, err error) {
	err = b.View(func(r crdt.Reader) error {
		got, err := r.Get([]byte(key))
		value = string(got)
		return err
	})
	return value, err
}

func keys(t *testing.T, b crdt.Backend, prefix string, from []byte, most int) (found []string) {
	t.Helper()
	err := b.View(func(r crdt.Reader) error {
		return r.Scan([]byte(prefix), from, func(key, _ []byte) (bool, error) {
			found = append(found, string(key))
			return len(found) != most, nil
		})
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

func contents(t *testing.T, b crdt.Backend) (records []string) {
	t.Helper()
	err := b.View(func(r crdt.Reader) error {
		return r.Scan(nil, nil, func(key, value []byte) (bool, error) {
			records = append(records, string(key)+"\x00"+string(value))
			return true, nil
		})
	})
	if err != nil {
		t.Error(err)
	}
	return records
}
