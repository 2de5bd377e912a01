package odt

import (
	"archive/zip"
	"bytes"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"parley/crdt/materialize/file"
	"parley/crdt/materialize/file/filetest"
)

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

const head = `<office:document-content ` + spaces + `>`

// body makes a file whose text is this.
func body(t testing.TB, xml string, more map[string]string) []byte {
	pieces := map[string]string{"content.xml": head + `<office:automatic-styles><style:style style:name="B" style:family="text"><style:text-properties fo:font-weight="bold" text:display="none"/></style:style></office:automatic-styles><office:body><office:text>` + xml + "</office:text></office:body></office:document-content>"}
	maps.Copy(pieces, more)
	return archive(t, pieces)
}

// wild are texts as other programs write them.
var wild = []struct{ name, body, want string }{
	{"white space", "<text:p>\n  a <text:span> b</text:span>\n c<text:s text:c=\"2\"/></text:p>", "paragraph a b c"},
	{"lists that say how deep they are", `<text:list><text:list-item><text:list><text:list-item><text:p>a</text:p></text:list-item></text:list></text:list-item></text:list><text:list><text:list-item><text:p>b</text:p><text:list><text:list-item><text:p>c</text:p><text:p>d</text:p></text:list-item></text:list></text:list-item></text:list>`, "unordered-list-item a / unordered-list-item b / unordered-list-item>unordered-list-item c / unordered-list-item>unordered-list-item>paragraph d"},
	{"a heading in a list", `<text:list><text:list-item><text:h text:outline-level="2">a</text:h></text:list-item></text:list><text:p>b</text:p>`, "heading a / paragraph b {numbering 1}"},
	{"a section", `<text:section><text:p>a</text:p></text:section>`, "paragraph a"},
	{"tracked changes", `<text:tracked-changes><text:changed-region><text:deletion><text:p>old</text:p></text:deletion></text:changed-region></text:tracked-changes><text:p><text:change-start/>new<text:change-end/></text:p>`, "paragraph new {revisions 1}"},
	{"a comment", `<text:p>a<office:annotation><dc:creator>Ben</dc:creator><text:p>no</text:p></office:annotation>b</text:p>`, "paragraph ab {comments 1}"},
	{"a table of contents", `<text:table-of-content><text:table-of-content-source/><text:index-body><text:p>a 1</text:p></text:index-body></text:table-of-content><text:p>b</text:p>`, "paragraph b {objects 1}"},
	{"links", `<text:p><text:a xlink:href="javascript:x">a</text:a><text:a xlink:href="https://example.org">b</text:a><text:a xlink:href="#x">c</text:a></text:p>`, "paragraph a[https://example.org]bc {links 2}"},
	{"hidden text", `<text:p>a<text:span text:style-name="B">b</text:span><text:hidden-text text:string-value="c"/></text:p>`, "paragraph a {hidden 2}"},
	{"fields", `<text:p>Page <text:page-number>3</text:page-number> of <text:date>May</text:date></text:p>`, "paragraph Page 3 of May"},
	{"nested tables", `<table:table><table:table-row><table:table-cell><text:p>a</text:p><table:table><table:table-row><table:table-cell><text:p>b</text:p></table:table-cell><table:table-cell><text:p>c</text:p></table:table-cell></table:table-row></table:table></table:table-cell></table:table-row></table:table>`, "table (a+b | c) {inner 1}"},
	{"joined cells", `<table:table><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>a</text:p></table:table-cell><table:covered-table-cell/></table:table-row><table:table-row><table:table-cell table:number-columns-repeated="2"/></table:table-row></table:table>`, "table (a;)(;) {merged 1}"},
	{"a box", `<text:p>a<draw:frame><draw:text-box><text:p>in</text:p></draw:text-box></draw:frame></text:p>`, "paragraph a / paragraph in {boxes 1}"},
	{"a formula", `<text:p>a<draw:frame><draw:object xlink:href="./Object 1"/><draw:image xlink:href="./ObjectReplacements/Object 1"/></draw:frame></text:p>`, "paragraph a {objects 1}"},
	{"a picture from elsewhere", `<text:p>a<draw:frame><draw:image xlink:href="http://example.org/p.png"/><svg:desc>A map</svg:desc></draw:frame></text:p>`, "paragraph a[A map] {outside 1}"},
	{"a picture outside of the file", `<text:p>a<draw:frame><draw:image xlink:href="../../etc/passwd"/></draw:frame></text:p>`, "paragraph a {outside 1}"},
	{"broken XML", `<text:p>a</text:p><text:p>b</text:q>`, "paragraph a / paragraph b {broken 1}"},
	{"an entity", `<text:p>a</text:p><text:p>&x;</text:p>`, "paragraph a / paragraph {broken 1}"},
}

