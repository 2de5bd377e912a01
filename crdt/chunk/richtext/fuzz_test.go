package richtext_test

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
)

var small = chunk.Limits{Change: 1 << 16, Snapshot: 1 << 16, Inflated: 1 << 18, Ops: 1 << 12, AllOps: 1 << 12, Changes: 1 << 10}

// bodyOf takes a chunk out of its frame.
func bodyOf(t testing.TB, raw []byte) (chunk.Kind, []byte) {
	t.Helper()
	kind, err := chunk.KindOf(raw)
	if err != nil {
		t.Fatal(err)
	}
	const before = 9 // magic bytes, checksum, kind
	_, n := binary.Uvarint(raw[before:])
	body := raw[before+n:]
	if kind == chunk.KindCompressed {
		if body, err = io.ReadAll(flate.NewReader(bytes.NewReader(body))); err != nil {
			t.Fatal(err)
		}
	}
	return kind, body
}

// framed puts a body into a frame with the right checksum.
func framed(kind chunk.Kind, body []byte) []byte {
	length := binary.AppendUvarint(nil, uint64(len(body)))
	sum := sha256.Sum256(append(append([]byte{byte(kind)}, length...), body...))
	out := append([]byte("\x85\x6f\x4a\x83"), sum[:4]...)
	return append(append(append(out, byte(kind)), length...), body...)
}

// FuzzBuild puts together documents of a snapshot and changes, each well formed
// by itself, and reads them in every way.
func FuzzBuild(f *testing.F) {
	chunks := make(map[bool][][]byte)
	for _, name := range []string{"saved.bin", "changes.bin"} {
		raw, err := os.ReadFile(filepath.Join("..", "testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		parts, err := chunk.Split(raw, chunk.DefaultLimits)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range parts {
			kind, body := bodyOf(f, part)
			whole := kind == chunk.KindDocument
			chunks[whole] = append(chunks[whole], body)
		}
	}
	for i, change := range chunks[false] {
		f.Add([]byte{}, change, chunks[false][(i+1)%len(chunks[false])])
		f.Add(chunks[true][0], change, []byte{})
	}
	f.Fuzz(func(t *testing.T, saved, first, second []byte) {
		var snapshots []chunk.Snapshot
		if s, err := chunk.ParseSnapshot(framed(chunk.KindDocument, saved), small); err == nil {
			snapshots = append(snapshots, s)
		}
		var changes []chunk.Change
		for _, body := range [][]byte{first, second} {
			if c, err := chunk.ParseChange(framed(chunk.KindChange, body), small); err == nil {
				changes = append(changes, c)
			}
		}
		d, err := richtext.Build(snapshots, changes)
		if err != nil {
			if !errors.Is(err, richtext.ErrIncomplete) && !errors.Is(err, richtext.ErrNonsense) && !errors.Is(err, richtext.ErrSeveral) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		shown := 0
		for range d.Scalars() {
			shown++
		}
		_ = d.Value(richtext.Root)
		for _, name := range d.Fields(richtext.Root) {
			id, ok := d.Field(richtext.Root, name)
			if !ok {
				t.Fatalf("the field %q is listed and not there", name)
			}
			if !d.IsText(id) {
				continue
			}
			for _, b := range d.Blocks(id) {
				_ = b.Plain()
			}
			_ = d.View(id)
		}
		total := 0
		for _, c := range changes {
			total += c.Len()
		}
		for _, s := range snapshots {
			total += s.Len()
		}
		if shown > total {
			t.Fatalf("%d values of %d operations", shown, total)
		}
		// What could be built can be gone on with.
		for _, c := range changes {
			if err := d.Apply(c); err != nil {
				t.Fatalf("a change that is there already: %v", err)
			}
		}
	})
}
