package crdt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// Examine looks at every record of one consistent state, and reports what is
// wrong with them: those that cannot be read, signatures that do not match,
// and what does not agree with the rest. It changes nothing, takes no more
// memory than one part does, and may run while the store is in use. It fails
// if the disk does.
func (s *Store) Examine(ctx context.Context, report func(Finding)) error {
	err := s.backend.View(func(r Reader) error { return s.examineAll(ctx, r, report) })
	if err != nil {
		return fmt.Errorf("examine the store: %w", err)
	}
	return nil
}

// examineAll looks at each record that is no part's by itself, at membership
// logs and blobs as a whole, and at each part of which anything is there.
func (s *Store) examineAll(ctx context.Context, r Reader, report func(Finding)) error {
	look := &copier{reader: r, limits: s.limits}
	parts := make(map[Ref]bool)
	var id space.ID
	var entries [][]byte
	endLog := func() {
		if len(entries) > 0 {
			if _, err := space.Open(entries); err != nil {
				report(Finding{About: AboutEntry, Space: id, Wrong: err})
			}
		}
		entries = nil
	}
	err := r.Scan(nil, nil, func(key, value []byte) (bool, error) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		table := tableOf(key)
		if table != tableEntries || spaceOf(key) != id {
			endLog()
		}
		if ref, ok := ofPart(key); ok {
			parts[ref] = true
			return true, nil
		}
		wrong := checkRecord(key, value, s.limits)
		switch table {
		case tableBlobs, tablePieces, tablePuts, tableHalves:
			var err error
			if _, wrong, err = look.lookAtBlob(key, value, wrong); err != nil {
				return false, err
			}
		case tableEntries:
			if id = spaceOf(key); wrong == nil {
				entries = append(entries, bytes.Clone(value))
			}
		}
		if wrong != nil {
			report(findingOf(key, wrong))
		}
		return true, nil
	})
	endLog()
	if err != nil {
		return err
	}
	for _, ref := range slices.SortedFunc(maps.Keys(parts), compareRefsOfSpaces) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.examinePart(r, ref, report); err != nil {
			return err
		}
	}
	return nil
}

func compareRefsOfSpaces(a, b Ref) int {
	if c := bytes.Compare(a.Space[:], b.Space[:]); c != 0 {
		return c
	}
	return compareRefs(a, b)
}

// ofPart reads the part that a record of a part's state or documents is of.
func ofPart(key []byte) (Ref, bool) {
	if table := tableOf(key); table != tableDocuments && table != tableParts {
		return Ref{}, false
	}
	ref, _, ok := refOf(spaceOf(key), key)
	return ref, ok && ref.Part.Valid()
}

// partCheck is one part that is looked at.
type partCheck struct {
	ref    Ref
	report func(Finding)
	sound  bool // nothing was found so far

	state     stateRecord
	actors    map[chunk.Actor]actorRecord
	snapshots []snapshotInfo
	loose     *looseIndex
}

func (c *partCheck) find(about Subject, key []byte, format string, args ...any) {
	c.sound = false
	c.report(Finding{About: about, Space: c.ref.Space, Ref: c.ref, Key: key, Wrong: fmt.Errorf(format, args...)})
}

// examinePart looks at all records of a part, and whether they agree.
func (s *Store) examinePart(r Reader, ref Ref, report func(Finding)) error {
	c := &partCheck{ref: ref, report: report, sound: true, actors: make(map[chunk.Actor]actorRecord), loose: newLooseIndex()}
	value, err := r.Get(stateKey(ref))
	missing := errors.Is(err, ErrNotFound)
	switch {
	case missing:
		// An append that was cut short leaves chunks and no state; so does damage.
		c.state.Position = math.MaxUint64
	case err != nil:
		return err
	default:
		if wrong := read(stateKey(ref), value, &c.state); wrong != nil {
			c.find(AboutPart, stateKey(ref), "%w", wrong)
			c.state = stateRecord{Position: math.MaxUint64}
		}
	}
	snapshots := make(map[uint64]error)
	err = r.Scan(refKey(tableDocuments, ref), nil, func(key, value []byte) (bool, error) {
		return true, s.examineOfPart(r, c, snapshots, key, value)
	})
	if err != nil {
		return err
	}
	if missing && (len(c.actors) > 0 || len(c.snapshots) > 0) {
		c.find(AboutPart, stateKey(ref), "what is known of the part at a glance is missing")
	}
	if c.sound && !missing {
		c.agree()
	}
	return nil
}

// examineOfPart looks at one record of a part's documents.
func (s *Store) examineOfPart(r Reader, c *partCheck, snapshots map[uint64]error, key, value []byte) error {
	_, position, ok := positioned(key)
	if ok && (position <= c.state.Bottom || position > c.state.Position) {
		return nil // left over
	}
	wrong := checkRecord(key, value, s.limits)
	if !ok || wrong != nil {
		if wrong != nil {
			c.find(findingOf(key, wrong).About, bytes.Clone(key), "%w", wrong)
		} else if len(key) > spaceKeySize+2+refSize && kindOf(key) == kindActor {
			var record actorRecord
			err := read(key, value, &record)
			c.actors[chunk.Actor(key[spaceKeySize+2+refSize:])] = record
			return err
		}
		return nil
	}
	if kindOf(key) == kindChange {
		return c.change(s.limits, key, position, value)
	}
	wrong, known := snapshots[position]
	if !known {
		var err error
		if wrong, err = examineSnapshot(r, c.ref, position, s.limits); err != nil {
			return err
		}
		snapshots[position] = wrong
	}
	if wrong != nil {
		c.find(AboutSnapshot, bytes.Clone(key), "%w", wrong)
		return nil
	}
	if kindOf(key) == kindSnapshot {
		return c.snapshot(key, position, value)
	}
	return nil
}

