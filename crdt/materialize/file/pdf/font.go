package pdf

import (
	"embed"
	"encoding/binary"
	"fmt"
	"strings"

	"parley/crdt/materialize/file"
)

// The typefaces are Atkinson Hyperlegible Next and Mono (SIL Open Font License,
// fonts/LICENSE), each at one weight, with the letters of languages that are
// written in Latin script.
//
//go:embed fonts/*.ttf
var fontFiles embed.FS

// face is one of the typefaces.
type face uint8

const (
	regular face = iota
	bold
	italic
	boldItalic
	mono
	faces
)

var faceNames = [faces]string{"regular", "bold", "italic", "bolditalic", "mono"}

func faceOf(s file.Style) face {
	switch {
	case s.Code:
		return mono
	case s.Strong && s.Em:
		return boldItalic
	case s.Strong:
		return bold
	case s.Em:
		return italic
	}
	return regular
}

// font is a typeface as its file says: what glyph stands for a character, and
// how wide that is.
type font struct {
	raw        []byte
	units      int
	box        [4]int
	ascent     int
	descent    int
	widths     []int
	glyphs     map[rune]uint16
	characters map[uint16]rune // that were written
}

// loadFont reads a file of ours: it is whole, and a test says so.
func loadFont(f face) (*font, error) {
	raw, err := fontFiles.ReadFile("fonts/" + faceNames[f] + ".ttf")
	if err != nil {
		return nil, err
	}
	tables := make(map[string][]byte)
	u16 := func(b []byte, at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
	i16 := func(b []byte, at int) int { return int(int16(binary.BigEndian.Uint16(b[at:]))) }
	for i := range u16(raw, 4) {
		entry := raw[12+16*i:]
		at, size := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
		tables[string(entry[:4])] = raw[at : at+size]
	}
	head, hhea, hmtx := tables["head"], tables["hhea"], tables["hmtx"]
	out := &font{raw: raw, units: u16(head, 18), ascent: i16(hhea, 4), descent: i16(hhea, 6), glyphs: make(map[rune]uint16), characters: make(map[uint16]rune)}
	for i := range out.box {
		out.box[i] = i16(head, 36+2*i)
	}
	measured := u16(hhea, 34)
	for i := range u16(tables["maxp"], 4) {
		out.widths = append(out.widths, u16(hmtx, 4*min(i, measured-1)))
	}
	cmap := tables["cmap"]
	for i := range u16(cmap, 2) {
		sub := cmap[binary.BigEndian.Uint32(cmap[4+8*i+4:]):]
		if u16(sub, 0) == 4 {
			out.readSegments(sub)
			return out, nil
		}
	}
	return nil, fmt.Errorf("the font %s has no table of characters", faceNames[f])
}

// readSegments reads the table of characters in format 4.
func (f *font) readSegments(t []byte) {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(t[at:])) }
	n := u16(6) / 2
	for i := range n {
		end, start := u16(14+2*i), u16(16+2*n+2*i)
		delta, offsetAt := u16(16+4*n+2*i), 16+6*n+2*i
		for c := start; c <= end && c < 0xffff; c++ {
			glyph := c + delta
			if offset := u16(offsetAt); offset != 0 {
				if glyph = u16(offsetAt + offset + 2*(c-start)); glyph != 0 {
					glyph += delta
				}
			}
			if g := uint16(glyph); g != 0 {
				f.glyphs[rune(c)] = g
			}
		}
	}
}

// has reports whether a character can be written.
func (f *font) has(r rune) bool { return f.glyphs[r] != 0 }

// width is how wide text is, in thousandths of its size.
func (f *font) width(s string) (total float64) {
	for _, r := range s {
		total += float64(f.widths[f.glyphs[r]]) * 1000 / float64(f.units)
	}
	return total
}

// encode writes text as glyphs, for a string of PDF.
func (f *font) encode(s string) string {
	var b strings.Builder
	for _, r := range s {
		g := f.glyphs[r]
		f.characters[g] = r
		fmt.Fprintf(&b, "%04X", g)
	}
	return b.String()
}
