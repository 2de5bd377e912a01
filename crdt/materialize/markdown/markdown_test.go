package markdown

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"parley/crdt/chunk/richtext"
)

// TestWhatIsWrittenIsReadBack makes documents at random, of all blocks, marks
// and awkward characters, and sends them through Markdown.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	seeds := uint64(4000)
	if testing.Short() {
		seeds = 400
	}
	for seed := range seeds {
		blocks := randomBlocks(rand.New(rand.NewPCG(seed, 1)))
		source := Write(blocks)
		got, err := Read(source)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !reflect.DeepEqual(normal(got), normal(blocks)) {
			t.Fatalf("seed %d:\n got %s\nwant %s\nfrom\n%s", seed, dump(got), dump(blocks), source)
		}
	}
}

func normal(blocks []richtext.Block) (out any) {
	if err := json.Unmarshal([]byte(dump(blocks)), &out); err != nil {
		panic(err)
	}
	return out
}

func dump(blocks []richtext.Block) string {
	b, err := json.Marshal(blocks)
	if err != nil {
		panic(err)
	}
	return string(b)
}

var pieces = []string{
	"a", "bus stop", " ", "  ", "\t", "*", "**", "_", "__", "a_b", "`", "``", "```", "#", "# ", "- ", "-", "+ ", "1. ", "12)", "> ",
	"---", "===", "~~~", "~", "~~", "[x]", "](u)", "<b>", "</strong>", "<br>", "&amp;", "&", "&#33;", ";", "\\", "!", "![", "|", "| --- |", ":--",
	"é", "“quoted”", "😀", "👩‍👧", "\u00a0", ".", ",", "end.", "http://example.org/a_b", "a@b.org", "\u2028", "0", "\n", "{", "$",
}

func randomText(r *rand.Rand, newlines bool) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	s := b.String()
	if !newlines {
		s = strings.ReplaceAll(s, "\n", "x")
	}
	return s
}

// randomCode makes lines of code, none of which is nothing but white space:
// CommonMark keeps no such line in a list as it is.
func randomCode(r *rand.Rand) string {
	lines := strings.Split(randomText(r, true)+[]string{"", "\n", "\n\n  x"}[r.IntN(3)], "\n")
	for i, line := range lines {
		if line != "" && strings.TrimSpace(line) == "" {
			lines[i] = line + "x"
		}
	}
	return strings.Join(lines, "\n")
}

func randomSpans(r *rand.Rand) []richtext.Span {
	var w inline
	for range r.IntN(4) {
		w.marks = map[string]any{}
		for _, name := range nesting[1:] {
			if r.IntN(4) == 0 {
				w.marks[name] = true
			}
		}
		if r.IntN(5) == 0 {
			title := ""
			if r.IntN(2) == 0 {
				title = randomText(r, true)
			}
			w.marks["link"] = linkValue(randomText(r, r.IntN(8) == 0), title)
		}
		if len(w.marks) == 0 {
			w.marks = nil
		}
		w.text(randomText(r, true))
	}
	return append([]richtext.Span{}, w.spans...)
}

// randomBlocks makes blocks as an editor would: each container begins with
// what opens it, and no two kinds of list are confused.
func randomBlocks(r *rand.Rand) []richtext.Block {
	var out []richtext.Block
	var container func(parents []string, depth int)
	container = func(parents []string, depth int) {
		quoted := false // two quotes in a row would be one
		for range 1 + r.IntN(3) {
			kind := r.IntN(8)
			if depth > 3 {
				kind = r.IntN(4)
			}
			switch kind {
			case 0, 1:
				out = append(out, block(paragraph, parents, randomSpans(r)))
			case 2:
				b := block(heading, parents, randomSpans(r))
				b.Attrs["level"] = int64(1 + r.IntN(6))
				out = append(out, b)
			case 3:
				if r.IntN(2) == 0 {
					out = append(out, block(divider, parents, nil))
					break
				}
				var spans []richtext.Span
				if r.IntN(4) > 0 {
					spans = []richtext.Span{{Text: randomCode(r)}}
				}
				b := block(codeBlock, parents, spans)
				if r.IntN(2) == 0 {
					b.Attrs["language"] = "go"
				}
				out = append(out, b)
			case 4:
				if !quoted {
					box := []string{quote, callout}[r.IntN(2)]
					container(append(append([]string{}, parents...), box), depth+1)
				}
				quoted = true
				continue
			default:
				item := []string{bulletItem, orderedItem, taskItem}[r.IntN(3)]
				for range 1 + r.IntN(3) {
					b := block(item, parents, randomSpans(r))
					if item == taskItem && r.IntN(2) == 0 {
						b.Attrs["done"] = true
					}
					out = append(out, b)
					if r.IntN(3) == 0 {
						container(append(append([]string{}, parents...), item), depth+1)
					}
				}
			}
			quoted = false
		}
	}
	container(nil, 0)
	return out
}

