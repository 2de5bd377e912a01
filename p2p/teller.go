package p2p

import (
	"sync"
	"time"

	"parley/crdt"
)

const haveDelay = 500 * time.Millisecond

// A teller says in one room what this device holds durably, some time after it
// moved: the haves by which others notice that they lack something, and know
// that we do not.
type teller struct {
	room    *room
	wake    chan struct{} // holds at most one
	counter uint64

	mu     sync.Mutex
	dirty  map[crdt.Ref]bool
	greets bool // somebody came, or was told entries, who may have missed what was gossiped
}

func newTeller(r *room) *teller {
	return &teller{
		room: r, wake: make(chan struct{}, 1), dirty: make(map[crdt.Ref]bool),
		counter: uint64(r.node.now().UnixMicro()),
	}
}

func (t *teller) moved(ref crdt.Ref) {
	t.mu.Lock()
	first := len(t.dirty) == 0
	t.dirty[ref] = true
	t.mu.Unlock()
	if first {
		t.stir()
	}
}

// greet says what we hold even if no document moved.
func (t *teller) greet() {
	t.mu.Lock()
	t.greets = true
	t.mu.Unlock()
	t.stir()
}

func (t *teller) stir() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *teller) run() {
	for {
		select {
		case <-t.room.ctx.Done():
			return
		case <-t.wake:
		}
		for more := true; more; {
			if !pause(t.room.ctx, haveDelay) {
				return
			}
			more = t.tell()
		}
	}
}

// tell sends one have, and reports whether there is more to say.
func (t *teller) tell() (more bool) {
	m, more := t.collect()
	if m == nil || len(t.room.online.sharers(t.room.id)) == 0 {
		return more // whoever comes will pull
	}
	log, ok := t.room.node.store.Log(t.room.id)
	if !ok {
		return false
	}
	t.counter++
	m.Counter, m.Digest, m.Log = t.counter, t.room.node.store.Digest(t.room.id), log.Digest()
	if err := t.room.state(m); err != nil && t.room.ctx.Err() == nil {
		t.room.log.Warn("What we hold was not told", "error", err)
	}
	return more
}

// collect is what there is to say; nil if there is nothing.
func (t *teller) collect() (m *haveMessage, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.dirty) == 0 && !t.greets {
		return nil, false
	}
	t.greets = false
	m = &haveMessage{}
	size := 0
	for ref := range t.dirty {
		held, err := t.room.node.store.Tips(ref)
		if err != nil {
			t.room.log.Error("What is held of a part cannot be read", "part", ref, "error", err)
		}
		vector := toWire(held.Vector())
		size += 48 + len(vector)*40
		if len(m.Parts) == maxHaves || len(m.Parts) > 0 && size > gossipContent {
			return m, true
		}
		delete(t.dirty, ref)
		// Where nothing counts, others may still lack what is set aside.
		if held.Digest != (shortDigest{}) && len(vector)*40 <= gossipContent {
			m.Parts = append(m.Parts, partVector{Document: ref.Document, Part: ref.Part, Vector: vector, Digest: held.Digest})
		}
	}
	return m, false
}
