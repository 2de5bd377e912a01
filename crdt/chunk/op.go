package chunk

import (
	"cmp"
	"fmt"
	"math"
	"strings"
)

var (
	errPlace   = fmt.Errorf("%w: an operation without a place, or in two", ErrMalformed)
	errTooMany = fmt.Errorf("%w: too many operations", ErrTooLarge)
)

// maxCounter bounds operation counters, as the Automerge core does.
const maxCounter = math.MaxUint32

// Action is what an operation does, by its number in the format.
type Action uint8

// The actions of the format.
const (
	MakeMap Action = iota
	Put
	MakeList
	Delete
	MakeText
	Increment
	MakeTable
	Mark // with a name it begins a mark, without one it ends the mark begun by the operation before it

	actions = iota
)

// ID names an operation: its Lamport counter and its actor's index in a table
// of actors. The zero ID stands for the root object, and for the head of a
// list.
type ID struct {
	Counter uint64
	Actor   int
}

// IsZero reports whether the ID is that of the root or of a list's head.
func (id ID) IsZero() bool { return id.Counter == 0 }

// CompareIDs orders operation IDs as Automerge does: by counter, then by the
// bytes of the actor in the table.
func CompareIDs(a, b ID, table []Actor) int {
	if c := cmp.Compare(a.Counter, b.Counter); c != 0 || a.Actor == b.Actor {
		return c
	}
	return strings.Compare(string(table[a.Actor]), string(table[b.Actor]))
}

// Key says where in its object an operation is: under a name in a map, or, in
// a list or text, at an element (when it inserts: after that element).
type Key struct {
	Name   string
	Elem   ID
	IsName bool
}

// Op is one operation. Actors in its IDs are indexes into the table of the
// change (Change.Actors) or of the document chunk (Snapshot.Actors).
type Op struct {
	ID     ID
	Object ID
	Key    Key
	Insert bool
	Action Action
	Value  Value

	// Pred are the operations that this one overwrites. In a document chunk
	// they are absent; it lists successors instead.
	Pred []ID
	Succ []ID

	Expand bool   // of a mark's begin or end: text inserted at that edge is in it
	Mark   string // name of the mark that begins
	Begins bool   // whether Mark is set: a mark's begin
}

// opColumns read the operation columns of a change or a document chunk.
type opColumns struct {
	objActor uintColumn
	objCtr   uintColumn
	keyActor uintColumn
	keyCtr   deltaColumn
	keyName  textColumn
	idActor  uintColumn  // document chunks only
	idCtr    deltaColumn // document chunks only
	insert   boolColumn
	action   uintColumn
	value    valueColumns
	num      uintColumn // of predecessors, or successors
	refActor uintColumn
	refCtr   deltaColumn
	expand   boolColumn
	mark     textColumn
}

// The operation columns by specification.
const (
	colObjActor  = 0<<4 | typeActor
	colObjCtr    = 0<<4 | typeUint
	colKeyActor  = 1<<4 | typeActor
	colKeyCtr    = 1<<4 | typeDelta
	colKeyName   = 1<<4 | typeString
	colIDActor   = 2<<4 | typeActor
	colIDCtr     = 2<<4 | typeDelta
	colInsert    = 3<<4 | typeBool
	colAction    = 4<<4 | typeUint
	colMeta      = 5<<4 | typeMeta
	colValue     = 5<<4 | typeValue
	colPredNum   = 7<<4 | typeGroup
	colPredActor = 7<<4 | typeActor
	colPredCtr   = 7<<4 | typeDelta
	colSuccNum   = 8<<4 | typeGroup
	colSuccActor = 8<<4 | typeActor
	colSuccCtr   = 8<<4 | typeDelta
	colExpand    = 9<<4 | typeBool
	colMark      = 10<<4 | typeString
)

// set gives a column its data. Columns of newer versions are passed over, as
// the format asks: they stay in the chunk.
func (c *opColumns) set(spec uint32, data []byte, document bool) {
	r := reader{data: data}
	switch spec {
	case colObjActor:
		c.objActor.reader = r
	case colObjCtr:
		c.objCtr.reader = r
	case colKeyActor:
		c.keyActor.reader = r
	case colKeyCtr:
		c.keyCtr.reader = r
	case colKeyName:
		c.keyName.reader = r
	case colInsert:
		c.insert.reader = r
	case colAction:
		c.action.reader = r
	case colMeta:
		c.value.meta.reader = r
	case colValue:
		c.value.raw = r
	case colExpand:
		c.expand.reader = r
	case colMark:
		c.mark.reader = r
	}
	if document {
		switch spec {
		case colIDActor:
			c.idActor.reader = r
		case colIDCtr:
			c.idCtr.reader = r
		case colSuccNum:
			c.num.reader = r
		case colSuccActor:
			c.refActor.reader = r
		case colSuccCtr:
			c.refCtr.reader = r
		}
		return
	}
	switch spec {
	case colPredNum:
		c.num.reader = r
	case colPredActor:
		c.refActor.reader = r
	case colPredCtr:
		c.refCtr.reader = r
	}
}

