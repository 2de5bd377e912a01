//go:build office

package file_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"parley/crdt/materialize/file/docx"
	"parley/crdt/materialize/file/filetest"
	"parley/crdt/materialize/file/html"
	"parley/crdt/materialize/file/odt"
)

// convert has LibreOffice open a file and save it as another kind.
func convert(t *testing.T, from, to string) string {
	t.Helper()
	dir := filepath.Dir(from)
	cmd := exec.Command("soffice", "-env:UserInstallation=file://"+t.TempDir(), "--headless", "--convert-to", to, "--outdir", filepath.Join(dir, "out"), from)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("LibreOffice: %v\n%s", err, out)
	}
	name := strings.TrimSuffix(filepath.Base(from), filepath.Ext(from)) + "." + strings.SplitN(to, ":", 2)[0]
	return filepath.Join(dir, "out", name)
}

// TestLibreOfficeOpensOurs has LibreOffice open what we write and save it again,
// and reads that: what it is has to come back. What LibreOffice has saved is what
// the tests of each format read without it.
func TestLibreOfficeOpensOurs(t *testing.T) {
	for ending, format := range map[string]filetest.Format{"docx": docx.Format{}, "odt": odt.Format{}, "html": html.Format{}} {
		dir := t.TempDir()
		var out bytes.Buffer
		if left, err := format.Write(&out, filetest.Whole()); err != nil || len(left) > 0 {
			t.Fatal(left, err)
		}
		ours := filepath.Join(dir, "whole."+ending)
		if err := os.WriteFile(ours, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		convert(t, ours, "pdf")
		if ending == "html" {
			continue
		}
		raw, err := os.ReadFile(convert(t, ours, ending))
		if err != nil {
			t.Fatal(err)
		}
		d, left, err := format.Read(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, want := filetest.Line(d, left), filetest.Line(filetest.Whole(), nil)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", ending, strings.ReplaceAll(got, " / ", "\n"), strings.ReplaceAll(want, " / ", "\n"))
		}
		if err := os.WriteFile(filepath.Join(ending, "testdata", "libreoffice."+ending), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
