package odt

import (
	"bytes"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// reader reads one document.
type reader struct {
	out     file.Builder
	archive *file.Archive

	styles map[string]style             // by family and name
	lists  map[string]map[string]string // by name, what each level is
	noted  map[string]bool

	path    []string // items around
	titled  bool     // something was read already: what comes is no title
	tables  int
	figure  bool // the last block is a picture that a caption may follow
	table   bool // the last block is of a table that an empty paragraph may follow
	lines   bool // the last block is code of which each line is a paragraph
	pending []richtext.Block
}

// Read implements file.Reader.
func (Format) Read(raw []byte) (file.Document, []file.Left, error) {
	archive, err := file.OpenArchive(raw)
	if err != nil {
		return file.Document{}, nil, err
	}
	if manifest, err := archive.ReadAll("META-INF/manifest.xml", 1<<20); err == nil && bytes.Contains(manifest, []byte("encryption-data")) {
		return file.Document{}, nil, file.ErrNotThis
	}
	r := reader{archive: archive, styles: make(map[string]style), lists: make(map[string]map[string]string), noted: make(map[string]bool)}
	if raw, err := archive.ReadAll("styles.xml", file.MaxXML); err == nil {
		r.stylesheet(raw)
	}
	content, err := archive.ReadAll("content.xml", file.MaxXML)
	if errors.Is(err, file.ErrTooLarge) {
		return file.Document{}, nil, file.ErrTooLarge
	}
	x := file.NewXML(content)
	isText := false
	x.Root(func(file.Element) {
		x.Children(func(e file.Element) {
			switch e.Name() {
			case "automatic-styles":
				r.readStyles(x)
			case "scripts":
				x.Children(func(file.Element) { r.out.Tally.AddOnce(file.Macros) }, nil)
			case "body":
				x.Children(func(e file.Element) {
					if e.Name() == "text" {
						isText = true
						r.blocks(x)
					}
				}, nil)
			}
		}, nil)
	})
	switch {
	case errors.Is(x.Err(), file.ErrTooLarge):
		return file.Document{}, nil, file.ErrTooLarge
	case !isText:
		return file.Document{}, nil, file.ErrNotThis
	case err != nil || x.Err() != nil:
		r.out.Tally.AddOnce(file.Broken)
	}
	r.beside()
	return r.out.Finish()
}

// stylesheet reads the styles, and whether pages have headers.
func (r *reader) stylesheet(raw []byte) {
	x := file.NewXML(raw)
	x.Root(func(file.Element) {
		x.Children(func(e file.Element) {
			if e.Name() != "master-styles" {
				r.readStyles(x)
				return
			}
			var running func(file.Element)
			running = func(e file.Element) {
				if strings.HasPrefix(e.Name(), "header") || strings.HasPrefix(e.Name(), "footer") {
					if strings.TrimSpace(x.Text()) != "" {
						r.out.Tally.AddOnce(file.Running)
					}
					return
				}
				x.Children(running, nil)
			}
			x.Children(running, nil)
		}, nil)
	})
	if x.Err() != nil {
		r.out.Tally.AddOnce(file.Broken)
	}
}

// beside reads the title, where the text has none, and tells of programs.
func (r *reader) beside() {
	for _, name := range r.archive.Names() {
		if strings.HasPrefix(name, "basic/") || strings.HasPrefix(name, "scripts/") {
			r.out.Tally.AddOnce(file.Macros)
		}
	}
	raw, err := r.archive.ReadAll("meta.xml", 1<<20)
	if err != nil || r.out.Title != "" {
		return
	}
	x := file.NewXML(raw)
	x.Root(func(file.Element) {
		x.Children(func(file.Element) {
			x.Children(func(e file.Element) {
				if e.Name() == "title" {
					r.out.Title = file.OneLine(x.Text())
				}
			}, nil)
		}, nil)
	})
}

// blocks reads what contains paragraphs, lists and tables.
func (r *reader) blocks(x *file.XML) {
	x.Children(func(e file.Element) {
		if r.out.Full() {
			x.Stop(file.ErrTooLarge)
			return
		}
		r.block(x, e)
	}, nil)
}

func (r *reader) block(x *file.XML, e file.Element) {
	switch e.Name() {
	case "p":
		r.put(r.paragraph(x, e))
		r.settle()
	case "h":
		r.heading(x, e)
		r.settle()
	case "list":
		r.list(x, e.Attr("style-name"), 1)
		r.path = nil
	case "table":
		r.addTable(x)
		r.settle()
	case "section", "index-body", "index-title":
		r.blocks(x)
	case "numbered-paragraph":
		r.blocks(x)
	case "tracked-changes":
		x.Children(func(file.Element) { r.out.Tally.Add(file.Revisions) }, nil)
	case "table-of-content", "alphabetical-index", "bibliography", "illustration-index", "table-index", "user-index", "object-index", "forms":
		x.Children(func(file.Element) { r.out.Tally.AddOnce(file.Objects) }, nil)
	case "frame", "custom-shape", "g", "rect", "line":
		l := line{r: r, x: x}
		l.drawing(e)
		r.put(l.done())
		r.settle()
	}
}

// settle adds what was found in a paragraph or a table and comes behind it.
func (r *reader) settle() {
	pending := r.pending
	r.pending = nil
	for _, b := range pending {
		b.Parents = append([]string{}, r.path...)
		r.out.Add(b)
		r.figure = b.Type == file.Image
	}
}

func (r *reader) heading(x *file.XML, e file.Element) {
	p := r.paragraph(x, e)
	level, _ := strconv.Atoi(e.Attr("outline-level"))
	if len(p.pictures) > 0 {
		r.pending = append(r.pending, p.pictures...)
	}
	if len(r.path) > 0 {
		r.out.Tally.AddOnce(file.Numbering)
	}
	r.figure, r.table, r.lines, r.titled = false, false, false, true
	b := file.New(file.Heading, nil, p.spans)
	b.Attrs["level"] = int64(min(max(level, 1), 6))
	r.out.Add(b)
}

// put adds a paragraph as what it is.
func (r *reader) put(p paragraph) {
	role := r.roleOf(p.style)
	figure, table, lines := r.figure, r.table, r.lines
	r.figure, r.table, r.lines = false, false, false
	text := strings.TrimSpace(richtext.Block{Text: p.spans}.Plain()) != ""
	for _, b := range p.pictures {
		if role.Kind == file.AsFigure {
			delete(b.Attrs, "width")
		}
		if role.Kind == file.AsFigure && role.Width > 0 {
			b.Attrs["width"] = int64(role.Width)
		}
		r.pending = append(r.pending, b)
	}
	switch {
	case len(p.pictures)+p.boxes > 0 && !text:
		return
	case table && role.Kind == file.AsTableEnd && !text:
		return
	case figure && role.Kind == file.AsCaption && text && len(r.out.Blocks) > 0:
		r.out.Blocks[len(r.out.Blocks)-1].Text = p.spans
		return
	case role.Kind == file.AsTitle && !r.titled && text && len(r.path) == 0:
		r.out.Title, r.titled = file.OneLine(richtext.Block{Text: p.spans}.Plain()), true
		return
	}
	r.titled = r.titled || text
	b := file.New(file.Paragraph, r.path, p.spans)
	switch role.Kind {
	case file.AsTitle, file.AsHeading:
		b.Type, b.Attrs["level"] = file.Heading, int64(max(role.Level, 1))
	case file.AsQuote:
		b.Parents = append(b.Parents, slices.Repeat([]string{file.Quote}, role.Level)...)
	case file.AsCallout:
		b.Parents = append(b.Parents, file.Callout)
	case file.AsDivider:
		if !text {
			b.Type = file.Divider
		}
	case file.AsCode, file.AsLines:
		r.code(b, role, lines)
		return
	}
	r.out.Add(b)
}

// code adds code; lines that follow one another are one piece.
func (r *reader) code(b richtext.Block, role file.Role, lines bool) {
	text := b.Plain()
	if role.Kind == file.AsLines {
		r.lines = true
		if n := len(r.out.Blocks); lines && n > 0 && r.out.Fits(len(text)) {
			last := &r.out.Blocks[n-1]
			last.Text = file.Join(append(last.Text, richtext.Span{Text: "\n" + text}))
			return
		}
	}
	b = file.New(file.CodeBlock, b.Parents, []richtext.Span{{Text: text}})
	if role.Language != "" {
		b.Attrs["language"] = role.Language
	}
	r.out.Add(b)
}

// list reads a list at a level, from 1 on.
func (r *reader) list(x *file.XML, style string, level int) {
	kind := r.lists[style][strconv.Itoa(level)]
	if kind == "" {
		kind = file.BulletItem
	}
	outside := r.path
	x.Children(func(e file.Element) {
		switch e.Name() {
		case "list-item":
			r.item(x, kind, style, level, outside)
		case "list-header": // it has no mark of its own
			r.path = outside
			r.blocks(x)
		}
	}, nil)
	if len(r.path) < len(outside) {
		r.path = outside
	}
}

// item reads an item: its first paragraph, and what is in it besides. An item
// that begins with a list only says how deep that is.
func (r *reader) item(x *file.XML, kind, style string, level int, outside []string) {
	begun := false
	x.Children(func(e file.Element) {
		switch {
		case r.out.Full():
			x.Stop(file.ErrTooLarge)
		case e.Name() == "list":
			inner := e.Attr("style-name")
			if inner == "" {
				inner = style
			}
			if !begun && len(r.path) <= len(outside) {
				r.path = outside
			}
			inside := r.path
			r.list(x, inner, level+1)
			r.path = inside
		case e.Name() == "p" && !begun:
			begun = true
			r.begin(r.paragraph(x, e), kind, outside)
			r.settle()
		case e.Name() == "h":
			r.path = outside
			r.out.Tally.AddOnce(file.Numbering)
			saved := r.path
			r.path = nil
			r.heading(x, e)
			r.settle()
			r.path = saved
		default:
			r.block(x, e)
		}
	}, nil)
}

func (r *reader) begin(p paragraph, kind string, outside []string) {
	r.figure, r.table, r.lines, r.titled = false, false, false, true
	box, task := strings.CutPrefix(kind, taskItems)
	if task {
		kind = file.TaskItem
	}
	b := file.New(kind, outside, p.spans)
	if task {
		b.Attrs["done"] = box != openBox
	}
	r.out.Add(b)
	r.pending = append(r.pending, p.pictures...)
	r.path = append(slices.Clip(outside), kind)
}

// addTable reads a table. Cells hold paragraphs and nothing else; what else is
// in them comes as text, or behind the table.
func (r *reader) addTable(x *file.XML) {
	pending := len(r.pending)
	g := r.grid(x)
	if len(r.path) > 0 {
		r.out.Tally.Add(file.Nesting)
		r.path = nil
	}
	r.tables++
	if g.Width() > 0 && !r.out.Full() {
		r.out.Add(file.NewTable(r.tables, nil, g)...)
	}
	r.out.Tally.AddMany(file.InCells, len(r.pending)-pending)
	r.titled, r.table, r.figure, r.lines = true, true, false, false
}

func (r *reader) grid(x *file.XML) (g file.Grid) {
	var rows func(header bool) func(file.Element)
	rows = func(header bool) func(file.Element) {
		return func(e file.Element) {
			switch e.Name() {
			case "table-row":
				g.Header = g.Header || header && len(g.Rows) == 0
				g.Rows = append(g.Rows, r.row(x, len(g.Rows)))
			case "table-header-rows":
				x.Children(rows(true), nil)
			case "table-rows", "table-row-group":
				x.Children(rows(header), nil)
			}
		}
	}
	x.Children(rows(false), nil)
	return g
}

// maxRepeated bounds how often an empty cell is repeated.
const maxRepeated = 64

func (r *reader) row(x *file.XML, above int) (row []file.Cell) {
	x.Children(func(e file.Element) {
		if e.Name() != "table-cell" && e.Name() != "covered-table-cell" {
			return
		}
		repeated, _ := strconv.Atoi(e.Attr("number-columns-repeated"))
		repeated = min(max(repeated, 1), maxRepeated)
		if e.Attr("number-columns-spanned") > "1" || e.Attr("number-rows-spanned") > "1" {
			r.out.Tally.Add(file.Merged)
		}
		cell := r.cell(x)
		if r.out.FitsCells(above, len(row)+repeated) {
			row = append(row, cell)
			row = append(row, make([]file.Cell, repeated-1)...)
		}
	}, nil)
	return row
}

func (r *reader) cell(x *file.XML) (cell file.Cell) {
	var content func(file.Element)
	content = func(e file.Element) {
		switch e.Name() {
		case "p", "h":
			if e.Name() == "h" {
				r.out.Tally.Add(file.InCells)
			}
			p := r.paragraph(x, e)
			r.pending = append(r.pending, p.pictures...)
			cell = append(cell, p.spans)
		case "list":
			r.out.Tally.Add(file.InCells)
			x.Children(content, nil)
		case "list-item", "list-header", "section":
			x.Children(content, nil)
		case "table":
			r.out.Tally.Add(file.InnerTables)
			for _, row := range r.grid(x).Rows {
				cell = append(cell, file.RowText(row))
			}
		}
	}
	x.Children(content, nil)
	if n := len(cell); n > 0 && len(cell[n-1]) == 0 {
		cell = cell[:n-1]
	}
	if len(cell) == 0 {
		return nil
	}
	return cell
}

// picture takes in a picture of the archive.
func (l *line) picture(href, alt string, percent int) {
	if strings.Contains(href, "://") || strings.HasPrefix(href, "../") || strings.HasPrefix(href, "/") {
		l.r.out.Tally.Add(file.Outside)
		l.described(alt)
		return
	}
	src, ok := "", false
	if raw, err := l.r.archive.ReadAll(path.Clean(href), file.MaxPicture); err == nil {
		src, ok = l.r.out.Keep(raw)
	}
	if !ok {
		l.r.out.Tally.Add(file.Pictures)
		l.described(alt)
		return
	}
	b := file.New(file.Image, nil, nil)
	b.Attrs["src"], b.Attrs["alt"] = src, file.Clean(alt)
	if percent > 0 && percent < 95 {
		b.Attrs["width"] = int64(percent)
	}
	l.p.pictures = append(l.p.pictures, b)
}

func (l *line) described(alt string) {
	if alt = file.OneLine(alt); alt != "" && l.r.out.Fits(len(alt)) {
		l.p.spans = append(l.p.spans, richtext.Span{Text: "[" + alt + "]"})
	}
}
