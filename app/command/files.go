package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"

	"parley/app"
)

const (
	maxMarkdown  = 8 << 20
	maxAutomerge = 32 << 20
)

// readFile reads a file that a command names, up to limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, app.NewError(app.CodeUnreadable, fmt.Sprintf("%s is a folder, not a file. Name a file in it.", path), nil)
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if int64(len(content)) > limit {
		return nil, app.NewError(app.CodeTooLarge, fmt.Sprintf(
			"The file %s has more than %d MB, which is more than Parley takes at once. Nothing was changed.", path, limit>>20), nil)
	}
	return content, nil
}

func unreadable(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return app.NewError(app.CodeNotFound, fmt.Sprintf("There is no file %s. Check its name.", path), err)
	case errors.Is(err, fs.ErrPermission):
		return app.NewError(app.CodeUnreadable, fmt.Sprintf("You may not read the file %s. Ask its owner.", path), err)
	}
	return app.NewError(app.CodeUnreadable, fmt.Sprintf("The file %s cannot be read.", path), err)
}

// readMarkdown reads a Markdown file, which must be text.
func readMarkdown(path string) (string, error) {
	content, err := readFile(path, maxMarkdown)
	if err != nil {
		return "", err
	}
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return "", app.NewError(app.CodeUnreadable, fmt.Sprintf(
			"The file %s is not Markdown text in UTF-8. Save it as plain text in UTF-8 and try again.", path), nil)
	}
	return string(content), nil
}
