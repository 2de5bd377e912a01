package materialize

import (
	"context"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/crdt/chunk"
)

// The tests' own binary is the child: the real one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case Argument:
			Main()
		case "hang": // a child that never answers
			select {}
		case "parent": // a program that waits for such a child
			wait()
		}
	}
	goleak.VerifyTestMain(m)
}

const (
	alice = chunk.Actor("\x10alice-------------..")
	bob   = chunk.Actor("\xf0bob---------------..")
	carol = chunk.Actor("\x80carol-------------..")
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, options Options) *Child {
	t.Helper()
	if options.Deadline == 0 {
		options.Deadline = 5 * time.Minute // busy machines are no failures
	}
	c := New(options)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// story is a document that a test writes in.
type story struct {
	t      testing.TB
	child  *Child
	chunks [][]byte
}

func begin(t testing.TB, markdown string) *story {
	t.Helper()
	s := &story{t: t, child: open(t, Options{})}
	changes, err := s.child.Create(context.Background(), Birth{Actor: alice, Kind: "text", Markdown: markdown, Time: noon})
	if err != nil {
		t.Fatal(err)
	}
	s.chunks = changes
	return s
}

func (s *story) edits(actor chunk.Actor, at, remove int, insert string) *story {
	s.t.Helper()
	s.chunks = append(s.chunks, s.change(actor, at, remove, insert))
	return s
}

func (s *story) change(actor chunk.Actor, at, remove int, insert string) []byte {
	s.t.Helper()
	change, err := s.child.Edit(context.Background(), s.chunks, actor, Edit{At: at, Delete: remove, Insert: insert, Time: noon})
	if err != nil {
		s.t.Fatal(err)
	}
	return change
}

func (s *story) reads(format Format, want string) *story {
	s.t.Helper()
	got, err := s.child.Read(context.Background(), s.chunks, format)
	if err != nil {
		s.t.Fatal(err)
	}
	if string(got) != want {
		s.t.Errorf("as %s:\n got %q\nwant %q", format, got, want)
	}
	return s
}

func TestWritesAndReads(t *testing.T) {
	begin(t, "").reads(Text, "").
		edits(alice, 0, 0, "Hello 😀\nworld").reads(Text, "Hello 😀\nworld").
		edits(bob, 5, 3, ", dear\n").reads(Text, "Hello, dear\nworld").
		reads(Markdown, "Hello, dear\n\nworld\n")
}
