package richtext

import (
	"bytes"
	"strings"

	"parley/crdt/chunk"
)

// Span is text with the same marks throughout.
type Span struct {
	Text  string         `json:"text"`
	Marks map[string]any `json:"marks,omitempty"`
}

// Block is a block marker and the text up to the next one.
type Block struct {
	Type    string         `json:"type"`
	Parents []string       `json:"parents"`
	Attrs   map[string]any `json:"attrs"`
	Embed   bool           `json:"isEmbed,omitempty"`
	Text    []Span         `json:"text"`

	// Bare is set for the text before the first marker, which has none.
	Bare bool `json:"-"`
}

// Plain is the block's text without its marks.
func (b Block) Plain() string {
	var s strings.Builder
	for _, span := range b.Text {
		s.WriteString(span.Text)
	}
	return s.String()
}

// Blocks reads a text as blocks. Text before the first marker makes a bare
// paragraph.
func (d *Document) Blocks(text chunk.ID) []Block {
	var (
		blocks = []Block{}
		marks  = marks{d: d}
		run    strings.Builder
		on     map[string]any // the marks of what is in run
	)
	flush := func() {
		if run.Len() > 0 {
			last := &blocks[len(blocks)-1]
			last.Text = append(last.Text, Span{Text: run.String(), Marks: on})
			run.Reset()
		}
	}
	for item := range d.Sequence(text) {
		switch {
		case item.isMark():
			marks.pass(item)
		case item.IsBlock():
			flush()
			blocks = append(blocks, d.block(item))
		case item.Visible():
			if len(blocks) == 0 {
				blocks = append(blocks, Block{Type: "paragraph", Parents: []string{}, Attrs: map[string]any{}, Text: []Span{}, Bare: true})
			}
			if run.Len() > 0 && !equalMarks(on, marks.now) {
				flush()
			}
			on = marks.now
			run.WriteString(item.Text())
		}
	}
	flush()
	return blocks
}

// block reads a block marker; what it lacks or has in an unexpected shape is
// left empty.
func (d *Document) block(item Item) Block {
	b := Block{Parents: []string{}, Attrs: map[string]any{}, Text: []Span{}}
	value, _ := d.Value(item.top.ID).(map[string]any)
	b.Type, _ = value["type"].(string)
	b.Embed, _ = value["isEmbed"].(bool)
	if attrs, ok := value["attrs"].(map[string]any); ok {
		b.Attrs = attrs
	}
	if parents, ok := value["parents"].([]any); ok {
		for _, p := range parents {
			if s, ok := p.(string); ok {
				b.Parents = append(b.Parents, s)
			}
		}
	}
	return b
}

// View is the text view of a text: its blocks' text joined by newlines.
func (d *Document) View(text chunk.ID) string {
	var b strings.Builder
	first := true
	for item := range d.Sequence(text) {
		switch {
		case item.IsBlock():
			if !first {
				b.WriteByte('\n')
			}
		case item.Visible():
			b.WriteString(item.Text())
		default:
			continue
		}
		first = false
	}
	return b.String()
}

func equal(a, b any) bool {
	if x, ok := a.([]byte); ok {
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	}
	if _, ok := b.([]byte); ok {
		return false
	}
	return a == b
}

func equalMarks(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for name, value := range a {
		other, ok := b[name]
		if !ok || !equal(value, other) {
			return false
		}
	}
	return true
}
