package crdt_test

import (
	"context"
	"errors"
	"testing"

	"parley/crdt/chunk"
	"parley/crdt/materialize"
)

// small is a child on a machine that has room for so many changes and no more.
type small struct {
	*materialize.Child
	room int
}

func (s *small) Vet(ctx context.Context, chunks [][]byte) (chunk.Report, error) {
	if changes := 0; s.room > 0 {
		for _, raw := range chunks {
			if snapshot, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits); err == nil {
				changes += snapshot.Changes
			} else {
				changes++
			}
		}
		if changes > s.room {
			return chunk.Report{}, materialize.ErrCrashed
		}
	}
	return s.Child.Vet(ctx, chunks)
}

// TestNobodyIsBlamedForADocumentThatIsTooLarge has a document grow, by another's
// changes or this device's own, until there is no room for more of it. What is
// then there stays, and all of it can be read where there is room.
func TestNobodyIsBlamedForADocumentThatIsTooLarge(t *testing.T) {
	for _, whose := range []string{"another's", "this device's"} {
		for _, compacted := range []bool{false, true} {
			t.Run(whose, func(t *testing.T) {
				ada, ben, ref, birth := aText(t)
				child := &small{Child: materialize.New(materialize.Options{})}
				t.Cleanup(func() { _ = child.Close() })
				ada.options.Materializer = child
				ada.restarts()
				hers, his := ada.picksUp(ref), ben.picksUp(ref)
				for range 12 {
					if whose == "another's" {
						ada.takes(ref, ben.bundle(ref, his.letter(birth, "b")), ben)
					} else {
						ada.commits(ref, hers.letter(birth, "a"))
					}
				}
				if compacted {
					ada.compacts(ref)
				}
				child.room = 10
				for range 3 {
					ada.takes(ref, ben.bundle(ref, his.letter(birth, "b")), ben)
					if _, err := ada.store.Vetted(t.Context(), ref); !errors.Is(err, chunk.ErrStopped) {
						t.Fatalf("got %v", err)
					}
				}
				if aside := ada.quarantined(ref.Space); len(aside) != 0 {
					t.Fatalf("set aside: %v", aside)
				}
				child.room = 0
				ada.takes(ref, ben.bundle(ref, his.letter(birth, "b")), ben)
				if ada.vets(ref) != ada.moved(ref) {
					t.Error("with more room it cannot be shown")
				}
				if text, _ := ada.shown(ref); len(text) != len("hello")+1+12+4 {
					t.Errorf("%q is shown", text)
				}
			})
		}
	}
}
