package bundle

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// magic is how the encrypted part of a file begins; the last character but one
// is the version.
const magic = "parley-bundle-1\n"

// domain begins whatever is signed for in a bundle.
const domain = "parley/bundle/1"

// The kinds of frames, in the order in which they come.
const (
	kindHeader = 'h'
	kindLog    = 'l'
	kindPiece  = 'p'
	kindTold   = 't'
	kindFile   = 'f'
	kindData   = 'd'
	kindNames  = 'n'
	kindEnd    = 'e'
)

const (
	frameHead = 5       // bytes: length and kind
	readAhead = 1 << 16 // bytes that are believed in before they have arrived
	maxPage   = 1 << 20 // bytes of entries, tips or changes in one frame, unless a single one is larger
)

// limits are how many bytes the content of a frame may have.
var limits = map[byte]int{
	kindHeader: 4 << 10,
	kindLog:    maxPage + 64<<10,
	kindPiece:  chunk.DefaultLimits.Snapshot + 18<<20, // as between peers
	kindTold:   2 * maxPage,                           // the tips of one part may take more than a page
	kindFile:   1 << 10,
	kindData:   crdt.BlobPiece,
	kindNames:  maxPage + 64<<10,
	kindEnd:    1 << 10,
}

// chain sums up a bundle so far: signing the last link signs for all before.
type chain [32]byte

func newChain(device space.DeviceID) chain {
	return sha256.Sum256(append([]byte(domain), device[:]...))
}

// link takes a frame into the sum.
func (c *chain) link(kind byte, content []byte) {
	sum := sha256.New()
	sum.Write(c[:])
	sum.Write([]byte{kind})
	sum.Write(content)
	sum.Sum(c[:0])
}

func (c *chain) message() []byte { return append([]byte(domain), c[:]...) }

// frameWriter writes what is encrypted, one signed frame after the other.
type frameWriter struct {
	to    io.Writer
	key   space.Key
	chain chain
}

func newFrameWriter(to io.Writer, key space.Key) (*frameWriter, error) {
	device := key.Device()
	w := &frameWriter{to: to, key: key, chain: newChain(device)}
	return w, w.write([]byte(magic), device[:])
}

func (w *frameWriter) put(kind byte, content []byte) error {
	if len(content) > limits[kind] {
		return fmt.Errorf("write bundle: %w: %d bytes in one frame", ErrTooLarge, len(content))
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	w.chain.link(kind, content)
	return w.write(append(head, kind), content, w.key.Sign(w.chain.message()))
}

func (w *frameWriter) write(parts ...[]byte) error {
	for _, part := range parts {
		if _, err := w.to.Write(part); err != nil {
			return fmt.Errorf("write bundle: %w", err)
		}
	}
	return nil
}

// frameReader reads what frameWriter has written. Nothing of a frame is given
// out, or looked into, that the device at the beginning has not signed for.
type frameReader struct {
	from   io.Reader
	device space.DeviceID
	chain  chain
}

func newFrameReader(from io.Reader) (*frameReader, error) {
	r := &frameReader{from: from}
	var begin [len(magic)]byte
	if err := r.read(begin[:]); err != nil {
		return nil, err
	}
	if string(begin[:]) != magic {
		const name = len("parley-bundle-")
		if string(begin[:name]) == magic[:name] {
			return nil, fmt.Errorf("%w: it begins with %q", ErrNewer, begin)
		}
		return nil, fmt.Errorf("%w: it begins with %q", ErrNoBundle, begin)
	}
	if err := r.read(r.device[:]); err != nil {
		return nil, err
	}
	r.chain = newChain(r.device)
	return r, nil
}

// next reads a frame. Its content is the caller's.
func (r *frameReader) next() (kind byte, content []byte, err error) {
	var head [frameHead]byte
	if err := r.read(head[:]); err != nil {
		return 0, nil, err
	}
	kind = head[4]
	size := int(binary.BigEndian.Uint32(head[:]))
	limit, known := limits[kind]
	if !known || size > limit {
		return 0, nil, fmt.Errorf("%w: a frame of the kind %q with %d bytes", ErrForged, kind, size)
	}
	if content, err = r.content(size); err != nil {
		return 0, nil, err
	}
	var signature [ed25519.SignatureSize]byte
	if err := r.read(signature[:]); err != nil {
		return 0, nil, err
	}
	r.chain.link(kind, content)
	if !r.device.Verify(r.chain.message(), signature[:]) {
		return 0, nil, fmt.Errorf("%w: a frame that %s has not signed for", ErrForged, r.device)
	}
	return kind, content, nil
}

// content reads so many bytes, and takes memory for them as they arrive.
func (r *frameReader) content(size int) ([]byte, error) {
	if size <= readAhead {
		content := make([]byte, size)
		return content, r.read(content)
	}
	var buffer bytes.Buffer
	buffer.Grow(readAhead)
	if _, err := io.CopyN(&buffer, r.from, int64(size)); err != nil {
		return nil, explainRead(err)
	}
	return buffer.Bytes(), nil
}

func (r *frameReader) read(into []byte) error {
	_, err := io.ReadFull(r.from, into)
	return explainRead(err)
}

// end makes sure that nothing follows.
func (r *frameReader) end() error {
	var more [1]byte
	n, err := io.ReadFull(r.from, more[:])
	if n > 0 {
		return fmt.Errorf("%w: something follows its end", ErrForged)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return explainRead(err)
}

// explainRead tells a bundle that ends too early from a source that fails.
func explainRead(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("read bundle: %w: %w", ErrBroken, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("read bundle: %w", err)
}
