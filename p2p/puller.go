package p2p

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"parley/crdt"
	"parley/space"
)

const (
	gossipGrace = time.Second // for the gossip of what a have names to arrive
	maxSuspects = 4096
	maxFutile   = 4096
	maxWaiting  = 4096 // parts to ask one peer for; beyond these, for everything
	postponed   = 10 * time.Minute
	maxFailures = 5               // pulls from one peer that fail in a row before we wait for news
	pullPause   = 2 * time.Second // before the next try, and longer each time

	pullSilence = 5 * time.Second  // of whoever is pulled from, and the next pull begins beside it;
	pullLong    = time.Minute      // so it does when one goes on for so long
	pullsBeside = 4                // of one room at once
	pullUseless = 5 * time.Minute  // without anything new, and it makes way where so many are under way,
	pullTurn    = 15 * time.Minute // as it does after so long whatever it brings, and goes on later
)

// A pullRequest asks for some parts from a peer; without parts, for everything
// that differs.
type pullRequest struct {
	from peer.ID
	refs []crdt.Ref
}

// A puller runs the pulls of one room, one after the other: what one brings,
// the next need not. Only beside one that stands still or has no end the next
// begins: nobody must keep us from the others by not answering.
type puller struct {
	room *room
	wake chan struct{} // holds at most one: something is due

	mu       sync.Mutex
	order    []peer.ID
	waiting  map[peer.ID]map[crdt.Ref]bool // nil: everything
	suspects map[crdt.Ref]suspect
	futility map[futileKey]futility
	failures map[peer.ID]int // in a row
	logs     map[space.DeviceID]parting
}

// A parting is two logs that differ: ours and theirs, by their digests.
type parting [2][32]byte

// A suspect is a part of which somebody said to have more than we.
type suspect struct {
	due    time.Time
	author peer.ID
	from   peer.ID
	vector crdt.Vector
	digest shortDigest // as they said last
}

type futileKey struct {
	peer peer.ID
	ref  crdt.Ref
}

// A futility is a version of a part that brings us nothing.
type futility struct {
	version shortDigest
	until   time.Time // zero: until it is another version
}

func newPuller(r *room) *puller {
	return &puller{
		room: r, wake: make(chan struct{}, 1),
		waiting:  make(map[peer.ID]map[crdt.Ref]bool),
		suspects: make(map[crdt.Ref]suspect),
		futility: make(map[futileKey]futility),
		failures: make(map[peer.ID]int),
		logs:     make(map[space.DeviceID]parting),
	}
}

// pull asks for a pull soon.
func (r *room) pull(request pullRequest) {
	p := r.puller
	p.mu.Lock()
	refs, queued := p.waiting[request.from]
	switch {
	case !queued:
		p.order = append(p.order, request.from)
		if len(request.refs) > 0 {
			refs = make(map[crdt.Ref]bool)
		}
	case len(request.refs) == 0:
		refs = nil
	}
	if refs != nil {
		for _, ref := range request.refs {
			refs[ref] = true
		}
		if len(refs) > maxWaiting {
			refs = nil // somebody says to have very much, and is asked for what they do
		}
	}
	p.waiting[request.from] = refs
	p.mu.Unlock()
	p.stir()
}

func (p *puller) stir() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// heardHave compares what somebody holds with what we hold, and looks again
// when the gossip under way has had time to arrive.
func (r *room) heardHave(from peer.ID, author space.DeviceID, m *haveMessage) {
	p := r.puller
	stirred := false
	if len(m.Parts) == 0 && m.Digest != r.node.store.Digest(r.id) || p.parted(author, m.Log) {
		// It greets us: what was gossiped before that, we may have missed.
		r.pull(pullRequest{from: r.online.nearer(r.id, peerOf(author), from)})
	}
	for _, part := range m.Parts {
		ref, vector := part.ref(r.id), part.Vector.vector()
		r.node.standing.has(author, ref, vector)
		if r.covers(ref, vector, part.Digest) {
			continue
		}
		p.mu.Lock()
		s, ok := p.suspects[ref]
		if !ok {
			s = suspect{due: r.node.now().Add(gossipGrace), vector: make(crdt.Vector)}
		}
		s.author, s.from = peerOf(author), from
		s.vector.Merge(vector)
		s.digest = part.Digest
		if ok || len(p.suspects) < maxSuspects {
			p.suspects[ref] = s
			stirred = true
		}
		p.mu.Unlock()
	}
	if stirred {
		p.stir()
	}
	r.node.standing.equal(r.id, author, m.Digest)
}

