package app

import (
	"context"
	"errors"
	"time"

	"parley/crdt"
)

// A window is told of what others wrote once the child has read it without
// harm: until then it might end the page that reads it. Each open part has a
// follower that waits for this, so that a document that takes long holds up no
// other.

// follower is what it has to know of an open part.
type follower struct {
	moved chan struct{} // capacity 1: there is something to look at
	stop  chan struct{} // closed when the window has the part open no more
}

func newFollower() follower {
	return follower{moved: make(chan struct{}, 1), stop: make(chan struct{})}
}

// ring tells the follower that the part has moved.
func (f follower) ring() {
	select {
	case f.moved <- struct{}{}:
	default:
	}
}

// A part that could not be vetted is tried again after a while that grows from
// one to the other.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// follow has the store vet a part whenever it has moved, and then the window
// told, until the part is closed or ctx ends.
func (w *Window) follow(ctx context.Context, ref crdt.Ref, opened *openPart) {
	retry := firstRetry
	var again <-chan time.Time
	for {
		select {
		case <-opened.follower.moved:
		case <-again:
		case <-opened.follower.stop:
			return
		case <-ctx.Done():
			return
		}
		again = nil
		through, err := w.app.store.Vetted(ctx, ref)
		switch {
		case err == nil:
			retry = firstRetry
		case ctx.Err() != nil || errors.Is(err, crdt.ErrClosed):
			return
		case harmful(err):
			// It will be so until the part moves.
			w.app.log.Error("what others wrote cannot be shown", "ref", ref, "err", err)
		default:
			w.app.log.Warn("what others wrote could not be looked at, trying again", "ref", ref, "in", retry, "err", err)
			again, retry = time.After(retry), min(2*retry, lastRetry)
		}
		w.mu.Lock()
		news := w.parts[ref] == opened && through > opened.told
		if news {
			opened.told = through
			w.ready[ref] = through
		}
		w.mu.Unlock()
		if !news {
			continue
		}
		select {
		case w.readied <- struct{}{}:
		default:
		}
	}
}

// pumpReady tells the window which of its open parts have more to show.
func (w *Window) pumpReady() {
	for {
		select {
		case <-w.readied:
		case <-w.ctx.Done():
			return
		}
		w.mu.Lock()
		ready := w.ready
		w.ready = make(map[crdt.Ref]uint64)
		w.mu.Unlock()
		for ref, position := range ready {
			w.tellMoved(ref, position)
		}
	}
}

// pumpMoves wakes the followers of open parts that have moved, other than by
// the window's own commits.
func (w *Window) pumpMoves(after uint64) {
	for {
		moves, next, err := w.app.store.Wait(w.ctx, after)
		after = next
		switch {
		case errors.Is(err, crdt.ErrLagged):
			// Too slow to be told what moved: look at everything that is open.
			w.mu.Lock()
			for _, opened := range w.parts {
				opened.follower.ring()
			}
			w.mu.Unlock()
		case err != nil:
			return
		default:
			w.wake(moves)
		}
	}
}

func (w *Window) wake(moves []crdt.Move) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, move := range moves {
		opened, ok := w.parts[move.Ref]
		if ok && move.Actor != opened.actor {
			opened.follower.ring()
		}
	}
}

func (w *Window) tellMoved(ref crdt.Ref, position uint64) {
	w.emit(Event{Name: EventMoved, Data: MovedData{
		Space: ref.Space.String(), Document: ref.Document.String(), Part: ref.Part.String(), Position: position,
	}})
}