func TestReadsWhatOthersWrite(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"", "paragraph"},
		{"# Title #\n\nText\nthat goes on  \nafter a break", "heading{level:1} Title / paragraph Text that goes on⏎after a break"},
		{"Under\n=====\n\nlined\n---", "heading{level:1} Under / heading{level:2} lined"},
		{"* a\n* b\n   1. c\n\n      d\n", "unordered-list-item a / unordered-list-item b / unordered-list-item>ordered-list-item c / unordered-list-item>ordered-list-item>paragraph d"},
		{"> q\n>\n> - i", "blockquote>paragraph q / blockquote>unordered-list-item i"},
		{"- # h", "unordered-list-item / unordered-list-item>heading{level:1} h"},
		{"-\n- x", "unordered-list-item / unordered-list-item x"},
		{"    code\n      more", "code-block code⏎  more"},
		{"```go\na\n\nb\n```", "code-block{language:go} a⏎⏎b"},
		{"***", "divider"},
		{"a **b *c* `d`** __e__ _f_", "paragraph a [strong:b ][em strong:c][strong: ][code strong:d] [strong:e] [em:f]"},
		{"[a](http://x.org \"T\") <http://y.org> <a@b.org>", `paragraph [link{"href":"http://x.org","title":"T"}:a] [link{"href":"http://y.org","title":null}:http://y.org] [link{"href":"mailto:a@b.org","title":null}:a@b.org]`},
		{"[r]\n\n[r]: http://z.org/?a=1&amp;b=\\(", `paragraph [link{"href":"http://z.org/?a=1&b=(","title":null}:r]`},
		{"![a *map*](m.png) ![](n.png)", `paragraph [link{"href":"m.png","title":null}:a ][em link{"href":"m.png","title":null}:map] [link{"href":"n.png","title":null}:n.png]`},
		{"| a | b |\n|---|---|\n| *c* | d |", "paragraph a | b / paragraph [em:c] | d"},
		{"<div>\nx <b>y</b>\n</div>\n\nz<sub>2</sub>", "paragraph <div>⏎x <b>y</b>⏎</div> / paragraph z<sub>2</sub>"},
		{"<!-- note -->", "paragraph <!-- note -->"},
		{"a\\*b &copy; &#x41; &unknown; \\q", "paragraph a*b © A &unknown; \\q"},
		{"\ufeffa\r\nb\r\n", "paragraph a b"},
		{"~~a~~ - [ ] b", "paragraph [strike:a] - [ ] b"},
		{"- [ ] a\n- [x] **b**\n- c\n  - [X] d", "task-list-item a / task-list-item{done:true} [strong:b] / unordered-list-item c / unordered-list-item>task-list-item{done:true} d"},
		{"1. [x] a", "ordered-list-item [x] a"},
		{"> [!NOTE]\n> a\n>\n> - b\n\n> c", "callout>paragraph a / callout>unordered-list-item b / blockquote>paragraph c"},
		{"> [!warning]\n> a", "callout>paragraph [strong:Warning] / callout>paragraph a"},
		{"> [!NOTE] a", "blockquote>paragraph [!NOTE] a"},
		{"<u>a **b**</u> <mark>c</mark> <ins>d</ins><del>e</del>", "paragraph [underline:a ][strong underline:b] [highlight:c] [underline:d][strike:e]"},
	} {
		blocks, err := Read(c.source)
		if err != nil {
			t.Errorf("%q: %v", c.source, err)
			continue
		}
		if got := sketch(blocks); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.source, got, c.want)
		}
	}
}

