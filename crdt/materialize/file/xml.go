package file

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// XML reads a piece of XML from outside, element by element, without ever
// holding more than the way to where it is. Entities that a file declares are
// not known, and nothing that it refers to is fetched.
type XML struct {
	decoder *xml.Decoder
	depth   int
	err     error
}

// NewXML begins to read.
func NewXML(raw []byte) *XML {
	d := xml.NewDecoder(bytes.NewReader(raw))
	d.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("text in %q", charset)
	}
	return &XML{decoder: d}
}

// Element is the beginning of an element.
type Element struct{ start xml.StartElement }

// Name is its name without the prefix of its namespace.
func (e Element) Name() string { return e.start.Name.Local }

// Attr is an attribute by its name without a prefix, empty if there is none.
func (e Element) Attr(name string) string {
	value, _ := e.Has(name)
	return value
}

// Has is Attr, and reports whether it is there.
func (e Element) Has(name string) (string, bool) {
	for _, a := range e.start.Attr {
		if a.Name.Local == name && a.Name.Space != "xmlns" {
			return a.Value, true
		}
	}
	return "", false
}

// Err is what was wrong: the XML is read up to there. Nil at a proper end.
func (x *XML) Err() error { return x.err }

// Stop makes all reading end.
func (x *XML) Stop(err error) {
	if x.err == nil {
		x.err = err
	}
}

// Root begins the outermost element and calls visit with it. It reports whether
// there is one.
func (x *XML) Root(visit func(Element)) bool {
	found := false
	x.Children(func(e Element) {
		if !found {
			found = true
			visit(e)
		}
	}, nil)
	return found
}

// Children calls visit for each child of the element that has begun, and text,
// if it is not nil, for the text between them, until the element ends. What
// visit does not read of a child is passed over.
func (x *XML) Children(visit func(Element), text func(string)) {
	inside := x.depth
	for x.err == nil {
		token, err := x.decoder.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) || inside > 0 {
				x.err = err
			}
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			if x.depth++; x.depth > MaxNesting {
				x.err = fmt.Errorf("%w: elements in elements", ErrTooLarge)
				return
			}
			visit(Element{t})
			for x.err == nil && x.depth > inside {
				x.pass()
			}
		case xml.EndElement:
			x.depth--
			return
		case xml.CharData:
			if text != nil {
				text(string(t))
			}
		}
	}
}

// pass reads to the end of the element that has begun.
func (x *XML) pass() {
	for open := 1; open > 0; {
		token, err := x.decoder.Token()
		if err != nil {
			x.err = err
			return
		}
		switch token.(type) {
		case xml.StartElement:
			if open++; open > MaxNesting {
				x.err = fmt.Errorf("%w: elements in elements", ErrTooLarge)
				return
			}
		case xml.EndElement:
			open--
		}
	}
	x.depth--
}

// Text is all the text in the element that has begun.
func (x *XML) Text() string {
	var b bytes.Buffer
	var children func(Element)
	children = func(Element) { x.Children(children, func(s string) { b.WriteString(s) }) }
	x.Children(children, func(s string) { b.WriteString(s) })
	return b.String()
}
