package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
	"parley/crdt/materialize/file/filetest"
)

// opened is a file as whoever reads it aloud takes it apart.
type opened struct {
	objects map[int]string
	text    map[string]string // what is marked, by page and mark
}

var (
	object  = regexp.MustCompile(`(?s)(\d+) 0 obj\n(.*?)\nendobj\n`)
	mark    = regexp.MustCompile(`(?s)/(\w+) << /MCID (\d+) >> BDC\n(.*?)EMC\n`)
	shown   = regexp.MustCompile(`/F(\d+) [\d.]+ Tf [\d. -]+ Td <([0-9A-F]*)> Tj`)
	mapping = regexp.MustCompile(`<([0-9A-F]{4})> <([0-9A-F]{4})>`)
)

func inflate(t *testing.T, object string) string {
	t.Helper()
	_, stream, _ := strings.Cut(object, "stream\n")
	z, err := zlib.NewReader(strings.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func number(t *testing.T, in, after string) int {
	t.Helper()
	m := regexp.MustCompile(regexp.QuoteMeta(after) + `\s*(\d+)`).FindStringSubmatch(in)
	if m == nil {
		t.Fatalf("there is no %s in %.300s", after, in)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func open(t *testing.T, raw []byte) opened {
	t.Helper()
	o := opened{objects: make(map[int]string), text: make(map[string]string)}
	table := raw[bytes.LastIndex(raw, []byte("\nxref\n0 "))+1:]
	offsets := strings.Split(string(table), "\n")[3:]
	for _, m := range object.FindAllSubmatchIndex(raw, -1) {
		n, _ := strconv.Atoi(string(raw[m[2]:m[3]]))
		o.objects[n] = string(raw[m[4]:m[5]])
		if at, err := strconv.Atoi(offsets[n-1][:10]); err != nil || at != m[0] {
			t.Fatalf("object %d is at %d, and the table says %s", n, m[0], offsets[n-1])
		}
	}
	for n, body := range o.objects {
		if strings.HasPrefix(body, "<< /Type /Page ") {
			o.page(t, n, body)
		}
	}
	return o
}

// page reads what is marked on a page, by the typefaces' own tables.
func (o *opened) page(t *testing.T, n int, body string) {
	fonts := make(map[string]map[string]string)
	for _, m := range regexp.MustCompile(`/F(\d+) (\d+) 0 R`).FindAllStringSubmatch(body, -1) {
		at, _ := strconv.Atoi(m[2])
		fonts[m[1]] = make(map[string]string)
		for _, pair := range mapping.FindAllStringSubmatch(inflate(t, o.objects[number(t, o.objects[at], "/ToUnicode")]), -1) {
			code, _ := strconv.ParseUint(pair[2], 16, 16)
			fonts[m[1]][pair[1]] = string(rune(code))
		}
	}
	for _, m := range mark.FindAllStringSubmatch(inflate(t, o.objects[number(t, body, "/Contents")]), -1) {
		var text strings.Builder
		for _, s := range shown.FindAllStringSubmatch(m[3], -1) {
			for hex := s[2]; hex != ""; hex = hex[4:] {
				text.WriteString(fonts[s[1]][hex[:4]])
			}
		}
		key := fmt.Sprintf("%d %s", n, m[2])
		if _, twice := o.text[key]; twice {
			t.Fatalf("%s is marked twice", key)
		}
		o.text[key] = text.String()
	}
}

// structure writes an element and what is in it on one line. Every mark is used
// once.
func (o *opened) structure(t *testing.T, n int) string {
	body := o.objects[n]
	role := regexp.MustCompile(`/S /(\w+)`).FindStringSubmatch(body)[1]
	_, kids, _ := strings.Cut(body, "/K [")
	var inside []string
	for kids = strings.TrimSuffix(kids, "] >>"); kids != ""; kids = strings.TrimSpace(kids) {
		piece, rest, _ := strings.Cut(kids, " R")
		if strings.HasPrefix(kids, "<<") {
			piece, rest, _ = strings.Cut(kids, ">>")
			if strings.Contains(piece, "/MCR") {
				key := fmt.Sprintf("%d %d", number(t, piece, "/Pg"), number(t, piece, "/MCID"))
				said, there := o.text[key]
				if !there {
					t.Fatalf("%s is not on any page, or named twice", key)
				}
				delete(o.text, key)
				inside = append(inside, said)
			}
		} else {
			child, err := strconv.Atoi(strings.TrimSuffix(piece, " 0"))
			if err != nil {
				t.Fatalf("%q", piece)
			}
			inside = append(inside, o.structure(t, child))
		}
		kids = rest
	}
	alt := ""
	if strings.Contains(body, "/Alt") {
		alt = " with an alternative"
	}
	return role + alt + "(" + strings.Join(inside, "") + ")"
}

func structureOf(t *testing.T, raw []byte) string {
	t.Helper()
	o := open(t, raw)
	for n, body := range o.objects {
		if strings.HasPrefix(body, "<< /Type /Catalog") && !strings.Contains(body, "/Marked true") {
			t.Errorf("object %d does not say that it is tagged", n)
		}
		if strings.HasPrefix(body, "<< /Type /StructTreeRoot") {
			said := o.structure(t, number(t, body, "/K ["))
			if len(o.text) > 0 {
				t.Errorf("marked and in no element: %v", o.text)
			}
			return said
		}
	}
	t.Fatal("there is no structure")
	return ""
}

func write(t *testing.T, d file.Document) ([]byte, []file.Left) {
	t.Helper()
	var out bytes.Buffer
	told, err := Format{}.Write(&out, d)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), told
}

func TestStructure(t *testing.T) {
	raw, told := write(t, filetest.Whole())
	if got := filetest.Line(file.Document{}, told); got != " {characters 23}" { // the letters of one paragraph
		t.Errorf("told of%s", got)
	}
	got := structureOf(t, raw)
	for _, want := range []string{
		"Document(H1(A bench for the bus stop)H1(Why)P(People wait in the rain, every day, not seldom. See Link(the timetable) and stop.json.Reference(1))",
		"L(LI(Lbl(•)LBody(P(A bench)L(LI(Lbl(1.)LBody(P(of wood)))LI(Lbl(2.)LBody(P(with a back))))P(It stands under the tree.)))LI(",
		"BlockQuote(P(Nobody asked us.))Sect(P(The council answers by May.))H3(Who does what)",
		"Table(TR(TH(P(Who))TH(P(What))TH(P(Until when)))TR(TD(P(The parks office))TD(P(the bench)P(and the bin))TD(P(May)))TR(",
		"Figure with an alternative()Caption(The stop as it is now)P(Code(if rain {    roof()}))",
		"Note(Lbl(1)P(As of this spring.))",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s\nin %s", want, got)
		}
	}
	if !bytes.Contains(raw, []byte("/Lang <FEFF0065006E002D00470042>")) { // en-GB
		t.Error("it does not say its language")
	}
}

// TestEverythingIsWritten makes documents at random: all of their words are
// there, in their order, each in an element.
func TestEverythingIsWritten(t *testing.T) {
	squeeze := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \n\t\u00a0?\u200d\u200f", r) || r > 0x2fff || r >= 0x590 && r < 0x700 {
				return -1
			}
			return r
		}, s)
	}
	written := 0
	defer func() {
		if written < 100 {
			t.Errorf("only %d documents are in a script that can be written", written)
		}
	}()
	for seed := range uint64(150) {
		d := filetest.Random(rand.New(rand.NewPCG(seed, 9)))
		var out bytes.Buffer
		if _, err := (Format{}).Write(&out, d); errors.Is(err, file.ErrScript) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		written++
		got := squeeze(structureOf(t, out.Bytes()))
		var words strings.Builder
		add := func(spans []richtext.Span) {
			for _, s := range spans {
				if file.Look(s.Marks).Note == "" {
					words.WriteString(squeeze(norm.NFC.String(s.Text)))
				}
			}
		}
		file.Nest(d.Blocks).Walk(func(n *file.Node, _ []string) {
			add(n.Block.Text)
			for _, row := range n.Grid.Rows {
				for _, cell := range row {
					for _, spans := range cell {
						add(spans)
					}
				}
			}
		})
		rest := []rune(words.String())
		for _, r := range got {
			if len(rest) > 0 && rest[0] == r {
				rest = rest[1:]
			}
		}
		if len(rest) > 0 {
			t.Fatalf("seed %d: from %q on, nothing is there:\n%s\n%s", seed, string(rest), words.String(), got)
		}
	}
}

