package html

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// reader reads one page.
type reader struct {
	out   file.Builder
	notes map[string]*html.Node // what notes say, by their IDs
	noted map[string]bool

	sink    *[]richtext.Block // where blocks go; nil: into the document
	path    []string          // what lies around
	item    *item             // one that has begun and not been written
	line    line              // the text that is being gathered
	heading int               // level of the heading that it is; 0: a paragraph
	pending []richtext.Block  // pictures, to come behind it
	tables  int
}

// item is one of a list, before its first paragraph.
type item struct {
	kind string
	done bool
}

// maxTokens bounds the tags and texts of a page.
const maxTokens = 1 << 20

// Read implements file.Reader.
func (Format) Read(raw []byte) (file.Document, []file.Left, error) {
	if len(raw) > file.MaxFile {
		return file.Document{}, nil, file.ErrTooLarge
	}
	if bytes.HasPrefix(raw, []byte("PK\x03\x04")) || bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")) || bytes.HasPrefix(raw, []byte("%PDF")) {
		return file.Document{}, nil, file.ErrNotThis
	}
	text, err := decode(raw)
	if err != nil {
		return file.Document{}, nil, err
	}
	if !bounded(text) {
		return file.Document{}, nil, file.ErrTooLarge
	}
	r := reader{notes: make(map[string]*html.Node), noted: make(map[string]bool)}
	root, err := html.ParseWithOptions(bytes.NewReader(text), html.ParseOptionEnableScripting(false))
	if err != nil {
		r.bare(text)
		return r.out.Finish()
	}
	r.prepare(root)
	r.node(root)
	r.flush()
	return r.out.Finish()
}

// decode finds the page's encoding and gives it in UTF-8.
func decode(raw []byte) ([]byte, error) {
	encoding, _, _ := charset.DetermineEncoding(raw[:min(len(raw), 1024)], "")
	text, err := encoding.NewDecoder().Bytes(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", file.ErrNotThis, err)
	}
	if bytes.IndexByte(text[:min(len(text), 4096)], 0) >= 0 {
		return nil, file.ErrNotThis
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), nil
}

func bounded(text []byte) bool {
	z := html.NewTokenizer(bytes.NewReader(text))
	for range maxTokens {
		if z.Next() == html.ErrorToken {
			return true
		}
	}
	return false
}

// bare reads the text alone, of a page that is nested beyond measure.
func (r *reader) bare(text []byte) {
	r.out.Tally.AddOnce(file.Broken)
	z := html.NewTokenizer(bytes.NewReader(text))
	hidden := ""
	for !r.out.Full() {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			if s := string(name); s == "script" || s == "style" || s == "title" {
				hidden = s
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == hidden {
				hidden = ""
			}
		case html.TextToken:
			s := strings.Join(strings.Fields(string(z.Text())), " ")
			if hidden == "" && s != "" && r.out.Fits(len(s)) {
				s = html.UnescapeString(s)
				r.out.Add(file.New(file.Paragraph, nil, []richtext.Span{{Text: s}}))
			}
		}
	}
}

// prepare finds the language, the title and the notes, which may be anywhere.
func (r *reader) prepare(root *html.Node) {
	titled := false
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.DataAtom {
		case atom.Html:
			r.out.Language = strings.TrimSpace(attr(n, "lang"))
		case atom.Title:
			if r.out.Title == "" && !titled && n.Namespace == "" {
				r.out.Title = file.OneLine(textOf(n))
			}
		case atom.H1:
			if hasClass(n, "title") && !titled {
				r.out.Title, titled = file.OneLine(textOf(n)), true
			}
		case atom.Script:
			r.out.Tally.Add(file.Macros)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") {
				r.out.Tally.Add(file.Macros)
			}
		}
		if isNotes(n) {
			for li := range n.Descendants() {
				if id := attr(li, "id"); id != "" && li.Type == html.ElementNode && (li.DataAtom == atom.Li || li.DataAtom == atom.Div) {
					r.notes[id] = li
				}
			}
		}
	}
}

