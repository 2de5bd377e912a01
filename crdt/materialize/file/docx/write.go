package docx

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Format writes and reads Word's documents.
type Format struct{}

// Write implements file.Writer.
func (Format) Write(to io.Writer, d file.Document) ([]file.Left, error) {
	w := &writer{document: d, tree: file.Nest(d.Blocks), language: d.Language}
	if w.language == "" {
		w.language = "en-GB"
	}
	w.body()
	return w.left.Left(), w.pack(to)
}

// writer writes one document. The pieces of its archive grow side by side.
type writer struct {
	document file.Document
	tree     file.Tree
	language string
	left     file.Tally

	out      strings.Builder // the body
	notes    strings.Builder
	links    []relation          // of the body
	noted    []relation          // of the footnotes
	inNotes  bool                // which of the two is being written
	media    []string            // names, in order
	pictures map[string]string   // by src, the name in media
	lists    []list              // numberings that were begun
	styles   map[string]ownStyle // those made for this document, by ID
	shapes   int                 // numbers of drawings
}

type relation struct{ kind, target string }

type list struct {
	definition int // index in definitions
	level      int
}

// ownStyle is a style of a paragraph that is another one under another name: so
// Word keeps what it has no other place for.
type ownStyle struct{ name, base string }

func (w *writer) own(id, name, base string) string {
	if w.styles == nil {
		w.styles = make(map[string]ownStyle)
	}
	w.styles[id] = ownStyle{name, base}
	return id
}

// place is where a block lies, as far as a paragraph can say it.
type place struct {
	items   int // lists around it
	quotes  int
	callout bool
	odd     bool // in a way that no style says
}

func (p place) inside(typ string) place {
	switch {
	case file.IsItem(typ):
		p.odd = p.odd || p.quotes > 0 || p.callout
		p.items++
	case typ == file.Quote:
		p.odd = p.odd || p.items > 0 || p.callout
		p.quotes++
	case typ == file.Callout:
		p.odd = p.odd || p.items > 0 || p.quotes > 0 || p.callout
		p.callout = true
	}
	return p
}

func (w *writer) body() {
	if w.document.Title != "" {
		w.paragraph(look{style: "Title"}, []richtext.Span{{Text: w.document.Title}})
	}
	w.nodes(w.tree.Nodes, place{}, 0)
	for i, note := range w.tree.Notes {
		w.note(i+1, note)
	}
}

// nodes writes what lies in one place; number is the numbering of the list
// around it, if it is one.
func (w *writer) nodes(nodes []*file.Node, at place, number int) {
	for _, n := range nodes {
		switch n.Type {
		case file.List:
			// Each list counts from one. One within another of its kind could go
			// on in that numbering; but then it would count on in the next item.
			w.lists = append(w.lists, list{definition: definitionOf(n.Items), level: at.items})
			begun := len(w.lists)
			if n.Items == file.TaskItem { // done, or still to do
				w.lists = append(w.lists, list{definition: taskDone, level: at.items})
			}
			w.nodes(n.Children, at, begun)
		case file.Quote, file.Callout:
			w.nodes(n.Children, at.inside(n.Type), 0)
		case file.Table:
			w.table(n.Grid, at)
		default:
			w.block(n, at, number)
			if file.IsItem(n.Type) {
				w.nodes(n.Children, at.inside(n.Type), 0)
			}
		}
	}
}

func (w *writer) block(n *file.Node, at place, number int) {
	l := look{indent: at.items + at.quotes}
	plain := at == place{}
	flows := n.Type == file.Paragraph || file.IsItem(n.Type) // styles say where it lies
	if !plain && (at.odd || !flows || file.IsItem(n.Type) && (at.quotes > 0 || at.callout)) {
		w.left.Add(file.Nesting)
	}
	switch n.Type {
	case file.Heading:
		l.style = "Heading" + strconv.Itoa(file.Level(n.Block))
	case file.CodeBlock:
		w.code(n.Block, l)
		return
	case file.Divider:
		l.style = "HorizontalLine"
	case file.Image:
		w.picture(n.Block, l)
		return
	case file.BulletItem, file.OrderedItem, file.TaskItem:
		l.style, l.list, l.level = "ListParagraph", number, at.items
		if n.Type == file.TaskItem && file.Done(n.Block) {
			l.list++
		}
	default:
		switch {
		case at.items > 0:
			l.style = w.numbered("ListContinue", "List Continue", at.items)
		case at.callout:
			l.style = "Callout"
		case at.quotes > 0:
			l.style = w.numbered("Quote", "Quote", at.quotes)
		}
	}
	if flows {
		l.indent = 0 // the style has it, or the list
	}
	w.paragraph(l, n.Block.Text)
}

// numbered is a style at a depth: "Quote", "Quote 2" and so on.
func (w *writer) numbered(id, name string, depth int) string {
	if depth == 1 {
		return id
	}
	n := strconv.Itoa(depth)
	return w.own(id+n, name+" "+n, id)
}

