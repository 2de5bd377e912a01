package filetest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Text makes spans of text without marks.
func Text(s string) []richtext.Span {
	if s == "" {
		return nil
	}
	return []richtext.Span{{Text: s}}
}

// Picture makes a small picture.
func Picture(width, height int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		img.Set(x, x%height, color.RGBA{uint8(x), 120, 200, 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func with(b richtext.Block, attrs map[string]any) richtext.Block {
	maps.Copy(b.Attrs, attrs)
	return b
}

// Samples are documents of one thing each, by its name.
func Samples() map[string]file.Document {
	samples := map[string]file.Document{
		"paragraph": {Blocks: []richtext.Block{file.New(file.Paragraph, nil, Text("The bus stop")), file.New(file.Paragraph, nil, nil), file.New(file.Paragraph, nil, Text("a\nb"))}},
		"title":     {Title: "A plan for the park", Blocks: []richtext.Block{file.New(file.Paragraph, nil, Text("x"))}},
		"divider":   {Blocks: []richtext.Block{file.New(file.Paragraph, nil, Text("x")), file.New(file.Divider, nil, nil), file.New(file.Paragraph, nil, Text("y"))}},
		"blockquote": {Blocks: []richtext.Block{
			file.New(file.Paragraph, []string{file.Quote}, Text("x")), file.New(file.Paragraph, []string{file.Quote, file.Quote}, Text("y"))}},
		"callout": {Blocks: []richtext.Block{file.New(file.Paragraph, []string{file.Callout}, Text("x")), file.New(file.Paragraph, []string{file.Callout}, Text("y"))}},
		"code":    {Blocks: []richtext.Block{with(file.New(file.CodeBlock, nil, Text("if x {\n\ty  z\n}")), map[string]any{"language": "go"}), file.New(file.CodeBlock, nil, Text("more"))}},
		"lists": {Blocks: []richtext.Block{
			file.New(file.BulletItem, nil, Text("a")),
			file.New(file.OrderedItem, []string{file.BulletItem}, Text("b")),
			file.New(file.Paragraph, []string{file.BulletItem, file.OrderedItem}, Text("more of b")),
			file.New(file.OrderedItem, []string{file.BulletItem}, Text("c")),
			file.New(file.Paragraph, []string{file.BulletItem}, Text("more of a")),
			file.New(file.BulletItem, nil, Text("d")),
			file.New(file.OrderedItem, nil, Text("e"))}},
		"tasks": {Blocks: []richtext.Block{
			file.New(file.TaskItem, nil, Text("a")),
			with(file.New(file.TaskItem, nil, Text("b")), map[string]any{"done": true}),
			with(file.New(file.TaskItem, []string{file.TaskItem}, Text("c")), map[string]any{"done": true}),
			file.New(file.TaskItem, nil, Text("d"))}},
		"table": {Blocks: append(file.NewTable(1, nil, file.Grid{Header: true, Rows: [][]file.Cell{
			{{Text("Who")}, {Text("When")}},
			{{Text("the parks office"), Text("and the school")}, nil},
			{nil, {Text("May")}}}}), file.New(file.Paragraph, nil, Text("after")))},
		"footnote": {Blocks: []richtext.Block{
			file.New(file.Paragraph, nil, []richtext.Span{{Text: "It costs"}, {Text: file.NoteMark, Marks: map[string]any{"footnote": "n1"}}, {Text: " money."}}),
			with(file.New(file.Footnote, nil, Text("As of May.")), map[string]any{"note": "n1"}),
			with(file.New(file.Footnote, nil, Text("And June.")), map[string]any{"note": "n1"})}},
		"letters": {Blocks: []richtext.Block{
			file.New(file.Paragraph, nil, Text("نص عربي with Latin")), file.New(file.Paragraph, nil, Text("é e\u0301 👩‍👧 \u00a0 <b> & \"q\" 'x'"))}},
		"nested": {Blocks: []richtext.Block{
			file.New(file.BulletItem, []string{file.Quote}, Text("a")), file.New(file.CodeBlock, []string{file.Quote, file.BulletItem}, Text("b"))}},
	}
	samples["heading"] = file.Document{Blocks: []richtext.Block{file.New(file.Paragraph, nil, Text("x"))}}
	for level := range int64(6) {
		d := samples["heading"]
		d.Blocks = append(d.Blocks, with(file.New(file.Heading, nil, Text("H")), map[string]any{"level": level + 1}))
		samples["heading"] = d
	}
	for _, name := range []string{"strong", "em", "underline", "strike", "highlight", "code"} {
		samples["mark "+name] = file.Document{Blocks: []richtext.Block{file.New(file.Paragraph, nil, []richtext.Span{
			{Text: "one "}, {Text: "two", Marks: map[string]any{name: true}}, {Text: " three"}})}}
	}
	samples["mark link"] = file.Document{Blocks: []richtext.Block{file.New(file.Paragraph, nil, []richtext.Span{
		{Text: "one "}, {Text: "two", Marks: file.Style{Href: "https://example.org/?a=1&b=(2)"}.Marks()},
		{Text: "bold", Marks: file.Style{Href: "https://example.org/?a=1&b=(2)", Strong: true}.Marks()}, {Text: " mail", Marks: file.Style{Href: "mailto:a@example.org"}.Marks()}})}}
	var pictured file.Document
	for i, width := range []int{0, 50} {
		src, _ := pictured.Keep(Picture(40+i, 30))
		b := with(file.New(file.Image, nil, Text([]string{"A bench", ""}[i])), map[string]any{"src": src, "alt": "A \"bench\" & a <tree>"})
		if width > 0 {
			b.Attrs["width"] = int64(width)
		}
		pictured.Blocks = append(pictured.Blocks, b, file.New(file.Paragraph, nil, Text("after it")))
	}
	samples["image"] = pictured
	return samples
}

var pieces = []string{
	"a", "bus stop", " ", "  ", "*", "_", "#", "# ", "- ", "1. ", "> ", "---", "[x]", "<b>", "</p>", "&amp;", "&", "\\",
	"é", "“quoted”", "😀", "👩‍👧", "\u00a0", ".", "end.", "http://example.org/a_b", "نص", "\u200f", "0", "\n", "\t", "]]>",
}

func randomText(r *rand.Rand, breaks bool) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	if breaks {
		return b.String()
	}
	return strings.ReplaceAll(b.String(), "\n", "x")
}

func randomSpans(r *rand.Rand) []richtext.Span {
	var spans []richtext.Span
	for range r.IntN(4) {
		var s file.Style
		for _, on := range []*bool{&s.Strong, &s.Em, &s.Underline, &s.Strike, &s.Highlight, &s.Code} {
			*on = r.IntN(6) == 0
		}
		if r.IntN(5) == 0 {
			s.Href = "https://example.org/" + []string{"", "a?b=c&d", "#x"}[r.IntN(3)]
			if r.IntN(3) == 0 {
				s.Title = "a \"title\""
			}
		}
		spans = append(spans, richtext.Span{Text: randomText(r, true), Marks: s.Marks()})
	}
	return file.Join(spans)
}

// Random makes a document of all that there can be, as an editor would.
func Random(r *rand.Rand) file.Document {
	d := file.Document{}
	if r.IntN(2) == 0 {
		d.Title = "Title " + file.OneLine(randomText(r, false)) + "."
	}
	tables, notes := 0, 0
	var after []richtext.Block
	paragraph := func() []richtext.Span {
		spans := randomSpans(r)
		if r.IntN(12) == 0 {
			notes++
			id := "n" + string(rune('0'+notes%10)) + string(rune('a'+notes/10))
			spans = append(spans, richtext.Span{Text: file.NoteMark, Marks: map[string]any{"footnote": id}})
			for range 1 + r.IntN(2) {
				after = append(after, with(file.New(file.Footnote, nil, Text("Note "+randomText(r, false))), map[string]any{"note": id}))
			}
		}
		return spans
	}
	var inside func(parents []string, depth int)
	inside = func(parents []string, depth int) {
		boxed := false // two boxes in a row would be one
		for range 1 + r.IntN(3) {
			kind := r.IntN(13)
			if depth > 3 {
				kind = r.IntN(4)
			}
			in := func(typ string) []string { return append(slices.Clone(parents), typ) }
			opened := false
			switch kind {
			case 2:
				d.Blocks = append(d.Blocks, with(file.New(file.Heading, parents, paragraph()), map[string]any{"level": int64(1 + r.IntN(6))}))
			case 3:
				d.Blocks = append(d.Blocks, file.New(file.Divider, parents, nil))
			case 4:
				d.Blocks = append(d.Blocks, file.New(file.CodeBlock, parents, Text(randomText(r, true))))
			case 5, 6:
				if opened = !boxed; opened {
					inside(in([]string{file.Quote, file.Callout}[kind-5]), depth+1)
				}
			case 7:
				var g file.Grid
				g.Header = r.IntN(2) == 0
				columns := 1 + r.IntN(3)
				for range 1 + r.IntN(3) {
					row := make([]file.Cell, columns)
					for i := range row {
						for range r.IntN(3) {
							row[i] = append(row[i], append(Text("c"), randomSpans(r)...))
						}
					}
					g.Rows = append(g.Rows, row)
				}
				tables++
				d.Blocks = append(d.Blocks, file.NewTable(tables, parents, g)...)
			case 8:
				src, _ := d.Keep(Picture(3+r.IntN(4), 3))
				d.Blocks = append(d.Blocks, with(file.New(file.Image, parents, Text([]string{"", "Caption"}[r.IntN(2)])), map[string]any{"src": src, "alt": file.OneLine(randomText(r, false) + ".")}))
			case 9, 10, 11:
				item := []string{file.BulletItem, file.OrderedItem, file.TaskItem}[kind-9]
				for range 1 + r.IntN(3) {
					b := file.New(item, parents, paragraph())
					if item == file.TaskItem {
						b.Attrs["done"] = r.IntN(2) == 0
					}
					d.Blocks = append(d.Blocks, b)
					if r.IntN(3) == 0 {
						inside(in(item), depth+1)
					}
				}
			default:
				d.Blocks = append(d.Blocks, file.New(file.Paragraph, parents, paragraph()))
			}
			boxed = opened
		}
	}
	inside(nil, 0)
	d.Blocks = append(d.Blocks, after...)
	return d
}
