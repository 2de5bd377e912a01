package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// The formats in which a document can be shown.
const (
	FormatText      = "text"
	FormatMarkdown  = "markdown"
	FormatJSON      = "json"
	FormatAutomerge = "automerge"
)

// Formats lists them.
var Formats = []string{FormatMarkdown, FormatText, FormatJSON, FormatAutomerge}

// Kinds are the kinds of documents that a person can create.
var Kinds = []string{"text"}

// NewDocument is what a document begins with.
type NewDocument struct {
	Kind     string
	Title    string
	Markdown string // may be empty
}

// Edit replaces a stretch of a document's text view (docs/formats.md). It
// counts in code points.
type Edit struct {
	At     int
	Delete int
	Insert string
}

// Written names a change that is on disk.
type Written struct {
	Actor    chunk.Actor
	Sequence uint64
	Position uint64
}

func indexRef(id space.ID) crdt.Ref {
	return crdt.Ref{Space: id, Document: crdt.IndexID(id), Part: space.Body}
}

// bearIndex makes the index document of a space that this device has founded.
func (a *App) bearIndex(ctx context.Context, id space.ID) error {
	_, err := a.write(ctx, indexRef(id), func(_ [][]byte, actor chunk.Actor) ([][]byte, error) {
		return a.child.Create(ctx, materialize.Birth{Actor: actor, Kind: "index", Time: now()})
	})
	return err
}

// CreateDocument makes a document and then lists it in the space's index, so
// that what is listed always exists.
func (a *App) CreateDocument(ctx context.Context, id space.ID, born NewDocument) (crdt.DocumentID, error) {
	if !slices.Contains(Kinds, born.Kind) {
		return crdt.DocumentID{}, newError(CodeInvalid, fmt.Sprintf(
			"Parley has no kind of document called %q. There is: %s.", born.Kind, strings.Join(Kinds, ", ")))
	}
	title, err := parseTitle(born.Title)
	if err != nil {
		return crdt.DocumentID{}, err
	}
	return a.bear(ctx, id, born.Kind, func(birth materialize.Birth) ([][]byte, string, error) {
		birth.Markdown = born.Markdown
		changes, err := a.child.Create(ctx, birth)
		return changes, title, explainBirth(err)
	})
}

// bear makes a document of the changes that make gives, and lists it under the
// title that make gives with them.
func (a *App) bear(ctx context.Context, id space.ID, kind string, make func(materialize.Birth) (changes [][]byte, title string, err error)) (crdt.DocumentID, error) {
	if _, err := a.spaceLog(id); err != nil {
		return crdt.DocumentID{}, err
	}
	if err := a.indexArrived(id); err != nil {
		return crdt.DocumentID{}, err
	}
	document, err := crdt.NewDocumentID(rand.Reader)
	if err != nil {
		return crdt.DocumentID{}, err
	}
	body := crdt.Ref{Space: id, Document: document, Part: space.Body}
	created, title := now(), ""
	_, err = a.write(ctx, body, func(_ [][]byte, actor chunk.Actor) (changes [][]byte, err error) {
		changes, title, err = make(materialize.Birth{Actor: actor, Kind: kind, Time: created})
		return changes, err
	})
	if err != nil {
		return crdt.DocumentID{}, fmt.Errorf("create document: %w", err)
	}
	_, err = a.write(ctx, indexRef(id), func(chunks [][]byte, actor chunk.Actor) ([][]byte, error) {
		return one(a.child.PutEntry(ctx, chunks, actor, materialize.IndexEntry{
			ID: document.String(), Kind: kind, Title: title, Created: created,
		}))
	})
	if err != nil {
		return crdt.DocumentID{}, fmt.Errorf("list document: %w", err)
	}
	return document, nil
}

// indexArrived fails with CodeNotFound where this device does not know yet what
// a space holds.
func (a *App) indexArrived(id space.ID) error {
	index, err := a.store.Vector(indexRef(id))
	if err == nil && len(index) == 0 {
		err = newError(CodeNotFound, "What this space holds has not arrived yet. Try again when another member is here.")
	}
	return err
}

// explainBirth finds the words for a Markdown text that the child could not
// take in. Such a text is no document yet, so nothing of it is kept.
func explainBirth(err error) error {
	switch {
	case errors.Is(err, materialize.ErrDeadline):
		return wrapError(CodeTimeout, "Taking in this text took too long and was given up. Nothing was created. Try it in smaller pieces.", err)
	case errors.Is(err, materialize.ErrCrashed):
		return wrapError(CodeUnreadable, "This text cannot be taken in: what reads it stopped. Nothing was created. Try it in smaller pieces.", err)
	}
	return err
}

// one makes the list of changes that write takes.
func one(change []byte, err error) ([][]byte, error) { return [][]byte{change}, err }

