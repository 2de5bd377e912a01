package p2p

import (
	"bytes"
	"encoding/binary"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
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