// parted reports whether somebody's log is another one than ours, once for each
// two: where one holds what the other has no room for, asking again does not help.
func (p *puller) parted(device space.DeviceID, theirs [32]byte) bool {
	log, ok := p.room.node.store.Log(p.room.id)
	if !ok {
		return false
	}
	now := parting{log.Digest(), theirs}
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.logs[device]
	p.logs[device] = now
	return now[0] != now[1] && now != before
}

// covers reports whether we hold at least this much of a part. By the numbers
// alone somebody may hold as much as we, and something else.
func (r *room) covers(ref crdt.Ref, vector crdt.Vector, digest shortDigest) bool {
	tips, err := r.node.store.Tips(ref)
	if err != nil {
		r.log.Error("What is held of a part cannot be read", "part", ref, "error", err)
		return true // asking for more would not help
	}
	ours := tips.Vector()
	return tips.Digest == digest || ours.Covers(vector) && ours.Missing(vector) > 0
}

// An underWay is a pull under way.
type underWay struct {
	begun time.Time
	stop  context.CancelFunc
	over  bool // its turn is: what is left waits like the others
}

func (p *puller) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	type end struct {
		request pullRequest
		err     error
	}
	ends := make(chan end, pullsBeside)
	under := make(map[peer.ID]underWay) // who is pulled from
	for {
		p.accuse()
		wait := p.untilTurn(under)
		if wait == 0 {
			if request, ok := p.next(under); ok {
				ctx, stop := context.WithCancel(p.room.ctx)
				under[request.from] = underWay{begun: time.Now(), stop: stop}
				if !p.room.online.do(func() {
					defer stop()
					ends <- end{request, p.room.pullFrom(ctx, request.from, request.refs)}
				}) {
					stop()
					return
				}
				continue
			}
			wait = time.Hour
		}
		timer.Reset(min(wait, p.untilDue()))
		select {
		case <-p.room.ctx.Done():
			return
		case <-p.wake:
		case <-timer.C:
		case e := <-ends:
			if p.room.ctx.Err() != nil {
				return
			}
			over := under[e.request.from].over
			delete(under, e.request.from)
			if over && e.err != nil && !errors.Is(e.err, errNonsense) {
				p.room.pull(e.request)
				continue
			}
			p.ended(e.request, e.err)
		}
	}
}

// untilTurn is how long the next pull has to wait for those under way.
func (p *puller) untilTurn(under map[peer.ID]underWay) (wait time.Duration) {
	if len(under) == pullsBeside {
		return p.makeWay(under)
	}
	for from, one := range under {
		begun, last := one.begun, p.room.pulls.heard(from)
		if last.Before(begun) {
			last = begun
		}
		wait = max(wait, min(time.Until(last.Add(pullSilence)), time.Until(begun.Add(pullLong))))
	}
	return wait
}

// makeWay ends a pull if somebody waits whom it keeps from being pulled from:
// the one that has brought nothing new for longest, once that is long, or one
// that had its turn, since whoever brings a little now and then brings something
// new. It returns when to look again.
func (p *puller) makeWay(under map[peer.ID]underWay) (wait time.Duration) {
	p.mu.Lock()
	waits := slices.ContainsFunc(p.order, func(from peer.ID) bool { return under[from].begun.IsZero() })
	p.mu.Unlock()
	if !waits {
		return time.Hour // or until somebody does
	}
	var first peer.ID
	var due time.Time
	for from, one := range under {
		last := p.room.pulls.gained(from)
		if last.Before(one.begun) {
			last = one.begun
		}
		end, over := last.Add(pullUseless), one.begun.Add(pullTurn)
		if over.Before(end) {
			end = over
		}
		if first == "" || end.Before(due) {
			first, due = from, end
		}
	}
	if wait = time.Until(due); wait > 0 {
		return wait
	}
	one := under[first]
	one.over = time.Since(one.begun) >= pullTurn
	under[first] = one
	p.room.log.Debug("A pull makes way for others", "peer", first, "after", time.Since(one.begun))
	one.stop()
	return pullSilence // by then it has ended
}

