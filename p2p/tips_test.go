package p2p

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// A device that holds as many actors' changes of a part as it may, and has set
// aside as much as is told in a space, can still say what it has.
func TestTheLargestWantFitsARequest(t *testing.T) {
	tips := crdt.Tips{Newest: make(map[chunk.Actor]crdt.Tip, maxActors)}
	for i := range maxActors {
		actor := binary.BigEndian.AppendUint32(bytes.Repeat([]byte{1}, 16), uint32(i))
		tips.Newest[chunk.Actor(actor)] = crdt.Tip{Seq: 1 << 40, Hash: chunk.Hash{1}}
	}
	// Three people's room, each with a unit more than fits, of changes of no bytes
	// (docs/formats.md, Judging).
	for i := range 3 * (4<<20/256 + 2048) {
		var id crdt.AsideID
		binary.BigEndian.PutUint32(id[:], uint32(i))
		tips.Aside = append(tips.Aside, id)
	}
	frame, err := encodeFrame(&wantParts{Wants: []partTips{toWireTips(ref([32]byte{1}, "plan"), tips)}})
	if err != nil || len(frame) > requestFrame {
		t.Errorf("it takes %d bytes of %d, %v", len(frame), requestFrame, err)
	}
}

// Two changes whose hashes begin alike for 8 bytes are found in hours.
func TestChangesSetAsideAreToldApart(t *testing.T) {
	var one, other crdt.AsideID
	other[8] = 1
	if ids := toWireAside([]crdt.AsideID{one, other}).ids(); len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("they are %x", ids)
	}
}

// Where what is set aside makes a piece too large, what counts goes without it;
// and where that is too large by itself, the other parts go all the same.
func TestWhatIsTooLargeKeepsNothingElseFromGoing(t *testing.T) {
	frame := pieceFrame
	t.Cleanup(func() { pieceFrame = frame }) // when nobody uses it any more
	pieceFrame = 8 << 10
	ada, ben, rita := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Rita")
	park, plan := meeting(t, ada, ben)
	rita.joins(ada.invitesAs(park, space.Reader, 1, time.Time{}))
	rita.same(park, ada)
	ben.same(park, ada)
	ben.stops()
	aside := rita.change(plan, string(randomText(8<<10)))
	bundle := crdt.Bundle{Changes: [][]byte{aside.Raw}, Signatures: []crdt.Signature{crdt.Sign(rita.key, plan, aside)}}
	if receipt, err := ada.store.Append(t.Context(), plan, bundle, crdt.Peer, rita.id()); err != nil || len(receipt.Refused) != 1 {
		t.Fatalf("a reader's change is taken: %+v, %v", receipt, err)
	}
	large := ref(park, "large")
	ada.writes(large, string(randomText(24<<10)))
	ada.writes(plan, string(randomText(6<<10)))
	vector, err := ada.store.Vector(plan)
	if err != nil {
		t.Fatal(err)
	}
	ben.starts()
	ben.connects(ada)
	ben.waitFor("what counts", func() bool {
		theirs, err := ben.store.Vector(plan)
		return err == nil && theirs.Covers(vector)
	})
	if list, err := ben.store.Quarantine(park); err != nil || len(list) > 0 {
		t.Errorf("what is set aside came, too: %v, %v", list, err)
	}
	if ben.has(large, ada, 1) {
		t.Error("what is too large came")
	}
	if ada.turnsAway(ben) || ben.turnsAway(ada) {
		t.Error("somebody is turned away")
	}
}
