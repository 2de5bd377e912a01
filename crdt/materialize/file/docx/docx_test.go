package docx

import (
	"archive/zip"
	"bytes"
	"maps"
	"slices"
	"testing"

	"parley/crdt/materialize/file/filetest"
)

func TestConforms(t *testing.T) {
	filetest.Run(t, Format{}, []string{
		"paragraph", "title", "heading", "divider", "blockquote", "callout", "code", "lists", "tasks", "table", "image", "footnote", "letters",
		"mark strong", "mark em", "mark underline", "mark strike", "mark highlight", "mark code", "mark link",
	})
}

// archive makes a file of its pieces.
func archive(t testing.TB, pieces map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(pieces)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(pieces[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const around = `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body>`

// body makes a file whose text is this.
func body(t testing.TB, xml string, more map[string]string) []byte {
	pieces := map[string]string{"word/document.xml": around + xml + "</w:body></w:document>"}
	maps.Copy(pieces, more)
	return archive(t, pieces)
}

func FuzzRead(f *testing.F) {
	for _, d := range filetest.Samples() {
		var out bytes.Buffer
		if _, err := (Format{}).Write(&out, d); err != nil {
			f.Fatal(err)
		}
		f.Add(out.Bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) { filetest.Survives(t, Format{}, raw) })
}

// FuzzBody has the text alone to spoil, which a checksum guards in a file.
func FuzzBody(f *testing.F) {
	for _, s := range wild {
		f.Add(s.body)
	}
	f.Fuzz(func(t *testing.T, xml string) { filetest.Survives(t, Format{}, body(t, xml, nil)) })
}
