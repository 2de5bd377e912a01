// Package html writes and reads pages of the web.
//
// What it writes is one page that needs nothing else, in which nothing runs: its
// pictures are inside, and a policy in it forbids everything from elsewhere. What
// it reads is taken for what it says and never for what it would do.
package html

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Format writes and reads HTML.
type Format struct{}

const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'`

const sheet = `body{font:1.05rem/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}
h1,h2,h3,h4,h5,h6{line-height:1.25;margin:1.6em 0 .5em}
h1.title{font-size:2.2em;margin-top:0}
blockquote{margin:1em 0;padding-inline-start:1em;border-inline-start:4px solid #767676}
.callout{margin:1em 0;padding:.5em 1em;border:1px solid #595959;border-radius:6px}
pre{padding:.8em;overflow:auto;border:1px solid #767676}
img{max-width:100%;height:auto}
figure{margin:1.5em 0}
table{border-collapse:collapse;margin:1em 0}
th,td{border:1px solid #767676;padding:.3em .6em;text-align:start;vertical-align:top}
ul.tasks{list-style:none;padding-inline-start:1.2em}
@media print{body{max-width:none;margin:0}h1,h2,h3,h4,h5,h6{break-after:avoid}tr,figure{break-inside:avoid}}`

// Write implements file.Writer.
func (Format) Write(to io.Writer, d file.Document) ([]file.Left, error) {
	w := writer{document: d, tree: file.Nest(d.Blocks)}
	w.page()
	_, err := io.WriteString(to, w.out.String())
	return w.left.Left(), err
}

type writer struct {
	document file.Document
	tree     file.Tree
	out      strings.Builder
	left     file.Tally
	inNotes  bool
	named    map[int]bool // notes that have been referred to
}

func (w *writer) page() {
	w.out.WriteString("<!doctype html>\n<html")
	if w.document.Language != "" {
		w.put(` lang="%s"`, escape(w.document.Language))
	}
	if file.RightToLeft(w.document.Title) {
		w.out.WriteString(` dir="rtl"`)
	}
	w.put(">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n", policy)
	w.put("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>%s</title>\n<style>\n%s\n</style>\n</head>\n<body>\n", escape(w.document.Title), sheet)
	if w.document.Title != "" {
		w.put("<h1 class=\"title\">%s</h1>\n", escape(w.document.Title))
	}
	w.nodes(w.tree.Nodes)
	w.notes()
	w.out.WriteString("</body>\n</html>\n")
}

func (w *writer) put(format string, args ...any) { fmt.Fprintf(&w.out, format, args...) }

func (w *writer) nodes(nodes []*file.Node) {
	for _, n := range nodes {
		w.node(n)
	}
}

func (w *writer) node(n *file.Node) {
	b := n.Block
	switch n.Type {
	case file.List:
		w.list(n)
	case file.Quote:
		w.out.WriteString("<blockquote>\n")
		w.nodes(n.Children)
		w.out.WriteString("</blockquote>\n")
	case file.Callout:
		w.out.WriteString("<aside class=\"callout\" role=\"note\">\n")
		w.nodes(n.Children)
		w.out.WriteString("</aside>\n")
	case file.Heading:
		w.leaf("h"+strconv.Itoa(file.Level(b)), b.Text)
		w.out.WriteString("\n")
	case file.CodeBlock:
		w.code(b)
	case file.Divider:
		w.out.WriteString("<hr>\n")
	case file.Image:
		w.picture(b)
	case file.Table:
		w.table(n.Grid)
	default:
		w.leaf("p", b.Text)
		w.out.WriteString("\n")
	}
}

func (w *writer) list(n *file.Node) {
	tag, class := "ul", ""
	switch n.Items {
	case file.OrderedItem:
		tag = "ol"
	case file.TaskItem:
		class = ` class="tasks"`
	}
	w.put("<%s%s>\n", tag, class)
	for _, item := range n.Children {
		if n.Items == file.TaskItem {
			checked := ""
			if file.Done(item.Block) {
				checked = " checked"
			}
			w.put("<li%s><label%s><input type=\"checkbox\" disabled%s>", direction(item.Block.Text), spacing(item.Block.Text), checked)
			w.spans(item.Block.Text)
			w.out.WriteString("</label>")
		} else {
			w.put("<li%s>", direction(item.Block.Text))
			if space := spacing(item.Block.Text); space != "" {
				w.put("<span%s>", space)
				w.spans(item.Block.Text)
				w.out.WriteString("</span>")
			} else {
				w.spans(item.Block.Text)
			}
		}
		if len(item.Children) > 0 {
			if len(item.Block.Text) == 0 {
				w.out.WriteString("<br>") // so that what follows is not its beginning
			}
			w.out.WriteString("\n")
			w.nodes(item.Children)
		}
		w.out.WriteString("</li>\n")
	}
	w.put("</%s>\n", tag)
}

// leaf writes an element with text in it. One without text would not be seen.
func (w *writer) leaf(tag string, spans []richtext.Span) {
	w.put("<%s%s%s>", tag, direction(spans), spacing(spans))
	w.spans(spans)
	if len(spans) == 0 {
		w.out.WriteString("<br>")
	}
	w.put("</%s>", tag)
}

func direction(spans []richtext.Span) string {
	if file.SpansRightToLeft(spans) {
		return ` dir="rtl"`
	}
	return ""
}

// spacing keeps white space that would fall together.
func spacing(spans []richtext.Span) string {
	text := richtext.Block{Text: spans}.Plain()
	collapsed := strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }), " ")
	if collapsed != text || strings.ContainsAny(text, "\t\f") || strings.Contains(text, "\n ") || strings.Contains(text, " \n") {
		return ` style="white-space:pre-wrap"`
	}
	return ""
}

