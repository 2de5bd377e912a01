package crdt

import (
	"context"
	"fmt"

	"parley/crdt/chunk"
	"parley/space"
)

// fewChanges is how many changes are worth taking out of a snapshot, rather
// than sending all of it.
const fewChanges = 256

// Since returns what somebody with a vector lacks of a part, with the
// signatures that vouch for it: loose changes, or single changes taken out of
// a snapshot, or a snapshot. It stops near maxBytes, but not before it has
// something that can be appended by itself; more says that there is more, for
// a vector that has grown by what was returned.
func (s *Store) Since(ctx context.Context, ref Ref, have Vector, maxBytes int) (bundle Bundle, more bool, err error) {
	var missing, loose uint64
	var picked page
	var inside inSnapshots
	look := func(p *part, r Reader) error {
		vector := p.vector()
		if missing = vector.Missing(have); missing == 0 {
			return nil
		}
		index, err := p.index(r, s.limits)
		if err != nil {
			return err
		}
		picked, loose = index.page(have, missing, maxBytes)
		if loose < missing {
			inside = p.inSnapshots(vector, have)
		}
		return nil
	}
	err = s.readPart(ref, look, func(v view, r Reader) (err error) {
		switch {
		case missing == 0:
		case loose == missing:
			more = picked.more
			bundle, err = picked.read(r, ref)
		default:
			err = inside.read(r, v, missing <= fewChanges)
		}
		return err
	})
	if err == nil && loose < missing {
		bundle, more, err = s.fromSnapshots(ctx, ref, &inside)
	}
	if err != nil {
		return Bundle{}, false, fmt.Errorf("changes of %s since: %w", ref, err)
	}
	return bundle, more, nil
}

// page is a run of loose changes that somebody lacks, and what vouches for
// them.
type page struct {
	positions  []uint64
	signatures map[chunk.Actor]Signature
	more       bool
}

// page picks the changes that have lacks, oldest first, up to about maxBytes.
// It ends where all of them are signed for. loose counts all that have lacks,
// which are at most missing.
func (x *looseIndex) page(have Vector, missing uint64, maxBytes int) (picked page, loose uint64) {
	// Mostly it is the newest few that somebody lacks.
	first := len(x.entries)
	for first > 0 && missing > 0 {
		first--
		if x.entries[first].seq > have[x.entries[first].actor] {
			missing--
		}
	}
	picked.signatures = make(map[chunk.Actor]Signature)
	unsigned := make(map[chunk.Actor]bool)
	newest := make(map[chunk.Actor]Signature)
	var positions []uint64
	size := 0
	for _, e := range x.entries[first:] {
		if e.seq <= have[e.actor] {
			continue
		}
		loose++
		if size >= maxBytes && len(picked.positions) > 0 {
			picked.more = true
			continue
		}
		positions = append(positions, e.position)
		size += e.size
		if e.signed == nil {
			unsigned[e.actor] = true
			continue
		}
		delete(unsigned, e.actor)
		newest[e.actor] = *e.signed
		if len(unsigned) > 0 {
			continue
		}
		picked.positions = append(picked.positions, positions...)
		positions = positions[:0]
		for actor, signature := range newest {
			picked.signatures[actor] = signature
		}
		clear(newest)
	}
	return picked, loose
}

func (g page) read(r Reader, ref Ref) (bundle Bundle, err error) {
	for _, position := range g.positions {
		raw, err := readChange(r, ref, position)
		if err != nil {
			return Bundle{}, err
		}
		bundle.Changes = append(bundle.Changes, raw)
	}
	for _, signature := range g.signatures {
		bundle.Signatures = append(bundle.Signatures, signature)
	}
	return bundle, nil
}

// inSnapshots is what is needed to serve somebody who lacks changes that lie
// in snapshots.
type inSnapshots struct {
	vector     Vector
	have       Vector
	signatures []Signature // of every actor that have lacks something of
	chunks     [][]byte    // of the whole part, if taking single changes out is worth it
	snapshot   []byte
	signed     []Signature // of the snapshot
	more       bool        // beyond the snapshot
}

func (p *part) inSnapshots(vector, have Vector) inSnapshots {
	in := inSnapshots{vector: vector, have: make(Vector)}
	in.have.Merge(have)
	for actor, seq := range vector {
		if have[actor] < seq && p.actors[actor].Device != (space.DeviceID{}) {
			in.signatures = append(in.signatures, p.signature(actor))
		}
	}
	return in
}

