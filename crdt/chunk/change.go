package chunk

import (
	"fmt"
	"math"
	"slices"
)

// Change is one parsed change. It holds on to the bytes it was parsed from.
type Change struct {
	Hash    Hash
	Actor   Actor
	Seq     uint64
	StartOp uint64
	MaxOp   uint64 // counter of the last operation; StartOp-1 if there is none
	Time    int64  // by the author's clock: Unix seconds; some programs write milliseconds
	Message string
	Deps    []Hash // ascending
	Others  []Actor
	Raw     []byte // as given, compressed or not

	columns []byte // column metadata, the columns, and whatever newer versions add
}

// Actors is the table that the IDs in the change's operations index: the
// author, then the others.
func (c *Change) Actors() []Actor { return append([]Actor{c.Actor}, c.Others...) }

// Len is the number of operations.
func (c *Change) Len() int { return int(c.MaxOp + 1 - c.StartOp) }

// ParseChange reads one change chunk, plain or compressed, that must be all of
// raw. It checks everything that can be checked without the changes before
// it: the checksum, that every operation is well formed and refers only to
// earlier ones, that nothing trails. Errors wrap ErrMalformed or ErrTooLarge.
func ParseChange(raw []byte, l Limits) (Change, error) {
	c, err := parseChange(raw, l)
	if err != nil {
		return Change{}, fmt.Errorf("parse change: %w", err)
	}
	return c, nil
}

func parseChange(raw []byte, l Limits) (Change, error) {
	f, err := readWhole(raw, l.Change)
	if err != nil {
		return Change{}, err
	}
	body := f.body
	switch f.kind {
	case KindDocument:
		return Change{}, fmt.Errorf("%w: a whole document where a change belongs", ErrMalformed)
	case KindCompressed:
		if body, err = inflate(nil, body, l.Change); err != nil {
			return Change{}, err
		}
	}
	c := Change{Hash: hashOf(KindChange, body), Raw: raw}
	if err := f.check(c.Hash); err != nil {
		return Change{}, err
	}
	if err := c.readHeader(&reader{data: body}); err != nil {
		return Change{}, err
	}
	n := 0
	ops, err := c.open(l.Ops)
	if err != nil {
		return Change{}, err
	}
	for ops.next() {
		if n++; n > l.Ops {
			return Change{}, errTooMany
		}
	}
	if ops.err != nil {
		return Change{}, ops.err
	}
	c.MaxOp = c.StartOp + uint64(n) - 1
	return c, nil
}

func (c *Change) readHeader(r *reader) (err error) {
	if c.Deps, err = r.hashes(); err != nil {
		return err
	}
	if c.Actor, err = r.actor(); err != nil {
		return err
	}
	if c.Seq, err = r.uleb(); err != nil {
		return err
	}
	if c.StartOp, err = r.uleb(); err != nil {
		return err
	}
	if c.Seq == 0 || c.StartOp == 0 || c.StartOp > maxCounter {
		return fmt.Errorf("%w: a change must have a number", ErrMalformed)
	}
	if c.Time, err = r.leb(); err != nil {
		return err
	}
	message, err := r.text()
	if err != nil {
		return err
	}
	c.Message = string(message)
	if c.Others, err = r.actors(); err != nil {
		return err
	}
	if slices.Contains(c.Others, c.Actor) {
		return fmt.Errorf("%w: the author is listed twice", ErrMalformed)
	}
	c.columns = r.data[r.at:]
	return nil
}

// Ops reads a change's operations from front to back.
type Ops struct {
	Op // the present one; its lists are reused by the next

	columns opColumns
	actors  []Actor
	counter uint64
	budget  int // how many more predecessors it may list
	err     error
}

// Ops starts reading the operations of a parsed change.
func (c *Change) Ops() *Ops {
	// ParseChange has been through all this, so nothing can fail but for a
	// Change that did not come from it, which then has no operations.
	ops, err := c.open(math.MaxInt)
	if err != nil {
		return &Ops{err: err}
	}
	return &ops
}

// Next moves to the next operation and reports whether there is one.
func (o *Ops) Next() bool { return o.next() }

func (c *Change) open(budget int) (Ops, error) {
	o := Ops{counter: c.StartOp, budget: budget}
	// One actor is the common case, and needs no table of its own.
	if len(c.Others) == 0 {
		o.actors = []Actor{c.Actor}
	} else {
		o.actors = c.Actors()
	}
	var space [16]column
	r := reader{data: c.columns}
	list, _, err := readColumns(&r, space[:0])
	if err != nil {
		return o, err
	}
	for _, col := range list {
		data, err := r.bytes(uint64(col.length))
		if err != nil {
			return o, err
		}
		if col.spec&deflated != 0 {
			return o, fmt.Errorf("%w: a compressed column in a change", ErrMalformed)
		}
		o.columns.set(col.spec, data, false)
	}
	return o, nil
}

func (o *Ops) next() bool {
	if o.err != nil {
		return false
	}
	if o.columns.action.spent() {
		o.err = o.columns.finish()
		return false
	}
	if o.err = o.columns.next(&o.Op, len(o.actors)); o.err != nil {
		return false
	}
	if o.Pred, o.err = o.columns.refs(o.Pred, o.actors, o.budget); o.err != nil {
		return false
	}
	o.budget -= len(o.Pred)
	if len(o.Pred) == 0 && (o.Action == Delete || o.Action == Increment) {
		o.err = fmt.Errorf("%w: a deletion of nothing", ErrMalformed)
		return false
	}
	if o.counter > maxCounter {
		o.err = errOverflow
		return false
	}
	o.ID = ID{Counter: o.counter}
	o.counter++
	// What an operation refers to was there before it and has a smaller
	// counter; so nothing that refers to itself, however indirectly, passes.
	earlier := o.Object.Counter < o.ID.Counter && o.Key.Elem.Counter < o.ID.Counter
	for _, p := range o.Pred {
		earlier = earlier && p.Counter < o.ID.Counter
	}
	if !earlier {
		o.err = fmt.Errorf("%w: an operation refers to a later one", ErrMalformed)
	}
	return o.err == nil
}
