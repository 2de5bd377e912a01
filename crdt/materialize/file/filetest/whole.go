package filetest

import (
	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Whole is a document of all that there is, as somebody might write it.
func Whole() file.Document {
	d := file.Document{Title: "A bench for the bus stop", Language: "en-GB"}
	add := func(b ...richtext.Block) { d.Blocks = append(d.Blocks, b...) }
	head := func(level int64, text string) {
		add(with(file.New(file.Heading, nil, Text(text)), map[string]any{"level": level}))
	}
	head(1, "Why")
	add(file.New(file.Paragraph, nil, []richtext.Span{
		{Text: "People "}, {Text: "wait", Marks: file.Style{Strong: true}.Marks()}, {Text: " in the "}, {Text: "rain", Marks: file.Style{Em: true}.Marks()},
		{Text: ", "}, {Text: "every day", Marks: file.Style{Underline: true}.Marks()}, {Text: ", "}, {Text: "not", Marks: file.Style{Strike: true}.Marks()},
		{Text: " "}, {Text: "seldom", Marks: file.Style{Highlight: true}.Marks()}, {Text: ". See "},
		{Text: "the timetable", Marks: file.Style{Href: "https://example.org/stop?line=7&day=mon"}.Marks()}, {Text: " and "},
		{Text: "stop.json", Marks: file.Style{Code: true}.Marks()}, {Text: "."}, {Text: file.NoteMark, Marks: file.Style{Note: "n"}.Marks()}}))
	head(2, "What we ask for")
	add(file.New(file.BulletItem, nil, Text("A bench")),
		file.New(file.OrderedItem, []string{file.BulletItem}, Text("of wood")),
		file.New(file.OrderedItem, []string{file.BulletItem}, Text("with a back")),
		file.New(file.Paragraph, []string{file.BulletItem}, Text("It stands under the tree.")),
		file.New(file.BulletItem, nil, Text("A roof")),
		file.New(file.Paragraph, nil, Text("In this order:")),
		file.New(file.OrderedItem, nil, Text("ask")), file.New(file.OrderedItem, nil, Text("build")),
		file.New(file.Paragraph, nil, Text("And:")),
		file.New(file.TaskItem, nil, Text("write to the council")),
		with(file.New(file.TaskItem, nil, Text("count the people who wait")), map[string]any{"done": true}),
		file.New(file.Paragraph, []string{file.Quote}, Text("Nobody asked us.")),
		file.New(file.Paragraph, []string{file.Callout}, Text("The council answers by May.")))
	head(3, "Who does what")
	add(file.NewTable(1, nil, file.Grid{Header: true, Rows: [][]file.Cell{
		{{Text("Who")}, {Text("What")}, {Text("Until when")}},
		{{Text("The parks office")}, {Text("the bench"), Text("and the bin")}, {Text("May")}},
		{{Text("The school")}, {Text("the paint")}, nil}}})...)
	head(4, "Where")
	src, _ := d.Keep(Picture(200, 80))
	add(with(file.New(file.Image, nil, Text("The stop as it is now")), map[string]any{"src": src, "alt": "A pole in the rain", "width": int64(60)}),
		with(file.New(file.CodeBlock, nil, Text("if rain {\n\troof()\n}")), map[string]any{"language": "go"}),
		file.New(file.Divider, nil, nil),
		file.New(file.Paragraph, nil, Text("نص عربي من اليمين إلى اليسار")),
		file.New(file.Paragraph, nil, Text("The end.")),
		with(file.New(file.Footnote, nil, Text("As of this spring.")), map[string]any{"note": "n"}))
	return d
}
