package bundle_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"parley/app/bundle"
	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// stage is a space of two, and what one packs for the other.
type stage struct {
	ada, ben *device
	id       space.ID
	file     []byte
	payload  []byte
	frames   []bundle.Frame
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{ada: newDevice(t, "Ada"), ben: newDevice(t, "Ben")}
	s.id = s.ada.founds()
	s.ada.admits(s.id, space.Editor, s.ben)
	s.ada.writes(refIn(s.id, 1), "a", "b")
	s.ada.writes(refIn(s.id, 2), "c")
	if _, err := s.ada.store.PutBlob(t.Context(), s.id, "image/png", strings.NewReader("picture")); err != nil {
		t.Fatal(err)
	}
	s.file = s.ada.packs(s.id, bundle.Options{Files: true})
	var err error
	if s.payload, err = bundle.Unseal(s.ada.key, s.file); err != nil {
		t.Fatal(err)
	}
	s.frames = bundle.Frames(s.payload)
	return s
}

func (s *stage) seal(payload []byte) []byte {
	file, err := bundle.Seal(payload, s.ada.key.Device(), s.ben.key.Device())
	if err != nil {
		s.ada.t.Fatal(err)
	}
	return file
}

// at is where the first frame of a kind is.
func (s *stage) at(kind byte) int {
	return slices.IndexFunc(s.frames, func(f bundle.Frame) bool { return f.Kind == kind })
}

func (s *stage) with(at int, frames ...bundle.Frame) []bundle.Frame {
	return slices.Insert(slices.Clone(s.frames), at, frames...)
}

