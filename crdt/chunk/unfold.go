package chunk

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// unfolding is a snapshot that is being taken apart.
type unfolding struct {
	snapshot *Snapshot
	changes  changeColumns
	keep     func(Hash, []byte)

	ops    []foldedOp
	names  []string
	pieces []piece // by ID
	next   []int   // by actor, the first of its pieces that is in no change yet

	// What the changes are written with, one after another.
	index  []int // by actor of the snapshot, its place in the change's table
	others []int
	group  []Op
	writer opWriter
	body   []byte
	deps   []Hash
}

// foldedOp is an operation as the snapshot lists it, small: it may have a million.
type foldedOp struct {
	id, object, elem opID
	from, size       uint32 // of its value, in the column
	name             uint32 // a key's or a mark's; 0: none, else one more than its place
	kind             ValueKind
	action           Action
	flags            uint8
}

const (
	flagName = 1 << iota
	flagInsert
	flagExpand
	flagBegins
)

// opID is an operation's ID that can be sorted: actor first.
type opID uint64

func packID(id ID) opID { return opID(id.Actor)<<32 | opID(id.Counter) }

func (id opID) unpack() ID      { return ID{Counter: id.counter(), Actor: int(id >> 32)} }
func (id opID) counter() uint64 { return uint64(uint32(id)) }

// piece says of an operation that the snapshot lists it, or that it overwrites one
// that the snapshot lists.
type piece struct {
	id        opID
	op        uint32 // the operation, or the one that is overwritten
	overwrite bool
}

func (u *unfolding) run() (*History, error) {
	if err := u.fold(); err != nil {
		return nil, err
	}
	s := u.snapshot
	h := &History{actors: s.Actors, rows: make([]row, 0, s.Changes), own: make([][]int32, len(s.Actors))}
	for range s.Changes {
		if err := u.change(h); err != nil {
			return nil, err
		}
	}
	for actor := range s.Actors {
		if at := u.next[actor]; at < len(u.pieces) && int(u.pieces[at].id>>32) == actor {
			return nil, fmt.Errorf("%w: operations of no change", ErrMalformed)
		}
	}
	if !slices.Equal(h.heads(), s.Heads) {
		return nil, fmt.Errorf("%w: the heads are not the hashes of its changes", ErrMalformed)
	}
	return h, nil
}

// fold gathers the operations by actor and counter.
func (u *unfolding) fold() error {
	u.ops = make([]foldedOp, 0, u.snapshot.count)
	u.pieces = make([]piece, 0, u.snapshot.count+u.snapshot.succs)
	known := make(map[string]uint32)
	name := func(s string) uint32 {
		at, ok := known[s]
		if !ok {
			u.names = append(u.names, s)
			at = uint32(len(u.names))
			known[s] = at
		}
		return at
	}
	list := u.snapshot.Ops()
	for from := 0; list.Next(); from = list.columns.value.raw.at {
		op := foldedOp{
			id: packID(list.ID), object: packID(list.Object), elem: packID(list.Key.Elem),
			kind: list.Value.Kind, action: list.Action,
			from: uint32(from), size: uint32(list.columns.value.raw.at - from),
		}
		switch {
		case list.Key.IsName:
			op.name, op.flags = name(list.Key.Name), flagName
		case list.Begins:
			op.name, op.flags = name(list.Mark), flagBegins
		}
		if list.Insert {
			op.flags |= flagInsert
		}
		if list.Expand {
			op.flags |= flagExpand
		}
		at := uint32(len(u.ops))
		u.ops = append(u.ops, op)
		u.pieces = append(u.pieces, piece{id: op.id, op: at})
		for _, succ := range list.Succ {
			u.pieces = append(u.pieces, piece{id: packID(succ), op: at, overwrite: true})
		}
	}
	if list.err != nil {
		return list.err
	}
	slices.SortFunc(u.pieces, func(a, b piece) int {
		switch {
		case a.id != b.id:
			return cmp.Compare(a.id, b.id)
		case a.overwrite != b.overwrite:
			if b.overwrite {
				return -1
			}
			return 1
		}
		// As a change lists what an operation overwrites.
		x, y := u.ops[a.op].id, u.ops[b.op].id
		return cmp.Or(cmp.Compare(x.counter(), y.counter()), cmp.Compare(x, y))
	})
	u.next = make([]int, len(u.snapshot.Actors))
	for actor := range u.next {
		u.next[actor], _ = slices.BinarySearchFunc(u.pieces, opID(actor)<<32, func(p piece, id opID) int { return cmp.Compare(p.id, id) })
	}
	return nil
}

