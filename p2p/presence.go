package p2p

import (
	"slices"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"golang.org/x/time/rate"

	"parley/crdt"
	"parley/space"
)

const (
	presenceRefresh = 5 * time.Second
	presenceLife    = 15 * time.Second
	presenceRate    = 20 // a second, from one device
	frugalPresence  = 1  // a second, while the network is used sparingly
	presenceBurst   = 40
)

// Presence is where somebody is in a space just now. It is never stored.
type Presence struct {
	Document crdt.DocumentID // zero: in no document
	Part     space.Part
	State    []byte // opaque; at most 2 KiB
}

// Here is the presence of another member.
type Here struct {
	Device space.DeviceID
	Presence
	At time.Time // when it was heard last, by our clock
}

// presences are the last presence of each device in each space.
type presences struct {
	now     func() time.Time
	changed func(space.ID)

	mu     sync.Mutex
	spaces map[space.ID]map[space.DeviceID]*heard
}

// A heard outlives the presence itself, so that an old message that comes
// again is known for old.
type heard struct {
	here    Here
	counter uint64
	gone    bool
	tokens  *rate.Limiter
}

func newPresences(now func() time.Time, changed func(space.ID)) *presences {
	return &presences{now: now, changed: changed, spaces: make(map[space.ID]map[space.DeviceID]*heard)}
}

// hear takes a message of a member, and decides whether others should. It
// reports whether the author says more than they may.
func (p *presences) hear(id space.ID, author space.DeviceID, m *presenceMessage) (verdict pubsub.ValidationResult, tooMuch bool) {
	now := p.now()
	p.mu.Lock()
	devices := p.spaces[id]
	if devices == nil {
		devices = make(map[space.DeviceID]*heard)
		p.spaces[id] = devices
	}
	h := devices[author]
	if h == nil {
		h = &heard{gone: true, tokens: rate.NewLimiter(presenceRate, presenceBurst)}
		devices[author] = h
	}
	if m.Counter <= h.counter {
		p.mu.Unlock()
		return pubsub.ValidationIgnore, false
	}
	if !h.tokens.AllowN(now, 1) {
		p.mu.Unlock()
		return pubsub.ValidationIgnore, true
	}
	next := Here{Device: author, At: now, Presence: Presence{Part: m.Part, State: m.State}}
	copy(next.Document[:], m.Document)
	left := len(m.Document) == 0 && len(m.State) == 0
	moved := h.gone != left || h.here.Document != next.Document || h.here.Part != next.Part || !slices.Equal(h.here.State, next.State)
	h.here, h.counter, h.gone = next, m.Counter, left
	p.mu.Unlock()
	if moved {
		p.changed(id)
	}
	return pubsub.ValidationAccept, false
}

// forget is for a device that has disconnected or is no member any more.
func (p *presences) forget(id space.ID, device space.DeviceID) {
	p.mu.Lock()
	h := p.spaces[id][device]
	was := h != nil && !h.gone
	if was {
		h.gone = true
		h.here = Here{}
	}
	p.mu.Unlock()
	if was {
		p.changed(id)
	}
}

// expire forgets what was not refreshed.
func (p *presences) expire(id space.ID) {
	limit := p.now().Add(-presenceLife)
	p.mu.Lock()
	expired := false
	for _, h := range p.spaces[id] {
		if !h.gone && h.here.At.Before(limit) {
			h.gone, h.here, expired = true, Here{}, true
		}
	}
	p.mu.Unlock()
	if expired {
		p.changed(id)
	}
}

func (p *presences) forgetAll() {
	p.mu.Lock()
	var changed []space.ID
	for id, devices := range p.spaces {
		for _, h := range devices {
			if !h.gone {
				h.gone, h.here = true, Here{}
				changed = append(changed, id)
			}
		}
	}
	p.mu.Unlock()
	for _, id := range slices.Compact(changed) {
		p.changed(id)
	}
}

func (p *presences) list(id space.ID) []Here {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []Here
	for _, h := range p.spaces[id] {
		if !h.gone {
			list = append(list, h.here)
		}
	}
	slices.SortFunc(list, func(a, b Here) int { return slices.Compare(a.Device[:], b.Device[:]) })
	return list
}

// A herald announces our own presence in one room.
type herald struct {
	room    *room
	wake    chan struct{} // holds at most one: there is something to announce
	counter uint64
	tokens  *rate.Limiter
}

func newHerald(r *room) *herald {
	return &herald{
		room: r, wake: make(chan struct{}, 1),
		counter: uint64(r.node.now().UnixMicro()),
		tokens:  rate.NewLimiter(presenceRate, presenceBurst/2), // less than others would drop
	}
}

// announceAgain sends our presence soon: it has changed, or somebody came.
func (r *room) announceAgain() {
	select {
	case r.presence.wake <- struct{}{}:
	default:
	}
}

// watchArrivals announces to those who have just come, who cannot have heard.
func (h *herald) watchArrivals() {
	events, err := h.room.topic.EventHandler()
	if err != nil {
		return // the room is closing
	}
	defer events.Cancel()
	for {
		event, err := events.NextPeerEvent(h.room.ctx)
		if err != nil {
			return
		}
		if event.Type == pubsub.PeerJoin {
			h.room.announceAgain()
			h.room.teller.greet()
		}
	}
}

func (h *herald) run() {
	ticker := time.NewTicker(presenceRefresh)
	defer ticker.Stop()
	skip := false
	for {
		select {
		case <-h.room.ctx.Done():
			return
		case <-ticker.C:
			h.room.node.presence.expire(h.room.id)
			h.room.host.revive()
			// Every other time is enough to be remembered.
			if skip = !skip && h.room.node.frugal(); skip {
				continue
			}
		case <-h.wake:
		}
		if h.room.node.frugal() {
			h.tokens.SetLimit(frugalPresence)
		} else {
			h.tokens.SetLimit(presenceRate)
		}
		if err := h.tokens.Wait(h.room.ctx); err != nil {
			return
		}
		h.announce()
	}
}

func (h *herald) announce() {
	own, ok := h.room.node.own.take(h.room.id)
	if !ok || len(h.room.online.sharers(h.room.id)) == 0 {
		return
	}
	h.counter++
	m := &presenceMessage{Counter: h.counter, Part: own.Part, State: own.State}
	if own.Document != (crdt.DocumentID{}) {
		m.Document = own.Document[:]
	}
	if err := h.room.state(m); err != nil && h.room.ctx.Err() == nil {
		h.room.log.Debug("Presence was not announced", "error", err)
	}
}

// ownPresences are where we are ourselves, as the window last said.
type ownPresences struct {
	mu     sync.Mutex
	spaces map[space.ID]Presence
}

func (o *ownPresences) set(id space.ID, p Presence) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.spaces == nil {
		o.spaces = make(map[space.ID]Presence)
	}
	o.spaces[id] = p
}

// take returns what is to be announced. That we have left is said once.
func (o *ownPresences) take(id space.ID) (Presence, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, ok := o.spaces[id]
	if ok && p.Document == (crdt.DocumentID{}) && len(p.State) == 0 {
		delete(o.spaces, id)
	}
	return p, ok
}
