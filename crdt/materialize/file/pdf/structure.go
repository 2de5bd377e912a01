package pdf

import (
	"fmt"
	"strings"
)

// element is a piece of the document's structure, which screen readers follow.
type element struct {
	role     string
	more     string // further entries of its dictionary
	parent   *element
	children []any // *element, marked or annotated
	number   int
}

// marked is what stands on a page for an element.
type marked struct{ page, id int }

// annotated is a link on a page.
type annotated struct{ page, object int }

func (e *element) add(role string) *element {
	child := &element{role: role, parent: e}
	e.children = append(e.children, child)
	return child
}

// seen reports whether there is anything of an element on a page.
func (e *element) seen() bool {
	for _, child := range e.children {
		inner, ok := child.(*element)
		if !ok || inner.seen() {
			return true
		}
	}
	return false
}

// write writes an element and all that is in it, and notes which element each
// marked piece of a page belongs to.
func (e *element) write(o *objects, pages []*page, parent int) int {
	e.number = o.reserve()
	var kids []string
	for _, child := range e.children {
		switch c := child.(type) {
		case *element:
			if c.seen() {
				kids = append(kids, reference(c.write(o, pages, e.number)))
			}
		case marked:
			p := pages[c.page]
			p.owners[c.id] = e.number
			kids = append(kids, fmt.Sprintf("<< /Type /MCR /Pg %d 0 R /MCID %d >>", p.number, c.id))
		case annotated:
			kids = append(kids, fmt.Sprintf("<< /Type /OBJR /Pg %d 0 R /Obj %d 0 R >>", pages[c.page].number, c.object))
		}
	}
	o.set(e.number, "<< /Type /StructElem /S /%s /P %d 0 R %s /K [%s] >>", e.role, parent, e.more, strings.Join(kids, " "))
	return e.number
}
