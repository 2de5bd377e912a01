package crdt

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"mime"
	"strings"
	"sync"
	"time"

	"parley/space"
)

// Errors about blobs that callers tell apart.
var (
	ErrNoBlob       = errors.New("there is no such file in this space")
	ErrBlobTooLarge = errors.New("the file is larger than what is kept")
	ErrBlobsFull    = errors.New("the files of this space take all the room that they may")
	ErrMediaType    = errors.New("this is not a media type")
	errBlobName     = errors.New("a blob's name is 64 hex digits in lower case")
)

// BlobID names a blob by what it holds: it is the SHA-256 of its bytes.
type BlobID [32]byte

// blobScheme is what a document's reference to a blob starts with.
const blobScheme = "blob:"

// String is the name in lower-case hex.
func (id BlobID) String() string { return hex.EncodeToString(id[:]) }

// Reference is the scalar string by which a document refers to the blob.
func (id BlobID) Reference() string { return blobScheme + id.String() }

// ParseBlobID reads a name, or a reference.
func ParseBlobID(s string) (id BlobID, err error) {
	digits := strings.TrimPrefix(s, blobScheme)
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != len(id) || digits != strings.ToLower(digits) {
		return BlobID{}, errBlobName
	}
	return BlobID(raw), nil
}

// MarshalText writes the name in hex.
func (id BlobID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *BlobID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseBlobID(string(text))
	return err
}

// Blob describes a blob of a space.
type Blob struct {
	ID     BlobID
	Size   int64
	Media  string // what who put it first said it is; nothing to rely on
	Put    time.Time
	Unused bool // nothing referred to it when somebody last looked
}

// DefaultMedia is the media type of what nobody has said anything about.
const DefaultMedia = "application/octet-stream"

const (
	// blobPiece is how much of a blob is kept in one record, and so in memory
	// while it is put or read.
	blobPiece = 1 << 20
	maxMedia  = 127 // bytes of a media type
)

// blobNumber is what a blob's pieces are kept under. It is drawn anew for each
// put: two that put the same bytes at once, or one that puts again what is
// just being removed, never touch each other's pieces.
type blobNumber [16]byte

type blobRecord struct {
	_      struct{} `cbor:",toarray"`
	Number blobNumber
	Size   uint64
	Media  string
	Put    int64
	Pieces [][32]byte // the SHA-256 of each
	Waited uint64     // milliseconds for which nothing has referred to it
	Seen   int64      // Unix milliseconds when that was last found; 0 while something does
}

// putRecord stands for a blob that is being put.
type putRecord struct {
	_      struct{} `cbor:",toarray"`
	Pieces uint64   // as many as there may be at most
}

func (r *blobRecord) blob(id BlobID) Blob {
	return Blob{ID: id, Size: int64(r.Size), Media: r.Media, Put: seconds(r.Put), Unused: r.Seen != 0}
}

// piece is how long a piece is.
func (r *blobRecord) pieceSize(piece int) int {
	return int(min(blobPiece, r.Size-uint64(piece)*blobPiece))
}

// decodeBlob reads a description, and refuses one that contradicts itself.
func decodeBlob(key, value []byte) (record blobRecord, err error) {
	if err := read(key, value, &record); err != nil {
		return blobRecord{}, err
	}
	if record.Size > maxBlobPieces*blobPiece || record.Waited > math.MaxInt64 {
		return blobRecord{}, fmt.Errorf("%w: %x: a number that cannot be", ErrDamaged, key)
	}
	if want := (record.Size + blobPiece - 1) / blobPiece; want != uint64(len(record.Pieces)) {
		return blobRecord{}, fmt.Errorf("%w: %x: %d pieces of %d", ErrDamaged, key, len(record.Pieces), want)
	}
	return record, nil
}

// removal deletes pieces of a blob, all that there may be.
func (n blobNumber) removal(id space.ID, pieces int) (ops []Op) {
	for piece := range pieces {
		ops = append(ops, Op{Key: pieceKey(id, n, piece)})
	}
	return ops
}

// checkMedia makes sure that a media type is one.
func checkMedia(media string) (string, error) {
	if media == "" {
		return DefaultMedia, nil
	}
	plain, _, err := mime.ParseMediaType(media)
	if err != nil || len(plain) > maxMedia || strings.Count(plain, "/") != 1 {
		return "", fmt.Errorf("%w: %.40q", ErrMediaType, media)
	}
	return plain, nil
}

