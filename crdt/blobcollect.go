package crdt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/space"
)

// BlobFinder is an optional ability of a Materializer: to find the blobs that
// a document refers to. Without it, blobs stay for ever.
type BlobFinder interface {
	// Blobs lists the names that are referred to anywhere in the document, in
	// what it shows now: ascending, each once.
	Blobs(ctx context.Context, chunks [][]byte) ([][32]byte, error)
}

// blobRounds is how many rounds, at least, find nothing that refers to a blob
// before it is removed.
const blobRounds = 30

// referencesRecord is what a part refers to, as of a position.
type referencesRecord struct {
	_        struct{} `cbor:",toarray"`
	Position uint64
	Blobs    [][32]byte // ascending
}

// CollectBlobs does one round of looking for blobs that no document of their
// space refers to, and removes those for which Options.BlobGrace is over;
// docs/formats.md says how that is counted. Run does a round every hour. What
// was left by puts that were cut short is removed too. Spaces of which a
// document cannot be read are passed over, and the error says which; the
// others are seen to all the same.
func (s *Store) CollectBlobs(ctx context.Context) (removed int, err error) {
	for _, id := range s.Spaces() {
		failed := s.removeUnfinished(id)
		n, err2 := s.collectBlobs(ctx, id)
		if ctx.Err() != nil {
			return removed, ctx.Err()
		}
		removed += n
		if failed = errors.Join(failed, err2); failed != nil {
			err = errors.Join(err, fmt.Errorf("collect blobs of %s: %w", id, failed))
		}
	}
	return removed, err
}

func (s *Store) collectBlobs(ctx context.Context, id space.ID) (removed int, err error) {
	any := false
	if err := s.scanBlobs(id, func(BlobID, blobRecord, error) { any = true }); err != nil || !any {
		return 0, err
	}
	// What people write meanwhile is looked at again before anything is done.
	for range 3 {
		used, err := s.blobReferences(ctx, id)
		if err != nil {
			return 0, err
		}
		removed, err = s.weighBlobs(id, used)
		if !errors.Is(err, errMovedOn) {
			return removed, err
		}
	}
	return 0, nil // too busy; the next round comes
}

// references are the blobs of a space that its documents refer to.
type references struct {
	positions map[Ref]uint64 // of all parts, when they were read
	used      map[BlobID]bool
}

// blobReferences reads what the parts of a space refer to. Only those that
// have moved since the last time are opened.
func (s *Store) blobReferences(ctx context.Context, id space.ID) (references, error) {
	all := references{positions: make(map[Ref]uint64), used: make(map[BlobID]bool)}
	for _, ref := range s.Refs(id) {
		if err := ctx.Err(); err != nil {
			return references{}, err
		}
		record, err := s.referencesOf(ctx, ref)
		if err != nil {
			return references{}, fmt.Errorf("what %s refers to: %w", ref, err)
		}
		all.positions[ref] = record.Position
		for _, blob := range record.Blobs {
			all.used[blob] = true
		}
	}
	return all, nil
}

func (s *Store) referencesOf(ctx context.Context, ref Ref) (record referencesRecord, err error) {
	var position uint64
	key := kindKey(ref, kindBlobs)
	err = s.backend.View(func(r Reader) error {
		if position, err = statePosition(r, ref); err != nil {
			return err
		}
		value, err := r.Get(key)
		if err == nil {
			err = read(key, value, &record)
		}
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
			record, err = referencesRecord{}, nil // it is made anew
		}
		return err
	})
	if err != nil || record.Position == position {
		return record, err
	}
	finder, ok := s.materializer.(BlobFinder)
	if !ok {
		return record, errNoMaterializer
	}
	var chunks [][]byte
	err = s.readPart(ref, lookOn, func(v view, r Reader) (err error) {
		position = v.position
		chunks, err = readChunks(r, v)
		return err
	})
	if err != nil {
		return record, err
	}
	record = referencesRecord{Position: position}
	if record.Blobs, err = finder.Blobs(ctx, chunks); err != nil {
		return record, err
	}
	return record, s.writeBlobOps([]Op{{Key: key, Value: encode(record)}})
}

// statePosition reads how far a part has got.
func statePosition(r Reader, ref Ref) (uint64, error) {
	var state stateRecord
	key := stateKey(ref)
	value, err := r.Get(key)
	if err == nil {
		err = read(key, value, &state)
	}
	return state.Position, err
}

// unmoved makes sure that no part has moved since it was read, and that there
// is no new one.
func (s *Store) unmoved(id space.ID, seen references) error {
	refs := s.Refs(id)
	if len(refs) != len(seen.positions) {
		return errMovedOn
	}
	return s.backend.View(func(r Reader) error {
		for _, ref := range refs {
			position, err := statePosition(r, ref)
			if err != nil {
				return err
			}
			if read, ok := seen.positions[ref]; !ok || read != position {
				return errMovedOn
			}
		}
		return nil
	})
}

// weighBlobs adds a round to what nothing refers to, and removes it when there
// were enough. It fails with errMovedOn, and has done nothing, if the documents
// are not as they were read any more.
func (s *Store) weighBlobs(id space.ID, seen references) (removed int, err error) {
	in := s.blobs.of(id)
	in.mu.Lock()
	defer in.mu.Unlock()
	now := s.now()
	var changed []Op
	gone := make(map[BlobID]blobRecord)
	var damaged []error
	err = s.scanBlobs(id, func(blob BlobID, record blobRecord, err error) {
		switch {
		case err != nil:
			damaged = append(damaged, err)
		case seen.used[blob]:
			if record.Seen != 0 || record.Waited != 0 {
				record.Seen, record.Waited = 0, 0
				changed = append(changed, Op{Key: blobKey(id, blob), Value: encode(record)})
			}
		default:
			if record.waits(now, s.blobs.grace/blobRounds); record.Waited >= uint64(s.blobs.grace.Milliseconds()) {
				gone[blob] = record
				return
			}
			changed = append(changed, Op{Key: blobKey(id, blob), Value: encode(record)})
		}
	})
	if err == nil {
		err = s.unmoved(id, seen)
	}
	if err != nil {
		return 0, err
	}
	if len(changed) > 0 {
		err = s.committer.commit(0, func(uint64) commit { return commit{staged: changed} })
	}
	for blob, record := range gone {
		ops := append(record.Number.removal(id, len(record.Pieces)), Op{Key: blobKey(id, blob)})
		if failed := s.writeBlobOps(ops); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		removed++
		if in.known {
			in.total -= int64(record.Size)
		}
	}
	return removed, errors.Join(err, errors.Join(damaged...))
}

// waits adds one round, which counts for no more than most: nobody knows what
// the calendar did meanwhile.
func (r *blobRecord) waits(now time.Time, most time.Duration) {
	if r.Seen != 0 {
		passed := min(max(now.Sub(time.UnixMilli(r.Seen)), 0), most)
		r.Waited += uint64(passed.Milliseconds())
	}
	r.Seen = now.UnixMilli()
}
