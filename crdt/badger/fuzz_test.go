package badger

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/dgraph-io/badger/v4/pb"

	"parley/crdt"
)

// FuzzFiles reads arbitrary bytes as each kind of file. Nothing may panic, and
// a reader of a log comes to an end.
func FuzzFiles(f *testing.F) {
	key := bytes.Repeat([]byte{7}, KeySize)
	o := Options{Dir: filepath.Join(f.TempDir(), "store"), Key: key, Log: slog.New(slog.DiscardHandler)}
	for range 2 {
		b, err := Open(o)
		if err != nil {
			f.Fatal(err)
		}
		for i := range 20 {
			ops := []crdt.Op{{Key: fmt.Appendf(nil, "key/%d", i), Value: []byte("value")}}
			if i == 3 {
				ops = append(ops, crdt.Op{Key: []byte("large"), Value: make([]byte, crdt.LargeValue)})
			}
			if err := b.Write(ops); err != nil {
				f.Fatal(err)
			}
		}
		logs, err := filepath.Glob(filepath.Join(o.Dir, "*"+writeSuffix))
		if err != nil || len(logs) == 0 {
			f.Fatal(logs, err)
		}
		data, err := os.ReadFile(logs[0])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:4096])
		if err := b.Close(); err != nil {
			f.Fatal(err)
		}
	}
	s, err := look(o.Dir, key, func(finding) {})
	if err != nil {
		f.Fatal(err)
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		f.Fatal(err)
	}
	for _, one := range entries {
		data, err := os.ReadFile(filepath.Join(o.Dir, one.Name()))
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 1<<17 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found := finder{"fuzzed", func(finding) {}}
		m := readManifest(data, found)
		if again := readManifest(m.sound, found); m.whole && (!again.whole || again.mended || len(again.tables) != len(m.tables)) {
			t.Error("MANIFEST is not sound once it is put right")
		}
		r := readRegistry(data, key, found)
		if again := readRegistry(r.sound, key, found); r.fits() && (!again.fits() || again.mended || len(again.keys) != len(r.keys)) {
			t.Error("KEYREGISTRY is not sound once it is put right")
		}
		for _, kind := range []logKind{logOpen, logSealed} {
			log := &logReader{file: bytes.NewReader(data), size: int64(len(data)), kind: kind, keys: s.registry.keys, found: found}
			if _, err := readWrites(t.Context(), log); err != nil {
				t.Error(err)
			}
			if _, _, err := log.valueAt(logHead, len(data)-logHead, []byte("key")); err != nil {
				t.Error(err)
			}
		}
		for _, key := range append([]*pb.DataKey{nil}, anyKey(s)) {
			table := &tableReader{file: bytes.NewReader(data), key: key, packed: compression, memory: new(memory), found: found, mend: len(data) < 1<<12}
			if table.readIndex(int64(len(data))) == nil {
				for _, b := range table.blocks {
					_, _ = table.records(b)
				}
			}
		}
	})
}

func anyKey(s *survey) *pb.DataKey {
	for _, key := range s.registry.keys {
		return key
	}
	return nil
}