// change writes the next change as its author wrote it.
func (u *unfolding) change(h *History) error {
	// All of this has been read before, so that nothing of it can fail.
	actor, _, _ := u.changes.actor.next()
	_, _, _ = u.changes.seq.next()
	maxOp, _, _ := u.changes.maxOp.next()
	time, _, _ := u.changes.time.next()
	message, _, _ := u.changes.message.next()
	extra, _ := u.changes.extra.next()
	count, _, _ := u.changes.depCount.next()
	u.deps = u.deps[:0]
	for range count {
		dep, _, _ := u.changes.dep.next()
		h.deps = append(h.deps, int32(dep))
		u.deps = append(u.deps, h.rows[dep].hash)
	}
	slices.SortFunc(u.deps, Hash.Compare)
	if err := u.gather(int(actor), uint64(maxOp)); err != nil {
		return err
	}
	head := Change{
		Actor: u.snapshot.Actors[actor], Seq: uint64(len(h.own[actor]) + 1), Time: time, Message: string(message),
		StartOp: uint64(maxOp) + 1 - uint64(len(u.group)),
	}
	u.body = appendHeader(u.body[:0], &head, u.deps)
	u.table(int(actor))
	for i := range u.group {
		u.place(&u.group[i])
		u.writer.add(&u.group[i])
	}
	u.body = append(u.writer.appendTo(u.body), extra.Bytes()...)
	hash := hashOf(KindChange, u.body)
	if u.keep != nil {
		raw := frameOf(KindChange, hash, u.body)
		if len(raw) > compressFrom {
			raw = compress(raw)
		}
		u.keep(hash, raw)
	}
	h.own[actor] = append(h.own[actor], int32(len(h.rows)))
	h.rows = append(h.rows, row{hash: hash, deps: int32(len(h.deps))})
	return nil
}

// gather fills the group with an actor's next operations, up to one.
func (u *unfolding) gather(actor int, last uint64) error {
	u.group = u.group[:0]
	at := u.next[actor]
	for at < len(u.pieces) && int(u.pieces[at].id>>32) == actor && u.pieces[at].id.counter() <= last {
		first := u.pieces[at]
		if n := len(u.group); n < cap(u.group) {
			u.group = u.group[:n+1] // for its list of predecessors
		} else {
			u.group = append(u.group, Op{})
		}
		op := &u.group[len(u.group)-1]
		if err := u.unfold(op, first); err != nil {
			return err
		}
		if !first.overwrite {
			at++
		}
		for ; at < len(u.pieces) && u.pieces[at].id == first.id; at++ {
			if !u.pieces[at].overwrite {
				return fmt.Errorf("%w: two operations with one ID", ErrMalformed)
			}
			op.Pred = append(op.Pred, u.ops[u.pieces[at].op].id.unpack())
		}
	}
	u.next[actor] = at
	for i := range u.group {
		if u.group[i].ID.Counter+uint64(len(u.group)-i) != last+1 {
			return fmt.Errorf("%w: a change whose operations are not numbered one by one", ErrMalformed)
		}
	}
	return nil
}

// unfold makes an operation without its predecessors. One that the snapshot does
// not list deletes what it overwrites.
func (u *unfolding) unfold(op *Op, p piece) (err error) {
	folded := u.ops[p.op]
	*op = Op{ID: p.id.unpack(), Object: folded.object.unpack(), Pred: op.Pred[:0]}
	switch {
	case folded.flags&flagName != 0:
		op.Key = Key{Name: u.names[folded.name-1], IsName: true}
	case p.overwrite && folded.flags&flagInsert != 0:
		op.Key.Elem = folded.id.unpack()
	default:
		op.Key.Elem = folded.elem.unpack()
	}
	if p.overwrite {
		op.Action = Delete
		return nil
	}
	op.Insert, op.Expand, op.Action = folded.flags&flagInsert != 0, folded.flags&flagExpand != 0, folded.action
	if op.Begins = folded.flags&flagBegins != 0; op.Begins {
		op.Mark = u.names[folded.name-1]
	}
	op.Value, err = readValue(folded.kind, u.snapshot.ops.value.raw.data[folded.from:folded.from+folded.size])
	return err
}

// table writes the change's other actors, and sets their places in its table. The
// snapshot's own table is in order, and so is this one after the author.
func (u *unfolding) table(author int) {
	const unused, used = -1, -2
	for _, actor := range u.others {
		u.index[actor] = unused
	}
	u.others = u.others[:0]
	see := func(id ID) {
		if !id.IsZero() && id.Actor != author && u.index[id.Actor] != used {
			u.index[id.Actor] = used
			u.others = append(u.others, id.Actor)
		}
	}
	for i := range u.group {
		see(u.group[i].Object)
		see(u.group[i].Key.Elem)
		for _, p := range u.group[i].Pred {
			see(p)
		}
	}
	slices.Sort(u.others)
	u.body = binary.AppendUvarint(u.body, uint64(len(u.others)))
	for i, actor := range u.others {
		u.body = appendText(u.body, string(u.snapshot.Actors[actor]))
		u.index[actor] = i + 1
	}
	u.index[author] = 0
}

// place gives an operation the IDs that it has in its change.
func (u *unfolding) place(op *Op) {
	at := func(id *ID) {
		if !id.IsZero() {
			id.Actor = u.index[id.Actor]
		}
	}
	at(&op.Object)
	at(&op.Key.Elem)
	for i := range op.Pred {
		at(&op.Pred[i])
	}
}
