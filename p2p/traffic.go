package p2p

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
)

const (
	// rateOver is the time over which a rate is the mean, by weight: what was
	// sent longer ago counts ever less.
	rateOver = 2 * time.Second
	// maxAccounts bounds the devices of which it is remembered what was sent;
	// those that have been silent for longest make room.
	maxAccounts = 4096
)

// Traffic counts what goes over streams, for each device, while the network is
// on. It is libp2p's reporter, and has no goroutine.
type traffic struct {
	relayed atomic.Int64 // bytes that came in on the circuits of others

	mu       sync.Mutex
	accounts map[peer.ID]*account
}

// An account is what one device has sent and been sent.
type account struct {
	mu      sync.Mutex
	in, out flow
}

// A flow is one direction.
type flow struct {
	bytes int64
	rate  float64 // bytes per second, at last
	last  time.Time
}

func newTraffic() *traffic { return &traffic{accounts: make(map[peer.ID]*account)} }

func (f *flow) add(size int64, now time.Time) {
	f.rate = f.at(now) + float64(size)/rateOver.Seconds()
	f.bytes, f.last = f.bytes+size, now
}

// at is the rate at a moment.
func (f *flow) at(now time.Time) float64 {
	return f.rate * math.Exp(-now.Sub(f.last).Seconds()/rateOver.Seconds())
}

func (t *traffic) of(p peer.ID) *account {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.accounts[p]
	if a == nil {
		if len(t.accounts) >= maxAccounts {
			t.forgetOldest()
		}
		a = &account{}
		t.accounts[p] = a
	}
	return a
}

// forgetOldest makes room. The caller holds mu.
func (t *traffic) forgetOldest() {
	var oldest peer.ID
	var when time.Time
	for p, a := range t.accounts {
		a.mu.Lock()
		last := a.in.last
		if a.out.last.After(last) {
			last = a.out.last
		}
		a.mu.Unlock()
		if oldest == "" || last.Before(when) {
			oldest, when = p, last
		}
	}
	delete(t.accounts, oldest)
}

// LogSentMessageStream counts what leaves.
func (t *traffic) LogSentMessageStream(size int64, _ protocol.ID, p peer.ID) {
	a := t.of(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.out.add(size, time.Now())
}

// LogRecvMessageStream counts what comes. What comes on a circuit of others
// leaves on another again.
func (t *traffic) LogRecvMessageStream(size int64, id protocol.ID, p peer.ID) {
	if id == circuit.ProtoIDv2Hop || id == circuit.ProtoIDv2Stop {
		t.relayed.Add(size)
	}
	a := t.of(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.in.add(size, time.Now())
}

// GetBandwidthForPeer is what was counted of a device.
func (t *traffic) GetBandwidthForPeer(p peer.ID) metrics.Stats {
	a, now := t.of(p), time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	return metrics.Stats{TotalIn: a.in.bytes, TotalOut: a.out.bytes, RateIn: a.in.at(now), RateOut: a.out.at(now)}
}

// The rest of libp2p's interface is for what nobody asks here.

func (t *traffic) LogSentMessage(int64)                                  {}
func (t *traffic) LogRecvMessage(int64)                                  {}
func (t *traffic) GetBandwidthForProtocol(protocol.ID) metrics.Stats     { return metrics.Stats{} }
func (t *traffic) GetBandwidthTotals() metrics.Stats                     { return metrics.Stats{} }
func (t *traffic) GetBandwidthByPeer() map[peer.ID]metrics.Stats         { return nil }
func (t *traffic) GetBandwidthByProtocol() map[protocol.ID]metrics.Stats { return nil }
func (t *traffic) Reset()                                                {}
func (t *traffic) TrimIdle(time.Time)                                    {}
