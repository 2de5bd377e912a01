package crdt_test

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"parley/crdt/chunk"
	"parley/crdt/materialize"
)

// seed is a chunk to be changed: its body as it is before it is compressed, so
// that a checksum put right lets what was changed past the door.
type seed struct {
	kind chunk.Kind
	body []byte
}

// frameHead is what comes before the length of a chunk's body: magic bytes,
// checksum, kind.
const frameHead = 9

// open takes the frame off a chunk.
func openFrame(raw []byte) (seed, error) {
	kind, err := chunk.KindOf(raw)
	if err != nil {
		return seed{}, err
	}
	_, n := binary.Uvarint(raw[frameHead:])
	body := raw[frameHead+n:]
	if kind == chunk.KindCompressed {
		body, err = io.ReadAll(flate.NewReader(bytes.NewReader(body)))
	}
	return seed{kind: kind, body: slices.Clone(body)}, err
}

// frame puts a body into a frame with the right checksum.
func (s seed) frame(packer *flate.Writer) []byte {
	named := s.kind
	if named == chunk.KindCompressed {
		named = chunk.KindChange // what the checksum is of
	}
	sum := sha256.New()
	sum.Write(binary.AppendUvarint([]byte{byte(named)}, uint64(len(s.body))))
	sum.Write(s.body)
	body := s.body
	if s.kind == chunk.KindCompressed {
		body = deflated(packer, body)
	}
	out := append([]byte("\x85\x6f\x4a\x83"), sum.Sum(nil)[:4]...)
	out = binary.AppendUvarint(append(out, byte(s.kind)), uint64(len(body)))
	return append(out, body...)
}

func deflated(w *flate.Writer, body []byte) []byte { return deflatedTimes(w, body, 1) }

// deflatedTimes compresses something repeated, which need not be in memory.
func deflatedTimes(w *flate.Writer, body []byte, times int) []byte {
	var packed bytes.Buffer
	w.Reset(&packed)
	for range times {
		_, _ = w.Write(body) // a bytes.Buffer takes everything
	}
	_ = w.Close()
	return packed.Bytes()
}

// breeder makes inputs out of seeds.
type breeder struct {
	*rand.Rand
	seeds  []seed
	bombs  [][]byte // made to cost much; used as they are
	packer *flate.Writer
}

// bombEvery is how rarely an input is a bomb: many of them take a while to
// refuse.
const bombEvery = 5000

// next makes one input.
func (b *breeder) next() []byte {
	if b.IntN(bombEvery) == 0 {
		return b.bombs[b.IntN(len(b.bombs))]
	}
	s := b.seeds[b.IntN(len(b.seeds))]
	s.body = slices.Clone(s.body)
	if s.kind != chunk.KindDocument && b.IntN(4) == 0 {
		s.kind ^= chunk.KindChange ^ chunk.KindCompressed
	}
	for range 1 + min(b.IntN(4), b.IntN(4)) {
		s.body = b.mutate(s.body)
	}
	raw := s.frame(b.packer)
	if b.IntN(5) > 0 {
		return raw // its checksum is right
	}
	return b.mutate(raw)
}

// telling are numbers at which something may change.
var telling = []uint64{0, 1, 2, 3, 127, 128, 255, 256, 16383, 16384, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<53 - 1, 1<<62 - 1, 1<<63 - 1, 1 << 63, math.MaxUint64}

// mutate changes something; the slice is its to change.
func (b *breeder) mutate(raw []byte) []byte {
	if len(raw) == 0 {
		return []byte{byte(b.Uint32())}
	}
	at := b.IntN(len(raw))
	run := min(1+b.IntN(16), len(raw)-at)
	switch b.IntN(11) {
	case 0:
		raw[at] ^= 1 << b.IntN(8)
	case 1:
		raw[at] = byte(b.Uint32())
	case 2:
		raw[at] = []byte{0, 1, 0x7e, 0x7f, 0x80, 0x81, 0xff}[b.IntN(7)]
	case 3:
		raw[at]++
	case 4:
		raw[at]--
	case 5:
		return slices.Delete(raw, at, at+run)
	case 6:
		return slices.Insert(raw, at, slices.Clone(raw[at:at+run])...)
	case 7:
		return raw[:at]
	case 8: // a number, in place of a byte
		return slices.Replace(raw, at, at+1, binary.AppendUvarint(nil, telling[b.IntN(len(telling))])...)
	case 9: // something out of another seed
		other := b.seeds[b.IntN(len(b.seeds))].body
		from := b.IntN(len(other))
		return slices.Insert(raw, at, other[from:min(len(other), from+run)]...)
	case 10: // two places change places
		to := b.IntN(len(raw) - run + 1)
		for i := range run {
			raw[at+i], raw[to+i] = raw[to+i], raw[at+i]
		}
	}
	return raw
}

