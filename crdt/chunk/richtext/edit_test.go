package richtext

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/crdt/chunk"
)

// writer is one actor with a copy of its own.
type writer struct {
	t     testing.TB
	actor chunk.Actor
	doc   *Document
	text  chunk.ID
	wrote []chunk.Change
}

// born makes a text with an empty paragraph and gives each actor a copy.
func born(t testing.TB, actors ...chunk.Actor) []*writer {
	t.Helper()
	w := Empty().Write("founder")
	w.InsertBlock(w.Make(Root, "text", chunk.MakeText), chunk.ID{}, Block{Type: "paragraph"})
	first, err := w.Change(0)
	if err != nil {
		t.Fatal(err)
	}
	var all []*writer
	for _, actor := range actors {
		doc, err := Build(nil, []chunk.Change{first})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := doc.Field(Root, "text")
		all = append(all, &writer{t: t, actor: actor, doc: doc, text: text})
	}
	return all
}

func (w *writer) edits(at, remove int, insert string) {
	w.t.Helper()
	draft := w.doc.Write(w.actor)
	if err := draft.Edit(w.text, at, remove, insert); err != nil {
		w.t.Fatal(err)
	}
	w.commits(draft)
}

func (w *writer) commits(draft *Writer) {
	w.t.Helper()
	c, err := draft.Change(0)
	if err != nil {
		w.t.Fatal(err)
	}
	w.wrote = append(w.wrote, c)
	w.gets(c)
}

func (w *writer) gets(changes ...chunk.Change) {
	w.t.Helper()
	for _, c := range changes {
		if err := w.doc.Apply(c); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *writer) view() string { return w.doc.View(w.text) }

// TestTwoWritersEndAsTheyDid replays the history of two people who wrote one
// text at the same time, each transaction on top of what its author had seen.
// It must end as it did for them, whichever of them has the greater actor ID,
// and with newlines as block markers as well as in plain text.
func TestTwoWritersEndAsTheyDid(t *testing.T) {
	history := friends(t)
	for _, actors := range [][]chunk.Actor{{"\x01first", "\x02second"}, {"\x02first", "\x01second"}} {
		for _, block := range []string{"paragraph", "code-block"} {
			if testing.Short() && (block != "paragraph" || actors[0] > actors[1]) {
				continue // one of four ways
			}
			w := Empty().Write("founder")
			w.InsertBlock(w.Make(Root, "text", chunk.MakeText), chunk.ID{}, Block{Type: block})
			writers := born(t, actors...)
			if block == "code-block" { // where a newline is a character
				first, err := w.Change(0)
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range writers {
					if w.doc, err = Build(nil, []chunk.Change{first}); err != nil {
						t.Fatal(err)
					}
				}
			}
			seen := [2]int{}
			for i, txn := range history.Txns {
				me, other := writers[txn.Agent], writers[1-txn.Agent]
				if want := history.knows[i]; want > seen[txn.Agent] {
					me.gets(other.wrote[seen[txn.Agent]:want]...)
					seen[txn.Agent] = want
				}
				for _, p := range txn.Patches {
					me.edits(p.at, p.remove, p.insert)
				}
			}
			for i, w := range writers {
				w.gets(writers[1-i].wrote[seen[i]:]...)
				if w.view() != history.EndContent {
					t.Errorf("%v in a %s: writer %d ends with another text", actors, block, i)
				}
			}
		}
	}
}

type history struct {
	EndContent string `json:"endContent"`
	Txns       []struct {
		Parents []int   `json:"parents"`
		Agent   int     `json:"agent"`
		Patches []patch `json:"patches"`
	} `json:"txns"`

	knows []int // of each transaction, how many of the other's its author had
}

type patch struct {
	at, remove int
	insert     string
}

func (p *patch) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&p.at, &p.remove, &p.insert})
}

func friends(t testing.TB) history {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "bench", "data", "friendsforever.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var h history
	if err := json.NewDecoder(r).Decode(&h); err != nil {
		t.Fatal(err)
	}
	// Each author's transactions follow each other, so what one has seen of
	// the other's is a count.
	made := [2]int{}
	has := make([][2]int, len(h.Txns))
	for i, txn := range h.Txns {
		for _, p := range txn.Parents {
			has[i][0], has[i][1] = max(has[i][0], has[p][0]), max(has[i][1], has[p][1])
		}
		h.knows = append(h.knows, has[i][1-txn.Agent])
		made[txn.Agent] += len(txn.Patches)
		has[i][txn.Agent] = made[txn.Agent]
	}
	return h
}

