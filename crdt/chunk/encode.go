package chunk

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"slices"
)

// compressFrom is the size from which Encode compresses a change, as the
// Automerge core does.
const compressFrom = 256

// Encode writes a change with these operations. It takes the author, number,
// StartOp, time, message and dependencies from head; IDs in the operations
// index actors, which may hold more actors than they use, and the operations'
// own IDs are ignored: they count up from StartOp. The same input gives the
// same hash on every machine. What comes back is as if parsed.
func Encode(head Change, actors []Actor, ops []Op) (Change, error) {
	others, index := tableOf(head.Actor, actors, ops)
	deps := slices.SortedFunc(slices.Values(head.Deps), Hash.Compare)

	body := binary.AppendUvarint(nil, uint64(len(deps)))
	for _, dep := range deps {
		body = append(body, dep[:]...)
	}
	body = appendText(body, string(head.Actor))
	body = binary.AppendUvarint(body, head.Seq)
	body = binary.AppendUvarint(body, head.StartOp)
	body = appendLEB(body, head.Time)
	body = appendText(body, head.Message)
	body = binary.AppendUvarint(body, uint64(len(others)))
	for _, other := range others {
		body = appendText(body, string(other))
	}
	body = appendColumns(body, ops, func(id ID) ID {
		return ID{Counter: id.Counter, Actor: index[id.Actor]}
	}, append([]Actor{head.Actor}, others...))

	raw, _ := seal(KindChange, body)
	if len(raw) > compressFrom {
		raw = compress(raw)
	}
	// What is written is read back, so that no other peer can be the first to
	// find a mistake in it.
	c, err := ParseChange(raw, DefaultLimits)
	if err != nil {
		return Change{}, fmt.Errorf("encode change: %w", err)
	}
	return c, nil
}

// tableOf lists the actors other than the author that operations refer to, in
// order, and says where each of the given actors is in the table that has the
// author first.
func tableOf(author Actor, actors []Actor, ops []Op) (others []Actor, index []int) {
	used := make([]bool, len(actors))
	see := func(id ID) {
		if !id.IsZero() {
			used[id.Actor] = true
		}
	}
	for i := range ops {
		see(ops[i].Object)
		see(ops[i].Key.Elem)
		for _, p := range ops[i].Pred {
			see(p)
		}
	}
	for i, actor := range actors {
		if used[i] && actor != author {
			others = append(others, actor)
		}
	}
	slices.Sort(others)
	index = make([]int, len(actors))
	for i, actor := range actors {
		if at, found := slices.BinarySearch(others, actor); found {
			index[i] = at + 1
		}
	}
	return others, index
}

// compress turns a plain change chunk into a compressed one of the same hash,
// unless that is no smaller.
func compress(raw []byte) []byte {
	f, err := readFrame(raw)
	if err != nil {
		return raw
	}
	var packed bytes.Buffer
	// A bytes.Buffer cannot fail, and the level is valid.
	w, _ := flate.NewWriter(&packed, flate.DefaultCompression)
	_, _ = w.Write(f.body)
	_ = w.Close()
	out := append([]byte(nil), raw[:kindAt]...)
	out = append(out, byte(KindCompressed))
	out = binary.AppendUvarint(out, uint64(packed.Len()))
	if len(out)+packed.Len() >= len(raw) {
		return raw
	}
	return append(out, packed.Bytes()...)
}

// opWriter collects operations column by column.
type opWriter struct {
	objActor, objCtr   []maybe[uint64]
	keyActor           []maybe[uint64]
	keyCtr             []maybe[int64]
	keyName            []maybe[string]
	insert             []bool
	action             []maybe[uint64]
	meta               []maybe[uint64]
	values             []byte
	predNum, predActor []maybe[uint64]
	predCtr            []maybe[int64]
	expand             []bool
	mark               []maybe[string]
}

// maybe is a column's item: a value or a null.
type maybe[T comparable] struct {
	value T
	some  bool
}

func some[T comparable](v T) maybe[T] { return maybe[T]{value: v, some: true} }

// appendColumns writes column metadata and columns. IDs pass through place,
// which turns them into indexes of table.
func appendColumns(out []byte, ops []Op, place func(ID) ID, table []Actor) []byte {
	var w opWriter
	for i := range ops {
		w.add(&ops[i], place, table)
	}
	ulebs := func(out []byte, v uint64) []byte { return binary.AppendUvarint(out, v) }
	columns := []struct {
		spec uint64
		data []byte
	}{
		{colObjActor, appendRuns(nil, w.objActor, ulebs)},
		{colObjCtr, appendRuns(nil, w.objCtr, ulebs)},
		{colKeyActor, appendRuns(nil, w.keyActor, ulebs)},
		{colKeyCtr, appendRuns(nil, deltas(w.keyCtr), appendLEB)},
		{colKeyName, appendRuns(nil, w.keyName, appendText)},
		{colInsert, appendBools(nil, w.insert)},
		{colAction, appendRuns(nil, w.action, ulebs)},
		{colMeta, appendRuns(nil, w.meta, ulebs)},
		{colValue, w.values},
		{colPredNum, appendRuns(nil, w.predNum, ulebs)},
		{colPredActor, appendRuns(nil, w.predActor, ulebs)},
		{colPredCtr, appendRuns(nil, deltas(w.predCtr), appendLEB)},
		{colExpand, nil},
		{colMark, appendRuns(nil, w.mark, appendText)},
	}
	if slices.Contains(w.expand, true) {
		columns[len(columns)-2].data = appendBools(nil, w.expand)
	}
	count := 0
	for _, c := range columns {
		if len(c.data) > 0 {
			count++
		}
	}
	out = binary.AppendUvarint(out, uint64(count))
	for _, c := range columns {
		if len(c.data) > 0 {
			out = binary.AppendUvarint(out, c.spec)
			out = binary.AppendUvarint(out, uint64(len(c.data)))
		}
	}
	for _, c := range columns {
		out = append(out, c.data...)
	}
	return out
}

