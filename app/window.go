package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/app/vault"
	"parley/crdt"
	"parley/space"
)

// Window is what one window may ask: its exported methods are the methods of
// WindowApi in frontend/src/bridge/api.ts, whatever carries them. It holds
// what belongs to the window alone: the parts it has open, and where its
// events have got to. It is safe for concurrent use.
type Window struct {
	app  *App
	emit func(Event)
	ctx  context.Context // ends with the window; calls have none of their own, since Wails gives them none

	mu     sync.Mutex
	parts  map[crdt.Ref]*openPart
	closed bool
	stop   func()              // ends the search that is under way; nil: none is
	spoke  map[space.ID]bool   // where this window has announced itself
	ready  map[crdt.Ref]uint64 // parts that have more to show, and up to where

	readied chan struct{} // capacity 1: there is something in ready

	together map[openDocument]bool // what it knows of the company in its documents

	finished chan struct{} // holds at most one: the page has nothing in hand any more

	delivery Delivery // nil: no file can be handed over

	carriages  carriages
	exportings exportings
}

// OpenWindow makes a window and begins to tell it events. emit is called from
// goroutines of the window's own, one event of a kind after the other; it may
// block, which delays only this window, and loses nothing, since events say
// no more than that something is to be pulled. The window ends with ctx. close
// gives back what it holds; it waits for emit, and may be called once.
func (a *App) OpenWindow(ctx context.Context, emit func(Event)) (_ *Window, close func()) {
	ctx, cancel := context.WithCancel(ctx)
	w := &Window{
		app: a, emit: emit, ctx: ctx,
		parts: make(map[crdt.Ref]*openPart), spoke: make(map[space.ID]bool), ready: make(map[crdt.Ref]uint64),
		readied: make(chan struct{}, 1), together: make(map[openDocument]bool),
		finished: make(chan struct{}, 1),
	}
	a.windows.Add(1)
	var pumps sync.WaitGroup
	after, seen := a.store.Position(), a.news.current()
	pumps.Go(func() { w.pumpMoves(after) })
	pumps.Go(w.pumpReady)
	pumps.Go(func() { w.pumpNews(seen) })
	return w, func() {
		cancel()
		pumps.Wait()
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		w.reset()
		a.windows.Add(-1)
	}
}

// reset gives back everything that a page held: it is gone, or starts afresh.
func (w *Window) reset() {
	w.mu.Lock()
	parts, spoke := w.parts, w.spoke
	w.parts, w.spoke = make(map[crdt.Ref]*openPart), make(map[space.ID]bool)
	w.mu.Unlock()
	for _, part := range parts {
		part.release()
	}
	for id := range spoke {
		w.app.leave(w, id)
	}
	w.carriages.endAll()
}

// Hello greets a fresh page. What an earlier page in the same window had open
// is closed.
func (w *Window) Hello() (Welcome, error) {
	w.reset()
	return Welcome{
		Device:  w.app.Device().String(),
		Version: Version(),
		Person:  w.app.Person(),
		Spaces:  w.app.Spaces(),
		Offline: w.app.Network().Offline,
		Data:    w.app.locations.Data(),
		Start:   w.app.settings.get().Start,
	}, nil
}

// Unlock does nothing: the device is open. See Lock.
func (w *Window) Unlock(string) error { return nil }

// Guard says what guards the key that everything on this computer is encrypted
// with: keyring, passphrase or file.
func (w *Window) Guard() (string, error) {
	guard, err := w.app.Guard()
	return string(guard), err
}

// SetGuard changes it. current is the passphrase that the key is locked with
// now, next the one to lock it with; each is empty where it does not matter.
func (w *Window) SetGuard(guard, current, next string) error {
	was, will := []byte(current), []byte(next)
	defer clear(was)
	defer clear(will)
	return w.app.SetGuard(w.ctx, vault.Guard(guard), was, will)
}

// SetPerson says who this device belongs to.
func (w *Window) SetPerson(person Person) error { return w.app.SetPerson(w.ctx, person) }

// Spaces lists the spaces of this device.
func (w *Window) Spaces() ([]Space, error) { return w.app.Spaces(), nil }

// CreateSpace founds a space.
func (w *Window) CreateSpace(name string) (Space, error) {
	id, err := w.app.CreateSpace(w.ctx, name)
	if err != nil {
		return Space{}, err
	}
	return w.app.Space(id)
}

