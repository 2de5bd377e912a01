// Package richtext builds what an Automerge document says out of the
// operations in its chunks, and writes changes to it: maps and lists, and texts
// with the block markers and marks of Automerge's rich text. It agrees with
// Automerge JS 2.2.9, which the tests hold it to; automerge-go has neither
// marks nor blocks.
//
// It is meant for the disposable child process: it trusts that chunks have
// passed chunk.ParseChange and chunk.ParseSnapshot, and holds a whole document
// in memory.
package richtext

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parley/crdt/chunk"
)

// ErrIncomplete is wrapped where operations refer to others that are not
// there: a change was given without its ancestors.
var ErrIncomplete = errors.New("changes are missing")

// ErrNonsense is wrapped where operations do what cannot be done: put a name
// into a list, or something into what is no object.
var ErrNonsense = errors.New("operations that make no sense")

// birthFields are the fields of the root in which a document is born with its
// text or its map. That is written once: whoever wrote one again would leave a
// document that is no text any more, or another text than the one that
// everybody is writing in.
var birthFields = map[string]bool{"text": true, "documents": true}

// MaxGap is how far beyond those of a document the numbers of a change's
// operations may begin: its author may have seen others, but not that many.
// Numbers end somewhere, and who used them up would end all writing.
const MaxGap = 1 << 22

// Counted checks that changes, which are all that a document has beside a
// snapshot, keep to MaxGap.
func Counted(snapshots []chunk.Snapshot, changes []chunk.Change) error {
	var reached uint64
	for i := range snapshots {
		reached = max(reached, snapshots[i].MaxOp)
	}
	inOrder := make([]*chunk.Change, len(changes))
	for i := range changes {
		inOrder[i] = &changes[i]
	}
	slices.SortFunc(inOrder, func(a, b *chunk.Change) int { return cmp.Compare(a.StartOp, b.StartOp) })
	for _, c := range inOrder {
		if c.StartOp > reached+MaxGap {
			return fmt.Errorf("change %d of %s: %w", c.Seq, c.Actor, ErrNonsense)
		}
		reached = max(reached, c.MaxOp)
	}
	return nil
}

// ErrSeveral is returned by Build where several snapshots were given of which
// none holds all the others: merge them first.
var ErrSeveral = errors.New("snapshots of different states")

// Document is an Automerge document as its operations say. It is not safe for
// concurrent use.
type Document struct {
	Actors []chunk.Actor // IDs index this table
	Vector map[chunk.Actor]uint64
	Heads  []chunk.Hash // ascending
	MaxOp  uint64

	// Unseen are dependencies of loose changes that are neither loose changes
	// nor heads of the snapshot. They lie inside the snapshot, or are missing.
	Unseen []chunk.Hash

	index   map[chunk.Actor]int
	rank    []int // of each actor among all, by its bytes
	ops     []op
	byID    map[chunk.ID]*op
	objects map[chunk.ID]*object

	last    map[chunk.Actor]uint64 // counter of each actor's last operation
	settled int                    // operations of the snapshot, which come first; until the document is built
	deleted []deletion             // likewise
}

// op is an operation that is not a deletion.
type op struct {
	chunk.Op
	dead  bool // overwritten or deleted
	local int  // index among its object's insertions
}

// object is a map, list or text. Lists of operations are in ascending order of
// their IDs.
type object struct {
	sequence bool             // a list or text; else a map
	fields   map[string][]*op // of a map, by name
	inserts  []*op            // of a sequence
	puts     map[chunk.ID][]*op
	ordered  []*op // inserts in the order of the sequence
	recent   int   // index in ordered of what was inserted last
	checks   []checkpoint
}

// link says that one operation overwrites, deletes or increments another.
type link struct{ pred, succ chunk.ID }

// deletion is what matters of an operation that deletes.
type deletion struct {
	id, object chunk.ID
	key        chunk.Key
}

