package filetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Survives is the property that every reader has for every input, for a fuzz
// test: it refuses it by one of two errors, or gives a document that is sound
// and within the bounds, and that the format can write and read again.
func Survives(t *testing.T, format Format, raw []byte) {
	t.Helper()
	d, _, err := format.Read(raw)
	if err != nil {
		if !errors.Is(err, file.ErrNotThis) && !errors.Is(err, file.ErrTooLarge) {
			t.Fatalf("refused by %v", err)
		}
		return
	}
	Sound(t, d)
	var out bytes.Buffer
	if _, err := format.Write(&out, d); err != nil {
		t.Fatalf("it cannot be written: %v", err)
	}
	if _, _, err := format.Read(out.Bytes()); err != nil && !errors.Is(err, file.ErrTooLarge) {
		t.Fatalf("what was written of it cannot be read: %v", err)
	}
}

// Sound checks that a document is one that an editor could have made.
func Sound(t *testing.T, d file.Document) {
	t.Helper()
	if len(d.Blocks) == 0 || len(d.Blocks) > file.MaxBlocks || len(d.Files) > file.MaxPictures {
		t.Fatalf("%d blocks, %d pictures", len(d.Blocks), len(d.Files))
	}
	size := 0
	for _, b := range d.Blocks {
		if len(b.Parents) > file.MaxDepth {
			t.Fatalf("a block is %d deep", len(b.Parents))
		}
		if src := file.Attr(b, "src"); b.Type == file.Image && d.Files[src] == nil {
			t.Fatalf("there is no picture %q", src)
		}
		spans(t, b.Text, &size)
	}
	if size > file.MaxText {
		t.Fatalf("%d bytes of text", size)
	}
}

func spans(t *testing.T, list []richtext.Span, size *int) {
	t.Helper()
	for i, s := range list {
		if *size += len(s.Text); s.Text == "" || !utf8.ValidString(s.Text) || file.Clean(s.Text) != s.Text {
			t.Fatalf("text that is none: %q", s.Text)
		}
		if i > 0 && slices.Equal(marksOf(s), marksOf(list[i-1])) {
			t.Fatalf("%q and %q look the same and are two", list[i-1].Text, s.Text)
		}
		if file.Unsafe(s.Marks) {
			t.Fatalf("a link leads nowhere: %v", s.Marks)
		}
	}
}

func marksOf(s richtext.Span) []string {
	var list []string
	for name, value := range s.Marks {
		list = append(list, name+marshal(value))
	}
	slices.Sort(list)
	return list
}
