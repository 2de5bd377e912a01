package chunk

import (
	"fmt"
	"unicode/utf8"
)

// What can be wrong with any piece of data. They are made once, so that
// refusing costs nothing.
var (
	errShort    = fmt.Errorf("%w: it ends too early", ErrMalformed)
	errOverlong = fmt.Errorf("%w: a number is not written in its shortest form", ErrMalformed)
	errOverflow = fmt.Errorf("%w: a number does not fit", ErrMalformed)
	errText     = fmt.Errorf("%w: a text is not UTF-8", ErrMalformed)
)

// reader reads a byte slice from front to back.
type reader struct {
	data []byte
	at   int
}

func (r *reader) done() bool { return r.at >= len(r.data) }

// uleb reads an unsigned LEB128 number in its shortest form.
func (r *reader) uleb() (uint64, error) {
	if r.at < len(r.data) && r.data[r.at] < 0x80 {
		r.at++
		return uint64(r.data[r.at-1]), nil
	}
	var v uint64
	for shift := 0; ; shift += 7 {
		if r.at >= len(r.data) {
			return 0, errShort
		}
		b := r.data[r.at]
		r.at++
		if shift == 63 && b > 1 {
			return 0, errOverflow
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if b == 0 && shift > 0 {
				return 0, errOverlong
			}
			return v, nil
		}
	}
}

// leb reads a signed LEB128 number in its shortest form.
func (r *reader) leb() (int64, error) {
	var v int64
	var last byte
	for shift := 0; ; shift += 7 {
		if r.at >= len(r.data) {
			return 0, errShort
		}
		b := r.data[r.at]
		r.at++
		if shift == 63 && b != 0 && b != 0x7f {
			return 0, errOverflow
		}
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			// The last byte is superfluous if it only repeats the sign.
			if shift > 0 && (b == 0 && last&0x40 == 0 || b == 0x7f && last&0x40 != 0) {
				return 0, errOverlong
			}
			if b&0x40 != 0 && shift < 57 {
				v |= -1 << (shift + 7)
			}
			return v, nil
		}
		last = b
	}
}

// bytes takes the next n bytes; what it returns points into the data.
func (r *reader) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(r.data)-r.at) {
		return nil, errShort
	}
	b := r.data[r.at : r.at+int(n) : r.at+int(n)]
	r.at += int(n)
	return b, nil
}

// prefixed takes bytes that follow their length.
func (r *reader) prefixed() ([]byte, error) {
	n, err := r.uleb()
	if err != nil {
		return nil, err
	}
	return r.bytes(n)
}

// text takes UTF-8 that follows its length.
func (r *reader) text() ([]byte, error) {
	b, err := r.prefixed()
	if err == nil && !utf8.Valid(b) {
		err = errText
	}
	return b, err
}

func (r *reader) actor() (Actor, error) {
	b, err := r.prefixed()
	if err == nil && (len(b) == 0 || len(b) > maxActor) {
		err = fmt.Errorf("%w: an actor ID of %d bytes", ErrMalformed, len(b))
	}
	return Actor(b), err
}

// actors reads a list of actor IDs that must be in ascending order.
func (r *reader) actors() ([]Actor, error) {
	n, err := r.uleb()
	if err != nil || n == 0 {
		return nil, err
	}
	// Each takes at least two bytes, so a false count cannot reserve much.
	if n > uint64(len(r.data)-r.at)/2 {
		return nil, errShort
	}
	list := make([]Actor, n)
	for i := range list {
		if list[i], err = r.actor(); err != nil {
			return nil, err
		}
		if i > 0 && list[i] <= list[i-1] {
			return nil, fmt.Errorf("%w: actor IDs out of order", ErrMalformed)
		}
	}
	return list, nil
}

// hashes reads a list of hashes that must be in ascending order.
func (r *reader) hashes() ([]Hash, error) {
	n, err := r.uleb()
	if err != nil || n == 0 {
		return nil, err
	}
	if n > uint64(len(r.data)-r.at)/uint64(len(Hash{})) {
		return nil, errShort
	}
	list := make([]Hash, n)
	for i := range list {
		r.at += copy(list[i][:], r.data[r.at:])
		if i > 0 && list[i].Compare(list[i-1]) <= 0 {
			return nil, fmt.Errorf("%w: change hashes out of order", ErrMalformed)
		}
	}
	return list, nil
}
