package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"parley/crdt"
	"parley/space"
)

// Taken says what a bundle brought.
type Taken struct {
	Header
	Joined  bool // the space was not on this device before
	Entries int  // of the membership log that were not here
	New     []crdt.DocumentID
	Updated []crdt.DocumentID // in which something is new, or counts no more or again
	Files   int               // that were not here
	// Refused is what was set aside, and was not before.
	Refused []crdt.QuarantinedID
	// Waiting are documents of which something was left out, since it builds on
	// what is neither here nor in the bundle.
	Waiting []crdt.DocumentID
	Lacks   []Lack // what could not be taken in here
}

// Take takes in what a bundle brings: by the store's AddEntries, Append and
// TakeInBlob, which check it as they do what comes over the network. It takes the
// space in if this device is a member by the bundle's log. It may be repeated.
//
// It fails with ErrNoBundle, ErrNewer, ErrNotForUs, ErrStranger or ErrNoMember,
// and has taken in nothing then; or with ErrBroken, ErrForged, ctx, crdt.ErrFull
// or what from fails with: then what came before that stays, and Taken says what.
// Memory is bounded by the largest frame and the membership log.
//
// heard is told, as it reads, how far the device that made the bundle has got in
// each part; it may be nil.
func Take(ctx context.Context, store *crdt.Store, key space.Key, from io.Reader, heard func(space.DeviceID, crdt.Ref, crdt.Vector)) (Taken, error) {
	r, err := open(from, key)
	if err != nil {
		return Taken{}, err
	}
	t := &taking{
		ctx: ctx, store: store, me: key.Device(), reader: r, told: newTold(r.Header), log: &entryBuffer{},
		here: make(map[crdt.DocumentID]bool), changed: make(map[crdt.DocumentID]bool), waiting: make(map[crdt.Ref]bool),
	}
	t.taken.Header = r.Header
	t.heard = func(ref crdt.Ref, part toldPart) {
		if heard != nil {
			heard(r.Device, ref, part.tips().Vector())
		}
	}
	err = t.run()
	t.sum()
	if err != nil {
		return t.taken, fmt.Errorf("take in bundle: %w", err)
	}
	return t.taken, nil
}

// taking is one bundle on its way in.
type taking struct {
	ctx    context.Context
	store  *crdt.Store
	me     space.DeviceID
	reader *reader
	told   *told
	log    *entryBuffer // until all of the log is there
	taken  Taken
	heard  func(crdt.Ref, toldPart)

	aside   map[crdt.QuarantinedID]bool // before, and what has been counted since
	here    map[crdt.DocumentID]bool    // before
	changed map[crdt.DocumentID]bool
	order   []crdt.DocumentID // of changed
	waiting map[crdt.Ref]bool
	intake  *crdt.BlobIntake // of the file that is coming; nil: it is passed over
	file    fileMessage
}

func (t *taking) run() error {
	defer func() { t.endFile() }()
	for {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		kind, content, err := t.reader.next()
		if err != nil {
			return err
		}
		if kind != kindLog && t.log != nil {
			if err := t.takeLog(); err != nil {
				return err
			}
		}
		if kind == kindEnd {
			return t.told.end(t.reader, content)
		}
		if err := t.take(kind, content); err != nil {
			return err
		}
	}
}

func (t *taking) take(kind byte, content []byte) error {
	switch kind {
	case kindLog:
		return t.log.add(content)
	case kindPiece:
		var m pieceMessage
		if err := decode(content, &m); err != nil {
			return err
		}
		return t.takePiece(&m)
	case kindTold:
		return t.told.read(content, t.heard)
	case kindFile:
		return t.beginFile(content)
	case kindData:
		return t.takeData(content)
	}
	return t.told.names(content, func(crdt.BlobID) {})
}

// entryBuffer holds the membership log, which is judged as a whole.
type entryBuffer struct {
	entries [][]byte
	bytes   int
}

func (b *entryBuffer) add(content []byte) error {
	var m logMessage
	if err := decode(content, &m); err != nil {
		return err
	}
	b.entries = append(b.entries, m.Entries...)
	if b.bytes += len(content); b.bytes > 2*maxLogBytes || len(b.entries) > space.MaxEntries {
		return fmt.Errorf("%w: a log of %d entries", ErrForged, len(b.entries))
	}
	return nil
}

// takeLog takes the membership log in, and with it the space, if whoever made
// the bundle belongs to it and this device does.
func (t *taking) takeLog() error {
	entries := t.log.entries
	t.log = nil
	theirs, err := space.Open(entries)
	if err != nil {
		return fmt.Errorf("%w: its log: %w", ErrForged, err)
	}
	id := t.reader.Space
	if theirs.ID() != id {
		return fmt.Errorf("%w: its log is of the space %s", ErrForged, theirs.ID())
	}
	if !everIn(theirs, t.reader.Device) {
		return fmt.Errorf("%w: %s", ErrStranger, t.reader.Device)
	}
	ours, here := t.store.Log(id)
	if !here {
		return t.takeSpace(theirs)
	}
	if err := t.mayTake(ours, entries); err != nil {
		return err
	}
	added, _, err := t.store.AddEntries(t.ctx, id, entries)
	t.taken.Entries = len(added)
	if err != nil && !errors.Is(err, space.ErrFull) { // what there is no room for is left out
		return err
	}
	return t.begin()
}

