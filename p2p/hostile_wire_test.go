package p2p

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// The stories of this file have somebody be a nuisance for minutes, on a wire
// and by a clock of its own (sim_wire_test.go), while Ada and Ben work.

// An office is Ada and Ben, who share a space, and Mallory, who was let in too
// and comes back with a program of her own.
type office struct {
	*simulation
	ada, ben *player
	mallory  *rogue
	plan     crdt.Ref
	said     int
}

func inOffice(t *testing.T, story func(*testing.T, *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, 1)
		s.wire.suffers(wireFaults{delay: 5 * time.Millisecond})
		o := &office{simulation: s, ada: s.newPlayer()}
		o.ada.founds()
		o.ben = s.newPlayer()
		mallory := s.newPlayer()
		for _, p := range []*player{o.ben, mallory} {
			t.Log(s.joins(p, space.Editor))
		}
		o.plan = ref(s.park, "plan")
		o.works()
		mallory.same(s.park, o.ada.device)
		mallory.ends()
		o.mallory = newRogue(t, mallory.key, s.wire.options(mallory.at)...)
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

var ownProtocols = []protocol.ID{helloProtocol, admitProtocol, seatProtocol, wordsProtocol, gossipProtocol, catchUpProtocol, blobProtocol}

func TestSlowFramesAreNotWaitedForWithoutEnd(t *testing.T) {
	for _, id := range ownProtocols {
		t.Run(string(id), func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				c := o.mallory.opens(o.ada.device, id)
				frame := append([]byte{0, 0, 1, 0}, make([]byte, 0x100)...)
				begun := time.Now()
				for i, b := range frame {
					if _, err := c.stream.Write([]byte{b}); err != nil {
						break
					}
					time.Sleep(3 * time.Second)
					if i%10 == 0 {
						o.works()
					}
				}
				if took := time.Since(begun); took > 2*catchUpPatience {
					t.Errorf("a frame was waited for for %v", took)
				}
				waitFor(t, "the end of her stream", func() bool { return len(o.from(o.mallory)) == 0 })
				if !o.mallory.isConnected(o.ada.device) {
					t.Error("who is slow is turned away: networks are")
				}
				o.works()
			})
		})
	}
}

func TestAFloodOfStreamsLeavesRoomForOthers(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.keeps(64<<20, func() {
			for _, id := range ownProtocols {
				for range 3000 {
					stream, err := o.mallory.host.NewStream(t.Context(), peerOf(o.ada.id()), id)
					if err == nil {
						_, _ = stream.Write([]byte{0}) // so that it is opened
					}
				}
				o.works()
			}
			if open := len(o.from(o.mallory)); open > 1152 {
				t.Errorf("%d streams are open", open)
			}
			time.Sleep(2 * catchUpPatience)
			if open := len(o.from(o.mallory)); open > 0 {
				t.Errorf("%d streams are open, on which nothing was said", open)
			}
			o.works()
		})
	})
}

func TestWhoNeverReadsIsNotWaitedFor(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.mallory.host.SetStreamHandler(gossipProtocol, func(network.Stream) {})
		enters := o.mallory.opens(o.ada.device, gossipProtocol)
		if err := enters.say(&enterRoom{Space: o.park}); err != nil {
			t.Fatal(err)
		}
		if err := enters.flush(); err != nil {
			t.Fatal(err)
		}
		// She says that she follows the topic, in gossipsub's protobuf.
		topic := topicOf(o.park)
		follows := append([]byte{0x08, 1, 0x12, byte(len(topic))}, topic...)
		rpc := append([]byte{byte(len(follows) + 2), 0x0a, byte(len(follows))}, follows...)
		if _, err := enters.stream.Write(rpc); err != nil {
			t.Fatal(err)
		}
		var stream network.Stream
		waitFor(t, "Ada's stream", func() bool {
			stream = o.gossipTo(o.mallory)
			return stream != nil && slices.Contains(o.ada.node.current().room(o.park).topic.ListPeers(), o.mallory.host.ID())
		})
		const much = 60
		o.keeps(3*much*maxGossip/2+64<<20, func() { // that is on two disks
			for i := range much {
				o.ada.device.writes(o.plan, string(randomText(maxGossip/2+i)))
				if i%20 == 0 {
					o.works()
				}
			}
			for since := time.Now(); o.gossipTo(o.mallory) == stream; o.works() {
				if time.Since(since) > 2*gossipPatience {
					t.Fatal("Ada waits without end")
				}
				time.Sleep(time.Second)
			}
		})
	})
}

