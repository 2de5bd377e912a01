// Package markdown reads and writes the blocks of a text document as CommonMark.
//
// What Write writes, Read reads as the same blocks. What Markdown has and
// documents have not becomes text that can be read, never nothing: a picture
// becomes a link to it, a table's row a paragraph, HTML stays as it is written.
// Other readers of CommonMark understand what Write writes.
package markdown

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	xast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"parley/crdt/chunk/richtext"
)

// MaxSize bounds what Read takes, in bytes: so much becomes one change that is
// within every peer's limits.
const MaxSize = 512 << 10

// What Read refuses.
var (
	ErrNotText  = errors.New("this is not a text file in UTF-8")
	ErrTooLarge = fmt.Errorf("this text is larger than %d KiB", MaxSize>>10)
)

const (
	paragraph   = "paragraph"
	heading     = "heading"
	codeBlock   = "code-block"
	divider     = "divider"
	quote       = "blockquote"
	bulletItem  = "unordered-list-item"
	orderedItem = "ordered-list-item"
	taskItem    = "task-list-item"
	callout     = "callout"
)

// grammar is safe for concurrent use.
var grammar = goldmark.New(
	goldmark.WithExtensions(extension.NewTable(), extension.Strikethrough, extension.TaskList),
	goldmark.WithParserOptions(parser.WithParagraphTransformers(util.Prioritized(callouts{}, 50))),
).Parser()

// Read reads CommonMark as blocks: at least one, an empty paragraph for an
// empty text. It fails with ErrNotText or ErrTooLarge.
func Read(source string) ([]richtext.Block, error) {
	if len(source) > MaxSize {
		return nil, ErrTooLarge
	}
	if !utf8.ValidString(source) || strings.ContainsRune(source, 0) {
		return nil, ErrNotText
	}
	source = strings.TrimPrefix(source, "\ufeff")
	source = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(source)
	blocks := read([]byte(source))
	if len(blocks) == 0 {
		blocks = []richtext.Block{block(paragraph, nil, nil)}
	}
	return blocks, nil
}

func read(source []byte) []richtext.Block {
	r := reader{source: source}
	r.children(grammar.Parse(text.NewReader(source)), nil, "")
	return r.blocks
}

func block(typ string, parents []string, spans []richtext.Span) richtext.Block {
	return richtext.Block{Type: typ, Parents: append([]string{}, parents...), Attrs: map[string]any{}, Text: append([]richtext.Span{}, spans...)}
}

type reader struct {
	source []byte
	blocks []richtext.Block
}

func (r *reader) add(b richtext.Block) { r.blocks = append(r.blocks, b) }

// callouts takes the line off quotes that makes a callout of them.
type callouts struct{}

var calloutLine = regexp.MustCompile(`(?i)^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*$`)

func (callouts) Transform(p *ast.Paragraph, reader text.Reader, _ parser.Context) {
	box, ok := p.Parent().(*ast.Blockquote)
	if !ok || box.FirstChild() != ast.Node(p) || p.Lines().Len() == 0 {
		return
	}
	first := p.Lines().At(0)
	kind := calloutLine.FindSubmatch(first.Value(reader.Source()))
	if kind == nil {
		return
	}
	box.SetAttributeString(callout, strings.ToUpper(string(kind[1])))
	p.Lines().SetSliced(1, p.Lines().Len())
	if p.Lines().Len() == 0 {
		box.RemoveChild(box, p)
	}
}

// task finds the box that a list item begins with.
func task(item ast.Node) *xast.TaskCheckBox {
	if first := item.FirstChild(); first != nil {
		box, _ := first.FirstChild().(*xast.TaskCheckBox)
		return box
	}
	return nil
}

// children reads what is in a container. If the container is a list item, its
// type is given: its first paragraph opens it.
func (r *reader) children(n ast.Node, parents []string, item string) {
	inside := parents
	if item != "" {
		inside = append(slices.Clip(parents), item)
		if first := n.FirstChild(); first == nil || !isParagraph(first) || r.isBreak(first) {
			r.add(block(item, parents, nil))
			if first != nil && r.isBreak(first) {
				r.rest(first.NextSibling(), inside)
				return
			}
		} else {
			r.add(block(item, parents, r.inline(first)))
			r.rest(first.NextSibling(), inside)
			return
		}
	}
	r.rest(n.FirstChild(), inside)
}

