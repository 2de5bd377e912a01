package chunk

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// changes are those that testdata/make.mjs made with Automerge
// JS 2.2.9: plain and compressed, by two actors, with every kind of operation.
func changes(t testing.TB) (raw [][]byte) {
	t.Helper()
	chunks, err := Split(file(t, "changes.bin"), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return chunks
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseChange(t *testing.T) {
	var got []Change
	for _, raw := range changes(t) {
		c, err := ParseChange(raw, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c)
	}
	type row struct {
		hash           string
		actor          string
		seq, start, by uint64
		deps           int
		message        string
	}
	a, b := strings.Repeat("aa", 20), strings.Repeat("bb", 20)
	want := []row{
		{"de6e1612", a, 1, 1, 7, 0, ""},
		{"22b39c1a", a, 2, 8, 34, 1, ""},
		{"18bbee89", a, 3, 35, 36, 1, ""},
		{"93db8fbd", b, 1, 35, 446, 1, "hi"},
		{"feb6cb6a", b, 2, 447, 450, 1, ""},
		{"fd61f711", a, 4, 451, 453, 2, ""},
	}
	for i, w := range want {
		c := got[i]
		if g := (row{c.Hash.String()[:8], c.Actor.String(), c.Seq, c.StartOp, c.MaxOp, len(c.Deps), c.Message}); g != w {
			t.Errorf("change %d: got %+v, want %+v", i, g, w)
		}
	}
	if got[3].Time != 12345 {
		t.Errorf("time %d, want 12345", got[3].Time)
	}
}

func TestParseSnapshot(t *testing.T) {
	s, err := ParseSnapshot(file(t, "saved.bin"), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	a, b := Actor(strings.Repeat("\xaa", 20)), Actor(strings.Repeat("\xbb", 20))
	if s.Changes != 6 || s.Vector[a] != 4 || s.Vector[b] != 2 || len(s.Vector) != 2 || s.MaxOp != 453 || s.MaxOps[b] != 450 {
		t.Errorf("got %d changes, vector %v, operations to %d", s.Changes, s.Vector, s.MaxOp)
	}
	if len(s.Heads) != 1 || s.Heads[0].String()[:8] != "fd61f711" {
		t.Errorf("heads %v", s.Heads)
	}
}

// TestEncodeGivesBackWhatWasDecoded writes changes again from their
// operations. The hash shows that it is to the byte as the core wrote them.
func TestEncodeGivesBackWhatWasDecoded(t *testing.T) {
	for _, raw := range changes(t) {
		c, err := ParseChange(raw, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Encode(c, c.Actors(), collect(&c))
		if err != nil {
			t.Fatal(err)
		}
		if again.Hash != c.Hash {
			t.Errorf("change %s of %s came back as %s", c.Hash, c.Actor, again.Hash)
		}
	}
}

func collect(c *Change) []Op {
	var ops []Op
	for it := c.Ops(); it.Next(); {
		op := it.Op
		op.Pred = slices.Clone(op.Pred)
		ops = append(ops, op)
	}
	return ops
}

func TestEncodeDoesNotDependOnTheTable(t *testing.T) {
	// The same operations, with their actors in another order and with one
	// that is not used.
	head := Change{Actor: "mm", Seq: 3, StartOp: 50, Deps: []Hash{{2}, {1}}}
	ops := func(a, b, m int) []Op {
		return []Op{
			{Object: ID{4, a}, Key: Key{Elem: ID{9, b}}, Insert: true, Action: Put, Value: String("x")},
			{Object: ID{4, a}, Key: Key{Elem: ID{7, m}}, Action: Delete, Pred: []ID{{12, b}, {7, m}, {12, a}}},
		}
	}
	first, err := Encode(head, []Actor{"aa", "zz", "mm"}, ops(0, 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Encode(head, []Actor{"mm", "unused", "zz", "aa"}, ops(3, 2, 0))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Raw, second.Raw) {
		t.Errorf("got %x and %x", first.Raw, second.Raw)
	}
	if !slices.Equal(first.Others, []Actor{"aa", "zz"}) {
		t.Errorf("other actors %q", first.Others)
	}
}

// reseal puts a changed body into a chunk whose checksum is right.
func reseal(kind Kind, body []byte) []byte {
	raw, _ := seal(kind, body)
	return raw
}

func packed(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compressed(h Hash, stream []byte) []byte {
	out := append([]byte(magic), h[:4]...)
	out = append(out, byte(KindCompressed))
	out = binary.AppendUvarint(out, uint64(len(stream)))
	return append(out, stream...)
}

func TestRefusesWhatIsNotAChange(t *testing.T) {
	good := changes(t)[2]
	f, err := readFrame(good)
	if err != nil {
		t.Fatal(err)
	}
	cut := good[:len(good)-1]
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	unknown := bytes.Clone(good)
	unknown[kindAt] = 9
	overlong := append(append(bytes.Clone(good[:lengthAt]), good[lengthAt]|0x80, 0), f.body...)
	zeros := make([]byte, DefaultLimits.Change*4)
	stream := packed(t, f.body)
	h := hashOf(KindChange, f.body)
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":                      {nil, ErrMalformed},
		"cut off":                      {cut, ErrMalformed},
		"something behind it":          {append(bytes.Clone(good), 0), ErrMalformed},
		"a bit flipped":                {flipped, ErrMalformed},
		"an unknown type":              {unknown, ErrMalformed},
		"a length in two many bytes":   {overlong, ErrMalformed},
		"another format":               {[]byte("%PDF-1.7 something else"), ErrMalformed},
		"a document":                   {file(t, "saved.bin"), ErrMalformed},
		"an empty body":                {reseal(KindChange, nil), ErrMalformed},
		"too long":                     {make([]byte, DefaultLimits.Change+1), ErrTooLarge},
		"inflating beyond the limit":   {compressed(h, packed(t, zeros)), ErrTooLarge},
		"a broken stream":              {compressed(h, stream[:len(stream)-2]), ErrMalformed},
		"something behind the stream":  {compressed(h, append(bytes.Clone(stream), 0)), ErrMalformed},
		"the checksum of another body": {compressed(Hash{}, stream), ErrMalformed},
	} {
		if _, err := ParseChange(c.raw, DefaultLimits); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := ParseChange(compressed(h, stream), DefaultLimits); err != nil {
		t.Errorf("the good stream: %v", err)
	}
}

// TestRunsCostNothingByWhatTheyClaim gives every column a run of 2^60 items.
func TestRunsCostNothingByWhatTheyClaim(t *testing.T) {
	run := appendLEB(nil, 1<<60)
	nulls := binary.AppendUvarint([]byte{0}, 1<<60)
	literal := appendLEB(nil, -(1 << 60))
	body := func(columns ...struct {
		spec uint64
		data []byte
	}) []byte {
		out := []byte{0, 1, 'a', 1, 1, 0, 0, 0}
		out = binary.AppendUvarint(out, uint64(len(columns)))
		for _, c := range columns {
			out = binary.AppendUvarint(binary.AppendUvarint(out, c.spec), uint64(len(c.data)))
		}
		for _, c := range columns {
			out = append(out, c.data...)
		}
		return out
	}
	col := func(spec uint64, data ...[]byte) struct {
		spec uint64
		data []byte
	} {
		return struct {
			spec uint64
			data []byte
		}{spec, bytes.Join(data, nil)}
	}
	name := col(colKeyName, run, appendText(nil, "k"))
	action := col(colAction, run, []byte{byte(Put)})
	for what, raw := range map[string][]byte{
		"operations":         body(name, col(colInsert, binary.AppendUvarint(nil, 1<<60)), action, col(colMeta, run, []byte{0}), col(colPredNum, run, []byte{0})),
		"predecessors":       body(col(colKeyName, []byte{0x7f}, appendText(nil, "k")), col(colAction, []byte{0x7f, byte(Put)}), col(colPredNum, []byte{0x7f}, binary.AppendUvarint(nil, 1<<60)), col(colPredActor, run, []byte{0}), col(colPredCtr, run, []byte{1})),
		"nulls":              body(col(colAction, nulls)),
		"literals":           body(col(colAction, literal)),
		"the smallest count": body(col(colAction, appendLEB(nil, math.MinInt64))),
		"unused items":       body(col(colKeyName, []byte{0x7f}, appendText(nil, "k")), col(colAction, []byte{0x7f, byte(Put)}), col(colMark, nulls)),
	} {
		l := DefaultLimits
		l.Ops = 1000
		if _, err := ParseChange(reseal(KindChange, raw), l); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestNumbersHaveOneForm(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, -8192, 1 << 40, math.MaxInt64, math.MinInt64} {
		r := reader{data: appendLEB(nil, n)}
		if got, err := r.leb(); err != nil || got != n || !r.done() {
			t.Errorf("%d came back as %d, %v", n, got, err)
		}
	}
	for _, n := range []uint64{0, 127, 128, 1 << 40, math.MaxUint64} {
		r := reader{data: binary.AppendUvarint(nil, n)}
		if got, err := r.uleb(); err != nil || got != n || !r.done() {
			t.Errorf("%d came back as %d, %v", n, got, err)
		}
	}
	full := bytes.Repeat([]byte{0xff}, 9)
	for _, data := range [][]byte{{}, {0x80}, {0x81, 0}, append(bytes.Clone(full), 2), append(bytes.Clone(full), 0x80, 1)} {
		r := reader{data: data}
		if n, err := r.uleb(); err == nil {
			t.Errorf("unsigned %x was read as %d", data, n)
		}
	}
	for _, data := range [][]byte{{}, {0x80}, {0xbf, 0}, {0x81, 0xff, 0x7f}, append(bytes.Clone(full), 1), append(bytes.Repeat([]byte{0x80}, 9), 0x7e)} {
		r := reader{data: data}
		if n, err := r.leb(); err == nil {
			t.Errorf("signed %x was read as %d", data, n)
		}
	}
}

func TestTexts(t *testing.T) {
	h := Hash{1, 2, 3}
	if got, err := ParseHash(h.String()); err != nil || got != h {
		t.Errorf("%s came back as %s, %v", h, got, err)
	}
	if _, err := ParseHash("abc"); !errors.Is(err, ErrMalformed) {
		t.Errorf("a short hash: %v", err)
	}
	var a Actor
	text, _ := Actor("\x01\xff").MarshalText()
	if err := a.UnmarshalText(text); err != nil || a != "\x01\xff" {
		t.Errorf("%s came back as %q, %v", text, string(a), err)
	}
	if err := a.UnmarshalText([]byte("xy")); !errors.Is(err, ErrMalformed) {
		t.Errorf("no hex: %v", err)
	}
}
