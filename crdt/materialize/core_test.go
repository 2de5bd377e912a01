//go:build cgo && (linux || darwin) && (amd64 || arm64)

package materialize

import (
	"math/rand/v2"
	"testing"

	"github.com/automerge/automerge-go"

	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
)

// TestAgreesWithTheCore lets automerge-go write plain texts, by two who write
// at once, and compares what it reads with what we read; and each of its
// changes with what we write when we write it again.
func TestAgreesWithTheCore(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		first := automerge.New()
		must(t, first.Path("text").Set(automerge.NewText("")))
		must(t, first.Path("n").Set(automerge.NewCounter(3)))
		must(t, first.Path("list").Set([]any{"a", int64(-2), 1.5, true, nil, uint64(7), []byte{1}}))
		commit(t, first)
		second, err := first.Fork()
		must(t, err)
		for range 40 {
			doc := first
			if r.IntN(2) == 0 {
				doc = second
			}
			text := doc.Path("text").Text()
			at := r.IntN(text.Len() + 1)
			must(t, text.Splice(at, min(r.IntN(3), text.Len()-at), []string{"a", "é😀", "", "\n"}[r.IntN(4)]))
			must(t, doc.Path("n").Counter().Inc(2))
			commit(t, doc)
			if r.IntN(8) == 0 {
				_, err := first.Merge(second)
				must(t, err)
			}
		}
		_, err = first.Merge(second)
		must(t, err)

		c := core{doc: first}
		changes, err := c.changes()
		must(t, err)
		want, err := first.Path("text").Text().Get()
		must(t, err)
		for _, chunks := range [][][]byte{changes, {c.save()}} {
			d, err := parse(chunks)
			must(t, err)
			built, text, err := d.text()
			must(t, err)
			if got := built.String(text); got != want {
				t.Fatalf("seed %d: got %q, want %q", seed, got, want)
			}
			list, _ := built.Field(richtext.Root, "list")
			if got := len(built.Value(list).([]any)); got != 7 {
				t.Fatalf("seed %d: %d items in the list", seed, got)
			}
		}
		for _, raw := range changes {
			was, err := chunk.ParseChange(raw, chunk.DefaultLimits)
			must(t, err)
			var ops []chunk.Op
			for it := was.Ops(); it.Next(); {
				op := it.Op
				op.Pred = append([]chunk.ID(nil), op.Pred...)
				ops = append(ops, op)
			}
			is, err := chunk.Encode(was, was.Actors(), ops)
			must(t, err)
			if is.Hash != was.Hash {
				t.Fatalf("seed %d: change %s came back as %s", seed, was.Hash, is.Hash)
			}
		}
	}
}

func commit(t *testing.T, doc *automerge.Doc) {
	t.Helper()
	_, err := doc.Commit("", automerge.CommitOptions{AllowEmpty: true})
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
