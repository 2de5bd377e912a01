package p2p

import (
	"bytes"
	"maps"
	"slices"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// wireTips are tips on the wire: actors in ascending order.
type wireTips []actorTip

type actorTip struct {
	_     struct{} `cbor:",toarray"`
	Actor []byte
	Seq   uint64
	Hash  chunk.Hash
}

// partTips says exactly which changes of a part are held: a want.
type partTips struct {
	_        struct{} `cbor:",toarray"`
	Document crdt.DocumentID
	Part     space.Part
	Tips     wireTips
	Forks    shortDigest
}

func toWireTips(ref crdt.Ref, tips crdt.Tips) partTips {
	w := partTips{Document: ref.Document, Part: ref.Part, Forks: tips.Forks}
	for _, actor := range slices.Sorted(maps.Keys(tips.Newest)) {
		tip := tips.Newest[actor]
		w.Tips = append(w.Tips, actorTip{Actor: []byte(actor), Seq: tip.Seq, Hash: tip.Hash})
	}
	return w
}

func (p partTips) tips() crdt.Tips {
	tips := crdt.Tips{Newest: make(map[chunk.Actor]crdt.Tip, len(p.Tips)), Forks: p.Forks}
	for _, t := range p.Tips {
		tips.Newest[chunk.Actor(t.Actor)] = crdt.Tip{Seq: t.Seq, Hash: t.Hash}
	}
	return tips
}

func (p partTips) ref(id space.ID) crdt.Ref {
	return crdt.Ref{Space: id, Document: p.Document, Part: p.Part}
}

func checkTips(parts []partTips, limit int) error {
	if len(parts) > limit {
		return errCount
	}
	for _, p := range parts {
		if !p.Part.Valid() {
			return errLength
		}
		if len(p.Tips) > maxActors {
			return errCount
		}
		for i, t := range p.Tips {
			if len(t.Actor) == 0 || len(t.Actor) > maxActor || t.Seq == 0 {
				return errLength
			}
			if i > 0 && bytes.Compare(p.Tips[i-1].Actor, t.Actor) >= 0 {
				return errOrder
			}
		}
	}
	return nil
}
