package p2p

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"parley/crdt"
	"parley/space"
)

// A hurry fetches a document that somebody has opened, beside a pull that would
// come to it later, or not at all. Who does not answer for a while does not keep
// the next from being asked, and neither do those who bring next to nothing: where
// as many are asked as may be at once, the slowest makes way, is asked again when
// the others have been, and has twice the time then.
type hurry struct {
	pull func(ctx context.Context, from peer.ID, brought *atomic.Int64) error
	here func() bool // the document is

	left  []hurried // to be asked
	under map[peer.ID]*hurried
	ends  chan hurriedEnd
}

// A hurried is one who is asked for the document.
type hurried struct {
	from    peer.ID
	turn    time.Duration // before it is looked at how much it brings
	begun   time.Time     // that turn
	brought *atomic.Int64 // bytes
	before  int64         // of these, before that turn
	stop    context.CancelFunc
	way     bool // it makes way
}

type hurriedEnd struct {
	from peer.ID
	err  error
}

// hurry fetches a document in the background.
func (r *room) hurry(document crdt.DocumentID) {
	body := crdt.Ref{Space: r.id, Document: document, Part: space.Body}
	notes := crdt.Ref{Space: r.id, Document: document, Part: space.Annotations}
	r.online.do(func() {
		h := &hurry{
			pull: func(ctx context.Context, from peer.ID, brought *atomic.Int64) error {
				err := r.runPull(ctx, from, []crdt.Ref{body, notes}, !r.node.frugal(), brought)
				if err != nil && ctx.Err() == nil {
					r.online.judge(from, "catch-up of an opened document", err)
				}
				return err
			},
			here: func() bool {
				vector, err := r.node.store.Vector(body)
				return err != nil || len(vector) > 0
			},
		}
		h.run(r.ctx, r.online.do, r.online.sharers(r.id))
	})
}

// run asks one after the other, and some at once, until the document is here or
// nobody is left. It ends what it began by do.
func (h *hurry) run(ctx context.Context, do func(func()) bool, peers []peer.ID) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h.under, h.ends = make(map[peer.ID]*hurried), make(chan hurriedEnd, len(peers))
	for _, p := range peers {
		h.left = append(h.left, hurried{from: p, turn: pullSilence})
	}
	for len(h.left) > 0 || len(h.under) > 0 {
		if len(h.left) > 0 && len(h.under) < pullsBeside && !h.ask(ctx, do) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pullSilence):
			if len(h.left) > 0 && len(h.under) == pullsBeside {
				h.makeWay()
			}
		case e := <-h.ends:
			one := h.under[e.from]
			delete(h.under, e.from)
			switch {
			case e.err == nil && h.here():
				return
			case e.err != nil && one.way:
				h.left = append(h.left, hurried{from: one.from, turn: 2 * one.turn})
			}
		}
	}
}

// ask asks the next. It reports false if it is too late.
func (h *hurry) ask(ctx context.Context, do func(func()) bool) bool {
	one := h.left[0]
	h.left = h.left[1:]
	ctx, one.stop = context.WithCancel(ctx)
	one.begun, one.brought = time.Now(), &atomic.Int64{}
	h.under[one.from] = &one
	from, brought, stop := one.from, one.brought, one.stop
	if !do(func() {
		defer stop()
		h.ends <- hurriedEnd{from, h.pull(ctx, from, brought)}
	}) {
		stop()
		return false
	}
	return true
}

// makeWay ends what brings the least, if it has had its turn and brought so little
// in it that a stream would count as stuck.
func (h *hurry) makeWay() {
	var slow *hurried
	var least int64
	for _, one := range h.under {
		took := time.Since(one.begun)
		if one.way || took < one.turn {
			continue
		}
		all := one.brought.Load()
		got := all - one.before
		if got >= int64(took.Seconds()*slowest) {
			one.begun, one.before = time.Now(), all
			continue
		}
		if slow == nil || got < least {
			slow, least = one, got
		}
	}
	if slow != nil {
		slow.way = true
		slow.stop()
	}
}