func (w *writer) code(b richtext.Block, l look) {
	l.style = "Code"
	if language := file.Attr(b, "language"); language != "" {
		if file.StyleName(language) {
			l.style = w.own("Code-"+language, "Code ("+language+")", "Code")
		} else {
			w.left.Add(file.CodeLanguage)
		}
	}
	for _, s := range b.Text {
		if len(s.Marks) > 0 {
			w.left.Add(file.Formatting)
			break
		}
	}
	w.paragraph(l, []richtext.Span{{Text: b.Plain()}})
}

// look is how a paragraph looks.
type look struct {
	style  string // ID; empty: Normal
	list   int    // numbering, from 1 on; 0: none
	level  int
	indent int // steps, where neither style nor list has it
	before string
	next   bool // stays with the paragraph after it
}

func (w *writer) target() *strings.Builder {
	if w.inNotes {
		return &w.notes
	}
	return &w.out
}

func (w *writer) paragraph(l look, spans []richtext.Span) {
	out := w.target()
	rtl := file.SpansRightToLeft(spans)
	out.WriteString("<w:p>")
	w.properties(l, rtl)
	out.WriteString(l.before)
	w.runs(spans, rtl)
	out.WriteString("</w:p>")
}

// properties writes a paragraph's, in the order of the schema.
func (w *writer) properties(l look, rtl bool) {
	var p strings.Builder
	if l.style != "" {
		fmt.Fprintf(&p, `<w:pStyle w:val="%s"/>`, escape(l.style))
	}
	if l.next {
		p.WriteString(`<w:keepNext/>`)
	}
	if l.list > 0 {
		fmt.Fprintf(&p, `<w:numPr><w:ilvl w:val="%d"/><w:numId w:val="%d"/></w:numPr>`, l.level, l.list)
	}
	if rtl {
		p.WriteString(`<w:bidi/>`)
	}
	if l.indent > 0 {
		fmt.Fprintf(&p, `<w:ind w:left="%d"/>`, l.indent*indentStep)
	}
	if p.Len() > 0 {
		fmt.Fprintf(w.target(), "<w:pPr>%s</w:pPr>", p.String())
	}
}

func (w *writer) runs(spans []richtext.Span, rtl bool) {
	out := w.target()
	for _, s := range spans {
		style := file.Look(s.Marks)
		if style.Note != "" && w.tree.Note(style.Note) > 0 && !w.inNotes {
			fmt.Fprintf(out, `<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteReference w:id="%d"/></w:r>`, w.tree.Note(style.Note))
			continue
		}
		if file.Unsafe(s.Marks) {
			w.left.Add(file.Links)
		}
		if style.Href != "" {
			fmt.Fprintf(out, `<w:hyperlink r:id="%s" w:history="1"`, w.relate("hyperlink", style.Href))
			if style.Title != "" {
				fmt.Fprintf(out, ` w:tooltip="%s"`, escape(style.Title))
			}
			out.WriteString(">")
		}
		w.run(s.Text, style, rtl && file.RightToLeft(s.Text))
		if style.Href != "" {
			out.WriteString("</w:hyperlink>")
		}
	}
}

func (w *writer) run(text string, s file.Style, rtl bool) {
	var p strings.Builder
	switch {
	case s.Code:
		p.WriteString(`<w:rStyle w:val="CodeText"/>`)
	case s.Href != "":
		p.WriteString(`<w:rStyle w:val="Hyperlink"/>`)
	}
	if s.Strong {
		p.WriteString("<w:b/><w:bCs/>")
	}
	if s.Em {
		p.WriteString("<w:i/><w:iCs/>")
	}
	if s.Strike {
		p.WriteString("<w:strike/>")
	}
	if s.Highlight {
		p.WriteString(`<w:highlight w:val="yellow"/>`)
	}
	if s.Underline {
		p.WriteString(`<w:u w:val="single"/>`)
	}
	if rtl {
		p.WriteString("<w:rtl/>")
	}
	out := w.target()
	out.WriteString("<w:r>")
	if p.Len() > 0 {
		fmt.Fprintf(out, "<w:rPr>%s</w:rPr>", p.String())
	}
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out.WriteString("<w:br/>")
		}
		for j, piece := range strings.Split(line, "\t") {
			if j > 0 {
				out.WriteString("<w:tab/>")
			}
			if piece != "" {
				fmt.Fprintf(out, `<w:t xml:space="preserve">%s</w:t>`, w.text(piece))
			}
		}
	}
	out.WriteString("</w:r>")
}

// text escapes what goes between tags, and tells of what XML cannot say.
func (w *writer) text(s string) string {
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff {
			w.left.Add(file.Characters)
			break
		}
	}
	return escape(s)
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err) // a Builder takes everything
	}
	return b.String()
}

