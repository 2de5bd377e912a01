package file

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/crdt/chunk/richtext"
)

// Can says what whoever shows a document, or writes it, has a place for.
type Can struct {
	Tables, Images, Notes bool
	Blocks                []string // further types of blocks and containers; nil: all
	Marks                 []string // names of marks; nil: all
}

// Reduce makes of a document one that holds nothing that cannot be shown, and
// tells what became something else: a table's rows become paragraphs, a picture
// its description, a footnote text in brackets. No text is lost.
func (can Can) Reduce(d Document, told *Tally) Document {
	tree := Nest(d.Blocks)
	r := reducing{can: can, told: told, tree: tree, grids: grids(d.Blocks), shown: make(map[string]bool)}
	for _, b := range d.Blocks {
		r.block(b)
	}
	if !can.Notes {
		for i, note := range tree.Notes {
			for j, spans := range note {
				if j == 0 {
					spans = append([]richtext.Span{{Text: noteLabel(i+1) + " "}}, spans...)
				}
				r.add(New(Paragraph, nil, spans))
			}
		}
	}
	d.Blocks = r.out
	return d
}

type reducing struct {
	can   Can
	told  *Tally
	tree  Tree
	grids map[string]Grid
	shown map[string]bool
	out   []richtext.Block
}

func noteLabel(n int) string { return "[" + strconv.Itoa(n) + "]" }

func (r *reducing) block(b richtext.Block) {
	grid, placed := r.grids[Attr(b, "table")]
	switch {
	case b.Type == TableCell && placed:
		if r.can.Tables {
			r.add(b)
		}
	case b.Type == Footnote && r.tree.Note(Attr(b, "note")) > 0:
		if r.can.Notes {
			r.add(b)
		}
	case b.Type == Table && placed && !r.can.Tables:
		if r.shown[Attr(b, "table")] {
			return
		}
		r.shown[Attr(b, "table")] = true
		r.told.Add(Tables)
		for _, row := range grid.Rows {
			r.add(New(Paragraph, b.Parents, RowText(row)))
		}
	case b.Type == Image && !r.can.Images:
		r.told.Add(Captions)
		text := b.Text
		if alt := Attr(b, "alt"); alt != "" {
			text = append([]richtext.Span{{Text: "[" + alt + "] "}}, text...)
			if len(b.Text) == 0 {
				text[0].Text = "[" + alt + "]"
			}
		}
		r.add(New(Paragraph, b.Parents, text))
	default:
		r.add(b)
	}
}

func (r *reducing) add(b richtext.Block) {
	if r.can.Blocks != nil {
		known := func(typ string) bool {
			return typ == Paragraph || typ == Table || typ == TableCell || typ == Image || typ == Footnote || slices.Contains(r.can.Blocks, typ)
		}
		if !known(b.Type) {
			r.told.Add(Kinds)
			b.Type, b.Attrs = Paragraph, map[string]any{}
		}
		parents := slices.DeleteFunc(slices.Clone(b.Parents), func(p string) bool { return !known(p) })
		if len(parents) < len(b.Parents) {
			r.told.Add(Kinds)
			b.Parents = parents
		}
	}
	b.Text = r.spans(b.Text)
	r.out = append(r.out, b)
}

func (r *reducing) spans(spans []richtext.Span) []richtext.Span {
	out := make([]richtext.Span, 0, len(spans))
	for _, s := range spans {
		if n := r.tree.Note(Look(s.Marks).Note); n > 0 && !r.can.Notes {
			r.told.Add(Notes)
			s.Text, s.Marks = strings.Repeat(noteLabel(n), strings.Count(s.Text, NoteMark)), nil
		}
		if r.can.Marks != nil {
			kept := maps.Clone(s.Marks)
			maps.DeleteFunc(kept, func(name string, _ any) bool { return !slices.Contains(r.can.Marks, name) })
			if len(kept) < len(s.Marks) {
				r.told.Add(Formatting)
				s.Marks = kept
			}
		}
		out = append(out, s)
	}
	return Join(out)
}
