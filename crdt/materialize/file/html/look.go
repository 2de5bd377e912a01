package html

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/crdt/materialize/file"
)

// look is how text looks where the reader is.
type look struct {
	file.Style
	keeps bool // white space stays as it is
}

// with adds what an element and its own style say.
func (l look) with(n *html.Node, css map[string]string) look {
	switch n.DataAtom {
	case atom.B, atom.Strong:
		l.Strong = true
	case atom.I, atom.Em, atom.Cite, atom.Dfn, atom.Var:
		l.Em = true
	case atom.U, atom.Ins:
		l.Underline = true
	case atom.S, atom.Strike, atom.Del:
		l.Strike = true
	case atom.Mark:
		l.Highlight = true
	case atom.Code, atom.Kbd, atom.Samp, atom.Tt:
		l.Code = true
	}
	switch weight := css["font-weight"]; weight {
	case "":
	case "bold", "bolder":
		l.Strong = true
	case "normal", "lighter":
		l.Strong = false
	default:
		if n, err := strconv.Atoi(weight); err == nil {
			l.Strong = n >= 600
		}
	}
	switch css["font-style"] {
	case "italic", "oblique":
		l.Em = true
	case "normal":
		l.Em = false
	}
	line := css["text-decoration"] + " " + css["text-decoration-line"]
	if strings.Contains(line, "underline") && n.DataAtom != atom.A && l.Href == "" {
		l.Underline = true
	}
	if strings.Contains(line, "line-through") {
		l.Strike = true
	}
	if n.DataAtom == atom.Span || n.DataAtom == atom.Font {
		switch strings.ReplaceAll(css["background-color"]+css["background"], " ", "") {
		case "", "transparent", "inherit", "initial", "none", "white", "#fff", "#ffffff", "rgb(255,255,255)", "rgba(0,0,0,0)":
		default:
			l.Highlight = true
		}
	}
	switch space := css["white-space"]; {
	case strings.HasPrefix(space, "pre"), space == "break-spaces":
		l.keeps = true
	case space == "normal", space == "nowrap":
		l.keeps = false
	}
	return l
}

// maxStyle bounds the style of an element that is read.
const maxStyle = 16 << 10

// styleOf reads an element's own style.
func styleOf(n *html.Node) map[string]string {
	text := attr(n, "style")
	if text == "" || len(text) > maxStyle {
		return nil
	}
	css := make(map[string]string)
	for declaration := range strings.SplitSeq(text, ";") {
		name, value, ok := strings.Cut(declaration, ":")
		if ok {
			value = strings.TrimSuffix(strings.TrimSpace(strings.ToLower(value)), "!important")
			css[strings.TrimSpace(strings.ToLower(name))] = strings.TrimSpace(value)
		}
	}
	return css
}