// known reports whether an error is one of those that a file may be refused
// with.
func known(err error) bool {
	for _, is := range []error{bundle.ErrNoBundle, bundle.ErrNewer, bundle.ErrNotForUs, bundle.ErrBroken, bundle.ErrForged, bundle.ErrStranger, bundle.ErrNoMember} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// TestAFileThatWasDamagedBringsNothingWrong flips bits of the file and of what
// is encrypted in it, which whoever can open it can do, and cuts both short.
func TestAFileThatWasDamagedBringsNothingWrong(t *testing.T) {
	s := newStage(t)
	chance := mathrand.New(mathrand.NewPCG(1, 2))
	damage := func(whole []byte) []byte {
		some := bytes.Clone(whole)
		if chance.IntN(4) == 0 {
			return some[:chance.IntN(len(some))]
		}
		for range 1 + chance.IntN(3) {
			some[chance.IntN(len(some))] ^= 1 << chance.IntN(8)
		}
		return some
	}
	for n := range 300 {
		file := damage(s.file)
		if n%2 == 0 {
			file = s.seal(damage(s.payload))
		}
		if bytes.Equal(file, s.file) {
			continue
		}
		if taken, err := s.ben.tries(file); !known(err) {
			t.Fatalf("round %d: %+v, %v", n, taken, err)
		}
		if aside, err := s.ben.store.Quarantine(s.id); err == nil && len(aside) > 0 {
			t.Fatalf("round %d: something was set aside that nobody has written: %v", n, aside)
		}
	}
	s.ben.takes(s.file)
	s.ben.same(s.id, s.ada)
}

// TestAFileThatEndsTooEarly keeps what came before, says so, and cannot be gone
// on from.
func TestAFileThatEndsTooEarly(t *testing.T) {
	s := newStage(t)
	end := s.frames[len(s.frames)-1]
	cut := s.seal(s.payload[:len(s.payload)-len(end.Content)-5-64])
	taken, err := s.ben.tries(cut)
	if !errors.Is(err, bundle.ErrBroken) || len(taken.New) != 2 || taken.Files != 1 {
		t.Errorf("%+v, %v", taken, err)
	}
	s.ben.same(s.id, s.ada)
	log, _ := s.ada.store.Log(s.id)
	if _, err := bundle.ReadKnown(log, s.ada.key, bytes.NewReader(cut)); !errors.Is(err, bundle.ErrBroken) {
		t.Errorf("gone on from: %v", err)
	}
	// The source itself fails: that is not the file's fault.
	disk := errors.New("the stick was pulled out")
	_, err = bundle.Take(t.Context(), s.ben.store, s.ben.key, io.MultiReader(bytes.NewReader(s.file[:len(s.file)-10]), failing{disk}), nil)
	if !errors.Is(err, disk) || errors.Is(err, bundle.ErrBroken) {
		t.Errorf("a stick that was pulled out: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestWhatASignedFileMayNotHold: a member makes a file by hand.
func TestWhatASignedFileMayNotHold(t *testing.T) {
	s := newStage(t)
	eve := newDevice(t, "Eve")
	plan := refIn(s.id, 1)
	header, log, piece, told, file, data, end := s.at('h'), s.at('l'), s.at('p'), s.at('t'), s.at('f'), s.at('d'), s.at('e')
	last := func(frames ...bundle.Frame) []bundle.Frame { return s.with(end, frames...) }
	f := s.frames
	huge := append([]byte{0xa1, 0x01, 0x9a, 0xff, 0xff, 0xff, 0xff}, bytes.Repeat([]byte{0x40}, 100)...)
	deep := append([]byte{0xa1, 0x01}, bytes.Repeat([]byte{0x81}, 4000)...)
	change := s.change(eve, plan)
	// It builds on what the pieces of the file hold: without that nobody looks at it.
	forged := eve.signs(plan, change)
	forged.Signatures[0].Sig[3] ^= 1
	otherLog := newDevice(t, "Dora")
	other, _ := otherLog.store.Log(otherLog.founds())
	for name, c := range map[string]struct {
		key    space.Key
		frames []bundle.Frame
		want   error
	}{
		"nothing":                       {s.ada.key, nil, bundle.ErrBroken},
		"no header":                     {s.ada.key, f[log:], bundle.ErrForged},
		"two headers":                   {s.ada.key, s.with(log, f[header]), bundle.ErrForged},
		"no log":                        {s.ada.key, slices.Delete(slices.Clone(f), log, piece), bundle.ErrForged},
		"a log that is none":            {s.ada.key, s.with(piece, bundle.Frame{Kind: 'l', Content: bundle.Log([]byte("nonsense"))}), bundle.ErrForged},
		"another space's log":           {s.ada.key, slices.Replace(slices.Clone(f), log, piece, bundle.Frame{Kind: 'l', Content: bundle.Log(other.Entries()...)}), bundle.ErrForged},
		"entries after the pieces":      {s.ada.key, last(f[log]), bundle.ErrForged},
		"a piece after the files":       {s.ada.key, last(f[piece]), bundle.ErrForged},
		"a list of endless length":      {s.ada.key, s.with(piece, bundle.Frame{Kind: 'p', Content: huge}), bundle.ErrForged},
		"lists in lists in lists":       {s.ada.key, s.with(piece, bundle.Frame{Kind: 'p', Content: deep[:1000]}), bundle.ErrForged},
		"a frame of another kind":       {s.ada.key, s.with(piece, bundle.Frame{Kind: 'x'}), bundle.ErrForged},
		"a frame that is too large":     {s.ada.key, s.with(log, bundle.Frame{Kind: 'l', Content: make([]byte, 2<<20)}), bundle.ErrForged},
		"a part told of twice":          {s.ada.key, s.with(told+1, f[told]), bundle.ErrForged},
		"parts told of many times":      {s.ada.key, s.with(told, bundle.Frame{Kind: 't', Content: bundle.Told(refIn(s.id, 9), 2)}), bundle.ErrForged},
		"a file of too many bytes":      {s.ada.key, s.with(file, bundle.Frame{Kind: 'f', Content: bundle.File(crdt.BlobID{1}, 1<<40)}), bundle.ErrForged},
		"a file that never comes":       {s.ada.key, s.with(file, bundle.Frame{Kind: 'f', Content: bundle.File(crdt.BlobID{1}, 5)}), bundle.ErrForged},
		"a file that is another":        {s.ada.key, s.with(file, bundle.Frame{Kind: 'f', Content: bundle.File(crdt.BlobID{1}, 5)}, bundle.Frame{Kind: 'd', Content: []byte("bytes")}), bundle.ErrForged},
		"bytes of no file":              {s.ada.key, s.with(file, f[data]), bundle.ErrForged},
		"more bytes than the file":      {s.ada.key, s.with(data+1, f[data]), bundle.ErrForged},
		"an end that counts otherwise":  {s.ada.key, slices.Delete(slices.Clone(f), told, told+1), bundle.ErrForged},
		"two ends":                      {s.ada.key, append(slices.Clone(f), f[end]), bundle.ErrForged},
		"no end":                        {s.ada.key, f[:end], bundle.ErrBroken},
		"made by a stranger":            {eve.key, f, bundle.ErrStranger},
		"a change with a bad signature": {s.ada.key, s.with(told, bundle.Frame{Kind: 'p', Content: bundle.Piece(plan, forged)}), bundle.ErrForged},
		"a change that is none":         {s.ada.key, s.with(piece, bundle.Frame{Kind: 'p', Content: bundle.Piece(plan, crdt.Bundle{Changes: [][]byte{[]byte("nonsense")}})}), bundle.ErrForged},
	} {
		t.Run(name, func(t *testing.T) {
			taken, err := s.ben.tries(s.seal(bundle.Sign(c.key, c.frames...)))
			if !errors.Is(err, c.want) {
				t.Errorf("%+v, %v", taken, err)
			}
			if errors.Is(c.want, bundle.ErrStranger) && taken.Entries > 0 {
				t.Error("a stranger's entries were taken")
			}
		})
	}
	// Ada's name over Eve's signature.
	as := bundle.Sign(eve.key, f...)
	device := s.ada.key.Device()
	copy(as[16:], device[:])
	if _, err := s.ben.tries(s.seal(as)); !errors.Is(err, bundle.ErrForged) {
		t.Errorf("somebody else's signature: %v", err)
	}
	// The honest file still comes in.
	s.ben.takes(s.file)
	s.ben.same(s.id, s.ada)
}

// change is one by somebody who is not in the space.
func (s *stage) change(by *device, ref crdt.Ref) chunk.Change {
	s.ada.t.Helper()
	heads, maxOp := s.ada.heads(ref)
	actor := space.ActorFor(s.id, by.key.Device(), 0)
	c, err := chunk.Encode(
		chunk.Change{Actor: chunk.Actor(actor[:]), Seq: 1, StartOp: maxOp + 1, Time: 1, Deps: heads}, []chunk.Actor{chunk.Actor(actor[:])},
		[]chunk.Op{{Key: chunk.Key{Name: "x", IsName: true}, Action: chunk.Put, Value: chunk.String("y")}},
	)
	if err != nil {
		s.ada.t.Fatal(err)
	}
	return c
}

// TestAStrangersChangeInAMembersFile is set aside, as it would be over the
// network, and the rest is taken in.
func TestAStrangersChangeInAMembersFile(t *testing.T) {
	s := newStage(t)
	eve := newDevice(t, "Eve")
	plan := refIn(s.id, 1)
	content := bundle.Piece(plan, eve.signs(plan, s.change(eve, plan)))
	file := s.seal(bundle.Sign(s.ada.key, s.with(s.at('t'), bundle.Frame{Kind: 'p', Content: content})...))
	taken := s.ben.takes(file)
	if len(taken.Refused) != 1 || len(taken.New) != 2 {
		t.Errorf("%+v", taken)
	}
	s.ben.same(s.id, s.ada)
}

// TestALengthIsNotBelieved: what a file says to be long, and is not, takes no
// memory; nor does one of many frames that say nothing.
func TestALengthIsNotBelieved(t *testing.T) {
	s := newStage(t)
	payload := bundle.Sign(s.ada.key, s.frames[:s.at('p')]...)
	payload = binary.BigEndian.AppendUint32(payload, 80<<20)
	payload = append(payload, 'p')
	payload = append(payload, make([]byte, 1000)...)
	file := s.seal(payload)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := s.ben.tries(file); !errors.Is(err, bundle.ErrBroken) {
		t.Errorf("%v", err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
		t.Errorf("it took %d MB", took>>20)
	}
}

// TestADecompressionBomb goes in like one over the network: it is refused, and
// everything else comes.
func TestADecompressionBomb(t *testing.T) {
	s := newStage(t)
	raw := make([]byte, 1<<20)
	_, _ = rand.Read(raw)
	bomb := crdt.Bundle{Snapshots: [][]byte{append([]byte{0x85, 0x6f, 0x4a, 0x83, 1, 2, 3, 4, 0}, raw...)}}
	file := s.seal(bundle.Sign(s.ada.key, s.with(s.at('t'), bundle.Frame{Kind: 'p', Content: bundle.Piece(refIn(s.id, 1), bomb)})...))
	if _, err := s.ben.tries(file); !errors.Is(err, bundle.ErrForged) {
		t.Errorf("%v", err)
	}
}

// TestATamperedFileCannotBeGoneOnFrom: who goes on from a file believes it, so
// it has to be whole and by somebody who is known.
func TestATamperedFileCannotBeGoneOnFrom(t *testing.T) {
	s := newStage(t)
	log, _ := s.ada.store.Log(s.id)
	eve := newDevice(t, "Eve")
	for name, c := range map[string]struct {
		payload []byte
		want    error
	}{
		"a stranger's": {bundle.Sign(eve.key, s.frames...), bundle.ErrStranger},
		"a forged one": {bundle.Sign(s.ben.key, s.with(s.at('t')+1, s.frames[s.at('t')])...), bundle.ErrForged},
		"a cut one":    {bundle.Sign(s.ben.key, s.frames[:s.at('t')]...), bundle.ErrBroken},
	} {
		if _, err := bundle.ReadKnown(log, s.ada.key, bytes.NewReader(s.seal(c.payload))); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, _ := s.ada.store.Log(s.ada.founds())
	if _, err := bundle.ReadKnown(other, s.ada.key, bytes.NewReader(s.file)); !errors.Is(err, bundle.ErrOtherSpace) {
		t.Errorf("another space's: %v", err)
	}
	for _, begin := range []string{"", "age", "age-encryption.org/v1", "PK\x03\x04", "age-encryption.org/v2\n" + strings.Repeat("x", 100)} {
		if _, err := s.ben.tries([]byte(begin)); !known(err) {
			t.Errorf("%q: %v", begin, err)
		}
	}
	newer := s.seal([]byte(fmt.Sprintf("parley-bundle-2\n%1000d", 0)))
	if _, err := s.ben.tries(newer); !errors.Is(err, bundle.ErrNewer) {
		t.Errorf("a newer one: %v", err)
	}
}
