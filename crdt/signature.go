package crdt

import (
	"parley/crdt/chunk"
	"parley/space"
)

// Signature is a device's word that a change may count in one part of one
// document. It vouches for the actor's earlier changes too, because they are
// among the change's ancestors.
type Signature struct {
	Actor  chunk.Actor
	Seq    uint64
	Hash   chunk.Hash
	Device space.DeviceID // who signed: the actor's own device, or whoever imported
	Sig    [64]byte
}

type signedMessage struct {
	_        struct{} `cbor:",toarray"`
	Space    space.ID
	Document DocumentID
	Part     space.Part
	Actor    []byte
	Seq      uint64
	Hash     chunk.Hash
}

const signatureDomain = "parley/change/1"

func (s Signature) message(ref Ref) []byte {
	return append([]byte(signatureDomain), encode(signedMessage{
		Space:    ref.Space,
		Document: ref.Document,
		Part:     ref.Part,
		Actor:    []byte(s.Actor),
		Seq:      s.Seq,
		Hash:     s.Hash,
	})...)
}

// Sign vouches for a change and its actor's earlier ones.
func Sign(key space.Key, ref Ref, change chunk.Change) Signature {
	s := Signature{Actor: change.Actor, Seq: change.Seq, Hash: change.Hash, Device: key.Device()}
	copy(s.Sig[:], key.Sign(s.message(ref)))
	return s
}

// Verify reports whether the device named in the signature made it, for this
// part of this document.
func (s Signature) Verify(ref Ref) bool {
	return s.Device.Verify(s.message(ref), s.Sig[:])
}

// SignNewest vouches for a batch of changes with one signature for each
// actor's newest. It is what an importer signs, and a window's commit.
func SignNewest(key space.Key, ref Ref, changes []chunk.Change) []Signature {
	newest := make(map[chunk.Actor]int)
	var order []chunk.Actor
	for i, c := range changes {
		at, ok := newest[c.Actor]
		if !ok {
			order = append(order, c.Actor)
		}
		if !ok || changes[at].Seq < c.Seq {
			newest[c.Actor] = i
		}
	}
	signatures := make([]Signature, 0, len(order))
	for _, actor := range order {
		signatures = append(signatures, Sign(key, ref, changes[newest[actor]]))
	}
	return signatures
}