func (r *reader) rest(n ast.Node, parents []string) {
	for ; n != nil; n = n.NextSibling() {
		r.block(n, parents)
	}
}

func isParagraph(n ast.Node) bool {
	return n.Kind() == ast.KindParagraph || n.Kind() == ast.KindTextBlock || n.Kind() == ast.KindHTMLBlock
}

// isBreak reports whether the node is "<br>" on a line of its own, as an empty
// paragraph is written.
func (r *reader) isBreak(n ast.Node) bool {
	html, ok := n.(*ast.HTMLBlock)
	return ok && strings.TrimSpace(r.html(html)) == "<br>"
}

func (r *reader) block(n ast.Node, parents []string) {
	switch n := n.(type) {
	case *ast.Heading:
		b := block(heading, parents, r.inline(n))
		b.Attrs["level"] = int64(n.Level)
		r.add(b)
	case *ast.ThematicBreak:
		r.add(block(divider, parents, nil))
	case *ast.FencedCodeBlock:
		b := block(codeBlock, parents, r.lines(n))
		if n.Info != nil {
			b.Attrs["language"] = unescape(string(n.Info.Segment.Value(r.source)))
		}
		r.add(b)
	case *ast.CodeBlock:
		r.add(block(codeBlock, parents, r.lines(n)))
	case *ast.Blockquote:
		inside := append(slices.Clip(parents), quote)
		before := len(r.blocks)
		if kind, ok := n.AttributeString(callout); ok {
			inside[len(parents)] = callout
			// Documents have callouts of one kind; what others are is said in words.
			if name := kind.(string); name != "NOTE" {
				name = name[:1] + strings.ToLower(name[1:])
				r.add(block(paragraph, inside, []richtext.Span{{Text: name, Marks: map[string]any{"strong": true}}}))
			}
		}
		r.children(n, inside, "")
		if len(r.blocks) == before {
			r.add(block(paragraph, inside, nil))
		}
	case *ast.List:
		item := bulletItem
		if n.IsOrdered() {
			item = orderedItem
		}
		for child := n.FirstChild(); child != nil; child = child.NextSibling() {
			typ := item
			box := task(child)
			if box != nil && !n.IsOrdered() {
				typ = taskItem
			}
			at := len(r.blocks)
			r.children(child, parents, typ)
			if typ == taskItem && box.IsChecked {
				r.blocks[at].Attrs["done"] = true
			}
		}
	case *ast.HTMLBlock:
		if r.isBreak(n) {
			r.add(block(paragraph, parents, nil))
		} else {
			r.add(block(paragraph, parents, r.inline(n)))
		}
	case *ast.LinkReferenceDefinition:
		// It has done its work where it is referred to.
	case *xast.Table:
		for row := n.FirstChild(); row != nil; row = row.NextSibling() {
			r.add(block(paragraph, parents, r.row(row)))
		}
	default:
		r.add(block(paragraph, parents, r.inline(n)))
	}
}

// lines is the text of a block of code.
func (r *reader) lines(n ast.Node) []richtext.Span {
	code := strings.TrimSuffix(string(n.Lines().Value(r.source)), "\n")
	if code == "" {
		return nil
	}
	return []richtext.Span{{Text: code}}
}

func (r *reader) html(n *ast.HTMLBlock) string {
	html := string(n.Lines().Value(r.source))
	if n.HasClosure() {
		html += string(n.ClosureLine.Value(r.source))
	}
	return strings.TrimSuffix(html, "\n")
}

func (r *reader) row(n ast.Node) []richtext.Span {
	var w inline
	for cell := n.FirstChild(); cell != nil; cell = cell.NextSibling() {
		if cell != n.FirstChild() {
			w.text(" | ")
		}
		w.children(cell, r.source)
	}
	return w.spans
}

func (r *reader) inline(n ast.Node) []richtext.Span {
	var w inline
	if html, ok := n.(*ast.HTMLBlock); ok {
		w.text(r.html(html))
	} else {
		w.children(n, r.source)
	}
	return w.spans
}

// inline gathers a block's text.
type inline struct {
	spans []richtext.Span
	marks map[string]any
	tags  []string // names of marks begun by HTML tags
}