// ended sees to a pull that failed: while the peer is there, it is tried again
// a few times.
func (p *puller) ended(request pullRequest, err error) {
	p.mu.Lock()
	if err == nil || errors.Is(err, errNonsense) {
		delete(p.failures, request.from)
	} else {
		p.failures[request.from]++
	}
	failures := p.failures[request.from]
	if failures > maxFailures {
		delete(p.failures, request.from)
	}
	p.mu.Unlock()
	if err == nil {
		return
	}
	p.room.online.judge(request.from, "catch-up", err)
	if failures == 0 || failures > maxFailures {
		return
	}
	p.room.online.do(func() {
		if pause(p.room.ctx, jittered(time.Duration(failures)*pullPause)) && p.room.online.sharesWith(p.room.id, request.from) {
			p.room.pull(request)
		}
	})
}

// next is the first request that waits, but from those who are asked already.
func (p *puller) next(under map[peer.ID]underWay) (pullRequest, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.order, func(from peer.ID) bool { return under[from].begun.IsZero() })
	if i < 0 {
		return pullRequest{}, false
	}
	request := pullRequest{from: p.order[i]}
	for ref := range p.waiting[request.from] {
		request.refs = append(request.refs, ref)
	}
	delete(p.waiting, request.from)
	p.order = slices.Delete(p.order, i, i+1)
	return request, true
}

func (p *puller) untilDue() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := time.Hour
	now := p.room.node.now()
	for _, s := range p.suspects {
		wait = min(wait, max(s.due.Sub(now), 0))
	}
	return wait
}

// accuse turns suspects that are due, and still ahead of us, into requests.
func (p *puller) accuse() {
	now := p.room.node.now()
	due := make(map[crdt.Ref]suspect)
	p.mu.Lock()
	for ref, s := range p.suspects {
		if !now.Before(s.due) {
			due[ref] = s
			delete(p.suspects, ref)
		}
	}
	p.mu.Unlock()
	if len(due) == 0 {
		return
	}
	for ref, s := range due {
		from := p.room.online.nearer(p.room.id, s.author, s.from)
		if p.room.covers(ref, s.vector, s.digest) || p.futile(from, ref, s.digest) || p.room.unwanted(ref) {
			continue
		}
		p.room.pull(pullRequest{from: from, refs: []crdt.Ref{ref}})
	}
}

// unwanted reports whether a part can wait while the network is used sparingly.
func (r *room) unwanted(ref crdt.Ref) bool {
	return r.node.frugal() && ref.Document != crdt.IndexID(r.id) && !r.node.isOpen(r.id, ref.Document)
}

// giveUp remembers that a peer's version of a part brings us nothing: what it
// has more is refused here.
func (p *puller) giveUp(from peer.ID, ref crdt.Ref, theirs shortDigest) {
	p.avoid(futileKey{from, ref}, futility{version: theirs})
}

// postpone remembers for a while that a part could not be taken in: this
// machine may be too busy or too small for it. Meanwhile it keeps no other part
// waiting, whatever more is written in it.
func (p *puller) postpone(from peer.ID, ref crdt.Ref) {
	p.avoid(futileKey{from, ref}, futility{until: p.room.node.now().Add(postponed)})
}

func (p *puller) avoid(key futileKey, f futility) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.futility) >= maxFutile {
		clear(p.futility)
	}
	p.futility[key] = f
}

// reconsider forgets all that: rights have changed.
func (p *puller) reconsider() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.futility)
}

func (p *puller) futile(from peer.ID, ref crdt.Ref, theirs shortDigest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.futility[futileKey{from, ref}]
	if !ok || known.until.IsZero() {
		return ok && known.version == theirs
	}
	return p.room.node.now().Before(known.until)
}
