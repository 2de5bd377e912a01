package badger

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/y"

	"parley/crdt"
)

// Badger has two kinds of logs: of writes that are in no table yet (.mem), and
// of large values (.vlog), which tables point into. Both begin with the number
// of a data key and a part of the initialisation vectors, which no checksum
// covers. Then follow entries: a header, key and value (encrypted together),
// and a checksum of all that. What was not written is zero.
//
// Badger takes the first entry that it cannot read for the end.
const (
	logHead     = 20
	entryHead   = 22 // at most
	entryTail   = crc32.Size
	timestamp   = 8       // what a key ends with: the number of its transaction, inverted
	maxKey      = 1 << 16 // longer keys are not written
	maxNumber   = 1 << 40 // no store comes to so many transactions
	logWindow   = 64 << 10
	finishedKey = "!badger!txn"
)

// Bits of an entry's meta byte.
const (
	metaDeleted  byte = 1 << 0
	metaPointer  byte = 1 << 1
	metaInTxn    byte = 1 << 6
	metaFinished byte = 1 << 7
	metaUnused   byte = 1<<4 | 1<<5
)

// logKind is what may follow a log's last entry.
type logKind uint8

const (
	logSealed logKind = iota // nothing: it was cut off there
	logOpen                  // zeros, and before them the beginning of an entry
)

// entry is one of a log.
type entry struct {
	offset int64
	size   int
	meta   byte
	key    []byte // with the timestamp
	value  []byte
}

// logReader reads a log from its beginning to its end, past what is damaged.
type logReader struct {
	file  io.ReaderAt
	size  int64
	kind  logKind
	keys  map[uint64]*pb.DataKey
	found finder

	head    logHeader
	end     int64 // after the last byte that is not zero
	window  []byte
	begins  int64 // where in the file the window is
	damages int   // that were found so far
}

// logHeader is how a log's entries are decrypted; without a key they are clear.
type logHeader struct {
	key *pb.DataKey
	iv  [12]byte
}

// read calls visit for each entry with what is in it, its bytes valid during
// the call. With values false, only the first entry's key is decrypted, to see
// that the head is right, and entries have neither key nor value.
func (r *logReader) read(values bool, visit func(entry) error) error {
	if r.size < logHead {
		if r.size > 0 || r.kind == logSealed {
			r.found.harmless(0, "it has %d bytes and holds nothing", r.size)
		}
		return nil
	}
	if err := r.findEnd(); err != nil {
		return err
	}
	first := true
	at := int64(logHead)
	for at < r.end {
		raw, next, err := r.entryAt(at)
		if err != nil {
			return err
		}
		if raw != nil {
			if first {
				if first = false; !r.findHead(raw, at) {
					return nil
				}
			}
			parsed := entry{offset: at, size: len(raw)}
			head, _ := parseEntry(raw, maxEntry)
			parsed.meta = head.meta
			if values {
				parsed.key, parsed.value = r.decrypt(raw, head, at)
			}
			if err := visit(parsed); err != nil {
				return err
			}
		}
		at = next
	}
	if first {
		r.checkEmptyHead()
	}
	return nil
}

// errEnough ends reading.
var errEnough = errors.New("enough")

