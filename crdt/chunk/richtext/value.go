package richtext

import (
	"maps"
	"slices"
	"strings"

	"parley/crdt/chunk"
)

// Root is the ID of the object every document has.
var Root = chunk.ID{}

// Field finds what a map holds under a name: the ID of the operation that set
// it, which is also the object's ID if it is one. Where several were set at the
// same time the greatest ID counts, as everywhere in Automerge.
func (d *Document) Field(object chunk.ID, name string) (id chunk.ID, ok bool) {
	if obj := d.objects[object]; obj != nil {
		if o := latest(obj.fields[name]); o != nil {
			return o.ID, true
		}
	}
	return chunk.ID{}, false
}

// Fields lists the names that a map holds, in order.
func (d *Document) Fields(object chunk.ID) []string {
	var names []string
	if obj := d.objects[object]; obj != nil {
		for _, name := range slices.Sorted(maps.Keys(obj.fields)) {
			if latest(obj.fields[name]) != nil {
				names = append(names, name)
			}
		}
	}
	return names
}

// latest is the last operation that nothing overwrote.
func latest(ops []*op) *op {
	for _, o := range slices.Backward(ops) {
		if !o.dead {
			return o
		}
	}
	return nil
}

// current lists the operations of a place that nothing overwrote: what a new
// operation there overwrites.
func current(ops []*op) (ids []chunk.ID) {
	for _, o := range ops {
		if !o.dead {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// IsText reports whether the operation made a text.
func (d *Document) IsText(id chunk.ID) bool {
	o := d.byID[id]
	return o != nil && o.Action == chunk.MakeText
}

// IsMap reports whether the operation made a map.
func (d *Document) IsMap(id chunk.ID) bool {
	o := d.byID[id]
	return o != nil && o.Action == chunk.MakeMap
}

// Value is what an operation put there, as Go has it: nil, bool, int64,
// uint64, float64, string (also for a text), []byte, map[string]any, []any.
// Timestamps are milliseconds. Counters are read as they began.
func (d *Document) Value(id chunk.ID) any {
	o := d.byID[id]
	if o == nil {
		return nil
	}
	switch o.Action {
	case chunk.MakeMap, chunk.MakeTable:
		m := make(map[string]any)
		for _, name := range d.Fields(id) {
			field, _ := d.Field(id, name)
			m[name] = d.Value(field)
		}
		return m
	case chunk.MakeList:
		list := []any{}
		for item := range d.Sequence(id) {
			if item.Visible() {
				list = append(list, d.Value(item.top.ID))
			}
		}
		return list
	case chunk.MakeText:
		return d.String(id)
	}
	return scalar(o.Op.Value)
}

func scalar(v chunk.Value) any {
	switch v.Kind {
	case chunk.KindNull:
		return nil
	case chunk.KindFalse, chunk.KindTrue:
		return v.Kind == chunk.KindTrue
	case chunk.KindUint:
		n, _ := v.Uint()
		return n
	case chunk.KindInt, chunk.KindCounter, chunk.KindTimestamp:
		n, _ := v.Int()
		return n
	case chunk.KindFloat:
		f, _ := v.Float()
		return f
	case chunk.KindString:
		s, _ := v.Text()
		return s
	}
	return v.Bytes()
}

// String is a text without its blocks and marks.
func (d *Document) String(text chunk.ID) string {
	var b strings.Builder
	for item := range d.Sequence(text) {
		if item.Visible() && !item.IsBlock() {
			b.WriteString(item.Text())
		}
	}
	return b.String()
}
