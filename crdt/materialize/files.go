package materialize

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
	"parley/crdt/materialize/file/docx"
	"parley/crdt/materialize/file/html"
	"parley/crdt/materialize/file/odt"
	"parley/crdt/materialize/file/pdf"
	"parley/crdt/materialize/file/plain"
	"parley/crdt/materialize/markdown"
)

// fileFormat is a format of files of other programs.
type fileFormat struct {
	name   string   // what files of it end with, without the dot
	others []string // what they may end with, too
	file.Reader
	file.Writer
}

var fileFormats = []fileFormat{
	{"docx", []string{"docm", "dotx", "dotm"}, docx.Format{}, docx.Format{}},
	{"odt", []string{"ott"}, odt.Format{}, odt.Format{}},
	{"html", []string{"htm", "xhtml"}, html.Format{}, html.Format{}},
	{"md", []string{"markdown"}, markdown.File{}, markdown.File{}},
	{"pdf", nil, nil, pdf.Format{}},
	{"txt", []string{"text"}, plain.Format{}, plain.Format{}},
}

// FileFormat finds the format by what a file's name ends with, with the dot or
// without.
func FileFormat(ending string) (name string, reads, writes bool) {
	ending = strings.ToLower(strings.TrimPrefix(ending, "."))
	for _, f := range fileFormats {
		if f.name == ending || slices.Contains(f.others, ending) {
			return f.name, f.Reader != nil, f.Writer != nil
		}
	}
	return "", false, false
}

// FileFormats lists what files may end with that can be read, and that can be
// written.
func FileFormats() (read, written []string) {
	for _, f := range fileFormats {
		if f.Reader != nil {
			read = append(append(read, f.name), f.others...)
		}
		if f.Writer != nil {
			written = append(written, f.name)
		}
	}
	return read, written
}

func formatOf(name string) fileFormat {
	for _, f := range fileFormats {
		if f.name == name {
			return f
		}
	}
	return fileFormat{}
}

// Taken is what was found in a file besides the text.
type Taken struct {
	Title    string
	Language string
	Files    map[string][]byte // pictures, by what refers to them
	Left     []file.Left
}

// Page is what a document's file says besides the text.
type Page struct {
	Title    string
	Language string
	Files    map[string][]byte // see file.Document
}

// Take writes the first changes of a text document that says what a file does.
// It fails with file.ErrNotThis or file.ErrTooLarge where the file cannot be
// taken, and with ErrCrashed or ErrDeadline where it takes more memory or time
// than a file may.
func (c *Child) Take(ctx context.Context, birth Birth, format string, raw []byte) (changes [][]byte, taken Taken, err error) {
	r, err := c.files.do(ctx, request{Operation: opTake, Birth: birth, Format: format, File: raw})
	return r.List, r.Taken, wrap("take in a file", err)
}

// WriteFile writes a text document as a file of another program, and tells what
// that cannot hold.
func (c *Child) WriteFile(ctx context.Context, chunks [][]byte, format string, page Page) ([]byte, []file.Left, error) {
	r, err := c.files.do(ctx, request{Operation: opWrite, Chunks: chunks, Format: format, Page: page})
	return r.Bytes, r.Taken.Left, wrap("write a file", err)
}

// editor is what the editor has a place for. The rest becomes what it has, but
// for pictures: they are in the document, and their description is to be seen.
var editor = file.Can{Images: true}

func take(b Birth, format string, raw []byte) ([][]byte, Taken, error) {
	f := formatOf(format)
	if f.Reader == nil {
		return nil, Taken{}, fmt.Errorf("%w: there is no format %q to read", file.ErrNotThis, format)
	}
	d, left, err := f.Read(raw)
	if err != nil {
		return nil, Taken{}, err
	}
	var told file.Tally
	for _, l := range left {
		told.AddMany(l.Code, l.Count)
	}
	d = editor.Reduce(d, &told)
	for i, block := range d.Blocks {
		if block.Type == file.Image && len(block.Text) == 0 {
			told.Add(file.Captions)
			d.Blocks[i].Text = []richtext.Span{{Text: file.Attr(block, "alt")}}
		}
	}
	changes, err := bear(b, d.Blocks)
	return changes, Taken{Title: d.Title, Language: d.Language, Files: d.Files, Left: told.Left()}, err
}

func (d document) writeFile(format string, page Page) ([]byte, []file.Left, error) {
	f := formatOf(format)
	if f.Writer == nil {
		return nil, nil, fmt.Errorf("%w: there is no format %q to write", ErrUnreadable, format)
	}
	built, text, err := d.text()
	if err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	left, err := f.Write(&out, file.Document{
		Title: page.Title, Language: page.Language, Files: page.Files, Blocks: built.Blocks(text),
	})
	if err == nil && out.Len() > maxFrame-(1<<20) {
		err = fmt.Errorf("%w: the file would have %d bytes", chunk.ErrTooLarge, out.Len())
	}
	return out.Bytes(), left, err
}
