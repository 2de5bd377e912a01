package bundle

import (
	"fmt"
	"io"

	"parley/crdt"
	"parley/space"
)

// Known is what somebody has who has a bundle: whoever made it, and whoever has
// taken it in.
type Known struct {
	Header
	parts map[crdt.Ref]crdt.Tips
	files map[crdt.BlobID]bool
}

// ReadKnown reads a bundle for what it says to be known, to its end, and takes
// nothing in. log is that of the space that it should be of. It fails with
// ErrOtherSpace, with ErrStranger unless whoever made it is or was in the space,
// and like Take.
func ReadKnown(log *space.Log, key space.Key, from io.Reader) (*Known, error) {
	r, err := open(from, key)
	if err != nil {
		return nil, err
	}
	if r.Space != log.ID() {
		return nil, fmt.Errorf("read bundle: %w", ErrOtherSpace)
	}
	if !everIn(log, r.Device) {
		return nil, fmt.Errorf("read bundle: %w: %s", ErrStranger, r.Device)
	}
	known := &Known{Header: r.Header, parts: make(map[crdt.Ref]crdt.Tips), files: make(map[crdt.BlobID]bool)}
	told := newTold(r.Header)
	for {
		kind, content, err := r.next()
		if err != nil {
			return nil, err
		}
		switch kind {
		case kindTold:
			err = told.read(content, func(ref crdt.Ref, part toldPart) { known.parts[ref] = part.tips() })
		case kindFile:
			_, err = r.file(content)
			told.files++
		case kindNames:
			err = told.names(content, func(id crdt.BlobID) { known.files[id] = true })
		case kindEnd:
			return known, told.end(r, content)
		}
		if err != nil {
			return nil, err
		}
	}
}

// everIn reports whether a device is or was in a space.
func everIn(log *space.Log, device space.DeviceID) bool {
	actor := space.ActorFor(log.ID(), device, 0)
	prefix, _ := space.ActorOwner(actor[:])
	owner, known := log.Actor(prefix)
	return known && owner == device
}

// told counts what a bundle says to be known, and keeps it within bounds.
type told struct {
	header Header
	parts  uint64
	files  uint64
	bytes  int
	named  int
	seen   map[crdt.Ref]bool
}

func newTold(h Header) *told { return &told{header: h, seen: make(map[crdt.Ref]bool)} }

func (t *told) read(content []byte, visit func(crdt.Ref, toldPart)) error {
	var m toldMessage
	if t.bytes += len(content); t.bytes > maxTold {
		return fmt.Errorf("%w: more than %d bytes of what is known", ErrForged, maxTold)
	}
	if err := decode(content, &m); err != nil {
		return err
	}
	for _, part := range m.Parts {
		ref := crdt.Ref{Space: t.header.Space, Document: part.Document, Part: part.Part}
		if err := t.fits(ref); err != nil {
			return err
		}
		if t.seen[ref] {
			return fmt.Errorf("%w: %s is told of twice", ErrForged, ref)
		}
		t.seen[ref] = true
		if t.parts++; t.parts > maxItems {
			return fmt.Errorf("%w: more than %d parts", ErrForged, maxItems)
		}
		visit(ref, part)
	}
	return nil
}

// fits reports whether a part may be in the bundle, and is not finished yet.
func (t *told) fits(ref crdt.Ref) error {
	if !t.header.Whole() && ref.Document != t.header.Document && ref.Document != crdt.IndexID(ref.Space) {
		return fmt.Errorf("%w: %s is not what the bundle is of", ErrForged, ref)
	}
	return nil
}

func (t *told) names(content []byte, visit func(crdt.BlobID)) error {
	var m namesMessage
	if err := decode(content, &m); err != nil {
		return err
	}
	if t.named += len(m.IDs); t.named > maxItems {
		return fmt.Errorf("%w: more than %d files", ErrForged, maxItems)
	}
	for _, id := range m.IDs {
		visit(id)
	}
	return nil
}

// end compares what came with what the last frame says, after which nothing may
// follow.
func (t *told) end(r *reader, content []byte) error {
	var m endMessage
	if err := decode(content, &m); err != nil {
		return err
	}
	if m.Parts != t.parts || m.Files != t.files {
		return fmt.Errorf("%w: %d parts and %d files instead of %d and %d", ErrForged, t.parts, t.files, m.Parts, m.Files)
	}
	return r.frames.end()
}
