package app

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"parley/crdt"
	"parley/crdt/chunk"
)

// maxCommit bounds one batch of changes from a window, in bytes.
const maxCommit = 16 << 20

// openPart is a part of a document that a window has open.
type openPart struct {
	actor    chunk.Actor // leased also where the part may not be written now: a role can come back while it is open
	giveBack func()      // ends the lease
	looking  func()      // tells the network that nobody looks at the document any more
	leaving  func()      // tells this device's other windows
	hide     func()      // tells the store that it need not be held open for showing it
	follower follower
	told     uint64 // how far the window knows of it; guarded by the window's mutex

	mu       sync.Mutex // held while a commit is made durable, so that commits do not overtake each other
	released bool       // the actor may be somebody else's by now
}

var errNotOpen = newError(CodeNotOpen, "This document is not open in this window. Open it again.")

func (p *openPart) release() {
	p.mu.Lock() // a commit under way still needs the actor
	defer p.mu.Unlock()
	p.released = true
	p.giveBack()
	close(p.follower.stop)
	p.looking()
	p.leaving()
	p.hide()
}

// OpenDocument gives a window everything of a part, and an actor to write
// with. A part that the window has open already is closed first.
func (w *Window) OpenDocument(spaceID, document, part string) (OpenedDocument, error) {
	ref, err := parseRef(spaceID, document, part)
	if err != nil {
		return OpenedDocument{}, err
	}
	log, err := w.app.spaceLog(ref.Space)
	if err != nil {
		return OpenedDocument{}, err
	}
	lease, err := w.app.store.Lease(ref)
	if err != nil {
		return OpenedDocument{}, err
	}
	opened := &openPart{actor: chunk.Actor(lease.Actor[:]), giveBack: lease.Release, follower: newFollower()}
	opened.looking = w.app.node.OpenDocument(ref.Space, ref.Document)
	opened.leaving = w.app.readers.enter(w, ref)
	opened.hide = w.app.store.Show(ref)
	if err := w.keep(ref, opened); err != nil {
		opened.release()
		return OpenedDocument{}, err
	}
	chunks, position, err := w.load(ref)
	if err != nil {
		w.drop(ref, opened)
		return OpenedDocument{}, err
	}
	w.mu.Lock()
	opened.told = position
	w.mu.Unlock()
	w.app.running.Go(func() { w.follow(w.app.background, ref, opened) })
	opened.follower.ring() // what came meanwhile
	together, _ := w.lookAround(openDocument{ref.Space, ref.Document})
	return OpenedDocument{
		Actor: opened.actor.String(), Position: position, Chunks: orNone(chunks),
		Writable: log.MayWrite(w.app.Device(), ref.Part), Together: together,
	}, nil
}

// load gives what of a part can be shown. Where nothing helps, that is what it
// was before somebody wrote what cannot be read.
func (w *Window) load(ref crdt.Ref) (chunks [][]byte, position uint64, err error) {
	if _, err = w.app.store.Vetted(w.ctx, ref); err != nil {
		w.app.log.Error("a part of what others wrote cannot be shown", "ref", ref, "err", err)
	}
	chunks, position, failed := w.app.store.LoadVetted(ref)
	if failed != nil {
		return nil, 0, failed
	}
	if err != nil && len(chunks) == 0 {
		return nil, 0, wrapError(CodeUnreadable, "This document cannot be opened now: what reads it stops over it. It is kept as it is, and your devices go on sharing it. Try again later, or on a computer with more memory.", err)
	}
	return chunks, position, nil
}

// harmful reports whether an error of the store says that a document cannot be
// read, and not that it could not be looked at just now.
func harmful(err error) bool {
	return errors.Is(err, chunk.ErrStopped) || errors.Is(err, chunk.ErrUnreadable)
}

// keep notes an open part, in place of an earlier one of the same ref.
func (w *Window) keep(ref crdt.Ref, opened *openPart) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return context.Canceled
	}
	earlier := w.parts[ref]
	w.parts[ref] = opened
	w.mu.Unlock()
	if earlier != nil {
		earlier.release()
	}
	return nil
}

