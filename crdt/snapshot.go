package crdt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

var errNoMaterializer = errors.New("the document would have to be opened to check this, and there is nothing to open it with")

// appendSnapshots takes in the snapshots of a bundle: each that brings
// something new is kept beside what is here, a document being the union. It
// returns how many changes are new.
func (s *Store) appendSnapshots(ctx context.Context, log *space.Log, b *batch, bundle Bundle) (accepted int, err error) {
	for _, raw := range bundle.Snapshots {
		snapshot, err := chunk.ParseSnapshot(raw, s.limits)
		if err != nil {
			b.refuseBytes(raw, err)
			continue
		}
		n, err := s.appendSnapshot(ctx, log, b, snapshot, bundle.Signatures)
		for errors.Is(err, errRights) {
			n, err = s.appendSnapshot(ctx, log, b, snapshot, bundle.Signatures)
		}
		if err != nil {
			return accepted, err
		}
		accepted += n
	}
	return accepted, nil
}

func (s *Store) appendSnapshot(ctx context.Context, log *space.Log, b *batch, snapshot chunk.Snapshot, offered []Signature) (accepted int, err error) {
	vector := Vector(snapshot.Vector)
	if reason := s.held(b.ref.Space).quarantine.unwanted(b.ref, sha256.Sum256(snapshot.Raw)); reason != 0 {
		b.refuseSnapshot(snapshot, reason, nil)
		return 0, nil
	}
	var stored [][]byte
	var ours Vector
	known, clash, position := false, false, uint64(0)
	look := func(p *part, r Reader) (err error) {
		ours, position = p.vector(), p.state.Position
		known = ours.Covers(vector)
		if clash, err = p.clashes(r, s.limits, vector, offered); err != nil {
			return err
		}
		// Of what only something that is set aside vouches for, numbers do not
		// tell whether it is what is here.
		clash = clash || known && !signsAll(vector, offered)
		if !known && position > 0 && p.state.Stuck == position {
			return errStuck
		}
		return nil
	}
	err = s.readPart(b.ref, look, func(v view, r Reader) (err error) {
		if !known && position > 0 {
			stored, err = readChunks(r, v)
		}
		return err
	})
	if err != nil || known && !clash {
		return 0, err
	}
	if clash {
		return 0, s.takeApart(ctx, b, snapshot, offered)
	}
	r := rightsIn(log, b.ref)
	signatures, counts, reason := cover(r, snapshot, offered)
	if reason == ReasonActor || reason == ReasonNotVouched && b.mayBeVouched(vector, offered, ours) ||
		reason == 0 && (!counts || s.held(b.ref.Space).quarantine.reaches(b.ref, vector)) {
		return 0, s.takeApart(ctx, b, snapshot, offered)
	}
	if reason != 0 {
		b.refuseSnapshot(snapshot, reason, nil)
		return 0, nil
	}
	verified, err := s.verifySnapshot(ctx, snapshot, signatures)
	switch {
	case errors.Is(err, chunk.ErrUnsound) && b.hasAny(signatures):
		// They are of the other side of a fork, which lies beside the snapshot.
		return 0, s.takeApart(ctx, b, snapshot, offered)
	case errors.Is(err, chunk.ErrUnsound):
		b.refuseSnapshot(snapshot, ReasonNotVouched, err)
		return 0, nil
	case harmful(err):
		b.refuseSnapshot(snapshot, reasonOf(err), err)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if verified == byItself && position == 0 {
		// There is nothing that it would have to fit with. Whether it can be
		// shown is found out as for single changes: afterwards.
		return s.storeSnapshot(b, r, snapshot, signatures, joined{heads: snapshot.Heads})
	}
	heads, err := s.joinSnapshot(ctx, snapshot, stored)
	if harmful(err) {
		mended, failed := s.mendBelow(ctx, b.ref, position)
		if failed != nil {
			return 0, failed
		}
		if mended {
			return s.appendSnapshot(ctx, log, b, snapshot, offered)
		}
		if errors.Is(err, chunk.ErrStopped) {
			b.refuseSnapshot(snapshot, ReasonCrash, err)
			return 0, nil
		}
		// Each can be read by itself: they hold different changes of one number.
		return 0, s.takeApart(ctx, b, snapshot, offered)
	}
	if err != nil {
		return 0, err
	}
	return s.storeSnapshot(b, r, snapshot, signatures, joined{heads: heads, position: position, vetted: true})
}

// mendBelow mends a part with which something could not be joined, and reports
// whether it is another one now.
func (s *Store) mendBelow(ctx context.Context, ref Ref, position uint64) (mended bool, err error) {
	if _, err = s.Mend(ctx, ref); err != nil {
		return false, err
	}
	err = s.withPart(ref, func(p *part, _ Reader) error {
		mended = p.state.Position != position
		return nil
	})
	return mended, err
}

// clashes reports whether what is signed of a snapshot shows that it holds
// another change under some number than the part does, or does not tell which
// of two it holds.
func (p *part) clashes(r Reader, limits chunk.Limits, vector Vector, offered []Signature) (bool, error) {
	signed := make(map[chunk.Actor]chunk.Hash)
	for _, signature := range offered {
		newest := p.actors[signature.Actor]
		if signature.Seq == vector[signature.Actor] {
			if other, ok := signed[signature.Actor]; ok && other != signature.Hash {
				return true, nil
			}
			signed[signature.Actor] = signature.Hash
		}
		switch {
		case signature.Seq != vector[signature.Actor] || signature.Seq > newest.Seq:
		case signature.Seq == newest.Seq:
			if signature.Hash != newest.Hash {
				return true, nil
			}
		default:
			index, err := p.index(r, limits)
			if err != nil {
				return false, err
			}
			if e := index.at(signature.Actor, signature.Seq); e != nil && e.hash != signature.Hash {
				return true, nil
			}
		}
	}
	return false, nil
}

// signsAll reports whether there is a signature of the newest change of every
// actor of a snapshot.
func signsAll(vector Vector, offered []Signature) bool {
	open := vector.Clone()
	for _, signature := range offered {
		if signature.Seq == vector[signature.Actor] {
			delete(open, signature.Actor)
		}
	}
	return len(open) == 0
}

// mayBeVouched reports whether the actors of a snapshot that no signature of it
// is of can be vouched for otherwise, once it is taken apart: by changes that
// are here, or by further ones in the batch that lost a fork.
func (b *batch) mayBeVouched(vector Vector, offered []Signature, ours Vector) bool {
	open := vector.Clone()
	for _, signature := range offered {
		if signature.Seq == vector[signature.Actor] {
			delete(open, signature.Actor)
		}
	}
	for _, c := range b.changes {
		if c.signed != nil && c.Seq > open[c.Actor] {
			delete(open, c.Actor)
		}
	}
	return ours.Covers(open)
}

// hasAny reports whether some signatures are of changes in the batch.
func (b *batch) hasAny(signatures []Signature) bool {
	return slices.ContainsFunc(signatures, func(signature Signature) bool {
		_, ok := b.byHash[signature.Hash]
		return ok
	})
}

// takeApart puts the changes of a snapshot into the batch. So one of them that
// was vouched for by the wrong device, or was set aside before, is judged by
// itself, and need not keep the others out.
func (s *Store) takeApart(ctx context.Context, b *batch, snapshot chunk.Snapshot, offered []Signature) error {
	changes, err := s.changesIn(ctx, [][]byte{snapshot.Raw})
	if err != nil {
		return fmt.Errorf("take snapshot apart: %w", err)
	}
	b.add(changes, offered, s.limits)
	return nil
}

// cover picks the signature of each actor's newest change in the snapshot, and
// says what is wrong with them, if anything is: ReasonActor only if that is all.
// counts says that all of the snapshot counts by the membership log: each of
// its heads stands by itself, so that everything is below what does.
func cover(r rights, snapshot chunk.Snapshot, offered []Signature) (signatures []Signature, counts bool, worst Reason) {
	vector := Vector(snapshot.Vector)
	byActor := make(map[chunk.Actor]Signature)
	for _, signature := range offered {
		if signature.Seq == vector[signature.Actor] {
			byActor[signature.Actor] = signature
		}
	}
	counts = true
	standing := make(map[chunk.Hash]bool)
	for _, actor := range vector.Actors() {
		signature, ok := byActor[actor]
		if !ok {
			return nil, false, ReasonNotVouched
		}
		reason, fault := judge(r, signature, signature.Verify(r.ref))
		switch reason {
		case 0:
			signatures = append(signatures, signature)
		case ReasonActor:
			worst = reason
		default:
			return nil, false, reason
		}
		counts = counts && fault == 0
		standing[signature.Hash] = fault == 0
	}
	if !counts {
		counts = !slices.ContainsFunc(snapshot.Heads, func(head chunk.Hash) bool { return !standing[head] })
	}
	return signatures, counts, worst
}

func (b *batch) refuseSnapshot(snapshot chunk.Snapshot, reason Reason, err error) {
	detail := fmt.Sprintf("a snapshot of %d changes", snapshot.Changes)
	if err != nil {
		detail += ": " + err.Error()
	}
	b.refused = append(b.refused, refusal{
		Quarantined: Quarantined{
			Ref: b.ref, Hash: sha256.Sum256(snapshot.Raw), Reason: reason, Detail: detail,
			Origin: b.origin, From: b.from, Size: len(snapshot.Raw),
		},
		raw: snapshot.Raw,
	})
}

// verdict is who has found out that what was signed is inside a snapshot.
type verdict uint8

const (
	byMaterializer verdict = iota
	byItself               // its heads are the hashes of the changes it was made of
)

// verifySnapshot checks that what was signed is really inside. The materializer is
// asked about a snapshot that cannot be unfolded here.
func (s *Store) verifySnapshot(ctx context.Context, snapshot chunk.Snapshot, signatures []Signature) (verdict, error) {
	signed := make(map[chunk.Actor]chunk.Signed, len(signatures))
	for _, signature := range signatures {
		signed[signature.Actor] = chunk.Signed{Hash: signature.Hash, Seq: signature.Seq}
	}
	history, err := s.unfold(snapshot, nil)
	if err == nil {
		err = history.Covers(signed)
	}
	if err == nil || errors.Is(err, chunk.ErrUnsound) {
		return byItself, err
	}
	if s.materializer == nil {
		return 0, errNoMaterializer
	}
	if err := s.materializer.Verify(ctx, [][]byte{snapshot.Raw}, signed); err != nil {
		return 0, fmt.Errorf("check snapshot: %w", err)
	}
	return byMaterializer, nil
}

// joinSnapshot has the materializer check that a snapshot can be read, and fits
// with what is stored, and returns the heads of both together. It fails with
// chunk.ErrUnreadable if it does not, as when both hold different changes of
// one number.
func (s *Store) joinSnapshot(ctx context.Context, snapshot chunk.Snapshot, stored [][]byte) ([]chunk.Hash, error) {
	if s.materializer == nil {
		return nil, errNoMaterializer
	}
	report, err := s.materializer.Vet(ctx, append(slices.Clone(stored), snapshot.Raw))
	if err == nil && len(report.Missing) > 0 {
		err = fmt.Errorf("%w: %d changes are missing", chunk.ErrUnreadable, len(report.Missing))
	}
	if err != nil {
		return nil, fmt.Errorf("join snapshot with what is here: %w", err)
	}
	return report.Heads, nil
}

// joined is a snapshot together with what is stored.
type joined struct {
	heads    []chunk.Hash
	position uint64 // of what was stored
	vetted   bool   // both were read together
}

// storeSnapshot makes the snapshot durable. Where the part has moved on, older
// heads stay listed beside the new ones, which the next compaction sets right.
func (s *Store) storeSnapshot(b *batch, counted rights, snapshot chunk.Snapshot, signatures []Signature, with joined) (int, error) {
	p := s.cache.acquire(b.ref)
	defer s.cache.release(p)
	var leftovers []Op
	err := s.backend.View(func(r Reader) (err error) {
		if err = p.load(r); err == nil && !p.clean {
			leftovers, err = p.leftovers(r)
		}
		return err
	})
	if err == nil && (!counted.hold() || !with.vetted && p.state.Position != with.position) {
		err = errRights // or there is something to fit with by now
	}
	if err != nil {
		return 0, err
	}
	vector := Vector(snapshot.Vector)
	accepted := int(vector.Missing(p.vector()))
	if accepted == 0 {
		return 0, nil
	}
	heads := with.heads
	if p.state.Position != with.position {
		heads = append(slices.Clone(heads), p.state.Heads...)
		slices.SortFunc(heads, chunk.Hash.Compare)
		heads = slices.Compact(heads)
	}
	var next advance
	var info snapshotInfo
	err = s.committer.commit(1, func(first uint64) commit {
		next = advance{state: p.state, actors: make(map[chunk.Actor]actorRecord)}
		next.state.Position, next.state.Heads = first, heads
		if with.vetted && p.state.Position == with.position {
			next.state.Vetted = first // it was read with all that is here
		}
		for _, signature := range signatures {
			if signature.Seq > p.actors[signature.Actor].Seq {
				next.actors[signature.Actor] = actorRecord{
					Seq: signature.Seq, Hash: signature.Hash, Position: first,
					Device: signature.Device, Sig: signature.Sig,
				}
			}
		}
		next.state.Digest = partDigest(p.ref, next.state.Forks, p.actors, next.actors)
		info = snapshotInfo{
			position: first, heads: snapshot.Heads, vector: vector,
			signatures: signatures, size: uint64(len(snapshot.Raw)),
		}
		made := commit{staged: append(leftovers, info.ops(p.ref, snapshot.Raw)...), final: next.stateOps(p.ref)}
		made.moves = []Move{{Position: first, Ref: b.ref, Origin: b.origin, From: b.from, Time: s.now()}}
		return made
	})
	if err != nil {
		p.loaded = false
		return 0, err
	}
	p.adopt(next)
	p.snapshots = append(p.snapshots, info)
	if s.materializer != nil && p.vetted() < p.state.Position {
		s.checkups.add(b.ref)
	}
	s.noteMoved(p)
	return accepted, nil
}

// ops are the records of a snapshot.
func (i snapshotInfo) ops(ref Ref, raw []byte) []Op {
	record := snapshotRecord{Through: i.through, Heads: i.heads, Vector: i.vector.items(), Size: i.size}
	for _, signature := range i.signatures {
		record.Signatures = append(record.Signatures, signature.item())
	}
	ops := []Op{{Key: positionedKey(ref, kindSnapshot, i.position), Value: encode(record)}}
	for piece, part := range slices.Collect(slices.Chunk(raw, pieceSize)) {
		ops = append(ops, Op{Key: rawKey(ref, i.position, piece), Value: part})
	}
	return ops
}

// pieceSize is how much of a snapshot is kept in one record.
const pieceSize = 4 << 20

// pieces is how many records a snapshot's bytes are kept in.
func pieces(size uint64) int { return int((size + pieceSize - 1) / pieceSize) }

// readSnapshot reads a snapshot's bytes.
func readSnapshot(r Reader, ref Ref, info snapshotInfo) ([]byte, error) {
	raw := make([]byte, 0, info.size)
	for piece := range pieces(info.size) {
		value, err := r.Get(rawKey(ref, info.position, piece))
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("%w: piece %d is missing", ErrDamaged, piece)
		}
		if err != nil {
			return nil, fmt.Errorf("snapshot at %d: %w", info.position, err)
		}
		raw = append(raw, value...)
	}
	return raw, nil
}