func isNotes(n *html.Node) bool {
	role := attr(n, "role")
	return role == "doc-endnotes" || role == "doc-footnotes"
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func hasClass(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(attr(n, "class")), class)
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// children reads what is in a node.
func (r *reader) children(n *html.Node) {
	for c := n.FirstChild; c != nil && !r.out.Full(); c = c.NextSibling {
		r.node(c)
	}
}

func (r *reader) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		r.text(n.Data)
	case html.DocumentNode:
		r.children(n)
	case html.ElementNode:
		r.element(n)
	}
}

func (r *reader) element(n *html.Node) {
	if n.Namespace != "" {
		r.out.Tally.Add(file.Objects)
		return
	}
	css := styleOf(n)
	if has(n, "hidden") || css["display"] == "none" || css["visibility"] == "hidden" {
		if strings.TrimSpace(textOf(n)) != "" {
			r.out.Tally.Add(file.Hidden)
		}
		return
	}
	if isNotes(n) {
		return // they are read where they are referred to
	}
	before := r.line.look
	r.line.look = r.line.look.with(n, css)
	defer func() { r.line.look = before }()
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Template, atom.Title, atom.Noscript, atom.Noframes, atom.Datalist:
		if n.DataAtom == atom.Noscript {
			r.children(n)
		}
	case atom.Br:
		r.line.hard("\n")
	case atom.Img:
		r.picture(n, css)
	case atom.A:
		r.link(n)
	case atom.Input:
		r.input(n)
	case atom.Select, atom.Textarea, atom.Iframe, atom.Object, atom.Embed, atom.Video, atom.Audio, atom.Canvas, atom.Applet, atom.Frameset:
		r.out.Tally.Add(file.Objects)
	case atom.Sub, atom.Sup:
		if !within(n, "doc-noteref") {
			r.out.Tally.Add(file.Formatting)
		}
		r.children(n)
	default:
		r.block(n, css)
	}
}

// within reports whether an element holds one of a role.
func within(n *html.Node, role string) bool {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && attr(d, "role") == role {
			return true
		}
	}
	return false
}

// block reads what has a place of its own, and all that has no meaning here.
func (r *reader) block(n *html.Node, css map[string]string) {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		if n.DataAtom == atom.H1 && hasClass(n, "title") && file.OneLine(textOf(n)) == r.out.Title {
			return
		}
		r.flush()
		r.heading = int(n.Data[1] - '0')
		r.children(n)
		r.flush()
		r.heading = 0
	case atom.Blockquote:
		r.inside(file.Quote, n)
	case atom.Aside:
		if hasClass(n, "callout") || attr(n, "role") == "note" {
			r.inside(file.Callout, n)
			return
		}
		r.flush()
		r.children(n)
		r.flush()
	case atom.Ul, atom.Ol, atom.Menu, atom.Dir:
		r.list(n)
	case atom.Li: // outside of a list
		r.oneItem(n, file.BulletItem)
	case atom.Pre, atom.Listing, atom.Plaintext, atom.Xmp:
		r.code(n)
	case atom.Hr:
		r.flush()
		r.add(file.New(file.Divider, nil, nil))
	case atom.Figure:
		r.figure(n)
	case atom.Table:
		if role := attr(n, "role"); role == "presentation" || role == "none" {
			r.flush()
			r.children(n)
			r.flush()
			return
		}
		r.table(n)
	default:
		if !isBlock(n) {
			r.children(n)
			return
		}
		r.flush()
		if n.DataAtom == atom.Dt || n.DataAtom == atom.Dd || n.DataAtom == atom.Summary {
			r.out.Tally.Add(file.Kinds)
		}
		r.children(n)
		r.flush()
	}
}

var blocks = []atom.Atom{
	atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Nav, atom.Header, atom.Footer, atom.Address, atom.Center, atom.Form,
	atom.Fieldset, atom.Legend, atom.Details, atom.Summary, atom.Dl, atom.Dt, atom.Dd, atom.Figcaption, atom.Caption, atom.Body, atom.Html,
	atom.Tr, atom.Td, atom.Th, atom.Hgroup, atom.Dialog, atom.Option, atom.Search,
}

func isBlock(n *html.Node) bool { return slices.Contains(blocks, n.DataAtom) }

func (r *reader) inside(container string, n *html.Node) {
	r.flush()
	r.begin()
	before := r.path
	r.path = append(slices.Clip(r.path), container)
	r.children(n)
	r.flush()
	r.path = before
}