// drop forgets an open part and gives its actor back, unless somebody else has
// done so: the part may have been opened again meanwhile.
func (w *Window) drop(ref crdt.Ref, opened *openPart) {
	w.mu.Lock()
	current := w.parts[ref] == opened
	if current {
		delete(w.parts, ref)
	}
	w.mu.Unlock()
	if current {
		opened.release()
	}
}

// CloseDocument gives a part back. Closing one that is not open does nothing.
func (w *Window) CloseDocument(spaceID, document, part string) error {
	ref, err := parseRef(spaceID, document, part)
	if err != nil {
		return err
	}
	if opened, err := w.part(ref); err == nil {
		w.drop(ref, opened)
	}
	return nil
}

func (w *Window) part(ref crdt.Ref) (*openPart, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	opened, ok := w.parts[ref]
	if !ok {
		return nil, errNotOpen
	}
	return opened, nil
}

// Authors says whose the actors of a part are, as far as it has arrived.
func (w *Window) Authors(spaceID, document, part string) ([]Author, error) {
	ref, err := parseRef(spaceID, document, part)
	if err != nil {
		return nil, err
	}
	return w.app.Authors(ref)
}

// Commit signs a window's changes and makes them durable. It answers when they
// are on disk. The window sends them in the order in which it made them, the
// next batch after the answer to the last. A batch whose answer was lost may
// be sent again.
func (w *Window) Commit(spaceID, document, part string, changes [][]byte) (Committed, error) {
	ref, err := parseRef(spaceID, document, part)
	if err != nil {
		return Committed{}, err
	}
	opened, err := w.part(ref)
	if err != nil {
		return Committed{}, err
	}
	if err := w.app.mayWrite(ref); err != nil {
		return Committed{}, err
	}
	opened.mu.Lock()
	defer opened.mu.Unlock()
	if opened.released {
		return Committed{}, errNotOpen
	}
	newest, err := opened.check(changes)
	if err != nil {
		return Committed{}, err
	}
	written, err := w.app.commit(w.ctx, ref, changes, newest)
	if err != nil {
		return Committed{}, err
	}
	return Committed{Position: written.Position}, nil
}

// check refuses a batch that this window cannot have made, and answers with
// the newest of its changes. The store checks the changes themselves.
func (p *openPart) check(changes [][]byte) (newest chunk.Change, err error) {
	if len(changes) == 0 {
		return newest, newError(CodeInvalid, "There is nothing to save.")
	}
	size := 0
	for _, raw := range changes {
		if size += len(raw); size > maxCommit {
			return newest, newError(CodeTooLarge, fmt.Sprintf(
				"This is more than Parley saves at once (%d MB). Paste it in smaller pieces.", maxCommit>>20))
		}
		change, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return newest, wrapError(CodeInvalid, "This window sent a change that cannot be read. Reload it.", err)
		}
		if change.Actor != p.actor || newest.Seq != 0 && change.Seq != newest.Seq+1 {
			return newest, newError(CodeInvalid, "This window sent a change under another name than its own. Reload it.")
		}
		newest = change
	}
	return newest, nil
}

// Pull gives a window what a part got after a position, as far as it is vetted,
// but for the window's own changes, which it has. Where changes were taken out
// of the part since, it gives all of it.
func (w *Window) Pull(spaceID, document, part string, after uint64) (Pulled, error) {
	ref, err := parseRef(spaceID, document, part)
	if err != nil {
		return Pulled{}, err
	}
	opened, err := w.part(ref)
	if err != nil {
		return Pulled{}, err
	}
	chunks, position, anew, err := w.app.store.AfterVetted(ref, after)
	if err != nil {
		return Pulled{}, err
	}
	others := make([][]byte, 0, len(chunks))
	for _, raw := range chunks {
		if anew || !opened.made(raw) {
			others = append(others, raw)
		}
	}
	return Pulled{Position: position, Chunks: others, Anew: anew}, nil
}

// made says whether a chunk is a change of the actor that the part was opened
// with.
func (p *openPart) made(raw []byte) bool {
	change, err := chunk.ParseChange(raw, chunk.DefaultLimits)
	return err == nil && change.Actor == p.actor
}

// orNone makes an absent list an empty one, which is not null in JSON.
func orNone[T any](chunks []T) []T {
	if chunks == nil {
		return []T{}
	}
	return chunks
}
