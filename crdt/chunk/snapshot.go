package chunk

import (
	"fmt"
	"math"
)

// Snapshot is one parsed document chunk: many changes and all that they did.
// It holds on to the bytes it was parsed from.
type Snapshot struct {
	Actors  []Actor // ascending; IDs in its operations index this table
	Heads   []Hash  // ascending
	Vector  map[Actor]uint64
	MaxOps  map[Actor]uint64 // each actor's highest operation counter
	Changes int
	MaxOp   uint64 // highest operation counter of all
	Raw     []byte

	changes changeColumns
	ops     opColumns
	count   int
	succs   int // of all operations together
}

// changeColumns read the metadata of a document chunk's changes.
type changeColumns struct {
	actor    uintColumn
	seq      deltaColumn
	maxOp    deltaColumn
	time     deltaColumn
	message  textColumn
	depCount uintColumn
	dep      deltaColumn
	extra    valueColumns
}

// ParseSnapshot reads one document chunk that must be all of raw. It checks
// the checksum, that the changes it lists are complete and in order, and that
// every operation is well formed; that the heads are the hashes of those
// changes only the Automerge core can tell. Errors wrap ErrMalformed or
// ErrTooLarge.
func ParseSnapshot(raw []byte, l Limits) (Snapshot, error) {
	s, err := parseSnapshot(raw, l)
	if err != nil {
		return Snapshot{}, fmt.Errorf("parse snapshot: %w", err)
	}
	return s, nil
}

func parseSnapshot(raw []byte, l Limits) (Snapshot, error) {
	f, err := readWhole(raw, l.Snapshot)
	if err != nil {
		return Snapshot{}, err
	}
	if f.kind != KindDocument {
		return Snapshot{}, fmt.Errorf("%w: a change where a whole document belongs", ErrMalformed)
	}
	if err := f.check(hashOf(KindDocument, f.body)); err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{Raw: raw}
	r := reader{data: f.body}
	if s.Actors, err = r.actors(); err != nil {
		return Snapshot{}, err
	}
	if s.Heads, err = r.hashes(); err != nil {
		return Snapshot{}, err
	}
	changeList, _, err := readColumns(&r, nil)
	if err != nil {
		return Snapshot{}, err
	}
	opList, _, err := readColumns(&r, nil)
	if err != nil {
		return Snapshot{}, err
	}
	budget := l.Inflated
	if err := readData(&r, changeList, &budget, s.changes.set); err != nil {
		return Snapshot{}, err
	}
	if err := readData(&r, opList, &budget, func(spec uint32, data []byte) { s.ops.set(spec, data, true) }); err != nil {
		return Snapshot{}, err
	}
	if err := s.readChanges(s.changes, l); err != nil {
		return Snapshot{}, err
	}
	if err := s.readHeadIndexes(&r); err != nil {
		return Snapshot{}, err
	}
	if err := s.checkOps(l); err != nil {
		return Snapshot{}, err
	}
	return s, nil
}

// readData hands each column's data to set, inflated where it is deflated. The
// budget, in bytes, is shared by all the columns of a chunk.
func readData(r *reader, list []column, budget *int, set func(uint32, []byte)) error {
	for _, col := range list {
		data, err := r.bytes(uint64(col.length))
		if err != nil {
			return err
		}
		if col.spec&deflated != 0 {
			if data, err = inflate(nil, data, *budget); err != nil {
				return err
			}
		}
		if len(data) > *budget {
			return fmt.Errorf("%w: its columns are beyond the limit", ErrTooLarge)
		}
		*budget -= len(data)
		set(col.spec&^deflated, data)
	}
	return nil
}

func (c *changeColumns) set(spec uint32, data []byte) {
	r := reader{data: data}
	switch spec {
	case 0<<4 | typeActor:
		c.actor.reader = r
	case 0<<4 | typeDelta:
		c.seq.reader = r
	case 1<<4 | typeDelta:
		c.maxOp.reader = r
	case 2<<4 | typeDelta:
		c.time.reader = r
	case 3<<4 | typeString:
		c.message.reader = r
	case 4<<4 | typeGroup:
		c.depCount.reader = r
	case 4<<4 | typeDelta:
		c.dep.reader = r
	case 5<<4 | typeMeta:
		c.extra.meta.reader = r
	case 5<<4 | typeValue:
		c.extra.raw = r
	}
}

func (c *changeColumns) spent() bool {
	return c.seq.spent() && c.maxOp.spent() && c.time.spent() && c.message.spent() &&
		c.depCount.spent() && c.dep.spent() && c.extra.spent()
}

