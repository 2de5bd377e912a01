package materialize

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
)

// document is what the child was given, parsed.
type document struct {
	snapshots []chunk.Snapshot
	changes   []chunk.Change // each after those it depends on, as far as they are here
}

// parse reads the chunks. They were checked when they came in, by the parent;
// they are parsed again, since this process trusts nobody either.
func parse(chunks [][]byte) (document, error) {
	var d document
	for i, raw := range chunks {
		kind, err := chunk.KindOf(raw)
		if err != nil {
			return document{}, unreadable(i, err)
		}
		if kind == chunk.KindDocument {
			s, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits)
			if err != nil {
				return document{}, unreadable(i, err)
			}
			d.snapshots = append(d.snapshots, s)
			continue
		}
		c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return document{}, unreadable(i, err)
		}
		d.changes = append(d.changes, c)
	}
	// The largest first: the core then takes it as it is.
	slices.SortStableFunc(d.snapshots, func(a, b chunk.Snapshot) int { return b.Changes - a.Changes })
	d.changes = sorted(d.changes)
	return d, nil
}

func unreadable(at int, err error) error {
	return &ChunkError{Chunk: at, Err: fmt.Errorf("%w: %w", ErrUnreadable, err)}
}

// sorted puts changes in an order in which each comes after those it depends
// on, and drops duplicates.
func sorted(changes []chunk.Change) []chunk.Change {
	at := make(map[chunk.Hash]int, len(changes))
	for i := range changes {
		at[changes[i].Hash] = i
	}
	const (
		waiting = iota
		open
		placed
	)
	state := make([]uint8, len(changes))
	out := make([]chunk.Change, 0, len(at))
	var path []int
	for start := range changes {
		path = append(path, start)
		for len(path) > 0 {
			i := path[len(path)-1]
			if i != at[changes[i].Hash] || state[i] == placed {
				path = path[:len(path)-1]
				continue
			}
			ready := true
			// Hashes cannot form a circle, so nothing here is open twice.
			state[i] = open
			for _, dep := range changes[i].Deps {
				if j, ok := at[dep]; ok && state[j] == waiting {
					path = append(path, j)
					ready = false
				}
			}
			if ready {
				state[i] = placed
				out = append(out, changes[i])
				path = path[:len(path)-1]
			}
		}
	}
	return out
}

// vector is what the chunks hold of each actor.
func (d document) vector() map[chunk.Actor]uint64 {
	v := make(map[chunk.Actor]uint64)
	for _, s := range d.snapshots {
		for actor, seq := range s.Vector {
			v[actor] = max(v[actor], seq)
		}
	}
	for i := range d.changes {
		c := &d.changes[i]
		v[c.Actor] = max(v[c.Actor], c.Seq)
	}
	return v
}

// bytes joins the chunks in an order in which the core can take them in one go.
func (d document) bytes() []byte {
	size := 0
	for _, s := range d.snapshots {
		size += len(s.Raw)
	}
	for i := range d.changes {
		size += len(d.changes[i].Raw)
	}
	out := make([]byte, 0, size)
	for _, s := range d.snapshots {
		out = append(out, s.Raw...)
	}
	for i := range d.changes {
		out = append(out, d.changes[i].Raw...)
	}
	return out
}

// outside lists the dependencies of loose changes that are not among them.
func (d document) outside() []chunk.Hash {
	here := make(map[chunk.Hash]bool, len(d.changes))
	for i := range d.changes {
		here[d.changes[i].Hash] = true
	}
	out := make(map[chunk.Hash]bool)
	for i := range d.changes {
		for _, dep := range d.changes[i].Deps {
			if !here[dep] {
				out[dep] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(out), chunk.Hash.Compare)
}

// build reads the document with our own reader.
func (d document) build() (*richtext.Document, error) {
	built, err := richtext.Build(d.snapshots, d.changes)
	if errors.Is(err, richtext.ErrSeveral) {
		// Snapshots of different states: the core makes one of them.
		s, err := document{snapshots: d.snapshots}.join()
		if err != nil {
			return nil, err
		}
		return document{snapshots: []chunk.Snapshot{s}, changes: d.changes}.build()
	}
	if err != nil {
		return nil, d.incomplete(err)
	}
	if len(d.snapshots) == 0 && len(built.Unseen) > 0 {
		return nil, &MissingError{Hashes: built.Unseen}
	}
	return built, nil
}

func (d document) incomplete(err error) error {
	if missing := d.outside(); errors.Is(err, richtext.ErrIncomplete) && len(missing) > 0 {
		return &MissingError{Hashes: missing}
	}
	return fmt.Errorf("%w: %w", ErrUnreadable, err)
}
