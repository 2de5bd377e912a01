package docx

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

	styles     map[string]style
	numberings map[string]map[int]string // by ID, what each level is
	relations  map[string]target         // of the piece that is being read
	notes      map[string][][]richtext.Span
	noted      map[string]bool // those that the text has named

	path    []string // types of the items that are open, by depth
	titled  bool     // something was read already: what comes is no title
	tables  int
	figure  bool // the last block is a picture that a caption may follow
	table   bool // the last block is of a table that an empty paragraph may follow
	lines   bool // the last block is code of which each line is a paragraph
	fields  []field
	pending []richtext.Block // pictures, and what was in boxes: behind the paragraph or table that they are in
}

// target is what a relation leads to.
type target struct {
	kind, target string
	outside      bool
}

// field is one that is being read: what it says, and then what it shows.
type field struct {
	instruction strings.Builder
	showing     bool
	href        string
}

// Read implements file.Reader.
func (Format) Read(raw []byte) (file.Document, []file.Left, error) {
	archive, err := file.OpenArchive(raw)
	if err != nil {
		return file.Document{}, nil, err
	}
	r := reader{archive: archive, noted: make(map[string]bool)}
	main := r.main()
	if main == "" {
		return file.Document{}, nil, file.ErrNotThis
	}
	folder, name := path.Split(main)
	piece := func(name string) []byte {
		if !archive.Has(folder + name) {
			return nil
		}
		raw, err := archive.ReadAll(folder+name, file.MaxXML)
		if err != nil {
			r.out.Tally.AddOnce(file.Broken)
		}
		return raw
	}
	r.readStyles(piece("styles.xml"))
	r.readNumbering(piece("numbering.xml"))
	r.readNotes(piece, folder)
	r.relations = readRelations(piece("_rels/"+name+".rels"), folder)
	body, err := archive.ReadAll(main, file.MaxXML)
	if errors.Is(err, file.ErrTooLarge) {
		return file.Document{}, nil, err
	}
	x := file.NewXML(body)
	isDocument := false
	x.Root(func(e file.Element) {
		isDocument = e.Name() == "document"
		x.Children(func(e file.Element) {
			if e.Name() == "body" {
				r.blocks(x)
			}
		}, nil)
	})
	if !isDocument {
		return file.Document{}, nil, file.ErrNotThis
	}
	if errors.Is(x.Err(), file.ErrTooLarge) {
		return file.Document{}, nil, file.ErrTooLarge
	}
	if err != nil || x.Err() != nil {
		r.out.Tally.AddOnce(file.Broken)
	}
	r.beside()
	r.title()
	return r.out.Finish()
}

// main finds the document in the archive.
func (r *reader) main() string {
	raw, err := r.archive.ReadAll("_rels/.rels", 1<<20)
	if err == nil {
		for _, t := range readRelations(raw, "") {
			if t.kind == "officeDocument" && r.archive.Has(t.target) {
				return t.target
			}
		}
	}
	if r.archive.Has("word/document.xml") {
		return "word/document.xml"
	}
	return ""
}

func readRelations(raw []byte, folder string) map[string]target {
	found := make(map[string]target)
	x := file.NewXML(raw)
	x.Root(func(file.Element) {
		x.Children(func(e file.Element) {
			t := target{kind: path.Base(e.Attr("Type")), target: e.Attr("Target"), outside: e.Attr("TargetMode") == "External"}
			if !t.outside {
				if strings.HasPrefix(t.target, "/") {
					t.target = strings.TrimPrefix(t.target, "/")
				} else {
					t.target = path.Join(folder, t.target)
				}
			}
			if len(found) < 100_000 {
				found[e.Attr("Id")] = t
			}
		}, nil)
	})
	return found
}