// begin writes an item that something else begins than a paragraph.
func (r *reader) begin() {
	if r.item != nil {
		r.put(file.New(r.item.kind, r.path, nil))
		r.enter()
	}
}

// enter goes into the item that was just written.
func (r *reader) enter() {
	b := r.last()
	if r.item.kind == file.TaskItem {
		b.Attrs["done"] = r.item.done
	}
	r.path = append(slices.Clip(r.path), r.item.kind)
	r.item = nil
}

func (r *reader) last() *richtext.Block {
	list := &r.out.Blocks
	if r.sink != nil {
		list = r.sink
	}
	if len(*list) == 0 {
		b := file.New(file.Paragraph, nil, nil) // beyond the bounds nothing was written
		return &b
	}
	return &(*list)[len(*list)-1]
}

func (r *reader) put(b richtext.Block) {
	if r.sink != nil {
		*r.sink = append(*r.sink, b)
		return
	}
	r.out.Add(b)
}

// add writes a block that is no paragraph where the reader is.
func (r *reader) add(b richtext.Block) {
	r.begin()
	b.Parents = append([]string{}, r.path...)
	r.put(b)
}

// flush writes the text that was gathered as a block, and the pictures that
// were in it.
func (r *reader) flush() {
	spans, seen := r.line.take()
	switch {
	case !seen:
	case r.heading > 0:
		b := file.New(file.Heading, nil, spans)
		b.Attrs["level"] = int64(r.heading)
		r.add(b)
	case r.item != nil:
		r.put(file.New(r.item.kind, r.path, spans))
		r.enter()
	default:
		r.add(file.New(file.Paragraph, nil, spans))
	}
	pending := r.pending
	r.pending = nil
	for _, b := range pending {
		r.add(b)
	}
}

func (r *reader) list(n *html.Node) {
	r.flush()
	r.begin()
	kind := file.BulletItem
	if n.DataAtom == atom.Ol {
		kind = file.OrderedItem
		if start := attr(n, "start"); start != "" && start != "1" {
			r.out.Tally.AddOnce(file.Numbering)
		}
	}
	outside := r.path
	for c := n.FirstChild; c != nil && !r.out.Full(); c = c.NextSibling {
		switch {
		case c.Type == html.ElementNode && c.DataAtom == atom.Li:
			r.path = outside
			r.oneItem(c, kind)
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) == "", c.Type == html.CommentNode:
		default:
			r.node(c) // a list within a list belongs to the item before it
			r.flush()
		}
	}
	r.path = outside
}

// oneItem reads an item; the reader is in it afterwards.
func (r *reader) oneItem(n *html.Node, kind string) {
	r.flush()
	r.begin()
	before := r.line.look
	r.line.look = r.line.look.with(n, styleOf(n))
	r.item = &item{kind: kind}
	r.children(n)
	r.flush()
	r.begin()
	r.line.look = before
}

func (r *reader) input(n *html.Node) {
	if !strings.EqualFold(attr(n, "type"), "checkbox") || r.item == nil || !r.line.empty() {
		if !strings.EqualFold(attr(n, "type"), "hidden") {
			r.out.Tally.Add(file.Objects)
		}
		return
	}
	r.item.kind, r.item.done = file.TaskItem, has(n, "checked")
}

func (r *reader) code(n *html.Node) {
	r.flush()
	language := ""
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.DataAtom == atom.Code {
			for _, class := range strings.Fields(attr(d, "class")) {
				if l, ok := strings.CutPrefix(class, "language-"); ok {
					language = l
				}
			}
		}
	}
	var text strings.Builder
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode && (d.Parent == nil || d.Parent.DataAtom != atom.Script && d.Parent.DataAtom != atom.Style):
			text.WriteString(d.Data)
		case d.Type == html.ElementNode && d.DataAtom == atom.Br:
			text.WriteByte('\n')
		}
	}
	if !r.out.Fits(text.Len()) {
		return
	}
	s := text.String()
	if first := n.FirstChild; first == nil || first.Type == html.TextNode {
		s = strings.TrimSuffix(s, "\n") // as most pages end it
	}
	b := file.New(file.CodeBlock, nil, []richtext.Span{{Text: s}})
	if language != "" {
		b.Attrs["language"] = language
	}
	r.add(b)
}