func TestWhoAsksAndNeverReadsIsNotWaitedFor(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for i := range 40 {
			o.ada.device.writes(o.plan, string(randomText(maxGossip+i)))
		}
		o.works()
		want := toWireTips(o.plan, crdt.Tips{})
		for range 8 {
			c := o.mallory.opens(o.ada.device, catchUpProtocol)
			err := c.say(&openPull{Space: o.park, Wants: []partTips{want}})
			for range 200 {
				if err == nil {
					err = c.say(&wantParts{Wants: []partTips{want}})
				}
			}
			// It may have been reset by now: there are too many.
			_ = c.flush()
		}
		o.works()
		for since := time.Now(); len(o.from(o.mallory)) > 0; o.works() {
			if time.Since(since) > 5*catchUpPatience {
				t.Fatalf("%d streams are open", len(o.from(o.mallory)))
			}
			time.Sleep(10 * time.Second)
		}
	})
}

func TestEndlessWantsAreServedOneAtATime(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for i := range 40 {
			o.ada.device.writes(o.plan, string(randomText(maxGossip/32+i)))
		}
		o.works()
		c := o.mallory.opens(o.ada.device, catchUpProtocol)
		want := toWireTips(o.plan, crdt.Tips{})
		if err := c.say(&openPull{Space: o.park, Wants: []partTips{want}}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.hear(logFrame, &logPage{}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.hear(requestFrame, &sums{}); err != nil {
			t.Fatal(err)
		}
		o.keeps(64<<20, func() {
			for i := range 100 {
				if _, err := c.hear(pieceFrame, &piece{}); err != nil {
					t.Fatal(err)
				}
				if _, err := c.hear(requestFrame, &pullEnd{}); err != nil {
					t.Fatal(err)
				}
				if err := c.say(&wantParts{Wants: []partTips{want}}); err != nil {
					t.Fatal(err)
				}
				if i%20 == 0 {
					o.works()
				}
			}
		})
		c.abort()
	})
}

func TestPiecesThatNobodyAskedForAreNonsense(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		other := ref(o.park, "what nobody asked for")
		o.mallory.host.SetStreamHandler(catchUpProtocol, func(stream network.Stream) {
			c := converse(stream, patience)
			server := falseServer{log: [][][]byte{nil}, piece: &piece{Document: other.Document, Part: other.Part}, unasked: true}
			if server.answers(c) != nil {
				c.abort()
			}
		})
		o.ada.node.current().share(peerOf(o.mallory.key.Device()), []space.ID{o.park})
		if err := o.ada.node.current().room(o.park).pullFrom(t.Context(), o.mallory.host.ID(), []crdt.Ref{o.plan}); err == nil {
			t.Error("it was taken")
		}
		if vector, err := o.ada.store.Vector(other); err != nil || len(vector) > 0 {
			t.Errorf("Ada holds %v, %v", vector, err)
		}
		o.works()
	})
}

// inCompany plays a space of Ada's and Ben's, in which they work, and of some
// more members who are connected to Ada and hold what she does.
func inCompany(t *testing.T, more int, play func(t *testing.T, o *office, more []*player)) {
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, 1)
		s.wire.suffers(wireFaults{delay: 5 * time.Millisecond})
		ada := s.newPlayer()
		ada.founds()
		ben := s.newPlayer()
		t.Log(s.joins(ben, space.Editor))
		o := &office{simulation: s, ada: ada, ben: ben, plan: ref(s.park, "plan")}
		o.works()
		others := make([]*player, more)
		for i := range others {
			others[i] = s.newPlayer()
			t.Log(s.joins(others[i], space.Editor))
			others[i].same(s.park, ada.device)
			ada.shares(s.park, others[i].device)
		}
		play(t, o, others)
	})
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

