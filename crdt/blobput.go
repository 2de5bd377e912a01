package crdt

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"parley/space"
)

// PutBlob keeps what from holds, to its end, as a blob of a space, and names
// it. When it returns, the blob is durable. It holds a few pieces of it in memory
// at a time. Bytes that the space has already are not kept twice, and their
// media type stays what it was; where they were damaged on the disk, they are
// whole again.
//
// It fails with ErrUnknownSpace, with ReasonNoRight where this device may
// write nothing in the space, with ErrMediaType, ErrBlobTooLarge, ErrBlobsFull
// or ErrFull, and with whatever from fails with. Then nothing is kept.
func (s *Store) PutBlob(ctx context.Context, id space.ID, media string, from io.Reader) (Blob, error) {
	blob, err := s.putBlob(ctx, id, media, from)
	if err != nil {
		return Blob{}, fmt.Errorf("put blob: %w", err)
	}
	return blob, nil
}

func (s *Store) putBlob(ctx context.Context, id space.ID, media string, from io.Reader) (Blob, error) {
	held := s.held(id)
	if held == nil {
		return Blob{}, ErrUnknownSpace
	}
	if !held.log.MayWrite(s.device, space.Annotations) {
		return Blob{}, ReasonNoRight
	}
	media, err := checkMedia(media)
	if err != nil {
		return Blob{}, err
	}
	p := s.blobPut(id)
	p.record.Media = media
	p.begin()
	defer p.end()
	buffer := make([]byte, blobPiece)
	for {
		if err := ctx.Err(); err != nil {
			return Blob{}, err
		}
		n, last, err := fill(from, buffer)
		if err != nil {
			return Blob{}, err
		}
		piece, err := p.take(buffer[:n])
		if err != nil {
			return Blob{}, err
		}
		if last {
			return p.finish(ctx, piece)
		}
		if err := p.stage(piece); err != nil {
			return Blob{}, err
		}
	}
}

// fill reads until the buffer is full or nothing more is coming, which last
// tells. Unlike io.ReadFull it does not take somebody else's io.ErrUnexpectedEOF,
// by which a connection says that it was cut, for the end.
func fill(from io.Reader, buffer []byte) (n int, last bool, err error) {
	for n < len(buffer) && err == nil {
		var more int
		more, err = from.Read(buffer[n:])
		n += more
	}
	if err == io.EOF { // one that is wrapped is something else
		return n, true, nil
	}
	return n, false, err
}

// blobPut is a blob on its way in.
type blobPut struct {
	store  *Store
	space  space.ID
	in     *spaceBlobs
	sum    hash.Hash
	record blobRecord
	mark   Op   // stands for it as long as pieces are written that do not count
	staged int  // those pieces
	kept   bool // its pieces count now
	stager stager
}

func (s *Store) blobPut(id space.ID) *blobPut {
	return &blobPut{store: s, space: id, in: s.blobs.of(id), sum: sha256.New(), stager: stager{write: s.writeBlobOps}}
}

func (p *blobPut) begin() {
	_, _ = rand.Read(p.record.Number[:]) // which never fails
	most := uint64(p.store.limits.Blob+blobPiece-1) / blobPiece
	p.mark = Op{Key: putKey(p.space, p.record.Number), Value: encode(putRecord{Pieces: most})}
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	p.in.active[p.record.Number] = true
}

// take counts a piece in, and makes its record. There is none of an empty one,
// which is what comes after the last if that was full.
func (p *blobPut) take(data []byte) ([]Op, error) {
	limits := p.store.limits
	if p.record.Size+uint64(len(data)) > uint64(limits.Blob) {
		return nil, ErrBlobTooLarge
	}
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if err := p.in.count(p.store, p.space); err != nil {
		return nil, err
	}
	if p.in.total+int64(len(data)) > limits.Blobs {
		return nil, ErrBlobsFull
	}
	if len(data) == 0 {
		return nil, nil
	}
	p.in.total += int64(len(data))
	p.record.Size += uint64(len(data))
	p.sum.Write(data)
	key := pieceKey(p.space, p.record.Number, len(p.record.Pieces))
	p.record.Pieces = append(p.record.Pieces, sha256.Sum256(data))
	return []Op{{Key: key, Value: data}}, nil
}

