package file

import (
	"unicode"

	"parley/crdt/chunk/richtext"
)

// RightToLeft reports whether text begins in a script that is written from
// right to left: by its first letter.
func RightToLeft(text string) bool {
	for _, r := range text {
		if unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam) && unicode.IsLetter(r) {
			return true
		}
		if unicode.IsLetter(r) {
			return false
		}
	}
	return false
}

// SpansRightToLeft is RightToLeft of a block's text.
func SpansRightToLeft(spans []richtext.Span) bool {
	for _, s := range spans {
		for _, r := range s.Text {
			if unicode.IsLetter(r) {
				return RightToLeft(s.Text)
			}
		}
	}
	return false
}
