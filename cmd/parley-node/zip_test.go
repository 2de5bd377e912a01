package main

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// unzip FILE DIR takes a ZIP archive apart.
func unzip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unzip FILE DIR")
	}
	archive, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer archive.Close()
	for _, file := range archive.File {
		if !filepath.IsLocal(file.Name) {
			ts.Fatalf("%q would be outside", file.Name)
		}
		path := filepath.Join(ts.MkAbs(args[1]), filepath.FromSlash(file.Name))
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
		from, err := file.Open()
		ts.Check(err)
		content, err := io.ReadAll(from)
		ts.Check(err)
		ts.Check(from.Close())
		ts.Check(os.WriteFile(path, content, 0o600))
	}
}
