package crdt

import (
	"maps"
	"slices"

	"parley/crdt/chunk"
)

// Vector says how far each actor's changes are known: the highest sequence
// number of each, all lower ones included. Zeros are not kept.
type Vector map[chunk.Actor]uint64

// Covers reports whether everything that other knows is known to v.
func (v Vector) Covers(other Vector) bool {
	for actor, seq := range other {
		if v[actor] < seq {
			return false
		}
	}
	return true
}

// Merge raises v to know what other knows.
func (v Vector) Merge(other Vector) {
	for actor, seq := range other {
		if v[actor] < seq {
			v[actor] = seq
		}
	}
}

// Clone copies the vector.
func (v Vector) Clone() Vector { return maps.Clone(v) }

// Actors returns the actors, sorted.
func (v Vector) Actors() []chunk.Actor { return slices.Sorted(maps.Keys(v)) }

// Missing counts the changes that v knows and have does not.
func (v Vector) Missing(have Vector) uint64 {
	var n uint64
	for actor, seq := range v {
		if had := have[actor]; had < seq {
			n += seq - had
		}
	}
	return n
}
