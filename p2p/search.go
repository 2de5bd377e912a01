package p2p

import (
	"context"
	"errors"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

// A search looks for a member who admits us. It knocks at every door at once
// and takes the first that opens.
type search struct {
	online      *online
	code        space.Code
	application []byte

	answers   chan answer
	waiting   int // for answers
	asked     map[peer.ID]bool
	elsewhere map[peer.ID]peer.AddrInfo // where those being asked were found meanwhile
}

type answer struct {
	from    peer.ID
	entries [][]byte
	err     error
}

func newSearch(o *online, code space.Code, application []byte) *search {
	return &search{
		online: o, code: code, application: application,
		answers:   make(chan answer),
		asked:     make(map[peer.ID]bool),
		elsewhere: make(map[peer.ID]peer.AddrInfo),
	}
}

// run returns the space's log as the admitter sent it.
func (s *search) run(ctx context.Context) ([][]byte, error) {
	ctx, cancel := closedBy(ctx, s.online.ctx)
	defer cancel()
	found, forget := s.online.node.meetings.subscribe()
	defer forget()
	s.ask(ctx, peer.AddrInfo{ID: peerOf(s.code.Inviter), Addrs: codeAddresses(s.code)})
	for _, p := range s.online.host.Network().Peers() {
		s.ask(ctx, peer.AddrInfo{ID: p})
	}
	refusal := ErrUnreachable
	for {
		// Without multicast nobody new will turn up; with it, somebody may
		// until the time is over, unless we have had a plain answer.
		if s.waiting == 0 && (!s.online.node.mdns || !errors.Is(refusal, ErrUnreachable)) {
			return nil, refusal
		}
		select {
		case <-ctx.Done():
			return nil, refusal
		case info := <-found:
			s.ask(ctx, info)
		case a := <-s.answers:
			s.waiting--
			switch {
			case a.err == nil:
				return a.entries, nil
			case errors.Is(a.err, ErrUnreachable):
				s.retry(ctx, a.from)
			case isRefusal(a.err) && (errors.Is(refusal, ErrUnreachable) || errors.Is(refusal, ErrNotNow)):
				refusal = a.err
			}
		}
	}
}

func (s *search) ask(ctx context.Context, info peer.AddrInfo) {
	if s.asked[info.ID] {
		s.elsewhere[info.ID] = info
		return
	}
	if info.ID == s.online.host.ID() {
		return
	}
	s.asked[info.ID] = true
	started := s.online.do(func() {
		entries, err := s.online.knockAt(ctx, info, s.code, s.application)
		select {
		case s.answers <- answer{info.ID, entries, err}:
		case <-ctx.Done():
		}
	})
	if started {
		s.waiting++
	}
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

func isRefusal(err error) bool {
	return errors.Is(err, space.ErrExpired) || errors.Is(err, space.ErrUsedUp) ||
		errors.Is(err, space.ErrWithdrawn) || errors.Is(err, ErrNotNow)
}

// codeAddresses reads a code's addresses, passing over unreadable ones.
func codeAddresses(code space.Code) (addresses []multiaddr.Multiaddr) {
	for _, raw := range code.Addresses {
		if a, err := multiaddr.NewMultiaddrBytes(raw); err == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}