// sketch writes blocks for the eye.
func sketch(blocks []richtext.Block) string {
	var all []string
	for _, b := range blocks {
		s := strings.Join(append(append([]string{}, b.Parents...), b.Type), ">")
		for k, v := range b.Attrs {
			s += fmt.Sprintf("{%s:%v}", k, v)
		}
		for i, span := range b.Text {
			if i == 0 {
				s += " "
			}
			var names []string
			for _, name := range []string{"code", "em", "highlight", "link", "strike", "strong", "underline"} {
				if v, ok := span.Marks[name]; ok {
					if name == "link" {
						name += v.(string)
					}
					names = append(names, name)
				}
			}
			text := strings.ReplaceAll(span.Text, "\n", "⏎")
			if names != nil {
				text = "[" + strings.Join(names, " ") + ":" + text + "]"
			}
			s += text
		}
		all = append(all, s)
	}
	return strings.Join(all, " / ")
}

// TestWritesWhatMergingLeaves has containers that nothing opens.
func TestWritesWhatMergingLeaves(t *testing.T) {
	text := func(s string) []richtext.Span { return []richtext.Span{{Text: s}} }
	for _, c := range []struct {
		blocks []richtext.Block
		want   string
	}{
		{[]richtext.Block{block(paragraph, []string{bulletItem}, text("a")), block(paragraph, []string{bulletItem}, text("b"))}, "- a\n\n  b\n"},
		{[]richtext.Block{block(heading, []string{bulletItem}, text("a"))}, "# a\n"},
		{[]richtext.Block{block(paragraph, []string{"box", quote}, text("a"))}, "> a\n"},
		{[]richtext.Block{block(paragraph, []string{callout}, text("a")), block(taskItem, []string{callout}, text("b"))}, "> [!NOTE]\n> a\n>\n> - [ ] b\n"},
		{[]richtext.Block{block(paragraph, []string{quote}, text("[!NOTE]"))}, "> \\[!NOTE\\]\n"},
		{[]richtext.Block{block(orderedItem, []string{bulletItem}, text("a"))}, "1. a\n"},
		{[]richtext.Block{block("poem", nil, text("a")), block(divider, nil, text("b"))}, "a\n\n---\n\nb\n"},
	} {
		if got := Write(c.blocks); got != c.want {
			t.Errorf("%s\n got %q\nwant %q", dump(c.blocks), got, c.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for source, want := range map[string]error{
		"a\xffb":                             ErrNotText,
		"a\x00b":                             ErrNotText,
		strings.Repeat("long ", MaxSize/5+1): ErrTooLarge,
	} {
		if _, err := Read(source); !errors.Is(err, want) {
			t.Errorf("%.20q: got %v, want %v", source, err, want)
		}
	}
}

// loose passes over white space in code: CommonMark does not keep lines of
// nothing else in a list, and turns tabs into spaces here and there.
func loose(blocks []richtext.Block) []richtext.Block {
	out := append([]richtext.Block{}, blocks...)
	for i, b := range out {
		if b.Type == codeBlock {
			out[i].Text = []richtext.Span{{Text: strings.Join(strings.Fields(b.Plain()), " ")}}
		}
	}
	return out
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"# a\n\n- b\n  1. c\n\n> d\n\n```\ne\n```\n\n---", "**a*b*c** `d` [e](f \"g\") ![h](i)", "| a |\n|---|\n| b |", "<br>\n\n<b>x", "&#0;&#x110000;&amp", "[a]: b\n[a]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		blocks, err := Read(source)
		if err != nil {
			return
		}
		// What was read once is read again from what is written.
		written := Write(blocks)
		again, err := Read(written)
		if errors.Is(err, ErrTooLarge) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(normal(loose(again)), normal(loose(blocks))) {
			t.Fatalf("got %s\nwant %s\nfrom\n%s", dump(again), dump(blocks), written)
		}
	})
}
