package markdown

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/crdt/chunk/richtext"
)

// Write writes blocks as CommonMark. Marks that Markdown does not have are left
// out, their text stays.
func Write(blocks []richtext.Block) string {
	lines := write(settle(blocks), 0)
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// settle puts blocks as they are shown. Text behind a divider becomes a
// paragraph. Containers are shared with the block before; a quote and a
// callout open wherever they are named, and a list item by a paragraph right inside it; others
// that nothing opened are passed over (see docs/formats.md).
func settle(blocks []richtext.Block) []richtext.Block {
	out := make([]richtext.Block, 0, len(blocks))
	var before []string
	for _, b := range blocks {
		b.Parents, before = place(&b, before)
		if b.Type == divider && len(b.Text) > 0 {
			out = append(out, block(divider, b.Parents, nil))
			b = block(paragraph, b.Parents, b.Text)
		}
		out = append(out, b)
	}
	return out
}

// place finds a block's containers, given those around the end of the block
// before, and those around its own end. A paragraph that opens an item becomes
// that item.
func place(b *richtext.Block, before []string) (parents, after []string) {
	var path []string
	sharing, opens := true, false
	plain := !isItem(b.Type) && b.Type != heading && b.Type != codeBlock && b.Type != divider
	for i, p := range b.Parents {
		switch {
		case sharing && len(path) < len(before) && before[len(path)] == p:
			path = append(path, p)
		case p == quote || p == callout:
			sharing = false
			path = append(path, p)
		case isItem(p) && plain && i == len(b.Parents)-1:
			sharing, opens = false, true
			path = append(path, p)
		}
	}
	if opens {
		b.Type = path[len(path)-1]
		return path[:len(path)-1], path
	}
	if isItem(b.Type) {
		return path, append(slices.Clip(path), b.Type)
	}
	return path, path
}

func isItem(typ string) bool { return typ == bulletItem || typ == orderedItem || typ == taskItem }

// write writes blocks that all lie in the same containers down to a depth.
func write(blocks []richtext.Block, depth int) []string {
	var (
		out    []string
		number int    // of the last numbered item
		last   string // type of the item just written, if it was one
		tight  bool   // whether it was written without blank lines
	)
	for len(blocks) > 0 {
		first := blocks[0]
		var lines []string
		item := ""
		n := 1
		if len(first.Parents) > depth {
			// After settling only a quote or a callout can be here: items begin
			// with a block of their own.
			n = within(blocks, depth, first.Parents[depth])
			lines = write(blocks[:n], depth+1)
			if first.Parents[depth] == callout {
				lines = calloutLines(first, depth+1, lines)
			}
			lines = prefixed(lines, "> ", "> ")
		} else if isItem(first.Type) {
			item = first.Type
			n += within(blocks[1:], depth, item)
			lines = itemLines(first, write(blocks[1:n], depth+1), len(first.Text) > 0 && n > 1 && isItem(blocks[1].Type) && len(blocks[1].Parents) == depth+1)
		} else {
			lines = leaf(first)
		}
		nowTight := !slices.Contains(lines, "")
		if item != "" {
			marker, box := "- ", ""
			if item == taskItem {
				box = "[ ] "
				if first.Attrs["done"] == true {
					box = "[x] "
				}
			}
			if item == orderedItem {
				if last != item {
					number = 0
				}
				number++
				marker = strconv.Itoa(number) + ". "
			}
			lines = prefixed(lines, marker+box, strings.Repeat(" ", len(marker)))
		}
		if len(out) > 0 && (item == "" || item != last || !tight || !nowTight) {
			out = append(out, "")
		}
		out = append(out, lines...)
		last, tight = item, nowTight
		blocks = blocks[n:]
	}
	return out
}

// calloutLines puts the line before a callout's that makes it one. What is no
// text might not end that line, so it stands apart.
func calloutLines(first richtext.Block, depth int, lines []string) []string {
	head := []string{"[!NOTE]"}
	if len(first.Parents) > depth || isItem(first.Type) || first.Type == heading || first.Type == codeBlock || first.Type == divider || len(first.Text) == 0 {
		head = append(head, "")
	}
	return append(head, lines...)
}

// within counts the blocks at the front that lie in the container.
func within(blocks []richtext.Block, depth int, container string) int {
	n := slices.IndexFunc(blocks, func(b richtext.Block) bool {
		return len(b.Parents) <= depth || b.Parents[depth] != container
	})
	if n < 0 {
		return len(blocks)
	}
	return n
}

func prefixed(lines []string, first, rest string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		if line == "" {
			prefix = strings.TrimRight(prefix, " ")
		}
		out[i] = prefix + line
	}
	return out
}

