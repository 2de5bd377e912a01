// Package odt writes and reads text documents of OpenDocument 1.2 (ISO 26300).
//
// What it writes is made of the styles that LibreOffice has (Title, Heading 1 to
// 6, Quotations, Caption, Preformatted Text), and what there is no style for is
// in the name of one, as in package docx.
package odt

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Format writes and reads OpenDocument texts.
type Format struct{}

// Media is what such a file says it is, first of all.
const Media = "application/vnd.oasis.opendocument.text"

// Write implements file.Writer.
func (Format) Write(to io.Writer, d file.Document) ([]file.Left, error) {
	w := writer{document: d, tree: file.Nest(d.Blocks), looks: map[file.Style]string{}, styles: map[string]ownStyle{}, pictures: map[string]string{}}
	if d.Title != "" {
		w.paragraph("Title", []richtext.Span{{Text: d.Title}})
	}
	w.nodes(w.tree.Nodes, place{})
	return w.left.Left(), w.pack(to)
}

type writer struct {
	document file.Document
	tree     file.Tree
	left     file.Tally

	out      strings.Builder
	inNotes  bool
	noted    map[int]bool
	looks    map[file.Style]string // styles of text, by what they look like
	styles   map[string]ownStyle   // styles of paragraphs that were made, by their names
	media    []string              // sources of pictures, in order
	pictures map[string]string     // by source, the name in the archive
	tables   int
	spaced   bool // what was written of the paragraph ends so that a space would be lost
}

// ownStyle is a style that was made for this document, like another one.
type ownStyle struct {
	base   string
	rtl    bool
	indent int // steps
}

// place is where a block lies, as far as lists and styles say it.
type place struct {
	items   int
	quotes  int
	callout bool
	odd     bool
}

func (p place) inside(typ string) place {
	switch {
	case file.IsItem(typ):
		p.odd = p.odd || p.quotes > 0 || p.callout
		p.items++
	case typ == file.Quote:
		p.odd = p.odd || p.callout
		p.quotes++
	case typ == file.Callout:
		p.odd = p.odd || p.quotes > 0 || p.callout
		p.callout = true
	}
	return p
}

// boxed reports whether a style says already where the block lies.
func (p place) boxed() bool { return p.quotes > 0 || p.callout }

func (w *writer) put(format string, args ...any) { fmt.Fprintf(&w.out, format, args...) }

func (w *writer) nodes(nodes []*file.Node, at place) {
	for _, n := range nodes {
		switch n.Type {
		case file.List:
			if at.boxed() || at.odd {
				w.left.Add(file.Nesting)
			}
			w.list(n, at)
		case file.Quote, file.Callout:
			w.nodes(n.Children, at.inside(n.Type))
		default:
			w.block(n, at)
		}
	}
}

// list writes a list. Tasks that are done and those that are not are lists of
// their own, one behind the other.
func (w *writer) list(n *file.Node, at place) {
	style := ""
	for _, item := range n.Children {
		next := map[string]string{file.BulletItem: "Bullets", file.OrderedItem: "Numbers", file.TaskItem: "Tasks"}[n.Items]
		if n.Items == file.TaskItem && file.Done(item.Block) {
			next = "Tasks_20_Done"
		}
		if next != style {
			if style != "" {
				w.out.WriteString("</text:list>")
			}
			w.put(`<text:list text:style-name="%s">`, next)
			style = next
		}
		w.out.WriteString("<text:list-item>")
		w.paragraph("List", item.Block.Text)
		w.nodes(item.Children, at.inside(n.Items))
		w.out.WriteString("</text:list-item>")
	}
	w.out.WriteString("</text:list>")
}

func (w *writer) block(n *file.Node, at place) {
	if at.odd || at.boxed() && n.Type != file.Paragraph || at.items > 0 && (n.Type == file.Heading || n.Type == file.Table) {
		w.left.Add(file.Nesting)
	}
	b := n.Block
	switch n.Type {
	case file.Heading:
		if at.items > 0 { // in a list, its number would be the list's
			w.paragraph("Heading_20_"+strconv.Itoa(file.Level(b)), b.Text)
			return
		}
		w.put(`<text:h text:style-name="%s" text:outline-level="%d">`, w.directed("Heading_20_"+strconv.Itoa(file.Level(b)), b.Text), file.Level(b))
		w.spans(b.Text)
		w.out.WriteString("</text:h>")
	case file.CodeBlock:
		w.code(b)
	case file.Divider:
		w.paragraph("Horizontal_20_Line", nil)
	case file.Image:
		w.picture(b)
	case file.Table:
		w.table(n.Grid, at)
	default:
		switch {
		case at.callout:
			w.paragraph("Callout", b.Text)
		case at.quotes > 0:
			w.paragraph(w.numbered("Quotations", at.quotes), b.Text)
		case at.items > 0:
			w.paragraph("List", b.Text)
		default:
			w.paragraph("Text_20_body", b.Text)
		}
	}
}

