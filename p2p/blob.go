package p2p

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/crdt"
)

const (
	blobProtocol protocol.ID = "/parley/blob/1"

	blobPatience = 20 * time.Second
	blobRequest  = 1 << 10 // bytes of the largest request
	namesFrame   = 256 << 10
	namesPage    = 4096 // names in one page
	maxNames     = 1 << 16
	maxMedia     = 127 // bytes of a media type
	blobsAtOnce  = 3   // conversations with one peer, in all spaces: it would not serve more than 4
)

// A blobServer gives one peer blobs of one space.
type blobServer struct{ *service }

// answerBlobs is the stream handler of blobs.
func (o *online) answerBlobs(_ context.Context, stream network.Stream) error {
	c := converse(stream, blobPatience)
	var enter enterRoom
	if _, err := c.hear(blobRequest, &enter); err != nil {
		return fmt.Errorf("give blobs: %w", err)
	}
	served, done, err := o.serves(c, enter.Space)
	if err != nil {
		return err
	}
	defer done()
	s := &blobServer{served}
	if err := s.serve(); err != nil {
		return fmt.Errorf("give blobs: %w", err)
	}
	return c.close()
}

func (s *blobServer) serve() error {
	for {
		var ask askBlob
		var list listBlobs
		heard, err := s.hear(blobRequest, &ask, &list)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case heard == &list:
			err = s.sayNames(list.Digest)
		default:
			err = s.give(&ask)
		}
		if err != nil {
			return err
		}
	}
}

// give sends a blob from an offset on. Where something of it cannot be read on
// our disk, nothing more of it comes, and the stream ends.
func (s *blobServer) give(ask *askBlob) error {
	r, err := s.room.node.store.OpenBlob(s.room.id, crdt.BlobID(ask.Blob))
	if err != nil {
		if !errors.Is(err, crdt.ErrNoBlob) {
			s.room.log.Warn("A file cannot be read and is not sent", "blob", crdt.BlobID(ask.Blob), "error", err)
		}
		return s.say(&blobAbsent{})
	}
	blob := r.Blob()
	if ask.Offset%crdt.BlobPiece != 0 {
		return fmt.Errorf("%w: a blob from byte %d on", errNonsense, ask.Offset)
	}
	if err := s.say(&blobFound{Size: uint64(blob.Size), Media: blob.Media}); err != nil {
		return err
	}
	// Whoever asks from beyond the end was given by somebody else what is no part
	// of it, and learns so by the size.
	if _, err := r.Seek(int64(min(ask.Offset, uint64(blob.Size))), io.SeekStart); err != nil {
		return err
	}
	pieces, stop := piecesOf(r)
	defer stop()
	for piece := range pieces {
		if piece.err != nil {
			return piece.err
		}
		if !s.room.allows(s.stream.Conn()) {
			return errOutsider
		}
		if err := s.sayData(piece.data); err != nil {
			return err
		}
	}
	return nil
}

// A diskPiece is a piece of a blob as it was read.
type diskPiece struct {
	data []byte
	err  error // instead of data; nothing follows
}

// piecesOf reads a blob to its end, one piece ahead of who takes them. stop ends
// that, at the end or before.
func piecesOf(r *crdt.BlobReader) (pieces <-chan diskPiece, stop func()) {
	read, stopped := make(chan diskPiece), make(chan struct{})
	go func() {
		defer close(read)
		for {
			data, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			select {
			case read <- diskPiece{data, err}:
			case <-stopped:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return read, func() {
		close(stopped)
		for range read {
			continue
		}
	}
}

// sayNames lists what blobs we have, unless they are the asker's.
func (s *blobServer) sayNames(theirs [32]byte) error {
	names := s.room.blobNames()
	if digestOfNames(names) == theirs {
		names = nil
	}
	for {
		page := names[:min(namesPage, len(names))]
		names = names[len(page):]
		if err := s.say(&blobNames{Names: page, Last: len(names) == 0}); err != nil {
			return err
		}
		if len(names) == 0 {
			return nil
		}
	}
}

// blobNames are the names of the space's blobs that are here, in order.
func (r *room) blobNames() [][32]byte {
	blobs, err := r.node.store.Blobs(r.id)
	if err != nil {
		r.log.Warn("Some files cannot be listed", "error", err)
	}
	names := make([][32]byte, 0, len(blobs))
	for _, blob := range blobs {
		names = append(names, blob.ID)
	}
	slices.SortFunc(names, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	return names[:min(len(names), maxNames)]
}

func digestOfNames(names [][32]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("parley/blobs/1"))
	for _, name := range names {
		h.Write(name[:])
	}
	return [32]byte(h.Sum(nil))
}

// sayData sends bytes of a blob as one frame.
func (c *conversation) sayData(data []byte) error {
	var header [frameHeader]byte
	binary.BigEndian.PutUint32(header[:], uint32(len(data)+1))
	header[frameHeader-1] = blobData
	if err := c.stream.SetWriteDeadline(c.by(c.writer.Buffered() + len(data))); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	for _, part := range [][]byte{header[:], data} {
		if _, err := c.writer.Write(part); err != nil {
			return fmt.Errorf("write frame: %w", err)
		}
	}
	return nil
}

// hearData fills a buffer with the bytes of one frame, which must be as many.
func (c *conversation) hearData(buffer []byte) error {
	if err := c.allow(len(buffer)); err != nil {
		return err
	}
	var header [frameHeader]byte
	if _, err := io.ReadFull(c.reader, header[:]); err != nil {
		return fmt.Errorf("read frame: %w", noEOF(err))
	}
	if length := binary.BigEndian.Uint32(header[:]); length != uint32(len(buffer)+1) || header[frameHeader-1] != blobData {
		return fmt.Errorf("%w: a frame of %d bytes and kind %d where %d bytes of a blob are due",
			errNonsense, length, header[frameHeader-1], len(buffer))
	}
	if _, err := io.ReadFull(c.reader, buffer); err != nil {
		return fmt.Errorf("read frame: %w", noEOF(err))
	}
	return nil
}
