package file

import (
	"slices"

	"parley/crdt/chunk/richtext"
)

// Node is a piece of a document as it is nested: a block, or what lies around
// blocks.
type Node struct {
	Type     string         // a block's type, or Quote, Callout, List
	Block    richtext.Block // of a block and of a list's item
	Children []*Node        // of Quote and Callout, of a List its items, of an item what follows its first paragraph
	Items    string         // of a List: the type of its items
	Grid     Grid           // of a Table
}

// List is the type of a node that holds the items of one list.
const List = "list"

// Tree is a document as it is nested.
type Tree struct {
	Nodes []*Node
	Notes [][][]richtext.Span // the paragraphs of each footnote, in the order in which they are first named

	numbers map[string]int
}

// Note is the number of a footnote, from 1 on.
func (t Tree) Note(id string) int { return t.numbers[id] }

// Nest reads blocks as they are shown (docs/formats.md, Text): parents from the
// outermost in share the container of the block before; a quote and a callout
// open wherever they are named, an item by a paragraph right inside it; others
// that nothing opened are passed over. Text behind what has none of its own is a
// paragraph.
func Nest(blocks []richtext.Block) Tree {
	n := nesting{grids: grids(blocks), notes: make(map[string][][]richtext.Span), shown: make(map[string]bool)}
	for _, b := range blocks {
		if b.Type == Footnote {
			id := Attr(b, "note")
			n.notes[id] = append(n.notes[id], b.Text)
		}
	}
	tree := Tree{numbers: make(map[string]int)}
	name := func(spans []richtext.Span) {
		for _, s := range spans {
			id := Look(s.Marks).Note
			if _, there := n.notes[id]; there && id != "" && tree.numbers[id] == 0 {
				tree.Notes = append(tree.Notes, n.notes[id])
				tree.numbers[id] = len(tree.Notes)
			}
		}
	}
	for _, b := range blocks {
		if b.Type != TableCell && b.Type != Footnote {
			name(b.Text)
		}
		for _, row := range n.grids[tableOf(b)].Rows {
			for _, cell := range row {
				for _, spans := range cell {
					name(spans)
				}
			}
		}
	}
	for _, b := range blocks {
		switch _, placed := n.grids[Attr(b, "table")]; {
		case b.Type == TableCell && placed:
		case b.Type == Footnote && tree.numbers[Attr(b, "note")] > 0:
		default:
			n.add(b)
		}
	}
	tree.Nodes = n.root.Children
	return tree
}

func tableOf(b richtext.Block) string {
	if b.Type == Table {
		return Attr(b, "table")
	}
	return ""
}

type nesting struct {
	grids map[string]Grid
	notes map[string][][]richtext.Span
	shown map[string]bool // tables that have their place

	root Node
	path []string // containers around the end of the last block
	open []*Node  // likewise
}

func (n *nesting) add(b richtext.Block) {
	switch b.Type {
	case Heading, CodeBlock, Image, Divider, Table, BulletItem, OrderedItem, TaskItem:
	default:
		b.Type = Paragraph // unknown types, and what has lost its place
	}
	if b.Type == Table && n.shown[Attr(b, "table")] {
		b.Type = Paragraph
	}
	path, item := n.place(b)
	if item != "" {
		b.Type = item
	}
	shared := 0
	for shared < min(len(path), len(n.path)) && path[shared] == n.path[shared] {
		shared++
	}
	n.path, n.open = append([]string{}, path[:shared]...), append([]*Node{}, n.open[:shared]...)
	for _, container := range path[shared:] {
		n.push(container, n.append(&Node{Type: container}))
	}
	node := &Node{Type: b.Type, Block: b}
	switch {
	case IsItem(b.Type):
		in := n.inner()
		last := len(in.Children) - 1
		if last < 0 || in.Children[last].Type != List || in.Children[last].Items != b.Type {
			n.append(&Node{Type: List, Items: b.Type})
			last++
		}
		list := in.Children[last]
		list.Children = append(list.Children, node)
		n.push(b.Type, node)
		return
	case b.Type == Table:
		id := Attr(b, "table")
		n.shown[id] = true
		node.Grid = n.grids[id]
	}
	n.append(node)
	if (b.Type == Divider || b.Type == Table) && len(b.Text) > 0 {
		node.Block.Text = nil
		n.append(&Node{Type: Paragraph, Block: New(Paragraph, b.Parents, b.Text)})
	}
}

// place finds a block's containers, and the item that a paragraph opens.
func (n *nesting) place(b richtext.Block) (path []string, item string) {
	sharing := true
	for i, p := range b.Parents {
		switch {
		case len(path) >= MaxDepth:
		case sharing && len(path) < len(n.path) && n.path[len(path)] == p:
			path = append(path, p)
		case p == Quote || p == Callout:
			sharing = false
			path = append(path, p)
		case IsItem(p) && b.Type == Paragraph && i == len(b.Parents)-1:
			return path, p
		}
	}
	return path, ""
}

func (n *nesting) inner() *Node {
	if len(n.open) == 0 {
		return &n.root
	}
	return n.open[len(n.open)-1]
}

func (n *nesting) append(node *Node) *Node {
	in := n.inner()
	in.Children = append(in.Children, node)
	return node
}

func (n *nesting) push(container string, node *Node) {
	n.path, n.open = append(n.path, container), append(n.open, node)
}

// Walk calls visit for every node, outermost first, with the types of what lies
// around it.
func (t Tree) Walk(visit func(n *Node, around []string)) {
	var walk func(nodes []*Node, around []string)
	walk = func(nodes []*Node, around []string) {
		for _, n := range nodes {
			visit(n, around)
			inside := around
			if n.Type != List {
				inside = append(slices.Clip(around), n.Type)
			}
			walk(n.Children, inside)
		}
	}
	walk(t.Nodes, nil)
}