// relate names something outside of the piece that is being written.
func (w *writer) relate(kind, target string) string {
	list := &w.links
	if w.inNotes {
		list = &w.noted
	}
	for i, r := range *list {
		if r == (relation{kind, target}) {
			return "rIdX" + strconv.Itoa(i+1)
		}
	}
	*list = append(*list, relation{kind, target})
	return "rIdX" + strconv.Itoa(len(*list))
}

func (w *writer) note(number int, paragraphs [][]richtext.Span) {
	w.inNotes = true
	fmt.Fprintf(&w.notes, `<w:footnote w:id="%d">`, number)
	for i, spans := range paragraphs {
		l := look{style: "FootnoteText"}
		if i == 0 {
			l.before = `<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> </w:t></w:r>`
		}
		w.paragraph(l, spans)
	}
	w.notes.WriteString("</w:footnote>")
	w.inNotes = false
}

func (w *writer) table(g file.Grid, at place) {
	if at != (place{}) {
		w.left.Add(file.Nesting)
	}
	columns := g.Width()
	if columns == 0 {
		return // nothing to see; Word refuses a table without cells
	}
	each := textWidth / columns
	w.out.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="5000" w:type="pct"/><w:tblLook w:val="0420" w:firstRow="` + onOff(g.Header) + `" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="0" w:noVBand="1"/></w:tblPr><w:tblGrid>`)
	for range columns {
		fmt.Fprintf(&w.out, `<w:gridCol w:w="%d"/>`, each)
	}
	w.out.WriteString("</w:tblGrid>")
	for i, row := range g.Rows {
		w.out.WriteString("<w:tr>")
		if i == 0 && g.Header {
			w.out.WriteString("<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>")
		}
		for _, cell := range row {
			fmt.Fprintf(&w.out, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr>`, each)
			for _, spans := range cell {
				w.paragraph(look{}, spans)
			}
			if len(cell) == 0 {
				w.out.WriteString("<w:p/>")
			}
			w.out.WriteString("</w:tc>")
		}
		w.out.WriteString("</w:tr>")
	}
	w.out.WriteString("</w:tbl>")
	// Two tables in a row would be one, and the last thing of a document has to
	// be a paragraph.
	w.out.WriteString(`<w:p><w:pPr><w:pStyle w:val="TableEnd"/></w:pPr></w:p>`)
}

func onOff(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// picture writes a picture, and its caption under it.
func (w *writer) picture(b richtext.Block, l look) {
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
		if b.Plain() == "" {
			text = []richtext.Span{{Text: alt}}
		}
		l.style = "Caption"
		w.paragraph(l, text)
		return
	}
	name, known := w.pictures[src]
	if !known {
		name = "image" + strconv.Itoa(len(w.media)+1) + "." + looked.Ending()
		if w.pictures == nil {
			w.pictures = make(map[string]string)
		}
		w.pictures[src] = name
		w.media = append(w.media, src)
	}
	wide := int64(textWidth) * emuPerTwip * int64(file.Width(b)) / 100
	high := wide * int64(looked.Height) / int64(looked.Width)
	if high > textHeight*emuPerTwip {
		high = textHeight * emuPerTwip
		wide = max(1, high*int64(looked.Width)/int64(looked.Height))
		if _, said := b.Attrs["width"]; said {
			w.left.Add(file.Formatting)
		}
	}
	w.shapes++
	l.style, l.next = "Figure", len(b.Text) > 0
	if _, said := b.Attrs["width"]; said {
		l.style = w.own("Figure-"+strconv.Itoa(file.Width(b)), "Figure ("+strconv.Itoa(file.Width(b))+"%)", "Figure")
	}
	l.before = fmt.Sprintf(drawing, wide, max(high, 1), w.shapes, escape(name), escape(alt), w.relate("image", "media/"+name))
	w.paragraph(l, nil)
	if len(b.Text) > 0 {
		w.paragraph(look{style: "Caption", indent: l.indent}, b.Text)
	}
}

const drawing = `<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="%[1]d" cy="%[2]d"/><wp:docPr id="%[3]d" name="%[4]s" descr="%[5]s"/><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="%[3]d" name="%[4]s" descr="%[5]s"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="%[6]s"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="%[1]d" cy="%[2]d"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>`

// pack puts the pieces into the archive.
func (w *writer) pack(to io.Writer) error {
	z := zip.NewWriter(to)
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // the same document is the same file
	put := func(name string, content []byte) error {
		out, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
		if err == nil {
			_, err = out.Write(content)
		}
		return err
	}
	for _, piece := range w.pieces() {
		if err := put(piece.name, []byte(xmlHead+piece.content)); err != nil {
			return err
		}
	}
	for _, src := range w.media {
		if err := put("word/media/"+w.pictures[src], w.document.Files[src]); err != nil {
			return err
		}
	}
	return z.Close()
}
