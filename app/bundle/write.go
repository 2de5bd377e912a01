package bundle

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"filippo.io/age"

	"parley/crdt"
	"parley/space"
)

// Options say what to put into a bundle.
type Options struct {
	Space    space.ID
	Key      space.Key       // of this device
	Document crdt.DocumentID // that it is of, with the list of documents; none: all of the space
	Since    *Known          // leave out what is known there; nil: nothing
	Files    bool            // take pictures and attachments along
	Program  string          // the version that makes it
	Now      time.Time
	Tell     func(done, of int) // how many parts and files are done; may be nil
}

// Made says what went into a bundle.
type Made struct {
	ID        ID
	Documents int // of which it brings something
	Files     int
	Entries   int    // of the membership log
	Lacks     []Lack // what could not be read and is not in it
}

// Lack is a part or a file that was left out.
type Lack struct {
	Ref  crdt.Ref    // none: it is about a file
	File crdt.BlobID // none: it is about which files there are
	Err  error
}

// IsFile reports whether what was left out are files.
func (l Lack) IsFile() bool { return l.Ref == crdt.Ref{} }

// Write makes a bundle, encrypted to every device that is in the space by its
// log. What it holds of each part is of one moment, and memory stays bounded:
// by one page of changes, or by what the store offers at once. It fails with
// crdt.ErrUnknownSpace, ErrTooManyDevices or ErrTooLarge, with ctx, or with what
// to fails with; then what was written is no bundle.
func Write(ctx context.Context, store *crdt.Store, o Options, to io.Writer) (Made, error) {
	log, ok := store.Log(o.Space)
	if !ok {
		return Made{}, fmt.Errorf("write bundle: %w", crdt.ErrUnknownSpace)
	}
	var devices []space.DeviceID
	for _, m := range log.Members() {
		devices = append(devices, m.Device)
	}
	recipients, err := recipientsOf(devices)
	if err != nil {
		return Made{}, fmt.Errorf("write bundle: %w", err)
	}
	encrypted, err := age.Encrypt(to, recipients...)
	if err != nil {
		return Made{}, fmt.Errorf("write bundle: %w", err)
	}
	w := &writing{Options: o, ctx: ctx, store: store, log: log}
	if w.frames, err = newFrameWriter(encrypted, o.Key); err == nil {
		err = w.write()
	}
	if err == nil {
		err = encrypted.Close()
	}
	if err != nil {
		return Made{}, fmt.Errorf("write bundle: %w", err)
	}
	return w.made, nil
}

// writing is one bundle on its way.
type writing struct {
	Options
	ctx    context.Context
	store  *crdt.Store
	log    *space.Log
	frames *frameWriter
	made   Made

	done, of int
	page     toldMessage // of parts that are done and not told of yet
	pageSize int
	told     int // bytes
	parts    uint64
}

func (w *writing) write() error {
	if err := w.header(); err != nil {
		return err
	}
	if err := w.entries(); err != nil {
		return err
	}
	refs := w.refs()
	files := w.files()
	w.of = len(refs) + len(files)
	w.step(0)
	if len(refs) > maxItems || len(files) > maxItems {
		return fmt.Errorf("%w: %d parts and %d files", ErrTooLarge, len(refs), len(files))
	}
	if err := w.documents(refs); err != nil {
		return err
	}
	known, err := w.blobs(files)
	if err != nil {
		return err
	}
	if err := w.names(known); err != nil {
		return err
	}
	return w.put(kindEnd, &endMessage{Parts: w.parts, Files: uint64(w.made.Files), Lacks: uint64(len(w.made.Lacks))})
}

func (w *writing) put(kind byte, m message) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	content, err := encode(m)
	if err != nil {
		return err
	}
	return w.frames.put(kind, content)
}

func (w *writing) step(n int) {
	w.done += n
	if w.Tell != nil {
		w.Tell(w.done, w.of)
	}
}

func (w *writing) lacks(l Lack) { w.made.Lacks = append(w.made.Lacks, l) }

func (w *writing) header() error {
	_, _ = rand.Read(w.made.ID[:]) // which never fails
	m := &headerMessage{
		ID: w.made.ID, Space: w.Space, Made: uint64(max(w.Now.Unix(), 0)), Program: w.Program[:min(len(w.Program), maxProgram)], Files: w.Files,
	}
	if w.Document != (crdt.DocumentID{}) {
		m.Document = w.Document[:]
	}
	if w.Since != nil {
		m.Since = w.Since.ID[:]
	}
	return w.put(kindHeader, m)
}