func (in *inSnapshots) read(r Reader, v view, few bool) (err error) {
	if few {
		if in.chunks, err = readChunks(r, v); err != nil {
			return err
		}
	}
	for i := len(v.snapshots) - 1; i >= 0; i-- {
		info := v.snapshots[i]
		if in.have.Covers(info.vector) {
			continue
		}
		in.signed = info.signatures
		after := in.have.Clone()
		after.Merge(info.vector)
		in.more = !after.Covers(in.vector)
		in.snapshot, err = readSnapshot(r, v.ref, info)
		return err
	}
	return fmt.Errorf("%w: changes of %s are in none of its snapshots", ErrDamaged, v.ref)
}

// fromSnapshots takes single changes out where they are few and smaller than
// the snapshot, and gives the snapshot otherwise.
func (s *Store) fromSnapshots(ctx context.Context, ref Ref, in *inSnapshots) (Bundle, bool, error) {
	whole := Bundle{Snapshots: [][]byte{in.snapshot}, Signatures: in.signed}
	if in.chunks == nil || s.materializer == nil {
		return whole, in.more, nil
	}
	changes, err := s.materializer.Changes(ctx, in.chunks, in.have)
	if err != nil {
		if ctx.Err() != nil {
			return Bundle{}, false, err
		}
		s.log.Warn("taking changes out of a snapshot failed, sending all of it", "ref", ref, "error", err)
		return whole, in.more, nil
	}
	size := 0
	for _, raw := range changes {
		size += len(raw)
	}
	if size > len(in.snapshot) {
		return whole, in.more, nil
	}
	return Bundle{Changes: changes, Signatures: in.signatures}, false, nil
}

// Load returns a part's chunks, all that is needed to open it, and the
// position to pull from afterwards.
func (s *Store) Load(ref Ref) (chunks [][]byte, position uint64, err error) {
	err = s.readPart(ref, lookOn, func(v view, r Reader) (err error) {
		position = v.position
		chunks, err = readChunks(r, v)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("load %s: %w", ref, err)
	}
	return chunks, position, nil
}

func lookOn(*part, Reader) error { return nil }

// After returns the chunks that were appended to a part after a position, in
// order, and the position to pull from next. They may be snapshots, and may
// repeat what the caller has.
func (s *Store) After(ref Ref, position uint64) (chunks [][]byte, next uint64, err error) {
	err = s.readPart(ref, lookOn, func(v view, r Reader) (err error) {
		next = max(v.position, position)
		chunks, err = readSince(r, v, position)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("load %s after %d: %w", ref, position, err)
	}
	return chunks, next, nil
}

// readSince reads what came after a position: all there is where part of that
// was compacted away.
func readSince(r Reader, v view, position uint64) ([][]byte, error) {
	switch {
	case position >= v.position:
		return nil, nil
	case position < v.floor:
		return readChunks(r, v)
	}
	return readAfter(r, v, position)
}

// readAfter reads what came after a position that nothing was compacted away
// beyond.
func readAfter(r Reader, v view, position uint64) (chunks [][]byte, err error) {
	for _, info := range v.snapshots {
		if info.position <= position || info.through > 0 {
			continue
		}
		raw, err := readSnapshot(r, v.ref, info)
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, raw)
	}
	loose, err := readChanges(r, v.ref, position, v.position)
	return append(chunks, loose...), err
}

// readChunks reads all of a part: its snapshots, and the changes that are not
// in the newest made here.
func readChunks(r Reader, v view) (chunks [][]byte, err error) {
	for _, info := range v.snapshots {
		raw, err := readSnapshot(r, v.ref, info)
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, raw)
	}
	loose, err := readChanges(r, v.ref, max(v.through(), v.bottom), v.position)
	return append(chunks, loose...), err
}

// readChanges reads the loose changes above one position and up to another.
func readChanges(r Reader, ref Ref, after, last uint64) (changes [][]byte, err error) {
	from := positionedKey(ref, kindChange, after+1)
	err = r.Scan(kindKey(ref, kindChange), from, func(key, value []byte) (bool, error) {
		if position, _ := positionOf(key); position > last {
			return false, nil
		}
		var record changeRecord
		if err := read(key, value, &record); err != nil {
			return false, err
		}
		changes = append(changes, record.Raw)
		return true, nil
	})
	return changes, err
}

func readChange(r Reader, ref Ref, position uint64) ([]byte, error) {
	key := positionedKey(ref, kindChange, position)
	value, err := r.Get(key)
	if err != nil {
		return nil, fmt.Errorf("change at %d: %w", position, err)
	}
	var record changeRecord
	if err := read(key, value, &record); err != nil {
		return nil, err
	}
	return record.Raw, nil
}
