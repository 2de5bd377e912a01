package materialize

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/crdt/chunk"
)

const proposal = `# A bus stop for everyone

The stop at the **market** has *no bench*, see [the map](https://example.org/map "Map") and ` + "`stop 12`" + `.

- A bench
  - with arms 😀

- A roof

  that keeps the rain out

1. Ask
2. Build

> Nobody sits in the rain.

` + "```\nroof: 4 m\n```" + `

---

After the line.
`

func TestTwoWriteAtOnceAndBothCount(t *testing.T) {
	s := begin(t, "one two")
	first, second := s.change(alice, 0, 0, "zero "), s.change(bob, 7, 0, " three\nfour")
	s.chunks = append(s.chunks, second, first, first) // any order, any number of times
	s.reads(Text, "zero one two three\nfour").edits(bob, 0, 5, "").reads(Text, "one two three\nfour")
}

func TestMarkdownInAndOut(t *testing.T) {
	begin(t, proposal).reads(Markdown, proposal)
}

func TestJSON(t *testing.T) {
	begin(t, "## a **b**\n").reads(JSON,
		`{"kind":"text","blocks":[{"type":"heading","parents":[],"attrs":{"level":2},"text":[{"text":"a "},{"text":"b","marks":{"strong":true}}]}]}`)
}

// TestAutomergeReadsWhatWeWrite has Automerge JS load a document that was born
// here, edited and compacted, and compares.
func TestAutomergeReadsWhatWeWrite(t *testing.T) {
	s := begin(t, proposal)
	first, second := s.change(alice, 3, 4, "small "), s.change(bob, 40, 2, "\nnew\nlines")
	s.chunks = append(s.chunks, first, second)
	snapshot, err := s.child.Compact(context.Background(), s.chunks)
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	root, absErr := filepath.Abs(filepath.Join("..", ".."))
	if _, missing := os.Stat(filepath.Join(root, "frontend", "node_modules", "@automerge", "automerge")); err != nil || absErr != nil || missing != nil {
		t.Log("Node or its packages are not installed: only the Automerge core has read it")
		return
	}
	for _, chunks := range [][][]byte{s.chunks, {snapshot}} {
		input, err := json.Marshal(map[string]any{"chunks": chunks})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(node, filepath.Join(root, "crdt", "materialize", "testdata", "spans.mjs"))
		cmd.Dir, cmd.Stdin, cmd.Stderr = root, bytes.NewReader(input), os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var theirs struct {
			Kind  string
			Spans []struct {
				Type  string
				Value any
				Marks map[string]any
			}
		}
		if err := json.Unmarshal(out, &theirs); err != nil {
			t.Fatal(err)
		}
		var spans []any
		for _, span := range theirs.Spans {
			if span.Type == "block" {
				spans = append(spans, span.Value)
				continue
			}
			part := map[string]any{"text": span.Value}
			if len(span.Marks) > 0 {
				part["marks"] = span.Marks
			}
			spans = append(spans, part)
		}
		if ours := s.spans(); theirs.Kind != "text" || !reflect.DeepEqual(spans, ours) {
			t.Errorf("Automerge JS reads\n%v\nand we\n%v", spans, ours)
		}
	}
}

// spans is the document as we read it, in the shape of Automerge's spans.
func (s *story) spans() (spans []any) {
	s.t.Helper()
	raw, err := s.child.Read(context.Background(), s.chunks, JSON)
	if err != nil {
		s.t.Fatal(err)
	}
	var ours struct{ Blocks []map[string]any }
	if err := json.Unmarshal(raw, &ours); err != nil {
		s.t.Fatal(err)
	}
	for _, b := range ours.Blocks {
		text, _ := b["text"].([]any)
		delete(b, "text")
		b["isEmbed"] = false
		spans = append(append(spans, any(b)), text...)
	}
	return spans
}

