package richtext

import (
	"slices"

	"parley/crdt/chunk"
)

// Writer gathers the operations of one change to a document. What it writes
// does not show in the document until that is built anew.
type Writer struct {
	doc    *Document
	actor  int
	actors []chunk.Actor
	ops    []chunk.Op
}

// Write starts a change by the actor.
func (d *Document) Write(actor chunk.Actor) *Writer {
	at := d.intern([]chunk.Actor{actor})
	if len(d.rank) < len(d.Actors) {
		d.rankActors()
	}
	return &Writer{doc: d, actor: at[0], actors: d.Actors}
}

// Empty is a document without changes, to write the first one to.
func Empty() *Document {
	d, err := Build(nil, nil)
	if err != nil {
		panic(err) // nothing cannot be malformed
	}
	return d
}

// Len is the number of operations written so far.
func (w *Writer) Len() int { return len(w.ops) }

// Change encodes what was written, as the actor's next change on top of the
// document as it was built. The time is in Unix seconds.
func (w *Writer) Change(time int64) (chunk.Change, error) {
	actor := w.actors[w.actor]
	return chunk.Encode(chunk.Change{
		Actor:   actor,
		Seq:     w.doc.Vector[actor] + 1,
		StartOp: w.doc.MaxOp + 1,
		Time:    time,
		Deps:    w.doc.Heads,
	}, w.actors, w.ops)
}

func (w *Writer) add(op chunk.Op) chunk.ID {
	op.ID = chunk.ID{Counter: w.doc.MaxOp + 1 + uint64(len(w.ops)), Actor: w.actor}
	w.ops = append(w.ops, op)
	return op.ID
}

func (w *Writer) field(object chunk.ID, name string, op chunk.Op) chunk.ID {
	op.Object = object
	op.Key = chunk.Key{Name: name, IsName: true}
	if obj := w.doc.objects[object]; obj != nil {
		op.Pred = current(obj.fields[name])
	}
	return w.add(op)
}

// Put sets a field of a map to a scalar.
func (w *Writer) Put(object chunk.ID, name string, value chunk.Value) {
	w.field(object, name, chunk.Op{Action: chunk.Put, Value: value})
}

// Remove takes a field out of a map. What somebody puts there at the same time
// stays.
func (w *Writer) Remove(object chunk.ID, name string) {
	w.field(object, name, chunk.Op{Action: chunk.Delete})
}

// Make sets a field of a map to a new object and returns its ID.
func (w *Writer) Make(object chunk.ID, name string, action chunk.Action) chunk.ID {
	return w.field(object, name, chunk.Op{Action: action})
}

func (w *Writer) insert(object, after chunk.ID, op chunk.Op) chunk.ID {
	op.Object, op.Key, op.Insert = object, chunk.Key{Elem: after}, true
	return w.add(op)
}

// InsertText inserts text after an element, or at the head, and returns the
// last element inserted.
func (w *Writer) InsertText(text, after chunk.ID, s string) chunk.ID {
	for _, r := range s {
		after = w.insert(text, after, chunk.Op{Action: chunk.Put, Value: chunk.String(string(r))})
	}
	return after
}

// InsertBlock inserts a block marker after an element, or at the head, and
// returns it. The block's text is not written. Attributes may be strings,
// numbers and truth values; others are left out.
func (w *Writer) InsertBlock(text, after chunk.ID, b Block) chunk.ID {
	block := w.insert(text, after, chunk.Op{Action: chunk.MakeMap})
	w.Put(block, "type", chunk.String(b.Type))
	parents := w.Make(block, "parents", chunk.MakeList)
	last := chunk.ID{}
	for _, p := range b.Parents {
		last = w.insert(parents, last, chunk.Op{Action: chunk.Put, Value: chunk.String(p)})
	}
	attrs := w.Make(block, "attrs", chunk.MakeMap)
	for _, name := range sortedNames(b.Attrs) {
		if v, ok := fromGo(b.Attrs[name]); ok {
			w.Put(attrs, name, v)
		}
	}
	w.Put(block, "isEmbed", chunk.Bool(b.Embed))
	return block
}

// Mark puts a mark on what lies between two places, each given as the element
// it comes after. Text inserted later at the mark's end is in it if it grows.
func (w *Writer) Mark(text, from, to chunk.ID, name string, value any, grows bool) {
	v, ok := fromGo(value)
	if !ok {
		return
	}
	w.insert(text, from, chunk.Op{Action: chunk.Mark, Value: v, Mark: name, Begins: true})
	w.insert(text, to, chunk.Op{Action: chunk.Mark, Expand: grows})
}

// Delete removes an item of a text.
func (w *Writer) Delete(text chunk.ID, item Item) {
	w.add(chunk.Op{Object: text, Key: chunk.Key{Elem: item.Elem}, Action: chunk.Delete, Pred: item.current()})
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func fromGo(v any) (chunk.Value, bool) {
	switch v := v.(type) {
	case nil:
		return chunk.Value{}, true
	case bool:
		return chunk.Bool(v), true
	case string:
		return chunk.String(v), true
	case int:
		return chunk.Int(int64(v)), true
	case int64:
		return chunk.Int(v), true
	case uint64:
		return chunk.Uint(v), true
	case float64:
		return chunk.Float(v), true
	}
	return chunk.Value{}, false
}

// growing marks take in what is typed at their end.
var growing = map[string]bool{"strong": true, "em": true, "underline": true, "strike": true, "highlight": true}

// Blocks inserts blocks with their text and marks after an element, or at the
// head, and returns the last element inserted.
func (w *Writer) Blocks(text, after chunk.ID, blocks []Block) chunk.ID {
	type stretch struct {
		from, to chunk.ID
		name     string
		value    any
	}
	var marked []stretch
	for _, b := range blocks {
		after = w.InsertBlock(text, after, b)
		open := map[string]int{} // by name, places in marked
		for _, span := range b.Text {
			from := after
			after = w.InsertText(text, after, span.Text)
			for _, name := range sortedNames(span.Marks) {
				value := span.Marks[name]
				// A mark that goes on from the span before is one mark.
				if i, ok := open[name]; ok && marked[i].to == from && equal(marked[i].value, value) {
					marked[i].to = after
					continue
				}
				open[name] = len(marked)
				marked = append(marked, stretch{from: from, to: after, name: name, value: value})
			}
		}
	}
	// Marks that do not grow come last, so that their ends come to lie before
	// those of others at the same place: text typed there is then outside all.
	for _, grows := range []bool{true, false} {
		for _, m := range marked {
			if growing[m.name] == grows {
				w.Mark(text, m.from, m.to, m.name, m.value, grows)
			}
		}
	}
	return after
}