// beside tells of what is in the archive besides the text.
func (r *reader) beside() {
	running := false
	for _, name := range r.archive.Names() {
		base := path.Base(name)
		switch {
		case strings.HasSuffix(base, ".bin") && strings.Contains(base, "vba"):
			r.out.Tally.AddOnce(file.Macros)
		case strings.Contains(name, "/activex/"):
			r.out.Tally.AddOnce(file.Objects)
		case strings.HasPrefix(base, "header") || strings.HasPrefix(base, "footer"):
			raw, _ := r.archive.ReadAll(name, 1<<20)
			running = running || bytes.Contains(raw, []byte("<w:t>")) || bytes.Contains(raw, []byte("<w:t "))
		}
	}
	if running {
		r.out.Tally.AddOnce(file.Running)
	}
}

// title takes the document's title from its properties, where its text has none.
func (r *reader) title() {
	if r.out.Title != "" {
		return
	}
	raw, err := r.archive.ReadAll("docProps/core.xml", 1<<20)
	if err != nil {
		return
	}
	x := file.NewXML(raw)
	x.Root(func(file.Element) {
		x.Children(func(e file.Element) {
			if e.Name() == "title" {
				r.out.Title = file.OneLine(x.Text())
			}
		}, nil)
	})
}

// readNotes reads the footnotes and the endnotes.
func (r *reader) readNotes(piece func(string) []byte, folder string) {
	r.notes = make(map[string][][]richtext.Span)
	for _, kind := range []string{"footnote", "endnote"} {
		raw := piece(kind + "s.xml")
		if raw == nil {
			continue
		}
		r.relations = readRelations(piece("_rels/"+kind+"s.xml.rels"), folder)
		x := file.NewXML(raw)
		x.Root(func(file.Element) {
			x.Children(func(e file.Element) {
				if e.Name() != kind || e.Attr("type") != "" && e.Attr("type") != "normal" {
					return
				}
				var note [][]richtext.Span
				within(x, "p", func(file.Element) {
					p := r.paragraph(x)
					if n := len(p.spans); n > 0 && len(note) == 0 {
						p.spans[0].Text = strings.TrimPrefix(p.spans[0].Text, " ")
					}
					if len(p.pictures) > 0 {
						r.out.Tally.AddMany(file.Pictures, len(p.pictures))
					}
					note = append(note, p.spans)
				})
				r.notes[kind[:1]+e.Attr("id")] = note
			}, nil)
		})
		if x.Err() != nil {
			r.out.Tally.AddOnce(file.Broken)
		}
	}
}

// blocks reads what contains paragraphs and tables: the body, a box, a content
// control.
func (r *reader) blocks(x *file.XML) {
	x.Children(func(e file.Element) {
		if r.out.Full() {
			x.Stop(file.ErrTooLarge)
			return
		}
		switch e.Name() {
		case "p":
			r.put(r.paragraph(x))
			r.settle()
		case "tbl":
			r.addTable(x)
			r.settle()
		case "altChunk":
			r.out.Tally.Add(file.Objects)
		case "sectPr", "sdtPr", "sdtEndPr", "tblPr", "del", "moveFrom":
			if e.Name() == "del" || e.Name() == "moveFrom" {
				r.out.Tally.Add(file.Revisions)
			}
		case "AlternateContent":
			r.alternative(x, func() { r.blocks(x) })
		default: // content controls, insertions, custom XML: what is in them
			r.blocks(x)
		}
	}, nil)
}

// alternative reads the first of several ways to say the same.
func (r *reader) alternative(x *file.XML, read func()) {
	chosen := false
	x.Children(func(e file.Element) {
		if !chosen && (e.Name() == "Choice" || e.Name() == "Fallback") {
			chosen = true
			read()
		}
	}, nil)
}

// settle adds what was found in a paragraph or a table and comes behind it.
func (r *reader) settle() {
	pending := r.pending
	r.pending = nil
	for _, b := range pending {
		r.out.Add(b)
		r.figure = b.Type == file.Image
	}
}

