package app

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"parley/crdt"
	"parley/p2p"
	"parley/space"
)

// maxState is the limit of docs/protocol.md on a presence.
const maxState = 2 << 10

// places are where the windows of this device are. Others see a device in one
// place at a time: where one of its windows has moved last, of those that are
// still there.
type places struct {
	mu sync.Mutex
	at map[space.ID][]place // the one that moved last at the end
}

type place struct {
	window *Window
	p2p.Presence
	since time.Time
}

// enter notes where a window is now.
func (p *places) enter(id space.ID, w *Window, at p2p.Presence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil {
		p.at = make(map[space.ID][]place)
	}
	p.at[id] = append(p.without(id, w), place{w, at, now()})
}

// leave forgets a window, and says where the device is seen after that.
func (p *places) leave(id space.ID, w *Window) p2p.Presence {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := p.without(id, w)
	if len(left) == 0 {
		delete(p.at, id)
		return p2p.Presence{}
	}
	p.at[id] = left
	return left[len(left)-1].Presence
}

// besides are the places of all windows but one.
func (p *places) besides(id space.ID, w *Window) []place {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.without(id, w)
}

func (p *places) without(id space.ID, w *Window) []place {
	return slices.DeleteFunc(slices.Clone(p.at[id]), func(other place) bool { return other.window == w })
}

// announce tells the space's connected members where a window of this device
// is. The zero document says that it is in none.
func (a *App) announce(w *Window, id space.ID, document crdt.DocumentID, state []byte) error {
	if _, err := a.spaceLog(id); err != nil {
		return err
	}
	if len(state) > maxState {
		return newError(CodeTooLarge, fmt.Sprintf("What a window says of where it is has %d bytes at most.", maxState))
	}
	at := p2p.Presence{Document: document, Part: space.Body, State: state}
	a.places.enter(id, w, at)
	a.ringOthers(id)
	return a.node.Announce(id, at)
}

// leave says that a window that was in a space is gone from there.
func (a *App) leave(w *Window, id space.ID) {
	err := a.node.Announce(id, a.places.leave(id, w))
	a.ringOthers(id)
	if err != nil {
		a.log.Debug("leave space", "space", id, "err", err)
	}
}

// ringOthers tells this device's windows that one of them has moved. The only
// one need not hear of itself, with every key.
func (a *App) ringOthers(id space.ID) {
	if a.windows.Load() > 1 {
		a.news.ring(topic{event: EventHere, space: id})
	}
}

// Here tells where the windows of other devices are in a space.
func (a *App) Here(id space.ID) ([]Here, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return nil, err
	}
	here := []Here{}
	for _, h := range a.node.Here(id) {
		member, ok := log.Member(h.Device)
		if !ok {
			continue
		}
		seen := Here{Device: h.Device.String(), Name: member.Person.Name, State: h.State, At: h.At}
		if h.Document != (crdt.DocumentID{}) {
			seen.Document = h.Document.String()
		}
		if seen.State == nil {
			seen.State = []byte{}
		}
		here = append(here, seen)
	}
	return here, nil
}

// hereBesides is Here for one window: it also tells where the other windows of
// this device are.
func (a *App) hereBesides(id space.ID, w *Window) ([]Here, error) {
	here, err := a.Here(id)
	if err != nil {
		return nil, err
	}
	for _, own := range a.places.besides(id, w) {
		if own.Document == (crdt.DocumentID{}) {
			continue
		}
		seen := Here{
			Device: a.Device().String(), Name: a.nameIn(id, a.Device()), Document: own.Document.String(),
			State: own.State, At: own.since,
		}
		if seen.State == nil {
			seen.State = []byte{}
		}
		here = append(here, seen)
	}
	return here, nil
}
