package chunk

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

func savedSnapshot(t testing.TB) Snapshot {
	t.Helper()
	s, err := ParseSnapshot(file(t, "saved.bin"), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestUnfoldGivesBackWhatWasSaved takes the core's own snapshot apart: into the
// very changes that the core made it of.
func TestUnfoldGivesBackWhatWasSaved(t *testing.T) {
	want := make(map[Hash]Change)
	for _, raw := range changes(t) {
		c, err := ParseChange(raw, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		want[c.Hash] = c
	}
	s := savedSnapshot(t)
	seen := make(map[Hash]bool)
	h, err := s.Unfold(func(hash Hash, raw []byte) {
		c, err := ParseChange(raw, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		w, ok := want[c.Hash]
		if !ok || c.Hash != hash || c.Seq != w.Seq || c.Actor != w.Actor || c.Len() != w.Len() {
			t.Errorf("%s is none of the changes", c.Hash)
		}
		if slices.ContainsFunc(c.Deps, func(dep Hash) bool { return !seen[dep] }) {
			t.Errorf("%s comes before one it depends on", c.Hash)
		}
		seen[c.Hash] = true
	})
	if err != nil || len(seen) != len(want) {
		t.Fatalf("%d changes of %d, %v", len(seen), len(want), err)
	}
	if got := h.heads(); !slices.Equal(got, s.Heads) {
		t.Errorf("heads %v", got)
	}
}

// newest are the newest changes of the actors of saved.bin.
func newest(t testing.TB) map[Actor]Signed {
	t.Helper()
	signed := make(map[Actor]Signed)
	for _, raw := range changes(t) {
		c, err := ParseChange(raw, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if c.Seq > signed[c.Actor].Seq {
			signed[c.Actor] = Signed{Hash: c.Hash, Seq: c.Seq}
		}
	}
	return signed
}

func TestAHistoryCoversWhatWasSigned(t *testing.T) {
	s := savedSnapshot(t)
	h, err := s.Unfold(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed := newest(t)
	if err := h.Covers(signed); err != nil {
		t.Fatal(err)
	}
	for actor, s := range signed {
		for name, lie := range map[string]Signed{
			"another change":       {Hash: Hash{1}, Seq: s.Seq},
			"another number":       {Hash: s.Hash, Seq: s.Seq - 1},
			"a number too high":    {Hash: s.Hash, Seq: s.Seq + 1},
			"no number":            {Hash: s.Hash},
			"an impossible number": {Hash: s.Hash, Seq: 1 << 63},
		} {
			if err := h.Covers(map[Actor]Signed{actor: lie}); !errors.Is(err, ErrUnsound) {
				t.Errorf("%s of %s: %v", name, actor, err)
			}
		}
	}
	if err := h.Covers(map[Actor]Signed{"nobody": {Seq: 1}}); !errors.Is(err, ErrUnsound) {
		t.Errorf("somebody who is not in it: %v", err)
	}
}

// TestAnActorsChangesMustBuildOnEachOther has histories that no honest program
// writes: of an actor that begins anew beside its own changes.
func TestAnActorsChangesMustBuildOnEachOther(t *testing.T) {
	of := func(deps ...[]int32) *History {
		h := &History{actors: []Actor{"a"}, own: make([][]int32, 1)}
		for i, d := range deps {
			h.deps = append(h.deps, d...)
			h.rows = append(h.rows, row{hash: Hash{byte(i), byte(i >> 8)}, deps: int32(len(h.deps))})
		}
		return h
	}
	h := of(nil, []int32{0}, []int32{0}, []int32{1, 2})
	last := Signed{Hash: h.rows[3].hash, Seq: 3}
	for name, c := range map[string]struct {
		own  []int32
		want error
	}{
		"one after the other":                 {[]int32{0, 1, 3}, nil},
		"through another's":                   {[]int32{0, 3}, nil},
		"beside its own":                      {[]int32{0, 1, 2, 3}, ErrUnsound},
		"beside its own, with another's last": {[]int32{1, 2, 3}, ErrUnsound},
	} {
		h.own[0] = c.own
		last.Seq = uint64(len(c.own))
		if err := h.Covers(map[Actor]Signed{"a": last}); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAHistoryThatIsEntangledIsGivenUp bounds the steps, not the time: a fan of
// changes above each of the actor's, which has to be looked through whole.
func TestAHistoryThatIsEntangledIsGivenUp(t *testing.T) {
	h := &History{actors: []Actor{"a"}, own: make([][]int32, 1)}
	add := func(deps ...int32) int32 {
		h.deps = append(h.deps, deps...)
		at := int32(len(h.rows))
		h.rows = append(h.rows, row{hash: Hash{byte(at), byte(at >> 8)}, deps: int32(len(h.deps))})
		return at
	}
	const fan, ladder = 200, 200
	h.own[0] = append(h.own[0], add())
	var wide []int32
	for range fan {
		wide = append(wide, add(0))
	}
	for range ladder {
		// Each is on top of the fan alone, so that what is below it must be gone
		// through before it is clear that its own last one is not.
		h.own[0] = append(h.own[0], add(wide...))
		wide[0] = add(h.own[0][len(h.own[0])-1])
		wide = slices.Concat(wide[1:], wide[:1])
	}
	last := h.own[0][len(h.own[0])-1]
	seen := make([]int32, len(h.rows))
	if _, steps := h.reaches(last, 0, seen, 50); steps > 50+fan {
		t.Errorf("%d steps of 50", steps)
	}
	err := h.Covers(map[Actor]Signed{"a": {Hash: h.rows[last].hash, Seq: uint64(len(h.own[0]))}})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

// TestASnapshotThatLiesDoesNotUnfold changes what a snapshot says and gives it a
// good checksum.
func TestASnapshotThatLiesDoesNotUnfold(t *testing.T) {
	raw := file(t, "saved.bin")
	f, err := readFrame(raw)
	if err != nil {
		t.Fatal(err)
	}
	lies := 0
	for at := range f.body {
		body := bytes.Clone(f.body)
		body[at] ^= 1
		s, err := ParseSnapshot(reseal(KindDocument, body), DefaultLimits)
		if err != nil {
			continue
		}
		lies++
		h, err := s.Unfold(nil)
		if err == nil && !slices.Equal(s.Heads, savedSnapshot(t).Heads) {
			t.Fatalf("byte %d: other heads, and they fit", at)
		}
		if err == nil && h.Covers(newest(t)) != nil {
			t.Fatalf("byte %d: the heads fit, and what is below them does not", at)
		}
	}
	if lies < 10 {
		t.Errorf("only %d lies could be told", lies)
	}
}
