package materialize

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
)

// keystrokes is a text that one person typed, one change for each keystroke:
// its chunks and what it says in the end. A short test gets its beginning.
var keystrokes = sync.OnceValues(func() (chunks [][]byte, want string) {
	var history struct {
		StartContent, EndContent string
		Txns                     []struct{ Patches [][]any }
	}
	f, err := os.Open(filepath.Join("..", "..", "bench", "data", "sveltecomponent.json.gz"))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		panic(err)
	}
	if err := json.NewDecoder(r).Decode(&history); err != nil {
		panic(err)
	}
	chunks, err = create(Birth{Actor: alice, Kind: kindText, Time: noon})
	if err != nil {
		panic(err)
	}
	d, err := parse(chunks)
	if err != nil {
		panic(err)
	}
	doc, text, err := d.text()
	if err != nil {
		panic(err)
	}
	write := func(at, remove int, insert string) {
		w := doc.Write(alice)
		if err := w.Edit(text, at, remove, insert); err != nil {
			panic(err)
		}
		c, err := w.Change(0)
		if err != nil {
			panic(err)
		}
		if err := doc.Apply(c); err != nil {
			panic(err)
		}
		chunks = append(chunks, c.Raw)
	}
	if history.StartContent != "" {
		write(0, 0, history.StartContent)
	}
	if testing.Short() {
		history.Txns = history.Txns[:1000]
	}
	for _, txn := range history.Txns {
		for _, p := range txn.Patches {
			write(int(p[0].(float64)), int(p[1].(float64)), p[2].(string))
		}
	}
	if testing.Short() {
		return chunks, doc.View(text)
	}
	return chunks, history.EndContent
})

// TestAHistoryOfKeystrokes reads nearly 20,000 changes, loose and as a snapshot, and
// takes the snapshot apart again.
func TestAHistoryOfKeystrokes(t *testing.T) {
	chunks, want := keystrokes()
	s := &story{t: t, child: open(t, Options{}), chunks: chunks}
	s.reads(Text, want)
	ctx := context.Background()
	snapshot, err := s.child.Compact(ctx, chunks)
	if err != nil {
		t.Fatal(err)
	}
	s.chunks = [][]byte{snapshot}
	s.reads(Text, want)
	apart, err := s.child.Changes(ctx, s.chunks, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(apart) != len(chunks) {
		t.Fatalf("%d changes came back, of %d", len(apart), len(chunks))
	}
	for i := range apart {
		was, is := hash(t, chunks[i]), hash(t, apart[i])
		if was != is {
			t.Fatalf("change %d came back as another", i)
		}
	}
}

func hash(t testing.TB, raw []byte) chunk.Hash {
	t.Helper()
	c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return c.Hash
}

func BenchmarkRead(b *testing.B) {
	chunks, _ := keystrokes()
	c := open(b, Options{})
	ctx := context.Background()
	snapshot, err := c.Compact(ctx, chunks)
	if err != nil {
		b.Fatal(err)
	}
	for name, given := range map[string][][]byte{"changes": chunks, "snapshot": {snapshot}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := c.Read(ctx, given, Text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVet(b *testing.B) {
	chunks, _ := keystrokes()
	c := open(b, Options{})
	for b.Loop() {
		if _, err := c.Vet(context.Background(), chunks); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	chunks, _ := keystrokes()
	d, err := parse(chunks)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := richtext.Build(nil, d.changes); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSmallRequest(b *testing.B) {
	s := begin(b, "# Bus stop\n\nBenches, *please*.")
	for b.Loop() {
		if _, err := s.child.Read(context.Background(), s.chunks, Markdown); err != nil {
			b.Fatal(err)
		}
	}
}