// finish checks that no column holds more than the operations took.
func (c *opColumns) finish() error {
	if c.objActor.spent() && c.objCtr.spent() && c.keyActor.spent() && c.keyCtr.spent() && c.keyName.spent() &&
		c.idActor.spent() && c.idCtr.spent() && c.insert.spent() && c.value.spent() &&
		c.num.spent() && c.refActor.spent() && c.refCtr.spent() && c.expand.spent() && c.mark.spent() {
		return nil
	}
	return fmt.Errorf("%w: a column is longer than its operations", ErrMalformed)
}

// makeID puts an actor index and a counter together.
func makeID(actor uint64, hasActor bool, counter int64, hasCounter bool, actors int) (ID, error) {
	switch {
	case !hasActor && !hasCounter:
		return ID{}, nil
	case !hasActor || !hasCounter || counter <= 0 || counter > maxCounter || actor >= uint64(actors):
		return ID{}, fmt.Errorf("%w: an operation's ID is not valid", ErrMalformed)
	}
	return ID{Counter: uint64(counter), Actor: int(actor)}, nil
}

// next reads one operation into op, whose lists it reuses. It fills neither
// the ID nor the list of predecessors or successors.
func (c *opColumns) next(op *Op, actors int) error {
	action, ok, err := c.action.next()
	if err != nil {
		return err
	}
	if !ok || action >= actions {
		return fmt.Errorf("%w: an unknown action", ErrMalformed)
	}
	op.Action = Action(action)
	if op.Object, err = c.object(actors); err != nil {
		return err
	}
	if err = c.key(&op.Key, actors); err != nil {
		return err
	}
	if op.Insert, err = c.insert.next(); err != nil {
		return err
	}
	if op.Insert && op.Key.IsName || !op.Insert && !op.Key.IsName && op.Key.Elem.IsZero() {
		return errPlace
	}
	if op.Insert && (op.Action == Delete || op.Action == Increment) {
		return fmt.Errorf("%w: an insertion of nothing", ErrMalformed)
	}
	if op.Value, err = c.value.next(); err != nil {
		return err
	}
	if op.Action == Increment && op.Value.Kind != KindInt && op.Value.Kind != KindUint {
		return fmt.Errorf("%w: an increment that is not a number", ErrMalformed)
	}
	if op.Expand, err = c.expand.next(); err != nil {
		return err
	}
	mark, ok, err := c.mark.next()
	if err != nil {
		return err
	}
	op.Mark, op.Begins = "", ok
	if ok {
		op.Mark = string(mark)
	}
	return op.check()
}

// check refuses what an action has no use for. The core would load it and drop
// it, and then save a document that it cannot load again, since its changes
// have other hashes.
func (op *Op) check() error {
	marks := op.Action == Mark && op.Insert
	valued := op.Action == Put || op.Action == Increment || marks && op.Begins
	if op.Action == Mark != marks || (op.Begins || op.Expand) && !marks || op.Value.Kind != KindNull && !valued {
		return fmt.Errorf("%w: an operation with parts that do not belong to it", ErrMalformed)
	}
	return nil
}

// refs reads the next list of predecessors or successors into list: in
// ascending order, and at most budget of them.
func (c *opColumns) refs(list []ID, table []Actor, budget int) ([]ID, error) {
	list = list[:0]
	n, _, err := c.num.next()
	if err != nil {
		return nil, err
	}
	if n > uint64(max(budget, 0)) {
		return nil, errTooMany
	}
	for range n {
		actor, okActor, err := c.refActor.next()
		if err != nil {
			return nil, err
		}
		counter, okCounter, err := c.refCtr.next()
		if err != nil {
			return nil, err
		}
		ref, err := makeID(actor, okActor, counter, okCounter, len(table))
		if err != nil {
			return nil, err
		}
		if ref.IsZero() || len(list) > 0 && CompareIDs(list[len(list)-1], ref, table) >= 0 {
			return nil, fmt.Errorf("%w: operation IDs out of order", ErrMalformed)
		}
		list = append(list, ref)
	}
	return list, nil
}

func (c *opColumns) object(actors int) (ID, error) {
	actor, okActor, err := c.objActor.next()
	if err != nil {
		return ID{}, err
	}
	counter, okCounter, err := c.objCtr.next()
	if err != nil {
		return ID{}, err
	}
	if counter > maxCounter {
		return ID{}, errOverflow
	}
	return makeID(actor, okActor, int64(counter), okCounter, actors)
}

func (c *opColumns) key(key *Key, actors int) error {
	name, okName, err := c.keyName.next()
	if err != nil {
		return err
	}
	actor, okActor, err := c.keyActor.next()
	if err != nil {
		return err
	}
	counter, okCounter, err := c.keyCtr.next()
	if err != nil {
		return err
	}
	switch {
	case okName:
		if okActor || okCounter {
			return errPlace
		}
		*key = Key{Name: string(name), IsName: true}
		return nil
	case okCounter && counter == 0 && !okActor:
		*key = Key{}
		return nil
	case !okActor && !okCounter:
		return errPlace
	}
	elem, err := makeID(actor, okActor, counter, okCounter, actors)
	*key = Key{Elem: elem}
	return err
}
