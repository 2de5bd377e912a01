package pdf

import (
	"fmt"
	"strconv"
	"strings"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// form is how a paragraph is set.
type form struct {
	size   float64
	indent float64
	after  float64
	strong bool
	keep   bool   // white space stays as it is
	label  string // stands before the first line
	mark   *element
}

// word is what stays together on a line, or the white space between two.
type word struct {
	text  string
	look  file.Style
	width float64
	size  float64
	space bool
	ends  bool // a line ends here
}

const leading = 1.4

// words cuts text where lines may end.
func (l *layout) words(spans []richtext.Span, f form) (words []word) {
	for _, s := range spans {
		look := file.Look(s.Marks)
		if file.Unsafe(s.Marks) {
			l.left.Add(file.Links)
		}
		look.Strong = look.Strong || f.strong
		size := f.size
		if n := l.tree.Note(look.Note); n > 0 {
			s.Text, size = strconv.Itoa(n), f.size*0.7
		} else {
			look.Note = ""
		}
		font := l.fonts[faceOf(look)]
		for i, line := range strings.Split(l.clean(s.Text, font), "\n") {
			if i > 0 {
				words = append(words, word{ends: true, look: look})
			}
			for line != "" {
				blank := line[0] == ' '
				n := strings.IndexFunc(line, func(r rune) bool { return (r == ' ') != blank })
				if n < 0 {
					n = len(line)
				}
				words = append(words, word{text: line[:n], look: look, size: size, width: font.width(line[:n]) * size / 1000, space: blank})
				line = line[n:]
			}
		}
	}
	return words
}

// lines fills lines of a width.
func (l *layout) lines(words []word, width float64, f form) (lines [][]word) {
	var line []word
	filled := 0.0
	end := func() {
		lines = append(lines, line)
		line, filled = nil, 0
	}
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w.ends:
			end()
			continue
		case filled+w.width > width && w.space && !f.keep:
			line = append(line, w) // at the end of a line it is not seen, and parts the words
			end()
			continue
		case filled+w.width > width && len(line) > 0:
			end()
			i--
			continue
		case w.width > width: // longer than a line
			head, tail := l.split(w, width)
			line = append(line, head)
			end()
			words[i] = tail
			i--
			continue
		case w.space && len(line) == 0 && len(lines) > 0 && !f.keep:
			continue
		}
		line = append(line, w)
		filled += w.width
	}
	end()
	return lines
}

// split cuts a word that is longer than a line: at least one letter fits.
func (l *layout) split(w word, width float64) (head, tail word) {
	font := l.fonts[faceOf(w.look)]
	at := 0
	for i, r := range w.text {
		next := i + len(string(r))
		if at > 0 && font.width(w.text[:next])*w.size/1000 > width {
			break
		}
		at = next
	}
	head, tail = w, w
	head.text, tail.text = w.text[:at], w.text[at:]
	head.width, tail.width = font.width(head.text)*w.size/1000, font.width(tail.text)*w.size/1000
	return head, tail
}

func (l *layout) paragraph(e *element, spans []richtext.Span, f form) {
	height := f.size * leading
	x := margin + f.indent
	for i, line := range l.lines(l.words(spans, f), pageWidth-margin-x, f) {
		l.room(height)
		for _, bar := range l.bars {
			l.artifact("0.5 g %.2f %.2f 1.5 %.2f re f", bar, l.y-height, height)
		}
		baseline := l.y - f.size
		if i == 0 && f.mark != nil {
			font := l.fonts[regular]
			l.marked(f.mark, show(regular, f.size, x-indentStep+2, baseline, font.encode(f.label)))
		}
		l.line(e, line, x, baseline)
		l.y -= height
	}
	l.y -= f.after
}

func show(f face, size, x, y float64, hex string) string {
	return fmt.Sprintf("BT /F%d %.2f Tf %.2f %.2f Td <%s> Tj ET\n", f, size, x, y, hex)
}

// line draws one line of an element.
func (l *layout) line(e *element, line []word, x, y float64) {
	for len(line) > 0 {
		n, width := 1, line[0].width
		for n < len(line) && line[n].look.Href == line[0].look.Href && line[n].look.Note == line[0].look.Note {
			width += line[n].width
			n++
		}
		part := line[:n]
		line = line[n:]
		l.decorate(part, x, y)
		to := e
		switch {
		case part[0].look.Href != "":
			to = l.link(e, part[0].look.Href, x, y, width, part[0].size)
		case part[0].look.Note != "":
			to = e.add("Reference")
		}
		var b strings.Builder
		for _, w := range part {
			f := faceOf(w.look)
			rise := 0.0
			if w.look.Note != "" {
				rise = w.size * 0.5
			}
			b.WriteString(show(f, w.size, x, y+rise, l.fonts[f].encode(w.text)))
			x += w.width
		}
		content := b.String()
		if part[0].look.Href != "" {
			content = "0.04 0.33 0.58 rg\n" + content + "0 g\n"
		}
		l.marked(to, content)
	}
}

// decorate draws what lies behind and across words.
func (l *layout) decorate(part []word, x, y float64) {
	for _, w := range part {
		if w.look.Highlight {
			l.artifact("1 0.95 0.4 rg %.2f %.2f %.2f %.2f re f", x, y-w.size*0.25, w.width, w.size*1.2)
		}
		if w.look.Underline || w.look.Href != "" {
			l.artifact("%.2f w %.2f %.2f m %.2f %.2f l S", w.size*0.06, x, y-w.size*0.13, x+w.width, y-w.size*0.13)
		}
		if w.look.Strike {
			l.artifact("%.2f w %.2f %.2f m %.2f %.2f l S", w.size*0.06, x, y+w.size*0.27, x+w.width, y+w.size*0.27)
		}
		x += w.width
	}
}

// link makes the words of a line lead somewhere.
func (l *layout) link(e *element, href string, x, y, width, size float64) *element {
	to := e.add("Link")
	object := l.objects.reserve()
	p := l.now()
	p.links = append(p.links, link{object, to})
	to.children = append(to.children, annotated{len(l.pages) - 1, object})
	l.objects.set(object, "/Type /Annot /Subtype /Link /Rect [%.2f %.2f %.2f %.2f] /Border [0 0 0] /F 4 /Contents %s /A << /S /URI /URI %s >>",
		x, y-size*0.25, x+width, y+size, text(href), bytesOf(href))
	return to
}