// CreateDocument makes a document and gives its ID.
func (w *Window) CreateDocument(spaceID, kind, title string) (string, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return "", err
	}
	document, err := w.app.CreateDocument(w.ctx, id, NewDocument{Kind: kind, Title: title})
	if err != nil {
		return "", err
	}
	return document.String(), nil
}

// Invite makes an invitation.
func (w *Window) Invite(spaceID string, o InviteOptions) (Invitation, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return Invitation{}, err
	}
	role, err := parseRole(o.Role)
	if err != nil {
		return Invitation{}, err
	}
	const tenYears = 10 * 365 * 24
	if o.Hours > tenYears {
		return Invitation{}, newError(CodeInvalid, "An invitation can last ten years at most, or for ever (0).")
	}
	return w.app.Invite(w.ctx, id, role, o.Uses, time.Duration(o.Hours*float64(time.Hour)), Asking(o.Ask))
}

// Invitations lists the invitations of a space.
func (w *Window) Invitations(spaceID string) ([]Invitation, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return nil, err
	}
	return w.app.Invitations(id)
}

// WithdrawInvitation takes an invitation back.
func (w *Window) WithdrawInvitation(spaceID, invitation string) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	key, err := space.ParseInvitationKey(invitation)
	if err != nil {
		return wrapError(CodeNotFound, "There is no such invitation.", err)
	}
	return w.app.Withdraw(w.ctx, id, key)
}

// Join joins the space that a code is for.
func (w *Window) Join(code string) (Space, error) {
	parsed, err := ParseCode(code)
	if err != nil {
		return Space{}, err
	}
	id, err := w.app.Join(w.ctx, parsed)
	if err != nil {
		return Space{}, err
	}
	return w.app.Space(id)
}

// Announce tells the space's connected members where this window is.
func (w *Window) Announce(spaceID, document string, state []byte) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	var at crdt.DocumentID // none: somewhere in the space
	if document != "" {
		if at, err = crdt.ParseDocumentID(document); err != nil {
			return wrapError(CodeNotFound, "There is no such document.", err)
		}
	}
	w.mu.Lock()
	w.spoke[id] = true
	w.mu.Unlock()
	return w.app.announce(w, id, at, state)
}

// Here tells where other windows are: those of other devices, and the others of
// this one.
func (w *Window) Here(spaceID string) ([]Here, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return nil, err
	}
	return w.app.hereBesides(id, w)
}

// Company says whether any other window, of this device or of another, has a
// document open.
func (w *Window) Company(spaceID, document string) (bool, error) {
	ref, err := parseRef(spaceID, document, space.Body.String())
	if err != nil {
		return false, err
	}
	together, _ := w.lookAround(openDocument{ref.Space, ref.Document})
	return together, nil
}

// Notices are what people of this device should know and nobody has dismissed,
// newest first.
func (w *Window) Notices() ([]Notice, error) { return w.app.Notices(), nil }

// Ready says, after EventClosing, that what was typed has been handed in.
func (w *Window) Ready() error {
	select {
	case w.finished <- struct{}{}:
	default:
	}
	return nil
}

// FinishPage lets a window's page hand in what was typed a moment ago, before
// the host takes it away. It returns when the page has done so, or has said
// nothing for as long as patience.
func FinishPage(w *Window, patience time.Duration) {
	select {
	case <-w.finished: // said without being asked
	default:
	}
	w.emit(Event{Name: EventClosing, Data: NoData{}})
	select {
	case <-w.finished:
	case <-w.ctx.Done():
	case <-time.After(patience):
	}
}

// DismissNotice forgets a notice, for all windows of this device. One that is
// gone already is no error.
func (w *Window) DismissNotice(id string) error {
	w.app.DismissNotice(id)
	return nil
}

// Status tells who has the latest of a document.
func (w *Window) Status(spaceID, document string) (Status, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return Status{}, err
	}
	parsed, err := crdt.ParseDocumentID(document)
	if err != nil {
		return Status{}, wrapError(CodeNotFound, "There is no such document.", err)
	}
	return w.app.DocumentStatus(id, parsed)
}