func (r *reader) link(n *html.Node) {
	if attr(n, "role") == "doc-backlink" {
		return
	}
	target, inner := strings.CutPrefix(attr(n, "href"), "#")
	if note := r.notes[target]; inner && note != nil {
		r.note(target, note)
		return
	}
	if has(n, "href") {
		if href := file.Tidy(attr(n, "href")); href != "" {
			r.line.look.Href, r.line.look.Title = href, file.OneLine(attr(n, "title"))
		} else if strings.TrimSpace(textOf(n)) != "" {
			r.out.Tally.Add(file.Links)
		}
	}
	if r.line.look.Href != "" {
		r.line.look.Underline = false // so look links
	}
	r.children(n)
}

// note writes a reference to a footnote and, once, what it says.
func (r *reader) note(id string, n *html.Node) {
	r.line.add(richtext.Span{Text: file.NoteMark, Marks: file.Style{Note: id}.Marks()})
	if r.noted[id] || r.out.Full() {
		return
	}
	r.noted[id] = true
	var said []richtext.Block
	inner := reader{out: file.Builder{}, noted: r.noted, sink: &said}
	inner.children(n)
	inner.flush()
	r.out.Fits(inner.out.Size())
	for _, l := range inner.out.Left() {
		r.out.Tally.AddMany(l.Code, l.Count)
	}
	for _, b := range said {
		r.out.AddNote(id, b.Text)
	}
	if len(said) == 0 {
		r.out.AddNote(id, nil)
	}
}

// text gathers text between tags.
func (r *reader) text(s string) {
	if !r.out.Fits(len(strings.TrimSpace(s))) {
		return
	}
	r.line.text(s)
}

// line is the text of a block as it is gathered. White space falls together.
type line struct {
	spans []richtext.Span
	look  look
	soft  bool // it ends with white space that may fall away
	seen  bool // something is in it that is to be seen, if only a line break
}

func (l *line) empty() bool { return len(l.spans) == 0 }

func (l *line) add(s richtext.Span) {
	l.seen, l.soft = true, false
	l.append(s)
}

func (l *line) append(s richtext.Span) {
	if n := len(l.spans); n > 0 && maps.Equal(l.spans[n-1].Marks, s.Marks) {
		l.spans[n-1].Text += s.Text
		return
	}
	l.spans = append(l.spans, s)
}

func (l *line) hard(s string) { l.add(richtext.Span{Text: s, Marks: l.look.Marks()}) }

func (l *line) text(s string) {
	if l.look.keeps {
		if s != "" {
			l.hard(s)
		}
		return
	}
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			l.append(richtext.Span{Text: b.String(), Marks: l.look.Marks()})
			b.Reset()
		}
	}
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' {
			if !l.soft && l.seen && !(b.Len() == 0 && l.broken()) {
				b.WriteByte(' ')
				l.soft = true
			}
			continue
		}
		b.WriteRune(r)
		l.seen, l.soft = true, false
	}
	flush()
}

// broken reports whether the text ends with a line break.
func (l *line) broken() bool {
	n := len(l.spans)
	return n > 0 && strings.HasSuffix(l.spans[n-1].Text, "\n")
}

// take is the text that was gathered, and whether there is anything to be seen.
func (l *line) take() ([]richtext.Span, bool) {
	spans, seen, soft := l.spans, l.seen, l.soft
	l.spans, l.seen, l.soft = nil, false, false
	trim := func(suffix string) bool {
		if n := len(spans); n > 0 && strings.HasSuffix(spans[n-1].Text, suffix) {
			if spans[n-1].Text = strings.TrimSuffix(spans[n-1].Text, suffix); spans[n-1].Text == "" {
				spans = spans[:n-1]
			}
			return true
		}
		return false
	}
	if soft {
		trim(" ")
	}
	trim("\n") // the last line break of a block is not seen
	return file.Join(spans), seen
}

// percent is a width in percent, 0 for any other.
func percent(s string) int64 {
	digits, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	n, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || n < 1 || n > 1000 {
		return 0
	}
	return int64(min(max(n, 10), 100))
}