// put adds a paragraph as what it is.
func (r *reader) put(p paragraph) {
	role := r.roleOf(p.style)
	if p.outline > 0 {
		role.Kind, role.Level = file.AsHeading, p.outline
	}
	figure, table, lines := r.figure, r.table, r.lines
	r.figure, r.table, r.lines = false, false, false
	list := p.number
	if !list.said {
		list = r.listOf(p.style)
	}
	item := ""
	if list.said && list.id != "0" && list.id != "" {
		item = r.kindOf(list)
	}
	text := strings.TrimSpace(plain(p.spans)) != ""
	for _, b := range p.pictures {
		if role.Kind == file.AsFigure && role.Width > 0 {
			b.Attrs["width"] = int64(role.Width)
		} else if role.Kind == file.AsFigure {
			delete(b.Attrs, "width")
		}
		r.pending = append(r.pending, b)
	}
	switch {
	case len(p.pictures)+p.boxes > 0 && !text:
		r.path = nil
		return
	case table && role.Kind == file.AsTableEnd && !text:
		return
	case figure && role.Kind == file.AsCaption && text && len(r.out.Blocks) > 0:
		last := &r.out.Blocks[len(r.out.Blocks)-1]
		last.Text = p.spans
		return
	case role.Kind == file.AsTitle && !r.titled && text && item == "":
		r.out.Title, r.titled = file.OneLine(plain(p.spans)), true
		return
	}
	r.titled = r.titled || text
	if role.Kind == file.AsTitle {
		role.Kind, role.Level = file.AsHeading, 1
	}
	if role.Kind == file.AsHeading {
		if item != "" {
			r.out.Tally.AddOnce(file.Numbering)
		}
		b := file.New(file.Heading, nil, p.spans)
		b.Attrs["level"] = int64(role.Level)
		r.flat(b)
		return
	}
	if item != "" {
		r.item(item, list.level, p.spans)
		return
	}
	r.other(role, p, text, lines)
}

// other adds a paragraph that is no heading and in no list.
func (r *reader) other(role file.Role, p paragraph, text, lines bool) {
	switch {
	case role.Kind == file.AsQuote:
		r.path = nil
		r.out.Add(file.New(file.Paragraph, slices.Repeat([]string{file.Quote}, role.Level), p.spans))
	case role.Kind == file.AsCallout:
		r.path = nil
		r.out.Add(file.New(file.Paragraph, []string{file.Callout}, p.spans))
	case role.Kind == file.AsCode, role.Kind == file.AsLines:
		r.code(role, p.spans, lines)
	case (role.Kind == file.AsDivider || p.ruled) && !text:
		r.flat(file.New(file.Divider, nil, nil))
	case role.Kind == file.AsContinue && len(r.path) > 0:
		r.path = r.path[:min(role.Level, len(r.path))]
		r.out.Add(file.New(file.Paragraph, r.path, p.spans))
	case p.task != "":
		r.item(p.task, 0, p.spans)
	default:
		r.flat(file.New(file.Paragraph, nil, p.spans))
	}
}

func (r *reader) flat(b richtext.Block) {
	r.path = nil
	r.out.Add(b)
}

// code adds code; lines that follow one another are one piece.
func (r *reader) code(role file.Role, spans []richtext.Span, lines bool) {
	r.path = nil
	text := plain(spans)
	if role.Kind == file.AsLines {
		r.lines = true
		if n := len(r.out.Blocks); lines && n > 0 && r.out.Fits(len(text)) {
			last := &r.out.Blocks[n-1]
			last.Text = file.Join(append(last.Text, richtext.Span{Text: "\n" + text}))
			return
		}
	}
	b := file.New(file.CodeBlock, nil, []richtext.Span{{Text: text}})
	if role.Language != "" {
		b.Attrs["language"] = role.Language
	}
	r.out.Add(b)
}

// kindOf is the type of item that a paragraph in a list is; empty for none.
func (r *reader) kindOf(n numbered) string {
	kind, ok := r.numberings[n.id][n.level]
	switch {
	case !ok:
		return file.BulletItem
	case kind == plainItem:
		return ""
	}
	return kind
}

// item adds an item of a list, as deep as there are items to be in.
func (r *reader) item(kind string, level int, spans []richtext.Span) {
	box, task := strings.CutPrefix(kind, taskItems)
	if task {
		kind = file.TaskItem
	}
	r.path = r.path[:min(level, len(r.path))]
	b := file.New(kind, r.path, spans)
	if task {
		b.Attrs["done"] = strings.TrimSpace(box) != openBox
	}
	r.out.Add(b)
	r.path = append(slices.Clip(r.path), kind)
}

