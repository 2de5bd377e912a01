package p2p

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/crdt"
	"parley/space"
)

// A rogue is a bare libp2p host that speaks as it likes.
type rogue struct {
	t    *testing.T
	key  space.Key
	host host.Host
	tape *tape // keeps what comes in, if there is one

	beforeEnd func() // called before the last message of a hello, if set
}

func newRogue(t *testing.T, key space.Key, options ...libp2p.Option) *rogue {
	t.Helper()
	private, err := hostKey(key)
	if err != nil {
		t.Fatal(err)
	}
	h, err := libp2p.New(append(options, libp2p.Identity(private), libp2p.NoListenAddrs, libp2p.DisableMetrics(), libp2p.DisableRelay())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return &rogue{t: t, key: key, host: h}
}

func stranger(t *testing.T, name string) *rogue {
	return newRogue(t, space.KeyFromSeed(sha256.Sum256([]byte(t.Name()+name))))
}

func (r *rogue) connects(d *device) {
	r.t.Helper()
	if err := r.tries(d); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rogue) tries(d *device) error {
	info, err := peer.AddrInfoFromString(d.node.Addresses()[0])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	return r.host.Connect(ctx, *info)
}

func (r *rogue) opens(d *device, id protocol.ID) *conversation {
	r.t.Helper()
	stream, err := r.host.NewStream(r.t.Context(), peerOf(d.id()), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return converse(r.tape.on(stream), patience)
}

func (r *rogue) isConnected(d *device) bool {
	return r.host.Network().Connectedness(peerOf(d.id())) == network.Connected
}

// isTurnedAway waits until a device has ended the connection, and sees that it
// does not take another.
func (r *rogue) isTurnedAway(d *device) {
	r.t.Helper()
	waitFor(r.t, "being turned away by "+d.name, func() bool { return !r.isConnected(d) })
	// The other side refuses once it knows who calls, which a caller over QUIC
	// learns only after it believes to be connected.
	if r.tries(d) == nil {
		waitFor(r.t, "being turned away again", func() bool { return !r.isConnected(d) })
	}
}

func TestNonsenseIsTurnedAway(t *testing.T) {
	frame := func(m message) []byte {
		b, err := encodeFrame(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	garbage := randomText(4096)
	for _, id := range []protocol.ID{helloProtocol, admitProtocol, gossipProtocol, catchUpProtocol} {
		for name, content := range map[string][]byte{
			"garbage":             garbage,
			"an endless length":   append([]byte{0xff, 0xff, 0xff, 0xff}, garbage...),
			"no length":           {0, 0, 0, 0},
			"another kind":        frame(&refused{Reason: 1}),
			"a list in a list":    append([]byte{0, 0, 0, 200, 1}, bytes.Repeat([]byte{0x81}, 199)...),
			"a promise of plenty": {0, 0, 0, 10, 1, 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		} {
			t.Run(fmt.Sprint(id, " ", name), func(t *testing.T) {
				ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
				park, plan := meeting(t, ada, ben)
				mallory := stranger(t, "Mallory")
				mallory.connects(ada)
				c := mallory.opens(ada, id)
				// It may fail: Ada need not read to the end.
				_, _ = c.stream.Write(content)
				mallory.isTurnedAway(ada)
				ada.writes(plan, "all the same")
				ada.same(park, ben)
			})
		}
	}
}

func TestStrangerLearnsNothing(t *testing.T) {
	ada := newDevice(t, "Ada")
	empty := newDevice(t, "Nobody") // a device without any space
	park := ada.founds("Park")
	ada.writes(ref(park, "plan"), "secret")
	old := ada.invites(park, 5, time.Time{})
	entry, err := ada.logOf(park).Withdraw(ada.key, old.Invitation(), time.Now())
	ada.adds(park, entry, err)

	eve := stranger(t, "Eve")
	for _, d := range []*device{ada, empty} {
		eve.connects(d)

		t.Run(d.name+" names nothing in a hello", func(t *testing.T) {
			// Eve knows the space's ID, names it, and even has its log up to
			// her invitation.
			heard := eve.asks(t, d, park, ada.logOf(park).Entries())
			if len(heard.entries) > 0 {
				t.Errorf("%d entries were shown", len(heard.entries))
			}
			for round, list := range heard.tags {
				if len(list) != tagPadding {
					t.Errorf("round %d has %d tags", round+1, len(list))
				}
				for _, tag := range list {
					if tag == heard.script.helloTag(park, byte(round+1), sideAnswerer) {
						t.Errorf("round %d names the space", round+1)
					}
				}
			}
		})
		t.Run(d.name+" serves no pull", func(t *testing.T) {
			c := eve.opens(d, catchUpProtocol)
			if err := c.say(&openPull{Space: park}); err != nil {
				t.Fatal(err)
			}
			if m, err := c.hear(logFrame, &logPage{}); err == nil || errors.Is(err, errNonsense) || errors.Is(err, io.EOF) {
				t.Errorf("heard %v, %v", m, err)
			}
		})
		t.Run(d.name+" opens no room", func(t *testing.T) {
			c := eve.opens(d, gossipProtocol)
			if err := c.say(&enterRoom{Space: park}); err != nil {
				t.Fatal(err)
			}
			if m, err := c.hear(logFrame, &logPage{}); err == nil || errors.Is(err, errNonsense) || errors.Is(err, io.EOF) {
				t.Errorf("heard %v, %v", m, err)
			}
		})
		t.Run(d.name+" does not open to a made-up key", func(t *testing.T) {
			made := old
			made.Secret = [32]byte{1, 2, 3}
			if _, err := eve.knocks(t, d, made); err == nil {
				t.Error("the door opened")
			}
		})
		if !eve.isConnected(d) {
			t.Errorf("%s turned Eve away: politeness shows too", d.name)
		}
	}
	t.Run("who knows the invitation hears that it was withdrawn", func(t *testing.T) {
		if _, err := eve.knocks(t, ada, old); !errors.Is(err, space.ErrWithdrawn) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("identify says nothing of spaces", func(t *testing.T) {
		protocols, err := eve.host.Peerstore().GetProtocols(peerOf(ada.id()))
		if err != nil {
			t.Fatal(err)
		}
		others, err := eve.host.Peerstore().GetProtocols(peerOf(empty.id()))
		slices.Sort(protocols)
		slices.Sort(others)
		if err != nil || fmt.Sprint(protocols) != fmt.Sprint(others) {
			t.Errorf("Ada speaks %v, Nobody %v", protocols, others)
		}
	})
	if got := eve.opensGossipsub(ada); got {
		t.Error("gossipsub is offered to strangers")
	}
}

// opensGossipsub reports whether plain gossipsub is spoken, in which rooms
// would be announced.
func (r *rogue) opensGossipsub(d *device) bool {
	stream, err := r.host.NewStream(r.t.Context(), peerOf(d.id()), pubsub.GossipSubDefaultProtocols...)
	if err != nil {
		return false
	}
	_ = stream.Reset()
	return true
}

// What was heard in a hello: tags of both rounds, and entries.
type hearing struct {
	tags    [2][]tag
	entries [][]byte
	script  transcript
}

// asks runs a hello as opener that names a space and proves it with entries.
func (r *rogue) asks(t *testing.T, d *device, id space.ID, entries [][]byte) (heard hearing) {
	t.Helper()
	c := r.opens(d, helloProtocol)
	mine, theirs := nonce{Nonce: newNonce()}, nonce{}
	var first, second tags
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.say(&mine))
	_, err := c.hear(helloFrame, &theirs)
	must(err)
	script := transcript{openerNonce: mine.Nonce, answererNonce: theirs.Nonce, opener: r.key.Device(), answerer: d.id()}
	_, err = c.hear(helloFrame, &first)
	must(err)
	named := script.helloTag(id, 1, sideOpener)
	must(c.say(&tags{Tags: padded([]tag{named})}, &proof{Tag: named, Entries: entries}, &proofEnd{}))
	for end := false; !end; {
		var p proof
		m, err := c.hear(proofFrameWire, &p, &proofEnd{})
		must(err)
		_, end = m.(*proofEnd)
		heard.entries = append(heard.entries, p.Entries...)
	}
	_, err = c.hear(helloFrame, &second)
	must(err)
	if r.beforeEnd != nil {
		r.beforeEnd()
	}
	must(c.say(&tags{Tags: padded([]tag{script.helloTag(id, 2, sideOpener)})}))
	must(c.close())
	heard.tags, heard.script = [2][]tag{first.Tags, second.Tags}, script
	return heard
}

// knocks uses a code from the rogue's own host.
func (r *rogue) knocks(t *testing.T, d *device, code space.Code) ([][]byte, error) {
	t.Helper()
	application, err := space.Apply(r.key, code, space.Person{Name: "Eve"})
	if err != nil {
		t.Fatal(err)
	}
	c := r.opens(d, admitProtocol)
	o := &online{host: r.host, node: &Node{device: r.key.Device()}}
	return o.apply(c, d.id(), code, application)
}

func TestGarbageInARoomIsTurnedAway(t *testing.T) {
	for _, c := range []struct {
		name   string
		policy pubsub.MessageSignaturePolicy
		send   func(r *rogue, park space.ID, ada peer.ID, topic *pubsub.Topic) error
	}{
		{"bytes that are no gossip", pubsub.StrictNoSign, func(r *rogue, park space.ID, ada peer.ID, _ *pubsub.Topic) error {
			stream, err := r.host.NewStream(network.WithNoDial(t.Context(), "garbage"), ada, gossipProtocol)
			if err != nil {
				return err
			}
			entered, err := encodeFrame(&enterRoom{Space: park})
			if err != nil {
				return err
			}
			_, err = stream.Write(append(entered, bytes.Repeat([]byte{0x05, 0xff, 0xff, 0xff, 0xff, 0xff}, 50)...))
			return err
		}},
		{"a message that does not decode", pubsub.StrictNoSign, func(_ *rogue, _ space.ID, _ peer.ID, topic *pubsub.Topic) error {
			return topic.Publish(t.Context(), []byte("\x01nonsense"))
		}},
		{"a kind that does not exist", pubsub.StrictNoSign, func(_ *rogue, _ space.ID, _ peer.ID, topic *pubsub.Topic) error {
			return topic.Publish(t.Context(), []byte{200, 0xa0})
		}},
		{"a statement in the name of somebody else", pubsub.StrictNoSign, func(r *rogue, _ space.ID, _ peer.ID, topic *pubsub.Topic) error {
			s, err := state(r.key, space.ID{}, &presenceMessage{Counter: 1 << 60})
			if err != nil {
				return err
			}
			raw, err := appendMessage(nil, s)
			if err != nil {
				return err
			}
			return topic.Publish(t.Context(), raw)
		}},
		{"a message that gossipsub has signed", pubsub.StrictSign, func(_ *rogue, _ space.ID, _ peer.ID, topic *pubsub.Topic) error {
			return topic.Publish(t.Context(), []byte("anything"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ada, ben, mallory := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Mallory")
			park, plan := meeting(t, ada, ben)
			mallory.joins(ada.invites(park, 1, time.Time{}))
			mallory.shares(park, ada)
			mallory.stops() // and comes back with a program of her own

			m := newRogue(t, mallory.key)
			// Ada takes only devices that offer a hello for her own kind.
			m.host.SetStreamHandler(helloProtocol, func(s network.Stream) { _ = s.Reset() })
			rh, err := newRoomHost(m.host, park, func(network.Conn) bool { return true }, func(peer.ID) {})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			m.host.SetStreamHandler(gossipProtocol, func(s network.Stream) {
				if _, err := hearEnterRoom(s); err == nil {
					_ = rh.accept(t.Context(), s)
				}
			})
			options := []pubsub.Option{
				pubsub.WithGossipSubProtocols([]protocol.ID{gossipProtocol}, gossipFeatures),
				pubsub.WithFloodPublish(true), pubsub.WithMessageIdFn(messageID), pubsub.WithMessageSignaturePolicy(c.policy),
			}
			if c.policy == pubsub.StrictNoSign {
				options = append(options, pubsub.WithNoAuthor())
			}
			router, err := pubsub.NewGossipSub(ctx, rh, options...)
			if err != nil {
				t.Fatal(err)
			}
			topic, err := router.Join(topicOf(park))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := topic.Relay(); err != nil {
				t.Fatal(err)
			}
			m.connects(ada)
			rh.enter(peerOf(ada.id()))
			rh.arrive(peerOf(ada.id()))
			waitFor(t, "Ada in Mallory's room", func() bool { return len(topic.ListPeers()) > 0 })
			// Her router opens its own stream again as soon as this one has taken
			// its place, so that the garbage may go unread: she insists.
			waitFor(t, "Ada's closing the connection", func() bool {
				if m.isConnected(ada) {
					_ = c.send(m, park, peerOf(ada.id()), topic) // it may be closed by now
				}
				return !m.isConnected(ada)
			})
			m.isTurnedAway(ada)
			ada.writes(plan, "all the same")
			ada.same(park, ben)
		})
	}
}

func TestForgeryIsTurnedAway(t *testing.T) {
	ada, ben, mallory := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Mallory")
	park, plan := meeting(t, ada, ben)
	mallory.joins(ada.invites(park, 1, time.Time{}))
	mallory.shares(park, ada)

	// Mallory gossips a change with a signature that does not match.
	c := mallory.change(plan, "forged")
	signature := crdt.Sign(mallory.key, plan, c)
	signature.Sig[0] ^= 1
	r := mallory.node.current().room(park)
	err := r.publish(&changesMessage{
		Document: plan.Document, Part: plan.Part,
		Changes: [][]byte{c.Raw}, Signatures: toWireSignatures([]crdt.Signature{signature}),
	})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Mallory's being turned away", func() bool { return !ada.node.current().gate.allows(peerOf(mallory.id())) })
	ada.writes(plan, "all the same")
	ada.same(park, ben)
	if ada.has(plan, mallory, 1) || ben.has(plan, mallory, 1) {
		t.Error("the forged change counts")
	}
}
