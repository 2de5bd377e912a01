package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"parley/app"
)

// DocumentImport makes a document of a file of another program.
type DocumentImport struct {
	Space string `arg:"" help:"The space to create it in."`
	File  string `arg:"" help:"The file. What its name ends with tells what it is." json:"-"`

	Name string `kong:"-"` // of the file, without its folder

	bytes io.Reader // of the file, where the command runs
}

func (c *DocumentImport) prepare() error {
	c.Name = filepath.Base(c.File)
	info, err := os.Stat(c.File)
	switch {
	case err != nil:
		return unreadable(c.File, err)
	case info.IsDir():
		return app.NewError(app.CodeUnreadable, fmt.Sprintf("%s is a folder, not a file. Name a file in it.", c.File), nil)
	case info.Size() > app.MaxImport:
		return app.NewError(app.CodeTooLarge, fmt.Sprintf(
			"The file %s has more than %d MB, which is the most that Parley makes a document of. Nothing was created.", c.File, app.MaxImport>>20), nil)
	}
	return nil
}

func (c *DocumentImport) open() (io.ReadCloser, error) {
	file, err := os.Open(c.File)
	if err != nil {
		return nil, unreadable(c.File, err)
	}
	return file, nil
}

func (c *DocumentImport) give(bytes io.Reader) { c.bytes = bytes }

type documentImported struct {
	app.Imported
}

func (r documentImported) Plain() string {
	return fmt.Sprintf("%s\n%s", r.Document, leftWords(r.Left))
}

// leftWords are the sentences of what was left out, a line for each.
func leftWords(left []app.LeftOut) string {
	var words strings.Builder
	for _, l := range left {
		words.WriteString(l.Sentence + "\n")
	}
	return words.String()
}

// Run creates the document and tells its ID, and what of the file it lacks.
func (c *DocumentImport) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	imported, err := peer.ImportDocument(ctx, id, c.Name, c.bytes)
	if err != nil {
		return err
	}
	return reply.Result(documentImported{imported})
}

// DocumentExport saves a document as a file of another program.
type DocumentExport struct {
	Target   target `embed:""`
	File     string `arg:"" help:"The file to write, which must not be there yet. What its name ends with tells what to write." json:"-"`
	Language string `help:"The language that the document is written in, such as en-GB, for whatever reads it aloud or checks its spelling." placeholder:"TAG"`

	Ending string `kong:"-"` // of the file's name
}

func (c *DocumentExport) prepare() error {
	c.Ending = filepath.Ext(c.File)
	return nil
}

func (c *DocumentExport) create() (*os.File, error) { return createNew(c.File) }

type documentExported struct {
	Document string        `json:"document"`
	Size     int           `json:"size"`
	Left     []app.LeftOut `json:"left"`
}

func (r documentExported) Plain() string {
	return fmt.Sprintf("Written: %d bytes.\n%s", r.Size, leftWords(r.Left))
}

// Run writes the document and hands it over.
func (c *DocumentExport) Run(ctx context.Context, peer *app.App, reply Reply) error {
	ref, err := c.Target.find(ctx, peer)
	if err != nil {
		return err
	}
	to, ok := reply.(carrier)
	if !ok {
		return errNoTaker
	}
	content, left, err := peer.ExportDocument(ctx, ref, c.Ending, c.Language)
	if err != nil {
		return err
	}
	for rest := content; len(rest) > 0; {
		n := min(len(rest), maxPart)
		if err := to.Carry(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return reply.Result(documentExported{Document: ref.Document.String(), Size: len(content), Left: left})
}
