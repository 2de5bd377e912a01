// Package plain writes and reads plain text.
//
// A blank line lies between paragraphs. What shows what the text is (a heading, a
// list) is written as people write it in a mail, and comes back as text.
package plain

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Format writes and reads plain text.
type Format struct{}

// Write implements file.Writer.
func (Format) Write(to io.Writer, d file.Document) ([]file.Left, error) {
	w := writer{tree: file.Nest(d.Blocks)}
	if d.Title != "" {
		w.paragraph(d.Title, "", "")
		w.left.Add(file.Kinds)
	}
	w.nodes(w.tree.Nodes, "")
	for i, note := range w.tree.Notes {
		for j, spans := range note {
			mark := "[" + strconv.Itoa(i+1) + "] "
			if j > 0 {
				mark = strings.Repeat(" ", len(mark))
			}
			w.paragraph(w.text(spans), mark, "")
		}
	}
	text := strings.Join(w.paragraphs, "\n\n")
	if len(w.paragraphs) > 0 {
		text += "\n"
	}
	_, err := io.WriteString(to, text)
	return w.left.Left(), err
}

type writer struct {
	tree       file.Tree
	paragraphs []string
	left       file.Tally
}

// paragraph writes one; mark stands before its first line, and the others are
// set in by so much.
func (w *writer) paragraph(text, mark, indent string) {
	before := indent + mark
	rest := indent + strings.Repeat(" ", utf8.RuneCountInString(mark))
	w.paragraphs = append(w.paragraphs, before+strings.ReplaceAll(text, "\n", "\n"+rest))
}

func (w *writer) nodes(nodes []*file.Node, indent string) {
	for _, n := range nodes {
		switch n.Type {
		case file.List:
			w.list(n, indent)
		case file.Quote, file.Callout:
			w.left.Add(file.Kinds)
			w.nodes(n.Children, indent+"  ")
		case file.Table:
			w.left.Add(file.Tables)
			for _, row := range n.Grid.Rows {
				w.paragraph(w.text(file.RowText(row)), "", indent)
			}
		case file.Divider:
			w.left.Add(file.Kinds)
			w.paragraph("* * *", "", indent)
		case file.Image:
			w.left.Add(file.Captions)
			text := w.text(n.Block.Text)
			if alt := file.Attr(n.Block, "alt"); alt != "" {
				text = strings.TrimSpace("[" + alt + "] " + text)
			}
			w.paragraph(text, "", indent)
		case file.Paragraph:
			w.leaf(n.Block, indent)
		default:
			w.left.Add(file.Kinds)
			w.paragraph(w.text(n.Block.Text), "", indent)
		}
	}
}

func (w *writer) leaf(b richtext.Block, indent string) {
	text := w.text(b.Text)
	// What separates paragraphs is none where it is in one.
	if strings.Contains(text, "\n\n") || strings.HasPrefix(text, "\n") || strings.HasSuffix(text, "\n") {
		w.left.Add(file.Formatting)
	}
	w.paragraph(text, "", indent)
}

func (w *writer) list(n *file.Node, indent string) {
	for i, item := range n.Children {
		mark := "- "
		switch {
		case n.Items == file.OrderedItem:
			mark = strconv.Itoa(i+1) + ". "
		case n.Items == file.TaskItem && file.Done(item.Block):
			mark = "[x] "
		case n.Items == file.TaskItem:
			mark = "[ ] "
		}
		w.left.Add(file.Kinds)
		w.paragraph(w.text(item.Block.Text), mark, indent)
		w.nodes(item.Children, indent+strings.Repeat(" ", len(mark)))
	}
}

// text is text without its formatting. Where a link leads stands behind it.
func (w *writer) text(spans []richtext.Span) string {
	var b strings.Builder
	for _, s := range spans {
		style := file.Look(s.Marks)
		if n := w.tree.Note(style.Note); n > 0 {
			w.left.Add(file.Notes)
			b.WriteString("[" + strconv.Itoa(n) + "]")
			continue
		}
		if len(s.Marks) > 0 {
			w.left.AddOnce(file.Formatting)
		}
		text := file.Clean(s.Text)
		if text != s.Text {
			w.left.Add(file.Characters)
		}
		b.WriteString(text)
		if style.Href != "" && strings.TrimPrefix(style.Href, "mailto:") != text {
			b.WriteString(" (" + style.Href + ")")
		}
	}
	return b.String()
}

// Read implements file.Reader.
func (Format) Read(raw []byte) (file.Document, []file.Left, error) {
	if len(raw) > file.MaxText*2 {
		return file.Document{}, nil, file.ErrTooLarge
	}
	text, err := decode(raw)
	if err != nil {
		return file.Document{}, nil, err
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n").Replace(text)
	text = strings.TrimSuffix(text, "\n")
	var b file.Builder
	for more := true; more && !b.Full(); {
		var paragraph string
		paragraph, text, more = strings.Cut(text, "\n\n")
		b.Add(file.New(file.Paragraph, nil, []richtext.Span{{Text: strings.TrimSuffix(paragraph, "\n")}}))
		// An odd line break more is nobody's paragraph.
		if breaks := len(text) - len(strings.TrimLeft(text, "\n")); breaks%2 == 1 {
			text = text[1:]
		}
	}
	return b.Finish()
}

// decode finds the text's encoding: that of the mark at its beginning, UTF-8,
// or else what Windows used before.
func decode(raw []byte) (string, error) {
	var from encoding.Encoding
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		from = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case utf8.Valid(raw):
		from = unicode.UTF8BOM
	default:
		from = charmap.Windows1252
	}
	text, err := from.NewDecoder().Bytes(raw)
	if err != nil || bytes.IndexByte(text, 0) >= 0 {
		return "", file.ErrNotThis
	}
	return string(text), nil
}