func (w *writer) numbered(style string, depth int) string {
	if depth == 1 {
		return style
	}
	name := style + "_20_" + strconv.Itoa(depth)
	w.styles[name] = ownStyle{base: style, indent: depth}
	return name
}

// directed is a style for text that is written from right to left.
func (w *writer) directed(style string, spans []richtext.Span) string {
	if !file.SpansRightToLeft(spans) {
		return style
	}
	name := "R-" + style
	w.styles[name] = ownStyle{base: style, rtl: true}
	return name
}

func (w *writer) paragraph(style string, spans []richtext.Span) {
	w.put(`<text:p text:style-name="%s">`, escape(w.directed(style, spans)))
	w.spans(spans)
	w.out.WriteString("</text:p>")
}

func (w *writer) code(b richtext.Block) {
	style := "Code"
	if language := file.Attr(b, "language"); language != "" {
		if file.StyleName(language) {
			style = encode("Code (" + language + ")")
			w.styles[style] = ownStyle{base: "Code"}
		} else {
			w.left.Add(file.CodeLanguage)
		}
	}
	if slices.ContainsFunc(b.Text, func(s richtext.Span) bool { return len(s.Marks) > 0 }) {
		w.left.Add(file.Formatting)
	}
	w.paragraph(style, []richtext.Span{{Text: b.Plain()}})
}

// encode writes a style's name as a name of XML.
func encode(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "_%x_", r)
		}
	}
	return b.String()
}

func (w *writer) spans(spans []richtext.Span) {
	w.spaced = true
	for _, s := range spans {
		style := file.Look(s.Marks)
		if n := w.tree.Note(style.Note); n > 0 && !w.inNotes {
			w.note(n)
			continue
		}
		if file.Unsafe(s.Marks) {
			w.left.Add(file.Links)
		}
		if style.Href != "" {
			w.put(`<text:a xlink:type="simple" xlink:href="%s"`, escape(style.Href))
			if style.Title != "" {
				w.put(` office:title="%s"`, escape(style.Title))
			}
			w.out.WriteString(">")
		}
		if name := w.look(style); name != "" {
			w.put(`<text:span text:style-name="%s">%s</text:span>`, name, w.text(s.Text))
		} else {
			w.out.WriteString(w.text(s.Text))
		}
		if style.Href != "" {
			w.out.WriteString("</text:a>")
		}
	}
}

// look is the name of the style of text that looks so; empty for plain text.
func (w *writer) look(s file.Style) string {
	s.Href, s.Title, s.Note = "", "", ""
	if s == (file.Style{}) {
		return ""
	}
	if s == (file.Style{Code: true}) {
		return "Source_20_Text"
	}
	if w.looks[s] == "" {
		w.looks[s] = "T" + strconv.Itoa(len(w.looks)+1)
	}
	return w.looks[s]
}

// text escapes text. White space that would fall together is written as what it
// is.
func (w *writer) text(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		soft := false
		switch {
		case r == ' ' && (w.spaced || i+1 == len(runes) || runes[i+1] == ' ' || runes[i+1] == '\n' || runes[i+1] == '\t'):
			b.WriteString("<text:s/>")
		case r == ' ':
			b.WriteByte(' ')
			soft = true
		case r == '\n':
			b.WriteString("<text:line-break/>")
			soft = true
		case r == '\t':
			b.WriteString("<text:tab/>")
		case r < ' ' || r == 0xfffe || r == 0xffff:
			w.left.Add(file.Characters)
		default:
			b.WriteString(escape(string(r)))
		}
		w.spaced = soft
	}
	return b.String()
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err) // a Builder takes everything
	}
	return b.String()
}

// note writes a footnote where it is first named, and a reference after that.
func (w *writer) note(n int) {
	if w.noted[n] {
		w.put(`<text:note-ref text:note-class="footnote" text:reference-format="text" text:ref-name="note%d">%[1]d</text:note-ref>`, n)
		w.spaced = false
		return
	}
	if w.noted == nil {
		w.noted = make(map[int]bool)
	}
	w.noted[n], w.inNotes = true, true
	w.put(`<text:note text:id="note%d" text:note-class="footnote"><text:note-citation>%[1]d</text:note-citation><text:note-body>`, n)
	for _, spans := range w.tree.Notes[n-1] {
		w.paragraph("Footnote", spans)
	}
	w.out.WriteString("</text:note-body></text:note>")
	w.inNotes, w.spaced = false, false
}