// Build puts a document together from chunks in any order; changes that the
// snapshot holds already, and duplicates, are passed over.
func Build(snapshots []chunk.Snapshot, changes []chunk.Change) (*Document, error) {
	base, err := largest(snapshots)
	if err != nil {
		return nil, err
	}
	loose, err := beyond(base, changes)
	if err != nil {
		return nil, err
	}
	total := 0
	for i := range loose {
		total += loose[i].Len()
	}
	d := &Document{
		Vector:  maps.Clone(base.Vector),
		MaxOp:   base.MaxOp,
		index:   make(map[chunk.Actor]int),
		ops:     make([]op, 0, total+base.Len()),
		byID:    make(map[chunk.ID]*op, total+base.Len()),
		objects: make(map[chunk.ID]*object),
		last:    maps.Clone(base.MaxOps),
	}
	if d.Vector == nil {
		d.Vector, d.last = make(map[chunk.Actor]uint64), make(map[chunk.Actor]uint64)
	}
	links := d.addSnapshot(base)
	d.settled = len(d.ops)
	for i := range loose {
		links = d.addChange(&loose[i], links)
	}
	d.findHeads(base, loose)
	d.rankActors()
	if err := d.connect(links); err != nil {
		return nil, err
	}
	return d, nil
}

// largest picks the snapshot that holds all the others.
func largest(snapshots []chunk.Snapshot) (chunk.Snapshot, error) {
	if len(snapshots) == 0 {
		return chunk.Snapshot{}, nil
	}
	best := slices.MaxFunc(snapshots, func(a, b chunk.Snapshot) int { return a.Changes - b.Changes })
	for _, s := range snapshots {
		for actor, seq := range s.Vector {
			if best.Vector[actor] < seq {
				return chunk.Snapshot{}, ErrSeveral
			}
		}
	}
	return best, nil
}

// beyond lists the changes that the snapshot does not hold, each once and each
// actor's in order: without a gap, and with operations numbered upwards.
func beyond(base chunk.Snapshot, changes []chunk.Change) ([]chunk.Change, error) {
	loose := make([]chunk.Change, 0, len(changes))
	for _, c := range changes {
		if c.Seq > base.Vector[c.Actor] {
			loose = append(loose, c)
		}
	}
	slices.SortStableFunc(loose, func(a, b chunk.Change) int {
		return cmp.Or(cmp.Compare(a.Actor, b.Actor), cmp.Compare(a.Seq, b.Seq))
	})
	loose = slices.CompactFunc(loose, func(a, b chunk.Change) bool { return a.Hash == b.Hash })
	for i := range loose {
		c := &loose[i]
		seq, maxOp := base.Vector[c.Actor], base.MaxOps[c.Actor]
		if i > 0 && loose[i-1].Actor == c.Actor {
			seq, maxOp = loose[i-1].Seq, loose[i-1].MaxOp
		}
		if c.Seq > seq+1 {
			return nil, fmt.Errorf("change %d of %s: %w", c.Seq-1, c.Actor, ErrIncomplete)
		}
		if c.Seq <= seq || c.StartOp <= maxOp {
			return nil, fmt.Errorf("change %d of %s: %w", c.Seq, c.Actor, ErrNonsense)
		}
	}
	return loose, nil
}

// intern returns the index of each actor in the document's table.
func (d *Document) intern(actors []chunk.Actor) []int {
	at := make([]int, len(actors))
	for i, actor := range actors {
		n, ok := d.index[actor]
		if !ok {
			n = len(d.Actors)
			d.index[actor] = n
			d.Actors = append(d.Actors, actor)
		}
		at[i] = n
	}
	return at
}

func translate(id chunk.ID, at []int) chunk.ID {
	if id.IsZero() {
		return chunk.ID{}
	}
	return chunk.ID{Counter: id.Counter, Actor: at[id.Actor]}
}

func (d *Document) add(o chunk.Op, at []int) chunk.ID {
	o.ID = translate(o.ID, at)
	o.Object = translate(o.Object, at)
	o.Key.Elem = translate(o.Key.Elem, at)
	o.Pred, o.Succ = nil, nil
	if o.Action == chunk.Delete {
		d.deleted = append(d.deleted, deletion{id: o.ID, object: o.Object, key: o.Key})
		return o.ID
	}
	d.ops = append(d.ops, op{Op: o})
	d.byID[o.ID] = &d.ops[len(d.ops)-1]
	return o.ID
}

