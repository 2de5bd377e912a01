package plain

import (
	"errors"
	"strings"
	"testing"

	"parley/crdt/materialize/file"
	"parley/crdt/materialize/file/filetest"
)

func TestConforms(t *testing.T) {
	filetest.Run(t, Format{}, []string{"paragraph", "letters"})
}

func TestReadsWhatOthersWrite(t *testing.T) {
	for source, want := range map[string]string{
		"a\r\nb\r\n\r\nc":                 "a⏎b / c",
		"a\n\n\nb\n\n\n\nc\n":             "a / b /  / c",
		"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe": "Grüße",
		"Gr\xfc\xdfe \x80":                "Grüße €",
		"\xff\xfeG\x00\xfc\x00":           "Gü",
		"":                                "",
	} {
		d, told, err := Format{}.Read([]byte(source))
		if err != nil || len(told) > 0 {
			t.Errorf("%q: %v, %v", source, told, err)
			continue
		}
		var got []string
		for _, b := range d.Blocks {
			got = append(got, strings.ReplaceAll(b.Plain(), "\n", "⏎"))
		}
		if s := strings.Join(got, " / "); s != want {
			t.Errorf("%q: got %q, want %q", source, s, want)
		}
	}
	if _, _, err := (Format{}).Read([]byte("PK\x03\x04\x00\x00")); !errors.Is(err, file.ErrNotThis) {
		t.Errorf("an archive was read as text: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"a\n\nb", "\xff\xfea\x00", "\xfe\xff\x00", "a\r\rb\f"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { filetest.Survives(t, Format{}, raw) })
}
