package richtext

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"parley/crdt/chunk"
)

// sample is a document that Automerge JS 2.2.9 made and read.
type sample struct {
	Seed    int      `json:"seed"`
	Changes []byte   `json:"changes"`
	Early   []byte   `json:"early"`
	Saved   []byte   `json:"saved"`
	Heads   []string `json:"heads"`
	Spans   []struct {
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value"`
		Marks map[string]any  `json:"marks"`
	} `json:"spans"`
}

func samples(t testing.TB, r io.Reader) []sample {
	t.Helper()
	var all []sample
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if lines.Err() != nil || len(all) == 0 {
		t.Fatalf("no samples: %v", lines.Err())
	}
	return all
}

// expected is what Automerge's spans say, as blocks. Marks that are null are
// marks taken away.
func (s sample) expected(t testing.TB) []Block {
	t.Helper()
	blocks := []Block{}
	for _, span := range s.Spans {
		if span.Type == "block" {
			b := Block{Parents: []string{}, Attrs: map[string]any{}, Text: []Span{}}
			if err := json.Unmarshal(span.Value, &b); err != nil {
				t.Fatal(err)
			}
			blocks = append(blocks, b)
			continue
		}
		var text string
		if err := json.Unmarshal(span.Value, &text); err != nil {
			t.Fatal(err)
		}
		marks := map[string]any{}
		for name, value := range span.Marks {
			if value != nil {
				marks[name] = value
			}
		}
		if len(marks) == 0 {
			marks = nil
		}
		if len(blocks) == 0 {
			blocks = append(blocks, Block{Type: "paragraph", Parents: []string{}, Attrs: map[string]any{}, Text: []Span{}, Bare: true})
		}
		last := &blocks[len(blocks)-1]
		if n := len(last.Text); n > 0 && equalMarks(last.Text[n-1].Marks, marks) {
			last.Text[n-1].Text += text
		} else {
			last.Text = append(last.Text, Span{Text: text, Marks: marks})
		}
	}
	return blocks
}

func (s sample) check(t *testing.T) {
	t.Helper()
	want := s.expected(t)
	loose := parse(t, s.Changes)
	for name, chunks := range map[string]parsed{
		"changes":               loose,
		"changes, backwards":    loose.backwards(),
		"saved":                 parse(t, s.Saved),
		"early and changes":     parse(t, s.Early).and(loose),
		"early and saved":       parse(t, s.Early).and(parse(t, s.Saved)),
		"saved with duplicates": parse(t, s.Saved).and(loose),
	} {
		d, err := Build(chunks.snapshots, chunks.changes)
		if err != nil {
			t.Errorf("seed %d, %s: %v", s.Seed, name, err)
			continue
		}
		text, ok := d.Field(Root, "text")
		if !ok || !d.IsText(text) {
			t.Fatalf("seed %d, %s: the text is not there", s.Seed, name)
		}
		got := d.Blocks(text)
		if !reflect.DeepEqual(normal(t, got), normal(t, want)) {
			t.Errorf("seed %d, %s:\n got %s\nwant %s", s.Seed, name, dump(got), dump(want))
		}
		var heads []string
		for _, h := range d.Heads {
			heads = append(heads, h.String())
		}
		if !reflect.DeepEqual(heads, s.Heads) {
			t.Errorf("seed %d, %s: heads %v, want %v", s.Seed, name, heads, s.Heads)
		}
	}
}

// normal sends blocks through JSON, where all numbers are one kind.
func normal(t testing.TB, blocks []Block) (out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(dump(blocks)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func dump(blocks []Block) string {
	b, err := json.Marshal(blocks)
	if err != nil {
		panic(err)
	}
	return string(b)
}

type parsed struct {
	snapshots []chunk.Snapshot
	changes   []chunk.Change
}

func parse(t testing.TB, raw []byte) (p parsed) {
	t.Helper()
	chunks, err := chunk.Split(raw, chunk.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range chunks {
		if kind, _ := chunk.KindOf(raw); kind == chunk.KindDocument {
			s, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			p.snapshots = append(p.snapshots, s)
			continue
		}
		c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		p.changes = append(p.changes, c)
	}
	return p
}

func (p parsed) and(other parsed) parsed {
	return parsed{
		snapshots: append(append([]chunk.Snapshot{}, p.snapshots...), other.snapshots...),
		changes:   append(append([]chunk.Change{}, p.changes...), other.changes...),
	}
}

func (p parsed) backwards() parsed {
	out := parsed{snapshots: p.snapshots}
	for i := range p.changes {
		out.changes = append(out.changes, p.changes[len(p.changes)-1-i])
	}
	return out
}

// TestReadsWhatAutomergeReads compares with documents that Automerge JS 2.2.9
// wrote at random, with concurrent actors, blocks, marks and all.
func TestReadsWhatAutomergeReads(t *testing.T) {
	packed, err := os.ReadFile(filepath.Join("testdata", "random.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples(t, r) {
		s.check(t)
	}
}

// TestReadsWhatAutomergeReadsNow makes further documents where Node and the
// frontend's packages are at hand.
func TestReadsWhatAutomergeReadsNow(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(filepath.Join(root, "frontend", "node_modules", "@automerge", "automerge")); err != nil || missing != nil {
		t.Log("Node or its packages are not installed: only the committed documents were compared")
		return
	}
	cmd := exec.Command(node, filepath.Join(root, "crdt", "chunk", "richtext", "testdata", "make.mjs"), "1000", "40")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples(t, bytes.NewReader(out)) {
		s.check(t)
	}
}
