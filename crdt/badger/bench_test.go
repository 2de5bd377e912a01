package badger_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
)

// BenchmarkOpen opens and closes a store of about 50 MB: what a person waits for
// when Parley starts.
func BenchmarkOpen(b *testing.B) {
	for name, key := range map[string][]byte{"clear": nil, "encrypted": storeKey} {
		b.Run(name, func(b *testing.B) {
			o := badger.Options{Dir: filepath.Join(b.TempDir(), "store"), Key: key, Log: quiet}
			backend, err := badger.Open(o)
			if err != nil {
				b.Fatal(err)
			}
			for i := range 200 {
				var ops []crdt.Op
				for k := range 1000 {
					ops = append(ops, crdt.Op{Key: fmt.Appendf(nil, "s/some-space/some-document/%06d", i*1000+k), Value: noise(i*1000+k, 230)})
				}
				if err := backend.Write(ops); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := backend.Close(); err != nil {
					b.Fatal(err)
				}
				if backend, err = badger.Open(o); err != nil {
					b.Fatal(err)
				}
			}
			if err := backend.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkGet reads records of a store that is mostly in tables.
func BenchmarkGet(b *testing.B) {
	o := badger.Options{Dir: filepath.Join(b.TempDir(), "store"), Key: storeKey, Log: quiet}
	backend, err := badger.Open(o)
	if err != nil {
		b.Fatal(err)
	}
	const count = 100_000
	for i := range count / 1000 {
		var ops []crdt.Op
		for k := range 1000 {
			ops = append(ops, crdt.Op{Key: fmt.Appendf(nil, "key/%06d", i*1000+k), Value: noise(i*1000+k, 230)})
		}
		if err := backend.Write(ops); err != nil {
			b.Fatal(err)
		}
	}
	i := 0
	for b.Loop() {
		i = (i + 7919) % count
		err := backend.View(func(r crdt.Reader) error {
			_, err := r.Get(fmt.Appendf(nil, "key/%06d", i))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := backend.Close(); err != nil {
		b.Fatal(err)
	}
}