// mayTake makes sure that this device belongs to a space that is here, by what
// is known here and by the bundle together.
func (t *taking) mayTake(ours *space.Log, entries [][]byte) error {
	if _, member := ours.Member(t.me); member {
		return nil
	}
	both, err := space.Open(append(ours.Entries(), entries...))
	if err != nil {
		return fmt.Errorf("%w: its log: %w", ErrForged, err)
	}
	if _, member := both.Member(t.me); !member {
		return ErrNoMember
	}
	return nil
}

func (t *taking) takeSpace(theirs *space.Log) error {
	if _, member := theirs.Member(t.me); !member {
		return ErrNoMember
	}
	t.taken.Entries = theirs.Len()
	if _, err := t.store.KeepSpace(t.ctx, theirs); err != nil {
		return err
	}
	t.taken.Joined = true
	return t.begin()
}

// begin looks at what there is before any document comes.
func (t *taking) begin() error {
	// The log may just have said that this device was taken out.
	if log, ok := t.store.Log(t.reader.Space); ok {
		if _, member := log.Member(t.me); !member {
			return ErrNoMember
		}
	}
	for _, document := range t.store.Documents(t.reader.Space) {
		t.here[document] = true
	}
	aside, err := t.store.Quarantine(t.reader.Space)
	if err != nil {
		return err
	}
	t.aside = make(map[crdt.QuarantinedID]bool, len(aside))
	for _, q := range aside {
		t.aside[q.ID()] = true
	}
	return nil
}

// takePiece appends what the bundle brings of a part. One part that is too much
// for this device keeps no other from coming.
func (t *taking) takePiece(m *pieceMessage) error {
	ref := crdt.Ref{Space: t.reader.Space, Document: m.Document, Part: m.Part}
	if err := t.told.fits(ref); err != nil {
		return err
	}
	before, err := t.store.Vector(ref)
	if err != nil {
		return t.pass(Lack{Ref: ref, Err: err})
	}
	receipt, err := t.store.Append(t.ctx, ref, m.bundle(), crdt.Peer, t.reader.Device)
	if err != nil {
		return t.pass(Lack{Ref: ref, Err: err})
	}
	for _, q := range receipt.Refused {
		if q.Reason.Forged() {
			return fmt.Errorf("%w: %w (%s)", ErrForged, q, q.Detail)
		}
		if !t.aside[q.ID()] {
			t.aside[q.ID()] = true
			t.taken.Refused = append(t.taken.Refused, q.ID())
		}
	}
	t.waiting[ref] = len(receipt.Missing) > 0
	after, err := t.store.Vector(ref)
	if err != nil {
		return t.pass(Lack{Ref: ref, Err: err})
	}
	if moved := receipt.Accepted > 0 || !maps.Equal(before, after); moved && !t.changed[ref.Document] {
		t.changed[ref.Document] = true
		t.order = append(t.order, ref.Document)
	}
	return nil
}

// pass goes on without a part or a file, unless nothing more can be taken in.
func (t *taking) pass(l Lack) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	if errors.Is(l.Err, crdt.ErrClosed) || errors.Is(l.Err, crdt.ErrFull) || errors.Is(l.Err, crdt.ErrUnknownSpace) {
		return l.Err
	}
	for _, known := range t.taken.Lacks {
		if known.Ref == l.Ref && known.File == l.File {
			return nil
		}
	}
	t.taken.Lacks = append(t.taken.Lacks, l)
	return nil
}

// beginFile makes ready for a file. One that is here already is passed over.
func (t *taking) beginFile(content []byte) (err error) {
	if t.file, err = t.reader.file(content); err != nil {
		return err
	}
	if t.told.files++; t.told.files > maxItems {
		return fmt.Errorf("%w: more than %d files", ErrForged, maxItems)
	}
	if t.store.HasBlob(t.reader.Space, t.file.ID) {
		return nil
	}
	t.intake, err = t.store.TakeInBlob(t.reader.Space, t.file.ID)
	if err != nil {
		return t.pass(Lack{File: t.file.ID, Err: err})
	}
	if t.intake.Offset() > 0 {
		t.intake.Discard() // all of it is here
	}
	if t.file.Size == 0 {
		return t.finishFile(nil)
	}
	return nil
}

func (t *taking) takeData(content []byte) (err error) {
	switch {
	case t.intake == nil:
		return nil
	case t.reader.unread == 0:
		return t.finishFile(content)
	}
	if err = t.intake.Take(content); err != nil {
		t.endFile()
		return t.pass(Lack{File: t.file.ID, Err: err})
	}
	return nil
}

func (t *taking) finishFile(last []byte) error {
	_, err := t.intake.Finish(t.ctx, t.file.Media, last)
	t.endFile()
	switch {
	case errors.Is(err, crdt.ErrOtherBlob):
		return fmt.Errorf("%w: %w", ErrForged, err)
	case err != nil:
		return t.pass(Lack{File: t.file.ID, Err: err})
	}
	t.taken.Files++
	return nil
}

func (t *taking) endFile() {
	if t.intake != nil {
		t.intake.Close()
		t.intake = nil
	}
}

// sum says what has become of the documents.
func (t *taking) sum() {
	index := crdt.IndexID(t.reader.Space)
	for _, document := range t.order {
		switch {
		case document == index:
		case t.here[document]:
			t.taken.Updated = append(t.taken.Updated, document)
		default:
			t.taken.New = append(t.taken.New, document)
		}
	}
	waits := make(map[crdt.DocumentID]bool)
	for ref, waiting := range t.waiting {
		if waiting && !waits[ref.Document] {
			waits[ref.Document] = true
			t.taken.Waiting = append(t.taken.Waiting, ref.Document)
		}
	}
}
