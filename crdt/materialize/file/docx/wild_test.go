package docx

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"parley/crdt/materialize/file"
	"parley/crdt/materialize/file/filetest"
)

// wild are texts as other programs write them.
var wild = []struct{ name, body, want string }{
	{"runs", `<w:p><w:r><w:t xml:space="preserve">a </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>b</w:t></w:r><w:r><w:rPr><w:b w:val="0"/></w:rPr><w:t> c </w:t></w:r></w:p>`, "paragraph a bc"},
	{"direct headings", `<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p><w:p><w:pPr><w:outlineLvl w:val="9"/></w:pPr><w:r><w:t>b</w:t></w:r></w:p>`, "heading a / paragraph b"},
	{"lists without a numbering", `<w:p><w:pPr><w:numPr><w:ilvl w:val="3"/><w:numId w:val="7"/></w:numPr></w:pPr><w:r><w:t>a</w:t></w:r></w:p><w:p><w:pPr><w:numPr><w:ilvl w:val="4"/><w:numId w:val="7"/></w:numPr></w:pPr><w:r><w:t>b</w:t></w:r></w:p><w:p><w:pPr><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr><w:r><w:t>c</w:t></w:r></w:p>`, "unordered-list-item a / unordered-list-item>unordered-list-item b / paragraph c"},
	{"tracked changes", `<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del></w:p>`, "paragraph new {revisions 2}"},
	{"a comment", `<w:p><w:commentRangeStart w:id="1"/><w:r><w:t>a</w:t></w:r><w:r><w:commentReference w:id="1"/></w:r></w:p>`, "paragraph a {comments 1}"},
	{"content controls", `<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent><w:p><w:sdt><w:sdtContent><w:r><w:t>a</w:t></w:r></w:sdtContent></w:sdt></w:p></w:sdtContent></w:sdt>`, "paragraph a"},
	{"a box to tick", `<w:p><w:sdt><w:sdtPr><w14:checkbox xmlns:w14="x"><w14:checked w14:val="1"/></w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt><w:r><w:t>a</w:t></w:r></w:p>`, "task-list-item a"},
	{"a field", `<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK "https://example.org" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>a</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t>b</w:t></w:r></w:p>`, "paragraph [https://example.org]ab"},
	{"a field that runs", `<w:p><w:fldSimple w:instr="HYPERLINK &quot;javascript:x&quot;"><w:r><w:t>a</w:t></w:r></w:fldSimple><w:fldSimple w:instr="DDEAUTO c:\\cmd.exe"><w:r><w:t>b</w:t></w:r></w:fldSimple></w:p>`, "paragraph ab {links 1}"},
	{"a link that leads outside of all", `<w:p><w:hyperlink r:id="none"><w:r><w:t>a</w:t></w:r></w:hyperlink><w:hyperlink w:anchor="x"><w:r><w:t>b</w:t></w:r></w:hyperlink></w:p>`, "paragraph ab {links 2}"},
	{"hidden text", `<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>a</w:t></w:r><w:r><w:t>b</w:t></w:r></w:p>`, "paragraph b {hidden 1}"},
	{"nested tables", `<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>c</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p/></w:tc></w:tr></w:tbl>`, "table (a+b | c) {inner 1}"},
	{"joined cells", `<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:p/></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`, "table (a;)(;b) {merged 1}"},
	{"a formula", `<w:p><m:oMath xmlns:m="m"><m:r><m:t>E=mc²</m:t></m:r></m:oMath></w:p>`, "paragraph E=mc² {objects 1}"},
	{"a box", `<w:p><w:r><mc:AlternateContent xmlns:mc="m"><mc:Choice><w:drawing><w:txbxContent><w:p><w:r><w:t>in</w:t></w:r></w:p></w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>in</w:t></w:r></w:p></w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent><w:t>a</w:t></w:r></w:p>`, "paragraph a / paragraph in {boxes 1}"},
	{"a picture from elsewhere", `<w:p><w:r><w:drawing><a:blip xmlns:a="a" r:link="rId1"/></w:drawing></w:r><w:r><w:t>a</w:t></w:r></w:p>`, "paragraph a {outside 1}"},
	{"a symbol", `<w:p><w:r><w:sym w:font="Wingdings" w:char="F0E0"/><w:t>a</w:t></w:r></w:p>`, "paragraph \ufffda {characters 1}"},
	{"another file in it", `<w:altChunk r:id="rId9"/><w:p><w:r><w:t>a</w:t></w:r></w:p>`, "paragraph a {objects 1}"},
	{"broken XML", `<w:p><w:r><w:t>a</w:t></w:r></w:p><w:p><w:r><w:t>b</w:t></w:r></w:q>`, "paragraph a / paragraph b {broken 1}"},
	{"an entity", `<w:p><w:r><w:t>a</w:t></w:r></w:p><w:p><w:r><w:t>&file;</w:t></w:r></w:p>`, "paragraph a / paragraph {broken 1}"},
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

// TestTellsOfWhatLiesBeside has a file with a program, with headers, and with a
// picture that it only refers to.
func TestTellsOfWhatLiesBeside(t *testing.T) {
	d, told, err := Format{}.Read(body(t, `<w:p><w:r><w:drawing><wp:docPr xmlns:wp="w" descr="A map"/><a:blip xmlns:a="a" r:embed="rId1"/></w:drawing></w:r></w:p><w:p><w:r><w:t>a</w:t></w:r></w:p>`, map[string]string{
		"word/vbaProject.bin":          "x",
		"word/header1.xml":             "<w:hdr><w:p><w:r><w:t>Page</w:t></w:r></w:p></w:hdr>",
		"word/_rels/document.xml.rels": `<Relationships><Relationship Id="rId1" Type="x/image" Target="http://example.org/map.png" TargetMode="External"/></Relationships>`,
	}))
	if got, want := filetest.Line(d, told), "paragraph / paragraph a {outside 1} {macros 1} {running 1}"; err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

// TestHostileFiles are refused within a bounded time and memory.
func TestHostileFiles(t *testing.T) {
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	paragraph := func(s string) string { return "<w:p><w:r><w:t>" + s + "</w:t></w:r></w:p>" }
	entities := `<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>` + around + paragraph("&b;&x;") + "</w:body></w:document>"
	for _, c := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"a bomb", archive(t, map[string]string{"word/document.xml": many(" ", file.MaxXML+1)}), file.ErrTooLarge},
		{"text without end", body(t, paragraph(many("a", file.MaxText+1)), nil), file.ErrTooLarge},
		{"text in many paragraphs", body(t, many(paragraph(many("a", 100)), file.MaxText/100+1), nil), file.ErrTooLarge},
		{"empty paragraphs", body(t, many("<w:p/>", file.MaxBlocks+1), nil), file.ErrTooLarge},
		{"a table without end", body(t, "<w:tbl><w:tr>"+many("<w:tc/>", file.MaxColumns+1)+"</w:tr></w:tbl>", nil), file.ErrTooLarge},
		{"deep elements", body(t, many("<w:sdt>", 100_000), nil), file.ErrTooLarge},
		{"deep tables", body(t, many("<w:tbl><w:tr><w:tc>", 10_000), nil), file.ErrTooLarge},
		{"entities", archive(t, map[string]string{"word/document.xml": entities}), nil},
		{"nothing", nil, file.ErrNotThis},
		{"an empty archive", archive(t, nil), file.ErrNotThis},
		{"another archive", archive(t, map[string]string{"content.xml": "<a/>"}), file.ErrNotThis},
		{"an old Word file", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + many("x", 1000)), file.ErrNotThis},
		{"another XML", archive(t, map[string]string{"word/document.xml": "<html/>"}), file.ErrNotThis},
	} {
		begun := time.Now()
		d, told, err := Format{}.Read(c.raw)
		if !errors.Is(err, c.want) || err == nil && c.want != nil {
			t.Errorf("%s: %v, not %v", c.name, err, c.want)
		}
		if c.want == nil {
			if got := filetest.Line(d, told); strings.Contains(got, "aaa") || strings.Contains(got, "root") || !strings.Contains(got, "broken") {
				t.Errorf("%s came to %s", c.name, got)
			}
		}
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("%s took %v", c.name, took)
		}
	}
}