// mending does something that reads a part, and does it again if that failed
// and what made the part unreadable could be set aside.
func (a *App) mending(ctx context.Context, ref crdt.Ref, read func() error) error {
	err := read()
	if !harmful(err) && !errors.Is(err, materialize.ErrMissing) {
		return err
	}
	removed, failed := a.store.Mend(ctx, ref)
	if failed != nil {
		a.log.Warn("A document that cannot be read could not be mended", "part", ref, "error", failed)
	}
	if removed == 0 {
		return err
	}
	return read()
}

// write lets make produce changes on top of a part, by an actor that nobody
// else holds meanwhile, signs them and makes them durable.
func (a *App) write(ctx context.Context, ref crdt.Ref, make func(chunks [][]byte, actor chunk.Actor) ([][]byte, error)) (written Written, err error) {
	if err := a.mayWrite(ref); err != nil {
		return Written{}, err
	}
	err = a.mending(ctx, ref, func() error {
		written, err = a.writeOnce(ctx, ref, make)
		return err
	})
	return written, err
}

func (a *App) writeOnce(ctx context.Context, ref crdt.Ref, make func(chunks [][]byte, actor chunk.Actor) ([][]byte, error)) (Written, error) {
	lease, err := a.store.Lease(ref)
	if err != nil {
		return Written{}, err
	}
	defer lease.Release()
	chunks, _, err := a.store.Load(ref)
	if err != nil {
		return Written{}, err
	}
	changes, err := make(chunks, chunk.Actor(lease.Actor[:]))
	if err != nil {
		return Written{}, err
	}
	newest, err := chunk.ParseChange(changes[len(changes)-1], chunk.DefaultLimits)
	if err != nil {
		return Written{}, err
	}
	return a.commit(ctx, ref, changes, newest)
}

// commit signs the newest of an actor's changes, which vouches for the earlier
// ones, and appends them all. It answers when they are on disk.
func (a *App) commit(ctx context.Context, ref crdt.Ref, changes [][]byte, newest chunk.Change) (Written, error) {
	receipt, err := a.store.Append(ctx, ref, crdt.Bundle{
		Changes:    changes,
		Signatures: []crdt.Signature{crdt.Sign(a.key, ref, newest)},
	}, crdt.Local, a.Device())
	if err == nil {
		err = receipt.Err()
	}
	if err != nil {
		return Written{}, err
	}
	if len(receipt.Missing) > 0 {
		return Written{}, newError(CodeOutOfOrder, "A change came before one that it builds on. Nothing was lost; open the document again.")
	}
	return Written{Actor: newest.Actor, Sequence: newest.Seq, Position: receipt.Position}, nil
}

func (a *App) mayWrite(ref crdt.Ref) error {
	log, err := a.spaceLog(ref.Space)
	if err != nil {
		return err
	}
	if log.MayWrite(a.Device(), ref.Part) {
		return nil
	}
	member, ok := log.Member(a.Device())
	switch {
	case !ok:
		return a.explain(log, space.ErrNotMember)
	case log.Archived():
		return newError(CodeArchived, "This space is archived: everybody in it can read, and nobody can write. A facilitator can open it again.")
	}
	return newError(CodeNotAllowed, fmt.Sprintf(
		"You are in this space as %s, and so you can read this but not change it. Ask a facilitator for another role.", member.Role))
}

// indexCache keeps each space's list of documents as of a version of its
// index, because reading it takes the child.
type indexCache struct {
	mu    sync.Mutex
	lists map[space.ID]indexList
}

type indexList struct {
	vector    crdt.Vector
	documents []Document
}

