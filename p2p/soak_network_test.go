package p2p

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/materialize"
	"parley/space"
)

var soakFor = flag.Duration("soak", 6*time.Second, "how long TestSoakOfAFlappingNetwork has five people type")

// soakRound is after how long the network comes to rest, to be looked at; a short
// run has three rounds all the same.
const soakRound = 2 * time.Minute

// soakPatience is how long it may take then until all hold the same. Nothing but
// a busy machine is slow: connections that were cut for minutes are given up
// within one.
const soakPatience = 3 * time.Minute

// TestSoakOfAFlappingNetwork has five devices, with stores on disk and by the
// clock on the wall, type into documents they share, while ways are cut and come
// back. Whenever the network rests all hold the same, and in the end there are
// no more goroutines, streams and bytes in memory than in the beginning.
func TestSoakOfAFlappingNetwork(t *testing.T) {
	s := newSoak(t)
	var counts []soakCount
	for rounds := max(3, int(*soakFor/soakRound)); len(counts) < rounds; {
		s.flaps(*soakFor / time.Duration(rounds))
		s.rests()
		counts = append(counts, s.counts())
		t.Logf("round %d: %+v", len(counts), counts[len(counts)-1])
	}
	fallSilent(t, s.park, s.devices...)
	// The first round is for what is there once and stays.
	first, last := counts[1], counts[len(counts)-1]
	if last.goroutines > first.goroutines*5/4+50 {
		t.Errorf("there are %d goroutines, and were %d", last.goroutines, first.goroutines)
	}
	if last.streams > first.streams*5/4+20 {
		t.Errorf("there are %d streams, and were %d", last.streams, first.streams)
	}
	if last.heap > first.heap*3/2+(64<<20) {
		t.Errorf("%d KiB are in use, and were %d", last.heap>>10, first.heap>>10)
	}
}

type soak struct {
	t       *testing.T
	wire    *wire
	park    space.ID
	devices []*device
	at      map[*device]netip.Addr
	chance  *rand.Rand
}

type soakCount struct {
	goroutines, streams, keys int
	heap                      uint64 // bytes
}

func newSoak(t *testing.T) *soak {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	s := &soak{t: t, wire: newWire(seed), at: make(map[*device]netip.Addr), chance: rand.New(rand.NewPCG(seed, 2))}
	child := materialize.New(materialize.Options{})
	t.Cleanup(func() {
		if err := child.Close(); err != nil {
			t.Error(err)
		}
	})
	for i, name := range []string{"Ada", "Ben", "Cleo", "Dora", "Eli"} {
		d := newDevice(t, name)
		d.stops()
		s.at[d] = address(i + 1)
		d.child, d.options = child, s.wire.options(s.at[d])
		d.listen = []string{fmt.Sprintf("/ip4/%s/udp/4000/quic-v1", s.at[d])}
		d.starts()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- d.store.Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			<-done
		})
		s.devices = append(s.devices, d)
	}
	s.park = s.devices[0].founds("Park")
	code := s.devices[0].invites(s.park, len(s.devices), time.Time{})
	for _, d := range s.devices[1:] {
		d.joins(code)
	}
	return s
}

// flaps has everybody type while the network comes and goes.
func (s *soak) flaps(d time.Duration) {
	s.t.Helper()
	over := time.Now().Add(d)
	var typing sync.WaitGroup
	for i, device := range s.devices {
		chance := rand.New(rand.NewPCG(s.chance.Uint64(), uint64(i)))
		typing.Go(func() {
			tick := time.NewTicker(300 * time.Millisecond)
			defer tick.Stop()
			for time.Now().Before(over) && !s.t.Failed() {
				<-tick.C
				plan := ref(s.park, fmt.Sprint("document ", chance.IntN(5)))
				if err := device.keys(plan, 1+chance.IntN(2)); err != nil {
					s.t.Errorf("%s types: %v", device.name, err)
				}
			}
		})
	}
	happens := time.NewTicker(d/20 + 50*time.Millisecond)
	defer happens.Stop()
	for time.Now().Before(over) {
		<-happens.C
		s.happens()
	}
	typing.Wait()
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// keys makes changes as writes does, from any goroutine.
func (d *device) keys(ref crdt.Ref, n int) error {
	for range n {
		c := d.change(ref, "k")
		bundle := crdt.Bundle{Changes: [][]byte{c.Raw}, Signatures: []crdt.Signature{crdt.Sign(d.key, ref, c)}}
		receipt, err := d.store.Append(context.Background(), ref, bundle, crdt.Local, d.id())
		if err == nil {
			err = receipt.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// happens is one thing that goes wrong, or right again.
func (s *soak) happens() {
	one, other := s.devices[s.chance.IntN(len(s.devices))], s.devices[s.chance.IntN(len(s.devices))]
	switch n := s.chance.IntN(10); {
	case n < 2:
		s.wire.cut(s.at[one], s.at[other])
	case n < 4:
		s.wire.cut(s.at[one], s.at[other])
		s.wire.cut(s.at[other], s.at[one])
	case n < 6:
		s.wire.heal()
	case n < 8:
		s.wire.suffers(wireFaults{
			delay: time.Duration(s.chance.IntN(20)) * time.Millisecond, lost: s.chance.Float64() / 10,
			late: s.chance.Float64() / 10, lateness: 100 * time.Millisecond, twice: s.chance.Float64() / 10,
		})
	case n < 9:
		if err := one.node.SetOffline(!one.node.Offline()); err != nil {
			s.t.Error(err)
		}
	default:
		if o := one.node.current(); o != nil {
			_ = o.host.Network().ClosePeer(peerOf(other.id())) // it may not be there
		}
	}
}

// rests lets everything through until all hold the same.
func (s *soak) rests() {
	s.t.Helper()
	s.wire.heal()
	s.wire.suffers(wireFaults{})
	for _, d := range s.devices {
		if err := d.node.SetOffline(false); err != nil {
			s.t.Fatal(err)
		}
	}
	for i, d := range s.devices {
		for _, other := range s.devices[:i] {
			// What was cut for long hangs until it is given up.
			d.waitFor("a way to "+other.name, func() bool {
				ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
				defer cancel()
				return d.node.Connect(ctx, other.node.Addresses()[0]) == nil
			})
		}
	}
	for i, d := range s.devices {
		for _, other := range s.devices[:i] {
			d.shares(s.park, other)
		}
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for since := time.Now(); !s.agree(); <-look.C {
		if time.Since(since) > soakPatience {
			s.t.Fatalf("they do not hold the same %v after everything heals", soakPatience)
		}
	}
	for _, d := range s.devices {
		if list, err := d.store.Quarantine(s.park); err != nil || len(list) > 0 {
			s.t.Fatalf("%s has refused %v, %v", d.name, list, err)
		}
	}
}

// agree reports whether all hold the same.
func (s *soak) agree() bool {
	for _, d := range s.devices[1:] {
		if d.digest(s.park) != s.devices[0].digest(s.park) {
			return false
		}
	}
	return true
}

func (s *soak) counts() (c soakCount) {
	for _, d := range s.devices {
		for _, conn := range d.node.current().host.Network().Conns() {
			c.streams += len(conn.GetStreams())
		}
		for ref := range d.seq {
			c.keys += int(d.seq[ref])
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	c.heap, c.goroutines = m.HeapInuse, runtime.NumGoroutine()
	return c
}