// TestLongTextGoesOnOnTheNextPage has paragraphs, a word and a row of a table
// that no page holds.
func TestLongTextGoesOnOnTheNextPage(t *testing.T) {
	long := strings.Repeat("The council answers. ", 600)
	blocks := []richtext.Block{file.New(file.Paragraph, nil, filetest.Text(long)), file.New(file.Paragraph, nil, filetest.Text(strings.Repeat("x", 9000)))}
	blocks = append(blocks, file.NewTable(1, nil, file.Grid{Rows: [][]file.Cell{{{filetest.Text(long)}, {filetest.Text("short")}}}})...)
	raw, told := write(t, file.Document{Blocks: blocks})
	if len(told) > 0 {
		t.Errorf("told of %v", told)
	}
	said := structureOf(t, raw)
	if n := strings.Count(said, "The council answers."); n != 1200 {
		t.Errorf("%d sentences, not 1200", n)
	}
	if n := strings.Count(said, "x"); n != 9000 {
		t.Errorf("%d letters, not 9000", n)
	}
	if n := bytes.Count(raw, []byte("/Type /Page ")); n < 5 || n > 20 {
		t.Errorf("%d pages", n)
	}
}

func TestOtherScriptsAreRefused(t *testing.T) {
	var out bytes.Buffer
	_, err := Format{}.Write(&out, file.Document{Blocks: []richtext.Block{file.New(file.Paragraph, nil, filetest.Text("نص عربي"))}})
	if !errors.Is(err, file.ErrScript) || out.Len() > 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
}

func TestPicturesAndLinks(t *testing.T) {
	d := file.Document{Files: map[string][]byte{"blob:broken": []byte("x")}}
	picture := file.New(file.Image, nil, nil)
	picture.Attrs["src"], picture.Attrs["alt"] = "blob:broken", "A map"
	missing := file.New(file.Image, nil, nil)
	missing.Attrs["src"], missing.Attrs["alt"] = "blob:missing", "A bench"
	d.Blocks = []richtext.Block{picture, missing, file.New(file.Paragraph, nil, []richtext.Span{
		{Text: "bad", Marks: map[string]any{"link": `{"href":"javascript:x","title":null}`}},
		{Text: "good", Marks: file.Style{Href: "https://example.org/(x)"}.Marks()}})}
	raw, told := write(t, d)
	if got := filetest.Line(file.Document{}, told); got != " {pictures 1} {missing 1} {links 1}" {
		t.Errorf("told of%s", got)
	}
	if got := structureOf(t, raw); !strings.Contains(got, "P(A map)P(A bench)P(badLink(good))") {
		t.Error(got)
	}
	if n := bytes.Count(raw, []byte("/S /URI")); n != 1 {
		t.Errorf("%d links", n)
	}
}