// itemLines puts an item's own line and what is in it together. Items in it
// may follow without a blank line, unless the line is that of an empty one,
// which would swallow them.
func itemLines(b richtext.Block, inside []string, close bool) []string {
	lines := paragraphLines(b)
	if b.Type == taskItem && len(b.Text) == 0 {
		lines = []string{""} // its box is enough
	}
	if len(inside) > 0 && !close {
		lines = append(lines, "")
	}
	return append(lines, inside...)
}

func leaf(b richtext.Block) []string {
	switch b.Type {
	case heading:
		level := 1
		if n, ok := b.Attrs["level"].(int64); ok && n >= 1 && n <= 6 {
			level = int(n)
		}
		return []string{strings.TrimRight(strings.Repeat("#", level)+" "+strings.Join(lines(b, true), ""), " ")}
	case divider:
		return []string{"---"}
	case codeBlock:
		return fenced(b)
	}
	return paragraphLines(b)
}

// paragraphLines writes a paragraph. Markdown has no empty ones; a line break
// on a line of its own stands for them.
func paragraphLines(b richtext.Block) []string {
	if len(b.Text) == 0 {
		return []string{"<br>"}
	}
	return lines(b, false)
}

// fenced writes a block of code between fences that do not occur in it.
func fenced(b richtext.Block) []string {
	code := b.Plain()
	fence := "```"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	language, _ := b.Attrs["language"].(string)
	out := []string{fence + escaper{}.text(language, true, true, 0)}
	if strings.ContainsAny(language, "`\n") {
		out[0] = fence + escaper{wary: true}.text(language, true, true, 0)
	}
	if code != "" {
		out = append(out, strings.Split(code, "\n")...)
	}
	return append(out, fence)
}

// lines writes a block's text. Whether the usual signs of emphasis work
// depends on what stands around them, so what was written is read back; where
// it says something else, HTML tags are used, and in the last resort
// references for all but letters and digits.
func lines(b richtext.Block, heading bool) []string {
	want := known(b.Text)
	var s string
	for _, way := range []inlineWriter{
		{escaper: escaper{heading: heading}},
		{escaper: escaper{heading: heading}, tags: true},
		{escaper: escaper{heading: heading, wary: true}, tags: true},
	} {
		s = way.write(want)
		source := s
		if heading {
			source = "# " + s
		}
		if got := read([]byte(source)); len(got) == 1 && sameSpans(got[0].Text, want) {
			break
		}
	}
	return strings.Split(s, "\n")
}

// known leaves out marks that Markdown does not have.
func known(spans []richtext.Span) []richtext.Span {
	var w inline
	for _, span := range spans {
		w.marks = nil
		for _, name := range nesting {
			if value, ok := span.Marks[name]; ok && value != false {
				if w.marks == nil {
					w.marks = make(map[string]any)
				}
				w.marks[name] = value
				if name == "link" {
					href, title := readLink(value)
					w.marks[name] = linkValue(href, title)
				}
			}
		}
		w.text(span.Text)
	}
	return w.spans
}