func plain(spans []richtext.Span) string {
	return richtext.Block{Text: spans}.Plain()
}

// addTable reads a table. Cells hold paragraphs and nothing else; what else is
// in them comes as text, or behind the table.
func (r *reader) addTable(x *file.XML) {
	var g file.Grid
	boxes := len(r.pending)
	var rows func(file.Element)
	rows = func(e file.Element) {
		switch e.Name() {
		case "tr":
			header := r.row(x, &g)
			g.Header = g.Header || header && len(g.Rows) == 1
		case "tblPr", "tblGrid", "del", "moveFrom":
		default:
			x.Children(rows, nil)
		}
	}
	x.Children(rows, nil)
	r.path = nil
	r.tables++
	if g.Width() > 0 {
		r.out.Add(file.NewTable(r.tables, nil, g)...)
	}
	if len(r.pending) > boxes {
		r.out.Tally.AddMany(file.InCells, len(r.pending)-boxes)
	}
	r.titled, r.table = true, true
}

func (r *reader) row(x *file.XML, g *file.Grid) (header bool) {
	var row []file.Cell
	var cells func(file.Element)
	cells = func(e file.Element) {
		switch e.Name() {
		case "trPr":
			x.Children(func(e file.Element) {
				switch e.Name() {
				case "tblHeader":
					header = switched(e)
				case "gridBefore":
					n, _ := strconv.Atoi(e.Attr("val"))
					row = append(row, make([]file.Cell, min(max(n, 0), maxSpan))...)
				}
			}, nil)
		case "tc":
			cell, span := r.cell(x)
			if r.out.FitsCells(len(g.Rows), len(row)+span) {
				row = append(row, cell)
				row = append(row, make([]file.Cell, span-1)...)
			}
		default:
			x.Children(cells, nil)
		}
	}
	x.Children(cells, nil)
	g.Rows = append(g.Rows, row)
	return header
}

// maxSpan bounds how many columns a cell may take.
const maxSpan = 64

func (r *reader) cell(x *file.XML) (cell file.Cell, span int) {
	span = 1
	var content func(file.Element)
	content = func(e file.Element) {
		switch e.Name() {
		case "tcPr":
			x.Children(func(e file.Element) {
				switch e.Name() {
				case "gridSpan":
					n, _ := strconv.Atoi(e.Attr("val"))
					if span = min(max(n, 1), maxSpan); span > 1 {
						r.out.Tally.Add(file.Merged)
					}
				case "vMerge":
					if e.Attr("val") == "restart" {
						r.out.Tally.Add(file.Merged)
					}
				}
			}, nil)
		case "p":
			p := r.paragraph(x)
			role := r.roleOf(p.style)
			if list := r.listOf(p.style); role.Kind == file.AsHeading || p.number.said && p.number.id != "0" || !p.number.said && list.said && list.id != "0" {
				r.out.Tally.Add(file.InCells)
			}
			r.pending = append(r.pending, p.pictures...)
			cell = append(cell, p.spans)
		case "tbl":
			r.out.Tally.Add(file.InnerTables)
			cell = append(cell, r.innerTable(x)...)
		case "del", "moveFrom":
		default:
			x.Children(content, nil)
		}
	}
	x.Children(content, nil)
	// An empty paragraph has to stand where there is nothing, and after a table.
	if n := len(cell); n > 0 && len(cell[n-1]) == 0 {
		cell = cell[:n-1]
	}
	if len(cell) == 0 {
		cell = nil
	}
	return cell, span
}

// innerTable reads a table within a cell as lines of text.
func (r *reader) innerTable(x *file.XML) (lines file.Cell) {
	var rows func(file.Element)
	rows = func(e file.Element) {
		if e.Name() != "tr" {
			x.Children(rows, nil)
			return
		}
		var g file.Grid
		r.row(x, &g)
		lines = append(lines, file.RowText(g.Rows[0]))
	}
	x.Children(rows, nil)
	return lines
}
