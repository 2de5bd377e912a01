package html

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/file"
)

// picture takes in a picture that the page holds. Nothing is fetched.
func (r *reader) picture(n *html.Node, css map[string]string) {
	alt := file.OneLine(attr(n, "alt"))
	media, data, inside := strings.Cut(attr(n, "src"), ",")
	if !strings.HasPrefix(strings.ToLower(media), "data:") || !inside {
		r.out.Tally.Add(file.Outside)
		r.described(alt)
		return
	}
	src, ok := "", false
	if raw, err := dataOf(media, data); err == nil {
		src, ok = r.out.Keep(raw)
	}
	if !ok {
		r.out.Tally.Add(file.Pictures)
		r.described(alt)
		return
	}
	b := file.New(file.Image, nil, nil)
	b.Attrs["src"], b.Attrs["alt"] = src, alt
	if width := percent(css["width"] + attr(n, "width")); width > 0 {
		b.Attrs["width"] = width
	}
	r.pending = append(r.pending, b)
}

// described puts a picture's description in its place.
func (r *reader) described(alt string) {
	if alt != "" && r.out.Fits(len(alt)) {
		r.line.text("[" + alt + "]")
	}
}

func dataOf(media, data string) ([]byte, error) {
	if len(data) > file.MaxPicture*3/2 {
		return nil, file.ErrTooLarge
	}
	if strings.Contains(data, "%") {
		unescaped, err := url.PathUnescape(data)
		if err != nil {
			return nil, err
		}
		data = unescaped
	}
	if !strings.HasSuffix(strings.ToLower(strings.TrimSpace(media)), "base64") {
		return []byte(data), nil
	}
	data = strings.Map(func(c rune) rune {
		if c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '=' {
			return -1
		}
		return c
	}, data)
	return base64.RawStdEncoding.DecodeString(data)
}

// figure reads a picture with its caption. Any other figure is what is in it.
func (r *reader) figure(n *html.Node) {
	r.flush()
	var caption *html.Node
	pictures := 0
	for d := range n.Descendants() {
		switch {
		case d.Type != html.ElementNode:
		case d.DataAtom == atom.Figcaption:
			caption = d
		case d.DataAtom == atom.Img:
			pictures++
		}
	}
	if caption == nil || pictures != 1 {
		r.children(n)
		r.flush()
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c != caption {
			r.node(c)
		}
	}
	pending := r.pending
	r.flush()
	if len(pending) != 1 || caption.Parent != n {
		r.node(caption)
		r.flush()
		return
	}
	if picture := r.last(); picture.Type == file.Image {
		before := r.line.look
		r.line.look = r.line.look.with(caption, styleOf(caption))
		for c := caption.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.ElementNode && isBlock(c) && !r.line.empty() {
				r.line.hard("\n")
			}
			if c.Type == html.ElementNode && isBlock(c) {
				r.inlines(c)
			} else {
				r.node(c)
			}
		}
		r.line.look = before
		picture.Text, _ = r.line.take()
	}
}

// inlines reads what is in a block as if it were not one.
func (r *reader) inlines(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.node(c)
	}
}

// table reads a table. Cells hold paragraphs and nothing else; what else is in
// them comes as text, or behind the table.
func (r *reader) table(n *html.Node) {
	r.flush()
	r.begin()
	var (
		g      file.Grid
		behind []richtext.Block
		spans  []int // rows that a cell above still takes, by column
	)
	for _, row := range rows(n) {
		if row.DataAtom == atom.Caption {
			r.node(row)
			r.flush()
			continue
		}
		line, all := r.row(row, len(g.Rows), &spans, &behind)
		if len(g.Rows) == 0 {
			g.Header = len(line) > 0 && (all || row.Parent.DataAtom == atom.Thead)
		}
		g.Rows = append(g.Rows, line)
	}
	if g.Width() > 0 && !r.out.Full() {
		r.tables++
		for _, b := range file.NewTable(r.tables, r.path, g) {
			r.put(b)
		}
	}
	r.out.Tally.AddMany(file.InCells, len(behind))
	for _, b := range behind {
		r.add(b)
	}
}

// rows lists a table's rows and its caption, without those of tables in it.
func rows(n *html.Node) (list []*html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.DataAtom {
		case atom.Tr, atom.Caption:
			list = append(list, c)
		case atom.Thead, atom.Tbody, atom.Tfoot:
			list = append(list, rows(c)...)
		}
	}
	return list
}

func (r *reader) row(n *html.Node, above int, spans *[]int, behind *[]richtext.Block) (row []file.Cell, headers bool) {
	headers = true
	fill := func() {
		for len(row) < len(*spans) && (*spans)[len(row)] > 0 {
			(*spans)[len(row)]--
			row = append(row, nil)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom != atom.Td && c.DataAtom != atom.Th {
			continue
		}
		headers = headers && c.DataAtom == atom.Th
		fill()
		wide, high := span(c, "colspan"), span(c, "rowspan")
		if wide > 1 || high > 1 {
			r.out.Tally.Add(file.Merged)
		}
		if !r.out.FitsCells(above, len(row)+wide) {
			return row, false
		}
		for len(*spans) < len(row)+wide {
			*spans = append(*spans, 0)
		}
		for i := range wide {
			(*spans)[len(row)+i] = high - 1
		}
		row = append(row, r.cell(c, behind))
		row = append(row, make([]file.Cell, wide-1)...)
	}
	fill()
	return row, headers
}

// maxSpan bounds how many rows or columns a cell may take.
const maxSpan = 64

func span(n *html.Node, name string) int {
	i, _ := strconv.Atoi(attr(n, name))
	return min(max(i, 1), maxSpan)
}

func (r *reader) cell(n *html.Node, behind *[]richtext.Block) (cell file.Cell) {
	var inside []richtext.Block
	sink, path, item := r.sink, r.path, r.item
	r.sink, r.path, r.item = &inside, nil, nil
	before := r.line.look
	r.line.look = r.line.look.with(n, styleOf(n))
	r.children(n)
	r.flush()
	r.line.look = before
	r.sink, r.path, r.item = sink, path, item
	shown := file.Nest(inside)
	for _, b := range inside {
		switch b.Type {
		case file.Image:
			*behind = append(*behind, b)
		case file.Table:
			r.out.Tally.Add(file.InnerTables)
			for _, node := range shown.Nodes {
				if node.Type == file.Table && file.Attr(node.Block, "table") == file.Attr(b, "table") {
					for _, row := range node.Grid.Rows {
						cell = append(cell, file.RowText(row))
					}
				}
			}
		case file.TableCell:
		case file.Divider:
			r.out.Tally.Add(file.InCells)
		default:
			if b.Type != file.Paragraph || len(b.Parents) > 0 {
				r.out.Tally.Add(file.InCells)
			}
			cell = append(cell, b.Text)
		}
	}
	return cell
}
