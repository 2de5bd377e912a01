package materialize

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/crdt/chunk"
)

// held opens a session of the story's document.
func (s *story) holds() (session uint64) {
	s.t.Helper()
	session, err := s.child.Open(context.Background(), s.chunks)
	if err != nil {
		s.t.Fatal(err)
	}
	return session
}

// crafts makes a change of any operations on top of the document's first.
func (s *story) crafts(startOp uint64, ops ...chunk.Op) []byte {
	s.t.Helper()
	birth, err := chunk.ParseChange(s.chunks[0], chunk.DefaultLimits)
	if err != nil {
		s.t.Fatal(err)
	}
	if startOp == 0 {
		startOp = birth.MaxOp + 1
	}
	c, err := chunk.Encode(chunk.Change{Actor: carol, Seq: 1, StartOp: startOp, Time: 1, Deps: []chunk.Hash{birth.Hash}},
		[]chunk.Actor{carol, birth.Actor}, ops)
	if err != nil {
		s.t.Fatal(err)
	}
	return c.Raw
}

func named(name string) chunk.Key { return chunk.Key{Name: name, IsName: true} }

func TestADocumentThatIsHeldOpenTakesChangesIn(t *testing.T) {
	s := begin(t, "one")
	session := s.holds()
	for range 3 {
		change := s.change(bob, 0, 0, "x")
		if err := s.child.Add(context.Background(), session, [][]byte{change, change}); err != nil {
			t.Fatal(err)
		}
		s.chunks = append(s.chunks, change)
	}
	nonsense := s.crafts(100, chunk.Op{Object: chunk.ID{Counter: 77, Actor: 1}, Key: named("x"), Action: chunk.Put, Value: chunk.String("v")})
	if err := s.child.Add(context.Background(), session, [][]byte{nonsense}); !errors.Is(err, ErrUnreadable) {
		t.Fatalf("got %v, want ErrUnreadable", err)
	}
	if err := s.child.Add(context.Background(), session, [][]byte{s.change(alice, 0, 0, "y")}); !errors.Is(err, chunk.ErrNoSession) {
		t.Fatalf("after an error: %v, want ErrNoSession", err)
	}
}

// What a whole document is refused for, a session refuses too, and the other
// way round.
func TestWhatEndsADocumentForEverybodyIsRefused(t *testing.T) {
	text := chunk.ID{Counter: 3, Actor: 1}
	for name, c := range map[string]struct {
		startOp uint64
		op      chunk.Op
	}{
		"another text":             {op: chunk.Op{Key: named("text"), Action: chunk.MakeText, Pred: []chunk.ID{text}}},
		"a word for a text":        {op: chunk.Op{Key: named("text"), Action: chunk.Put, Value: chunk.String("gone"), Pred: []chunk.ID{text}}},
		"no text":                  {op: chunk.Op{Key: named("text"), Action: chunk.Delete, Pred: []chunk.ID{text}}},
		"a second text":            {op: chunk.Op{Key: named("text"), Action: chunk.MakeText}},
		"the last number there is": {startOp: math.MaxUint32, op: chunk.Op{Key: named("x"), Action: chunk.Put, Value: chunk.String("v")}},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, "one")
			session := s.holds()
			change := s.crafts(c.startOp, c.op)
			if err := s.child.Add(context.Background(), session, [][]byte{change}); !errors.Is(err, ErrUnreadable) {
				t.Errorf("a session: got %v, want ErrUnreadable", err)
			}
			all := append(slices.Clone(s.chunks), change)
			if _, err := s.child.Vet(context.Background(), all); !errors.Is(err, ErrUnreadable) {
				t.Errorf("vetting: got %v, want ErrUnreadable", err)
			}
			if _, err := s.child.Compact(context.Background(), all); !errors.Is(err, ErrUnreadable) {
				t.Errorf("compacting: got %v, want ErrUnreadable", err)
			}
		})
	}
}