func (w *inline) text(s string) {
	if s == "" {
		return
	}
	if n := len(w.spans); n > 0 && maps.Equal(w.spans[n-1].Marks, w.marks) {
		w.spans[n-1].Text += s
		return
	}
	w.spans = append(w.spans, richtext.Span{Text: s, Marks: maps.Clone(w.marks)})
}

// with runs f while a mark is on.
func (w *inline) with(name string, value any, f func()) {
	before := w.marks
	w.marks = maps.Clone(before)
	if w.marks == nil {
		w.marks = make(map[string]any)
	}
	w.marks[name] = value
	f()
	w.marks = before
}

func (w *inline) children(n ast.Node, source []byte) {
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		w.node(child, source)
	}
}

func (w *inline) node(n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Text:
		if n.IsRaw() {
			w.text(string(n.Segment.Value(source)))
		} else {
			w.text(unescape(string(n.Segment.Value(source))))
		}
		if n.HardLineBreak() {
			w.text("\n")
		} else if n.SoftLineBreak() {
			w.text(" ")
		}
	case *ast.String:
		w.text(string(n.Value))
	case *ast.Emphasis:
		name := "em"
		if n.Level == 2 {
			name = "strong"
		}
		w.with(name, true, func() { w.children(n, source) })
	case *xast.TaskCheckBox:
		list, _ := n.Parent().Parent().Parent().(*ast.List)
		if list != nil && list.IsOrdered() {
			w.text(map[bool]string{false: "[ ] ", true: "[x] "}[n.IsChecked])
		}
	case *xast.Strikethrough:
		w.with("strike", true, func() { w.children(n, source) })
	case *ast.CodeSpan:
		var code strings.Builder
		for child := n.FirstChild(); child != nil; child = child.NextSibling() {
			if t, ok := child.(*ast.Text); ok {
				code.WriteString(strings.ReplaceAll(string(t.Segment.Value(source)), "\n", " "))
			}
		}
		w.with("code", true, func() { w.text(code.String()) })
	case *ast.Link:
		w.with("link", linkValue(unescape(string(n.Destination)), unescape(string(n.Title))), func() { w.children(n, source) })
	case *ast.AutoLink:
		href, label := string(n.URL(source)), string(n.Label(source))
		if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(href), "mailto:") {
			href = "mailto:" + href
		}
		w.with("link", linkValue(href, ""), func() { w.text(label) })
	case *ast.Image:
		w.image(n, source)
	case *ast.RawHTML:
		w.tag(string(n.Segments.Value(source)))
	default:
		w.children(n, source)
	}
}

// image turns a picture into a link to it, under its description.
func (w *inline) image(n *ast.Image, source []byte) {
	href := unescape(string(n.Destination))
	show := func() {
		before := len(w.spans)
		w.children(n, source)
		if len(w.spans) == before {
			w.text(href)
		}
	}
	if _, linked := w.marks["link"]; linked {
		show() // a link inside a link there cannot be
		return
	}
	w.with("link", linkValue(href, unescape(string(n.Title))), show)
}

var tagMarks = map[string]string{
	"strong": "strong", "b": "strong", "em": "em", "i": "em", "code": "code",
	"u": "underline", "ins": "underline", "s": "strike", "del": "strike", "mark": "highlight",
}

// tag takes the HTML tags that stand for marks and line breaks, and leaves all
// others as the text they are.
func (w *inline) tag(html string) {
	name := strings.ToLower(strings.Trim(html, "</> "))
	mark, known := tagMarks[name]
	switch {
	case name == "br":
		w.text("\n")
	case known && html == "<"+name+">":
		w.tags = append(w.tags, mark)
		w.marks = maps.Clone(w.marks)
		if w.marks == nil {
			w.marks = make(map[string]any)
		}
		w.marks[mark] = true
	case known && html == "</"+name+">" && slices.Contains(w.tags, mark):
		w.tags = slices.Delete(w.tags, slices.Index(w.tags, mark), slices.Index(w.tags, mark)+1)
		if !slices.Contains(w.tags, mark) {
			w.marks = maps.Clone(w.marks)
			delete(w.marks, mark)
		}
	default:
		w.text(html)
	}
}

// link is the value of a link mark, written as JSON.
type link struct {
	Href  string  `json:"href"`
	Title *string `json:"title"`
}

func linkValue(href, title string) string {
	l := link{Href: href}
	if title != "" {
		l.Title = &title
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
