package crdt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"parley/space"
)

// BlobReader reads a blob, in order or anywhere, and gives out nothing that is
// not what was put: each piece is compared with what its description says of
// it before a byte of it is given out. It holds one piece in memory, needs no
// closing, and may be used by several goroutines as long as only one of them
// calls Read and Seek. Reading fails with ErrDamaged where the blob was damaged
// on the disk, and with ErrNoBlob where it has been removed meanwhile.
type BlobReader struct {
	store  *Store
	space  space.ID
	id     BlobID
	record blobRecord
	at     int64

	mu    sync.Mutex // guards what follows
	piece int        // in data; -1 for none
	data  []byte
}

var (
	_ io.ReadSeeker = (*BlobReader)(nil)
	_ io.ReaderAt   = (*BlobReader)(nil)
)

// OpenBlob begins to read a blob of a space. It fails with ErrUnknownSpace,
// ErrNoBlob or ErrDamaged.
func (s *Store) OpenBlob(id space.ID, blob BlobID) (*BlobReader, error) {
	if s.held(id) == nil {
		return nil, fmt.Errorf("open blob: %w", ErrUnknownSpace)
	}
	record, err := s.blobRecord(id, blob)
	if err != nil {
		return nil, fmt.Errorf("open blob %s: %w", blob, err)
	}
	return s.blobReader(id, blob, record), nil
}

func (s *Store) blobReader(id space.ID, blob BlobID, record blobRecord) *BlobReader {
	return &BlobReader{store: s, space: id, id: blob, record: record, piece: -1}
}

// Blob is what is being read.
func (r *BlobReader) Blob() Blob { return r.record.blob(r.id) }

// Read reads on from where the last Read or Seek ended.
func (r *BlobReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.at >= int64(r.record.Size) {
		return 0, io.EOF
	}
	n, err = r.some(p, r.at)
	r.at += int64(n)
	return n, err
}

// Next is what is left of the piece at which Read would go on, and goes on to
// the next: a blob to its end without a copy. What it returns is not to be written
// to, and stays as it is. It returns io.EOF at the end.
func (r *BlobReader) Next() ([]byte, error) {
	if r.at >= int64(r.record.Size) {
		return nil, io.EOF
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	data, err := r.load(r.at)
	r.at += int64(len(data))
	return data, err
}

var errSeek = errors.New("seek to before the beginning of a blob")

// Seek says where the next Read begins.
func (r *BlobReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += int64(r.record.Size)
	}
	if offset < 0 {
		return 0, errSeek
	}
	r.at = offset
	return offset, nil
}

// ReadAt reads from a place in the blob.
func (r *BlobReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errSeek
	}
	for n < len(p) {
		if off >= int64(r.record.Size) {
			return n, io.EOF
		}
		more, err := r.some(p[n:], off)
		if err != nil {
			return n, err
		}
		n, off = n+more, off+int64(more)
	}
	return n, nil
}

// some reads what one piece holds from an offset on, which is in the blob.
func (r *BlobReader) some(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	data, err := r.load(off)
	return copy(p, data), err
}

// load is the rest of the piece at an offset, which is in the blob. The lock is
// held.
func (r *BlobReader) load(off int64) ([]byte, error) {
	if piece := int(off / blobPiece); piece != r.piece {
		data, err := r.store.readPiece(r.space, r.id, &r.record, piece)
		if err != nil {
			return nil, fmt.Errorf("read blob %s: %w", r.id, err)
		}
		r.piece, r.data = piece, data
	}
	return r.data[off%blobPiece:], nil
}

// readPiece reads a piece and makes sure that it is what was put.
func (s *Store) readPiece(id space.ID, blob BlobID, record *blobRecord, piece int) (data []byte, err error) {
	err = s.backend.View(func(r Reader) error {
		data, err = r.Get(pieceKey(id, record.Number, piece))
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if _, gone := r.Get(blobKey(id, blob)); errors.Is(gone, ErrNotFound) {
			return ErrNoBlob
		}
		return fmt.Errorf("%w: piece %d is missing", ErrDamaged, piece)
	})
	if err != nil {
		return nil, err
	}
	if len(data) != record.pieceSize(piece) || sha256.Sum256(data) != record.Pieces[piece] {
		return nil, fmt.Errorf("%w: piece %d is not what was put", ErrDamaged, piece)
	}
	return data, nil
}

// VerifyBlob reads all of a blob and compares it with its name. It fails with
// ErrDamaged where it is not what was put.
func (s *Store) VerifyBlob(ctx context.Context, id space.ID, blob BlobID) error {
	record, err := s.blobRecord(id, blob)
	if err == nil {
		err = s.verifyBlob(ctx, id, blob, record)
	}
	if err != nil {
		return fmt.Errorf("verify blob %s: %w", blob, err)
	}
	return nil
}

func (s *Store) verifyBlob(ctx context.Context, id space.ID, blob BlobID, record blobRecord) error {
	sum := sha256.New()
	for piece := range record.Pieces {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := s.readPiece(id, blob, &record, piece)
		if err != nil {
			return err
		}
		sum.Write(data)
	}
	if BlobID(sum.Sum(nil)) != blob {
		return fmt.Errorf("%w: it is not what its name says", ErrDamaged)
	}
	return nil
}
