package richtext

import (
	"iter"
	"slices"
	"unicode/utf8"

	"parley/crdt/chunk"
)

// Item is an element of a list or text: a character, a block marker, the begin
// or end of a mark, or what is left of one that was deleted.
type Item struct {
	Elem chunk.ID // what the element is called by those that insert after it
	top  *op      // the operation that counts: the latest that nothing overwrote
	puts []*op    // operations that came after the insertion
	own  *op
}

// Visible reports whether the item is there to be read: not deleted, and not
// the edge of a mark.
func (i Item) Visible() bool { return i.top != nil && i.top.Action != chunk.Mark }

// IsBlock reports whether the item is a block marker.
func (i Item) IsBlock() bool { return i.Visible() && i.top.Action == chunk.MakeMap }

// isMark reports whether the item is an edge of a mark.
func (i Item) isMark() bool { return i.top != nil && i.top.Action == chunk.Mark }

// replacement stands in texts for what is neither text nor block.
const replacement = "\ufffc"

// Text is the item's text: as a rule one code point.
func (i Item) Text() string {
	if s, ok := i.top.Value.Text(); ok && i.top.Action == chunk.Put {
		return s
	}
	return replacement
}

// width is the number of code points of the item's text.
func (i Item) width() int {
	if i.top.Action == chunk.Put && i.top.Value.Kind == chunk.KindString {
		return utf8.RuneCount(i.top.Value.Bytes())
	}
	return 1
}

// current lists the operations that a deletion of the item overwrites.
func (i Item) current() []chunk.ID {
	return current(append([]*op{i.own}, i.puts...))
}

// items are the items of a list or text in order.
type items struct{ obj *object }

func (d *Document) items(id chunk.ID) items {
	if obj := d.objects[id]; obj != nil {
		return items{obj: obj}
	}
	return items{obj: &object{}}
}

func (s items) len() int { return len(s.obj.ordered) }

func (s items) at(i int) Item {
	o := s.obj.ordered[i]
	item := Item{Elem: o.ID, own: o}
	if !o.dead {
		item.top = o
	}
	if s.obj.puts != nil {
		if item.puts = s.obj.puts[o.ID]; item.puts != nil {
			if top := latest(item.puts); top != nil {
				item.top = top
			}
		}
	}
	return item
}

// Sequence goes through the items of a list or text, also those not visible.
func (d *Document) Sequence(id chunk.ID) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for i, all := 0, d.items(id); i < all.len(); i++ {
			if !yield(all.at(i)) {
				return
			}
		}
	}
}

// marks tells which marks are on at a place while walking along a text. Of
// several marks of one name the one with the greatest ID counts.
type marks struct {
	d    *Document
	open []*op          // marks begun and not ended, in ascending order
	now  map[string]any // never changed once it is here, so that it can be kept
}

// pass takes in the edge of a mark and reports whether the marks changed.
func (m *marks) pass(item Item) {
	edge := item.top
	if edge.Begins {
		at, found := slices.BinarySearchFunc(m.open, edge.ID, func(o *op, id chunk.ID) int { return m.d.compare(o.ID, id) })
		if found {
			return
		}
		m.open = slices.Insert(m.open, at, edge)
		m.update(edge.Mark)
		return
	}
	// A mark's end is the operation after its begin.
	begin := chunk.ID{Counter: edge.ID.Counter - 1, Actor: edge.ID.Actor}
	at := slices.IndexFunc(m.open, func(o *op) bool { return o.ID == begin })
	if at < 0 {
		return
	}
	name := m.open[at].Mark
	m.open = slices.Delete(m.open, at, at+1)
	m.update(name)
}

func (m *marks) update(name string) {
	var value any
	for _, o := range slices.Backward(m.open) {
		if o.Mark == name {
			value = scalar(o.Value)
			break
		}
	}
	old, had := m.now[name]
	if !had && value == nil || had && equal(old, value) {
		return
	}
	next := make(map[string]any, len(m.now)+1)
	for k, v := range m.now {
		next[k] = v
	}
	// A mark whose value is null is one taken away.
	if value == nil {
		delete(next, name)
	} else {
		next[name] = value
	}
	m.now = next
}
