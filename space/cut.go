package space

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// MaxActor bounds an actor ID, in bytes.
const MaxActor = 128

// Cut says of actors, part by part, up to which sequence number their changes
// count although whoever signed them may not write any more. It is sorted by
// document, part and actor, each is there once, and no number is 0.
type Cut []CutPart

// CutPart is a cut in one part of a document.
type CutPart struct {
	_        struct{} `cbor:",toarray"`
	Document [16]byte
	Part     Part
	Actors   []ActorSeq
}

// ActorSeq is the highest sequence number of an actor that counts.
type ActorSeq struct {
	_     struct{} `cbor:",toarray"`
	Actor []byte
	Seq   uint64
}

// Validate says whether the cut can be written into a log.
func (c Cut) Validate() error {
	for i, part := range c {
		if !part.Part.Valid() || len(part.Actors) == 0 {
			return errors.New("a cut names a part and its actors")
		}
		if i > 0 && compareParts(c[i-1], part) >= 0 {
			return errors.New("a cut is sorted by document and part")
		}
		for j, actor := range part.Actors {
			if len(actor.Actor) == 0 || len(actor.Actor) > MaxActor || actor.Seq == 0 {
				return fmt.Errorf("an actor of %d bytes up to %d", len(actor.Actor), actor.Seq)
			}
			if j > 0 && bytes.Compare(part.Actors[j-1].Actor, actor.Actor) >= 0 {
				return errors.New("a cut is sorted by actor")
			}
		}
	}
	return nil
}

// Sorted is the cut in the form that Validate accepts: of an actor that is
// there twice the higher number stays. The argument is not changed.
func (c Cut) Sorted() Cut {
	merged := make(map[partName]map[string]uint64)
	for _, part := range c {
		name := partName{part.Document, part.Part}
		if merged[name] == nil && len(part.Actors) > 0 {
			merged[name] = make(map[string]uint64)
		}
		for _, actor := range part.Actors {
			if seq := max(merged[name][string(actor.Actor)], actor.Seq); seq > 0 {
				merged[name][string(actor.Actor)] = seq
			}
		}
	}
	sorted := make(Cut, 0, len(merged))
	for name, actors := range merged {
		part := CutPart{Document: name.document, Part: name.part}
		for actor, seq := range actors {
			part.Actors = append(part.Actors, ActorSeq{Actor: []byte(actor), Seq: seq})
		}
		if len(part.Actors) == 0 {
			continue
		}
		slices.SortFunc(part.Actors, func(a, b ActorSeq) int { return bytes.Compare(a.Actor, b.Actor) })
		sorted = append(sorted, part)
	}
	slices.SortFunc(sorted, compareParts)
	return sorted
}

// numbers counts the actors in all parts.
func (c Cut) numbers() (n int) {
	for _, part := range c {
		n += len(part.Actors)
	}
	return n
}

type partName struct {
	document [16]byte
	part     Part
}

func compareParts(a, b CutPart) int {
	return cmp.Or(bytes.Compare(a.Document[:], b.Document[:]), cmp.Compare(a.Part, b.Part))
}

// maxCutBytes is what of a cut goes into one entry: what else is in it, 64
// parents and 64 continuations, takes some 5 KiB.
const maxCutBytes = 10 << 10

// split cuts a cut into pieces that fit into one entry each, at least one.
func (c Cut) split() []Cut {
	const partBytes, actorBytes = 24, 12 // at most, with CBOR's heads and numbers
	pieces := []Cut{nil}
	room := maxCutBytes
	for _, part := range c {
		for i, actor := range part.Actors {
			piece := &pieces[len(pieces)-1]
			need := actorBytes + len(actor.Actor)
			if i == 0 {
				need += partBytes
			}
			if need > room {
				pieces = append(pieces, nil)
				piece, room = &pieces[len(pieces)-1], maxCutBytes
				need = partBytes + actorBytes + len(actor.Actor)
			}
			if n := len(*piece); n == 0 || compareParts((*piece)[n-1], part) != 0 {
				*piece = append(*piece, CutPart{Document: part.Document, Part: part.Part})
			}
			last := &(*piece)[len(*piece)-1]
			last.Actors = append(last.Actors, actor)
			room -= need
		}
	}
	return pieces
}
