package crdt_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/space"
)

var quiet = slog.New(slog.DiscardHandler)

// firstFormat unpacks the store of a data directory of the first format, and
// returns its directory.
func firstFormat(t *testing.T, name string) string {
	t.Helper()
	packed, err := os.Open(filepath.Join("..", "app", "testdata", "format1", name))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unzipped, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(dir, "store")
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Clean("/"+header.Name))
		if header.FileInfo().IsDir() {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(archive)
		if err == nil {
			err = os.WriteFile(path, raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// cutShort lets a few writes through, and fails all after them.
type cutShort struct {
	crdt.Backend
	left int
}

var errCut = errors.New("the power is gone")

func (c *cutShort) Write(ops []crdt.Op) error {
	if c.left--; c.left < 0 {
		return errCut
	}
	return c.Backend.Write(ops)
}

func TestAStoreOfTheFirstFormatIsMigratedHoweverOftenItIsInterrupted(t *testing.T) {
	for _, name := range []string{"killed.tar.gz", "closed.tar.gz"} {
		if testing.Short() && name != "killed.tar.gz" {
			continue
		}
		dir := firstFormat(t, name)
		before := migratesIn(t, dir, 0)
		for steps := 1; ; steps++ {
			cut := firstFormat(t, name)
			after := migratesIn(t, cut, steps)
			if !maps.Equal(after.records, before.records) {
				t.Fatalf("%s: cut short after %d writes, the store is another in the end", name, steps-1)
			}
			if !after.cut {
				break
			}
		}
		for key := range before.records {
			if key == "mm" {
				t.Error("the migration is not over")
			}
		}
		if version := before.records["mv"]; binary.BigEndian.Uint64([]byte(version)) != crdt.FormatVersion {
			t.Errorf("the store says it is of format %x", version)
		}
	}
}

type migrated struct {
	records map[string]string
	cut     bool // the first try was
}

// migratesIn opens a store, the first time with so many writes that the last
// of them fails, unless writes is 0.
func migratesIn(t *testing.T, dir string, writes int) (done migrated) {
	t.Helper()
	if writes > 0 {
		backend, err := badger.Open(badger.Options{Dir: dir, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		cut := &cutShort{backend, writes - 1}
		store, err := crdt.Open(crdt.Options{Backend: cut, Log: quiet})
		done.cut = errors.Is(err, errCut)
		switch {
		case err == nil:
			cut.left = 1 << 20
			err = store.Close()
		case done.cut:
			err = backend.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	backend, err := badger.Open(badger.Options{Dir: dir, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	store, err := crdt.Open(crdt.Options{Backend: backend, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if len(store.Spaces()) == 0 {
		t.Fatal("no space is left")
	}
	for _, id := range store.Spaces() {
		if len(store.Refs(id)) == 0 {
			t.Error("a space without documents")
		}
	}
	done.records = records(t, backend)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return done
}

// TestAMigratedPartHasTheDigestOfOneThatWasAlwaysThere hands what a store of
// the first format holds to one that never was of that format.
func TestAMigratedPartHasTheDigestOfOneThatWasAlwaysThere(t *testing.T) {
	backend, err := badger.Open(badger.Options{Dir: firstFormat(t, "killed.tar.gz"), Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	old, err := crdt.Open(crdt.Options{Backend: backend, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	ada := newDevice(t, "Ada").understands()
	for _, id := range old.Spaces() {
		log, _ := old.Log(id)
		if _, err := ada.store.CreateSpace(t.Context(), log.Entries()...); err != nil {
			t.Fatal(err)
		}
		for _, ref := range old.Refs(id) {
			for more := true; more; {
				var bundle crdt.Bundle
				if bundle, more, err = old.Since(t.Context(), ref, ada.vector(ref), 1<<20); err != nil {
					t.Fatal(err)
				}
				if receipt, err := ada.store.Append(t.Context(), ref, bundle, crdt.Peer, space.DeviceID{}); err != nil || receipt.Err() != nil {
					t.Fatal(receipt, err)
				}
			}
		}
		if old.Digest(id) != ada.store.Digest(id) {
			t.Errorf("the digest of %s is another", strings.TrimSpace(log.Name()))
		}
	}
}