// Documents lists the documents of a space, oldest first.
func (a *App) Documents(ctx context.Context, id space.ID) ([]Document, error) {
	if _, err := a.spaceLog(id); err != nil {
		return nil, err
	}
	ref := indexRef(id)
	vector, err := a.store.Vector(ref)
	if err != nil {
		return nil, err
	}
	if known, ok := a.index.get(id); ok && maps.Equal(known.vector, vector) {
		return known.documents, nil
	}
	documents := []Document{}
	if len(vector) > 0 {
		var entries []materialize.IndexEntry
		err := a.mending(ctx, ref, func() error {
			chunks, _, err := a.store.Load(ref)
			if err == nil {
				entries, err = a.child.Index(ctx, chunks)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list documents: %w", err)
		}
		documents = listed(entries)
		slices.SortFunc(documents, func(x, y Document) int {
			return cmp.Or(x.Created.Compare(y.Created), cmp.Compare(x.ID, y.ID))
		})
	}
	// The chunks may be newer than the vector; then the next call reads again.
	a.index.put(id, indexList{vector: vector, documents: documents})
	return documents, nil
}

func (c *indexCache) get(id space.ID) (indexList, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list, ok := c.lists[id]
	return list, ok
}

func (c *indexCache) forget(id space.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.lists, id)
}

func (c *indexCache) put(id space.ID, list indexList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lists == nil {
		c.lists = make(map[space.ID]indexList)
	}
	c.lists[id] = list
}

// Show writes a document out in one of Formats.
func (a *App) Show(ctx context.Context, ref crdt.Ref, format string) (shown []byte, err error) {
	err = a.mending(ctx, ref, func() error {
		chunks, err := a.arrived(ref)
		if err == nil {
			shown, err = a.child.Read(ctx, chunks, format)
		}
		return err
	})
	return shown, err
}

// arrived is what is stored of a part, or an Error when that is nothing.
func (a *App) arrived(ref crdt.Ref) ([][]byte, error) {
	chunks, _, err := a.store.Load(ref)
	if err != nil {
		return nil, err
	}
	if len(chunks) == 0 {
		return nil, newError(CodeNotFound,
			"This document has not arrived yet. It comes when this device meets a member who has it.")
	}
	return chunks, nil
}

// RenameDocument gives a document of a space another title, and answers when
// that is on disk. It fails with CodeNotFound where the list does not have the
// document, with CodeShelved where the document is archived, and with
// CodeNoEffect where that is its title.
func (a *App) RenameDocument(ctx context.Context, id space.ID, document crdt.DocumentID, typed string) error {
	title, err := parseTitle(typed)
	if err != nil {
		return err
	}
	if _, err := a.listedDocument(ctx, id, document); err != nil {
		return err
	}
	if err := a.notShelved(ctx, crdt.Ref{Space: id, Document: document, Part: space.Body}); err != nil {
		return err
	}
	_, err = a.write(ctx, indexRef(id), func(chunks [][]byte, actor chunk.Actor) ([][]byte, error) {
		change, err := a.child.PutEntry(ctx, chunks, actor, materialize.IndexEntry{ID: document.String(), Title: title})
		if err == nil && change == nil {
			err = newError(CodeNoEffect, fmt.Sprintf("The document is called %q already.", title))
		}
		return [][]byte{change}, err
	})
	return err
}

// ArchiveDocument puts a document of a space among the archived ones of its
// list, or brings it back, and answers when that is on disk. It fails with
// CodeNotFound where the list does not have the document, and with CodeNoEffect
// where it is so already.
//
// To be archived is a matter of the list: Parley offers an archived document
// for reading only, and no device refuses a change for it. What somebody writes
// before they hear of it counts.
func (a *App) ArchiveDocument(ctx context.Context, id space.ID, document crdt.DocumentID, archived bool) error {
	if _, err := a.listedDocument(ctx, id, document); err != nil {
		return err
	}
	_, err := a.write(ctx, indexRef(id), func(chunks [][]byte, actor chunk.Actor) ([][]byte, error) {
		change, err := a.child.ArchiveEntry(ctx, chunks, actor, materialize.IndexEntry{ID: document.String(), Archived: archived})
		switch {
		case err != nil:
			return nil, err
		case change == nil && archived:
			return nil, newError(CodeNoEffect, "This document is archived already.")
		case change == nil:
			return nil, newError(CodeNoEffect, "This document is not archived.")
		}
		return [][]byte{change}, nil
	})
	return err
}

func (a *App) listedDocument(ctx context.Context, id space.ID, document crdt.DocumentID) (Document, error) {
	documents, err := a.Documents(ctx, id)
	if err != nil {
		return Document{}, err
	}
	for _, listed := range documents {
		if listed.ID == document.String() {
			return listed, nil
		}
	}
	return Document{}, newError(CodeNotFound, "This space has no such document, or its list has not arrived yet.")
}

// notShelved fails with CodeShelved for an archived document. One that the list
// does not have, or not yet, is not archived.
func (a *App) notShelved(ctx context.Context, ref crdt.Ref) error {
	listed, err := a.listedDocument(ctx, ref.Space, ref.Document)
	if err == nil && listed.Archived {
		return newError(CodeShelved, fmt.Sprintf(
			"%q is archived: it is kept for reading. Whoever writes in this space can bring it back, and then change it.", listed.Title))
	}
	return nil // what is wrong with the list is told by who reads it
}

// Edit changes a document's text, and answers when the change is on disk. It
// fails with CodeInvalid when the place is not in the text, and with
// CodeShelved when the document is archived.
func (a *App) Edit(ctx context.Context, ref crdt.Ref, e Edit) (Written, error) {
	if e.At < 0 || e.Delete < 0 || e.Delete == 0 && e.Insert == "" {
		return Written{}, newError(CodeInvalid, "Say where to edit, and what to delete or insert there.")
	}
	if !utf8.ValidString(e.Insert) {
		return Written{}, newError(CodeInvalid, "The text to insert is not UTF-8.")
	}
	if _, err := a.arrived(ref); err != nil {
		return Written{}, err
	}
	if err := a.notShelved(ctx, ref); err != nil {
		return Written{}, err
	}
	written, err := a.write(ctx, ref, func(chunks [][]byte, actor chunk.Actor) ([][]byte, error) {
		return one(a.child.Edit(ctx, chunks, actor, materialize.Edit{At: e.At, Delete: e.Delete, Insert: e.Insert, Time: now()}))
	})
	if errors.Is(err, materialize.ErrOutOfRange) {
		return Written{}, wrapError(CodeInvalid, "There is no such place in the text: it is shorter. Nothing was changed.", err)
	}
	return written, err
}
