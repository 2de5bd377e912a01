package chunk

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"testing"
)

// forged is a document chunk of two changes by one actor, the second on top of
// the first, with some of its columns replaced, under a checksum that is right.
func forged(replaced map[uint64][]byte, heads int, tail ...byte) []byte {
	columns := map[uint64][]byte{
		0<<4 | typeActor:  {2, 0},
		0<<4 | typeDelta:  {2, 1},               // numbers 1, 2
		1<<4 | typeDelta:  {2, 1},               // operations up to 1, 2
		2<<4 | typeDelta:  {2, 0},               // times
		3<<4 | typeString: {0, 2},               // no messages
		4<<4 | typeGroup:  {0x7e, 0, 1},         // none, one dependency
		4<<4 | typeDelta:  {0x7f, 0},            // on the first
		5<<4 | typeMeta:   {2, byte(KindBytes)}, // nothing more
	}
	maps.Copy(columns, replaced)
	body := appendText([]byte{1}, "someone")
	body = append(append(body, byte(heads)), make([]byte, heads*len(Hash{}))...)
	body = append(body, byte(len(columns)))
	for _, spec := range slices.Sorted(maps.Keys(columns)) {
		body = binary.AppendUvarint(binary.AppendUvarint(body, spec), uint64(len(columns[spec])))
	}
	body = append(body, 0) // no operations
	for _, spec := range slices.Sorted(maps.Keys(columns)) {
		body = append(body, columns[spec]...)
	}
	return reseal(KindDocument, append(body, tail...))
}

func TestRefusesWhatIsNotADocument(t *testing.T) {
	s, err := ParseSnapshot(forged(nil, 1, 1), DefaultLimits)
	if err != nil || s.Changes != 2 || s.Vector["someone"] != 2 || s.MaxOp != 2 {
		t.Fatalf("the one that is right: %+v, %v", s, err)
	}
	deps, counts := uint64(4<<4|typeDelta), uint64(4<<4|typeGroup)
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"two that depend on each other": {forged(map[uint64][]byte{counts: {2, 1}, deps: {0x7e, 1, 0x7f}}, 1, 1), ErrMalformed},
		"one that depends on itself":    {forged(map[uint64][]byte{deps: {0x7f, 1}}, 1, 1), ErrMalformed},
		"one that depends on a later":   {forged(map[uint64][]byte{counts: {0x7e, 1, 0}, deps: {0x7f, 1}}, 1, 1), ErrMalformed},
		"one that depends on nothing":   {forged(map[uint64][]byte{deps: {0x7f, 0x7f}}, 1, 1), ErrMalformed},
		"a missing dependency":          {forged(map[uint64][]byte{deps: {}}, 1, 1), ErrMalformed},
		"millions of dependencies": {forged(map[uint64][]byte{
			counts: binary.AppendUvarint([]byte{2}, 1<<40), deps: append(appendLEB(nil, 1<<41), 0),
		}, 1, 1), ErrTooLarge},
		"millions of changes": {forged(map[uint64][]byte{
			0<<4 | typeActor: append(appendLEB(nil, 1<<40), 0), 0<<4 | typeDelta: append(appendLEB(nil, 1<<40), 1),
			1<<4 | typeDelta: append(appendLEB(nil, 1<<40), 1), 2<<4 | typeDelta: append(appendLEB(nil, 1<<40), 0),
			3<<4 | typeString: binary.AppendUvarint([]byte{0}, 1<<40), counts: append(appendLEB(nil, 1<<40), 0), deps: {},
			5<<4 | typeMeta: append(appendLEB(nil, 1<<40), byte(KindBytes)),
		}, 1, 1), ErrTooLarge},
		"a gap in its author's numbers": {forged(map[uint64][]byte{0<<4 | typeDelta: {0x7e, 1, 2}}, 1, 1), ErrMalformed},
		"one number twice":              {forged(map[uint64][]byte{0<<4 | typeDelta: {0x7e, 1, 0}}, 1, 1), ErrMalformed},
		"an author who is not there":    {forged(map[uint64][]byte{0<<4 | typeActor: {2, 7}}, 1, 1), ErrMalformed},
		"operations numbered downwards": {forged(map[uint64][]byte{1<<4 | typeDelta: {0x7e, 5, 0x7f}}, 1, 1), ErrMalformed},
		"a head that is no change":      {forged(nil, 1, 9), ErrMalformed},
		"no heads":                      {forged(nil, 0), ErrMalformed},
		"something behind it":           {forged(nil, 1, 1, 0), ErrMalformed},
		"fewer numbers than changes":    {forged(map[uint64][]byte{0<<4 | typeDelta: {0x7f, 1}}, 1, 1), ErrMalformed},
		"more times than changes":       {forged(map[uint64][]byte{2<<4 | typeDelta: {3, 0}}, 1, 1), ErrMalformed},
	} {
		if _, err := ParseSnapshot(c.raw, DefaultLimits); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
