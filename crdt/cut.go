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
// what they wrote counts, and what they vouched for, and what those devices of
// the same persons wrote that are out by now. What nobody vouches for who
// may write by now is in it too: it counts only by earlier cuts, which the
// entry may replace. With nil it is how far everybody has got, imported actors
// included.
//
// It fails with ErrUnknownSpace, and where a part cannot be read.
func (s *Store) Cut(ctx context.Context, id space.ID, devices []space.DeviceID) (space.Cut, error) {
	log, ok := s.Log(id)
	if !ok {
		return nil, fmt.Errorf("cut %s: %w", id, ErrUnknownSpace)
	}
	devices = withFormer(log, devices)
	meant := func(actor chunk.Actor, record actorRecord, part space.Part) bool {
		device := record.Device
		if owner, ok := ownerOf(log, actor); ok {
			device = owner
		} else if !log.MayWrite(device, part) {
			return true
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
				if meant(actor, record, ref.Part) {
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

// withFormer adds to devices those of the same persons that are not in the
// space any more: how far they count is for the same entry to say anew.
func withFormer(log *space.Log, devices []space.DeviceID) []space.DeviceID {
	all := slices.Clone(devices) // nil stays nil
	for _, device := range devices {
		seat, ok := log.SeatOf(device)
		if !ok {
			seat = device
		}
		for _, other := range log.SeatDevices(seat) {
			if _, in := log.Member(other); !in && !slices.Contains(all, other) {
				all = append(all, other)
			}
		}
	}
	return all
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