func TestDocumentsAreHeldOpenWithinBounds(t *testing.T) {
	s := begin(t, "one")
	var all []uint64
	for range maxSessions + 3 {
		all = append(all, s.holds())
	}
	change := [][]byte{s.change(bob, 0, 0, "x")}
	for i, session := range all {
		err := s.child.Add(context.Background(), session, change)
		if gone := errors.Is(err, chunk.ErrNoSession); err != nil && !gone || gone != (i < 3) {
			t.Errorf("session %d: %v", i, err)
		}
	}
	// One that takes more than all together may is not kept at all.
	s.child = open(t, Options{Held: 1})
	if err := s.child.Add(context.Background(), s.holds(), nil); !errors.Is(err, chunk.ErrNoSession) {
		t.Errorf("a document beyond the bound: %v", err)
	}
}

func TestAChildThatHoldsNothingOpenAnyMoreLeaves(t *testing.T) {
	s := begin(t, "one")
	s.child = open(t, Options{Idle: time.Millisecond})
	first, second := s.holds(), s.holds()
	s.child.CloseSession(first)
	if !s.child.Running() {
		t.Fatal("the child has left while a document is open")
	}
	s.child.CloseSession(second)
	eventually(t, "the child has left", func() bool { return !s.child.Running() })

	s.child = open(t, Options{Idle: time.Millisecond, Unused: 10 * time.Millisecond})
	session := s.holds()
	eventually(t, "the child has left what nobody adds to", func() bool { return !s.child.Running() })
	if err := s.child.Add(context.Background(), session, nil); !errors.Is(err, chunk.ErrNoSession) {
		t.Errorf("got %v, want ErrNoSession", err)
	}
}

// TestAChildThatIsKilledIsNobodysFault kills children at random moments, while
// eight ask: nobody gets a wrong answer, and nothing is blamed.
func TestAChildThatIsKilledIsNobodysFault(t *testing.T) {
	s := begin(t, proposal)
	for _, edit := range []string{"a", "b", "c"} {
		s.edits(bob, 0, 0, edit)
	}
	want, err := s.child.Read(context.Background(), s.chunks, Text)
	must(t, err)
	next := s.change(alice, 0, 0, "z")
	ctx, stop := context.WithCancel(context.Background())
	var asking, killing sync.WaitGroup
	killed := 0
	killing.Go(func() {
		r := rand.New(rand.NewPCG(8, 2026))
		for ctx.Err() == nil {
			select {
			case <-time.After(time.Duration(5+r.IntN(40)) * time.Millisecond):
			case <-ctx.Done():
			}
			for _, l := range []*lane{s.child.lane, s.child.sessions.lane} {
				l.mu.Lock()
				p := l.process
				l.mu.Unlock()
				if p == nil || p.gone() {
					continue
				}
				if child, err := os.FindProcess(p.pid); err == nil && child.Kill() == nil {
					killed++
				}
			}
		}
	})
	fine := func(err error) bool {
		return err == nil || errors.Is(err, ErrEnded) || errors.Is(err, chunk.ErrNoSession)
	}
	for range 8 {
		asking.Go(func() {
			for range 12 {
				got, err := s.child.Read(context.Background(), s.chunks, Text)
				if !fine(err) || err == nil && string(got) != string(want) {
					t.Errorf("read %q, %v", got, err)
				}
				if _, err := s.child.Vet(context.Background(), s.chunks); !fine(err) {
					t.Error(err)
				}
				session, err := s.child.Open(context.Background(), s.chunks)
				if err == nil {
					err = s.child.Add(context.Background(), session, [][]byte{next})
					s.child.CloseSession(session)
				}
				if !fine(err) {
					t.Error(err)
				}
			}
		})
	}
	asking.Wait()
	stop()
	killing.Wait()
	if killed == 0 {
		t.Error("nobody was killed")
	}
	s.reads(Text, string(want))
}
