package crdt

import (
	"crypto/rand"
	"encoding/binary"
	"testing"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// chainSetAside is a large change and n small ones above it, one on the other,
// each of another actor of the founder's.
func chainSetAside(t *testing.T, n int, root uint64) (*quarantine, *space.Log) {
	t.Helper()
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	log, _, err := space.Found(key, "Riverside", space.Person{Name: "Ada"}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	q, ref := newQuarantine(), Ref{Space: log.ID(), Document: DocumentID{1}, Part: space.Body}
	q.aside[ref] = make(map[chunk.Hash]setAside)
	var below []chunk.Hash
	for i := range n + 1 {
		actor := space.ActorFor(log.ID(), key.Device(), uint32(i))
		var hash chunk.Hash
		binary.BigEndian.PutUint32(hash[:], uint32(n-i)) // the top sorts first
		q.aside[ref][hash] = setAside{
			actor: chunk.Actor(actor[:]), seq: 1, reason: ReasonRole, by: key.Device(), signed: true, deps: below,
		}
		q.known[quarantineID{ref.Document, ref.Part, hash}] = 70
		if i == 0 {
			q.known[quarantineID{ref.Document, ref.Part, hash}] = root
		}
		below = []chunk.Hash{hash}
	}
	q.judged[ref] = n + 1
	return q, log
}

// TestAChainIsGoneThroughOnce counts what it takes to find out what is told of a
// long chain: it grows with the chain, whether all of it is told or nothing.
func TestAChainIsGoneThroughOnce(t *testing.T) {
	const n = 4000
	for name, root := range map[string]uint64{"all of it is told": 70, "the lowest is too much": 5 << 20, "the lowest leaves little room": 3 << 20} {
		steps := func(n int) int {
			q, log := chainSetAside(t, n, root)
			teller := newTeller(q, log)
			into := &told{parts: make(map[Ref]*toldPart)}
			teller.choose(into)
			for _, part := range into.parts {
				for _, unit := range part.units {
					if len(unit) > toldUnit {
						t.Errorf("%s: %d go at once", name, len(unit))
					}
				}
				if root == 70 && len(part.hashes) != n+1 {
					t.Errorf("of %d, %d are told", n+1, len(part.hashes))
				}
			}
			if root > toldOfOne && len(into.parts) > 0 {
				t.Error("what builds on too much is told")
			}
			return teller.steps
		}
		if once, twice := steps(n), steps(2*n); once > 8*n || twice > 3*once+8 {
			t.Errorf("%s: %d steps for %d, %d for twice as many", name, once, n, twice)
		}
	}
}