func TestWhoNeverAnswersKeepsNobodyFromTheOthers(t *testing.T) {
	inCompany(t, 1, func(t *testing.T, o *office, more []*player) {
		o.goesToWork()
		var asked atomic.Int32
		mal := more[0]
		mal.node.current().host.SetStreamHandler(catchUpProtocol, func(network.Stream) { asked.Add(1) })
		o.ada.node.current().room(o.park).pull(pullRequest{from: peerOf(mal.id())})
		waitFor(t, "Ada's asking Mal", func() bool { return asked.Load() > 0 })
		if took := o.comesHome(time.Hour); took > 2*pullSilence {
			t.Errorf("it took %v, because somebody else says nothing", took)
		}
	})
}

func TestPullsThatTakeForEverMakeWay(t *testing.T) {
	const slowly = catchUpPatience - time.Second // as often as one must to be waited for
	for name, c := range map[string]struct {
		answers  func(o *office, mal *player, c *conversation) error
		patience time.Duration
	}{
		"bringing nothing new": {func(o *office, _ *player, c *conversation) error {
			entries := o.ada.logOf(o.park).Entries()[:1]
			for pause(o.t.Context(), slowly) {
				if err := cmp.Or(c.say(&logPage{Entries: entries}), c.flush()); err != nil {
					return err
				}
			}
			return nil
		}, 2 * pullUseless},
		"bringing a little": {func(o *office, mal *player, c *conversation) error {
			if err := c.say(&logPage{Last: true}, &sums{}); err != nil {
				return err
			}
			for pause(o.t.Context(), slowly) {
				ch := mal.device.change(o.plan, "k")
				got := &piece{
					Document: o.plan.Document, Part: o.plan.Part, Changes: [][]byte{ch.Raw}, More: true,
					Signatures: toWireSignatures([]crdt.Signature{crdt.Sign(mal.device.key, o.plan, ch)}),
				}
				if err := c.say(got, &pullEnd{}); err != nil {
					return err
				}
				if _, err := c.hear(requestFrame, &wantParts{}); err != nil {
					return err
				}
			}
			return nil
		}, 2 * pullTurn},
	} {
		t.Run(name, func(t *testing.T) {
			inCompany(t, pullsBeside, func(t *testing.T, o *office, more []*player) {
				var asked atomic.Int32
				for _, mal := range more {
					mal.node.current().host.SetStreamHandler(catchUpProtocol, func(stream network.Stream) {
						asked.Add(1)
						conversation := converse(stream, time.Hour)
						defer conversation.abort()
						if _, err := conversation.hear(requestFrame, &openPull{}); err == nil {
							_ = c.answers(o, mal, conversation)
						}
					})
					o.ada.node.current().room(o.park).pull(pullRequest{from: peerOf(mal.id()), refs: []crdt.Ref{o.plan}})
				}
				o.goesToWork()
				for since := time.Now(); asked.Load() < pullsBeside; time.Sleep(time.Second) {
					if time.Since(since) > pullsBeside*2*pullLong {
						t.Fatalf("only %d were asked", asked.Load())
					}
				}
				o.comesHome(c.patience)
			})
		})
	}
}

func TestLiesAboutWhatThereIsAreFollowedOnce(t *testing.T) {
	inCompany(t, 1, func(t *testing.T, o *office, more []*player) {
		s, mal := o.simulation, more[0]
		var asked atomic.Int32
		mal.node.current().host.SetStreamHandler(catchUpProtocol, func(stream network.Stream) {
			asked.Add(1)
			_ = s.lies(mal, stream)
		})
		actor := chunk.Actor(make([]byte, 20))
		const haves = 12
		for i := range haves {
			var lies haveMessage
			lies.Counter, lies.Digest = uint64(time.Now().UnixMicro())+uint64(i), [32]byte{byte(i + 1)}
			for j := range maxHaves {
				r := ref(s.park, fmt.Sprint("lie ", i, " ", j))
				lies.Parts = append(lies.Parts, partVector{
					Document: r.Document, Vector: toWire(crdt.Vector{actor: 1 << 40}), Digest: shortDigest{byte(j), 1},
				})
			}
			slices.SortFunc(lies.Parts, func(a, b partVector) int { return slices.Compare(a.Document[:], b.Document[:]) })
			if err := mal.node.current().room(s.park).state(&lies); err != nil {
				t.Fatal(err)
			}
			o.works()
			time.Sleep(time.Second)
		}
		time.Sleep(30 * time.Second)
		if n := asked.Load(); n == 0 || n > 2*2*haves {
			t.Errorf("for %d lies to two devices she was asked %d times", haves, n)
		}
		before := asked.Load()
		time.Sleep(silence)
		o.works()
		// Ada and Ben look after somebody now and then.
		if n := asked.Load() - before; n > 8 {
			t.Errorf("she was asked %d times more within %v", n, silence)
		}
	})
}

