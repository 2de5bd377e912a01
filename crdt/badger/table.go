package badger

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/y"
	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/proto"
)

// A table is blocks of records, an index of them, the index's length, its
// checksum and that one's length. Badger leaves a table out whose index it
// cannot read, and a block too.
//
// A reader serves one goroutine at a time, since it keeps what it unpacks into.
type tableReader struct {
	file   io.ReaderAt
	key    *pb.DataKey // nil: it is clear
	cipher cipher.Block
	memory *memory
	packed options.CompressionType
	found  finder
	mend   bool // try to put right what is wrong in a block
	blocks []block
}

// memory is what blocks are read, decrypted and unpacked into, one after the
// other.
type memory struct{ raw, clear, plain []byte }

// sized returns n bytes, those of kept if there are as many.
func sized(kept *[]byte, n int) []byte {
	if cap(*kept) < n {
		*kept = make([]byte, n)
	}
	return (*kept)[:n]
}

// block is where a block is, and the first key in it, with its timestamp.
type block struct {
	first  []byte
	offset int64
	size   int
}

var errTable = errors.New("its index cannot be read")

// readIndex finds the blocks. It puts a flipped bit right.
func (t *tableReader) readIndex(size int64) error {
	tail := make([]byte, min(size, 64))
	if _, err := t.file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	index, start, want, ok := t.indexAt(size, tail)
	switch {
	case ok && checksum(index) == want:
	case eachFlip(tail[max(0, len(tail)-24):], func() bool {
		index, start, want, ok = t.indexAt(size, tail)
		return ok && checksum(index) == want
	}):
		t.found.damaged(size-int64(len(tail)), "a bit of its last bytes was flipped")
	default:
		if index, start, want, ok = t.indexAt(size, tail); ok {
			if at, mended := mendBit(index, want); mended {
				t.found.damaged(start+int64(at), "a bit of its index was flipped")
				break
			}
		}
		t.found.damaged(start, "%v", errTable)
		return errTable
	}
	if err := t.parseIndex(index, start); err != nil {
		t.found.damaged(start, "its index makes no sense: %v", err)
		return errTable
	}
	return nil
}

// indexAt reads the index that a table's last bytes speak of.
func (t *tableReader) indexAt(size int64, tail []byte) (index []byte, start int64, want uint32, ok bool) {
	number := func(end int) int64 {
		if end < 4 {
			return -1
		}
		return int64(binary.BigEndian.Uint32(tail[end-4:]))
	}
	end := len(tail) - 4
	length := number(len(tail))
	if length < 0 || length > int64(end)-4 {
		return nil, 0, 0, false
	}
	var sum pb.Checksum
	if err := proto.Unmarshal(tail[end-int(length):end], &sum); err != nil || sum.Algo != pb.Checksum_CRC32C {
		return nil, 0, 0, false
	}
	indexSize := number(end - int(length))
	start = size - 4 - length - 4 - indexSize
	if indexSize <= 0 || start < 0 {
		return nil, 0, 0, false
	}
	index = make([]byte, indexSize)
	if _, err := t.file.ReadAt(index, start); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, 0, false
	}
	return index, start, uint32(sum.Sum), true
}

func (t *tableReader) parseIndex(index []byte, start int64) (err error) {
	// Whoever reads flat buffers trusts them.
	defer recovered(&err)
	if index, err = t.decrypt(index); err != nil {
		return err
	}
	root := fb.GetRootAsTableIndex(index, 0)
	t.blocks = make([]block, root.OffsetsLength())
	next := int64(0)
	for i := range t.blocks {
		var at fb.BlockOffset
		if !root.Offsets(&at, i) {
			return fmt.Errorf("block %d is missing", i)
		}
		t.blocks[i] = block{bytes.Clone(at.KeyBytes()), int64(at.Offset()), int(at.Len())}
		if t.blocks[i].offset != next {
			return fmt.Errorf("block %d is not where the one before it ends", i)
		}
		next += int64(at.Len())
		if len(t.blocks[i].first) <= timestamp || !plausible(t.blocks[i].first) {
			return fmt.Errorf("block %d begins with no key", i)
		}
	}
	if next != start || len(t.blocks) == 0 {
		return fmt.Errorf("its blocks end at %d, not at %d", next, start)
	}
	return nil
}

// recovered makes a panic an error.
func recovered(err *error) {
	if reason := recover(); reason != nil {
		*err = fmt.Errorf("malformed: %v", reason)
	}
}

// decrypt decrypts what has its initialisation vector at its end. The result is
// valid until the next call.
func (t *tableReader) decrypt(data []byte) ([]byte, error) {
	if t.key == nil {
		return data, nil
	}
	if len(data) < aes.BlockSize {
		return nil, io.ErrUnexpectedEOF
	}
	if t.cipher == nil {
		made, err := aes.NewCipher(t.key.Data)
		if err != nil {
			return nil, err
		}
		t.cipher = made
	}
	end := len(data) - aes.BlockSize
	clear := sized(&t.memory.clear, end)
	cipher.NewCTR(t.cipher, data[end:]).XORKeyStream(clear, data[:end])
	return clear, nil
}

// unpack returns what is in a block whose checksum is right.
func (t *tableReader) unpack(data []byte) (entries []byte, offsets []byte, err error) {
	data, err = t.decrypt(data)
	if err != nil {
		return nil, nil, err
	}
	return t.openBlock(data, false)
}

