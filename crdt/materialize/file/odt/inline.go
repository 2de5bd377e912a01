package odt

import (
	"maps"
	"strconv"
	"strings"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// paragraph is a paragraph of the file.
type paragraph struct {
	style    string
	spans    []richtext.Span
	pictures []richtext.Block
	boxes    int // pieces of text in boxes, which are pending
}

// line gathers the text of one paragraph. White space falls together.
type line struct {
	r    *reader
	x    *file.XML
	p    paragraph
	soft bool // it ends with white space that takes no more, or has not begun
}

func (r *reader) paragraph(x *file.XML, e file.Element) paragraph {
	l := line{r: r, x: x, soft: true, p: paragraph{style: e.Attr("style-name")}}
	l.content(file.Style{}, false)
	return l.done()
}

func (l *line) done() paragraph {
	l.p.spans = file.Join(l.p.spans)
	return l.p
}

func (l *line) content(look file.Style, hidden bool) {
	l.x.Children(func(e file.Element) {
		if l.r.out.Full() {
			l.x.Stop(file.ErrTooLarge)
			return
		}
		l.element(e, look, hidden)
	}, func(s string) { l.text(s, look, hidden) })
}

func (l *line) element(e file.Element, look file.Style, hidden bool) {
	switch e.Name() {
	case "span":
		inner, more := l.r.with(look, e.Attr("style-name"))
		l.content(inner, hidden || more)
	case "a":
		if href := file.Tidy(e.Attr("href")); href != "" {
			look.Href, look.Title = href, file.OneLine(e.Attr("title"))
		} else {
			l.r.out.Tally.Add(file.Links)
		}
		l.content(look, hidden)
	case "s":
		n, _ := strconv.Atoi(e.Attr("c"))
		l.hard(strings.Repeat(" ", min(max(n, 1), 1000)), look, hidden)
	case "tab":
		l.hard("\t", look, hidden)
	case "line-break":
		l.hard("\n", look, hidden)
		l.soft = true
	case "soft-hyphen":
		l.hard("\u00ad", look, hidden)
	case "note":
		l.note(e)
	case "note-ref":
		l.x.Text()
		l.mark(e.Attr("ref-name"))
	case "annotation":
		l.r.out.Tally.Add(file.Comments)
	case "hidden-text", "hidden-paragraph":
		l.r.out.Tally.Add(file.Hidden)
	case "ruby":
		l.x.Children(func(e file.Element) {
			if e.Name() == "ruby-base" {
				l.content(look, hidden)
			}
		}, nil)
	case "frame", "custom-shape", "g", "rect":
		l.drawing(e)
	case "annotation-end", "bookmark", "bookmark-start", "bookmark-end", "soft-page-break", "change", "change-start", "change-end", "line":
	default: // fields, and what else shows text
		l.content(look, hidden)
	}
}

// text takes text as it stands between tags.
func (l *line) text(s string, look file.Style, hidden bool) {
	var b strings.Builder
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
			if !l.soft {
				b.WriteByte(' ')
			}
			l.soft = true
			continue
		}
		b.WriteRune(r)
		l.soft = false
	}
	l.write(b.String(), look, hidden)
}

// hard takes text that stays as it is.
func (l *line) hard(s string, look file.Style, hidden bool) {
	l.soft = false
	l.write(s, look, hidden)
}

func (l *line) write(s string, look file.Style, hidden bool) {
	if s == "" {
		return
	}
	if hidden {
		l.r.out.Tally.Add(file.Hidden)
		return
	}
	if !l.r.out.Fits(len(s)) {
		return
	}
	marks := look.Marks()
	if n := len(l.p.spans); n > 0 && maps.Equal(l.p.spans[n-1].Marks, marks) {
		l.p.spans[n-1].Text += s
		return
	}
	l.p.spans = append(l.p.spans, richtext.Span{Text: s, Marks: marks})
}

// note reads a footnote where it is referred to.
func (l *line) note(e file.Element) {
	id := e.Attr("id")
	if id == "" || l.r.noted[id] {
		id = "note-" + strconv.Itoa(len(l.r.noted)+1) + "-" + id
	}
	l.r.noted[id] = true
	l.mark(id)
	found := false
	var body func(file.Element)
	body = func(e file.Element) {
		switch e.Name() {
		case "p", "h":
			found = true
			p := l.r.paragraph(l.x, e)
			l.r.out.Tally.AddMany(file.Pictures, len(p.pictures))
			l.r.out.AddNote(id, p.spans)
		case "note-citation":
		default:
			l.x.Children(body, nil)
		}
	}
	l.x.Children(body, nil)
	if !found {
		l.r.out.AddNote(id, nil)
	}
}

func (l *line) mark(id string) {
	if !l.r.noted[id] {
		return // what it refers to is not there
	}
	l.r.out.Fits(len(file.NoteMark))
	l.soft = false
	l.p.spans = append(l.p.spans, richtext.Span{Text: file.NoteMark, Marks: file.Style{Note: id}.Marks()})
}

// drawing reads a frame: a picture, text in a box, or something of another
// program, which may have a picture of itself beside it.
func (l *line) drawing(e file.Element) {
	var (
		percent   = width(e.Attr("width"))
		alt, href string
		object    bool
	)
	var look func(file.Element)
	look = func(e file.Element) {
		switch e.Name() {
		case "image":
			if href == "" {
				href = e.Attr("href")
			}
		case "desc":
			alt = strings.TrimSpace(l.x.Text())
		case "title":
			if title := strings.TrimSpace(l.x.Text()); alt == "" {
				alt = title
			}
		case "object", "object-ole", "applet", "plugin", "floating-frame":
			object = true
		case "text-box", "p":
			l.box(e)
		default:
			l.x.Children(look, nil)
		}
	}
	l.x.Children(look, nil)
	if object {
		l.r.out.Tally.Add(file.Objects)
	}
	// What a program shows of itself is in its own format, more often than not.
	if href != "" && (!object || !strings.HasPrefix(strings.TrimPrefix(href, "./"), "ObjectReplacements/")) {
		l.picture(href, alt, percent)
	}
}

// box reads text in a box, to come behind the paragraph.
func (l *line) box(e file.Element) {
	l.r.out.Tally.Add(file.Boxes)
	add := func(p paragraph) {
		if len(p.spans) > 0 {
			l.r.pending = append(l.r.pending, file.New(file.Paragraph, nil, p.spans))
			l.p.boxes++
		}
		l.r.pending = append(l.r.pending, p.pictures...)
		l.p.boxes += len(p.pictures)
	}
	if e.Name() == "p" {
		add(l.r.paragraph(l.x, e))
		return
	}
	var content func(file.Element)
	content = func(e file.Element) {
		if e.Name() == "p" || e.Name() == "h" {
			add(l.r.paragraph(l.x, e))
			return
		}
		l.x.Children(content, nil)
	}
	l.x.Children(content, nil)
}

// width is how much of the text's width a length is, in percent; 0 where that is
// not known.
func width(length string) int {
	for unit, millimetres := range map[string]float64{"mm": 1, "cm": 10, "in": 25.4, "pt": 25.4 / 72} {
		if digits, ok := strings.CutSuffix(length, unit); ok {
			n, err := strconv.ParseFloat(digits, 64)
			if err != nil || n <= 0 || n > 1e6 {
				return 0
			}
			return int(min(max(n*millimetres*100/textWidth, 10), 100))
		}
	}
	return 0
}