func (w *opWriter) add(op *Op, place func(ID) ID, table []Actor) {
	var objActor, objCtr maybe[uint64]
	if !op.Object.IsZero() {
		obj := place(op.Object)
		objActor, objCtr = some(uint64(obj.Actor)), some(obj.Counter)
	}
	w.objActor, w.objCtr = append(w.objActor, objActor), append(w.objCtr, objCtr)

	var keyActor maybe[uint64]
	var keyCtr maybe[int64]
	var keyName maybe[string]
	switch {
	case op.Key.IsName:
		keyName = some(op.Key.Name)
	case op.Key.Elem.IsZero():
		keyCtr = some(int64(0))
	default:
		elem := place(op.Key.Elem)
		keyActor, keyCtr = some(uint64(elem.Actor)), some(int64(elem.Counter))
	}
	w.keyActor, w.keyCtr, w.keyName = append(w.keyActor, keyActor), append(w.keyCtr, keyCtr), append(w.keyName, keyName)

	w.insert = append(w.insert, op.Insert)
	w.action = append(w.action, some(uint64(op.Action)))
	var size int
	w.values, size = op.Value.appendTo(w.values)
	w.meta = append(w.meta, some(uint64(size)<<4|uint64(op.Value.Kind)))

	pred := make([]ID, len(op.Pred))
	for i, p := range op.Pred {
		pred[i] = place(p)
	}
	slices.SortFunc(pred, func(a, b ID) int { return CompareIDs(a, b, table) })
	w.predNum = append(w.predNum, some(uint64(len(pred))))
	for _, p := range pred {
		w.predActor = append(w.predActor, some(uint64(p.Actor)))
		w.predCtr = append(w.predCtr, some(int64(p.Counter)))
	}

	w.expand = append(w.expand, op.Expand)
	var mark maybe[string]
	if op.Begins {
		mark = some(op.Mark)
	}
	w.mark = append(w.mark, mark)
}

// appendTo writes the bytes of a value and says how many they are.
func (v Value) appendTo(out []byte) ([]byte, int) {
	before := len(out)
	switch v.Kind {
	case KindNull, KindFalse, KindTrue:
	case KindUint:
		out = binary.AppendUvarint(out, v.bits)
	case KindInt, KindCounter, KindTimestamp:
		out = appendLEB(out, int64(v.bits))
	case KindFloat:
		out = binary.LittleEndian.AppendUint64(out, v.bits)
	default:
		out = append(out, v.raw...)
	}
	return out, len(out) - before
}

// appendRuns writes a run-length encoded column: repeated values as a count
// and the value, others as a negative count and the values, nulls as a zero
// and a count. A column of nulls alone is empty.
func appendRuns[T comparable](out []byte, items []maybe[T], write func([]byte, T) []byte) []byte {
	if !slices.ContainsFunc(items, func(m maybe[T]) bool { return m.some }) {
		return out
	}
	same := func(i, j int) bool { return j < len(items) && items[i] == items[j] }
	for i := 0; i < len(items); {
		end := i + 1
		for same(i, end) {
			end++
		}
		switch {
		case !items[i].some:
			out = append(out, 0)
			out = binary.AppendUvarint(out, uint64(end-i))
		case end-i > 1:
			out = appendLEB(out, int64(end-i))
			out = write(out, items[i].value)
		default:
			for end < len(items) && items[end].some && !same(end, end+1) {
				end++
			}
			out = appendLEB(out, -int64(end-i))
			for ; i < end; i++ {
				out = write(out, items[i].value)
			}
		}
		i = end
	}
	return out
}

// deltas turns values into their differences from the value before.
func deltas(items []maybe[int64]) []maybe[int64] {
	out := make([]maybe[int64], len(items))
	last := int64(0)
	for i, m := range items {
		if m.some {
			out[i] = some(m.value - last)
			last = m.value
		}
	}
	return out
}

// appendBools writes the lengths of alternating runs, beginning with false.
func appendBools(out []byte, items []bool) []byte {
	last, count := false, uint64(0)
	for _, b := range items {
		if b != last {
			out = binary.AppendUvarint(out, count)
			last, count = b, 0
		}
		count++
	}
	if count > 0 {
		out = binary.AppendUvarint(out, count)
	}
	return out
}

// appendLEB writes signed LEB128 in its shortest form.
func appendLEB(out []byte, v int64) []byte {
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

func appendText(out []byte, s string) []byte {
	out = binary.AppendUvarint(out, uint64(len(s)))
	return append(out, s...)
}
