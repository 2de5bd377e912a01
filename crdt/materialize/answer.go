package materialize

import (
	"errors"
	"fmt"
	"slices"

	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
)

// answer does what a request asks. If that is to be done carefully, announce is
// told before anything is done with a chunk which one it is, or -1 once it is
// about all of them.
func answer(q request, announce func(int)) (reply, error) {
	if q.Operation == opCreate {
		changes, err := create(q.Birth)
		return reply{List: changes}, err
	}
	if q.Operation == opTake {
		changes, taken, err := take(q.Birth, q.Format, q.File)
		return reply{List: changes, Taken: taken}, err
	}
	if q.Careful {
		if err := carefully(q.Chunks, announce); err != nil {
			return reply{}, err
		}
	}
	d, err := parse(q.Chunks)
	if err != nil {
		return reply{}, err
	}
	var r reply
	switch q.Operation {
	case opVet:
		r.Report, err = d.vet()
	case opCompact:
		r.Bytes, err = d.compact()
	case opChanges:
		r.List, err = d.apart(q.Have)
	case opVerify:
		err = d.verify(q.Signed)
	case opRead:
		r.Bytes, err = d.read(q.Format)
	case opWrite:
		r.Bytes, r.Taken.Left, err = d.writeFile(q.Format, q.Page)
	case opEdit:
		r.Bytes, err = d.edit(q.Actor, q.Edit)
	case opPut:
		r.Bytes, err = d.putEntry(q.Actor, q.Entry, q.Now)
	case opArchive:
		r.Bytes, err = d.archiveEntry(q.Actor, q.Entry, q.Now)
	case opIndex:
		r.Entries, err = d.index()
	case opBlobs:
		r.List, err = d.blobs()
	default:
		err = fmt.Errorf("%w: unknown operation %q", ErrUnreadable, q.Operation)
	}
	return r, err
}

// vet loads the document in the core and builds it with our own reader.
func (d document) vet() (chunk.Report, error) {
	if err := d.sound(); err != nil {
		return chunk.Report{}, err
	}
	c, missing, err := d.core()
	if err != nil {
		return chunk.Report{}, err
	}
	if len(missing) == 0 {
		err := d.counted()
		if err == nil {
			err = d.shaped()
		}
		if err != nil {
			return chunk.Report{}, err
		}
	}
	return chunk.Report{Heads: c.heads(), Missing: missing, Vector: d.vector()}, nil
}

// carefully does with one chunk after the other what was done with all of them
// when the child died, to find out which it was.
func carefully(chunks [][]byte, announce func(int)) error {
	c, err := load(nil)
	if err != nil {
		return err
	}
	for i, raw := range chunks {
		announce(i)
		d, err := parse(chunks[i : i+1])
		if err == nil {
			err = d.sound()
		}
		if err == nil {
			err = c.add(raw)
		}
		if err != nil {
			return &ChunkError{Chunk: i, Err: err}
		}
	}
	announce(-1)
	return nil
}