func TestReadsWhatOthersWrite(t *testing.T) {
	for _, c := range wild {
		d, told, err := Format{}.Read(body(t, c.body, nil))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		filetest.Sound(t, d)
		if got := filetest.Line(d, told); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestReadsWhatLibreOfficeMade has a file that LibreOffice has saved, made of
// one of ours by `make office`: all of it is there.
func TestReadsWhatLibreOfficeMade(t *testing.T) {
	raw, err := os.ReadFile("testdata/libreoffice.odt")
	if err != nil {
		t.Fatal(err)
	}
	d, told, err := Format{}.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := filetest.Line(d, told), filetest.Line(filetest.Whole(), nil); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if d.Title != filetest.Whole().Title || d.Language != "en-GB" || len(d.Files) != 1 {
		t.Errorf("%q in %q with %d pictures", d.Title, d.Language, len(d.Files))
	}
}

func TestTellsOfWhatLiesBeside(t *testing.T) {
	d, told, err := Format{}.Read(body(t, "<text:p>a</text:p>", map[string]string{
		"Basic/Standard/Module1.xml": "x",
		"styles.xml":                 `<office:document-styles ` + spaces + `><office:master-styles><style:master-page><style:header><text:p>Page</text:p></style:header></style:master-page></office:master-styles></office:document-styles>`,
	}))
	if got, want := filetest.Line(d, told), "paragraph a {running 1} {macros 1}"; err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

// TestHostileFiles are refused within a bounded time and memory.
func TestHostileFiles(t *testing.T) {
	many := strings.Repeat
	for _, c := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"a bomb", archive(t, map[string]string{"content.xml": many(" ", file.MaxXML+1)}), file.ErrTooLarge},
		{"text without end", body(t, "<text:p>"+many("a", file.MaxText+1)+"</text:p>", nil), file.ErrTooLarge},
		{"spaces without end", body(t, "<text:p>"+many(`<text:s text:c="999"/>`, 600)+"</text:p>", nil), file.ErrTooLarge},
		{"empty paragraphs", body(t, many("<text:p/>", file.MaxBlocks+1), nil), file.ErrTooLarge},
		{"cells without end", body(t, "<table:table><table:table-row>"+many(`<table:table-cell table:number-columns-repeated="64"/>`, 10)+"</table:table-row></table:table>", nil), file.ErrTooLarge},
		{"deep elements", body(t, many("<text:section>", 100_000), nil), file.ErrTooLarge},
		{"deep lists", body(t, many("<text:list><text:list-item>", 10_000), nil), file.ErrTooLarge},
		{"a locked file", body(t, "<text:p/>", map[string]string{"META-INF/manifest.xml": "<manifest:encryption-data/>"}), file.ErrNotThis},
		{"a spreadsheet", archive(t, map[string]string{"content.xml": head + "<office:body><office:spreadsheet/></office:body></office:document-content>"}), file.ErrNotThis},
		{"nothing", nil, file.ErrNotThis},
		{"an empty archive", archive(t, nil), file.ErrNotThis},
	} {
		if _, _, err := (Format{}).Read(c.raw); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", c.name, err, c.want)
		}
	}
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
