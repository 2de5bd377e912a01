package materialize

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"parley/crdt/chunk"
)

func TestACrashIsAnErrorAndTheNextRequestWorks(t *testing.T) {
	s := begin(t, "still here")
	s.edits(bob, 10, 0, "!").edits(bob, 10, 1, "")
	s.child = open(t, Options{Memory: bombMemory})
	_, err := s.child.Vet(context.Background(), [][]byte{s.chunks[0], bomb(t), s.chunks[1]})
	var at *ChunkError
	if !errors.Is(err, ErrCrashed) || !errors.As(err, &at) || at.Chunk != 1 {
		t.Fatalf("got %v, want ErrCrashed and the second chunk to blame", err)
	}
	s.reads(Text, "still here")
}

// bomb is a change of few bytes and many operations: what they take in memory
// is beyond the limit of the tests.
func bomb(t testing.TB) []byte {
	t.Helper()
	ops := make([]chunk.Op, 1<<20)
	for i := range ops {
		ops[i] = chunk.Op{Key: chunk.Key{Name: "k", IsName: true}, Action: chunk.Put}
	}
	c, err := chunk.Encode(chunk.Change{Actor: carol, Seq: 1, StartOp: 1}, nil, ops)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Raw) > 1<<10 {
		t.Fatalf("the bomb takes %d bytes", len(c.Raw))
	}
	return c.Raw
}

// TestDamagedBytesAreErrors changes chunks at random, with checksums that are
// right again: as the core alone takes them, nearly every few end its process.
func TestDamagedBytesAreErrors(t *testing.T) {
	s := begin(t, proposal).edits(bob, 5, 9, "\nnew\n")
	ctx := context.Background()
	snapshot, err := s.child.Compact(ctx, s.chunks)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(11, 2026))
	taken := 0
	for range 2000 {
		kind, body := byte(chunk.KindChange), inflated(t, s.chunks[0])
		if r.IntN(2) == 0 {
			kind, body = byte(chunk.KindDocument), inflated(t, snapshot)
		}
		body = bytes.Clone(body)
		for range 1 + r.IntN(3) {
			body[r.IntN(len(body))] ^= 1 << r.IntN(8)
		}
		raw := seal(kind, body)
		_, changeErr := chunk.ParseChange(raw, chunk.DefaultLimits)
		_, snapshotErr := chunk.ParseSnapshot(raw, chunk.DefaultLimits)
		if changeErr != nil && snapshotErr != nil {
			continue // the parent does not even ask
		}
		taken++
		if _, err := s.child.Vet(ctx, [][]byte{raw}); err != nil && !errors.Is(err, ErrUnreadable) && !errors.Is(err, ErrMissing) {
			t.Fatalf("%x: %v", raw, err)
		}
	}
	if taken == 0 {
		t.Error("nothing got as far as the child")
	}
}

// inflated is the body of a chunk.
func inflated(t testing.TB, raw []byte) []byte {
	t.Helper()
	_, n := binary.Uvarint(raw[9:])
	body := raw[9+n:]
	if raw[8] != byte(chunk.KindCompressed) {
		return body
	}
	out, err := io.ReadAll(flate.NewReader(bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func seal(kind byte, body []byte) []byte {
	framed := binary.AppendUvarint([]byte{kind}, uint64(len(body)))
	framed = append(framed, body...)
	h := sha256.Sum256(framed)
	return append(append([]byte("\x85\x6f\x4a\x83"), h[:4]...), framed...)
}

func TestTheDeadlineEndsARequest(t *testing.T) {
	c := open(t, Options{Command: []string{os.Args[0], "hang"}, Deadline: 50 * time.Millisecond})
	if _, err := c.Read(context.Background(), nil, Text); !errors.Is(err, ErrDeadline) {
		t.Fatalf("got %v, want ErrDeadline", err)
	}
	if c.Running() {
		t.Error("the child was left running")
	}
}

func TestAContextEndsARequest(t *testing.T) {
	c := open(t, Options{Command: []string{os.Args[0], "hang"}})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Read(ctx, nil, Text); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the context's error", err)
	}
}

func TestClosingEndsARequest(t *testing.T) {
	c := New(Options{Command: []string{os.Args[0], "hang"}})
	failed := make(chan error, 1)
	go func() {
		_, err := c.Read(context.Background(), nil, Text)
		failed <- err
	}()
	eventually(t, "the child runs", c.Running)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	if _, err := c.Read(context.Background(), nil, Text); !errors.Is(err, ErrClosed) {
		t.Errorf("after closing: got %v, want ErrClosed", err)
	}
}

func TestAnIdleChildLeavesAndComesBack(t *testing.T) {
	s := begin(t, "still here")
	s.child = open(t, Options{Idle: time.Millisecond})
	s.reads(Text, "still here")
	eventually(t, "the child has left", func() bool { return !s.child.Running() })
	s.reads(Text, "still here")
}

func TestAProgramThatIsNotThere(t *testing.T) {
	c := open(t, Options{Command: []string{"/nonexistent"}})
	if _, err := c.Read(context.Background(), nil, Text); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want os.ErrNotExist", err)
	}
}

func TestTheChildGetsNothingItDoesNotNeed(t *testing.T) {
	t.Setenv("PARLEY_SECRET", "x")
	mine, err := os.Open("process_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	c := open(t, Options{Command: []string{"/bin/sh", "-c", "env >&2; ls -l /proc/self/fd >&2; exit 3"}})
	if _, err := c.Read(context.Background(), nil, Text); !errors.Is(err, ErrCrashed) {
		t.Fatalf("got %v, want ErrCrashed", err)
	}
	c.lane.mu.Lock()
	said := c.lane.process.output.String()
	c.lane.mu.Unlock()
	if strings.Contains(said, "PARLEY_SECRET") || !strings.Contains(said, memoryVariable) {
		t.Errorf("the child's environment and files:\n%s", said)
	}
	if strings.Contains(said, "process_test.go") {
		t.Errorf("the child has a file of its parent open:\n%s", said)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// FuzzReadFrame reads what a parent sends and what a child gone wrong may.
func FuzzReadFrame(f *testing.F) {
	for _, v := range []any{
		reply{Report: chunk.Report{Vector: map[chunk.Actor]uint64{alice: 1}}},
		reply{Failure: failureOf(&ChunkError{Chunk: 2, Err: &MissingError{Hashes: []chunk.Hash{{1}}}})},
		reply{Note: true, At: 3},
		request{Operation: opBlobs, Chunks: [][]byte{{1}, {2}}},
		request{Operation: opVerify, Signed: map[chunk.Actor]chunk.Signed{alice: {Seq: 1}}},
	} {
		var b bytes.Buffer
		if err := writeFrame(&b, v); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0, 0, 0, 1, 0xa0})
	f.Fuzz(func(_ *testing.T, data []byte) {
		var r reply
		if readFrame(bytes.NewReader(data), &r) == nil && r.Failure != nil {
			_ = r.Failure.err().Error() // whatever it says, it returns
		}
		var q request
		_ = readFrame(bytes.NewReader(data), &q)
	})
}