// stage has a piece written that is not the last.
func (p *blobPut) stage(piece []Op) error {
	var with []Op
	if p.staged == 0 {
		with = []Op{p.mark}
	}
	p.staged++
	return p.stager.add(piece[0], with...)
}

// finish makes the blob count, together with its last pieces.
func (p *blobPut) finish(ctx context.Context, last []Op) (Blob, error) {
	rest, err := p.stager.rest()
	if err != nil {
		return Blob{}, err
	}
	last = append(rest, last...)
	id := BlobID(p.sum.Sum(nil))
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	old, err := p.store.blobRecord(p.space, id)
	if err == nil {
		if err = p.store.verifyBlob(ctx, p.space, id, old); err == nil {
			return p.again(id, old)
		}
	}
	if !errors.Is(err, ErrNoBlob) && !errors.Is(err, ErrDamaged) {
		return Blob{}, err
	}
	p.record.Put = p.store.now().Unix()
	ops := append(last, old.Number.removal(p.space, len(old.Pieces))...)
	ops = append(ops, Op{Key: blobKey(p.space, id), Value: encode(p.record)})
	if p.staged > 0 {
		ops = append(ops, Op{Key: p.mark.Key})
	}
	if err := p.store.writeBlobOps(ops); err != nil {
		return Blob{}, err
	}
	p.in.total -= int64(old.Size)
	p.kept = true
	return p.record.blob(id), nil
}

// again keeps a blob that is there already, for as long as a new one.
func (p *blobPut) again(id BlobID, old blobRecord) (Blob, error) {
	if old.Seen == 0 && old.Waited == 0 {
		return old.blob(id), nil
	}
	old.Seen, old.Waited = 0, 0
	return old.blob(id), p.store.writeBlobOps([]Op{{Key: blobKey(p.space, id), Value: encode(old)}})
}

// end gives back what a put took that came to nothing. What it cannot remove,
// because the disk is full or the store is closed, a later round removes.
func (p *blobPut) end() {
	if !p.kept {
		p.discard()
	}
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	delete(p.in.active, p.record.Number)
	if !p.kept {
		p.in.total -= int64(p.record.Size)
	}
}

// discard removes pieces that will never count.
func (p *blobPut) discard() {
	if p.staged == 0 {
		return
	}
	_, _ = p.stager.rest() // whatever becomes of them, they go
	ops := p.record.Number.removal(p.space, len(p.record.Pieces))
	if err := p.store.writeBlobOps(append(ops, Op{Key: p.mark.Key})); err != nil {
		p.store.log.Info("what is left of a file will be removed later", "space", p.space, "error", err)
	}
}

// removeUnfinished removes what is left of puts that were cut short, and of
// blobs that have come half and do not go on.
func (s *Store) removeUnfinished(id space.ID) error {
	prefix := tableKey(id, tablePuts)
	in := s.blobs.of(id)
	var ops [][]Op
	in.mu.Lock()
	defer in.mu.Unlock()
	err := s.backend.View(func(r Reader) error {
		return r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
			var record putRecord
			if err := read(key, value, &record); err != nil {
				return false, err
			}
			if len(key) != len(prefix)+len(blobNumber{}) || record.Pieces > maxBlobPieces {
				return false, fmt.Errorf("%w: %x", ErrDamaged, key)
			}
			number := blobNumber(key[len(prefix):])
			if !in.active[number] {
				ops = append(ops, append(number.removal(id, int(record.Pieces)), Op{Key: putKey(id, number)}))
			}
			return true, nil
		})
	})
	for _, one := range ops {
		err = errors.Join(err, s.writeBlobOps(one))
	}
	if err = errors.Join(err, s.removeHalves(id, maxHalf)); err != nil {
		return fmt.Errorf("remove what is left of blobs: %w", err)
	}
	return nil
}

// maxBlobPieces bounds how much one write removes.
const maxBlobPieces = MaxWriteOps / 2
