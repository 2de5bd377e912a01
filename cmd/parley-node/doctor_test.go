package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/app"
	"parley/app/vault"
	"parley/crdt"
	"parley/crdt/badger"
)

// spoil DIR DOCUMENT damages the newest change of a document, as it lies in the
// store (docs/formats.md, Storage).
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: spoil DIR DOCUMENT")
	}
	document, err := hex.DecodeString(args[1])
	ts.Check(err)
	locations, err := app.At(ts.MkAbs(args[0]))
	ts.Check(err)
	key, err := vault.At(locations.StoreKey(), nil).Open(context.Background(), nil)
	ts.Check(err)
	backend, err := badger.Open(badger.Options{Dir: locations.Store(), Key: key.Store(), Log: slog.New(slog.DiscardHandler)})
	ts.Check(err)
	defer backend.Close()
	var newest []byte
	ts.Check(backend.View(func(r crdt.Reader) error {
		return r.Scan([]byte{'s'}, nil, func(key, _ []byte) (bool, error) {
			if key[33] == 'd' && bytes.Equal(key[34:50], document) && key[51] == 'c' {
				newest = bytes.Clone(key)
			}
			return true, nil
		})
	}))
	ts.Check(backend.Write([]crdt.Op{{Key: newest, Value: []byte("spoilt")}}))
}

// flip DIR flips two bits in the largest table of a store, so that no checksum
// tells which they are.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip DIR")
	}
	tables, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "store", "*.sst"))
	ts.Check(err)
	var largest []byte
	var name string
	for _, table := range tables {
		content, err := os.ReadFile(table)
		ts.Check(err)
		if len(content) > len(largest) {
			largest, name = content, table
		}
	}
	if name == "" {
		ts.Fatalf("there is no table in %s", args[0])
	}
	largest[len(largest)/3] ^= 1
	largest[len(largest)/3+40] ^= 8
	ts.Check(os.WriteFile(name, largest, 0o600))
}
