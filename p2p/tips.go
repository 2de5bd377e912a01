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
	Aside    wireAside
}

// wireAside says what is set aside because it does not count: the beginnings of
// hashes, one after the other, in ascending order.
type wireAside []byte

func toWireAside(ids []crdt.AsideID) wireAside {
	w := make(wireAside, 0, len(ids)*len(crdt.AsideID{}))
	for _, id := range ids {
		w = append(w, id[:]...)
	}
	return w
}

func (w wireAside) ids() []crdt.AsideID {
	ids := make([]crdt.AsideID, 0, len(w)/len(crdt.AsideID{}))
	for id := range slices.Chunk(w, len(crdt.AsideID{})) {
		ids = append(ids, crdt.AsideID(id))
	}
	return ids
}

func (w wireAside) check() error {
	if len(w)%len(crdt.AsideID{}) != 0 {
		return errLength
	}
	ids := w.ids()
	for i := range ids {
		if i > 0 && ids[i-1].Compare(ids[i]) >= 0 {
			return errOrder
		}
	}
	return nil
}

func toWireTips(ref crdt.Ref, tips crdt.Tips) partTips {
	w := partTips{Document: ref.Document, Part: ref.Part, Forks: tips.Forks, Aside: toWireAside(tips.Aside)}
	for _, actor := range slices.Sorted(maps.Keys(tips.Newest)) {
		tip := tips.Newest[actor]
		w.Tips = append(w.Tips, actorTip{Actor: []byte(actor), Seq: tip.Seq, Hash: tip.Hash})
	}
	return w
}

func (p partTips) tips() crdt.Tips {
	tips := crdt.Tips{Newest: make(map[chunk.Actor]crdt.Tip, len(p.Tips)), Forks: p.Forks, Aside: p.Aside.ids()}
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
		if err := p.Aside.check(); err != nil {
			return err
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
