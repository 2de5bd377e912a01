package chunk

import (
	"fmt"
	"unicode/utf8"
)

// A column's specification is its ID, a bit that says it is deflated, and its
// type: id<<4 | deflated<<3 | type.
const (
	typeGroup  = 0
	typeActor  = 1
	typeUint   = 2
	typeDelta  = 3
	typeBool   = 4
	typeString = 5
	typeMeta   = 6
	typeValue  = 7

	deflated = 1 << 3
)

// column is one entry of column metadata.
type column struct {
	spec   uint32
	length int
}

// readColumns reads column metadata: specifications in ascending order, each
// with the length of its data. It returns them in list, which the caller may
// reuse, and the length of all the data together.
func readColumns(r *reader, list []column) (_ []column, total int, err error) {
	n, err := r.uleb()
	if err != nil {
		return nil, 0, err
	}
	if n > uint64(len(r.data)-r.at)/2 {
		return nil, 0, errShort
	}
	list = list[:0]
	last := int64(-1)
	for range n {
		spec, err := r.uleb()
		if err != nil {
			return nil, 0, err
		}
		length, err := r.uleb()
		if err != nil {
			return nil, 0, err
		}
		plain := int64(spec &^ deflated)
		if spec > 1<<32-1 || plain <= last {
			return nil, 0, fmt.Errorf("%w: columns out of order", ErrMalformed)
		}
		// A value column holds the bytes that its metadata column describes.
		if spec&7 == typeValue && last != plain-1 {
			return nil, 0, fmt.Errorf("%w: a column of values without their types", ErrMalformed)
		}
		last = plain
		// What all lengths come to must lie within the data that follows, so
		// comparing each with the data's size also keeps the sum in range.
		if length > uint64(len(r.data)-total) {
			return nil, 0, errShort
		}
		total += int(length)
		list = append(list, column{spec: uint32(spec), length: int(length)})
	}
	return list, total, nil
}

// run is the state of a run-length encoded column.
type run struct {
	reader
	left    uint64 // items of the present run still to come
	literal bool
	null    bool
}

type item uint8

const (
	itemEnd    item = iota
	itemNull        // a null
	itemSame        // the value of the item before
	itemUnread      // a value, which the caller reads now
)

// next steps to the next item. Runs may be as long as they claim: they cost
// nothing until somebody steps through them, and whoever does so counts.
func (r *run) next() (item, error) {
	if r.left > 0 {
		r.left--
		switch {
		case r.null:
			return itemNull, nil
		case r.literal:
			return itemUnread, nil
		}
		return itemSame, nil
	}
	if r.done() {
		return itemEnd, nil
	}
	n, err := r.leb()
	switch {
	case err != nil:
		return itemEnd, err
	case n > 0:
		r.left, r.literal, r.null = uint64(n)-1, false, false
		return itemUnread, nil
	case n < 0:
		r.left, r.literal, r.null = -uint64(n)-1, true, false
		return itemUnread, nil
	}
	nulls, err := r.uleb()
	if err != nil {
		return itemEnd, err
	}
	if nulls == 0 {
		return itemEnd, fmt.Errorf("%w: an empty run", ErrMalformed)
	}
	r.left, r.literal, r.null = nulls-1, false, true
	return itemNull, nil
}

// spent reports whether every item has been read.
func (r *run) spent() bool { return r.left == 0 && r.done() }

// Past its end a column goes on with nulls: a column of nothing but nulls is
// left out altogether.

type uintColumn struct {
	run
	value uint64
}

func (c *uintColumn) next() (v uint64, ok bool, err error) {
	switch it, err := c.run.next(); {
	case err != nil:
		return 0, false, err
	case it == itemUnread:
		c.value, err = c.uleb()
		return c.value, err == nil, err
	case it == itemSame:
		return c.value, true, nil
	}
	return 0, false, nil
}

type deltaColumn struct {
	run
	delta, value int64
}

func (c *deltaColumn) next() (v int64, ok bool, err error) {
	switch it, err := c.run.next(); {
	case err != nil:
		return 0, false, err
	case it == itemUnread:
		if c.delta, err = c.leb(); err != nil {
			return 0, false, err
		}
	case it != itemSame:
		return 0, false, nil
	}
	sum := c.value + c.delta
	if (sum > c.value) != (c.delta > 0) && c.delta != 0 {
		return 0, false, errOverflow
	}
	c.value = sum
	return sum, true, nil
}

type textColumn struct {
	run
	value []byte
}

func (c *textColumn) next() (v []byte, ok bool, err error) {
	switch it, err := c.run.next(); {
	case err != nil:
		return nil, false, err
	case it == itemUnread:
		c.value, err = c.text()
		return c.value, err == nil, err
	case it == itemSame:
		return c.value, true, nil
	}
	return nil, false, nil
}

// boolColumn holds the lengths of alternating runs, beginning with false.
type boolColumn struct {
	reader
	left  uint64
	begun bool
	value bool
}

func (c *boolColumn) next() (bool, error) {
	for c.left == 0 {
		if c.done() {
			return false, nil
		}
		n, err := c.uleb()
		if err != nil {
			return false, err
		}
		if n == 0 && c.begun {
			return false, fmt.Errorf("%w: an empty run", ErrMalformed)
		}
		c.value = c.begun && !c.value
		c.begun = true
		c.left = n
	}
	c.left--
	return c.value, nil
}

func (c *boolColumn) spent() bool { return c.left == 0 && c.done() }

// valueColumns read scalar values: their types and lengths from one column,
// their bytes from the other.
type valueColumns struct {
	meta uintColumn
	raw  reader
}

func (c *valueColumns) next() (Value, error) {
	meta, ok, err := c.meta.next()
	if err != nil || !ok {
		return Value{}, err
	}
	raw, err := c.raw.bytes(meta >> 4)
	if err != nil {
		return Value{}, err
	}
	return readValue(ValueKind(meta&15), raw)
}

// readValue reads a value from its bytes, which must be all of raw.
func readValue(kind ValueKind, raw []byte) (v Value, err error) {
	v.Kind = kind
	r := reader{data: raw}
	switch v.Kind {
	case KindNull, KindFalse, KindTrue:
	case KindUint:
		v.bits, err = r.uleb()
	case KindInt, KindCounter, KindTimestamp:
		var n int64
		n, err = r.leb()
		v.bits = uint64(n)
	case KindFloat:
		if len(raw) != 8 {
			return Value{}, errOverflow
		}
		for i, b := range raw {
			v.bits |= uint64(b) << (8 * i)
		}
		r.at = 8
	case KindString:
		if !utf8.Valid(raw) {
			return Value{}, errText
		}
		v.raw, r.at = raw, len(raw)
	default: // bytes, and types this version does not know
		v.raw, r.at = raw, len(raw)
	}
	if err == nil && !r.done() {
		err = fmt.Errorf("%w: a value of the wrong length", ErrMalformed)
	}
	return v, err
}

func (c *valueColumns) spent() bool { return c.meta.spent() && c.raw.done() }
