package chunk

import "math"

// ValueKind is the type of a scalar value, by its number in the format.
type ValueKind uint8

// The kinds of scalar values.
const (
	KindNull ValueKind = iota
	KindFalse
	KindTrue
	KindUint
	KindInt
	KindFloat
	KindString
	KindBytes
	KindCounter
	KindTimestamp
)

// Value is a scalar value of an operation. The zero Value is null.
type Value struct {
	Kind ValueKind
	bits uint64
	raw  []byte
}

// String makes a string value.
func String(s string) Value { return Value{Kind: KindString, raw: []byte(s)} }

// Int makes an integer value.
func Int(n int64) Value { return Value{Kind: KindInt, bits: uint64(n)} }

// Uint makes an unsigned integer value.
func Uint(n uint64) Value { return Value{Kind: KindUint, bits: n} }

// Float makes a floating-point value.
func Float(f float64) Value { return Value{Kind: KindFloat, bits: math.Float64bits(f)} }

// Bool makes a truth value.
func Bool(b bool) Value {
	if b {
		return Value{Kind: KindTrue}
	}
	return Value{Kind: KindFalse}
}

// Timestamp makes a timestamp of milliseconds since 1970.
func Timestamp(ms int64) Value { return Value{Kind: KindTimestamp, bits: uint64(ms)} }

// Text is the value as a string; ok is false for any other kind.
func (v Value) Text() (s string, ok bool) { return string(v.raw), v.Kind == KindString }

// Bytes are the raw bytes of a string, of bytes, or of a value of a kind this
// version does not know; nil for all others. They point into the chunk.
func (v Value) Bytes() []byte { return v.raw }

// Int is the value of an integer, counter or timestamp, signed or not; ok is
// false for other kinds and where it does not fit.
func (v Value) Int() (n int64, ok bool) {
	switch v.Kind {
	case KindInt, KindCounter, KindTimestamp:
		return int64(v.bits), true
	case KindUint:
		return int64(v.bits), v.bits <= math.MaxInt64
	}
	return 0, false
}

// Uint is the value of an unsigned integer.
func (v Value) Uint() (n uint64, ok bool) { return v.bits, v.Kind == KindUint }

// Float is the value of a floating-point number.
func (v Value) Float() (f float64, ok bool) {
	return math.Float64frombits(v.bits), v.Kind == KindFloat
}

// Bool is a truth value.
func (v Value) Bool() (b, ok bool) {
	return v.Kind == KindTrue, v.Kind == KindTrue || v.Kind == KindFalse
}

// Equal reports whether two values are the same, kind and all.
func (v Value) Equal(other Value) bool {
	return v.Kind == other.Kind && v.bits == other.bits && string(v.raw) == string(other.raw)
}
