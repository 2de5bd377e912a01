package crdt

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/space"
)

// Errors about blobs that come from elsewhere.
var (
	// ErrOtherBlob means that bytes are not those that the name stands for.
	ErrOtherBlob = errors.New("the bytes are not what the file's name says")
	errComing    = errors.New("the file is coming in already")
)

const (
	// BlobPiece is how many bytes an intake takes at once, but for the last.
	BlobPiece = blobPiece
	// maxHalf is how many blobs of a space may lie here half, waiting to go on:
	// nobody knows yet whether the rest of them exists.
	maxHalf = 4
	// halfKept is how long, by the calendar, they do.
	halfKept = 7 * 24 * time.Hour
)

// halfRecord stands for a blob of which the beginning has come.
type halfRecord struct {
	_      struct{} `cbor:",toarray"`
	Number blobNumber
	Pieces uint64 // as many as there may be at most
	Since  int64  // Unix seconds
}

// A BlobIntake takes in a blob of known name, piece after piece, from whoever
// has it. Pieces are made durable a few at a time, all of them when Close
// returns, and the blob counts only once all of it has been compared with its name
// and is durable. One goroutine uses it, and ends it with Close.
type BlobIntake struct {
	put *blobPut
	id  BlobID
}

// TakeInBlob begins to take in a blob, or goes on where an earlier intake was
// closed, also before a restart. Who may read a space may take in what others
// have put there. It fails with ErrUnknownSpace, or if another intake of the
// same blob is under way.
func (s *Store) TakeInBlob(id space.ID, blob BlobID) (*BlobIntake, error) {
	if s.held(id) == nil {
		return nil, fmt.Errorf("take in blob: %w", ErrUnknownSpace)
	}
	p := s.blobPut(id)
	in := &BlobIntake{put: p, id: blob}
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if p.in.coming[blob] {
		return nil, fmt.Errorf("take in blob %s: %w", blob, errComing)
	}
	if err := in.recall(); err != nil {
		return nil, fmt.Errorf("take in blob %s: %w", blob, err)
	}
	p.in.coming[blob] = true
	p.in.active[p.record.Number] = true
	return in, nil
}

// recall reads what came before. The lock is held.
func (t *BlobIntake) recall() error {
	p := t.put
	if err := p.in.count(p.store, p.space); err != nil {
		return err
	}
	half, err := p.store.halfBlob(p.space, t.id)
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrDamaged):
		if err := p.store.removeHalves(p.space, maxHalf-1); err != nil {
			return err
		}
		_, _ = rand.Read(half.Number[:]) // which never fails
		half.Pieces = uint64(p.store.limits.Blob+blobPiece-1) / blobPiece
		half.Since = p.store.now().Unix()
	case err != nil:
		return err
	}
	p.record.Number = half.Number
	p.mark = Op{Key: halfKey(p.space, t.id), Value: encode(half)}
	err = p.store.backend.View(func(r Reader) error {
		for {
			data, err := r.Get(pieceKey(p.space, half.Number, len(p.record.Pieces)))
			if errors.Is(err, ErrNotFound) || err == nil && len(data) != blobPiece {
				return nil
			}
			if err != nil {
				return err
			}
			p.sum.Write(data)
			p.record.Pieces = append(p.record.Pieces, sha256.Sum256(data))
			p.record.Size += blobPiece
			p.staged++
		}
	})
	if err == nil {
		p.in.total += int64(p.record.Size)
	}
	return err
}

// halfBlob reads what stands for a blob that has come half.
func (s *Store) halfBlob(id space.ID, blob BlobID) (half halfRecord, err error) {
	key := halfKey(id, blob)
	err = s.backend.View(func(r Reader) error {
		value, err := r.Get(key)
		if err == nil {
			err = read(key, value, &half)
		}
		return err
	})
	return half, err
}

// Offset is how many bytes have come: the next piece begins there.
func (t *BlobIntake) Offset() int64 { return int64(t.put.record.Size) }

// Pieces are the SHA-256 of the pieces that have come.
func (t *BlobIntake) Pieces() [][32]byte { return slices.Clone(t.put.record.Pieces) }

// Take takes a piece of BlobPiece bytes that is not the last, and may be written
// over when it returns. It fails with ErrBlobTooLarge, ErrBlobsFull or ErrFull,
// also where an earlier piece found no room, and may be called no more then.
func (t *BlobIntake) Take(piece []byte) error {
	ops, err := t.put.take(piece)
	if err == nil {
		err = t.put.stage(ops)
	}
	if err != nil {
		return fmt.Errorf("take in blob %s: %w", t.id, err)
	}
	return nil
}

