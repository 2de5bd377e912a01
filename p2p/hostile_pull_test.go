package p2p

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

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
