package docx

import (
	"strconv"
	"strings"

	"parley/crdt/materialize/file"
)

// style is what matters of a style that a document defines.
type style struct {
	name    string // in lower case
	base    string
	outline int // level of a heading, from 1 on; 0: none
	number  numbered
	run     runLook
}

// numbered says in which list a paragraph is.
type numbered struct {
	said  bool
	id    string // of the numbering; "0": none
	level int
}

// runLook is how a run looks, as far as it says so.
type runLook struct {
	strong, em, underline, strike, highlight, code, hidden bool
	style                                                  string
}

// maxBases is how far styles are followed that are made from one another.
const maxBases = 20

// roleOf finds out what paragraphs of a style are, by its name or the name of
// one that it is made from: names are the same in every language of Word.
func (r *reader) roleOf(id string) file.Role {
	for range maxBases {
		s, ok := r.styles[id]
		if !ok {
			break
		}
		if role, ok := file.RoleOf(s.name); ok {
			return role
		}
		if s.outline > 0 {
			return file.Role{Kind: file.AsHeading, Level: s.outline}
		}
		id = s.base
	}
	return file.Role{}
}

// listOf finds out in which list paragraphs of a style are.
func (r *reader) listOf(id string) numbered {
	for range maxBases {
		s, ok := r.styles[id]
		if !ok {
			break
		}
		if s.number.said {
			return s.number
		}
		id = s.base
	}
	return numbered{}
}

// lookOf adds what a style of characters says.
func (r *reader) lookOf(l runLook) runLook {
	id := l.style
	for range maxBases {
		s, ok := r.styles[id]
		if !ok {
			break
		}
		switch s.name {
		case "hyperlink", "internet link", "followedhyperlink", "footnote reference", "footnote characters", "endnote reference":
			return l // how links look is no formatting
		case "code text", "html code", "source text", "verbatim char", "html typewriter", "html sample", "teletype":
			l.code = true
			return l
		}
		l.strong, l.em = l.strong || s.run.strong, l.em || s.run.em
		l.underline, l.strike = l.underline || s.run.underline, l.strike || s.run.strike
		l.highlight, l.hidden = l.highlight || s.run.highlight, l.hidden || s.run.hidden
		id = s.base
	}
	return l
}

func (r *reader) readStyles(raw []byte) {
	r.styles = make(map[string]style)
	x := file.NewXML(raw)
	x.Root(func(file.Element) {
		x.Children(func(e file.Element) {
			switch e.Name() {
			case "docDefaults":
				within(x, "lang", func(lang file.Element) {
					if r.out.Language == "" {
						r.out.Language = lang.Attr("val")
					}
				})
			case "style":
				if len(r.styles) < maxStyles {
					r.styles[e.Attr("styleId")] = readStyle(x)
				}
			}
		}, nil)
	})
}

// maxStyles bounds how many styles are heeded.
const maxStyles = 5000

func readStyle(x *file.XML) (s style) {
	x.Children(func(e file.Element) {
		switch e.Name() {
		case "name":
			s.name = strings.ToLower(strings.TrimSpace(e.Attr("val")))
		case "basedOn":
			s.base = e.Attr("val")
		case "rPr":
			s.run = readRunLook(x)
		case "pPr":
			x.Children(func(e file.Element) {
				switch e.Name() {
				case "outlineLvl":
					s.outline = outline(e)
				case "numPr":
					s.number = readNumbered(x)
				}
			}, nil)
		}
	}, nil)
	return s
}

// outline is a heading's level; what Word calls body text has none.
func outline(e file.Element) int {
	n, err := strconv.Atoi(e.Attr("val"))
	if err != nil || n < 0 || n > 8 {
		return 0
	}
	return min(n+1, 6)
}

func readNumbered(x *file.XML) numbered {
	n := numbered{said: true}
	x.Children(func(e file.Element) {
		switch e.Name() {
		case "numId":
			n.id = e.Attr("val")
		case "ilvl":
			level, _ := strconv.Atoi(e.Attr("val"))
			n.level = min(max(level, 0), file.MaxDepth-1)
		}
	}, nil)
	return n
}

// readRunLook reads the properties of a run, or of a style's runs.
func readRunLook(x *file.XML) (l runLook) {
	x.Children(func(e file.Element) {
		on := switched(e)
		switch e.Name() {
		case "rStyle":
			l.style = e.Attr("val")
		case "b":
			l.strong = on
		case "i":
			l.em = on
		case "strike", "dstrike":
			l.strike = l.strike || on
		case "u":
			value := e.Attr("val")
			l.underline = value != "none" && value != ""
		case "highlight":
			value := e.Attr("val")
			l.highlight = value != "none" && value != "" && value != "white"
		case "vanish":
			l.hidden = on
		}
	}, nil)
	return l
}

// switched reads a property that is on or off: on where it does not say.
func switched(e file.Element) bool {
	switch e.Attr("val") {
	case "0", "false", "off":
		return false
	}
	return true
}

// within calls visit for every element of a name below the one that has begun.
func within(x *file.XML, name string, visit func(file.Element)) {
	var look func(file.Element)
	look = func(e file.Element) {
		if e.Name() == name {
			visit(e)
			return
		}
		x.Children(look, nil)
	}
	x.Children(look, nil)
}

// readNumbering reads which kind of list each numbering makes of each level.
func (r *reader) readNumbering(raw []byte) {
	type definition map[int]string
	definitions := make(map[string]definition)
	r.numberings = make(map[string]map[int]string)
	x := file.NewXML(raw)
	level := func(e file.Element, into definition) {
		at, _ := strconv.Atoi(e.Attr("ilvl"))
		at = min(max(at, 0), file.MaxDepth-1)
		format, text := "", ""
		x.Children(func(e file.Element) {
			switch e.Name() {
			case "numFmt":
				format = e.Attr("val")
			case "lvlText":
				text = e.Attr("val")
			}
		}, nil)
		switch {
		case format == "none" && strings.TrimSpace(text) == "":
			into[at] = plainItem
		case strings.TrimSpace(text) == openBox, strings.TrimSpace(text) == doneBox, strings.TrimSpace(text) == "☒":
			into[at] = taskItems + text
		case format == "bullet":
			into[at] = file.BulletItem
		default:
			into[at] = file.OrderedItem
		}
	}
	x.Root(func(file.Element) {
		x.Children(func(e file.Element) {
			switch e.Name() {
			case "abstractNum":
				d := make(definition)
				if len(definitions) < maxStyles {
					definitions[e.Attr("abstractNumId")] = d
				}
				x.Children(func(e file.Element) {
					if e.Name() == "lvl" {
						level(e, d)
					}
				}, nil)
			case "num":
				own := make(map[int]string)
				x.Children(func(child file.Element) {
					switch child.Name() {
					case "abstractNumId":
						for at, kind := range definitions[child.Attr("val")] {
							own[at] = kind
						}
					case "lvlOverride":
						x.Children(func(e file.Element) {
							if e.Name() == "lvl" {
								level(e, own)
							}
						}, nil)
					}
				}, nil)
				if len(r.numberings) < maxStyles {
					r.numberings[e.Attr("numId")] = own
				}
			}
		}, nil)
	})
}

// What a level of a numbering can be besides the types of items.
const (
	plainItem = "plain"
	taskItems = "task " // and what stands before it
)
