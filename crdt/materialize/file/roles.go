package file

import (
	"strconv"
	"strings"
)

// Role is what a paragraph is, by its style. Word and LibreOffice have styles for
// most of it; what they have none for is in the name of one of ours.
type Role struct {
	Kind     string // of the kinds below; empty: a paragraph
	Level    int    // of a heading, a quote, a paragraph within a list
	Language string // of code
	Width    int    // of a figure, in percent; 0: it does not say
}

// The kinds of roles.
const (
	AsTitle    = "title"
	AsHeading  = "heading"
	AsQuote    = "quote"
	AsCallout  = "callout"
	AsCode     = "code"
	AsLines    = "lines" // code, a paragraph for each line
	AsContinue = "continue"
	AsDivider  = "divider"
	AsFigure   = "figure"
	AsCaption  = "caption"
	AsTableEnd = "table end"
)

// RoleOf finds out what paragraphs of a style are, by its name in lower case.
// Names are the same in every language that a program speaks.
func RoleOf(name string) (Role, bool) {
	stem, level := name, 1
	if i := strings.LastIndexByte(name, ' '); i > 0 {
		if n, err := strconv.Atoi(name[i+1:]); err == nil && n > 0 && n <= MaxDepth {
			stem, level = name[:i], n
		}
	}
	inside := ""
	if open := strings.Index(stem, " ("); open > 0 && strings.HasSuffix(stem, ")") {
		stem, inside = stem[:open], stem[open+2:len(stem)-1]
	}
	switch stem {
	case "title":
		return Role{Kind: AsTitle}, true
	case "heading":
		return Role{Kind: AsHeading, Level: min(level, 6)}, true
	case "quote", "intense quote", "block text", "quotations", "blockquote":
		return Role{Kind: AsQuote, Level: level}, true
	case "callout":
		return Role{Kind: AsCallout}, true
	case "code", "source code":
		return Role{Kind: AsCode, Language: inside}, true
	case "html preformatted", "preformatted text", "plain text", "macro":
		return Role{Kind: AsLines}, true
	case "list continue":
		return Role{Kind: AsContinue, Level: level}, true
	case "horizontal line":
		return Role{Kind: AsDivider}, true
	case "figure":
		width, _ := strconv.Atoi(strings.TrimSuffix(inside, "%"))
		return Role{Kind: AsFigure, Width: width}, true
	case "caption", "illustration", "image caption":
		return Role{Kind: AsCaption}, true
	case "table end":
		return Role{Kind: AsTableEnd}, true
	}
	return Role{}, false
}

// StyleName reports whether a language that code is written in can be part of a
// style's name.
func StyleName(language string) bool {
	return len(language) <= 30 && strings.Trim(language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+#.-_") == ""
}
