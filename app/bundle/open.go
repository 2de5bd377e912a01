package bundle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"

	"parley/crdt"
	"parley/space"
)

// ID names a bundle.
type ID [16]byte

// Header says what a bundle is.
type Header struct {
	ID       ID
	Space    space.ID
	Device   space.DeviceID // that made it, and has signed all of it
	Made     time.Time      // by that device's clock
	Program  string         // the version that made it
	Document crdt.DocumentID
	Since    ID   // the bundle that it goes on from
	Files    bool // pictures and attachments are in it
}

// Whole reports whether it is of all documents of the space.
func (h Header) Whole() bool { return h.Document == crdt.DocumentID{} }

// Everything reports whether it goes on from no other.
func (h Header) Everything() bool { return h.Since == ID{} }

const (
	ageMagic   = "age-encryption.org/"
	ageVersion = ageMagic + "v1\n"
	sourceSize = 256 << 10
)

// reader reads a bundle frame by frame, in the order in which they may come.
type reader struct {
	Header
	frames *frameReader
	phase  int
	// unread are how many bytes of a file are to come.
	unread uint64
}

// phases are the kinds of frames in their order.
var phases = map[byte]int{
	kindHeader: 0, kindLog: 1, kindPiece: 2, kindTold: 2, kindFile: 3, kindData: 3, kindNames: 4, kindEnd: 5,
}

// open begins to read a bundle. It fails with ErrNoBundle, ErrNewer, ErrNotForUs,
// ErrBroken or ErrForged, or with whatever from fails with.
func open(from io.Reader, key space.Key) (*reader, error) {
	source := &source{from: bufio.NewReaderSize(from, sourceSize)}
	if err := source.begins(); err != nil {
		return nil, err
	}
	identity, err := identityOf(key)
	if err != nil {
		return nil, err
	}
	plain, err := age.Decrypt(source, identity)
	if err != nil {
		if none := new(age.NoIdentityMatchError); errors.As(err, &none) {
			return nil, fmt.Errorf("open bundle: %w", ErrNotForUs)
		}
		return nil, source.explain(err)
	}
	frames, err := newFrameReader(bufio.NewReaderSize(&opened{plain, source}, sourceSize))
	if err != nil {
		return nil, err
	}
	r := &reader{frames: frames}
	return r, r.begin()
}

func (r *reader) begin() error {
	kind, content, err := r.frames.next()
	if err != nil {
		return err
	}
	if kind != kindHeader {
		return fmt.Errorf("%w: it begins with a frame of the kind %q", ErrForged, kind)
	}
	var m headerMessage
	if err := decode(content, &m); err != nil {
		return err
	}
	r.Header = Header{
		ID: m.ID, Space: m.Space, Device: r.frames.device, Made: time.Unix(int64(m.Made), 0).UTC(), Program: m.Program, Files: m.Files,
	}
	copy(r.Document[:], m.Document)
	copy(r.Since[:], m.Since)
	return nil
}

// next reads a frame that may come here.
func (r *reader) next() (kind byte, content []byte, err error) {
	kind, content, err = r.frames.next()
	if err != nil {
		return 0, nil, err
	}
	phase := phases[kind]
	first := r.phase == 0 && phase != 1 // there is always a log
	if phase == 0 || phase < r.phase || first || (kind == kindData) != (r.unread > 0) {
		return 0, nil, fmt.Errorf("%w: a frame of the kind %q where it does not belong", ErrForged, kind)
	}
	if kind == kindData {
		if want := min(r.unread, crdt.BlobPiece); uint64(len(content)) != want {
			return 0, nil, fmt.Errorf("%w: %d bytes of a file instead of %d", ErrForged, len(content), want)
		}
		r.unread -= uint64(len(content))
	}
	r.phase = phase
	return kind, content, nil
}

// file reads the description of a file, whose bytes are what comes next.
func (r *reader) file(content []byte) (m fileMessage, err error) {
	if err = decode(content, &m); err == nil {
		r.unread = m.Size
	}
	return m, err
}

// source is the file itself.
type source struct {
	from *bufio.Reader
	err  error // what it failed with
}

// begins makes sure that it is an age file.
func (s *source) begins() error {
	begin, err := s.from.Peek(len(ageVersion))
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("open bundle: %w", err)
	}
	switch {
	case string(begin) == ageVersion:
		return nil
	case bytes.HasPrefix(begin, []byte(ageMagic)):
		return fmt.Errorf("%w: it begins with %q", ErrNewer, begin)
	}
	return fmt.Errorf("%w: it begins with %q", ErrNoBundle, begin)
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// explain tells a source that fails from bytes that are not as they were
// written.
func (s *source) explain(err error) error {
	if s.err != nil {
		return fmt.Errorf("read bundle: %w", s.err)
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}

// opened is what age has decrypted.
type opened struct {
	plain  io.Reader
	source *source
}

func (o *opened) Read(p []byte) (int, error) {
	n, err := o.plain.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = o.source.explain(err)
	}
	return n, err
}