func (d *Document) addSnapshot(s chunk.Snapshot) (links []link) {
	at := d.intern(s.Actors)
	for ops := s.Ops(); ops.Next(); {
		id := d.add(ops.Op, at)
		for _, succ := range ops.Succ {
			links = append(links, link{pred: id, succ: translate(succ, at)})
		}
	}
	return links
}

func (d *Document) addChange(c *chunk.Change, links []link) []link {
	at := d.intern(c.Actors())
	for ops := c.Ops(); ops.Next(); {
		id := d.add(ops.Op, at)
		for _, pred := range ops.Pred {
			links = append(links, link{pred: translate(pred, at), succ: id})
		}
	}
	d.Vector[c.Actor] = max(d.Vector[c.Actor], c.Seq)
	d.MaxOp, d.last[c.Actor] = max(d.MaxOp, c.MaxOp), max(d.last[c.Actor], c.MaxOp)
	return links
}

func (d *Document) findHeads(base chunk.Snapshot, loose []chunk.Change) {
	heads := make(map[chunk.Hash]bool, len(base.Heads)+len(loose))
	for _, h := range base.Heads {
		heads[h] = true
	}
	for i := range loose {
		heads[loose[i].Hash] = true
	}
	inner := make(map[chunk.Hash]bool)
	for i := range loose {
		for _, dep := range loose[i].Deps {
			if !heads[dep] && !inner[dep] {
				d.Unseen = append(d.Unseen, dep)
			}
			inner[dep] = true
		}
	}
	for h := range heads {
		if !inner[h] {
			d.Heads = append(d.Heads, h)
		}
	}
	slices.SortFunc(d.Heads, chunk.Hash.Compare)
}

func (d *Document) rankActors() {
	order := make([]int, len(d.Actors))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if d.Actors[a] < d.Actors[b] {
			return -1
		}
		return 1
	})
	d.rank = make([]int, len(order))
	for r, i := range order {
		d.rank[i] = r
	}
}

// compare orders operations by their IDs: counter, then actor.
func (d *Document) compare(a, b chunk.ID) int {
	if a.Counter != b.Counter {
		if a.Counter < b.Counter {
			return -1
		}
		return 1
	}
	return d.rank[a.Actor] - d.rank[b.Actor]
}

// connect marks what is overwritten and sorts every operation into its object.
func (d *Document) connect(links []link) error {
	gone := make(map[chunk.ID]deletion, len(d.deleted))
	for _, o := range d.deleted {
		gone[o.id] = o
	}
	for _, l := range links {
		pred, succ := d.byID[l.pred], d.byID[l.succ]
		if pred == nil {
			return fmt.Errorf("operation %d: %w", l.succ.Counter, ErrIncomplete)
		}
		place, known := gone[l.succ]
		if succ != nil {
			place, known = deletion{object: succ.Object, key: succ.Key}, !succ.Insert
		}
		if succ != nil && succ.Insert || known && !pred.at(place) {
			return fmt.Errorf("operation %d: %w", l.succ.Counter, ErrNonsense)
		}
		// A counter lives on when it is incremented.
		if succ == nil || succ.Action != chunk.Increment {
			pred.dead = true
		}
	}
	d.objects[chunk.ID{}] = &object{}
	for i := range d.ops {
		if o := &d.ops[i]; makes(o.Action) {
			d.objects[o.ID] = newObject(o.Action)
		}
	}
	var last *object
	var lastID chunk.ID
	for i := range d.ops {
		o := &d.ops[i]
		if last == nil || o.Object != lastID {
			var err error
			if last, err = d.container(o.ID, o.Object); err != nil {
				return err
			}
			lastID = o.Object
		}
		if err := d.fits(last, o.ID, o.Object, o.Key); err != nil {
			return err
		}
		last.take(o)
	}
	for _, o := range d.deleted {
		in, err := d.container(o.id, o.object)
		if err != nil {
			return err
		}
		if err := d.fits(in, o.id, o.object, o.key); err != nil {
			return err
		}
		if d.again(o.id, o.object, o.key) {
			return fmt.Errorf("operation %d: %w", o.id.Counter, ErrNonsense)
		}
	}
	for i := d.settled; i < len(d.ops); i++ {
		if o := &d.ops[i]; d.again(o.ID, o.Object, o.Key) {
			return fmt.Errorf("operation %d: %w", o.ID.Counter, ErrNonsense)
		}
	}
	d.deleted = nil
	for _, obj := range d.objects {
		d.order(obj)
	}
	return nil
}