func sameSpans(a, b []richtext.Span) bool {
	return slices.EqualFunc(a, b, func(x, y richtext.Span) bool {
		return x.Text == y.Text && maps.Equal(x.Marks, y.Marks)
	})
}

// nesting is the order of marks, outermost first.
var nesting = []string{"link", "strong", "em", "underline", "strike", "highlight", "code"}

type inlineWriter struct {
	escaper
	tags bool // write emphasis as HTML
	out  strings.Builder
	open []string
	href any // of the link that is open
}

func (w *inlineWriter) write(spans []richtext.Span) string {
	for i, span := range spans {
		w.turn(span.Marks)
		before := byte(0)
		if s := w.out.String(); s != "" {
			before = s[len(s)-1]
		}
		if code, ok := w.code(span); ok {
			w.out.WriteString(code)
		} else {
			w.out.WriteString(w.text(span.Text, i == 0, i == len(spans)-1, before))
		}
	}
	w.turn(nil)
	return w.out.String()
}

// code writes a span of code between backquotes, where that can be.
func (w *inlineWriter) code(span richtext.Span) (string, bool) {
	if span.Marks["code"] == nil || w.tags || strings.Contains(span.Text, "\n") {
		return "", false
	}
	fence := "`"
	for strings.Contains(span.Text, fence) {
		fence += "`"
	}
	text := span.Text
	edges := strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") && strings.Trim(text, " ") != ""
	if edges || strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence, true
}

// turn closes and opens marks until exactly the wanted ones are open.
func (w *inlineWriter) turn(wanted map[string]any) {
	var want []string
	for _, name := range nesting {
		if _, ok := wanted[name]; ok {
			want = append(want, name)
		}
	}
	keep := 0
	for keep < len(w.open) && keep < len(want) && w.open[keep] == want[keep] &&
		(want[keep] != "link" || w.href == wanted["link"]) {
		keep++
	}
	for i := len(w.open) - 1; i >= keep; i-- {
		w.out.WriteString(w.sign(w.open[i], true))
	}
	w.open = append(w.open[:keep:keep], want[keep:]...)
	for _, name := range want[keep:] {
		if name == "link" {
			w.href = wanted["link"]
		}
		w.out.WriteString(w.sign(name, false))
	}
}

func (w *inlineWriter) sign(name string, closing bool) string {
	switch {
	case name == "link" && closing:
		return "](" + target(w.href) + ")"
	case name == "link":
		return "["
	case name == "code" && !w.tags:
		return "" // written with its text
	case name != "underline" && name != "highlight" && !w.tags:
		return emphasis[name]
	case closing:
		return "</" + markTags[name] + ">"
	}
	return "<" + markTags[name] + ">"
}

// emphasis is how Markdown has marks, and markTags how HTML has them.
var (
	emphasis = map[string]string{"strong": "**", "em": "*", "strike": "~~"}
	markTags = map[string]string{"strong": "strong", "em": "em", "underline": "u", "strike": "s", "highlight": "mark", "code": "code"}
)

func readLink(value any) (href, title string) {
	s, _ := value.(string)
	var l link
	if err := json.Unmarshal([]byte(s), &l); err != nil {
		return s, "" // not as we write it: what it says is the address
	}
	if l.Title != nil {
		title = *l.Title
	}
	return l.Href, title
}

func target(value any) string {
	href, title := readLink(value)
	out := "<" + escaped(href, `\<>&`) + ">"
	if href != "" && !strings.ContainsAny(href, "()<>\\&*_`[] \"'") && !strings.ContainsFunc(href, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		out = href
	}
	if title != "" {
		out += ` "` + escaped(title, "\\\"&<>`*_[]") + `"`
	}
	return out
}

// escaped puts backslashes before some characters, and writes control
// characters as references.
func escaped(s, special string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < ' ' || r == 0x7f:
			b.WriteString(charRef(r))
		case strings.ContainsRune(special, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
