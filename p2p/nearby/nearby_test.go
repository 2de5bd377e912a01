package nearby

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/p2p/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(lab.Apart(m)) }

const patience = 20 * time.Second

// A someone is found, and finds others.
type someone struct {
	t      *testing.T
	name   string
	finder *Finder
	leave  func()

	mu     sync.Mutex
	news   chan struct{}
	heard  map[string][]string // name: the networks that it was heard on, in order
	spoken map[netip.Addr]bool // where it has said something itself
}

func arrives(t *testing.T, name string) *someone {
	s := &someone{t: t, name: name, news: make(chan struct{}, 1), heard: make(map[string][]string), spoken: make(map[netip.Addr]bool)}
	s.finder = New(Options{
		Service: service,
		Texts: func(addresses []netip.Addr) []string {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, a := range addresses {
				s.spoken[a] = true
			}
			return []string{name}
		},
		Heard: func(texts []string, where string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, text := range texts {
				s.heard[text] = append(s.heard[text], where)
			}
			ring(s.news)
		},
		Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.finder.Run(ctx)
	}()
	s.leave = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(s.leave)
	return s
}

func (s *someone) times(name, where string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.heard[name] {
		if w == where {
			n++
		}
	}
	return n
}

// hears waits until a name was heard on a network more often than so many
// times.
func (s *someone) hears(name, where string, before int) {
	s.t.Helper()
	deadline := time.After(patience)
	for s.times(name, where) <= before {
		select {
		case <-s.news:
		case <-deadline:
			s.t.Fatalf("%s does not hear %s on %s", s.name, name, where)
		}
	}
}

func TestFoundOnEveryNetwork(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		// Where there is no network yet nothing fails, and the first to come is
		// used.
		ada := arrives(t, "Ada")
		lab.LocalNetwork(t)
		ada.finder.Moved()
		ben := arrives(t, "Ben")
		ada.hears("Ben", "lan", 0)
		ben.hears("Ada", "lan", 0)
		ada.hears("Ada", "lan", 0) // as with two on one machine

		// A second network, and a first that goes.
		lab.IP(t, "link", "add", "wifi", "type", "veth", "peer", "name", "air")
		lab.IP(t, "addr", "add", "10.1.1.1/24", "dev", "wifi")
		lab.IP(t, "link", "set", "air", "up")
		lab.IP(t, "link", "set", "wifi", "up")
		ada.finder.Moved()
		ben.finder.Moved()
		ada.hears("Ben", "wifi", 0)
		ben.hears("Ada", "wifi", 0)
		lab.IP(t, "link", "del", "lan")
		ada.finder.Moved()
		ada.hears("Ben", "wifi", ada.times("Ben", "wifi"))

		// Somebody asks, long after everybody has introduced themselves.
		before := ada.times("Ben", "wifi")
		ada.finder.Ask()
		ada.hears("Ben", "wifi", before)

		// And a network that was there before comes again.
		lab.LocalNetwork(t)
		ada.finder.Moved()
		ben.finder.Moved()
		ada.hears("Ben", "lan", ada.times("Ben", "lan"))
		ada.leave() // and says no more
		if !ada.spoken[netip.MustParseAddr("10.1.1.1")] || !ada.spoken[netip.MustParseAddr("192.168.77.1")] {
			t.Errorf("Ada spoke at %v", ada.spoken)
		}
		ben.leave()
		if n := ada.times("Ben", ""); n > 0 {
			t.Errorf("Ben was heard %d times, nobody knows where", n)
		}
	})
}

// TestManyAreFoundAndKeepTheirPeace has a whole workshop come at once: all find
// all, and nobody says more than one thing a second.
func TestManyAreFoundAndKeepTheirPeace(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		lab.LocalNetwork(t)
		start := time.Now()
		var all []*someone
		for i := range 40 {
			all = append(all, arrives(t, string(rune('A'+i))))
		}
		for _, one := range all {
			for _, other := range all {
				one.hears(other.name, "lan", 0)
			}
		}
		// IPv4 and IPv6 each carry it.
		most := 2 * (2 + int(time.Since(start)/answerPause))
		for _, other := range all {
			if n := all[0].times(other.name, "lan"); n > most {
				t.Errorf("%s was heard %d times in %v", other.name, n, time.Since(start))
			}
		}
	})
}

func TestFartherIsLater(t *testing.T) {
	sorted := slices.Clone(addresses)
	slices.Reverse(sorted)
	slices.SortStableFunc(sorted, func(a, b netip.Addr) int { return farther(a) - farther(b) })
	if !slices.Equal(sorted, addresses) {
		t.Errorf("got %v", sorted)
	}
}
