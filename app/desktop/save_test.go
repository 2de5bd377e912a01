package desktop

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"parley/app"
)

func TestAFileIsSavedWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "all.zip")
	says := func(words string, err error) func(context.Context, io.Writer) error {
		return func(_ context.Context, to io.Writer) error {
			_, failed := io.WriteString(to, words)
			return errors.Join(failed, err)
		}
	}
	if err := save(t.Context(), path, says("first", nil)); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the store is gone")
	if err := save(t.Context(), path, says("half of the sec", broken)); !errors.Is(err, broken) {
		t.Errorf("a file that could not be written: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "first" {
		t.Errorf("there is %q (%v)", got, err)
	}
	if err := save(t.Context(), path, says("second", nil)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "second" {
		t.Errorf("there is %q (%v)", got, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("there is %v (%v)", left, err)
	}
	nowhere := filepath.Join(dir, "no", "all.zip")
	if told := app.Explain(explainSaving(nowhere, save(t.Context(), nowhere, says("", nil)))); told.Code != app.CodeNotFound {
		t.Errorf("a folder that is not there: %v", told)
	}
}