// blobs is what is in memory of all spaces' blobs.
type blobs struct {
	grace time.Duration
	round time.Duration

	mu     sync.Mutex
	spaces map[space.ID]*spaceBlobs
	rounds time.Time // when the last round began, by the clock that nobody sets
}

func newBlobs(grace, round time.Duration) *blobs {
	return &blobs{
		grace:  orDefault(max(grace, 0), 30*24*time.Hour),
		round:  orDefault(max(round, 0), time.Hour),
		spaces: make(map[space.ID]*spaceBlobs),
	}
}

// spaceBlobs is what is in memory of one space's.
type spaceBlobs struct {
	mu     sync.Mutex // held while a description is written or removed, until that is durable
	known  bool       // total has been counted
	total  int64      // bytes, of what is there and of what is being put
	active map[blobNumber]bool
	coming map[BlobID]bool // from elsewhere, now
}

func (b *blobs) of(id space.ID) *spaceBlobs {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.spaces[id]
	if at == nil {
		at = &spaceBlobs{active: make(map[blobNumber]bool), coming: make(map[BlobID]bool)}
		b.spaces[id] = at
	}
	return at
}

// Blobs lists the blobs of a space by name. Those whose descriptions cannot be
// read are left out; then the error is an ErrDamaged that names them, and the
// list is good all the same.
func (s *Store) Blobs(id space.ID) (list []Blob, err error) {
	if s.held(id) == nil {
		return nil, fmt.Errorf("list blobs: %w", ErrUnknownSpace)
	}
	var damaged []error
	err = s.scanBlobs(id, func(blob BlobID, record blobRecord, err error) {
		if err != nil {
			damaged = append(damaged, err)
			return
		}
		list = append(list, record.blob(blob))
	})
	if err = errors.Join(err, errors.Join(damaged...)); err != nil {
		err = fmt.Errorf("list blobs of %s: %w", id, err)
	}
	return list, err
}

// scanBlobs visits all descriptions, also those that cannot be read.
func (s *Store) scanBlobs(id space.ID, visit func(BlobID, blobRecord, error)) error {
	prefix := tableKey(id, tableBlobs)
	return s.backend.View(func(r Reader) error {
		return r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
			if len(key) != len(prefix)+len(BlobID{}) {
				visit(BlobID{}, blobRecord{}, fmt.Errorf("%w: %x", ErrDamaged, key))
				return true, nil
			}
			record, err := decodeBlob(key, value)
			visit(BlobID(key[len(prefix):]), record, err)
			return true, nil
		})
	})
}

// blobRecord reads a description, or fails with ErrNoBlob.
func (s *Store) blobRecord(id space.ID, blob BlobID) (record blobRecord, err error) {
	key := blobKey(id, blob)
	err = s.backend.View(func(r Reader) error {
		value, err := r.Get(key)
		if errors.Is(err, ErrNotFound) {
			return ErrNoBlob
		}
		if err == nil {
			record, err = decodeBlob(key, value)
		}
		return err
	})
	return record, err
}

// count makes sure that the total is known. The lock is held.
func (b *spaceBlobs) count(s *Store, id space.ID) error {
	if b.known {
		return nil
	}
	var total int64
	err := s.scanBlobs(id, func(_ BlobID, record blobRecord, err error) {
		if err == nil {
			total += int64(record.Size)
		}
	})
	if err == nil {
		b.known, b.total = true, b.total+total
	}
	return err
}

// writeBlobOps makes records of blobs durable, all or none of them.
func (s *Store) writeBlobOps(ops []Op) error {
	return s.committer.commit(0, func(uint64) commit { return commit{final: ops} })
}

// tendBlobs does a round of CollectBlobs if it is time for one.
func (s *Store) tendBlobs(ctx context.Context) {
	b := s.blobs
	b.mu.Lock()
	// time.Since goes by the clock that nobody sets.
	due := b.rounds.IsZero() || time.Since(b.rounds) >= b.round
	if due {
		b.rounds = time.Now()
	}
	b.mu.Unlock()
	if !due {
		return
	}
	removed, err := s.CollectBlobs(ctx)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("files that may be unused stay where they are", "error", err)
	}
	if removed > 0 {
		s.log.Info("files that nothing refers to were removed", "count", removed)
	}
}