// newBreeder gathers seeds: what the documents that mutants are appended to
// could go on with, whole documents, and what Automerge JS wrote.
func newBreeder(ctx context.Context, number uint64, child *materialize.Child, actor chunk.Actor) (*breeder, []chunk.Change, error) {
	b := &breeder{Rand: rand.New(rand.NewPCG(number, 7))}
	var err error
	if b.packer, err = flate.NewWriter(nil, flate.BestSpeed); err != nil {
		return nil, nil, err
	}
	base, going, err := goingOn(ctx, child, actor)
	if err != nil {
		return nil, nil, err
	}
	var chunks [][]byte
	for _, name := range []string{"changes.bin", "saved.bin"} {
		raw, err := os.ReadFile(filepath.Join("chunk", "testdata", name))
		if err != nil {
			return nil, nil, err
		}
		parts, err := chunk.Split(raw, chunk.DefaultLimits)
		if err != nil {
			return nil, nil, err
		}
		chunks = append(chunks, parts...)
	}
	var raws [][]byte
	for _, c := range base {
		raws = append(raws, c.Raw)
	}
	snapshot, err := child.Compact(ctx, raws)
	if err != nil {
		return nil, nil, err
	}
	// What goes on with the document is what can get furthest.
	for range 3 {
		chunks = append(append(chunks, going...), snapshot)
	}
	for _, raw := range append(chunks, raws...) {
		s, err := openFrame(raw)
		if err != nil {
			return nil, nil, err
		}
		b.seeds = append(b.seeds, s)
	}
	b.bombs = bombs(b.packer, actor)
	return b, base, nil
}

// goingOn writes a text document, and changes of all kinds, any of which could
// be its next.
func goingOn(ctx context.Context, child *materialize.Child, actor chunk.Actor) (base []chunk.Change, next [][]byte, err error) {
	born, err := child.Create(ctx, materialize.Birth{Actor: actor, Kind: "text", Markdown: "# One **two**\n\n- three\n- four\n", Time: time.Unix(1, 0)})
	if err != nil {
		return nil, nil, err
	}
	for range 3 {
		change, err := child.Edit(ctx, born, actor, materialize.Edit{At: 3, Insert: "more and ", Time: time.Unix(2, 0)})
		if err != nil {
			return nil, nil, err
		}
		born = append(born, change)
	}
	for _, edit := range []materialize.Edit{{At: 1, Insert: "letters"}, {At: 2, Delete: 20}, {At: 5, Delete: 1, Insert: "a\nb\nc"}} {
		change, err := child.Edit(ctx, born, actor, edit)
		if err != nil {
			return nil, nil, err
		}
		next = append(next, change)
	}
	for _, raw := range born {
		c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return nil, nil, err
		}
		base = append(base, c)
	}
	last := base[len(base)-1]
	head := chunk.Change{Actor: actor, Seq: last.Seq + 1, StartOp: last.MaxOp + 1, Deps: []chunk.Hash{last.Hash}, Message: "what it says"}
	made := chunk.ID{Counter: head.StartOp}
	field := func(name string, o chunk.Op) chunk.Op {
		o.Key = chunk.Key{Name: name, IsName: true}
		return o
	}
	in := func(o chunk.Op) chunk.Op {
		o.Object, o.Insert = made, true
		return o
	}
	value := chunk.String("v")
	for _, ops := range [][]chunk.Op{
		{field("map", chunk.Op{Action: chunk.MakeMap}), field("a", chunk.Op{Object: made, Action: chunk.Put, Value: chunk.Float(1.5)})},
		{field("list", chunk.Op{Action: chunk.MakeList}), in(chunk.Op{Action: chunk.Put, Value: value}), in(chunk.Op{Action: chunk.Put, Value: chunk.Int(-7)})},
		{
			field("text", chunk.Op{Action: chunk.MakeText}), in(chunk.Op{Action: chunk.Put, Value: value}),
			in(chunk.Op{Action: chunk.Mark, Mark: "strong", Begins: true, Value: chunk.Bool(true)}), in(chunk.Op{Action: chunk.Mark, Expand: true}),
		},
		{field("n", chunk.Op{Action: chunk.Put, Value: chunk.Value{Kind: chunk.KindCounter}}), field("n", chunk.Op{Action: chunk.Increment, Value: chunk.Int(2), Pred: []chunk.ID{made}})},
		{field("x", chunk.Op{Action: chunk.Put, Value: value}), field("x", chunk.Op{Action: chunk.Delete, Pred: []chunk.ID{made}})},
		{field("t", chunk.Op{Action: chunk.MakeTable}), field("when", chunk.Op{Action: chunk.Put, Value: chunk.Timestamp(5)})},
	} {
		c, err := chunk.Encode(head, []chunk.Actor{actor}, ops)
		if err != nil {
			return nil, nil, fmt.Errorf("seed: %w", err)
		}
		next = append(next, c.Raw)
	}
	return base, next, nil
}