func TestVetCompactChangesVerify(t *testing.T) {
	s := begin(t, "").edits(alice, 0, 0, "one").edits(bob, 3, 0, " two").edits(alice, 7, 0, " three")
	ctx := context.Background()
	hashes := make([]chunk.Hash, len(s.chunks))
	for i, raw := range s.chunks {
		hashes[i] = hash(t, raw)
	}
	report, err := s.child.Vet(ctx, s.chunks)
	if err != nil {
		t.Fatal(err)
	}
	if want := (chunk.Report{Heads: hashes[3:], Vector: map[chunk.Actor]uint64{alice: 3, bob: 1}}); !reflect.DeepEqual(report, want) {
		t.Errorf("got %+v, want %+v", report, want)
	}
	old, err := s.child.Compact(ctx, s.chunks[:2])
	if err != nil {
		t.Fatal(err)
	}
	mixed := [][]byte{s.chunks[3], old, s.chunks[2]}
	snapshot, err := s.child.Compact(ctx, mixed)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := chunk.ParseSnapshot(snapshot, chunk.DefaultLimits)
	if err != nil || !slices.Equal(parsed.Heads, hashes[3:]) {
		t.Errorf("the snapshot's heads are %v, %v", parsed.Heads, err)
	}
	for _, given := range [][][]byte{s.chunks, mixed, {snapshot}, {snapshot, old, s.chunks[1]}} {
		above, err := s.child.Changes(ctx, given, map[chunk.Actor]uint64{alice: 2})
		if err != nil {
			t.Fatal(err)
		}
		if len(above) != 2 || hash(t, above[0]) != hashes[2] || hash(t, above[1]) != hashes[3] {
			t.Errorf("%d changes came, want those of bob and alice's last", len(above))
		}
		if err := s.child.Verify(ctx, given, map[chunk.Actor]chunk.Signed{alice: {Seq: 3, Hash: hashes[3]}, bob: {Seq: 1, Hash: hashes[2]}}); err != nil {
			t.Error(err)
		}
		for _, wrong := range []chunk.Signed{{Seq: 2, Hash: hashes[3]}, {Seq: 4, Hash: hashes[3]}, {}, {Seq: 3, Hash: hashes[0]}} {
			if err := s.child.Verify(ctx, given, map[chunk.Actor]chunk.Signed{alice: wrong}); !errors.Is(err, chunk.ErrUnsound) {
				t.Errorf("%+v: got %v, want ErrUnsound", wrong, err)
			}
		}
	}
}

// TestVerifyWantsAnUnbrokenLine has an actor's third change that does not build
// on its second.
func TestVerifyWantsAnUnbrokenLine(t *testing.T) {
	s := begin(t, "").edits(alice, 0, 0, "one")
	first, err := chunk.ParseChange(s.chunks[0], chunk.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	stray, err := chunk.Encode(chunk.Change{Actor: alice, Seq: 3, StartOp: 100, Deps: []chunk.Hash{first.Hash}}, []chunk.Actor{alice},
		[]chunk.Op{{Key: chunk.Key{Name: "x", IsName: true}, Action: chunk.Put, Value: chunk.Int(1)}})
	if err != nil {
		t.Fatal(err)
	}
	err = s.child.Verify(context.Background(), append(s.chunks, stray.Raw), map[chunk.Actor]chunk.Signed{alice: {Seq: 3, Hash: stray.Hash}})
	if !errors.Is(err, chunk.ErrUnsound) {
		t.Errorf("got %v, want ErrUnsound", err)
	}
}

func TestSaysWhatIsMissing(t *testing.T) {
	s := begin(t, "").edits(alice, 0, 0, "one").edits(bob, 3, 0, " two").edits(alice, 7, 0, " three")
	ctx := context.Background()
	gap := hash(t, s.chunks[2])
	s.chunks = append(s.chunks[:2:2], s.chunks[3])
	report, err := s.child.Vet(ctx, s.chunks)
	if err != nil || !slices.Equal(report.Missing, []chunk.Hash{gap}) {
		t.Errorf("got %+v, %v", report, err)
	}
	_, compactErr := s.child.Compact(ctx, s.chunks)
	_, readErr := s.child.Read(ctx, s.chunks, Text)
	_, changesErr := s.child.Changes(ctx, s.chunks, nil)
	_, editErr := s.child.Edit(ctx, s.chunks, bob, Edit{Insert: "x", Time: noon})
	for what, err := range map[string]error{"compact": compactErr, "read": readErr, "changes": changesErr, "edit": editErr} {
		var missing *MissingError
		if !errors.Is(err, ErrMissing) || !errors.As(err, &missing) || !slices.Equal(missing.Hashes, []chunk.Hash{gap}) {
			t.Errorf("%s: got %v, want what is missing", what, err)
		}
	}
}

func TestSaysWhatItCannotDo(t *testing.T) {
	s := begin(t, "abc")
	ctx := context.Background()
	damaged := bytes.Clone(s.chunks[0])
	damaged[len(damaged)-1] ^= 1
	_, readErr := s.child.Read(ctx, [][]byte{s.chunks[0], damaged}, Text)
	var at *ChunkError
	if !errors.Is(readErr, ErrUnreadable) || !errors.As(readErr, &at) || at.Chunk != 1 {
		t.Errorf("a damaged chunk: got %v", readErr)
	}
	_, nothingErr := s.child.Read(ctx, nil, Text)
	_, indexErr := s.child.Index(ctx, s.chunks)
	_, formatErr := s.child.Read(ctx, s.chunks, "docx")
	_, kindErr := s.child.Create(ctx, Birth{Actor: alice, Kind: "spreadsheet"})
	_, farErr := s.child.Edit(ctx, s.chunks, alice, Edit{At: 2, Delete: 2, Time: noon})
	_, markdownErr := s.child.Create(ctx, Birth{Actor: alice, Kind: "text", Markdown: "a\xffb"})
	_, largeErr := s.child.Create(ctx, Birth{Actor: alice, Kind: "text", Markdown: strings.Repeat("long ", 1<<20)})
	for what, c := range map[string]struct{ got, want error }{
		"nothing":           {nothingErr, ErrUnreadable},
		"a text as index":   {indexErr, ErrUnreadable},
		"an unknown format": {formatErr, ErrUnreadable},
		"an unknown kind":   {kindErr, ErrUnreadable},
		"beyond the end":    {farErr, ErrOutOfRange},
		"not UTF-8":         {markdownErr, ErrMarkdown},
		"too much Markdown": {largeErr, ErrMarkdown},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", what, c.got, c.want)
		}
	}
}

