package p2p

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"parley/crdt"
	"parley/space"
)

// The stories of hostile_*_test.go have somebody be a nuisance for minutes, on a
// wire and by a clock of its own (sim_wire_test.go), while Ada and Ben work.

// An office is Ada and Ben, who share a space, and perhaps Mallory, who was let in
// too and comes back with a program of her own.
type office struct {
	*simulation
	ada, ben *player
	mallory  *rogue
	plan     crdt.Ref
	said     int
}

// inCompany plays a space of Ada's and Ben's, in which they work, and of some
// more members who are connected to Ada and hold what she does.
func inCompany(t *testing.T, more int, play func(t *testing.T, o *office, more []*player)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, 1)
		s.wire.suffers(wireFaults{delay: 5 * time.Millisecond})
		o := &office{simulation: s, ada: s.newPlayer()}
		o.ada.founds()
		o.ben = s.newPlayer()
		t.Log(s.joins(o.ben, space.Editor))
		o.ada.shares(s.park, o.ben.device)
		o.plan = ref(s.park, "plan")
		o.works()
		others := make([]*player, more)
		for i := range others {
			others[i] = s.newPlayer()
			t.Log(s.joins(others[i], space.Editor))
			others[i].same(s.park, o.ada.device)
			o.ada.shares(s.park, others[i].device)
		}
		play(t, o, others)
	})
}

// inOffice plays a story of Mallory's.
func inOffice(t *testing.T, story func(*testing.T, *office)) {
	t.Helper()
	inCompany(t, 1, func(t *testing.T, o *office, more []*player) {
		mallory := more[0]
		mallory.ends()
		o.mallory = newRogue(t, mallory.key, o.wire.options(mallory.at)...)
		// Ada takes only devices that offer a hello for her own kind.
		o.mallory.host.SetStreamHandler(helloProtocol, func(stream network.Stream) { _ = stream.Reset() })
		o.mallory.connects(o.ada.device)
		story(t, o)
	})
}

// works sees to it that Ada and Ben get on with what they do.
func (o *office) works() {
	o.t.Helper()
	for _, p := range []*player{o.ada, o.ben} {
		o.said++
		p.device.writes(o.plan, fmt.Sprint("word ", o.said))
	}
	o.ben.same(o.park, o.ada.device)
}

// from are the streams that somebody has open to Ada.
func (o *office) from(r *rogue) (open []network.Stream) {
	for _, c := range o.ada.node.current().host.Network().ConnsToPeer(r.host.ID()) {
		for _, s := range c.GetStreams() {
			if s.Stat().Direction == network.DirInbound {
				open = append(open, s)
			}
		}
	}
	return open
}

// gossipTo is the stream by which Ada gossips to somebody.
func (o *office) gossipTo(r *rogue) network.Stream {
	for _, c := range o.ada.node.current().host.Network().ConnsToPeer(r.host.ID()) {
		for _, s := range c.GetStreams() {
			if s.Stat().Direction == network.DirOutbound && s.Protocol() == gossipProtocol {
				return s
			}
		}
	}
	return nil
}

// keeps sees to it that little is kept in memory of what somebody did.
func (o *office) keeps(limit int64, do func()) {
	o.t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	do()
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := int64(after.HeapInuse) - int64(before.HeapInuse)
	o.t.Logf("keeps %d KiB", kept>>10)
	if kept > limit {
		o.t.Errorf("it keeps %d KiB, and %d at most are due", kept>>10, limit>>10)
	}
}

// goesToWork has Ben write while he is offline.
func (o *office) goesToWork() {
	o.t.Helper()
	if err := o.ben.node.SetOffline(true); err != nil {
		o.t.Fatal(err)
	}
	for i := range 5 {
		o.ben.device.writes(o.plan, fmt.Sprint("meanwhile ", i))
	}
}

// comesHome has Ben come online, and returns how long it takes Ada to have what
// he wrote.
func (o *office) comesHome(patience time.Duration) time.Duration {
	o.t.Helper()
	if err := o.ben.node.SetOffline(false); err != nil {
		o.t.Fatal(err)
	}
	begun := time.Now()
	o.ben.meets(o.ada)
	for o.ada.digest(o.park) != o.ben.digest(o.park) {
		if time.Since(begun) > patience {
			o.t.Fatal("Ben is not pulled from")
		}
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(begun)
}