// Finish takes the last piece, which may be short or empty, and makes the blob
// count. The media type is what somebody says it is; one that is none is left
// out. It fails with ErrOtherBlob if the bytes are not those of the name; then
// nothing of them is kept. It fails like Take, too.
func (t *BlobIntake) Finish(ctx context.Context, media string, last []byte) (Blob, error) {
	p := t.put
	ops, err := p.take(last)
	if err == nil && BlobID(p.sum.Sum(nil)) != t.id {
		t.Discard()
		err = ErrOtherBlob
	}
	var blob Blob
	if err == nil {
		if p.record.Media, err = checkMedia(media); err != nil {
			p.record.Media = DefaultMedia
		}
		blob, err = p.finish(ctx, ops)
	}
	if err != nil {
		return Blob{}, fmt.Errorf("take in blob %s: %w", t.id, err)
	}
	if !p.kept {
		t.Discard() // it came some other way meanwhile
	}
	return blob, nil
}

// Discard forgets all that has come, so that the blob begins anew. The intake
// still has to be closed, and takes nothing more.
func (t *BlobIntake) Discard() {
	p := t.put
	p.discard()
	p.in.mu.Lock()
	p.in.total -= int64(p.record.Size)
	p.in.mu.Unlock()
	p.staged, p.record.Size, p.record.Pieces = 0, 0, nil
}

// Close ends the intake. What has come stays for the next one.
func (t *BlobIntake) Close() {
	p := t.put
	if err := p.stager.flush(); err != nil {
		p.store.log.Info("the last that has come of a file is not kept", "blob", t.id, "error", err)
	}
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	delete(p.in.active, p.record.Number)
	delete(p.in.coming, t.id)
	if !p.kept {
		p.in.total -= int64(p.record.Size)
	}
}

// removeHalves removes what has come half and is not coming now: the oldest, but
// for some, and what has waited for too long. The lock of the space's blobs is
// held.
func (s *Store) removeHalves(id space.ID, keep int) error {
	prefix := tableKey(id, tableHalves)
	in := s.blobs.of(id)
	oldest := s.now().Add(-halfKept).Unix()
	type half struct {
		key    []byte
		record halfRecord
	}
	var resting []half
	err := s.backend.View(func(r Reader) error {
		return r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
			one := half{key: slices.Clone(key)}
			if err := read(key, value, &one.record); err != nil || one.record.Pieces > maxBlobPieces {
				one.record = halfRecord{} // its pieces are lost sight of: a damaged disk's least worry
			}
			if !in.active[one.record.Number] {
				resting = append(resting, one)
			}
			return true, nil
		})
	})
	slices.SortFunc(resting, func(a, b half) int { return int(b.record.Since - a.record.Since) })
	for i, one := range resting {
		if i < keep && one.record.Since >= oldest {
			continue
		}
		ops := append(one.record.Number.removal(id, int(one.record.Pieces)), Op{Key: one.key})
		err = errors.Join(err, s.writeBlobOps(ops))
	}
	if err != nil {
		return fmt.Errorf("remove what has come of blobs: %w", err)
	}
	return nil
}

// WantedBlobs are the blobs that documents of a space refer to and that are not
// here. Only parts that have moved since the last look are opened. One that
// cannot be read is passed over; then the error says so, and the list is good
// for the others.
func (s *Store) WantedBlobs(ctx context.Context, id space.ID) (wanted []BlobID, err error) {
	if s.held(id) == nil {
		return nil, fmt.Errorf("look for wanted blobs: %w", ErrUnknownSpace)
	}
	here := make(map[BlobID]bool)
	if err := s.scanBlobs(id, func(blob BlobID, _ blobRecord, err error) { here[blob] = err == nil }); err != nil {
		return nil, fmt.Errorf("look for wanted blobs: %w", err)
	}
	for _, ref := range s.Refs(id) {
		record, failed := s.referencesOf(ctx, ref)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("look for wanted blobs: %w", ctx.Err())
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("what %s refers to: %w", ref, failed))
		}
		for _, blob := range record.Blobs {
			if !here[blob] {
				here[blob] = true
				wanted = append(wanted, blob)
			}
		}
	}
	return wanted, err
}

// HasBlob reports whether a blob of a space is here.
func (s *Store) HasBlob(id space.ID, blob BlobID) bool {
	if s.held(id) == nil {
		return false
	}
	_, err := s.blobRecord(id, blob)
	return err == nil
}
