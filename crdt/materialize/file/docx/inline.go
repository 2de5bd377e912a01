package docx

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
	outline  int
	number   numbered
	ruled    bool   // a line is drawn below it
	task     string // it begins with a box to tick: the kind of item
	spans    []richtext.Span
	pictures []richtext.Block
	boxes    int // pieces of text in boxes, which are pending
}

// line gathers the text of one paragraph.
type line struct {
	r *reader
	x *file.XML
	p paragraph
}

// maxFields is how many fields may lie within one another.
const maxFields = 32

func (r *reader) paragraph(x *file.XML) paragraph {
	l := line{r: r, x: x}
	l.content("")
	l.p.spans = file.Join(l.p.spans)
	return l.p
}

// content reads what may contain runs. href is the address that they lead to.
func (l *line) content(href string) {
	l.x.Children(func(e file.Element) {
		if l.r.out.Full() {
			l.x.Stop(file.ErrTooLarge)
			return
		}
		switch e.Name() {
		case "pPr":
			l.properties()
		case "r":
			l.run(href)
		case "hyperlink":
			l.content(l.href(e))
		case "fldSimple":
			l.content(l.r.address(e.Attr("instr"), href))
		case "sdt":
			l.control(href)
		case "ins", "moveTo":
			l.r.out.Tally.Add(file.Revisions)
			l.content(href)
		case "del", "moveFrom":
			l.r.out.Tally.Add(file.Revisions)
		case "oMath", "oMathPara":
			l.r.out.Tally.Add(file.Objects)
			l.text(l.x.Text(), runLook{}, href)
		case "AlternateContent":
			l.r.alternative(l.x, func() { l.content(href) })
		case "smartTag", "customXml", "dir", "bdo":
			l.content(href)
		}
	}, nil)
}

func (l *line) properties() {
	l.x.Children(func(e file.Element) {
		switch e.Name() {
		case "pStyle":
			l.p.style = e.Attr("val")
		case "outlineLvl":
			l.p.outline = outline(e)
		case "numPr":
			l.p.number = readNumbered(l.x)
		case "pBdr":
			l.x.Children(func(e file.Element) {
				value := e.Attr("val")
				l.p.ruled = l.p.ruled || e.Name() == "bottom" && value != "nil" && value != "none" && value != ""
			}, nil)
		}
	}, nil)
}

// href is where a link leads, empty for one that leads nowhere.
func (l *line) href(e file.Element) string {
	id, ok := e.Has("id")
	if !ok {
		l.r.out.Tally.Add(file.Links) // to a place in the file
		return ""
	}
	t := l.r.relations[id]
	href := file.Tidy(t.target)
	if !t.outside || href == "" {
		l.r.out.Tally.Add(file.Links)
		return ""
	}
	if title := e.Attr("tooltip"); title != "" {
		return href + "\n" + file.OneLine(title)
	}
	return href
}