// again reports whether an operation writes over what the document was born
// with.
func (d *Document) again(id, object chunk.ID, key chunk.Key) bool {
	if !object.IsZero() || !birthFields[key.Name] {
		return false
	}
	return slices.ContainsFunc(d.objects[object].fields[key.Name], func(o *op) bool {
		return makes(o.Action) && d.compare(o.ID, id) < 0
	})
}

// at reports whether an operation is at a place: the field or element it set.
func (o *op) at(place deletion) bool {
	key := o.Key
	if o.Insert {
		key = chunk.Key{Elem: o.ID}
	}
	return o.Object == place.object && key == place.key
}

func (d *Document) container(id, object chunk.ID) (*object, error) {
	if obj := d.objects[object]; obj != nil {
		return obj, nil
	}
	err := ErrIncomplete
	if d.byID[object] != nil {
		err = ErrNonsense
	}
	return nil, fmt.Errorf("operation %d: %w", id.Counter, err)
}

// fits checks that an operation's place is one that its object has.
func (d *Document) fits(in *object, id, object chunk.ID, key chunk.Key) error {
	if in.sequence == key.IsName {
		return fmt.Errorf("operation %d: %w", id.Counter, ErrNonsense)
	}
	if key.Elem.IsZero() {
		return nil
	}
	switch elem := d.byID[key.Elem]; {
	case elem == nil:
		return fmt.Errorf("operation %d: %w", id.Counter, ErrIncomplete)
	case !elem.Insert || elem.Object != object:
		return fmt.Errorf("operation %d: %w", id.Counter, ErrNonsense)
	}
	return nil
}

func makes(a chunk.Action) bool {
	return a == chunk.MakeMap || a == chunk.MakeList || a == chunk.MakeText || a == chunk.MakeTable
}

func newObject(a chunk.Action) *object {
	return &object{sequence: a == chunk.MakeList || a == chunk.MakeText}
}

func (obj *object) take(o *op) {
	switch {
	case o.Action == chunk.Increment:
	case o.Key.IsName:
		if obj.fields == nil {
			obj.fields = make(map[string][]*op)
		}
		obj.fields[o.Key.Name] = append(obj.fields[o.Key.Name], o)
	case o.Insert:
		obj.inserts = append(obj.inserts, o)
	default:
		if obj.puts == nil {
			obj.puts = make(map[chunk.ID][]*op)
		}
		obj.puts[o.Key.Elem] = append(obj.puts[o.Key.Elem], o)
	}
}

// order puts an object's operations in order: by ID, and for a sequence also
// by place. A sequence is a tree in which each element hangs below the one it
// was inserted after; later children come first, and the sequence is the tree
// read from the top.
func (d *Document) order(obj *object) {
	byID := func(a, b *op) int { return d.compare(a.ID, b.ID) }
	for _, ops := range obj.fields {
		slices.SortFunc(ops, byID)
	}
	for _, ops := range obj.puts {
		slices.SortFunc(ops, byID)
	}
	n := len(obj.inserts)
	if !slices.IsSortedFunc(obj.inserts, byID) {
		slices.SortFunc(obj.inserts, byID)
	}
	for i, o := range obj.inserts {
		o.local = i
	}
	// child and sibling are indexes + 1; the head's are at n.
	child, sibling := make([]int32, n+1), make([]int32, n+1)
	for i, o := range obj.inserts {
		parent := n
		if !o.Key.Elem.IsZero() {
			parent = d.byID[o.Key.Elem].local
		}
		sibling[i], child[parent] = child[parent], int32(i+1)
	}
	obj.ordered = make([]*op, 0, n)
	var later []int32
	for next := child[n]; next != 0; {
		at := next - 1
		obj.ordered = append(obj.ordered, obj.inserts[at])
		next = sibling[at]
		if down := child[at]; down != 0 {
			if next != 0 {
				later = append(later, next)
			}
			next = down
		}
		if next == 0 && len(later) > 0 {
			next, later = later[len(later)-1], later[:len(later)-1]
		}
	}
	obj.inserts = nil
}
