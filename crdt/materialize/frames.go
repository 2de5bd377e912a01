package materialize

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fxamacker/cbor/v2"

	"parley/crdt/chunk"
	"parley/crdt/materialize/file"
)

// A frame is four bytes of length, big endian, and that much CBOR. The parent
// sends a request, the child answers with one reply, or with notes that say
// which chunk it is about to touch and then the reply.

// maxFrame bounds a frame: a document with all its chunks, twice over.
const maxFrame = 256 << 20

type operation string

const (
	opVet     operation = "vet"
	opCompact operation = "compact"
	opChanges operation = "changes"
	opVerify  operation = "verify"
	opRead    operation = "read"
	opCreate  operation = "create"
	opEdit    operation = "edit"
	opPut     operation = "put"
	opIndex   operation = "index"
	opArchive operation = "archive"
	opTake    operation = "take"  // a file
	opWrite   operation = "write" // likewise
	opOpen    operation = "open"  // a session
	opAdd     operation = "add"   // to it
	opShut    operation = "shut"
)

type request struct {
	Operation operation
	Chunks    [][]byte
	Careful   bool // announce each chunk before it is touched
	Session   uint64
	Have      map[chunk.Actor]uint64
	Signed    map[chunk.Actor]chunk.Signed
	Format    Format
	Actor     chunk.Actor
	Birth     Birth
	Edit      Edit
	File      []byte
	Page      Page
	Entry     IndexEntry
	Now       time.Time
}

type reply struct {
	Note    bool // not the reply yet: chunk At is next
	At      int
	Failure *failure
	Report  chunk.Report
	Bytes   []byte
	List    [][]byte
	Entries []IndexEntry
	Taken   Taken
	Size    int64 // of a session, in bytes
}

// failure is an error on its way from the child to the parent.
type failure struct {
	Kind    failureKind
	Message string
	Chunk   int // -1: none in particular
	Missing []chunk.Hash
}

type failureKind uint8

const (
	failUnreadable failureKind = iota
	failMissing
	failOutOfRange
	failMarkdown
	failUnsound
	failNoSession
	failNoCore
	failNotThis
	failTooLarge
	failScript
)

var failures = map[failureKind]error{
	failUnreadable: ErrUnreadable,
	failMissing:    ErrMissing,
	failOutOfRange: ErrOutOfRange,
	failMarkdown:   ErrMarkdown,
	failUnsound:    chunk.ErrUnsound,
	failNoSession:  chunk.ErrNoSession,
	failNoCore:     chunk.ErrNoCore,
	failNotThis:    file.ErrNotThis,
	failTooLarge:   file.ErrTooLarge,
	failScript:     file.ErrScript,
}

// failureOf packs an error; those of no known kind mean an unreadable document.
func failureOf(err error) *failure {
	f := &failure{Kind: failUnreadable, Message: err.Error(), Chunk: -1}
	for kind, sentinel := range failures {
		if errors.Is(err, sentinel) {
			f.Kind = kind
		}
	}
	var missing *MissingError
	if errors.As(err, &missing) {
		f.Missing = missing.Hashes
	}
	var at *ChunkError
	if errors.As(err, &at) {
		f.Chunk = at.Chunk
	}
	return f
}

// remote is an error that came from the child: its message, and its kind.
type remote struct {
	message string
	kind    error
}

func (e *remote) Error() string        { return e.message }
func (e *remote) Is(target error) bool { return target == e.kind }

func (f *failure) err() error {
	if len(f.Missing) > 0 {
		return &MissingError{Hashes: f.Missing}
	}
	err := error(&remote{message: f.Message, kind: failures[f.Kind]})
	if f.Chunk >= 0 {
		return &ChunkError{Chunk: f.Chunk, Err: err}
	}
	return err
}

var encoding = func() cbor.EncMode {
	mode, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// The parent may get anything from a child gone wrong, so decoding is bounded
// by the frame and by these.
var decoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		UTF8:             cbor.UTF8DecodeInvalid, // actor IDs are strings of any bytes
		MaxArrayElements: 1 << 24,
		MaxMapPairs:      1 << 20,
		MaxNestedLevels:  16,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

func writeFrame(w io.Writer, v any) error {
	body, err := encoding.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode frame: %w", err)
	}
	if len(body) > maxFrame {
		return fmt.Errorf("encode frame: %w: %d bytes", chunk.ErrTooLarge, len(body))
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	return nil
}

// readFrame reads one frame into v. At a clean end it returns io.EOF.
func readFrame(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if err == io.EOF {
			return err
		}
		return fmt.Errorf("read frame: %w", err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		return fmt.Errorf("read frame: %w: %d bytes", chunk.ErrTooLarge, size)
	}
	var body bytes.Buffer
	body.Grow(min(int(size), 64<<10) + bytes.MinRead) // what it claims beyond must come first
	if n, err := body.ReadFrom(io.LimitReader(r, int64(size))); err != nil {
		return fmt.Errorf("read frame: %w", err)
	} else if n < int64(size) {
		return fmt.Errorf("read frame: %w", io.ErrUnexpectedEOF)
	}
	if err := decoding.Unmarshal(body.Bytes(), v); err != nil {
		return fmt.Errorf("decode frame: %w", err)
	}
	return nil
}
