package p2p

import (
	"bytes"
	"crypto/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	envelopes "github.com/libp2p/go-libp2p/core/record"
	"github.com/multiformats/go-multiaddr"

	"parley/p2p/lab"
	"parley/space"
)

// livesAt is a device with an address of the internet's, in a lab of its own.
func livesAt(t *testing.T, name, ip string) *device {
	t.Helper()
	lab.IP(t, "addr", "add", ip+"/32", "dev", "lo")
	d := newDevice(t, name)
	d.moves([]string{"/ip4/" + ip + "/tcp/0"})
	return d
}

// knows reports whether a device has an address of another in its book.
func (d *device) knows(other *device) bool { return len(d.node.book.of(other.id())) > 0 }

// A keeper is let in after two members, only one of whom enters its address.
func TestMembersTellEachOtherWhereTheirKeeperIs(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		ada, ben, keeper := livesAt(t, "Ada", "1.2.3.4"), livesAt(t, "Ben", "5.6.7.8"), livesAt(t, "Keeper", "9.9.9.9")
		park := ada.founds("Park")
		ben.joins(ada.invites(park, 1, time.Time{}))
		ada.shares(park, ben)
		mallory := livesAt(t, "Mallory", "8.8.4.4")
		mallory.connects(ada)
		ada.waitFor("Mallory", func() bool { _, ok := ada.to(mallory); return ok })

		code := ada.invitesAs(park, space.Keeper, 1, time.Time{})
		code.Addresses = nil
		ada.connects(keeper)
		keeper.joins(code)
		ben.waitFor("the keeper", func() bool { c, ok := ben.to(keeper); return ok && c.Via == ViaDirect })
		ben.shares(park, keeper)
		if mallory.knows(keeper) || mallory.knows(ben) {
			t.Error("a stranger is told where members are")
		}

		// It is known after a restart, when nobody is there who could tell.
		ada.stops()
		ben.stops()
		ben.starts()
		ben.waitFor("the keeper again", func() bool { _, ok := ben.to(keeper); return ok })
	})
}

func TestNothingIsToldOnAccountOfALocalSpace(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		ada, ben, cleo := livesAt(t, "Ada", "1.2.3.4"), livesAt(t, "Ben", "5.6.7.8"), livesAt(t, "Cleo", "9.9.9.9")
		park, yard := ada.founds("Park"), ada.founds("Yard")
		ben.joins(ada.invites(park, 1, time.Time{}))
		ben.joins(ada.invites(yard, 1, time.Time{}))
		cleo.joins(ada.invites(yard, 1, time.Time{}))
		cards := ada.node.current().cards
		told := func(of, to *device, ids ...space.ID) bool {
			batch := cards.untold(peerOf(to.id()), ids)
			_, ok := batch.sequences[of.id()]
			return ok
		}
		ada.waitFor("a card of Cleo's", func() bool {
			cards.mu.Lock()
			defer cards.mu.Unlock()
			return cards.known[cleo.id()].sequence > 0
		})
		cards.forget(peerOf(ben.id()))
		if !told(cleo, ben, yard) || told(cleo, ben, park) {
			t.Error("who is where is told by another space than the one that both are in")
		}
		ada.reaches(yard, space.ReachLocal)
		if told(cleo, ben, yard, park) {
			t.Error("a space that stays on the local network tells where its members are")
		}
		if ada.node.fellows([]space.ID{yard}, ben.id(), cleo.id()) {
			t.Error("what is told of such a space is taken")
		}
	})
}

// A card says addresses of the internet's only, whatever others there are.
func TestACardHasNoLocalAddresses(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		lab.IP(t, "addr", "add", "192.168.7.7/32", "dev", "lo")
		lab.IP(t, "addr", "add", "1.2.3.4/32", "dev", "lo")
		ada := newDevice(t, "Ada")
		ada.moves([]string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"})
		var own card
		ada.waitFor("a card", func() bool {
			cards := ada.node.current().cards
			cards.again()
			cards.mu.Lock()
			defer cards.mu.Unlock()
			own = cards.known[ada.id()]
			return len(own.addresses) == 2
		})
		if all := strings.Join(ada.node.Addresses(), " "); !strings.Contains(all, "192.168.7.7") {
			t.Errorf("the local address is not among %s", all)
		}
		if device, read, err := readCard(own.raw); err != nil || device != ada.id() || !slices.EqualFunc(read.addresses, own.addresses, multiaddr.Multiaddr.Equal) {
			t.Errorf("the card reads %v %v (%v)", device, read.addresses, err)
		}
		for _, a := range own.addresses {
			if ip, ok := ipOf(a); !ok || ip != netip.MustParseAddr("1.2.3.4") {
				t.Errorf("a card says %s", a)
			}
		}
	})
}

// cardOf is a card as its device signs it.
func cardOf(t *testing.T, key space.Key, sequence uint64, addresses ...string) []byte {
	t.Helper()
	private, err := hostKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return sealedCard(t, private, peerOf(key.Device()), sequence, addresses...)
}