func (w *writer) table(g file.Grid, at place) {
	columns := g.Width()
	if columns == 0 {
		return
	}
	if at.items > 0 { // a list has no place for it
		for _, row := range g.Rows {
			w.paragraph("List", file.RowText(row))
		}
		return
	}
	w.tables++
	w.put(`<table:table table:name="Table%d" table:style-name="Grid"><table:table-column table:number-columns-repeated="%d"/>`, w.tables, columns)
	for i, row := range g.Rows {
		header := i == 0 && g.Header
		if header {
			w.out.WriteString("<table:table-header-rows>")
		}
		w.out.WriteString("<table:table-row>")
		for _, cell := range row {
			style, paragraph := "Cell", "Table_20_Contents"
			if header {
				style, paragraph = "HeadCell", "Table_20_Heading"
			}
			w.put(`<table:table-cell table:style-name="%s" office:value-type="string">`, style)
			for _, spans := range cell {
				w.paragraph(paragraph, spans)
			}
			if len(cell) == 0 {
				w.paragraph(paragraph, nil)
			}
			w.out.WriteString("</table:table-cell>")
		}
		w.out.WriteString("</table:table-row>")
		if header {
			w.out.WriteString("</table:table-header-rows>")
		}
	}
	w.out.WriteString("</table:table>")
	w.paragraph("Table_20_End", nil)
}

// Measures of an A4 page with margins of 2.5 cm, in millimetres.
const (
	textWidth  = 160
	textHeight = 230
	indentStep = 10
)

func (w *writer) picture(b richtext.Block) {
	src, alt := file.Attr(b, "src"), file.Attr(b, "alt")
	raw, here := w.document.Files[src]
	looked, ok := file.LookAt(raw)
	if !here || !ok || looked.Width == 0 || looked.Media == "image/webp" {
		code := file.Pictures
		if !here {
			code = file.Missing
		}
		w.left.Add(code)
		text := b.Text
		if len(text) == 0 {
			text = []richtext.Span{{Text: alt}}
		}
		w.paragraph("Caption", text)
		return
	}
	name := w.pictures[src]
	if name == "" {
		name = "Pictures/image" + strconv.Itoa(len(w.media)+1) + "." + looked.Ending()
		w.pictures[src] = name
		w.media = append(w.media, src)
	}
	wide := textWidth * float64(file.Width(b)) / 100
	high := wide * float64(looked.Height) / float64(looked.Width)
	style := "Figure"
	if _, said := b.Attrs["width"]; said {
		style = encode("Figure (" + strconv.Itoa(file.Width(b)) + "%)")
		w.styles[style] = ownStyle{base: "Figure"}
	}
	if high > textHeight {
		wide, high = textHeight*wide/high, textHeight
	}
	w.put(`<text:p text:style-name="%s"><draw:frame draw:style-name="Picture" draw:name="%s" text:anchor-type="as-char" svg:width="%.2fmm" svg:height="%.2fmm"><draw:image xlink:href="%[2]s" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/><svg:desc>%[5]s</svg:desc></draw:frame></text:p>`,
		style, name, wide, max(high, 0.1), escape(alt))
	if len(b.Text) > 0 {
		w.paragraph("Caption", b.Text)
	}
}

func (w *writer) pack(to io.Writer) error {
	z := zip.NewWriter(to)
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // the same document is the same file
	put := func(name string, method uint16, content []byte) error {
		out, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: at})
		if err == nil {
			_, err = out.Write(content)
		}
		return err
	}
	if err := put("mimetype", zip.Store, []byte(Media)); err != nil {
		return err
	}
	pieces := map[string]string{
		"content.xml":           w.content(),
		"styles.xml":            w.stylesheet(),
		"meta.xml":              w.meta(),
		"META-INF/manifest.xml": w.manifest(),
	}
	for _, name := range slices.Sorted(maps.Keys(pieces)) {
		if err := put(name, zip.Deflate, []byte(xmlHead+pieces[name])); err != nil {
			return err
		}
	}
	for _, src := range w.media {
		if err := put(w.pictures[src], zip.Deflate, w.document.Files[src]); err != nil {
			return err
		}
	}
	return z.Close()
}
