// Package filetest is the conformance suite of the formats of text documents:
// each has to pass all of it.
package filetest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Format is a format that is both read and written.
type Format interface {
	file.Reader
	file.Writer
}

// Run tests a format. whole are the types of blocks and the names of marks that
// it keeps as they are, at the top of a document.
func Run(t *testing.T, format Format, whole []string) {
	t.Run("what is not told of is kept", func(t *testing.T) {
		seeds := uint64(1500)
		if testing.Short() {
			seeds = 150
		}
		silent := 0
		for seed := range seeds {
			d := Random(rand.New(rand.NewPCG(seed, 7)))
			got, told := through(t, format, d)
			if len(told) == 0 {
				silent++
				equal(t, seed, got, d)
			}
			if a, b := words(got), words(d); !holds(a, b) && !slices.ContainsFunc(told, losesText) {
				t.Fatalf("seed %d: text was lost, and nobody says so (%v):\n got %q\nwant %q", seed, told, a, b)
			}
		}
		t.Logf("%d of %d documents came back whole", silent, seeds)
	})
	t.Run("what was read once stays", func(t *testing.T) {
		for seed := range uint64(200) {
			d := Random(rand.New(rand.NewPCG(seed, 8)))
			once, _ := through(t, format, d)
			if twice, told := through(t, format, once); len(told) == 0 {
				equal(t, seed, twice, once)
			}
		}
	})
	t.Run("blocks", func(t *testing.T) {
		for name, d := range Samples() {
			got, told := through(t, format, d)
			if slices.Contains(whole, name) {
				if len(told) > 0 {
					t.Errorf("%s: %v was left behind", name, told)
				}
				equal(t, 0, got, d)
			} else if len(told) == 0 {
				t.Errorf("%s is not said to be kept, and nothing is told of it", name)
			}
		}
	})
	t.Run("nothing", func(t *testing.T) {
		got, told := through(t, format, file.Document{})
		if len(told) > 0 || len(got.Blocks) != 1 || got.Blocks[0].Type != file.Paragraph || got.Blocks[0].Plain() != "" {
			t.Errorf("an empty document came back as %s, %v", dump(got.Blocks), told)
		}
	})
	t.Run("links that lead nowhere", func(t *testing.T) {
		for _, href := range []string{"javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "http:", "//x"} {
			d := file.Document{Blocks: []richtext.Block{file.New(file.Paragraph, nil, []richtext.Span{
				{Text: "here", Marks: map[string]any{"link": `{"href":"` + href + `","title":null}`}}})}}
			var out bytes.Buffer
			if _, err := format.Write(&out, d); err != nil {
				t.Fatal(err)
			}
			got, _, err := format.Read(out.Bytes())
			if err != nil || got.Blocks[0].Plain() != "here" || len(got.Blocks[0].Text[0].Marks) > 0 {
				t.Errorf("%s: %s, %v", href, dump(got.Blocks), err)
			}
		}
	})
}

// losesText reports whether something was told of that has text of its own.
func losesText(l file.Left) bool {
	switch l.Code {
	case file.Characters, file.Notes, file.Captions, file.Missing, file.Pictures:
		return true
	}
	return false
}

func through(t *testing.T, format Format, d file.Document) (file.Document, []file.Left) {
	t.Helper()
	var out bytes.Buffer
	told, err := format.Write(&out, d)
	if err != nil {
		t.Fatalf("write %s: %v", dump(d.Blocks), err)
	}
	got, more, err := format.Read(out.Bytes())
	if err != nil {
		t.Fatalf("read what was written of %s: %v", dump(d.Blocks), err)
	}
	return got, append(told, more...)
}

func equal(t *testing.T, seed uint64, got, want file.Document) {
	t.Helper()
	if got.Title != want.Title {
		t.Fatalf("seed %d: the title is %q, not %q", seed, got.Title, want.Title)
	}
	a, b := sketch(got), sketch(want)
	if !reflect.DeepEqual(a, b) {
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("seed %d, at %d:\n got %s\nwant %s\nin %s", seed, i, a[i], b[i], strings.Join(b, "\n"))
			}
		}
		t.Fatalf("seed %d: %d pieces, not %d:\n got %s\nwant %s", seed, len(a), len(b), strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	for src, raw := range want.Files {
		if !bytes.Equal(got.Files[src], raw) {
			t.Fatalf("seed %d: the picture %s came back with %d bytes, not %d", seed, src, len(got.Files[src]), len(raw))
		}
	}
}

// sketch is what a document amounts to, a line for each block: IDs of tables
// and notes do not matter.
func sketch(d file.Document) []string {
	tree := file.Nest(d.Blocks)
	var lines []string
	spans := func(list []richtext.Span) string {
		out := []map[string]any{}
		for _, s := range file.Join(slices.Clone(list)) {
			marks := make(map[string]any, len(s.Marks))
			for name, value := range s.Marks {
				if name == "footnote" {
					value = tree.Note(value.(string))
				}
				marks[name] = value
			}
			out = append(out, map[string]any{"text": s.Text, "marks": marks})
		}
		return marshal(out)
	}
	tree.Walk(func(n *file.Node, around []string) {
		line := strings.Join(append(slices.Clone(around), n.Type), ">")
		switch n.Type {
		case file.List, file.Quote, file.Callout:
			return
		case file.Table:
			line += marshal(n.Grid.Header)
			for _, row := range n.Grid.Rows {
				line += "\n  "
				for _, cell := range row {
					for _, p := range cell {
						line += spans(p)
					}
					line += " ; "
				}
			}
		default:
			line += " " + marshal(normal(n.Block.Attrs)) + " " + spans(n.Block.Text)
		}
		lines = append(lines, line)
	})
	for _, note := range tree.Notes {
		for _, p := range note {
			lines = append(lines, "note "+spans(p))
		}
		lines = append(lines, "end of note")
	}
	return lines
}

// normal leaves out attributes that say what is so anyway.
func normal(attrs map[string]any) map[string]any {
	out := make(map[string]any)
	for name, value := range attrs {
		if value != "" && value != false {
			out[name] = value
		}
	}
	return out
}

// words is all the text of a document, without what stands between words.
func words(d file.Document) string {
	var b strings.Builder
	b.WriteString(d.Title)
	tree := file.Nest(d.Blocks)
	add := func(list []richtext.Span) {
		for _, s := range list {
			if file.Look(s.Marks).Note == "" {
				b.WriteString(s.Text)
			}
		}
	}
	tree.Walk(func(n *file.Node, _ []string) {
		add(n.Block.Text)
		for _, row := range n.Grid.Rows {
			for _, cell := range row {
				for _, p := range cell {
					add(p)
				}
			}
		}
	})
	for _, note := range tree.Notes {
		for _, p := range note {
			add(p)
		}
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n|\u00a0", r) {
			return -1
		}
		return r
	}, b.String())
}

// holds reports whether all of some words are in others, in their order.
func holds(all, some string) bool {
	rest := []rune(some)
	for _, r := range all {
		if len(rest) > 0 && r == rest[0] {
			rest = rest[1:]
		}
	}
	return len(rest) == 0
}

func dump(blocks []richtext.Block) string { return marshal(blocks) }

func marshal(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}