// bombs are small for what they claim, or as large as may be.
func bombs(packer *flate.Writer, actor chunk.Actor) (raws [][]byte) {
	framed := func(kind chunk.Kind, body []byte) { raws = append(raws, seed{kind, body}.frame(packer)) }
	text := func(to []byte, s string) []byte {
		return append(binary.AppendUvarint(to, uint64(len(s))), s...)
	}
	number := func(n uint64) []byte { return binary.AppendUvarint(nil, n) }
	// A quarter of a gigabyte of nothing in a quarter of a megabyte, as a change and as a column.
	zeros := make([]byte, 1<<20)
	packed := deflatedTimes(packer, zeros, 256)
	raws = append(raws, slices.Concat([]byte("\x85\x6f\x4a\x83abcd\x02"), number(uint64(len(packed))), packed))
	column := func(spec uint64, data []byte) []byte {
		body := append(text([]byte{1}, string(actor)), 1)
		body = append(body, make([]byte, 32)...)
		return slices.Concat(body, []byte{1}, number(spec), number(uint64(len(data))), []byte{0}, data)
	}
	framed(chunk.KindDocument, column(0<<4|8|1, packed))
	// As much as may be, inflated just so far.
	framed(chunk.KindDocument, column(0<<4|8|1, deflatedTimes(packer, zeros, chunk.DefaultLimits.Inflated>>20)))
	framed(chunk.KindCompressed, make([]byte, chunk.DefaultLimits.Change-1))
	head := func(deps int, others []byte) []byte {
		body := number(uint64(deps))
		for i := range deps {
			var hash chunk.Hash
			binary.BigEndian.PutUint32(hash[:], uint32(i+1))
			body = append(body, hash[:]...)
		}
		body = append(text(body, string(actor)), 1, 1, 0, 0)
		return append(body, others...)
	}
	// More dependencies than a document has changes, all of them missing; more
	// actors than there are people; and as many as fit claimed.
	framed(chunk.KindChange, append(head(100_000, []byte{0}), 0))
	others := number(1_000_000)
	for i := range 1_000_000 {
		others = append(others, 3, byte(i>>16), byte(i>>8), byte(i))
	}
	framed(chunk.KindChange, append(head(0, others), 0))
	framed(chunk.KindChange, head(0, number(1<<60)))
	framed(chunk.KindChange, append(number(1<<60), make([]byte, 64)...))
	// Operations by the run: as many as may be, and more than there can be.
	for _, n := range []uint64{uint64(chunk.DefaultLimits.Ops), 1 << 40} {
		zeros := append(signed(int64(n)), 0)
		name := append(signed(int64(n)), 1, 'k')
		insert := number(n)
		action := append(signed(int64(n)), byte(chunk.Put))
		columns := []struct {
			spec uint64
			data []byte
		}{{1<<4 | 5, name}, {3<<4 | 4, insert}, {4<<4 | 2, action}, {5<<4 | 6, zeros}, {7 << 4, zeros}}
		body := append(head(0, []byte{0}), byte(len(columns)))
		for _, c := range columns {
			body = append(append(body, number(c.spec)...), number(uint64(len(c.data)))...)
		}
		for _, c := range columns {
			body = append(body, c.data...)
		}
		framed(chunk.KindChange, body)
	}
	return append(raws, make([]byte, chunk.DefaultLimits.Change+1))
}

// signed is a number as the format's columns count their runs by.
func signed(n int64) (out []byte) {
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if n == 0 && b&0x40 == 0 || n == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}