// sound refuses operations that make no sense before the core, which would
// abort on some of them, gets to see them.
func (d document) sound() error {
	if _, err := richtext.Build(d.snapshots, d.changes); errors.Is(err, richtext.ErrNonsense) {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return nil
}

// counted refuses operations of a complete document that are numbered far
// beyond the others.
func (d document) counted() error {
	if err := richtext.Counted(d.snapshots, d.changes); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return nil
}

// shaped refuses a complete document that is not what it says it is.
func (d document) shaped() error {
	if err := d.shape(); err != nil {
		// Whatever it says is missing, no change is: operations refer to others
		// that are not there.
		return fmt.Errorf("%w: %s", ErrUnreadable, err.Error())
	}
	return nil
}

// core loads the document in the core, but for changes that depend on missing
// ones, which it lists.
func (d document) core() (c core, missing []chunk.Hash, err error) {
	if c, err = load(document{snapshots: d.snapshots}.bytes()); err != nil {
		return core{}, nil, err
	}
	out := make(map[chunk.Hash]bool)
	for _, h := range d.outside() {
		if !c.has(h) {
			missing = append(missing, h)
			out[h] = true
		}
	}
	ready := document{changes: d.changes}
	if len(missing) > 0 {
		ready.changes = nil
		for _, change := range d.changes {
			if slices.ContainsFunc(change.Deps, func(h chunk.Hash) bool { return out[h] }) {
				out[change.Hash] = true
				continue
			}
			ready.changes = append(ready.changes, change)
		}
	}
	if len(ready.changes) > 0 {
		err = c.add(ready.bytes())
	}
	return c, missing, err
}

// complete loads the document in the core and makes sure that nothing is
// missing.
func (d document) complete() (core, error) {
	if err := d.sound(); err != nil {
		return core{}, err
	}
	c, missing, err := d.core()
	if err != nil {
		return core{}, err
	}
	if len(missing) > 0 {
		return core{}, &MissingError{Hashes: missing}
	}
	return c, d.counted()
}

// compact makes one snapshot of a document that can be shown: it counts as
// vetted where it was made.
func (d document) compact() ([]byte, error) {
	s, err := d.join()
	if err != nil {
		return nil, err
	}
	return s.Raw, document{snapshots: []chunk.Snapshot{s}}.shaped()
}

// join makes one snapshot of a complete document.
func (d document) join() (chunk.Snapshot, error) {
	c, err := d.complete()
	if err != nil {
		return chunk.Snapshot{}, err
	}
	saved := c.save()
	// A change written in an unusual way can load and yet not survive being
	// saved. Better keep it loose than write a snapshot nobody can load.
	s, err := chunk.ParseSnapshot(saved, chunk.DefaultLimits)
	if err != nil {
		return chunk.Snapshot{}, fmt.Errorf("%w: its snapshot cannot be read back: %w", ErrUnreadable, err)
	}
	want := c.heads()
	c.free() // two of a large document would not fit
	again, err := load(saved)
	if err != nil {
		return chunk.Snapshot{}, fmt.Errorf("its snapshot cannot be read back: %w", err)
	}
	if !slices.Equal(again.heads(), want) || !slices.Equal(s.Heads, want) {
		return chunk.Snapshot{}, fmt.Errorf("%w: its snapshot is not the same document", ErrUnreadable)
	}
	return s, nil
}

// apart lists the changes that the vector does not cover.
func (d document) apart(have map[chunk.Actor]uint64) ([][]byte, error) {
	changes, err := d.all()
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for i := range changes {
		if c := &changes[i]; c.Seq > have[c.Actor] {
			out = append(out, c.Raw)
		}
	}
	return out, nil
}

// all takes the whole document apart, each change after those it depends on.
// Without a snapshot that needs no core.
func (d document) all() ([]chunk.Change, error) {
	if len(d.snapshots) == 0 {
		if missing := d.outside(); len(missing) > 0 {
			return nil, &MissingError{Hashes: missing}
		}
		return d.changes, nil
	}
	c, err := d.complete()
	if err != nil {
		return nil, err
	}
	list, err := c.changes()
	if err != nil {
		return nil, err
	}
	changes := make([]chunk.Change, len(list))
	for i, raw := range list {
		if changes[i], err = chunk.ParseChange(raw, chunk.DefaultLimits); err != nil {
			return nil, fmt.Errorf("%w: one of its changes: %w", ErrUnreadable, err)
		}
	}
	return changes, nil
}

// verify checks signed changes; see Child.Verify.
func (d document) verify(signed map[chunk.Actor]chunk.Signed) error {
	changes, err := d.all()
	if err != nil {
		return err
	}
	at := make(map[chunk.Hash]int, len(changes))
	own := make(map[chunk.Actor][]int) // by actor, the places of its changes by number
	for i := range changes {
		c := &changes[i]
		at[c.Hash] = i
		if uint64(len(own[c.Actor])) != c.Seq-1 {
			return fmt.Errorf("%w: changes of %s out of order", ErrUnreadable, c.Actor)
		}
		own[c.Actor] = append(own[c.Actor], i)
	}
	for actor, s := range signed {
		list := own[actor]
		if s.Seq == 0 || s.Seq > uint64(len(list)) || changes[list[s.Seq-1]].Hash != s.Hash {
			return fmt.Errorf("%w: change %d of %s is not the signed one", chunk.ErrUnsound, s.Seq, actor)
		}
		for n := s.Seq - 1; n > 0; n-- {
			if !reaches(changes, at, list[n], list[n-1]) {
				return fmt.Errorf("%w: change %d of %s does not build on the one before", chunk.ErrUnsound, n+1, actor)
			}
		}
	}
	return nil
}

// reaches reports whether one change has another among its ancestors. Those
// placed before the other cannot lead to it.
func reaches(changes []chunk.Change, at map[chunk.Hash]int, from, to int) bool {
	seen := map[int]bool{from: true}
	for next := []int{from}; len(next) > 0; {
		i := next[len(next)-1]
		next = next[:len(next)-1]
		for _, dep := range changes[i].Deps {
			j, ok := at[dep]
			if j == to && ok {
				return true
			}
			if ok && j > to && !seen[j] {
				seen[j] = true
				next = append(next, j)
			}
		}
	}
	return false
}

func sortedHashes(hashes []chunk.Hash) []chunk.Hash {
	slices.SortFunc(hashes, chunk.Hash.Compare)
	return hashes
}
