package crdt

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// Tip is an actor's newest change.
type Tip struct {
	Seq  uint64
	Hash chunk.Hash
}

// Tips say exactly what somebody holds of a part: each actor's newest change,
// and what is set aside.
type Tips struct {
	Newest map[chunk.Actor]Tip
	Forks  [16]byte  // sums up the changes set aside for forks; zeros if there are none
	Aside  []AsideID // of those set aside because they do not count what others are told, ascending
	Digest [16]byte  // of all that
}

// Vector is how far each actor is known.
func (t Tips) Vector() Vector {
	v := make(Vector, len(t.Newest))
	for actor, tip := range t.Newest {
		v[actor] = tip.Seq
	}
	return v
}

// Tips returns what this device holds of a part.
func (s *Store) Tips(ref Ref) (tips Tips, err error) {
	err = s.withPart(ref, func(p *part, _ Reader) error {
		told := s.held(ref.Space).tells().of(ref)
		tips = Tips{
			Newest: make(map[chunk.Actor]Tip, len(p.actors)), Forks: s.held(ref.Space).quarantine.forks(ref),
			Aside: told.ids(), Digest: withTold(p.state.digest(), told.digest),
		}
		for actor, record := range p.actors {
			tips.Newest[actor] = Tip{record.Seq, record.Hash}
		}
		return nil
	})
	if err != nil {
		return Tips{}, fmt.Errorf("tips of %s: %w", ref, err)
	}
	return tips, nil
}

// maxOfferedForks bounds the bytes of changes set aside for forks that are
// offered, and of those that vouch for what counts.
const maxOfferedForks = 16 << 20

// Offer returns what somebody lacks of a part, as Since does. Where they are on
// another side of a fork, as far as that can be seen here, or have set aside
// other changes than this device has, it is everything that may bear on it, at
// once: what one change vouches for may depend on any of the others. It is
// likewise where something they lack is vouched for by a change that does not
// count. After all that comes what is set aside because it does not count.
//
// Who is told of changes that build on something they have never heard of, and
// lacks nothing by the numbers, is behind on another side of a fork that only
// they can see. They ask again, with no tips at all.
func (s *Store) Offer(ctx context.Context, ref Ref, theirs Tips, maxBytes int) (bundle Bundle, more bool, err error) {
	var have Vector
	var parted bool
	err = s.readPart(ref, func(p *part, r Reader) (err error) {
		have, parted, err = s.compareTips(p, r, theirs)
		parted = parted || p.owes(have)
		return err
	}, func(v view, r Reader) (err error) {
		if parted {
			bundle, err = s.everything(v, r, have)
		}
		return err
	})
	switch {
	case err != nil:
	case parted:
		if err = s.offerForks(ref, theirs, &bundle); err == nil {
			err = s.offerWitnesses(ref, have, &bundle)
		}
	default:
		bundle, more, err = s.Since(ctx, ref, have, maxBytes)
	}
	if err == nil && !more {
		more, err = s.offerTold(ref, theirs, maxBytes, &bundle)
	}
	if err != nil {
		return Bundle{}, false, fmt.Errorf("offer of %s: %w", ref, err)
	}
	return bundle, more, nil
}

// compareTips finds out what somebody surely has, and whether they parted from
// us at a fork.
func (s *Store) compareTips(p *part, r Reader, theirs Tips) (have Vector, parted bool, err error) {
	parted = p.state.Forks != ([16]byte{}) && p.state.Forks != theirs.Forks
	have = make(Vector, len(theirs.Newest))
	for actor, tip := range theirs.Newest {
		same := true
		switch newest := p.actors[actor]; {
		case tip.Seq == newest.Seq:
			same = tip.Hash == newest.Hash
		case s.held(p.ref.Space).quarantine.isForked(p.ref, tip.Hash):
			same = false
		case tip.Seq < newest.Seq:
			index, err := p.index(r, s.limits)
			if err != nil {
				return nil, false, err
			}
			e := index.at(actor, tip.Seq)
			same = e == nil || e.hash == tip.Hash
		}
		if same {
			have[actor] = tip.Seq
		}
		parted = parted || !same
	}
	return have, parted, nil
}

