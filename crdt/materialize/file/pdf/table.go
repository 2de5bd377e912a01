package pdf

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

const cellPadding = 4.0

// piece is a line of a cell, and the element that it belongs to.
type piece struct {
	words []word
	owner *element
}

// table draws a table, a strip of lines after the other, so that a row may go on
// on the next page.
func (l *layout) table(g file.Grid, in *element, indent float64) {
	columns := g.Width()
	if columns == 0 {
		return
	}
	t := in.add("Table")
	x := margin + indent
	each := (pageWidth - margin - x) / float64(columns)
	f := form{size: 10}
	for i, row := range g.Rows {
		tr := t.add("TR")
		f.strong = i == 0 && g.Header
		cells := make([][]piece, columns)
		high := 1
		for c := range columns {
			td := tr.add("TD")
			if f.strong {
				td.role, td.more = "TH", "/A << /O /Table /Scope /Column >>"
			}
			if c >= len(row) {
				continue
			}
			for _, spans := range row[c] {
				p := td.add("P")
				for _, line := range l.lines(l.words(spans, f), max(each-2*cellPadding, 20), f) {
					cells[c] = append(cells[c], piece{line, p})
				}
			}
			high = max(high, len(cells[c]))
		}
		l.row(cells, high, x, each, f)
	}
	l.y -= 10
}

func (l *layout) row(cells [][]piece, high int, x, each float64, f form) {
	height := f.size * leading
	right := x + each*float64(len(cells))
	rule := func() { l.artifact("0.5 G 0.5 w %.2f %.2f m %.2f %.2f l S", x, l.y, right, l.y) }
	l.room(height + 2*cellPadding)
	rule()
	side := func(height float64) {
		for c := range len(cells) + 1 {
			at := x + each*float64(c)
			l.artifact("0.5 G 0.5 w %.2f %.2f m %.2f %.2f l S", at, l.y, at, l.y-height)
		}
		l.y -= height
	}
	side(cellPadding)
	for n := range high {
		if l.y-height < bottom {
			rule()
			l.newPage()
			rule()
		}
		for c, lines := range cells {
			if n < len(lines) {
				l.line(lines[n].owner, lines[n].words, x+each*float64(c)+cellPadding, l.y-f.size)
			}
		}
		side(height)
	}
	side(cellPadding)
	rule()
}

// picture is one that is in the file.
type picture struct {
	object        int
	width, height int
}

// maxUnfolded bounds the pixels of a picture that has to be unfolded.
const maxUnfolded = 24 << 20

func (l *layout) picture(b richtext.Block, in *element, indent float64) {
	src, alt := file.Attr(b, "src"), file.Attr(b, "alt")
	raw, here := l.document.Files[src]
	p, ok := l.pictures[src]
	if !ok && here {
		p, ok = l.embed(raw)
		l.pictures[src] = p
	}
	if !ok || p.object == 0 {
		code := file.Pictures
		if !here {
			code = file.Missing
		}
		l.left.Add(code)
		if len(b.Text) == 0 {
			b.Text = []richtext.Span{{Text: alt}}
		}
		l.paragraph(in.add("P"), b.Text, form{size: textSize, indent: indent, after: 7})
		return
	}
	wide := (pageWidth - 2*margin - indent) * float64(file.Width(b)) / 100
	high := wide * float64(p.height) / float64(p.width)
	if most := pageHeight - 2*margin - 40; high > most {
		wide, high = wide*most/high, most
	}
	l.room(high + 24)
	l.y -= 4
	figure := in.add("Figure")
	x, y := margin+indent, l.y-high
	figure.more = fmt.Sprintf("/Alt %s /A << /O /Layout /Placement /Block /BBox [%.2f %.2f %.2f %.2f] >>", text(alt), x, y, x+wide, y+high)
	l.now().x = append(l.now().x, p.object)
	l.marked(figure, fmt.Sprintf("q %.2f 0 0 %.2f %.2f %.2f cm /X%d Do Q\n", wide, high, x, y, p.object))
	l.y = y - 6
	if len(b.Text) > 0 {
		l.paragraph(in.add("Caption"), b.Text, form{size: 9.5, indent: indent, after: 8})
	}
}

// embed puts a picture into the file: a photograph as it is, any other unfolded.
func (l *layout) embed(raw []byte) (picture, bool) {
	looked, ok := file.LookAt(raw)
	if !ok || looked.Width == 0 || looked.Media == "image/webp" {
		return picture{}, false
	}
	p := picture{width: looked.Width, height: looked.Height}
	head := fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 ", p.width, p.height)
	if looked.Media == "image/jpeg" {
		config, _, err := image.DecodeConfig(bytes.NewReader(raw))
		if err != nil {
			return picture{}, false
		}
		switch config.ColorModel {
		case color.GrayModel:
			p.object = l.objects.raw(raw, head+"/ColorSpace /DeviceGray /Filter /DCTDecode")
			return p, true
		case color.YCbCrModel:
			p.object = l.objects.raw(raw, head+"/ColorSpace /DeviceRGB /Filter /DCTDecode")
			return p, true
		}
	}
	if p.width > maxUnfolded/p.height {
		return picture{}, false
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return picture{}, false
	}
	colours, clear := make([]byte, 0, 3*p.width*p.height), make([]byte, 0, p.width*p.height)
	whole := true
	bounds := img.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			colours, clear = append(colours, c.R, c.G, c.B), append(clear, c.A)
			whole = whole && c.A == math.MaxUint8
		}
	}
	if len(clear) != p.width*p.height {
		return picture{}, false
	}
	more := head + "/ColorSpace /DeviceRGB"
	if !whole {
		more += fmt.Sprintf(" /SMask %d 0 R", l.objects.stream(clear, head+"/ColorSpace /DeviceGray"))
	}
	p.object = l.objects.stream(colours, more)
	return p, true
}
