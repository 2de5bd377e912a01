package richtext

import (
	"fmt"
	"slices"

	"parley/crdt/chunk"
)

// Apply adds one change to the document, which must have all that the change
// depends on. It takes time by the size of the change and, for each place in a
// text, by the distance from the last one; Build is for whole documents. After
// an error the document is of no further use. A change that is there already
// is passed over.
func (d *Document) Apply(c chunk.Change) error {
	if c.Seq <= d.Vector[c.Actor] {
		return nil
	}
	if c.Seq > d.Vector[c.Actor]+1 {
		return fmt.Errorf("change %d of %s: %w", c.Seq, c.Actor, ErrIncomplete)
	}
	if c.StartOp <= d.last[c.Actor] || c.StartOp > d.MaxOp+MaxGap {
		return fmt.Errorf("change %d of %s: %w", c.Seq, c.Actor, ErrNonsense)
	}
	at := d.intern(c.Actors())
	if len(d.rank) < len(d.Actors) {
		d.rankActors()
	}
	added := make([]op, 0, c.Len())
	for ops := c.Ops(); ops.Next(); {
		o := ops.Op
		o.ID, o.Object, o.Key.Elem = translate(o.ID, at), translate(o.Object, at), translate(o.Key.Elem, at)
		in, err := d.container(o.ID, o.Object)
		if err != nil {
			return err
		}
		if err := d.fits(in, o.ID, o.Object, o.Key); err != nil {
			return err
		}
		if d.again(o.ID, o.Object, o.Key) {
			return fmt.Errorf("operation %d: %w", o.ID.Counter, ErrNonsense)
		}
		for _, p := range o.Pred {
			pred := d.byID[translate(p, at)]
			if pred == nil {
				return fmt.Errorf("operation %d: %w", o.ID.Counter, ErrIncomplete)
			}
			if o.Insert || !pred.at(deletion{object: o.Object, key: o.Key}) {
				return fmt.Errorf("operation %d: %w", o.ID.Counter, ErrNonsense)
			}
			pred.dead = pred.dead || o.Action != chunk.Increment
		}
		if in.sequence && !o.Insert {
			in.changed(in.find(d.byID[o.Key.Elem]))
		}
		if o.Action == chunk.Delete {
			continue
		}
		if d.byID[o.ID] != nil {
			return fmt.Errorf("operation %d: %w", o.ID.Counter, ErrNonsense)
		}
		o.Pred = nil
		added = append(added, op{Op: o})
		d.place(in, &added[len(added)-1])
	}
	d.Vector[c.Actor] = c.Seq
	d.MaxOp, d.last[c.Actor] = max(d.MaxOp, c.MaxOp), max(d.last[c.Actor], c.MaxOp)
	d.Heads = slices.DeleteFunc(d.Heads, func(h chunk.Hash) bool { return slices.Contains(c.Deps, h) })
	i, _ := slices.BinarySearchFunc(d.Heads, c.Hash, chunk.Hash.Compare)
	d.Heads = slices.Insert(d.Heads, i, c.Hash)
	return nil
}

// place puts an operation into its object, which is in order.
func (d *Document) place(in *object, o *op) {
	d.byID[o.ID] = o
	if makes(o.Action) {
		d.objects[o.ID] = newObject(o.Action)
	}
	if o.Insert {
		d.insert(in, o)
		return
	}
	in.take(o)
	ops := in.puts[o.Key.Elem]
	if o.Key.IsName {
		ops = in.fields[o.Key.Name]
	}
	slices.SortFunc(ops, func(a, b *op) int { return d.compare(a.ID, b.ID) })
}

// insert puts an element where it belongs: behind the one it names, and behind
// those that later operations put there.
func (d *Document) insert(in *object, o *op) {
	at := 0
	if !o.Key.Elem.IsZero() {
		at = in.find(d.byID[o.Key.Elem]) + 1
	}
	for at < len(in.ordered) && d.compare(in.ordered[at].ID, o.ID) > 0 {
		at++
	}
	in.ordered = slices.Insert(in.ordered, at, o)
	in.recent = at
	in.changed(at)
}

// find looks for an element, first where the last one was inserted: people
// write one letter after the other.
func (obj *object) find(o *op) int {
	for away := 0; ; away++ {
		up, down := obj.recent+away, obj.recent-away
		if up < len(obj.ordered) && obj.ordered[up] == o {
			return up
		}
		if down >= 0 && down < len(obj.ordered) && obj.ordered[down] == o {
			return down
		}
		if up >= len(obj.ordered) && down < 0 {
			return -1 // not in here, which fits has ruled out
		}
	}
}
