package file

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"parley/crdt/chunk/richtext"
)

// The types of blocks and the containers around them (docs/formats.md, Text).
const (
	Paragraph   = "paragraph"
	Heading     = "heading"
	CodeBlock   = "code-block"
	Divider     = "divider"
	Image       = "image"
	Table       = "table"
	TableCell   = "table-cell"
	Footnote    = "footnote"
	Quote       = "blockquote"
	Callout     = "callout"
	BulletItem  = "unordered-list-item"
	OrderedItem = "ordered-list-item"
	TaskItem    = "task-list-item"
)

// IsItem reports whether a type is that of a list's item.
func IsItem(typ string) bool { return typ == BulletItem || typ == OrderedItem || typ == TaskItem }

// NoteMark is the character that carries the mark of a footnote.
const NoteMark = "\uFFFC"

// New makes a block. Spans that look the same become one.
func New(typ string, parents []string, spans []richtext.Span) richtext.Block {
	return richtext.Block{
		Type: typ, Parents: append([]string{}, parents...), Attrs: map[string]any{}, Text: Join(spans),
	}
}

// Join leaves out empty spans and puts together those that look the same.
func Join(spans []richtext.Span) []richtext.Span {
	out := make([]richtext.Span, 0, len(spans))
	for _, s := range spans {
		if s.Text == "" {
			continue
		}
		if len(s.Marks) == 0 {
			s.Marks = nil
		}
		if n := len(out); n > 0 && maps.Equal(out[n-1].Marks, s.Marks) {
			out[n-1].Text += s.Text
			continue
		}
		out = append(out, s)
	}
	return out
}

// Level is a heading's level, 1 to 6.
func Level(b richtext.Block) int { return int(min(max(Integer(b.Attrs["level"]), 1), 6)) }

// Done reports whether a task is done.
func Done(b richtext.Block) bool { done, _ := b.Attrs["done"].(bool); return done }

// Attr is an attribute that is a string, else empty.
func Attr(b richtext.Block, name string) string { s, _ := b.Attrs[name].(string); return s }

// Integer is a number, however it was decoded; 0 for anything else.
func Integer(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case int:
		return int64(v)
	case uint64:
		return int64(v & (1<<62 - 1))
	case float64:
		if v > -1e15 && v < 1e15 {
			return int64(v)
		}
	}
	return 0
}

// Width is how wide a picture is shown, in percent of the text: 10 to 100.
func Width(b richtext.Block) int {
	if w := Integer(b.Attrs["width"]); w != 0 {
		return int(min(max(w, 10), 100))
	}
	return 100
}

// Grid is a table as it is shown: rows of cells, each some paragraphs.
type Grid struct {
	Header bool // the first row says what the columns are
	Rows   [][]Cell
}

// Cell is a cell's paragraphs; none where it is empty.
type Cell [][]richtext.Span

// Width is the number of columns.
func (g Grid) Width() (n int) {
	for _, row := range g.Rows {
		n = max(n, len(row))
	}
	return n
}

// NewTable makes the blocks of a table. The number tells it from the other
// tables of a document.
func NewTable(number int, parents []string, g Grid) []richtext.Block {
	var (
		id    = "t" + strconv.Itoa(number)
		width = max(g.Width(), 1)
		rows  = make(map[string]any, len(g.Rows))
		cols  = make(map[string]any, width)
	)
	table := New(Table, parents, nil)
	table.Attrs["table"], table.Attrs["rows"], table.Attrs["columns"], table.Attrs["header"] = id, rows, cols, g.Header
	for i := range width {
		cols["c"+strconv.Itoa(i)] = order(i)
	}
	blocks := []richtext.Block{table}
	for i, row := range g.Rows {
		name := "r" + strconv.Itoa(i)
		rows[name] = order(i)
		for j, cell := range row {
			for _, spans := range cell {
				b := New(TableCell, parents, spans)
				b.Attrs["table"], b.Attrs["row"], b.Attrs["column"] = id, name, "c"+strconv.Itoa(j)
				blocks = append(blocks, b)
			}
		}
	}
	return blocks
}

// order is a fractional index that leaves room before, between and after.
func order(i int) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	out := []byte{'a'}
	for place := 36 * 36 * 36; place > 0; place /= 36 {
		out = append(out, digits[i/place%36])
	}
	return string(out) + "i"
}

// grids finds the tables of a document, by their IDs.
func grids(blocks []richtext.Block) map[string]Grid {
	type place struct{ table, row, column string }
	cells := make(map[place]Cell)
	for _, b := range blocks {
		if b.Type == TableCell {
			at := place{Attr(b, "table"), Attr(b, "row"), Attr(b, "column")}
			cells[at] = append(cells[at], b.Text)
		}
	}
	found := make(map[string]Grid)
	for _, b := range blocks {
		id := Attr(b, "table")
		if _, there := found[id]; b.Type != Table || there {
			continue
		}
		g := Grid{}
		g.Header, _ = b.Attrs["header"].(bool)
		rows, columns := ordered(b.Attrs["rows"]), ordered(b.Attrs["columns"])
		if len(columns) > 0 && len(rows) > MaxCells/len(columns) {
			continue // nobody has made it by hand: its cells are shown as paragraphs
		}
		for _, row := range rows {
			line := make([]Cell, len(columns))
			for i, column := range columns {
				line[i] = cells[place{id, row, column}]
			}
			g.Rows = append(g.Rows, line)
		}
		found[id] = g
	}
	return found
}

// ordered lists names by their order, then by themselves.
func ordered(of any) []string {
	m, _ := of.(map[string]any)
	at := func(name string) string { s, _ := m[name].(string); return s }
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a, b)) })
}

// RowText is a row of a table as one line of text.
func RowText(row []Cell) []richtext.Span {
	var spans []richtext.Span
	for i, cell := range row {
		if i > 0 {
			spans = append(spans, richtext.Span{Text: " | "})
		}
		for j, paragraph := range cell {
			if j > 0 {
				spans = append(spans, richtext.Span{Text: " "})
			}
			spans = append(spans, paragraph...)
		}
	}
	return Join(spans)
}
