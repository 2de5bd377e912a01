// Package pdf writes documents as PDF that a screen reader can follow: tagged,
// with headings, lists, tables, links, text alternatives and a language, and with
// its typefaces inside. It reads none.
//
// Letters are set one after the other, from left to right, in Latin script. What
// is written otherwise would come out wrong, so a document that is mostly that is
// not written at all.
package pdf

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Format writes PDF.
type Format struct{}

// Measures of an A4 page, in points.
const (
	pageWidth, pageHeight, margin = 595.28, 841.89, 71.0
	bottom                        = margin
	textSize                      = 11.0
	indentStep                    = 20.0
)

// page is one that is being written.
type page struct {
	content bytes.Buffer
	number  int
	owners  []int // of what is marked, the elements' numbers
	links   []link
	x       []int // pictures that it shows
}

type link struct {
	object int
	owner  *element
}

// heading is where one is, for the outline.
type heading struct {
	text string
	page int
	y    float64
}

type layout struct {
	document file.Document
	tree     file.Tree
	left     file.Tally
	objects  objects
	fonts    [faces]*font
	pages    []*page
	y        float64 // of the next line's top
	root     *element
	outline  []heading
	bars     []float64 // where lines are drawn beside what is quoted
	pictures map[string]picture
}

// Write implements file.Writer. It fails with file.ErrScript.
func (Format) Write(to io.Writer, d file.Document) ([]file.Left, error) {
	l := layout{document: d, tree: file.Nest(d.Blocks), root: &element{role: "Document"}, pictures: make(map[string]picture)}
	for f := range faces {
		var err error
		if l.fonts[f], err = loadFont(f); err != nil {
			return nil, err
		}
	}
	if err := l.script(); err != nil {
		return nil, err
	}
	l.newPage()
	if d.Title != "" {
		l.paragraph(l.root.add("H1"), []richtext.Span{{Text: d.Title}}, form{size: 24, strong: true, after: 10})
	}
	l.nodes(l.tree.Nodes, l.root, 0)
	l.notes()
	_, err := to.Write(l.finish())
	return l.left.Left(), err
}

// script finds out whether the letters of the document are those of the typefaces.
func (l *layout) script() error {
	letters, strange := 0, 0
	for _, b := range append([]richtext.Block{{Text: []richtext.Span{{Text: l.document.Title}}}}, l.document.Blocks...) {
		for _, r := range norm.NFC.String(b.Plain()) {
			if unicode.IsLetter(r) {
				letters++
				if !l.fonts[regular].has(r) {
					strange++
				}
			}
		}
	}
	if strange*5 > letters {
		return file.ErrScript
	}
	return nil
}

// clean is text as the typefaces have it; what they have not is told.
func (l *layout) clean(s string, f *font) string {
	return strings.Map(func(r rune) rune {
		switch {
		case f.has(r) || r == '\n':
			return r
		case unicode.IsSpace(r):
			return ' '
		case r == '\u2011':
			return '-'
		case r == '\u00ad' || r == '\u200b' || r == '\ufeff':
			return -1
		}
		l.left.Add(file.Characters)
		return '?'
	}, strings.ReplaceAll(norm.NFC.String(s), "\t", "    "))
}

func (l *layout) nodes(nodes []*file.Node, in *element, indent float64) {
	for _, n := range nodes {
		l.node(n, in, indent)
	}
}

func (l *layout) node(n *file.Node, in *element, indent float64) {
	b := n.Block
	switch n.Type {
	case file.List:
		l.list(n, in, indent)
	case file.Quote, file.Callout:
		role := map[string]string{file.Quote: "BlockQuote", file.Callout: "Sect"}[n.Type]
		l.bars = append(l.bars, margin+indent+3)
		l.nodes(n.Children, in.add(role), indent+indentStep)
		l.bars = l.bars[:len(l.bars)-1]
	case file.Heading:
		level := file.Level(b)
		size := []float64{18, 15, 13, 12, 11, 11}[level-1]
		if l.y < bottom+6*size {
			l.newPage()
		}
		l.y -= size * 0.6
		l.outline = append(l.outline, heading{file.OneLine(b.Plain()), len(l.pages) - 1, l.y})
		l.paragraph(in.add(fmt.Sprintf("H%d", level)), b.Text, form{size: size, strong: true, indent: indent, after: 4})
	case file.CodeBlock:
		code := in.add("P").add("Code")
		l.paragraph(code, []richtext.Span{{Text: b.Plain(), Marks: file.Style{Code: true}.Marks()}}, form{size: 9.5, indent: indent + 6, after: 8, keep: true})
	case file.Divider:
		l.room(14)
		l.artifact("0.5 G %.2f %.2f m %.2f %.2f l S", margin+indent, l.y-7, pageWidth-margin, l.y-7)
		l.y -= 16
	case file.Image:
		l.picture(b, in, indent)
	case file.Table:
		l.table(n.Grid, in, indent)
	default:
		l.paragraph(in.add("P"), b.Text, form{size: textSize, indent: indent, after: 7})
	}
}

func (l *layout) list(n *file.Node, in *element, indent float64) {
	list := in.add("L")
	numbering := "Disc"
	if n.Items == file.OrderedItem {
		numbering = "Decimal"
	}
	list.more = "/A << /O /List /ListNumbering /" + numbering + " >>"
	for i, item := range n.Children {
		label := "•"
		switch {
		case n.Items == file.OrderedItem:
			label = fmt.Sprintf("%d.", i+1)
		case n.Items == file.TaskItem && file.Done(item.Block):
			label = "[x]"
		case n.Items == file.TaskItem:
			label = "[  ]"
		}
		li := list.add("LI")
		mark, body := li.add("Lbl"), li.add("LBody")
		l.paragraph(body.add("P"), item.Block.Text, form{size: textSize, indent: indent + indentStep, after: 3, label: label, mark: mark})
		l.nodes(item.Children, body, indent+indentStep)
	}
	l.y -= 4
}

func (l *layout) notes() {
	if len(l.tree.Notes) == 0 {
		return
	}
	l.room(40)
	l.artifact("0.5 G %.2f %.2f m %.2f %.2f l S", margin, l.y-8, margin+150.0, l.y-8)
	l.y -= 16
	for i, note := range l.tree.Notes {
		e := l.root.add("Note")
		e.more = fmt.Sprintf("/ID (note%d)", i+1)
		mark := e.add("Lbl")
		for j, spans := range note {
			f := form{size: 9.5, indent: 16, after: 3}
			if j == 0 {
				f.label, f.mark = fmt.Sprintf("%d", i+1), mark
			}
			l.paragraph(e.add("P"), spans, f)
		}
	}
}

func (l *layout) newPage() {
	l.pages = append(l.pages, &page{})
	l.y = pageHeight - margin
}

// room begins a page where there is not so much left of this one.
func (l *layout) room(height float64) {
	if l.y-height < bottom && l.y < pageHeight-margin-1 {
		l.newPage()
	}
}

func (l *layout) now() *page { return l.pages[len(l.pages)-1] }

// artifact draws what a screen reader passes over.
func (l *layout) artifact(format string, args ...any) {
	fmt.Fprintf(&l.now().content, "/Artifact BMC q "+format+" Q EMC\n", args...)
}

// marked draws what belongs to an element.
func (l *layout) marked(e *element, content string) {
	p := l.now()
	id := len(p.owners)
	p.owners = append(p.owners, 0)
	e.children = append(e.children, marked{len(l.pages) - 1, id})
	fmt.Fprintf(&p.content, "/%s << /MCID %d >> BDC\n%sEMC\n", e.role, id, content)
}
