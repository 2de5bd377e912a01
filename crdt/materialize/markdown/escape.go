package markdown

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// unescape resolves backslash escapes and character references.
func unescape(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			b.WriteByte(s[i+1])
			i += 2
		case s[i] == '&':
			value, size := reference(s[i:])
			b.WriteString(value)
			i += size
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}

// reference resolves the character reference that s, which begins with an
// ampersand, may begin with.
func reference(s string) (value string, size int) {
	end := strings.IndexByte(s[:min(len(s), 40)], ';')
	if end < 2 {
		return "&", 1
	}
	name := s[1:end]
	if name[0] != '#' {
		if e, ok := util.LookUpHTML5EntityByName(name); ok {
			return string(e.Characters), end + 1
		}
		return "&", 1
	}
	digits, base := name[1:], 10
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || len(digits) > 7 {
		return "&", 1
	}
	if n == 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return string(utf8.RuneError), end + 1
	}
	return string(rune(n)), end + 1
}

func charRef(r rune) string { return "&#" + strconv.Itoa(int(r)) + ";" }

// escaper writes text so that Markdown reads it as just that.
type escaper struct {
	heading bool // on one line, where # may close it
	wary    bool // write everything but letters and digits as references
}

// text escapes one span. start and end say whether the span begins and ends
// the block; before is the last byte written to the block so far.
func (e escaper) text(s string, start, end bool, before byte) string {
	var b strings.Builder
	lineStart := start || before == '\n'
	digits := lineStart // whether the line so far is nothing but digits
	for i, r := range s {
		last := i+utf8.RuneLen(r) == len(s)
		next := byte(' ')
		if !last {
			next = s[i+utf8.RuneLen(r)]
		} else if !end {
			next = 0 // what follows is another span's
		}
		lineEnd := last && end || next == '\n'
		prev := before
		if i > 0 {
			prev = s[i-1]
		}
		switch {
		case r == '\n':
			switch {
			case i == 0 && start || last && end:
				b.WriteString("&#10;")
			case e.heading:
				b.WriteString("<br>")
			default:
				b.WriteString("\\\n")
			}
		case e.wary && !isWord(r):
			b.WriteString(charRef(r))
		case (r == ' ' || r == '\t') && (lineStart || lineEnd), r < ' ' && r != '\t', r == 0x7f:
			b.WriteString(charRef(r))
		case e.special(r, lineStart, digits, prev, next):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		if lineStart = r == '\n' && !e.heading; lineStart {
			digits = true
		} else {
			digits = digits && '0' <= r && r <= '9'
		}
	}
	return b.String()
}

// special reports whether a character would mean something here.
func (e escaper) special(r rune, lineStart, digits bool, prev, next byte) bool {
	switch r {
	case '\\', '`', '*', '[', ']', '<', '~':
		return true
	case '_':
		return prev >= utf8.RuneSelf || next >= utf8.RuneSelf || !isWord(rune(prev)) || !isWord(rune(next))
	case '&':
		return next == '#' || isWord(rune(next)) || next == 0
	case '!':
		return next == '[' || next == 0
	case '#':
		return lineStart || e.heading
	case '>', '+', '-', '=', ':', '|':
		return lineStart
	case '.', ')':
		return digits && prev != 0 && !lineStart
	}
	return false
}

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r >= utf8.RuneSelf
}
