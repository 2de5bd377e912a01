package crdt

import (
	"encoding/binary"
	"testing"

	"parley/crdt/chunk"
)

// TestTheForkDigestCostsNothingWhileNothingMoves has everything set aside that
// a space keeps: an edit must not sum it up again.
func TestTheForkDigestCostsNothingWhileNothingMoves(t *testing.T) {
	q := newQuarantine()
	ref, other := Ref{Document: DocumentID{1}}, Ref{Document: DocumentID{2}}
	forked := make(map[chunk.Hash]bool)
	record := quarantineRecord{Reason: ReasonFork, Actor: []byte("someone"), Seq: 1, Raw: []byte{1}}
	hash := func(n uint32) (hash chunk.Hash) {
		binary.BigEndian.PutUint32(hash[:], n)
		return hash
	}
	agree := func(when string) {
		t.Helper()
		for range 2 {
			if q.forks(ref) != forksDigest(forked) {
				t.Fatalf("%s, the digest is another than that of what is set aside", when)
			}
		}
	}
	agree("with nothing aside")
	for n := range uint32(2000) {
		q.keep(ref, hash(n), &record)
		forked[hash(n)] = true
	}
	agree("with much aside")
	if allocs := testing.AllocsPerRun(10, func() { q.forks(ref); q.forks(other) }); allocs != 0 {
		t.Errorf("asked again, it takes %v allocations", allocs)
	}
	q.keep(ref, hash(5000), &record)
	forked[hash(5000)] = true
	agree("after one more")
	q.forget(ref, hash(7))
	delete(forked, hash(7))
	agree("after one came back")
	record.Reason = ReasonNoRight
	q.keep(ref, hash(8), &record)
	delete(forked, hash(8))
	agree("after one was refused for another reason")
	for h := range forked {
		q.forget(ref, h)
	}
	clear(forked)
	agree("after all came back")
}
