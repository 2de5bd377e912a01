package markdown

import (
	"errors"
	"io"
	"slices"
	"strings"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// File writes and reads files of Markdown. The title of a document is the only
// heading of the first level, above all else.
type File struct{}

// can is what Markdown has a place for.
func can() file.Can {
	return file.Can{
		Blocks: []string{heading, codeBlock, divider, quote, callout, bulletItem, orderedItem, taskItem},
		Marks:  append([]string{}, nesting...),
	}
}

// Write implements file.Writer.
func (File) Write(to io.Writer, d file.Document) ([]file.Left, error) {
	var told file.Tally
	blocks := can().Reduce(d, &told).Blocks
	for _, b := range blocks {
		if blankCode(b) {
			told.Add(file.Characters)
		}
		for _, s := range b.Text {
			if file.Unsafe(s.Marks) {
				told.Add(file.Links)
			}
		}
	}
	if firstLevel(blocks) > 0 && (d.Title != "" || blocks[0].Type == heading) {
		told.AddOnce(file.Kinds) // the title is read as a heading, or one as the title
	}
	if d.Title != "" {
		title := block(heading, nil, []richtext.Span{{Text: d.Title}})
		title.Attrs["level"] = int64(1)
		blocks = append([]richtext.Block{title}, blocks...)
	}
	_, err := io.WriteString(to, Write(blocks))
	return told.Left(), err
}

// Read implements file.Reader.
func (File) Read(raw []byte) (file.Document, []file.Left, error) {
	blocks, err := Read(string(raw))
	switch {
	case errors.Is(err, ErrTooLarge):
		return file.Document{}, nil, file.ErrTooLarge
	case err != nil:
		return file.Document{}, nil, file.ErrNotThis
	}
	var b file.Builder
	if first := blocks[0]; first.Type == heading && file.Level(first) == 1 && firstLevel(blocks) == 1 && len(first.Parents) == 0 && first.Plain() != "" {
		b.Title, blocks = first.Plain(), blocks[1:]
	}
	b.Add(blocks...)
	return b.Finish()
}

// blankCode reports whether a block is code in a list with lines of nothing but
// white space, which CommonMark does not keep there.
func blankCode(b richtext.Block) bool {
	return b.Type == codeBlock && slices.ContainsFunc(b.Parents, isItem) &&
		slices.ContainsFunc(strings.Split(b.Plain(), "\n"), func(line string) bool {
			return line != "" && strings.TrimSpace(line) == ""
		})
}

func firstLevel(blocks []richtext.Block) (n int) {
	for _, b := range blocks {
		if b.Type == heading && file.Level(b) == 1 {
			n++
		}
	}
	return n
}
