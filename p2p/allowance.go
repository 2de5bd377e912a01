package p2p

import (
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/time/rate"
)

// An allowance bounds what each peer may do at once and over time. The zero
// rate means no bound over time.
type allowance struct {
	atOnce int
	rate   rate.Limit
	burst  int

	mu    sync.Mutex
	peers map[peer.ID]*usage
}

type usage struct {
	active int
	tokens *rate.Limiter
}

func newAllowance(atOnce int, perSecond float64, burst int) *allowance {
	return &allowance{atOnce: atOnce, rate: rate.Limit(perSecond), burst: burst, peers: make(map[peer.ID]*usage)}
}

// take reports whether the peer may begin one more. If so, it must be given
// back with done.
func (a *allowance) take(p peer.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.peers[p]
	if u == nil {
		a.sweep()
		u = &usage{tokens: rate.NewLimiter(a.rate, a.burst)}
		a.peers[p] = u
	}
	if u.active >= a.atOnce || a.rate > 0 && !u.tokens.Allow() {
		return false
	}
	u.active++
	return true
}

func (a *allowance) done(p peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if u := a.peers[p]; u != nil {
		u.active--
	}
}

// sweep forgets peers whose tokens have all come back.
func (a *allowance) sweep() {
	if len(a.peers) < 1024 {
		return
	}
	for p, u := range a.peers {
		if u.active == 0 && u.tokens.Tokens() >= float64(a.burst) {
			delete(a.peers, p)
		}
	}
}
