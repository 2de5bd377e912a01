package richtext

import (
	"iter"

	"parley/crdt/chunk"
)

// Scalars goes through every scalar value that the document shows, wherever it
// lies: in maps and lists, in texts and their blocks, as values of marks. Of
// several that were put in one place at once it gives each. What was
// overwritten or deleted, and what lies in an object that was, is not shown.
func (d *Document) Scalars() iter.Seq[chunk.Value] {
	return func(yield func(chunk.Value) bool) {
		shown := map[chunk.ID]bool{Root: true}
		for _, o := range d.byID {
			valued := o.Action == chunk.Put || o.Action == chunk.Mark && o.Begins
			if valued && !o.dead && d.shown(o.Object, shown) && !yield(o.Value) {
				return
			}
		}
	}
}

// shown reports whether an object can be reached from the root; known are
// those about which that was found out.
func (d *Document) shown(id chunk.ID, known map[chunk.ID]bool) bool {
	// Objects lie in objects that were there before, so this ends.
	var path []chunk.ID
	answer, ok := known[id]
	for !ok {
		path = append(path, id)
		maker := d.byID[id]
		if maker == nil || maker.dead {
			break
		}
		id = maker.Object
		answer, ok = known[id]
	}
	for _, id := range path {
		known[id] = answer
	}
	return answer
}