// everything is what somebody with a vector may lack of a part, without
// looking into its snapshots.
func (s *Store) everything(v view, r Reader, have Vector) (bundle Bundle, err error) {
	signatures := make(map[chunk.Hash]Signature)
	for _, info := range v.snapshots {
		for _, signature := range info.signatures {
			signatures[signature.Hash] = signature
		}
		if have.Covers(info.vector) {
			continue
		}
		raw, err := readSnapshot(r, v.ref, info)
		if err != nil {
			return Bundle{}, err
		}
		bundle.Snapshots = append(bundle.Snapshots, raw)
	}
	err = listChanges(r, v, s.limits, nil, func(e looseEntry, raw []byte) {
		if e.signed != nil {
			signatures[e.hash] = *e.signed
		}
		if e.seq > have[e.actor] {
			bundle.Changes = append(bundle.Changes, append([]byte(nil), raw...))
		}
	})
	for _, signature := range signatures {
		bundle.Signatures = append(bundle.Signatures, signature)
	}
	return bundle, err
}

// offerForks adds what is set aside for a fork, ancestors first, with what
// vouches for it of what does not count, unless they have the same.
func (s *Store) offerForks(ref Ref, theirs Tips, bundle *Bundle) error {
	set, err := s.forkedChanges(ref)
	if err != nil || forksOf(set) == theirs.Forks {
		return err
	}
	all, err := s.keptChanges(ref)
	if err != nil {
		return err
	}
	w := newWitnesses(all)
	for _, c := range set {
		w.add(w.set[c.Hash])
	}
	w.batch.order()
	s.offerAside(ref, &w.batch, bundle)
	return nil
}

// offerAside adds what is set aside, as far as it can be told. Signatures count,
// too: with more than a piece can hold, nothing of the part would go.
func (s *Store) offerAside(ref Ref, b *batch, bundle *Bundle) {
	size := 0
	for _, c := range b.changes {
		if size += len(c.Raw); size > maxOfferedForks || len(bundle.Signatures) >= maxAsideAtOnce {
			s.log.Warn("more was set aside than can be told at once", "ref", ref)
			break
		}
		bundle.Changes = append(bundle.Changes, c.Raw)
		if c.signed != nil && c.signed.Device != (space.DeviceID{}) {
			bundle.Signatures = append(bundle.Signatures, *c.signed)
		}
	}
}

func forksOf(set []*candidate) [16]byte {
	forked := make(map[chunk.Hash]bool, len(set))
	for _, c := range set {
		forked[c.Hash] = true
	}
	return forksDigest(forked)
}

// With are the tips of somebody who has been given a bundle too, whatever became
// of it, and whether that is more than before. It is for asking for all of a
// part page by page.
func (t Tips) With(bundle Bundle) (grown Tips, more bool) {
	grown = Tips{Newest: maps.Clone(t.Newest), Forks: t.Forks, Aside: slices.Clone(t.Aside)}
	if grown.Newest == nil {
		grown.Newest = make(map[chunk.Actor]Tip)
	}
	before := len(t.Aside)
	note := func(actor chunk.Actor, tip Tip) {
		if tip.Seq > grown.Newest[actor].Seq {
			grown.Newest[actor] = tip
			more = true
		}
	}
	for _, raw := range bundle.Changes {
		if c, err := chunk.ParseChange(raw, chunk.DefaultLimits); err == nil {
			note(c.Actor, Tip{c.Seq, c.Hash})
			grown.Aside = append(grown.Aside, asideID(c.Hash)) // which of them are is not known here
		}
	}
	slices.SortFunc(grown.Aside, AsideID.Compare)
	grown.Aside = slices.Compact(grown.Aside)
	more = more || len(grown.Aside) > before
	for _, raw := range bundle.Snapshots {
		snapshot, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits)
		if err != nil {
			continue
		}
		for _, signature := range bundle.Signatures {
			if signature.Seq == snapshot.Vector[signature.Actor] {
				note(signature.Actor, Tip{signature.Seq, signature.Hash})
			}
		}
	}
	return grown, more
}
