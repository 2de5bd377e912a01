package crdt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// Cut says how far some devices have got in every part of a space, as this
// device holds it now, for whoever takes away their right to write: up to there
// what they wrote counts, and what they vouched for. With nil it is how far
// everybody has got, imported actors included.
//
// It fails with ErrUnknownSpace, and where a part cannot be read.
func (s *Store) Cut(ctx context.Context, id space.ID, devices []space.DeviceID) (space.Cut, error) {
	log, ok := s.Log(id)
	if !ok {
		return nil, fmt.Errorf("cut %s: %w", id, ErrUnknownSpace)
	}
	meant := func(actor chunk.Actor, record actorRecord) bool {
		device := record.Device
		if owner, ok := ownerOf(log, actor); ok {
			device = owner
		}
		// Who has signed for what is vouched for by something set aside is not
		// known at a glance; that it counts now is.
		return devices == nil || device == (space.DeviceID{}) || slices.Contains(devices, device)
	}
	var cut space.Cut
	for _, ref := range s.Refs(id) {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("cut %s: %w", id, err)
		}
		reached := space.CutPart{Document: ref.Document, Part: ref.Part}
		err := s.withPart(ref, func(p *part, _ Reader) error {
			for actor, record := range p.actors {
				if meant(actor, record) {
					reached.Actors = append(reached.Actors, space.ActorSeq{Actor: []byte(actor), Seq: record.Seq})
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("cut %s: %w", id, err)
		}
		cut = append(cut, reached)
	}
	return cut.Sorted(), nil
}

// ErrNotKept is something in quarantine that nobody can let in: it is wrong by
// itself, or too much was refused to keep it.
var ErrNotKept = errors.New("this was refused for what it is, or is not kept, and cannot be let in")

// AdmitCut is the cut that lets changes in from the quarantine of a space, with
// all that they build on there, for space.Log.AdmitChanges. It fails with
// ErrUnknownSpace, and with ErrNotKept if there is one among them that is not in
// quarantine, or is there because of more than who wrote it (see
// Quarantined.Admissible).
func (s *Store) AdmitCut(_ context.Context, id space.ID, chosen []QuarantinedID) (space.Cut, error) {
	held := s.held(id)
	if held == nil || held.gone.Load() {
		return nil, fmt.Errorf("admit to %s: %w", id, ErrUnknownSpace)
	}
	parts := make(map[Ref][]chunk.Hash)
	for _, one := range chosen {
		if one.Ref.Space != id || !held.quarantine.isJudged(one.Ref, one.Hash) {
			return nil, fmt.Errorf("admit %s of %s: %w", one.Hash, one.Ref, ErrNotKept)
		}
		parts[one.Ref] = append(parts[one.Ref], one.Hash)
	}
	var cut space.Cut
	for ref, hashes := range parts {
		b := s.inspect(ref, Bundle{}, Peer, space.DeviceID{})
		if err := s.readKept(b, held.quarantine, hashes); err != nil {
			return nil, fmt.Errorf("admit to %s: %w", id, err)
		}
		b.order()
		part := space.CutPart{Document: ref.Document, Part: ref.Part}
		for _, c := range b.below(hashes) {
			part.Actors = append(part.Actors, space.ActorSeq{Actor: []byte(c.Actor), Seq: c.Seq})
		}
		cut = append(cut, part)
	}
	return cut.Sorted(), nil
}

// below are some changes of a batch and their ancestors in it: what else was
// read with them only vouches for them.
func (b *batch) below(hashes []chunk.Hash) (changes []*candidate) {
	wanted := make([]bool, len(b.changes))
	for _, hash := range hashes {
		if at, ok := b.byHash[hash]; ok {
			wanted[at] = true
		}
	}
	for at := len(b.changes) - 1; at >= 0; at-- {
		if !wanted[at] {
			continue
		}
		changes = append(changes, b.changes[at])
		for _, dep := range b.changes[at].deps {
			wanted[dep] = true
		}
	}
	return changes
}