// TestEditsDoToTheViewWhatTheySay compares random edits with the same edits to
// a string.
func TestEditsDoToTheViewWhatTheySay(t *testing.T) {
	pieces := []string{"a", "Å", "😀👩‍👧", "\n", "bus stop", "\nx\n\ny", ""}
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 7))
		w := born(t, "author")[0]
		want := []rune{}
		for range 60 {
			if r.IntN(6) == 0 {
				w.styles(r, len(want))
			}
			at := r.IntN(len(want) + 1)
			remove := min(r.IntN(6), len(want)-at)
			insert := pieces[r.IntN(len(pieces))]
			w.edits(at, remove, insert)
			want = append(append(append([]rune{}, want[:at]...), []rune(insert)...), want[at+remove:]...)
			if got := w.view(); got != string(want) {
				t.Fatalf("seed %d: delete %d and insert %q at %d gave\n%q, want\n%q", seed, remove, insert, at, got, string(want))
			}
		}
		again, err := Build(nil, append([]chunk.Change{}, w.history()...))
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := again.Field(Root, "text"); fmt.Sprint(again.Blocks(text)) != fmt.Sprint(w.doc.Blocks(w.text)) {
			t.Fatalf("seed %d: what was applied one by one is not what is built at once", seed)
		}
	}
}

// history is all changes of the document's one author and of its founder.
func (w *writer) history() []chunk.Change {
	f := Empty().Write("founder")
	f.InsertBlock(f.Make(Root, "text", chunk.MakeText), chunk.ID{}, Block{Type: "paragraph"})
	first, err := f.Change(0)
	if err != nil {
		w.t.Fatal(err)
	}
	return append([]chunk.Change{first}, w.wrote...)
}

// styles puts a mark somewhere.
func (w *writer) styles(r *rand.Rand, length int) {
	v := viewOf(w.doc.items(w.text))
	v.walk(r.IntN(length + 1))
	from := cut{items: v.items, from: v.index, to: v.index}.insertAfter()
	v.walk(v.seen + r.IntN(8))
	to := cut{items: v.items, from: v.index, to: v.index}.insertAfter()
	draft := w.doc.Write(w.actor)
	draft.Mark(w.text, from, to, "strong", true, r.IntN(2) == 0)
	w.commits(draft)
}

func TestSplitsAndJoins(t *testing.T) {
	w := born(t, "author")[0]
	restyle := func(b Block) {
		w = born(t, "author")[0]
		draft := w.doc.Write("author")
		draft.Blocks(w.text, lastElement(w), []Block{b})
		w.commits(draft)
	}
	for _, c := range []struct {
		block  Block
		at     int
		insert string
		want   string
	}{
		{Block{Type: "heading", Attrs: map[string]any{"level": 2}, Text: []Span{{Text: "ab"}}}, 3, "\nc", "heading ab/paragraph c"},
		{Block{Type: "heading", Attrs: map[string]any{"level": 2}, Text: []Span{{Text: "ab"}}}, 2, "\n", "heading a/heading b"},
		{Block{Type: "ordered-list-item", Parents: []string{"blockquote"}, Text: []Span{{Text: "ab"}}}, 3, "\nc\nd", "blockquote ordered-list-item ab/blockquote ordered-list-item c/blockquote ordered-list-item d"},
		{Block{Type: "code-block", Text: []Span{{Text: "ab"}}}, 2, "\n", "code-block a\nb"},
		{Block{Type: "divider"}, 1, "\nx", "divider /paragraph x"},
		{Block{Type: "paragraph", Parents: []string{"blockquote"}, Text: []Span{{Text: "ab"}}}, 2, "\n\n", "blockquote paragraph a/blockquote paragraph /blockquote paragraph b"},
	} {
		restyle(c.block)
		w.edits(c.at, 0, c.insert)
		var got []string
		for _, b := range w.doc.Blocks(w.text)[1:] {
			got = append(got, strings.Join(append(b.Parents, b.Type), " ")+" "+b.Plain())
		}
		if s := strings.Join(got, "/"); s != c.want {
			t.Errorf("%s, %q at %d: got %q, want %q", c.block.Type, c.insert, c.at, s, c.want)
		}
	}
}

func lastElement(w *writer) (last chunk.ID) {
	for item := range w.doc.Sequence(w.text) {
		last = item.Elem
	}
	return last
}

func TestMarksGrowAtTheirEndOrNot(t *testing.T) {
	for name, want := range map[string]string{"strong": "[abc]", "em": "[abc]", "code": "[ab]c", "link": "[ab]c"} {
		w := born(t, "author")[0]
		draft := w.doc.Write("author")
		draft.Blocks(w.text, lastElement(w), []Block{{Type: "paragraph", Text: []Span{{Text: "ab", Marks: map[string]any{name: "x"}}, {Text: "z"}}}})
		w.commits(draft)
		w.edits(3, 0, "c")
		var got strings.Builder
		for _, span := range w.doc.Blocks(w.text)[1].Text {
			if span.Marks[name] != nil {
				got.WriteString("[" + span.Text + "]")
			} else {
				got.WriteString(span.Text)
			}
		}
		if got.String() != want+"z" {
			t.Errorf("%s: got %s, want %sz", name, got.String(), want)
		}
	}
}

func TestRefusesEditsOutsideTheText(t *testing.T) {
	w := born(t, "author")[0]
	w.edits(0, 0, "abc")
	for _, e := range [][2]int{{-1, 0}, {4, 0}, {2, 2}, {0, -1}} {
		if err := w.doc.Write("author").Edit(w.text, e[0], e[1], "x"); !errors.Is(err, ErrPosition) {
			t.Errorf("delete %d at %d: got %v, want ErrPosition", e[1], e[0], err)
		}
	}
}
