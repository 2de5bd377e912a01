package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"os"
	"path/filepath"

	"parley/app"
)

// FileGroup holds the commands about files.
type FileGroup struct {
	Add  FileAdd  `cmd:"" help:"Keep a file in a space, to be referred to by its documents."`
	Get  FileGet  `cmd:"" help:"Write a file of a space to a file of yours."`
	List FileList `cmd:"" help:"List the files of a space."`
}

// FileAdd adds a file to a space.
type FileAdd struct {
	Space string `arg:"" help:"The space."`
	File  string `arg:"" help:"The file." json:"-"`
	Media string `help:"What kind of file it is, such as image/png. Without it, what its name ends with tells." placeholder:"TYPE"`

	bytes io.Reader // of the file, where the command runs
}

func (c *FileAdd) prepare() error {
	if c.Media == "" {
		c.Media = mime.TypeByExtension(filepath.Ext(c.File))
	}
	info, err := os.Stat(c.File)
	switch {
	case err != nil:
		return unreadable(c.File, err)
	case info.IsDir():
		return app.NewError(app.CodeUnreadable, fmt.Sprintf("%s is a folder, not a file. Name a file in it.", c.File), nil)
	case info.Size() > app.MaxFile:
		return app.NewError(app.CodeTooLarge, fmt.Sprintf(
			"The file %s has more than %d MB, which is the most that Parley keeps of one. Nothing was added.", c.File, app.MaxFile>>20), nil)
	}
	return nil
}

func (c *FileAdd) open() (io.ReadCloser, error) {
	file, err := os.Open(c.File)
	if err != nil {
		return nil, unreadable(c.File, err)
	}
	return file, nil
}

func (c *FileAdd) give(bytes io.Reader) { c.bytes = bytes }

type fileAdded struct {
	app.File
	Reference string `json:"reference"`
}

func (r fileAdded) Plain() string { return r.Reference + "\n" }

// Run keeps the file, and tells how documents refer to it.
func (c *FileAdd) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	file, reference, err := peer.AddFile(ctx, id, c.Media, c.bytes)
	if err != nil {
		return err
	}
	return reply.Result(fileAdded{file, reference})
}

// FileGet writes a file of a space to a file.
type FileGet struct {
	Space string `arg:"" help:"The space."`
	Hash  string `arg:"" help:"The file's name, from file list, or how a document refers to it."`
	File  string `arg:"" help:"The file to write, which must not be there yet." json:"-"`
}

func (c *FileGet) create() (*os.File, error) { return createNew(c.File) }

// createNew creates a file that is not there yet.
func createNew(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, app.NewError(app.CodeInvalid, fmt.Sprintf("There is a file %s already. Name another.", path), err)
	}
	if err != nil {
		return nil, app.NewError(app.CodeUnwritable, fmt.Sprintf("The file %s cannot be written. Name another.", path), err)
	}
	return file, nil
}

type fileGot struct {
	app.File
}

func (r fileGot) Plain() string { return fmt.Sprintf("Written: %d bytes, %s.\n", r.Size, r.Media) }

// Run reads the file, which may have to come from another device first, and
// hands it over.
func (c *FileGet) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	blob, err := peer.FindFile(id, c.Hash)
	if err != nil {
		return err
	}
	to, ok := reply.(carrier)
	if !ok {
		return errNoTaker
	}
	if err := peer.FetchFile(ctx, id, blob); err != nil {
		return err
	}
	file, err := peer.ReadFile(id, blob, to.Carry)
	if err != nil {
		return err
	}
	return reply.Result(fileGot{file})
}

// FileList lists the files of a space.
type FileList struct {
	Space string `arg:"" help:"The space."`
}

type fileListed struct {
	app.File
}

func (r fileListed) Plain() string {
	words := fmt.Sprintf("%s  %d bytes, %s", short(r.Hash), r.Size, r.Media)
	if r.Unused {
		words += ", in no document"
	}
	return words + "\n"
}

// Run tells one result for each file.
func (c *FileList) Run(_ context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	files, err := peer.Files(id)
	if err != nil {
		return err
	}
	return each(reply, files, func(file app.File) Result { return fileListed{file} })
}
