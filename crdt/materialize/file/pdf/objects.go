package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
)

// objects are those of a file, numbered from 1 on.
type objects struct{ list [][]byte }

// reserve gives out a number for what is written later.
func (o *objects) reserve() int {
	o.list = append(o.list, nil)
	return len(o.list)
}

func (o *objects) set(number int, format string, args ...any) {
	o.list[number-1] = fmt.Appendf(nil, format, args...)
}

func (o *objects) add(format string, args ...any) int {
	number := o.reserve()
	o.set(number, format, args...)
	return number
}

// stream adds bytes, compressed, with more entries of their dictionary.
func (o *objects) stream(content []byte, more string) int {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, err := z.Write(content)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // a Buffer takes everything
	}
	return o.raw(packed.Bytes(), more+" /Filter /FlateDecode")
}

// raw adds bytes as they are.
func (o *objects) raw(content []byte, more string) int {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<< /Length %d %s >>\nstream\n", len(content), more)
	b.Write(content)
	b.WriteString("\nendstream")
	o.list = append(o.list, b.Bytes())
	return len(o.list)
}

// file writes all objects, and where each of them is.
func (o *objects) file(root, info int) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	at := make([]int, len(o.list))
	for i, object := range o.list {
		at[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(o.list)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(o.list)+1, root, info, start)
	return b.Bytes()
}

// text writes a string for people.
func text(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String() + ">"
}

// bytesOf writes a string of bytes, such as an address.
func bytesOf(s string) string { return fmt.Sprintf("<%X>", s) }

func reference(number int) string { return fmt.Sprintf("%d 0 R", number) }

func references(numbers []int) string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = reference(n)
	}
	return "[" + strings.Join(list, " ") + "]"
}

// font adds a typeface with what tells its glyphs' characters.
func (o *objects) font(f *font, name string) int {
	scale := func(n int) int { return n * 1000 / f.units }
	program := o.stream(f.raw, fmt.Sprintf("/Length1 %d", len(f.raw)))
	descriptor := o.add("<< /Type /FontDescriptor /FontName /%s /Flags 32 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight 700 /StemV 80 /FontFile2 %d 0 R >>",
		name, scale(f.box[0]), scale(f.box[1]), scale(f.box[2]), scale(f.box[3]), scale(f.ascent), scale(f.descent), program)
	glyphs := slices.Sorted(maps.Keys(f.characters))
	var widths, unicode strings.Builder
	unicode.WriteString("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def /CMapName /Adobe-Identity-UCS def /CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange\n")
	for part := range slices.Chunk(glyphs, 100) {
		fmt.Fprintf(&unicode, "%d beginbfchar\n", len(part))
		for _, g := range part {
			fmt.Fprintf(&widths, "%d [%d] ", g, scale(f.widths[g]))
			fmt.Fprintf(&unicode, "<%04X> <%04X>\n", g, f.characters[g])
		}
		unicode.WriteString("endbfchar\n")
	}
	unicode.WriteString("endcmap CMapName currentdict /CMap defineresource pop end end")
	characters := o.stream([]byte(unicode.String()), "")
	cid := o.add("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /CIDToGIDMap /Identity /DW 500 /W [%s] >>", name, descriptor, widths.String())
	return o.add("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", name, cid, characters)
}
