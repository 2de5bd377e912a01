package app

import (
	"sync"

	"parley/crdt"
	"parley/space"
)

// readers are the windows of this device that have a document open. A window
// that is alone with a document may gather what is typed for longer than one
// that somebody is looking at (docs/window.md).
type readers struct {
	mu   sync.Mutex
	open map[openDocument]map[*Window]int // how many parts
}

type openDocument struct {
	space    space.ID
	document crdt.DocumentID
}

// enter notes that a window has one more part of a document open. leave undoes
// that; it may be called once.
func (r *readers) enter(w *Window, ref crdt.Ref) (leave func()) {
	at := openDocument{ref.Space, ref.Document}
	r.mu.Lock()
	if r.open == nil {
		r.open = make(map[openDocument]map[*Window]int)
	}
	if r.open[at] == nil {
		r.open[at] = make(map[*Window]int)
	}
	r.open[at][w]++
	r.mu.Unlock()
	ring := func() { w.app.news.ring(topic{event: EventCompany, space: ref.Space}) }
	ring()
	return func() {
		r.mu.Lock()
		if r.open[at][w]--; r.open[at][w] == 0 {
			delete(r.open[at], w)
		}
		if len(r.open[at]) == 0 {
			delete(r.open, at)
		}
		r.mu.Unlock()
		ring()
	}
}

// besides says whether another window than w has the document open.
func (r *readers) besides(w *Window, at openDocument) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.open[at] {
		if other != w {
			return true
		}
	}
	return false
}

// inCompany says whether any other window, of this device or of another, has a
// document open. Other devices are known by their presence; the list of a
// space's documents is open wherever one of them is.
func (a *App) inCompany(w *Window, at openDocument) bool {
	if a.readers.besides(w, at) {
		return true
	}
	index := at.document == crdt.IndexID(at.space)
	for _, here := range a.node.Here(at.space) {
		if index || here.Document == at.document {
			return true
		}
	}
	return false
}

// lookAround finds out whether the window has company in a document, and
// whether that is news.
func (w *Window) lookAround(at openDocument) (together, news bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	together = w.app.inCompany(w, at)
	news = w.together[at] != together
	w.together[at] = together
	return together, news
}

// tellCompany tells the window in which of its documents of a space somebody
// has come, or all have left.
func (w *Window) tellCompany(id space.ID) {
	for at := range w.openDocuments(id) {
		if _, news := w.lookAround(at); news {
			w.emit(Event{Name: EventCompany, Data: CompanyData{Space: id.String(), Document: at.document.String()}})
		}
	}
}

// openDocuments are the documents of a space that the window has open. It
// forgets what it has told of others.
func (w *Window) openDocuments(id space.ID) map[openDocument]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	open := make(map[openDocument]bool)
	for ref := range w.parts {
		if ref.Space == id {
			open[openDocument{ref.Space, ref.Document}] = true
		}
	}
	for at := range w.together {
		if at.space == id && !open[at] {
			delete(w.together, at)
		}
	}
	return open
}