// address is where a field leads, or what was there before.
func (r *reader) address(instruction, before string) string {
	words := strings.Fields(instruction)
	if len(words) < 2 || !strings.EqualFold(words[0], "HYPERLINK") {
		return before
	}
	_, rest, quoted := strings.Cut(instruction, `"`)
	target, _, _ := strings.Cut(rest, `"`)
	if !quoted {
		target = words[1]
	}
	href := file.Tidy(target)
	if href == "" || strings.HasPrefix(words[1], `\`) {
		r.out.Tally.Add(file.Links)
		return before
	}
	return href
}

// control reads a content control. One that is a box to tick makes a task of the
// paragraph that it begins.
func (l *line) control(href string) {
	box, ticked := false, false
	l.x.Children(func(e file.Element) {
		switch e.Name() {
		case "sdtPr":
			l.x.Children(func(e file.Element) {
				if e.Name() != "checkbox" {
					return
				}
				box = true
				l.x.Children(func(e file.Element) {
					if e.Name() == "checked" {
						ticked = switched(e)
					}
				}, nil)
			}, nil)
		case "sdtContent":
			if box && len(l.p.spans) == 0 {
				l.p.task = taskItems + openBox
				if ticked {
					l.p.task = taskItems + doneBox
				}
				return
			}
			l.content(href)
		}
	}, nil)
}

func (l *line) run(href string) {
	var look runLook
	l.x.Children(func(e file.Element) {
		if n := len(l.r.fields); n > 0 && l.r.fields[n-1].showing && l.r.fields[n-1].href != "" {
			href = l.r.fields[n-1].href
		}
		switch e.Name() {
		case "rPr":
			look = l.r.lookOf(readRunLook(l.x))
		case "t":
			text := l.x.Text()
			if e.Attr("space") != "preserve" {
				text = strings.Trim(text, " \t\n\r")
			}
			l.text(text, look, href)
		case "tab", "ptab":
			l.text("\t", look, href)
		case "br":
			if kind := e.Attr("type"); kind == "" || kind == "textWrapping" {
				l.text("\n", look, href)
			}
		case "cr":
			l.text("\n", look, href)
		case "noBreakHyphen":
			l.text("\u2011", look, href)
		case "softHyphen":
			l.text("\u00ad", look, href)
		case "sym":
			l.symbol(e, look, href)
		case "footnoteReference", "endnoteReference":
			l.note(e.Name()[:1] + e.Attr("id"))
		case "commentReference":
			l.r.out.Tally.Add(file.Comments)
		case "ruby":
			l.ruby(href)
		case "AlternateContent":
			l.r.alternative(l.x, func() { l.run(href) })
		default:
			l.special(e)
		}
	}, nil)
}

// ruby keeps the text and leaves out how it is spoken.
func (l *line) ruby(href string) {
	l.x.Children(func(e file.Element) {
		if e.Name() == "rubyBase" {
			l.content(href)
		}
	}, nil)
}

// special reads what is no text.
func (l *line) special(e file.Element) {
	switch e.Name() {
	case "fldChar":
		l.field(e.Attr("fldCharType"))
	case "instrText":
		if n := len(l.r.fields); n > 0 && !l.r.fields[n-1].showing {
			if f := &l.r.fields[n-1]; f.instruction.Len() < 1<<14 {
				f.instruction.WriteString(l.x.Text())
			}
		}
	case "drawing":
		l.drawing()
	case "pict":
		l.drawing()
	case "object":
		l.r.out.Tally.Add(file.Objects)
		l.drawing()
	}
}

func (l *line) field(kind string) {
	fields := &l.r.fields
	switch n := len(*fields); {
	case kind == "begin" && n < maxFields:
		*fields = append(*fields, field{})
	case n == 0:
	case kind == "separate":
		f := &(*fields)[n-1]
		f.showing = true
		f.href = l.r.address(f.instruction.String(), "")
	case kind == "end":
		*fields = (*fields)[:n-1]
	}
}

func (l *line) text(text string, look runLook, href string) {
	if n := len(l.r.fields); n > 0 && !l.r.fields[n-1].showing || text == "" {
		return
	}
	if look.hidden {
		l.r.out.Tally.Add(file.Hidden)
		return
	}
	if !l.r.out.Fits(len(text)) {
		return
	}
	style := file.Style{
		Strong: look.strong, Em: look.em, Underline: look.underline, Strike: look.strike, Highlight: look.highlight, Code: look.code,
	}
	style.Href, style.Title, _ = strings.Cut(href, "\n")
	marks := style.Marks()
	if n := len(l.p.spans); n > 0 && maps.Equal(l.p.spans[n-1].Marks, marks) {
		l.p.spans[n-1].Text += text
		return
	}
	l.p.spans = append(l.p.spans, richtext.Span{Text: text, Marks: marks})
}

// symbol reads a character of a font of symbols.
func (l *line) symbol(e file.Element, look runLook, href string) {
	code, err := strconv.ParseUint(e.Attr("char"), 16, 16)
	r := rune(code)
	if err != nil || r >= 0xe000 && r <= 0xf8ff || r < ' ' {
		l.r.out.Tally.Add(file.Characters)
		r = '\ufffd'
	}
	l.text(string(r), look, href)
}

func (l *line) note(id string) {
	note, ok := l.r.notes[id]
	if !ok {
		return
	}
	l.r.out.Fits(len(file.NoteMark))
	l.p.spans = append(l.p.spans, richtext.Span{Text: file.NoteMark, Marks: file.Style{Note: id}.Marks()})
	if l.r.noted[id] {
		return
	}
	l.r.noted[id] = true // it is written once, however often it is named
	if len(note) == 0 {
		note = [][]richtext.Span{nil}
	}
	for _, spans := range note {
		l.r.out.AddNote(id, spans)
	}
}

// drawing reads what is drawn: pictures, and text in boxes.
func (l *line) drawing() {
	var (
		alt     string
		percent int
		look    func(file.Element)
	)
	look = func(e file.Element) {
		switch e.Name() {
		case "extent":
			cx, _ := strconv.ParseInt(e.Attr("cx"), 10, 48)
			percent = int(min(max(cx*100/(textWidth*emuPerTwip), 10), 100))
		case "docPr", "shape":
			alt = strings.TrimSpace(e.Attr("descr") + e.Attr("alt"))
			if alt == "" && e.Name() == "docPr" {
				alt = strings.TrimSpace(e.Attr("title"))
			}
			l.x.Children(look, nil)
		case "blip":
			if _, linked := e.Has("link"); linked && e.Attr("embed") == "" {
				l.r.out.Tally.Add(file.Outside)
				return
			}
			l.picture(e.Attr("embed"), alt, percent)
		case "imagedata":
			l.picture(e.Attr("id"), alt, 0)
		case "chart", "relIds":
			l.r.out.Tally.Add(file.Objects)
		case "txbxContent":
			l.box()
		case "AlternateContent":
			l.r.alternative(l.x, func() { l.x.Children(look, nil) })
		default:
			l.x.Children(look, nil)
		}
	}
	l.x.Children(look, nil)
}

// box reads text in a box, to come behind the paragraph.
func (l *line) box() {
	l.r.out.Tally.Add(file.Boxes)
	within(l.x, "p", func(file.Element) {
		p := l.r.paragraph(l.x)
		if len(p.spans) > 0 {
			l.r.pending = append(l.r.pending, file.New(file.Paragraph, nil, p.spans))
			l.p.boxes++
		}
		l.r.pending = append(l.r.pending, p.pictures...)
		l.p.boxes += len(p.pictures)
	})
}

// picture takes in a picture of the archive.
func (l *line) picture(id, alt string, percent int) {
	t, ok := l.r.relations[id]
	if ok && t.outside {
		l.r.out.Tally.Add(file.Outside)
		return
	}
	var src string
	if ok {
		raw, err := l.r.archive.ReadAll(t.target, file.MaxPicture)
		if ok = err == nil; ok {
			src, ok = l.r.out.Keep(raw)
		}
	}
	if !ok {
		l.r.out.Tally.Add(file.Pictures)
		if alt != "" {
			l.p.spans = append(l.p.spans, richtext.Span{Text: "[" + file.OneLine(alt) + "]"})
		}
		return
	}
	b := file.New(file.Image, nil, nil)
	b.Attrs["src"], b.Attrs["alt"] = src, file.Clean(alt)
	if percent > 0 && percent < 95 {
		b.Attrs["width"] = int64(percent)
	}
	l.p.pictures = append(l.p.pictures, b)
}
