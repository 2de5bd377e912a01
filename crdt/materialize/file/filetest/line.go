package filetest

import (
	"fmt"
	"strings"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// Line writes a document on one line, for the eye, and what was left behind.
func Line(d file.Document, told []file.Left) string {
	var pieces []string
	text := func(spans []richtext.Span) string {
		var b strings.Builder
		for _, s := range spans {
			if look := file.Look(s.Marks); look.Href != "" {
				b.WriteString("[" + look.Href + "]")
			}
			b.WriteString(s.Text)
		}
		return b.String()
	}
	file.Nest(d.Blocks).Walk(func(n *file.Node, around []string) {
		line := strings.Join(append(append([]string{}, around...), n.Type), ">")
		switch n.Type {
		case file.List, file.Quote, file.Callout:
			return
		case file.Table:
			line += " "
			for _, row := range n.Grid.Rows {
				var cells []string
				for _, cell := range row {
					var paragraphs []string
					for _, p := range cell {
						paragraphs = append(paragraphs, text(p))
					}
					cells = append(cells, strings.Join(paragraphs, "+"))
				}
				line += "(" + strings.Join(cells, ";") + ")"
			}
		default:
			line = strings.TrimSpace(line + " " + text(n.Block.Text))
		}
		pieces = append(pieces, line)
	})
	line := strings.Join(pieces, " / ")
	for _, l := range told {
		line += fmt.Sprintf(" {%s %d}", l.Code, l.Count)
	}
	return line
}
