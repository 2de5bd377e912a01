package badger_test

import (
	"os"
	"path/filepath"
	"testing"

	upstream "github.com/dgraph-io/badger/v4"

	"parley/crdt/badger"
)

// A store whose data keys were rotated is read with all of them, and a log's
// head that names another one of them by mistake is found out.
func TestRotatedDataKeys(t *testing.T) {
	o := badger.Options{Dir: filepath.Join(t.TempDir(), "store"), Key: storeKey, Log: quiet}
	fill(t, o, 1000)
	for range 2 {
		registry, err := upstream.OpenKeyRegistry(upstream.KeyRegistryOptions{Dir: o.Dir, EncryptionKey: storeKey})
		try(t, err)
		_, err = registry.LatestDataKey()
		try(t, err)
		try(t, registry.Close())
		fill(t, o, 2000)
	}
	fill(t, o, 3000)
	holds(t, o, records(3000))
	registry, err := os.ReadFile(filepath.Join(o.Dir, "KEYREGISTRY"))
	try(t, err)
	second, err := os.ReadFile(filepath.Join(o.Dir, "KEYREGISTRY-COPY"))
	try(t, err)
	if string(second) != string(registry) {
		t.Error("the copy is another")
	}
	found := 0
	for _, name := range files(t, o.Dir) {
		path := filepath.Join(o.Dir, name)
		if info, err := os.Stat(path); err != nil || filepath.Ext(name) != ".vlog" || info.Size() < 1000 {
			continue
		}
		found++
		t.Run(name, func(t *testing.T) {
			place{name, 7, 1}.flip(t, o.Dir)
			named(t, check(t, o), name)
			all, _ := salvage(t, o)
			same(t, all, records(3000))
		})
	}
	if found == 0 {
		t.Error("there is no log of values")
	}
}
