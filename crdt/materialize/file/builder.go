package file

import (
	"maps"
	"strings"
	"unicode/utf8"

	"parley/crdt/chunk/richtext"
)

// Builder gathers what a reader reads, within the bounds.
type Builder struct {
	Document
	Tally

	Notes []richtext.Block // they come last

	text, spans, marked int
	full                bool
}

// Full reports whether the bounds were reached: the file is not taken then.
func (b *Builder) Full() bool { return b.full }

// Fits takes note of text that is about to be gathered, so that a reader can
// stop before it holds too much.
func (b *Builder) Fits(bytes int) bool {
	b.text += bytes
	b.full = b.full || b.text > MaxText
	return !b.full
}

// The bounds of tables.
const (
	MaxCells   = 1 << 17 // of one table, in all of its rows and columns
	MaxColumns = 500
)

// FitsCells is Fits of a table that has so many rows and columns so far.
func (b *Builder) FitsCells(rows, columns int) bool {
	b.full = b.full || columns > MaxColumns || (rows+1)*columns > MaxCells
	return b.Fits(4)
}

// Add adds blocks.
func (b *Builder) Add(blocks ...richtext.Block) {
	for _, block := range blocks {
		if !b.count(&block) {
			return
		}
		b.Blocks = append(b.Blocks, block)
	}
}

// AddNote adds a paragraph of a footnote.
func (b *Builder) AddNote(id string, spans []richtext.Span) {
	note := New(Footnote, nil, spans)
	note.Attrs["note"] = id
	if b.count(&note) {
		b.Notes = append(b.Notes, note)
	}
}

func (b *Builder) count(block *richtext.Block) bool {
	for i, s := range block.Text {
		if Unsafe(s.Marks) {
			b.Tally.Add(Links)
			block.Text[i].Marks = maps.Clone(s.Marks)
			delete(block.Text[i].Marks, "link")
		}
		block.Text[i].Text = Clean(s.Text)
	}
	block.Text = Join(block.Text)
	b.spans += len(block.Text)
	size := 0
	for i := range block.Text {
		size += len(block.Text[i].Text)
		for _, value := range block.Text[i].Marks {
			if s, ok := value.(string); ok {
				b.marked += len(s)
			}
		}
	}
	b.full = b.full || size > MaxText || len(b.Blocks)+len(b.Notes) >= MaxBlocks || b.spans > MaxSpans || b.marked > MaxText
	if len(block.Parents) > MaxDepth {
		block.Parents = block.Parents[:MaxDepth]
		b.Tally.Add(Nesting)
	}
	return !b.full
}

// Finish is the document with its notes: at least one block.
func (b *Builder) Finish() (Document, []Left, error) {
	total := 0
	for _, list := range [][]richtext.Block{b.Blocks, b.Notes} {
		for _, block := range list {
			for _, s := range block.Text {
				total += len(s.Text)
			}
		}
	}
	if b.full || total > MaxText {
		return Document{}, nil, ErrTooLarge
	}
	b.Blocks = append(b.Blocks, b.Notes...)
	if len(b.Blocks) == 0 {
		b.Blocks = []richtext.Block{New(Paragraph, nil, nil)}
	}
	b.Title = OneLine(b.Title)
	return b.Document, b.Left(), nil
}

// Clean makes text of what a file says is text: valid UTF-8, with line breaks
// and tabs and no other control characters.
func Clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, string(utf8.RuneError))
	}
	if !strings.ContainsFunc(s, odd) {
		return s
	}
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		if odd(r) {
			return -1
		}
		return r
	}, s)
}

func odd(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0x7f }

// OneLine is text on one line, without white space around it.
func OneLine(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// Size is how much text Fits was told of.
func (b *Builder) Size() int { return b.text }