func TestTheIndexListsDocuments(t *testing.T) {
	ctx := context.Background()
	c := open(t, Options{})
	chunks, err := c.Create(ctx, Birth{Actor: alice, Kind: "index", Time: noon})
	if err != nil {
		t.Fatal(err)
	}
	put := func(given [][]byte, actor chunk.Actor, e IndexEntry) []byte {
		t.Helper()
		change, err := c.PutEntry(ctx, given, actor, e)
		if err != nil {
			t.Fatal(err)
		}
		return change
	}
	stop := IndexEntry{ID: strings.Repeat("0a", 16), Kind: "text", Title: "Bus stop 😀", Created: noon}
	park := IndexEntry{ID: strings.Repeat("0b", 16), Kind: "text", Title: "Park", Created: noon}
	chunks = append(chunks, put(chunks, alice, stop), put(chunks, bob, park))
	if again := put(chunks, bob, stop); again != nil {
		t.Error("an entry that is there already was written again")
	}
	// Two change the title at once, at different ends.
	longer, other := stop, stop
	longer.Title, other.Title = "The bus stop 😀", "Bus stop 😀!"
	chunks = append(chunks, put(chunks, alice, longer), put(chunks, bob, other))
	got, err := c.Index(ctx, chunks)
	if err != nil {
		t.Fatal(err)
	}
	stop.Title = "The bus stop 😀!"
	if want := []IndexEntry{stop, park}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// Two give it another name at once, which do not run together.
	longer.Title, other.Title = "A place to wait", "Tram halt"
	both := [][]byte{put(chunks, alice, longer), put(chunks, bob, other)}
	var names []string
	for range 2 {
		if got, err = c.Index(ctx, slices.Concat(chunks, both)); err != nil {
			t.Fatal(err)
		}
		names = append(names, got[0].Title)
		slices.Reverse(both)
	}
	if names[0] != names[1] || names[0] != longer.Title && names[0] != other.Title {
		t.Errorf("of two names it has %q", names)
	}
	// As the window counts, a letter beyond the first 65,536 is two.
	for from, mends := range map[string]bool{"😀ab": true, "😀a": false} {
		old := IndexEntry{ID: strings.Repeat("0c", 16), Kind: "text", Title: from, Created: noon}
		given := append(slices.Clone(chunks), put(chunks, alice, old))
		one, two := old, old
		one.Title, two.Title = strings.Replace(from, "😀", "x", 1), from+"!"
		got, err := c.Index(ctx, append(given, put(given, alice, one), put(given, bob, two)))
		if err != nil {
			t.Fatal(err)
		}
		if mingled := one.Title + "!"; (got[2].Title == mingled) != mends {
			t.Errorf("%q was replaced in part and became %q", from, got[2].Title)
		}
	}
}

