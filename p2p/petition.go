package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"parley/space"
)

const (
	knockFirst = 20 * time.Second // before everybody is asked again, and longer each time
	knockMost  = 10 * time.Minute
	knockPause = time.Second // between two knocks at one door
)

// KeepKnocking asks again about an application that Join left with ErrWaiting:
// a device as soon as it connects or shows that it has news, and everybody at
// once, after 20 seconds, and then ever more rarely, while the node is online.
// When the answer has come, settled is called once, from a goroutine of the
// node: with nil if this device is a member now, durably, or else with
// ErrDeclined, space.ErrExpired, space.ErrUsedUp, space.ErrWithdrawn,
// space.ErrRemoved or space.ErrRevoked. It is not begun after stop was called, nor after Close. Nothing is kept over a
// restart: the caller does that, and begins again.
func (n *Node) KeepKnocking(code space.Code, person space.Person, label string, settled func(error)) (stop func(), err error) {
	application, err := space.ApplyAs(n.key, code, person, label)
	if err != nil {
		return nil, fmt.Errorf("keep knocking: %w", err)
	}
	ctx, cancel := context.WithCancel(n.ctx)
	p := &petition{
		node: n, code: code, application: application,
		wake: make(chan struct{}, 1), everybody: time.Now(),
		due: make(map[peer.ID]time.Time), asked: make(map[peer.ID]time.Time), waiting: make(map[peer.ID]bool),
	}
	var over atomic.Bool // answered or stopped, whichever was first
	if !n.petitions.begin(p, func() {
		defer cancel()
		if answer, ok := p.run(ctx); ok && !over.Swap(true) {
			settled(answer)
		}
	}) {
		cancel()
		return func() {}, nil
	}
	return func() { over.Store(true); cancel() }, nil
}

// petitions are the applications for which this device keeps knocking.
type petitions struct {
	mu     sync.Mutex
	closed bool
	tasks  sync.WaitGroup
	open   map[*petition]bool
}

// begin runs a petition's task, and reports false if it is too late.
func (s *petitions) begin(p *petition, task func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.open == nil {
		s.open = make(map[*petition]bool)
	}
	s.open[p] = true
	s.tasks.Go(func() {
		task()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, p)
	})
	return true
}

// close waits until no petition runs. Their contexts have ended.
func (s *petitions) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.tasks.Wait()
}

func (s *petitions) each(do func(*petition)) {
	s.mu.Lock()
	open := make([]*petition, 0, len(s.open))
	for p := range s.open {
		open = append(open, p)
	}
	s.mu.Unlock()
	for _, p := range open {
		do(p)
	}
}

// met is told of devices that have connected.
func (s *petitions) met(device peer.ID) {
	s.each(func(p *petition) { p.met(device) })
}

// greeted is told of devices that have said hello, and whether they name a
// space: such a one has let us in meanwhile. One that told us to wait says hello
// again when it has an answer.
func (s *petitions) greeted(device peer.ID, names func(space.ID) bool) {
	s.each(func(p *petition) { p.greeted(device, names(p.code.Space)) })
}

// online is told that the network was switched on.
func (s *petitions) online() {
	s.each((*petition).again)
}

// A petition is one application that has not been answered.
type petition struct {
	node        *Node
	code        space.Code
	application []byte
	wake        chan struct{} // holds at most one: something is due earlier

	mu        sync.Mutex
	everybody time.Time             // when to ask all there are
	due       map[peer.ID]time.Time // when to ask one device
	asked     map[peer.ID]time.Time
	waiting   map[peer.ID]bool // told us to wait
}

// run knocks until there is an answer, or reports false when ctx ends.
func (p *petition) run(ctx context.Context) (answer error, ok bool) {
	for wait := knockFirst; ; {
		if !p.pause(ctx) {
			return nil, false
		}
		doors, all := p.take(time.Now(), wait)
		for _, door := range doors {
			if o := p.node.current(); o != nil {
				// What one device says about an end of time or uses, others who
				// have seen the application may know better.
				err := p.knockAt(ctx, o, peer.AddrInfo{ID: door})
				if err == nil || errors.Is(err, ErrDeclined) || errors.Is(err, space.ErrWithdrawn) {
					return err, ctx.Err() == nil
				}
			}
		}
		if !all {
			continue
		}
		wait = min(wait*3/2, knockMost)
		if err := p.knockEverywhere(ctx); err == nil || weight(err) > weight(ErrNotNow) && !errors.Is(err, ErrWaiting) {
			return err, ctx.Err() == nil
		}
	}
}

func (p *petition) knockEverywhere(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	return p.node.knockEverywhere(ctx, p.code, p.knockAt)
}

func (p *petition) knockAt(ctx context.Context, o *online, info peer.AddrInfo) error {
	p.mu.Lock()
	p.asked[info.ID] = time.Now()
	p.mu.Unlock()
	err := o.knockAt(ctx, info, p.code, p.application)
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(err, ErrWaiting) {
		p.waiting[info.ID] = true
	}
	return err
}

// pause waits until something is due.
func (p *petition) pause(ctx context.Context) bool {
	for {
		p.mu.Lock()
		next := p.everybody
		for _, at := range p.due {
			if at.Before(next) {
				next = at
			}
		}
		p.mu.Unlock()
		left := time.Until(next)
		if left <= 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-p.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// take returns which devices are due, and whether all are, who are then due
// again after a wait.
func (p *petition) take(now time.Time, wait time.Duration) (doors []peer.ID, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for door, at := range p.due {
		if !at.After(now) {
			delete(p.due, door)
			doors = append(doors, door)
		}
	}
	if all = !p.everybody.After(now); all {
		p.everybody = now.Add(jittered(wait))
	}
	return doors, all
}

func (p *petition) met(device peer.ID) {
	p.mu.Lock()
	recent := time.Since(p.asked[device]) < knockFirst
	p.mu.Unlock()
	if !recent { // we may have connected in order to ask
		p.soon(device)
	}
}

func (p *petition) greeted(device peer.ID, named bool) {
	p.mu.Lock()
	waiting := p.waiting[device]
	delete(p.waiting, device)
	p.mu.Unlock()
	if named || waiting {
		p.soon(device)
	}
}

// soon asks one device, though not at once after the last time.
func (p *petition) soon(device peer.ID) {
	p.mu.Lock()
	p.due[device] = p.asked[device].Add(knockPause)
	p.mu.Unlock()
	p.stir()
}

func (p *petition) again() {
	p.mu.Lock()
	p.everybody = time.Now()
	p.mu.Unlock()
	p.stir()
}

func (p *petition) stir() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