// sealedCard is a card as somebody might forge it.
func sealedCard(t *testing.T, key crypto.PrivKey, of peer.ID, sequence uint64, addresses ...string) []byte {
	t.Helper()
	parsed, err := parseAddresses(addresses)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := envelopes.Seal(&peer.PeerRecord{PeerID: of, Addrs: parsed, Seq: sequence}, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := envelope.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestAForgedCardIsNonsense(t *testing.T) {
	for name, forge := range map[string]func(t *testing.T, mallory, ben *device) []byte{
		"signed by another": func(t *testing.T, mallory, ben *device) []byte {
			key, err := hostKey(mallory.key)
			if err != nil {
				t.Fatal(err)
			}
			return sealedCard(t, key, peerOf(ben.id()), 1<<62, "/ip4/6.6.6.6/tcp/1")
		},
		"changed": func(t *testing.T, _, ben *device) []byte {
			key, err := hostKey(ben.key)
			if err != nil {
				t.Fatal(err)
			}
			raw := sealedCard(t, key, peerOf(ben.id()), 1<<62, "/ip4/5.6.7.8/tcp/1")
			return bytes.Replace(raw, []byte{5, 6, 7, 8}, []byte{6, 6, 6, 6}, 1)
		},
		"of a local network": func(t *testing.T, mallory, _ *device) []byte {
			key, err := hostKey(mallory.key)
			if err != nil {
				t.Fatal(err)
			}
			return sealedCard(t, key, peerOf(mallory.id()), 1<<62, "/ip4/192.168.1.1/tcp/80")
		},
		"of no device": func(t *testing.T, _, _ *device) []byte {
			key, _, err := crypto.GenerateSecp256k1Key(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			id, err := peer.IDFromPrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			return sealedCard(t, key, id, 1<<62, "/ip4/6.6.6.6/tcp/1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			ada, ben, mallory := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Mallory")
			park := ada.founds("Park")
			ben.joins(ada.invites(park, 1, time.Time{}))
			mallory.joins(ada.invites(park, 1, time.Time{}))
			ada.shares(park, mallory)
			before := ada.node.book.of(ben.id())
			raw := forge(t, mallory, ben)
			mallory.stops()
			rude := newRogue(t, mallory.key)
			rude.connects(ada)
			c := rude.opens(ada, cardsProtocol)
			if err := c.say(&tellCards{Cards: [][]byte{raw}}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.hear(cardsFrame, &heardCards{}); err == nil {
				t.Error("a forged card is taken")
			}
			rude.isTurnedAway(ada)
			for _, a := range ada.node.book.of(ben.id()) {
				if strings.Contains(a, "6.6.6.6") {
					t.Errorf("Ben is looked for at %s, where he was at %s before", a, before)
				}
			}
		})
	}
}

func TestStrangersTellAndAreToldNothingOfOthers(t *testing.T) {
	ada := newDevice(t, "Ada")
	ada.founds("Park")
	eve := stranger(t, "Eve")
	eve.connects(ada)
	key, err := hostKey(eve.key)
	if err != nil {
		t.Fatal(err)
	}
	c := eve.opens(ada, cardsProtocol)
	// It may fail: Ada does not listen.
	_ = c.say(&tellCards{Cards: [][]byte{sealedCard(t, key, eve.host.ID(), 1<<62, "/ip4/6.6.6.6/tcp/1")}})
	if _, err := c.hear(cardsFrame, &heardCards{}); err == nil {
		t.Error("a stranger is heard")
	}
	if !eve.isConnected(ada) {
		t.Error("a stranger who tells something is turned away: it may know of a space that we have left")
	}
	if len(ada.node.book.of(eve.key.Device())) > 0 {
		t.Error("a stranger's address is kept")
	}
}

// An older card, passed on again, does not lead back to where somebody was.
func TestTheNewestCardCounts(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park := ada.founds("Park")
	ben.joins(ada.invites(park, 1, time.Time{}))
	cleo.joins(ada.invites(park, 1, time.Time{}))
	cleo.stops()
	ada.waitFor("Cleo to be gone", func() bool { _, ok := ada.to(cleo); return !ok })
	cards := ada.node.current().cards
	ada.node.current().cancel() // what is written down here, nobody dials
	hears := func(sequence uint64, address string) {
		t.Helper()
		if err := cards.take(peerOf(ben.id()), ben.id(), [][]byte{cardOf(t, cleo.key, sequence, address)}); err != nil {
			t.Fatal(err)
		}
	}
	hears(7, "/ip4/7.7.7.7/tcp/7")
	hears(6, "/ip4/6.6.6.6/tcp/6")
	if book := ada.node.book.of(cleo.id()); !slices.Contains(book, "/ip4/7.7.7.7/tcp/7") || slices.Contains(book, "/ip4/6.6.6.6/tcp/6") {
		t.Errorf("Cleo is looked for at %v", book)
	}
	hears(8, "/ip4/8.8.8.8/tcp/8")
	if book := ada.node.book.of(cleo.id()); book[0] != "/ip4/8.8.8.8/tcp/8" {
		t.Errorf("Cleo is looked for at %v", book)
	}
}

func FuzzReadCard(f *testing.F) {
	key, public, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	id, err := peer.IDFromPublicKey(public)
	if err != nil {
		f.Fatal(err)
	}
	envelope, err := envelopes.Seal(&peer.PeerRecord{PeerID: id, Seq: 1, Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip4/1.2.3.4/tcp/1")}}, key)
	if err != nil {
		f.Fatal(err)
	}
	raw, err := envelope.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, one, err := readCard(raw)
		if err == nil && slices.ContainsFunc(one.addresses, func(a multiaddr.Multiaddr) bool { return !isCardAddress(a) }) {
			t.Errorf("a card says %v", one.addresses)
		}
	})
}
