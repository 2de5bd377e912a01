package chunk

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"
)

// Fuzzing the body of a chunk rather than the chunk keeps the checksum from
// turning everything away at the door.

var small = Limits{Change: 1 << 16, Snapshot: 1 << 16, Inflated: 1 << 18, Ops: 1 << 12, AllOps: 1 << 12, Changes: 1 << 10}

func bodies(t testing.TB, chunks [][]byte) (all [][]byte) {
	t.Helper()
	for _, raw := range chunks {
		f, err := readFrame(raw)
		if err != nil {
			t.Fatal(err)
		}
		body := f.body
		if f.kind == KindCompressed {
			if body, err = inflate(nil, body, small.Change); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, body)
	}
	return all
}

func typed(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
		t.Fatalf("an error of no kind: %v", err)
	}
}

func FuzzParseChange(f *testing.F) {
	for _, body := range bodies(f, changes(f)) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := ParseChange(reseal(KindChange, body), small)
		typed(t, err)
		if err != nil {
			return
		}
		// What can be read can be written, and says the same when read again.
		ops := collect(&c)
		if len(ops) != c.Len() {
			t.Fatalf("%d operations, counted as %d", len(ops), c.Len())
		}
		again, err := Encode(c, c.Actors(), ops)
		if err != nil {
			t.Fatal(err)
		}
		if again.Actor != c.Actor || again.Seq != c.Seq || again.MaxOp != c.MaxOp || !slices.Equal(again.Deps, c.Deps) {
			t.Fatalf("%+v came back as %+v", c, again)
		}
		third, err := Encode(again, again.Actors(), collect(&again))
		if err != nil || third.Hash != again.Hash {
			t.Fatalf("written twice it is not the same: %v", err)
		}
	})
}

func FuzzParseSnapshot(f *testing.F) {
	for _, body := range bodies(f, [][]byte{file(f, "saved.bin"), forged(nil, 1, 1)}) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := ParseSnapshot(reseal(KindDocument, body), small)
		typed(t, err)
		if err != nil {
			return
		}
		n := 0
		for ops := s.Ops(); ops.Next(); n++ {
		}
		if n != s.Len() || s.Changes > small.Changes {
			t.Fatalf("%d operations of %d, %d changes", n, s.Len(), s.Changes)
		}
		h, err := s.Unfold(func(_ Hash, raw []byte) {
			_, err := ParseChange(raw, DefaultLimits)
			typed(t, err)
		})
		typed(t, err)
		if err == nil && len(h.rows) != s.Changes {
			t.Fatalf("%d changes of %d", len(h.rows), s.Changes)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add(append(file(f, "saved.bin"), file(f, "changes.bin")...))
	f.Add(file(f, "changes.bin"))
	f.Fuzz(func(t *testing.T, data []byte) {
		chunks, err := Split(data, small)
		typed(t, err)
		if err == nil && !bytes.Equal(bytes.Join(chunks, nil), data) {
			t.Fatal("the pieces are not the whole")
		}
		for _, raw := range chunks {
			_, err := ParseChange(raw, small)
			typed(t, err)
			_, err = ParseSnapshot(raw, small)
			typed(t, err)
		}
	})
}

func FuzzInflate(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0xff, 0xff}, 10)
	f.Add(file(f, "changes.bin"), 100)
	f.Add(packed(f, bytes.Repeat([]byte("a story "), early/4)), early*2)
	f.Add(packed(f, make([]byte, early+1)), early)
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		limit = min(max(limit, 0), early*4)
		out, err := inflate(nil, data, limit)
		typed(t, err)
		if len(out) > limit {
			t.Fatalf("%d bytes, of %d allowed", len(out), limit)
		}
		if err != nil {
			return
		}
		if want, err := io.ReadAll(flate.NewReader(bytes.NewReader(data))); err != nil || !bytes.Equal(out, want) {
			t.Fatalf("%d bytes and not %d, %v", len(out), len(want), err)
		}
	})
}

// TestInflatingTakesNoMoreThanItGives counts what is allocated for a column of
// a gigabyte, which is refused, and for one of as much as may be.
func TestInflatingTakesNoMoreThanItGives(t *testing.T) {
	var stream bytes.Buffer
	w, err := flate.NewWriter(&stream, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	limit := DefaultLimits.Inflated
	for n := 0; n < 1<<30; n += len(zeros) {
		if n == limit {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			// What is there so far, and the end.
			whole := append(bytes.Clone(stream.Bytes()), 1, 0, 0, 0xff, 0xff)
			if taken := allocated(func() { _, err = inflate(nil, whole, limit) }); err != nil || taken > uint64(limit)+4<<20 {
				t.Errorf("%d MB for as much as may be, %v", taken>>20, err)
			}
		}
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if taken := allocated(func() { _, err = inflate(nil, stream.Bytes(), limit) }); !errors.Is(err, ErrTooLarge) || taken > 4<<20 {
		t.Errorf("%d MB for what is refused, %v", taken>>20, err)
	}
}

// allocated is how many bytes something allocates.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func BenchmarkParseChange(b *testing.B) {
	c, err := Encode(Change{Actor: "0123456789abcdef0123", Seq: 1000, StartOp: 5000, Time: 1795418509, Deps: []Hash{{1}}},
		[]Actor{"0123456789abcdef0123", "founder-------------"},
		[]Op{{Object: ID{3, 1}, Key: Key{Elem: ID{4999, 0}}, Insert: true, Action: Put, Value: String("a")}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Raw)))
	for b.Loop() {
		if _, err := ParseChange(c.Raw, DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseSnapshot(b *testing.B) {
	raw := file(b, "saved.bin")
	for b.Loop() {
		if _, err := ParseSnapshot(raw, DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}