var errBlock = errors.New("a block's checksum does not match")

// openBlock is unpack for a block that is decrypted. With mend it puts a bit of
// the unpacked bytes right.
func (t *tableReader) openBlock(data []byte, mend bool) (entries []byte, offsets []byte, err error) {
	switch t.packed {
	case options.None:
	case options.Snappy:
		// Nothing is compressed to less than a twentieth: a length that was
		// damaged must not make us take all memory there is.
		n, err := s2.DecodedLen(data)
		if err != nil || n > 32*len(data) {
			return nil, nil, errBlock
		}
		if data, err = s2.Decode(sized(&t.memory.plain, n), data); err != nil {
			return nil, nil, errBlock
		}
	default:
		return nil, nil, fmt.Errorf("it is compressed in a way that Parley never uses: %d", t.packed)
	}
	cut := func() (piece int) {
		if len(data) < 4 {
			return -1
		}
		n := binary.BigEndian.Uint32(data[len(data)-4:])
		data = data[:len(data)-4]
		if uint64(n) > uint64(len(data)) {
			return -1
		}
		return int(n)
	}
	n := cut()
	if n < 0 {
		return nil, nil, errBlock
	}
	var sum pb.Checksum
	if err := proto.Unmarshal(data[len(data)-n:], &sum); err != nil || sum.Algo != pb.Checksum_CRC32C {
		return nil, nil, errBlock
	}
	data = data[:len(data)-n]
	if uint64(checksum(data)) != sum.Sum {
		if !mend {
			return nil, nil, errBlock
		}
		if _, mended := mendBit(data, uint32(sum.Sum)); !mended {
			return nil, nil, errBlock
		}
	}
	count := cut()
	if count < 0 || count*4 > len(data) {
		return nil, nil, errBlock
	}
	return data[:len(data)-4*count], data[len(data)-4*count:], nil
}

// read returns the bytes of a block, valid until the next call.
func (t *tableReader) read(b block) ([]byte, error) {
	data := sized(&t.memory.raw, b.size)
	if n, err := t.file.ReadAt(data, b.offset); n < len(data) {
		return nil, err
	}
	return data, nil
}

// verify reports whether a block can be read.
func (t *tableReader) verify(b block) error {
	data, err := t.read(b)
	if err != nil {
		return err
	}
	_, _, err = t.unpack(data)
	return err
}

// record is one of a table.
type record struct {
	key   []byte // with the timestamp
	value y.ValueStruct
}

// records returns what a block holds. It puts a flipped bit right.
func (t *tableReader) records(b block) (all []record, err error) {
	data, err := t.read(b)
	if err != nil {
		return nil, err
	}
	entries, offsets, err := t.unpack(data)
	if errors.Is(err, errBlock) && t.mend {
		if entries, offsets, err = t.mendBlock(data); err == nil {
			t.found.damaged(b.offset, "a bit of a block was flipped")
		}
	}
	if err != nil {
		t.found.damaged(b.offset, "%v", err)
		return nil, err
	}
	entries = bytes.Clone(entries) // the records' values are pieces of it
	if all, err = splitBlock(entries, offsets); err != nil {
		t.found.damaged(b.offset, "a block makes no sense: %v", err)
	}
	return all, err
}

// mendLimit is the size of a block up to which each of its bits is tried. Most
// have 4 KiB; one with a large value is hardly compressed, and needs no trying.
const mendLimit = 16 << 10

// mendBlock looks for the bit that was flipped. What is encrypted like this
// (in counter mode) is decrypted with the same bit flipped; but one in the
// initialisation vector changes it all.
func (t *tableReader) mendBlock(data []byte) (entries, offsets []byte, err error) {
	clear, err := t.decrypt(data)
	if err != nil {
		return nil, nil, err
	}
	if entries, offsets, err = t.openBlock(bytes.Clone(clear), true); err == nil {
		return entries, offsets, nil
	}
	if len(clear) <= mendLimit {
		clear = bytes.Clone(clear)
		if eachFlip(clear, func() bool { entries, offsets, err = t.openBlock(clear, false); return err == nil }) {
			return entries, offsets, nil
		}
	}
	if t.key != nil {
		eachFlip(data[len(data)-aes.BlockSize:], func() bool { entries, offsets, err = t.unpack(data); return err == nil })
	}
	return entries, offsets, err
}

// splitBlock takes a block's records apart: each key is what it shares with the
// first one, and a rest.
func splitBlock(entries, offsets []byte) (all []record, err error) {
	defer recovered(&err)
	var base []byte
	for i := 0; i < len(offsets); i += 4 {
		// Badger writes these as its machine does; all it runs on are
		// little-endian.
		begin, end := binary.LittleEndian.Uint32(offsets[i:]), uint32(len(entries))
		if i+4 < len(offsets) {
			end = binary.LittleEndian.Uint32(offsets[i+4:])
		}
		data := entries[begin:end]
		shared, own := binary.LittleEndian.Uint16(data), binary.LittleEndian.Uint16(data[2:])
		data = data[4:]
		key := append(bytes.Clone(base[:shared]), data[:own]...)
		if i == 0 {
			base = key
		}
		one := record{key: key}
		one.value.Decode(data[own:])
		all = append(all, one)
	}
	return all, nil
}
