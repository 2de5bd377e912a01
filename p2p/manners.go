package p2p

import (
	"math"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// What a peer's score in a room may fall to. It starts at nought.
const (
	scoreNoGossip  = -10 // below this it is neither told what there is nor asked for what it says there is,
	scoreNoPublish = -40 // nor sent what we publish,
	scoreIgnored   = -80 // nor listened to
)

const (
	lapseHalf  = 5 * time.Second // after which a lapse counts half as much
	lapsesMost = 4 * -scoreIgnored
)

// manners remembers for each peer of a room how often it has lately said more
// than an honest device would. That is no nonsense, for which it would be turned
// away, but so much of it costs more than it is worth.
type manners struct {
	mu    sync.Mutex
	peers map[peer.ID]lapses
}

// lapses are counted as they were at some time.
type lapses struct {
	count float64
	at    time.Time
}

func newManners() *manners { return &manners{peers: make(map[peer.ID]lapses)} }

func (l lapses) now() float64 {
	return l.count * math.Exp2(-float64(time.Since(l.at))/float64(lapseHalf))
}

// lapse takes note of one message too many.
func (m *manners) lapse(p peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.peers[p] = lapses{count: min(m.peers[p].now()+1, lapsesMost), at: time.Now()}
}

// score is what the lapses of a peer take from its score.
func (m *manners) score(p peer.ID) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.peers[p]
	if !ok {
		return 0
	}
	now := l.now()
	if now < 0.1 {
		delete(m.peers, p)
		return 0
	}
	return -now
}

// scoring is how gossipsub judges the peers of a room. Members of a space are
// few, and mostly silent: who says nothing does nothing wrong, so there is no
// penalty for that, and none for many devices behind one address. What counts
// against a peer is what is invalid, what it promises and does not keep, and
// what is too much.
func (m *manners) scoring(topic string) pubsub.Option {
	return pubsub.WithPeerScore(&pubsub.PeerScoreParams{
		SkipAtomicValidation: true,
		Topics: map[string]*pubsub.TopicScoreParams{topic: {
			SkipAtomicValidation: true,
			TopicWeight:          1,
			TimeInMeshWeight:     0.01, TimeInMeshQuantum: time.Second, TimeInMeshCap: 100,
			FirstMessageDeliveriesWeight: 0.1, FirstMessageDeliveriesDecay: 0.9, FirstMessageDeliveriesCap: 20,
			InvalidMessageDeliveriesWeight: scoreIgnored, InvalidMessageDeliveriesDecay: 0.95,
		}},
		AppSpecificScore: m.score, AppSpecificWeight: 1,
		BehaviourPenaltyWeight: -1, BehaviourPenaltyThreshold: 6, BehaviourPenaltyDecay: 0.9,
		DecayInterval: time.Second, DecayToZero: 0.01,
		RetainScore: refusalTime,
	}, &pubsub.PeerScoreThresholds{
		SkipAtomicValidation: true,
		GossipThreshold:      scoreNoGossip, PublishThreshold: scoreNoPublish, GraylistThreshold: scoreIgnored,
		OpportunisticGraftThreshold: 1,
	})
}
