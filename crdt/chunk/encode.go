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

	body := appendHeader(nil, &head, deps)
	body = binary.AppendUvarint(body, uint64(len(others)))
	for _, other := range others {
		body = appendText(body, string(other))
	}
	var w opWriter
	for i := range ops {
		op := place(ops[i], index, others, head.Actor)
		w.add(&op)
	}
	body = w.appendTo(body)

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

// appendHeader writes what comes before a change's other actors. deps are in
// ascending order.
func appendHeader(body []byte, head *Change, deps []Hash) []byte {
	body = binary.AppendUvarint(body, uint64(len(deps)))
	for i := range deps {
		body = append(body, deps[i][:]...)
	}
	body = appendText(body, string(head.Actor))
	body = binary.AppendUvarint(body, head.Seq)
	body = binary.AppendUvarint(body, head.StartOp)
	body = appendLEB(body, head.Time)
	return appendText(body, head.Message)
}

// place gives an operation the IDs that it has in its change, whose table has
// the author first, and puts its predecessors in order.
func place(op Op, index []int, others []Actor, author Actor) Op {
	at := func(id ID) ID {
		if id.IsZero() {
			return ID{}
		}
		return ID{Counter: id.Counter, Actor: index[id.Actor]}
	}
	op.Object, op.Key.Elem = at(op.Object), at(op.Key.Elem)
	if len(op.Pred) > 0 {
		pred := make([]ID, len(op.Pred))
		for i, p := range op.Pred {
			pred[i] = at(p)
		}
		table := append([]Actor{author}, others...)
		slices.SortFunc(pred, func(a, b ID) int { return CompareIDs(a, b, table) })
		op.Pred = pred
	}
	return op
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

// opWriter writes the operations of one change after another, column by column.
type opWriter struct {
	objActor, objCtr   runWriter[uint64]
	keyActor           runWriter[uint64]
	keyCtr             deltaWriter
	keyName            runWriter[string]
	insert             boolWriter
	action             runWriter[uint64]
	meta               runWriter[uint64]
	values             []byte
	predNum, predActor runWriter[uint64]
	predCtr            deltaWriter
	expand             boolWriter
	mark               runWriter[string]

	data []byte // of the columns, once they are put together
}

// maybe is a column's item: a value or a null.
type maybe[T comparable] struct {
	value T
	some  bool
}

func some[T comparable](v T) maybe[T] { return maybe[T]{value: v, some: true} }

// add takes in an operation whose IDs index its change's table, and whose
// predecessors are in order.
func (w *opWriter) add(op *Op) {
	var objActor, objCtr maybe[uint64]
	if !op.Object.IsZero() {
		objActor, objCtr = some(uint64(op.Object.Actor)), some(op.Object.Counter)
	}
	w.objActor.add(objActor)
	w.objCtr.add(objCtr)

	var keyActor maybe[uint64]
	var keyCtr maybe[int64]
	var keyName maybe[string]
	switch {
	case op.Key.IsName:
		keyName = some(op.Key.Name)
	case op.Key.Elem.IsZero():
		keyCtr = some(int64(0))
	default:
		keyActor, keyCtr = some(uint64(op.Key.Elem.Actor)), some(int64(op.Key.Elem.Counter))
	}
	w.keyActor.add(keyActor)
	w.keyCtr.add(keyCtr)
	w.keyName.add(keyName)

	w.insert.add(op.Insert)
	w.action.add(some(uint64(op.Action)))
	var size int
	w.values, size = op.Value.appendTo(w.values)
	w.meta.add(some(uint64(size)<<4 | uint64(op.Value.Kind)))

	w.predNum.add(some(uint64(len(op.Pred))))
	for _, p := range op.Pred {
		w.predActor.add(some(uint64(p.Actor)))
		w.predCtr.add(some(int64(p.Counter)))
	}

	w.expand.add(op.Expand)
	var mark maybe[string]
	if op.Begins {
		mark = some(op.Mark)
	}
	w.mark.add(mark)
}

// appendTo writes column metadata and columns, and begins anew: with the next
// change.
func (w *opWriter) appendTo(out []byte) []byte {
	var columns [14]column
	list := columns[:0]
	w.data = w.data[:0]
	end := func(spec uint32, data []byte) {
		if n := len(data) - len(w.data); n > 0 {
			list = append(list, column{spec: spec, length: n})
		}
		w.data = data
	}
	end(colObjActor, w.objActor.finish(w.data, binary.AppendUvarint))
	end(colObjCtr, w.objCtr.finish(w.data, binary.AppendUvarint))
	end(colKeyActor, w.keyActor.finish(w.data, binary.AppendUvarint))
	end(colKeyCtr, w.keyCtr.finish(w.data))
	end(colKeyName, w.keyName.finish(w.data, appendText))
	end(colInsert, w.insert.finish(w.data))
	end(colAction, w.action.finish(w.data, binary.AppendUvarint))
	end(colMeta, w.meta.finish(w.data, binary.AppendUvarint))
	end(colValue, append(w.data, w.values...))
	end(colPredNum, w.predNum.finish(w.data, binary.AppendUvarint))
	end(colPredActor, w.predActor.finish(w.data, binary.AppendUvarint))
	end(colPredCtr, w.predCtr.finish(w.data))
	end(colExpand, w.expand.finishUnlessFalse(w.data))
	end(colMark, w.mark.finish(w.data, appendText))
	w.values = w.values[:0]

	out = binary.AppendUvarint(out, uint64(len(list)))
	for _, c := range list {
		out = binary.AppendUvarint(out, uint64(c.spec))
		out = binary.AppendUvarint(out, uint64(c.length))
	}
	return append(out, w.data...)
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

// runWriter gathers a run-length encoded column as runs of equal items.
type runWriter[T comparable] struct{ runs []runOf[T] }

type runOf[T comparable] struct {
	item  maybe[T]
	count int
}

func (w *runWriter[T]) add(item maybe[T]) {
	if n := len(w.runs); n > 0 && w.runs[n-1].item == item {
		w.runs[n-1].count++
		return
	}
	w.runs = append(w.runs, runOf[T]{item: item, count: 1})
}

// finish writes repeated values as a count and the value, others as a negative
// count and the values, nulls as a zero and a count. A column of nulls alone is
// empty. What was gathered is then forgotten.
func (w *runWriter[T]) finish(out []byte, write func([]byte, T) []byte) []byte {
	runs := w.runs
	w.runs = w.runs[:0]
	if len(runs) == 0 || len(runs) == 1 && !runs[0].item.some {
		return out
	}
	single := func(i int) bool { return i < len(runs) && runs[i].item.some && runs[i].count == 1 }
	for i := 0; i < len(runs); {
		switch run := runs[i]; {
		case !run.item.some:
			out = append(out, 0)
			out = binary.AppendUvarint(out, uint64(run.count))
			i++
		case run.count > 1:
			out = appendLEB(out, int64(run.count))
			out = write(out, run.item.value)
			i++
		default:
			end := i
			for single(end) {
				end++
			}
			out = appendLEB(out, -int64(end-i))
			for ; i < end; i++ {
				out = write(out, runs[i].item.value)
			}
		}
	}
	return out
}

// deltaWriter writes values as their differences from the value before.
type deltaWriter struct {
	runWriter[int64]
	last int64
}

func (w *deltaWriter) add(item maybe[int64]) {
	if item.some {
		item.value, w.last = item.value-w.last, item.value
	}
	w.runWriter.add(item)
}

func (w *deltaWriter) finish(out []byte) []byte {
	w.last = 0
	return w.runWriter.finish(out, appendLEB)
}

// boolWriter writes the lengths of alternating runs, beginning with false.
type boolWriter struct {
	out   []byte
	last  bool
	any   bool
	count uint64
}

func (w *boolWriter) add(b bool) {
	if b != w.last {
		w.out = binary.AppendUvarint(w.out, w.count)
		w.last, w.count, w.any = b, 0, true
	}
	w.count++
}

func (w *boolWriter) finish(out []byte) []byte {
	out = append(out, w.out...)
	if w.count > 0 {
		out = binary.AppendUvarint(out, w.count)
	}
	*w = boolWriter{out: w.out[:0]}
	return out
}

// finishUnlessFalse leaves out a column of nothing but false.
func (w *boolWriter) finishUnlessFalse(out []byte) []byte {
	if !w.any {
		w.count = 0
		return out
	}
	return w.finish(out)
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
