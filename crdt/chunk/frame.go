package chunk

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// A chunk is framed as magic bytes, four bytes of checksum, one byte of type,
// the body's length as LEB128, and the body.
const (
	magic      = "\x85\x6f\x4a\x83"
	checksumAt = len(magic)
	kindAt     = checksumAt + 4
	lengthAt   = kindAt + 1
)

// frame is a chunk's frame, its body still unread.
type frame struct {
	kind   Kind
	header int // bytes before the body
	raw    []byte
	body   []byte
}

func (f frame) size() int { return f.header + len(f.body) }

func (f frame) checksum() []byte { return f.raw[checksumAt:kindAt] }

// readFrame reads the frame at the start of raw, which may go on after it.
func readFrame(raw []byte) (frame, error) {
	if len(raw) < lengthAt {
		return frame{}, errShort
	}
	if string(raw[:checksumAt]) != magic {
		return frame{}, fmt.Errorf("%w: it does not start like an Automerge chunk", ErrMalformed)
	}
	kind := Kind(raw[kindAt])
	if kind > KindCompressed {
		return frame{}, fmt.Errorf("%w: unknown chunk type %d", ErrMalformed, kind)
	}
	r := reader{data: raw, at: lengthAt}
	length, err := r.uleb()
	if err != nil {
		return frame{}, err
	}
	body, err := r.bytes(length)
	if err != nil {
		return frame{}, err
	}
	return frame{kind: kind, header: r.at - len(body), raw: raw[:r.at], body: body}, nil
}

// readWhole reads a frame that fills raw to its end and fits the limit.
func readWhole(raw []byte, limit int) (frame, error) {
	if len(raw) > limit {
		return frame{}, fmt.Errorf("%w: %d bytes, of %d allowed", ErrTooLarge, len(raw), limit)
	}
	f, err := readFrame(raw)
	if err != nil {
		return frame{}, err
	}
	if f.size() != len(raw) {
		return frame{}, fmt.Errorf("%w: something follows the chunk", ErrMalformed)
	}
	return f, nil
}

// hashOf is the hash of a chunk of this kind and body: what its checksum is
// the start of, and, for a change, its name.
func hashOf(kind Kind, body []byte) Hash {
	var prefix [1 + binary.MaxVarintLen64]byte
	prefix[0] = byte(kind)
	n := 1 + binary.PutUvarint(prefix[1:], uint64(len(body)))
	// Small bodies, which nearly all changes have, are hashed in one piece on
	// the stack: cheaper than a digest object.
	var small [1024]byte
	if n+len(body) <= len(small) {
		copy(small[:], prefix[:n])
		copy(small[n:], body)
		return sha256.Sum256(small[:n+len(body)])
	}
	d := sha256.New()
	d.Write(prefix[:n])
	d.Write(body)
	return Hash(d.Sum(nil))
}

// check compares the frame's checksum with the hash of its true body.
func (f frame) check(h Hash) error {
	if !bytes.Equal(f.checksum(), h[:4]) {
		return fmt.Errorf("%w: the checksum does not match", ErrMalformed)
	}
	return nil
}

// seal frames a body and returns the chunk and its hash.
func seal(kind Kind, body []byte) ([]byte, Hash) {
	h := hashOf(kind, body)
	return frameOf(kind, h, body), h
}

// frameOf frames a body whose hash is known.
func frameOf(kind Kind, h Hash, body []byte) []byte {
	out := make([]byte, 0, lengthAt+binary.MaxVarintLen64+len(body))
	out = append(out, magic...)
	out = append(out, h[:4]...)
	out = append(out, byte(kind))
	out = binary.AppendUvarint(out, uint64(len(body)))
	return append(out, body...)
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// early is how much is inflated, in bytes, before it is found out how much there
// is.
const early = 256 << 10

// inflate appends to out what the DEFLATE stream packed holds, which must be
// all of packed and at most limit bytes. Where that is much it inflates twice,
// first to count: then it holds no more than the result, and of what is beyond
// the limit next to nothing.
func inflate(out, packed []byte, limit int) ([]byte, error) {
	src := bytes.NewReader(packed)
	in := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(in)
	if err := in.(flate.Resetter).Reset(src, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	buf := bytes.NewBuffer(out)
	n, err := buf.ReadFrom(io.LimitReader(in, int64(min(limit, early))+1))
	if err == nil && n > early && n <= int64(limit) {
		var rest int64
		rest, err = io.Copy(io.Discard, io.LimitReader(in, int64(limit)-n+1))
		n += rest
	}
	if err != nil {
		return nil, fmt.Errorf("%w: cannot be inflated: %w", ErrMalformed, err)
	}
	if n > int64(limit) {
		return nil, fmt.Errorf("%w: inflates beyond %d bytes", ErrTooLarge, limit)
	}
	if src.Len() > 0 {
		return nil, fmt.Errorf("%w: something follows the compressed data", ErrMalformed)
	}
	if n <= early {
		return buf.Bytes(), nil
	}
	src.Reset(packed)
	if err := in.(flate.Resetter).Reset(src, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	all := make([]byte, len(out)+int(n))
	copy(all, out)
	if _, err := io.ReadFull(in, all[len(out):]); err != nil {
		return nil, fmt.Errorf("%w: cannot be inflated: %w", ErrMalformed, err)
	}
	return all, nil
}