// lies answers a pull: there is always something else, and it is always empty.
func (s *simulation) lies(p *player, stream network.Stream) error {
	c := converse(stream, patience)
	defer c.abort()
	var open openPull
	if _, err := c.hear(requestFrame, &open); err != nil {
		return err
	}
	if err := c.say(&logPage{Last: true}, &sums{Digest: [32]byte{0xff}}); err != nil {
		return err
	}
	wants := open.Wants
	for {
		for _, w := range wants {
			empty := &piece{
				Document: w.Document, Part: w.Part, Digest: shortDigest{0xff}, More: true,
				Vector: toWire(crdt.Vector{chunk.Actor(make([]byte, 20)): 1 << 40}),
			}
			if err := c.say(empty); err != nil {
				return err
			}
		}
		if len(wants) > 0 {
			if err := c.say(&pullEnd{}); err != nil {
				return err
			}
		}
		var want wantParts
		if _, err := c.hear(requestFrame, &want); err != nil {
			return err
		}
		wants = want.Wants
	}
}

func TestAFloodOfPresenceIsNotListenedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, 1)
		s.wire.suffers(wireFaults{delay: 5 * time.Millisecond})
		ada := s.newPlayer()
		ada.founds()
		ben, mal := s.newPlayer(), s.newPlayer()
		for _, p := range []*player{ben, mal} {
			t.Log(s.joins(p, space.Editor))
		}
		o := &office{simulation: s, ada: ada, ben: ben, plan: ref(s.park, "plan")}
		o.works()
		mal.meets(ben)
		ada.shares(s.park, mal.device)
		ben.shares(s.park, mal.device)
		counter := uint64(time.Now().UnixMicro())
		shows := func() {
			counter++
			if err := mal.node.current().room(s.park).state(&presenceMessage{Counter: counter, State: fmt.Append(nil, counter)}); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			for range 100 {
				shows()
			}
			time.Sleep(100 * time.Millisecond)
			o.works()
		}
		for _, p := range []*player{ada, ben} {
			if score := p.node.current().room(s.park).peers.score(peerOf(mal.id())); score > scoreIgnored {
				t.Errorf("%s scores her %v", p.name, score)
			}
		}
		if score := ada.node.current().room(s.park).peers.score(peerOf(ben.id())); score < 0 {
			t.Errorf("Ben, who passes on what he heard, has %v", score)
		}
		time.Sleep(time.Minute)
		shows()
		ada.waitFor("Mal, who keeps quiet now", func() bool { return len(ada.node.Here(s.park)) == 1 })
		mal.device.writes(o.plan, "what is worth reading")
		o.works()
		ada.same(s.park, mal.device)
	})
}

func TestAnUnknownVersionIsRefusedPolitely(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for _, id := range []protocol.ID{"/parley/hello/99", "/parley/gossip/99", "/parley/catchup/99"} {
			if stream, err := o.mallory.host.NewStream(t.Context(), peerOf(o.ada.id()), id); err == nil {
				t.Errorf("%s is spoken", id)
				_ = stream.Reset()
			}
		}
		// She offers nothing that Ada speaks. Ada lets her be.
		future := newRogue(t, space.KeyFromSeed([32]byte{7}), o.wire.options(address(99))...)
		future.host.SetStreamHandler("/parley/hello/99", func(stream network.Stream) { _ = stream.Reset() })
		future.connects(o.ada.device)
		time.Sleep(time.Minute)
		for _, r := range []*rogue{o.mallory, future} {
			if !r.isConnected(o.ada.device) {
				t.Error("she is turned away")
			}
		}
		// Of several versions the one that both speak is taken.
		stream, err := o.mallory.host.NewStream(t.Context(), peerOf(o.ada.id()), "/parley/hello/99", helloProtocol)
		if err != nil || stream.Protocol() != helloProtocol {
			t.Fatalf("no version in common: %v", err)
		}
		_ = stream.Reset()
		o.works()
	})
}