// prepare reads the log's head, for valueAt.
func (r *logReader) prepare() error {
	err := r.read(false, func(entry) error { return errEnough })
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// valueAt returns a value that a record points to. there is false if something
// else is at its place.
func (r *logReader) valueAt(at int64, size int, key []byte) (value []byte, there bool, err error) {
	if at < logHead || size <= 0 || at+int64(size) > r.size {
		return nil, false, nil
	}
	raw, _, err := r.entryAt(at)
	if err != nil || len(raw) != size {
		return nil, false, err
	}
	h, ok := parseEntry(raw, maxEntry)
	if !ok {
		return nil, false, nil
	}
	found, value := r.decrypt(raw, h, at)
	return value, bytes.Equal(found, key), nil
}

// maxEntry is more than the largest entry takes.
const maxEntry = crdt.MaxValue + maxKey + entryHead + entryTail

// entryHeader is what an entry begins with.
type entryHeader struct {
	meta       byte
	size       int // of the header
	key, value int // sizes
}

func (h entryHeader) total() int { return h.size + h.key + h.value + entryTail }

// parseEntry reads the header of an entry that takes at most limit bytes. ok is
// false for what Badger never writes for Parley.
func parseEntry(data []byte, limit int64) (h entryHeader, ok bool) {
	if len(data) < 5 || data[0]&metaUnused != 0 || data[1] != 0 {
		return h, false
	}
	h = entryHeader{meta: data[0], size: 2}
	var lengths [3]uint64
	for i := range lengths {
		value, n := binary.Uvarint(data[h.size:])
		if n <= 0 {
			return h, false
		}
		lengths[i] = value
		h.size += n
	}
	if lengths[0] <= timestamp || lengths[0] > maxKey || lengths[1] > maxEntry || lengths[2] != 0 {
		return h, false
	}
	h.key, h.value = int(lengths[0]), int(lengths[1])
	return h, int64(h.total()) <= limit
}

// entryAt returns the bytes of the entry at an offset, nil if they cannot be
// read, and where to go on. It puts a flipped bit right.
func (r *logReader) entryAt(at int64) (raw []byte, next int64, err error) {
	rest := r.size - at
	head, err := r.bytes(at, int(min(entryHead, rest)))
	if err != nil {
		return nil, 0, err
	}
	head = bytes.Clone(head)
	h, ok := parseEntry(head, rest)
	if ok {
		if raw, err = r.bytes(at, h.total()); err != nil {
			return nil, 0, err
		}
		if soundEntry(raw) {
			return raw, at + int64(len(raw)), nil
		}
	}
	if raw, err := r.mendHeader(at, head, rest); raw != nil || err != nil {
		return raw, at + int64(len(raw)), err
	}
	if ok && at+int64(h.total()) <= r.end+entryTail {
		if raw, err = r.bytes(at, h.total()); err != nil {
			return nil, 0, err
		}
		raw = bytes.Clone(raw)
		body := raw[:len(raw)-entryTail]
		if _, mended := mendBit(body, binary.BigEndian.Uint32(raw[len(body):])); mended {
			r.damaged(at, "a bit of an entry was flipped")
			return raw, at + int64(len(raw)), nil
		}
	}
	return r.skip(at, h, ok)
}

// soundEntry reports whether an entry's checksum is right.
func soundEntry(raw []byte) bool {
	body := len(raw) - entryTail
	return checksum(raw[:body]) == binary.BigEndian.Uint32(raw[body:])
}

// mendHeader looks for the bit of a header, with its lengths, that was flipped.
func (r *logReader) mendHeader(at int64, head []byte, rest int64) (raw []byte, err error) {
	eachFlip(head, func() bool {
		h, ok := parseEntry(head, min(rest, r.end+entryTail-at))
		if !ok {
			return false
		}
		var read []byte
		if read, err = r.bytes(at, h.total()); err != nil {
			return true
		}
		copied := append(bytes.Clone(head[:h.size]), read[h.size:]...)
		if soundEntry(copied) {
			raw = copied
			return true
		}
		return false
	})
	if raw != nil {
		r.damaged(at, "a bit of an entry's header was flipped")
	}
	return raw, err
}

// skip decides what to make of bytes that are no entry: the trace of a crash,
// or damage with something behind it.
func (r *logReader) skip(at int64, h entryHeader, ok bool) (raw []byte, next int64, err error) {
	next, err = r.nextEntry(at + 1)
	if err != nil {
		return nil, 0, err
	}
	cut := ok && at+int64(h.total()) > r.end
	switch {
	case next < r.end:
		r.damaged(at, "%d bytes are no entry", next-at)
	case r.kind == logOpen && cut:
		// It was being written.
	case r.kind == logOpen && r.end-at <= entryHead && !ok, r.kind == logOpen && r.begunAt(at):
		r.found.harmless(at, "something follows the last entry that is none")
	default:
		r.damaged(at, "the last %d bytes are no entry", r.end-at)
	}
	return nil, next, nil
}

// copyWord is what large copies are aligned to: Go writes what comes before the
// first multiple of it last, so whoever is killed meanwhile has written an entry
// without its beginning.
const copyWord = 32

// begunAt reports whether there is no trace of a header, or of as much of one as
// is written last.
func (r *logReader) begunAt(at int64) bool {
	head, err := r.bytes(at, int(min(entryHead, copyWord-at%copyWord, r.size-at)))
	return err == nil && len(bytes.Trim(head, "\x00")) == 0
}

// nextEntry returns the offset of the first sound entry from an offset on, or
// the end.
func (r *logReader) nextEntry(from int64) (int64, error) {
	for at := from; at < r.end; at++ {
		head, err := r.bytes(at, int(min(entryHead, r.size-at)))
		if err != nil {
			return 0, err
		}
		h, ok := parseEntry(head, r.size-at)
		if !ok {
			continue
		}
		raw, err := r.bytes(at, h.total())
		if err != nil {
			return 0, err
		}
		if soundEntry(raw) {
			return at, nil
		}
	}
	return r.end, nil
}

func (r *logReader) damaged(at int64, format string, args ...any) {
	r.damages++
	r.found.damaged(at, format, args...)
}

// bytes returns n bytes of the file, valid until the next call.
func (r *logReader) bytes(at int64, n int) ([]byte, error) {
	if at >= r.begins && at+int64(n) <= r.begins+int64(len(r.window)) {
		return r.window[at-r.begins:][:n], nil
	}
	size := int(min(int64(max(n, logWindow)), r.size-at))
	if size < n {
		return nil, io.ErrUnexpectedEOF
	}
	if cap(r.window) < size {
		r.window = make([]byte, size)
	}
	r.window = r.window[:size]
	r.begins = at
	if _, err := r.file.ReadAt(r.window, at); err != nil {
		r.window = r.window[:0]
		return nil, err
	}
	return r.window[:n], nil
}

// findEnd finds the zeros that a log ends with.
func (r *logReader) findEnd() error {
	for r.end = r.size; r.end > logHead; {
		from := max(r.end-logWindow, logHead)
		data, err := r.bytes(from, int(r.end-from))
		if err != nil {
			return err
		}
		if kept := len(bytes.TrimRight(data, "\x00")); kept > 0 {
			r.end = from + int64(kept)
			break
		}
		r.end = from
	}
	return nil
}

var errNoDataKey = errors.New("no such data key")

func (r *logReader) readHead() (logHeader, uint64, error) {
	var raw [logHead]byte
	if _, err := r.file.ReadAt(raw[:], 0); err != nil {
		return logHeader{}, 0, err
	}
	id := binary.BigEndian.Uint64(raw[:8])
	head := logHeader{iv: [12]byte(raw[8:])}
	if id != 0 {
		if head.key = r.keys[id]; head.key == nil {
			return head, id, fmt.Errorf("%w: %d", errNoDataKey, id)
		}
	}
	return head, id, nil
}

// findHead reads the log's head, by the first entry, which shows whether it is
// right. It looks for another data key, or for the flipped bit of the
// initialisation vector.
func (r *logReader) findHead(raw []byte, at int64) bool {
	h, _ := parseEntry(raw, maxEntry)
	fits := func() bool {
		key, _ := r.decrypt(raw[:h.size+h.key+entryTail], entryHeader{size: h.size, key: h.key}, at)
		return plausible(key)
	}
	read, _, err := r.readHead()
	if r.head = read; err == nil && fits() {
		return true
	}
	for _, key := range append(slices.Collect(maps.Values(r.keys)), nil) {
		if r.head.key = key; fits() {
			r.damaged(0, "the number of its data key is wrong")
			return true
		}
	}
	r.head = read
	if r.head.key != nil && eachFlip(r.head.iv[:], fits) {
		r.damaged(8, "a bit of its initialisation vector was flipped")
		return true
	}
	r.damaged(0, "its first bytes are wrong, so that nothing in it can be decrypted")
	return false
}

// plausibleHead reports whether the first entry's key is one, as far as can be
// said without reading the entry.
func (r *logReader) plausibleHead() (ok bool, err error) {
	if r.size <= logHead {
		return true, nil
	}
	raw := make([]byte, min(r.size-logHead, entryHead+maxKey))
	if _, err := r.file.ReadAt(raw, logHead); err != nil {
		return false, err
	}
	h, ok := parseEntry(raw, maxEntry)
	if r.head, _, err = r.readHead(); err != nil || !ok || h.size+h.key+entryTail > len(raw) {
		return false, nil //nolint:nilerr // prepare reports what is wrong
	}
	key, _ := r.decrypt(raw[:h.size+h.key+entryTail], entryHeader{size: h.size, key: h.key}, logHead)
	return plausible(key), nil
}

// checkEmptyHead looks at the head of a log without entries, of which only the
// data key's number says anything.
func (r *logReader) checkEmptyHead() {
	if _, id, err := r.readHead(); err != nil {
		r.found.harmless(0, "it names data key %d, which there is not, and holds nothing", id)
	}
}

// plausible reports whether a key ends with a timestamp.
func plausible(key []byte) bool {
	return math.MaxUint64-binary.BigEndian.Uint64(key[len(key)-timestamp:]) < maxNumber
}

// decrypt returns an entry's key and value, copies of them where they were
// encrypted.
func (r *logReader) decrypt(raw []byte, h entryHeader, at int64) (key, value []byte) {
	clear := raw[h.size : len(raw)-entryTail]
	if r.head.key != nil {
		iv := make([]byte, aes.BlockSize)
		copy(iv, r.head.iv[:])
		binary.BigEndian.PutUint32(iv[len(r.head.iv):], uint32(at))
		decrypted, err := y.XORBlockAllocate(clear, r.head.key.Data, iv)
		if err != nil {
			// A data key of a size that AES does not know: nothing is plausible.
			decrypted = make([]byte, len(clear))
		}
		clear = decrypted
	}
	return clear[:h.key], clear[h.key:]
}
