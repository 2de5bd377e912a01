package p2p

import (
	"context"
	"errors"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// secondThoughts is how long a search goes on after a plain answer that is not
// the one hoped for: somebody else may know better.
const secondThoughts = 3 * time.Second

// turningUp is how long a search that somebody has answered with no goes on for
// others on the local network: whoever is there has shown up by then.
const turningUp = 10 * time.Second

// doorInterval is how often those are asked again whom the code names, while
// others may still turn up: they may have come home, or have heard of the
// invitation only now. It is what the protocol lets one device ask for.
const doorInterval = 5 * time.Second

// A search looks for members who let us in. It knocks at every door at once.
type search struct {
	online *online
	knock  func(context.Context, peer.AddrInfo) error
	busy   func() bool   // nil, or whether somebody is letting us in just now
	quiet  time.Duration // turningUp

	answers   chan answer
	waiting   int // for answers
	asked     map[peer.ID]bool
	shut      map[peer.ID]bool          // asked, and said nothing of use
	elsewhere map[peer.ID]peer.AddrInfo // where those being asked were found meanwhile
}

type answer struct {
	from peer.ID
	err  error
}

// What a searcher makes of an answer.
type verdict int

const (
	goOn     verdict = iota // as if nobody had been there
	denied                  // no: others on the local network get a while to turn up
	answered                // a plain answer: others get a moment to say otherwise
	found                   // there is nothing more to look for
)

// newSearch makes a search. Knocks run beside one another.
func newSearch(o *online, knock func(context.Context, peer.AddrInfo) error) *search {
	return &search{
		online: o, knock: knock, quiet: turningUp,
		answers:   make(chan answer),
		asked:     make(map[peer.ID]bool),
		shut:      make(map[peer.ID]bool),
		elsewhere: make(map[peer.ID]peer.AddrInfo),
	}
}

// run asks at the doors named, at devices that are connected already and at
// those found on the local network, until ctx ends, nobody is left, or heard,
// which is told of each answer, one after the other, says that it is enough.
func (s *search) run(ctx context.Context, doors []peer.AddrInfo, heard func(answer) verdict) {
	ctx, cancel := closedBy(ctx, s.online.ctx)
	defer cancel()
	newcomers, forget := s.online.node.meetings.subscribe()
	defer forget()
	s.online.askAround()
	for _, door := range doors {
		s.ask(ctx, door)
	}
	for _, p := range s.online.host.Network().Peers() {
		s.ask(ctx, peer.AddrInfo{ID: p})
	}
	var late, silent <-chan time.Time
	again := time.NewTicker(doorInterval)
	defer again.Stop()
	for {
		// Without multicast nobody new will turn up; with it, somebody may
		// until the time is over, unless we have had a plain answer.
		if s.waiting == 0 && (!s.online.node.mdns || late != nil) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-late:
			if s.busy == nil || !s.busy() {
				return
			}
			late = time.After(secondThoughts)
		case <-silent:
			if s.waiting == 0 {
				return
			}
			silent = time.After(s.quiet)
		case <-again.C:
			for _, door := range doors {
				if s.shut[door.ID] {
					delete(s.shut, door.ID)
					delete(s.asked, door.ID)
				}
				s.online.forgetFailures(door.ID)
				s.ask(ctx, door)
			}
		case info := <-newcomers:
			if s.ask(ctx, info) && silent != nil {
				silent = time.After(s.quiet)
			}
		case a := <-s.answers:
			s.waiting--
			if errors.Is(a.err, ErrUnreachable) {
				s.retry(ctx, a.from)
				continue
			}
			switch heard(a) {
			case found:
				return
			case goOn:
				s.shut[a.from] = true
			case denied:
				if silent == nil {
					silent = time.After(s.quiet)
				}
			case answered:
				if late == nil {
					late = time.After(secondThoughts)
				}
			}
		}
	}
}

// ask knocks at a door, and says whether it is one that was not asked before.
func (s *search) ask(ctx context.Context, info peer.AddrInfo) bool {
	if s.asked[info.ID] {
		s.elsewhere[info.ID] = info
		return false
	}
	if info.ID == s.online.host.ID() {
		return false
	}
	s.asked[info.ID] = true
	started := s.online.do(func() {
		err := s.knock(ctx, info)
		select {
		case s.answers <- answer{info.ID, err}:
		case <-ctx.Done():
		}
	})
	if started {
		s.waiting++
	}
	return started
}

// retry is for those who were not at home: they may be somewhere else. Whoever
// opened the door and said nothing is not asked again.
func (s *search) retry(ctx context.Context, p peer.ID) {
	delete(s.asked, p)
	if info, ok := s.elsewhere[p]; ok {
		delete(s.elsewhere, p)
		s.ask(ctx, info)
	}
}

// binaryAddresses reads addresses as codes carry them, passing over unreadable
// ones.
func binaryAddresses(raw [][]byte) (addresses []multiaddr.Multiaddr) {
	for _, one := range raw {
		if a, err := multiaddr.NewMultiaddrBytes(one); err == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}
