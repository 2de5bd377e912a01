package desktop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"parley/app"
)

// Deliver implements app.Delivery: it asks the person where to save a file, and
// writes it there. What was there before stays until the file is whole.
func (d *desktop) Deliver(ctx context.Context, name string, write func(ctx context.Context, to io.Writer) error) (app.Exported, error) {
	path, err := runtime.SaveFileDialog(d.wails, runtime.SaveDialogOptions{DefaultFilename: name, CanCreateDirectories: true})
	if err != nil {
		return app.Exported{}, fmt.Errorf("ask where to save: %w", err)
	}
	if path == "" {
		return app.Exported{}, nil
	}
	if err := save(ctx, path, write); err != nil {
		return app.Exported{}, explainSaving(path, err)
	}
	return app.Exported{File: path}, nil
}

// filesAt is where the page finds the files of spaces. Nobody else can ask there.
const filesAt = "/files/"

// FilesAt implements app.FileShower.
func (d *desktop) FilesAt() string { return filesAt }

// serveFile answers what is no part of the page.
func (d *desktop) serveFile(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, filesAt)
	if !ok {
		http.NotFound(w, r)
		return
	}
	app.ServeFile(d.window.Target(), w, r, path)
}

func save(ctx context.Context, path string, write func(ctx context.Context, to io.Writer) error) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".unfinished-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	err = write(ctx, temp)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// explainSaving finds the words for a file that cannot be written.
func explainSaving(path string, err error) error {
	var errno syscall.Errno
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return app.NewError(app.CodeUnwritable, fmt.Sprintf("There is not enough room in %s. Nothing was left there. Make room, or save it elsewhere.", dir), err)
	case errors.Is(err, fs.ErrNotExist):
		return app.NewError(app.CodeNotFound, fmt.Sprintf("There is no folder %s. Nothing was saved. Choose another.", dir), err)
	case errors.As(err, &errno):
		return app.NewError(app.CodeUnwritable, fmt.Sprintf("%s cannot be written (%v). Nothing was saved. Choose another place.", path, errno), err)
	}
	return err
}