// Seen tells of each document of a space how many people have the latest of it.
func (w *Window) Seen(spaceID string) ([]DocumentSeen, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return nil, err
	}
	return w.app.Seen(id)
}

// CatchingUp tells how far it is to get what a space holds from somebody.
func (w *Window) CatchingUp(spaceID string) (CatchingUp, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return CatchingUp{}, err
	}
	return w.app.CatchingUp(id)
}

// SetFrugal uses the network sparingly, or takes that back.
func (w *Window) SetFrugal(frugal bool) error { return w.app.SetFrugal(frugal) }

// SetHelping says whether this device helps fellow members to find each other.
func (w *Window) SetHelping(on bool) error { return w.app.SetHelping(on) }

// SetBootstrap says which computers are asked for members of spaces that are
// looked for widely.
func (w *Window) SetBootstrap(addresses []string) error { return w.app.SetBootstrap(addresses) }

// Network tells who is connected, and how.
func (w *Window) Network() (Network, error) { return w.app.Network(), nil }

// Connect connects to a device at an address.
func (w *Window) Connect(address string) error { return w.app.Connect(w.ctx, address) }

// Connections tells how each connected device is reached.
func (w *Window) Connections() ([]Connection, error) { return w.app.Connections(), nil }

// TestConnection tries whatever there is to reach others by, and says what works.
func (w *Window) TestConnection() (ConnectionTest, error) { return w.app.TestConnection(w.ctx) }

// SetOffline ends all connections and makes no new ones, or undoes that.
func (w *Window) SetOffline(offline bool) error { return w.app.SetOffline(offline) }

func parseSpace(text string) (space.ID, error) {
	id, err := space.ParseID(text)
	if err != nil {
		return space.ID{}, wrapError(CodeNotFound, "There is no such space.", err)
	}
	return id, nil
}

func parseRole(text string) (space.Role, error) {
	role, err := space.ParseRole(text)
	if err != nil {
		return 0, wrapError(CodeInvalid, fmt.Sprintf(
			"There is no role called %q. It is facilitator, editor, annotator, reader or keeper.", text), err)
	}
	return role, nil
}

func parseRef(spaceID, document, part string) (crdt.Ref, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return crdt.Ref{}, err
	}
	parsedDocument, err := crdt.ParseDocumentID(document)
	if err != nil {
		return crdt.Ref{}, wrapError(CodeNotFound, "There is no such document.", err)
	}
	parsedPart, err := space.ParsePart(part)
	if err != nil {
		return crdt.Ref{}, wrapError(CodeInvalid, "A document has a body and annotations, and no other part.", err)
	}
	return crdt.Ref{Space: id, Document: parsedDocument, Part: parsedPart}, nil
}

// statusPause is how long who-has-what may lag behind: it changes with every
// keystroke, and nobody reads that fast.
const statusPause = 200 * time.Millisecond

// pumpNews tells the window what has changed besides documents.
func (w *Window) pumpNews(seen map[topic]uint64) {
	status, catching := make(map[space.ID]bool), make(map[space.ID]bool)
	var pause <-chan time.Time
	for {
		fresh, rung := w.app.news.since(seen)
		for _, t := range fresh {
			switch t.event {
			case EventStatus:
				status[t.space] = true
				if pause == nil {
					pause = time.After(statusPause)
				}
			case EventCatching:
				catching[t.space] = true
				if pause == nil {
					pause = time.After(statusPause)
				}
			case EventHere:
				w.emit(Event{Name: EventHere, Data: SpaceData{Space: t.space.String()}})
				w.tellCompany(t.space)
			case EventCompany:
				w.tellCompany(t.space)
			case EventRoom:
				w.emit(Event{Name: EventRoom, Data: SpaceData{Space: t.space.String()}})
			default:
				w.emit(Event{Name: t.event, Data: NoData{}})
			}
		}
		select {
		case <-w.ctx.Done():
			return
		case <-rung:
		case <-pause:
			pause = nil
			for _, id := range slices.Collect(maps.Keys(status)) {
				w.emit(Event{Name: EventStatus, Data: SpaceData{Space: id.String()}})
			}
			for _, id := range slices.Collect(maps.Keys(catching)) {
				w.emit(Event{Name: EventCatching, Data: SpaceData{Space: id.String()}})
			}
			clear(status)
			clear(catching)
		}
	}
}