// TestStylesThatGoInCircles do not keep a reader busy.
func TestStylesThatGoInCircles(t *testing.T) {
	styles := `<w:styles xmlns:w="w"><w:style w:styleId="A"><w:name w:val="x"/><w:basedOn w:val="B"/></w:style><w:style w:styleId="B"><w:name w:val="y"/><w:basedOn w:val="A"/></w:style><w:style w:styleId="C"><w:name w:val="Ü1"/><w:basedOn w:val="H"/></w:style><w:style w:styleId="H"><w:name w:val="heading 2"/></w:style></w:styles>`
	d, told, err := Format{}.Read(body(t, `<w:p><w:pPr><w:pStyle w:val="A"/></w:pPr><w:r><w:rPr><w:rStyle w:val="A"/></w:rPr><w:t>a</w:t></w:r></w:p><w:p><w:pPr><w:pStyle w:val="C"/></w:pPr><w:r><w:t>b</w:t></w:r></w:p>`, map[string]string{"word/styles.xml": styles}))
	if got := filetest.Line(d, told); err != nil || got != "paragraph a / heading b" {
		t.Errorf("%s, %v", got, err)
	}
}

// TestPicturesAreBounded has pictures that unfold to what nobody can hold.
func TestPicturesAreBounded(t *testing.T) {
	huge := bytes.Clone(filetest.Picture(10, 10))
	copy(huge[16:], "\x00\x01\x00\x00\x00\x01\x00\x00") // 65,536 by 65,536 pixels; its checksum is wrong, too
	text := `<w:p><w:r><w:drawing><wp:docPr xmlns:wp="w" descr="A map"/><a:blip xmlns:a="a" r:embed="rId%d"/></w:drawing></w:r></w:p>`
	d, told, err := Format{}.Read(body(t, fmt.Sprintf(text, 1)+fmt.Sprintf(text, 2)+fmt.Sprintf(text, 3), map[string]string{
		"word/_rels/document.xml.rels": `<Relationships><Relationship Id="rId1" Type="image" Target="media/huge.png"/><Relationship Id="rId2" Type="image" Target="../word/media/Good.PNG"/><Relationship Id="rId3" Type="image" Target="../../../etc/passwd"/></Relationships>`,
		"word/media/huge.png":          string(huge),
		"word/media/good.png":          string(filetest.Picture(10, 10)),
	}))
	if got := filetest.Line(d, told); err != nil || got != "paragraph [A map] / image / paragraph [A map] {pictures 2}" || len(d.Files) != 1 {
		t.Errorf("%s, %v, %d pictures", got, err, len(d.Files))
	}
}

// TestReadsWhatLibreOfficeMade has a file that LibreOffice has saved, made of
// one of ours by `make office`: all of it is there.
func TestReadsWhatLibreOfficeMade(t *testing.T) {
	raw, err := os.ReadFile("testdata/libreoffice.docx")
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