// entries writes all of the membership log: who takes the bundle in may have
// none of it.
func (w *writing) entries() error {
	entries, size := w.log.Entries(), 0
	w.made.Entries = len(entries)
	for len(entries) > 0 {
		n, bytes := 0, 0
		for n < len(entries) && (n == 0 || bytes+len(entries[n]) <= maxPage) && n < maxItems {
			bytes += len(entries[n])
			n++
		}
		if size += bytes; size > maxLogBytes {
			return fmt.Errorf("%w: a membership log of more than %d bytes", ErrTooLarge, maxLogBytes)
		}
		if err := w.put(kindLog, &logMessage{Entries: entries[:n]}); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// refs are the parts that the bundle is of, the list of documents first: also
// those of which nothing counts, and something is set aside.
func (w *writing) refs() (refs []crdt.Ref) {
	index := crdt.IndexID(w.Space)
	for _, bucket := range w.store.Buckets(w.Space) {
		for _, part := range w.store.Parts(w.Space, bucket.First) {
			if w.Document == (crdt.DocumentID{}) || part.Document == w.Document || part.Document == index {
				refs = append(refs, crdt.Ref{Space: w.Space, Document: part.Document, Part: part.Part})
			}
		}
	}
	slices.SortStableFunc(refs, func(a, b crdt.Ref) int {
		switch index {
		case a.Document:
			return -1
		case b.Document:
			return 1
		}
		return 0
	})
	return refs
}

func (w *writing) documents(refs []crdt.Ref) error {
	var last crdt.DocumentID
	for _, ref := range refs {
		told, brings, err := w.part(ref)
		if failed := new(frameError); errors.As(err, &failed) || w.ctx.Err() != nil {
			return errors.Join(w.ctx.Err(), err)
		}
		if brings && ref.Document != last && ref.Document != crdt.IndexID(w.Space) {
			w.made.Documents++
			last = ref.Document
		}
		if err != nil {
			// One that cannot be read keeps no other from going.
			w.lacks(Lack{Ref: ref, Err: err})
		} else if err := w.tell(told); err != nil {
			return err
		}
		w.step(1)
	}
	return w.flush()
}

// frameError is what a frame could not be written for, and no fault of a part.
type frameError struct{ error }

func (e *frameError) Unwrap() error { return e.error }

// part writes what of a part is not known, and returns what to tell of it.
func (w *writing) part(ref crdt.Ref) (told toldPart, brings bool, err error) {
	// The tips are read first: what comes in between is sent, and not promised.
	tips, err := w.store.Tips(ref)
	if err != nil {
		return toldPart{}, false, err
	}
	told = toldOf(ref, tips)
	theirs, same := w.known(ref)
	if same && theirs.Digest == tips.Digest {
		return told, false, nil
	}
	for more := true; more; {
		var offered crdt.Bundle
		if offered, more, err = w.store.Offer(w.ctx, ref, theirs, maxPage); err != nil {
			return told, brings, err
		}
		if offered.Empty() {
			break
		}
		content, err := encode(pieceOf(ref, offered))
		if err == nil && len(content) > limits[kindPiece] {
			err = fmt.Errorf("%w: it takes %d bytes at once", ErrTooLarge, len(content))
		}
		if err != nil {
			return told, brings, err
		}
		if err := w.frames.put(kindPiece, content); err != nil {
			return told, brings, &frameError{err}
		}
		brings = true
		var grown bool
		if theirs, grown = theirs.With(offered); more && !grown {
			return told, brings, fmt.Errorf("%s does not go on", ref)
		}
	}
	return told, brings, nil
}

func (w *writing) known(ref crdt.Ref) (theirs crdt.Tips, ok bool) {
	if w.Since != nil {
		theirs, ok = w.Since.parts[ref]
	}
	return theirs, ok
}

// tell says what there is of a part, together with what is said of others.
func (w *writing) tell(told toldPart) error {
	if w.pageSize+told.size() > maxPage || len(w.page.Parts) == maxItems {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.page.Parts = append(w.page.Parts, told)
	w.pageSize += told.size()
	if w.told += told.size(); w.told > maxTold {
		return fmt.Errorf("%w: more than %d bytes of what is known", ErrTooLarge, maxTold)
	}
	w.parts++
	return nil
}

func (w *writing) flush() error {
	if len(w.page.Parts) == 0 {
		return nil
	}
	page := w.page
	w.page, w.pageSize = toldMessage{}, 0
	return w.put(kindTold, &page)
}
