package crdt

import (
	"encoding/binary"
	"testing"

	"parley/crdt/chunk"
	"parley/space"
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
		q.keep(ref, hash(n), &record, space.DeviceID{}, nil)
		forked[hash(n)] = true
	}
	agree("with much aside")
	if allocs := testing.AllocsPerRun(10, func() { q.forks(ref); q.forks(other) }); allocs != 0 {
		t.Errorf("asked again, it takes %v allocations", allocs)
	}
	q.keep(ref, hash(5000), &record, space.DeviceID{}, nil)
	forked[hash(5000)] = true
	agree("after one more")
	q.forget(ref, hash(7))
	delete(forked, hash(7))
	agree("after one came back")
	record.Reason = ReasonNoRight
	q.keep(ref, hash(8), &record, space.DeviceID{}, nil)
	delete(forked, hash(8))
	agree("after one was refused for another reason")
	for h := range forked {
		q.forget(ref, h)
	}
	clear(forked)
	agree("after all came back")
}

// TestNobodyUsesUpTheRoomForOthersForks fills all that one device may have set
// aside: there is room for another's, and for its own once something comes back.
func TestNobodyUsesUpTheRoomForOthersForks(t *testing.T) {
	q := newQuarantine()
	mal, cem := space.DeviceID{1}, space.DeviceID{2}
	ref := Ref{Document: DocumentID{1}}
	hash := func(n uint32) (hash chunk.Hash) {
		binary.BigEndian.PutUint32(hash[:], n)
		return hash
	}
	record := quarantineRecord{Reason: ReasonFork, Actor: []byte("Mal's"), Seq: 1, Raw: []byte{1}}
	// As it is read: nobody is known to have signed for any but the newest.
	for n := range uint32(maxForked - 1) {
		q.keep(ref, hash(n), &record, space.DeviceID{}, nil)
	}
	newest := record
	newest.Device, newest.Sig, newest.Hash = mal[:], make([]byte, 64), make([]byte, 32)
	q.keep(ref, hash(maxForked), &newest, mal, nil)
	if q.full(&record, mal) {
		t.Error("somebody is charged for what they are not known to have signed for")
	}
	q.attribute()
	if !q.full(&record, mal) {
		t.Error("who has used up their room gets more")
	}
	if q.full(&record, cem) {
		t.Error("one device uses up the room of another")
	}
	q.forget(ref, hash(7))
	if q.full(&record, mal) {
		t.Error("what came back is still charged")
	}
	large := record
	large.Raw = make([]byte, maxForkedBytes)
	if q.full(&large, cem) || !q.full(&large, mal) {
		t.Error("bytes are charged to the wrong one")
	}
	for n := range uint32(maxForked + 1) {
		q.forget(ref, hash(n))
	}
	if len(q.charged) > 0 || q.owned != 0 {
		t.Errorf("with nothing aside, %v are charged for %d", q.charged, q.owned)
	}
}