func (w *writer) spans(spans []richtext.Span) {
	for i, s := range spans {
		style := file.Look(s.Marks)
		if n := w.tree.Note(style.Note); n > 0 && !w.inNotes {
			w.noteRef(n)
			continue
		}
		if file.Unsafe(s.Marks) {
			w.left.Add(file.Links)
		}
		w.span(s.Text, style, i == len(spans)-1)
	}
}

func (w *writer) noteRef(n int) {
	id := ""
	if !w.named[n] {
		if w.named == nil {
			w.named = make(map[int]bool)
		}
		w.named[n] = true
		id = fmt.Sprintf(` id="ref%d"`, n)
	}
	w.put(`<sup><a%s href="#note%d" role="doc-noteref">%[2]d</a></sup>`, id, n)
}

func (w *writer) span(text string, s file.Style, last bool) {
	var closing []string
	open := func(on bool, tag, attrs string) {
		if on {
			w.put("<%s%s>", tag, attrs)
			closing = append(closing, tag)
		}
	}
	title := ""
	if s.Title != "" {
		title = fmt.Sprintf(` title="%s"`, escape(s.Title))
	}
	open(s.Href != "", "a", fmt.Sprintf(` href="%s"%s rel="noopener noreferrer"`, escape(s.Href), title))
	open(s.Highlight, "mark", "")
	open(s.Strong, "strong", "")
	open(s.Em, "em", "")
	open(s.Underline, "u", "")
	open(s.Strike, "s", "")
	open(s.Code, "code", "")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if i > 0 {
			w.out.WriteString("<br>")
			if last && i == len(lines)-1 && line == "" {
				w.out.WriteString("<br>") // the last one of a block is not seen
			}
		}
		w.out.WriteString(w.text(line))
	}
	for i := len(closing) - 1; i >= 0; i-- {
		w.put("</%s>", closing[i])
	}
}

// text escapes text, and tells of what HTML cannot say.
func (w *writer) text(s string) string {
	if clean := file.Clean(s); clean != s {
		w.left.Add(file.Characters)
		s = clean
	}
	return escape(s)
}

func escape(s string) string { return html.EscapeString(file.Clean(s)) }

func (w *writer) code(b richtext.Block) {
	class := ""
	if language := file.Attr(b, "language"); language != "" {
		if strings.ContainsAny(language, " \t\n\f\r\"") {
			w.left.Add(file.CodeLanguage)
		} else {
			class = fmt.Sprintf(` class="language-%s"`, escape(language))
		}
	}
	for _, s := range b.Text {
		if len(s.Marks) > 0 {
			w.left.Add(file.Formatting)
			break
		}
	}
	w.put("<pre><code%s>%s</code></pre>\n", class, w.text(b.Plain()))
}

func (w *writer) picture(b richtext.Block) {
	raw, here := w.document.Files[file.Attr(b, "src")]
	looked, ok := file.LookAt(raw)
	if !here || !ok {
		code := file.Pictures
		if !here {
			code = file.Missing
		}
		w.left.Add(code)
		text := b.Text
		if len(text) == 0 {
			text = []richtext.Span{{Text: file.Attr(b, "alt")}}
		}
		w.leaf("p", text)
		w.out.WriteString("\n")
		return
	}
	width := ""
	if _, said := b.Attrs["width"]; said {
		width = fmt.Sprintf(` style="width:%d%%"`, file.Width(b))
	}
	w.put("<figure><img src=\"data:%s;base64,%s\" alt=\"%s\"%s>", looked.Media, base64.StdEncoding.EncodeToString(raw), escape(file.Attr(b, "alt")), width)
	if len(b.Text) > 0 {
		w.leaf("figcaption", b.Text)
	}
	w.out.WriteString("</figure>\n")
}

func (w *writer) table(g file.Grid) {
	w.out.WriteString("<table>\n")
	for i, row := range g.Rows {
		header := i == 0 && g.Header
		switch {
		case header:
			w.out.WriteString("<thead>\n")
		case i == 0 || i == 1 && g.Header:
			w.out.WriteString("<tbody>\n")
		}
		w.out.WriteString("<tr>")
		for _, cell := range row {
			tag, scope := "td", ""
			if header {
				tag, scope = "th", ` scope="col"`
			}
			if len(cell) == 1 && len(cell[0]) > 0 {
				w.put("<%s%s%s%s>", tag, scope, direction(cell[0]), spacing(cell[0]))
				w.spans(cell[0])
			} else {
				w.put("<%s%s>", tag, scope)
				for _, p := range cell {
					w.leaf("p", p)
				}
			}
			w.put("</%s>", tag)
		}
		w.out.WriteString("</tr>\n")
		switch {
		case header:
			w.out.WriteString("</thead>\n")
		case i == len(g.Rows)-1:
			w.out.WriteString("</tbody>\n")
		}
	}
	w.out.WriteString("</table>\n")
}

func (w *writer) notes() {
	if len(w.tree.Notes) == 0 {
		return
	}
	w.inNotes = true
	w.out.WriteString("<section role=\"doc-endnotes\">\n<hr>\n<ol>\n")
	for i, note := range w.tree.Notes {
		w.put("<li id=\"note%d\">", i+1)
		for _, p := range note {
			w.leaf("p", p)
		}
		w.put("<a href=\"#ref%d\" role=\"doc-backlink\">↩</a></li>\n", i+1)
	}
	w.out.WriteString("</ol>\n</section>\n")
}