// readChanges goes through the changes' metadata. They are listed after the
// changes they depend on, so each depends on rows above its own, and each
// actor's numbers count up from one.
func (s *Snapshot) readChanges(c changeColumns, l Limits) error {
	seqs, maxOps := make([]uint64, len(s.Actors)), make([]uint64, len(s.Actors))
	deps := 0
	for !c.actor.spent() {
		if s.Changes++; s.Changes > l.Changes {
			return fmt.Errorf("%w: too many changes", ErrTooLarge)
		}
		actor, ok, err := c.actor.next()
		if err != nil {
			return err
		}
		if !ok || actor >= uint64(len(seqs)) {
			return fmt.Errorf("%w: a change of an unknown actor", ErrMalformed)
		}
		seq, _, err := c.seq.next()
		if err != nil {
			return err
		}
		if seqs[actor]++; uint64(seq) != seqs[actor] {
			return fmt.Errorf("%w: an actor's changes are not complete", ErrMalformed)
		}
		maxOp, ok, err := c.maxOp.next()
		if err != nil {
			return err
		}
		if !ok || maxOp < int64(maxOps[actor]) || maxOp > maxCounter {
			return fmt.Errorf("%w: a change's operations are not numbered upwards", ErrMalformed)
		}
		maxOps[actor] = uint64(maxOp)
		s.MaxOp = max(s.MaxOp, uint64(maxOp))
		if _, _, err = c.time.next(); err != nil {
			return err
		}
		if _, _, err = c.message.next(); err != nil {
			return err
		}
		if _, err = c.extra.next(); err != nil {
			return err
		}
		n, _, err := c.depCount.next()
		if err != nil {
			return err
		}
		if n > uint64(l.AllOps-deps) {
			return errTooMany
		}
		deps += int(n)
		for range n {
			dep, ok, err := c.dep.next()
			if err != nil {
				return err
			}
			if !ok || dep < 0 || dep >= int64(s.Changes-1) {
				return fmt.Errorf("%w: a change depends on a later one", ErrMalformed)
			}
		}
	}
	if !c.spent() {
		return fmt.Errorf("%w: a column is longer than its changes", ErrMalformed)
	}
	s.Vector, s.MaxOps = make(map[Actor]uint64, len(seqs)), make(map[Actor]uint64, len(seqs))
	for i, seq := range seqs {
		if seq > 0 {
			s.Vector[s.Actors[i]], s.MaxOps[s.Actors[i]] = seq, maxOps[i]
		}
	}
	if (len(s.Heads) == 0) != (s.Changes == 0) {
		return fmt.Errorf("%w: changes and heads do not fit together", ErrMalformed)
	}
	return nil
}

// readHeadIndexes reads which rows the heads are; old writers left it out.
func (s *Snapshot) readHeadIndexes(r *reader) error {
	if r.done() {
		return nil
	}
	for range s.Heads {
		row, err := r.uleb()
		if err != nil {
			return err
		}
		if row >= uint64(s.Changes) {
			return fmt.Errorf("%w: a head that is no change", ErrMalformed)
		}
	}
	if !r.done() {
		return fmt.Errorf("%w: something follows the document", ErrMalformed)
	}
	return nil
}

func (s *Snapshot) checkOps(l Limits) error {
	ops := s.Ops()
	ops.budget = l.AllOps
	for ops.Next() {
		if s.count++; s.count > l.AllOps {
			return errTooMany
		}
	}
	s.succs = l.AllOps - ops.budget
	return ops.err
}

// Len is the number of operations the chunk lists: all but deletions, which
// show as successors only.
func (s *Snapshot) Len() int { return s.count }

// DocOps reads a document chunk's operations, ordered by object and place.
type DocOps struct {
	Op // the present one; its lists are reused by the next

	columns opColumns
	actors  []Actor
	maxOp   uint64
	budget  int // how many more successors it may list
	err     error
}

// Ops starts reading the operations of a parsed snapshot.
func (s *Snapshot) Ops() *DocOps {
	return &DocOps{columns: s.ops, actors: s.Actors, maxOp: s.MaxOp, budget: math.MaxInt}
}

// Next moves to the next operation and reports whether there is one.
func (o *DocOps) Next() bool {
	if o.err == nil && o.columns.action.spent() {
		o.err = o.columns.finish()
		return false
	}
	if o.err == nil {
		o.err = o.read()
	}
	return o.err == nil
}

func (o *DocOps) read() error {
	if err := o.columns.next(&o.Op, len(o.actors)); err != nil {
		return err
	}
	actor, okActor, err := o.columns.idActor.next()
	if err != nil {
		return err
	}
	counter, okCounter, err := o.columns.idCtr.next()
	if err != nil {
		return err
	}
	if o.ID, err = makeID(actor, okActor, counter, okCounter, len(o.actors)); err != nil {
		return err
	}
	if o.Succ, err = o.columns.refs(o.Succ, o.actors, o.budget); err != nil {
		return err
	}
	o.budget -= len(o.Succ)
	ordered := !o.ID.IsZero() && o.Action != Delete && o.ID.Counter <= o.maxOp &&
		o.Object.Counter < o.ID.Counter && o.Key.Elem.Counter < o.ID.Counter
	for _, succ := range o.Succ {
		ordered = ordered && succ.Counter > o.ID.Counter && succ.Counter <= o.maxOp
	}
	if !ordered {
		return fmt.Errorf("%w: operations that do not follow each other", ErrMalformed)
	}
	return nil
}