func (c *partCheck) change(limits chunk.Limits, key []byte, position uint64, value []byte) error {
	v := view{ref: c.ref, position: position, bottom: position - 1}
	one := oneRecord{key, value}
	return listChanges(one, v, limits, nil, func(e looseEntry, _ []byte) {
		if e.signed != nil && !e.signed.Verify(c.ref) {
			c.find(AboutChange, bytes.Clone(key), "its signature does not match")
		}
		c.loose.add(e)
	})
}

func (c *partCheck) snapshot(key []byte, position uint64, value []byte) error {
	infos, err := listSnapshots(oneRecord{key, value}, view{ref: c.ref, position: position, bottom: position - 1}, nil)
	for _, info := range infos {
		c.snapshots = append(c.snapshots, info)
		for _, signature := range info.signatures {
			if signature.Device != (space.DeviceID{}) && !signature.Verify(c.ref) {
				c.find(AboutSnapshot, bytes.Clone(key), "a signature of %s does not match", signature.Actor)
			}
		}
	}
	return err
}

// oneRecord is a reader of nothing but one record.
type oneRecord struct{ key, value []byte }

func (o oneRecord) Get(key []byte) ([]byte, error) {
	if bytes.Equal(key, o.key) {
		return o.value, nil
	}
	return nil, ErrNotFound
}

func (o oneRecord) Scan(_, _ []byte, visit func(key, value []byte) (bool, error)) error {
	_, err := visit(o.key, o.value)
	return err
}

// agree finds out whether the records of a part, all of which can be read, say
// the same.
func (c *partCheck) agree() {
	v := view{position: c.state.Position, snapshots: c.snapshots}
	reached := make(Vector)
	signed := make(map[chunk.Hash]bool)
	for _, info := range c.snapshots {
		reached.Merge(info.vector)
		for _, signature := range info.signatures {
			signed[signature.Hash] = true
		}
	}
	c.follow(v.through(), reached)
	for actor, seq := range reached {
		if record := c.actors[actor]; record.Seq != seq {
			c.find(AboutActor, actorKey(c.ref, actor), "it is at %d, and the changes reach %d", record.Seq, seq)
		} else if !signed[record.Hash] && record.Device != (space.DeviceID{}) && c.loose.find(record.Hash) == nil {
			c.find(AboutActor, actorKey(c.ref, actor), "its newest change is not there")
		}
	}
	for actor, record := range c.actors {
		if reached[actor] == 0 {
			c.find(AboutActor, actorKey(c.ref, actor), "it is at %d, and there are no changes", record.Seq)
		}
	}
	if c.sound && partDigest(c.ref, c.state.Forks, c.actors) != c.state.Digest {
		c.find(AboutPart, stateKey(c.ref), "the digest is not that of the actors")
	}
	if c.sound {
		c.count(v.through())
	}
}

// follow looks whether every loose change builds on what is there, and raises
// reached to where they reach.
func (c *partCheck) follow(through uint64, reached Vector) {
	inside := make(Vector)
	inside.Merge(reached)
	for _, e := range c.loose.entries {
		if e.seq <= inside[e.actor] {
			continue
		}
		key := positionedKey(c.ref, kindChange, e.position)
		if e.position <= through {
			c.find(AboutSnapshot, key, "a change that a snapshot should hold is not in it")
		}
		if e.seq != reached[e.actor]+1 {
			c.find(AboutChange, key, "it is number %d, and the one before it is missing", e.seq)
		}
		reached[e.actor] = e.seq
		for _, dep := range e.deps {
			if len(c.snapshots) == 0 && c.loose.find(dep) == nil {
				c.find(AboutChange, key, "%s, which it builds on, is missing", dep)
			}
		}
	}
}

// count compares what the state says of heads and numbers. What lies in a
// snapshot too may have something above it there.
func (c *partCheck) count(through uint64) {
	var loose, size uint64
	heads := make(map[chunk.Hash]bool)
	for _, e := range c.loose.entries {
		if e.position <= through {
			continue
		}
		loose++
		size += uint64(e.size)
		for _, dep := range e.deps {
			delete(heads, dep)
		}
		if !slices.ContainsFunc(c.snapshots, func(info snapshotInfo) bool { return info.vector[e.actor] >= e.seq }) {
			heads[e.hash] = true
		}
	}
	if loose != c.state.Loose || size != c.state.LooseSize {
		c.find(AboutPart, stateKey(c.ref), "%d changes of %d bytes are counted, and there are %d of %d",
			c.state.Loose, c.state.LooseSize, loose, size)
	}
	for head := range heads {
		if !slices.Contains(c.state.Heads, head) {
			c.find(AboutPart, stateKey(c.ref), "%s is not listed as a head", head)
		}
	}
	if len(c.snapshots) == 0 && len(heads) != len(c.state.Heads) {
		c.find(AboutPart, stateKey(c.ref), "%d heads are listed, and there are %d", len(c.state.Heads), len(heads))
	}
}
