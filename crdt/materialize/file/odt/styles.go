package odt

import (
	"strings"

	"parley/crdt/materialize/file"
)

// style is what matters of a style that a file defines.
type style struct {
	name string // as people see it, in lower case
	base string
	look look
}

// look is how a style makes text look, as far as it says so.
type look struct {
	strong, em, underline, strike, highlight, hidden said
}

// said is what a style says of something.
type said uint8

const (
	unsaid said = iota
	off
	on
)

func (s said) over(base said) said {
	if s == unsaid {
		return base
	}
	return s
}

func saying(value, offValue string) said {
	switch value {
	case "":
		return unsaid
	case offValue, "none":
		return off
	}
	return on
}

// maxStyles bounds how many styles are heeded, and maxBases how far they are
// followed that are made from one another.
const (
	maxStyles = 20_000
	maxBases  = 20
)

// styles reads what is in a list of styles, and what kinds of lists there are.
func (r *reader) readStyles(x *file.XML) {
	x.Children(func(e file.Element) {
		switch e.Name() {
		case "style":
			if len(r.styles) < maxStyles {
				r.styles[e.Attr("family")+" "+e.Attr("name")] = readStyle(x, e)
			}
		case "default-style":
			if e.Attr("family") == "paragraph" {
				x.Children(func(e file.Element) {
					if e.Name() == "text-properties" && r.out.Language == "" {
						r.language(e)
					}
				}, nil)
			}
		case "list-style":
			levels := make(map[string]string)
			x.Children(func(e file.Element) {
				kind := file.OrderedItem
				if strings.HasSuffix(e.Name(), "-bullet") || strings.HasSuffix(e.Name(), "-image") {
					kind = file.BulletItem
				}
				switch mark := e.Attr("bullet-char"); mark {
				case openBox, doneBox, "☒":
					kind = taskItems + mark
				}
				if len(levels) < 16 {
					levels[e.Attr("level")] = kind
				}
			}, nil)
			if len(r.lists) < maxStyles {
				r.lists[e.Attr("name")] = levels
			}
		}
	}, nil)
}

// taskItems begins the kind of a list whose items are tasks; what stands before
// them follows.
const taskItems = "task "

func (r *reader) language(e file.Element) {
	language, country := e.Attr("language"), e.Attr("country")
	if language == "" || language == "none" || language == "zxx" {
		return
	}
	r.out.Language = language
	if country != "" && country != "none" {
		r.out.Language += "-" + country
	}
}

func readStyle(x *file.XML, e file.Element) style {
	s := style{name: e.Attr("display-name"), base: e.Attr("parent-style-name")}
	if s.name == "" {
		s.name = decode(e.Attr("name"))
	}
	s.name = strings.ToLower(strings.TrimSpace(s.name))
	x.Children(func(e file.Element) {
		if e.Name() != "text-properties" {
			return
		}
		weight := saying(e.Attr("font-weight"), "normal")
		if w := e.Attr("font-weight"); len(w) == 3 && w < "600" {
			weight = off
		}
		s.look = look{
			strong: weight, em: saying(e.Attr("font-style"), "normal"),
			underline: saying(e.Attr("text-underline-style"), "none"), strike: saying(e.Attr("text-line-through-style"), "none"),
			highlight: saying(e.Attr("background-color"), "transparent"),
		}
		switch e.Attr("display") {
		case "none":
			s.look.hidden = on
		case "true":
			s.look.hidden = off
		}
	}, nil)
	return s
}

// roleOf finds out what paragraphs of a style are.
func (r *reader) roleOf(name string) file.Role {
	for range maxBases {
		s, ok := r.styles["paragraph "+name]
		if !ok {
			if s.name = strings.ToLower(decode(name)); name == "" {
				break
			}
		}
		if role, ok := file.RoleOf(s.name); ok {
			return role
		}
		if !ok {
			break
		}
		name = s.base
	}
	return file.Role{}
}

// with adds what a style of text says to how text looks.
func (r *reader) with(l file.Style, name string) (file.Style, bool) {
	var all look
	for range maxBases {
		s, ok := r.styles["text "+name]
		if !ok {
			s.name = strings.ToLower(decode(name))
		}
		switch s.name {
		case "source text", "teletype", "user entry", "example":
			l.Code = true
			s.look = look{}
		case "internet link", "visited internet link", "footnote symbol", "footnote characters", "footnote anchor", "endnote anchor", "numbering symbols", "bullet symbols":
			s.look = look{} // how these look is no formatting
		case "strong emphasis":
			s.look.strong = on
		case "emphasis":
			s.look.em = on
		}
		all.strong, all.em = all.strong.over(s.look.strong), all.em.over(s.look.em)
		all.underline, all.strike = all.underline.over(s.look.underline), all.strike.over(s.look.strike)
		all.highlight, all.hidden = all.highlight.over(s.look.highlight), all.hidden.over(s.look.hidden)
		if !ok || s.base == "" {
			break
		}
		name = s.base
	}
	set := func(target *bool, s said) {
		if s != unsaid {
			*target = s == on
		}
	}
	set(&l.Strong, all.strong)
	set(&l.Em, all.em)
	set(&l.Underline, all.underline)
	set(&l.Strike, all.strike)
	set(&l.Highlight, all.highlight)
	return l, all.hidden == on
}
