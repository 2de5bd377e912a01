package file

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Style is how a span looks: its marks, as far as they mean something.
type Style struct {
	Strong, Em, Underline, Strike, Highlight, Code bool

	Href, Title string // of a link
	Note        string // the footnote that the span stands for
}

// Look reads marks. A link that leads nowhere (SafeHref) is none; named says
// nothing of it, Unsafe does.
func Look(marks map[string]any) Style {
	var s Style
	on := func(name string) bool { v, _ := marks[name].(bool); return v }
	s.Strong, s.Em, s.Code = on("strong"), on("em"), on("code")
	s.Underline, s.Strike, s.Highlight = on("underline"), on("strike"), on("highlight")
	if l := linkOf(marks); SafeHref(l.Href) {
		s.Href = l.Href
		if l.Title != nil {
			s.Title = *l.Title
		}
	}
	s.Note, _ = marks["footnote"].(string)
	return s
}

// Unsafe reports whether marks have a link that leads nowhere.
func Unsafe(marks map[string]any) bool {
	href := linkOf(marks).Href
	return href != "" && !SafeHref(href)
}

// link is the value of a link mark, written as JSON.
type link struct {
	Href  string  `json:"href"`
	Title *string `json:"title"`
}

func linkOf(marks map[string]any) (l link) {
	if value, ok := marks["link"].(string); ok && json.Unmarshal([]byte(value), &l) != nil {
		return link{}
	}
	return l
}

// Marks writes a style as marks, nil if it has none.
func (s Style) Marks() map[string]any {
	marks := make(map[string]any)
	for name, on := range map[string]bool{
		"strong": s.Strong, "em": s.Em, "underline": s.Underline, "strike": s.Strike, "highlight": s.Highlight, "code": s.Code,
	} {
		if on {
			marks[name] = true
		}
	}
	if s.Href != "" {
		l := link{Href: s.Href}
		if s.Title != "" {
			l.Title = &s.Title
		}
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if e.Encode(l) == nil {
			marks["link"] = strings.TrimSuffix(b.String(), "\n")
		}
	}
	if s.Note != "" {
		marks["footnote"] = s.Note
	}
	if len(marks) == 0 {
		return nil
	}
	return marks
}

// maxHref bounds an address.
const maxHref = 8 << 10

// SafeHref reports whether an address may lead somewhere: to a web page, or to
// somebody's mail.
func SafeHref(href string) bool {
	if href == "" || len(href) > maxHref || !utf8.ValidString(href) || strings.ContainsFunc(href, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	scheme, rest, ok := strings.Cut(href, ":")
	if !ok || rest == "" {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
		u, err := url.Parse(href)
		return err == nil && u.Host != ""
	case "mailto":
		return true
	}
	return false
}

// Tidy makes an address of one that somebody wrote: without white space around
// it, and what cannot stand in an address escaped. It is empty where SafeHref
// would be false.
func Tidy(href string) string {
	href = strings.TrimSpace(href)
	var b strings.Builder
	for _, r := range href {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
		case r <= ' ' || r == 0x7f:
			b.WriteString(url.PathEscape(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	if href = b.String(); !SafeHref(href) {
		return ""
	}
	return href
}