// TestTheIndexHasTimesOfCalendars reads an entry as no Parley would write it: a
// member's device may put any number there.
func TestTheIndexHasTimesOfCalendars(t *testing.T) {
	ctx := context.Background()
	c := open(t, Options{})
	chunks, err := c.Create(ctx, Birth{Actor: alice, Kind: "index", Time: noon})
	if err != nil {
		t.Fatal(err)
	}
	d, err := parse(chunks)
	if err != nil {
		t.Fatal(err)
	}
	built, documents, err := d.documents()
	if err != nil {
		t.Fatal(err)
	}
	w := built.Write(bob)
	for i, ms := range []int64{math.MaxInt64, math.MinInt64, 1 << 48, noon.UnixMilli()} {
		entry := w.Make(documents, fmt.Sprint(i), chunk.MakeMap)
		w.Put(entry, "created", chunk.Timestamp(ms))
		w.Put(entry, "archived", chunk.Timestamp(ms))
	}
	change, err := w.Change(noon.Unix())
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.Index(ctx, append(chunks, change.Raw))
	if err != nil || len(list) != 4 {
		t.Fatalf("the index lists %+v (%v)", list, err)
	}
	for i, e := range list {
		want := time.Time{}
		if i == 3 {
			want = noon
		}
		if !e.Archived || !e.Created.Equal(want) || !e.ArchivedAt.Equal(want) {
			t.Errorf("entry %d is listed as %+v", i, e)
		}
	}
}

// TestArchivingMerges archives a document while others rename it, bring it back
// and archive it too, and reads the same whichever order the changes come in.
func TestArchivingMerges(t *testing.T) {
	ctx := context.Background()
	c := open(t, Options{})
	chunks, err := c.Create(ctx, Birth{Actor: alice, Kind: "index", Time: noon})
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("0a", 16)
	written := func(change []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return change
	}
	archive := func(given [][]byte, actor chunk.Actor, archived bool) []byte {
		t.Helper()
		return written(c.ArchiveEntry(ctx, given, actor, IndexEntry{ID: id, Archived: archived}))
	}
	read := func(given [][]byte) IndexEntry {
		t.Helper()
		list, err := c.Index(ctx, given)
		if err != nil || len(list) != 1 {
			t.Fatalf("the index lists %+v (%v)", list, err)
		}
		return list[0]
	}
	if archive(chunks, alice, true) != nil {
		t.Error("what is not listed was archived")
	}
	stop := IndexEntry{ID: id, Kind: "text", Title: "Bus stop", Created: noon}
	chunks = append(chunks, written(c.PutEntry(ctx, chunks, alice, stop)))
	if archive(chunks, bob, false) != nil {
		t.Error("what is not archived was brought back")
	}

	renamed := stop
	renamed.Title = "The bus stop"
	both := [][]byte{archive(chunks, alice, true), written(c.PutEntry(ctx, chunks, bob, renamed))}
	for range 2 {
		if got := read(slices.Concat(chunks, both)); !got.Archived || got.ArchivedAt.IsZero() || got.Title != renamed.Title {
			t.Errorf("archived and renamed at once it is %+v", got)
		}
		slices.Reverse(both)
	}
	chunks = append(chunks, both...)
	if archive(chunks, bob, true) != nil {
		t.Error("what is archived was archived again")
	}
	back := archive(chunks, bob, false)
	if got := read(append(slices.Clone(chunks), back)); got.Archived || !got.ArchivedAt.IsZero() || got.Title != renamed.Title {
		t.Errorf("brought back it is %+v", got)
	}

	// Archived by two at once, it is back as soon as somebody brings it back
	// who knows of both, and stays archived for who knows of one.
	chunks = append(chunks, back)
	two := [][]byte{archive(chunks, alice, true), archive(chunks, bob, true)}
	knowsOne := archive(append(slices.Clone(chunks), two[0]), alice, false)
	knowsBoth := archive(slices.Concat(chunks, two), bob, false)
	if got := read(slices.Concat(chunks, two, [][]byte{knowsOne})); !got.Archived {
		t.Error("one archives what another brings back at the same time, and it is not archived")
	}
	if got := read(slices.Concat(chunks, two, [][]byte{knowsBoth})); got.Archived {
		t.Error("brought back by one who knew of both, it is archived")
	}
}
