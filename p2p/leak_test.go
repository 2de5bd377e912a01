package p2p

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/mr-tron/base58"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

// A tape keeps every byte that comes in over streams.
type tape struct {
	mu    sync.Mutex
	heard bytes.Buffer
}

func (t *tape) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.heard.Write(p)
}

func (t *tape) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.heard.Bytes())
}

func (t *tape) on(stream network.Stream) network.Stream {
	if t == nil {
		return stream
	}
	return taped{stream, t}
}

type taped struct {
	network.Stream
	tape *tape
}

func (s taped) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	_, _ = s.tape.Write(p[:n]) // a buffer takes everything
	return n, err
}

// A spy is a rogue that tries whatever a device might answer to, and keeps all
// that it hears.
type spy struct {
	*rogue
	space  space.ID         // which it names wherever it can
	visits chan protocol.ID // that the device opened to us
}

func newSpy(t *testing.T, key space.Key, id space.ID) *spy {
	t.Helper()
	s := &spy{rogue: newRogue(t, key), space: id, visits: make(chan protocol.ID, 64)}
	s.tape = &tape{}
	every := append([]protocol.ID{
		helloProtocol, admitProtocol, seatProtocol, wordsProtocol, gossipProtocol, catchUpProtocol, blobProtocol,
	}, pubsub.GossipSubDefaultProtocols...)
	for _, id := range every {
		s.host.SetStreamHandler(id, func(stream network.Stream) {
			s.visits <- id
			if id == helloProtocol {
				s.answersHello(s.tape.on(stream))
			}
			_, _ = io.Copy(io.Discard, s.tape.on(stream)) // until the device has had enough
		})
	}
	return s
}

// answersHello names the space to a device that says hello, as a member would.
func (s *spy) answersHello(stream network.Stream) {
	c := converse(stream, patience)
	other, _ := deviceOf(stream.Conn().RemotePeer())
	mine, theirs := nonce{Nonce: newNonce()}, nonce{}
	if _, err := c.hear(helloFrame, &theirs); err != nil {
		return
	}
	script := transcript{openerNonce: theirs.Nonce, answererNonce: mine.Nonce, opener: other, answerer: s.key.Device()}
	if c.say(&mine, &tags{Tags: padded([]tag{script.helloTag(s.space, 1, sideAnswerer)})}) != nil {
		return
	}
	if _, err := c.hear(helloFrame, &tags{}); err != nil {
		return
	}
	for {
		m, err := c.hear(proofFrameWire, &proof{}, &proofEnd{})
		if err != nil {
			return
		}
		if _, end := m.(*proofEnd); end {
			break
		}
	}
	if c.say(&proofEnd{}, &tags{Tags: padded([]tag{script.helloTag(s.space, 2, sideAnswerer)})}) == nil {
		_, _ = c.hear(helloFrame, &tags{})
	}
}

// pries tries everything on a device, with the log of some time ago.
func (s *spy) pries(d *device, stale [][]byte, keys ...space.Key) {
	t, id := s.t, s.space
	t.Helper()
	s.connects(d)
	s.asks(t, d, id, stale)
	pull := s.opens(d, catchUpProtocol)
	s.tries1(pull, &openPull{Space: id})
	s.tries1(s.opens(d, gossipProtocol), &enterRoom{Space: id})
	s.tries1(s.opens(d, blobProtocol), &enterRoom{Space: id})
	s.opensGossipsub(d)
	o := &online{host: s.host, node: &Node{device: s.key.Device()}}
	for _, key := range append(keys, s.key) {
		public := space.InvitationKey(key.Device())
		for protocol, l := range map[protocol.ID]lock{admitProtocol: invitationLock(id, public), seatProtocol: seatLock(public)} {
			c := s.opens(d, protocol)
			if o.knock(c, d.id(), l, s.key) == nil {
				t.Errorf("%s opens %s", d.name, protocol)
			}
		}
	}
	if c, proof, sealing := s.asksWith(d, tiger); s.proves(c, proof, sealing) {
		t.Errorf("%s has our words on its wall", d.name)
	}
	// Whatever else it offers, and what it says of itself.
	offered, err := s.host.Peerstore().GetProtocols(peerOf(d.id()))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range offered {
		if !strings.HasPrefix(string(id), "/parley/") {
			s.tries1(s.opens(d, id), &nonce{Nonce: newNonce()})
		}
	}
	agent, err := s.host.Peerstore().Get(peerOf(d.id()), "AgentVersion")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(s.tape, offered, agent, s.host.Peerstore().Addrs(peerOf(d.id())))
}

// tries1 says one message and listens to what comes, if anything does.
func (s *spy) tries1(c *conversation, m message) {
	s.t.Helper()
	if err := c.say(m); err != nil {
		s.t.Fatal(err)
	}
	if c.flush() == nil {
		_ = c.stream.CloseWrite()
		_ = c.stream.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, _ = io.Copy(io.Discard, c.stream)
	}
	c.abort()
}

// A secret is something that must not be heard, and how to call it.
type secret struct {
	what string
	raw  []byte
}

// secretsOf are what can be derived from a space: what it is called and who is
// in it, every entry, every key, every document.
func secretsOf(id space.ID, d *device, names ...string) (all []secret) {
	add := func(what string, raw []byte) { all = append(all, secret{what, raw}) }
	log := d.logOf(id)
	add("the space's ID", id[:])
	add("the topic", []byte(topicOf(id)))
	for _, name := range names {
		add("the name "+name, []byte(name))
	}
	for _, raw := range log.Entries() {
		e, err := space.ParseEntry(raw)
		if err != nil {
			d.t.Fatal(err)
		}
		add("the entry "+e.Hash.String(), raw)
		add("the hash of entry "+e.Hash.String(), e.Hash[:])
	}
	for _, i := range log.Invitations() {
		add("an invitation", i.Key[:])
	}
	for _, key := range seatKeys(log) {
		add("a seat key", key.Key[:])
	}
	for _, m := range log.Members() {
		if m.Device != d.id() { // who is asked, one has dialled
			add("the member "+m.Person.Name, m.Device[:])
		}
		actor := space.ActorFor(id, m.Device, 0)
		add("the actor of "+m.Person.Name, actor[:])
	}
	for _, ref := range d.store.Refs(id) {
		add("a document", ref.Document[:])
		digest, err := d.store.PartDigest(ref)
		if err != nil {
			d.t.Fatal(err)
		}
		add("a part's digest", digest[:])
	}
	digest, entries := d.store.Digest(id), log.Digest()
	add("the space's digest", digest[:])
	add("the log's digest", entries[:])
	return all
}

// leaked are the secrets that are in what was heard, in any usual writing.
func leaked(heard []byte, secrets []secret) (found []string) {
	lower := bytes.ToLower(heard)
	for _, s := range secrets {
		writings := [][]byte{
			s.raw, []byte(hex.EncodeToString(s.raw)), []byte(base58.Encode(s.raw)),
			[]byte(base64.RawStdEncoding.EncodeToString(s.raw)), []byte(base64.RawURLEncoding.EncodeToString(s.raw)),
			[]byte(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.raw)),
		}
		if len(s.raw) == len(space.DeviceID{}) {
			writings = append(writings, []byte(space.DeviceID(s.raw).String()))
		}
		for _, w := range writings {
			if bytes.Contains(heard, w) || bytes.Contains(lower, bytes.ToLower(w)) {
				found = append(found, s.what)
				break
			}
		}
	}
	return found
}

func TestNothingLeaksToStrangers(t *testing.T) { nothingLeaks(t, loopback) }

func nothingLeaks(t *testing.T, listen []string) {
	ada, ben := newDeviceAt(t, "Ada Lovelace", listen), newDeviceAt(t, "Ben Bitdiddle", listen)
	park := ada.founds("Playground by the river")
	seed := ada.registers(space.Recovery, 1, time.Time{}, park)
	ben.joins(ada.invites(park, 1, time.Time{}))
	ada.shares(park, ben)
	ada.writes(ref(park, "plan"), "A slide of stainless steel")
	open := ada.invites(park, 1, time.Time{})
	ben.same(park, ada)
	secrets := secretsOf(park, ada, "Playground by the river", "Ada Lovelace", "Ben Bitdiddle", "stainless steel")

	// That the search finds what is there: a member hears nearly all of it.
	t.Run("a member", func(t *testing.T) {
		cleo := newSpy(t, space.KeyFromSeed([32]byte{3}), park)
		cleo.connects(ada)
		application, err := space.Apply(cleo.key, open, space.Person{Name: "Cleo"})
		if err != nil {
			t.Fatal(err)
		}
		o := &online{host: cleo.host, node: &Node{device: cleo.key.Device()}}
		if _, err := o.apply(cleo.opens(ada, admitProtocol), ada.id(), open, application); err != nil {
			t.Fatal(err)
		}
		pull := cleo.opens(ada, catchUpProtocol)
		if err := pull.say(&openPull{Space: park, Wants: []partTips{{Document: ref(park, "plan").Document}}}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := pull.hear(pieceFrame, &logPage{}, &sums{}, &piece{}); err != nil {
				t.Fatal(err)
			}
		}
		for _, what := range []string{"the name Playground by the river", "the name Ben Bitdiddle", "the member Ben Bitdiddle", "a document", "an invitation", "the name stainless steel"} {
			if !slices.Contains(leaked(cleo.tape.bytes(), secrets), what) {
				t.Errorf("the tape is deaf to %s", what)
			}
		}
	})
	for _, d := range []*device{ada, ben} {
		t.Run("a stranger who knows the space's ID, from "+d.name, func(t *testing.T) {
			eve := newSpy(t, space.KeyFromSeed([32]byte{5}), park)
			eve.pries(d, nil, space.KeyFromSeed(open.Secret), space.KeyFromSeed(seed))
			// What comes to her by itself.
			d.connectsTo(eve.rogue)
			waitFor(t, "a hello", func() bool { return len(eve.visits) > 0 })
			d.writes(ref(park, "plan"), "more stainless steel")
			ada.same(park, ben)
			secrets := secretsOf(park, d, "Playground by the river", "Ada Lovelace", "Ben Bitdiddle", "stainless steel")
			if found := leaked(eve.tape.bytes(), secrets); len(found) > 0 {
				t.Errorf("Eve heard %s", strings.Join(found, ", "))
			}
			for len(eve.visits) > 0 {
				if id := <-eve.visits; id != helloProtocol {
					t.Errorf("%s was opened to Eve", id)
				}
			}
		})
	}
	t.Run("what she hears sounds the same from who has no space at all", func(t *testing.T) {
		lengths := make(map[string]int)
		for _, d := range []*device{ada, newDeviceAt(t, "Nobody", listen)} {
			eve := newSpy(t, space.KeyFromSeed([32]byte{6}), park)
			eve.pries(d, nil)
			// Addresses differ in length; everything else must not.
			var addresses int
			for _, a := range eve.host.Peerstore().Addrs(peerOf(d.id())) {
				addresses += len(a.String())
			}
			lengths[d.name] = len(eve.tape.bytes()) - addresses
		}
		if lengths["Ada Lovelace"] != lengths["Nobody"] {
			t.Errorf("bytes heard: %v", lengths)
		}
	})
}

// connectsTo dials a rogue, as a device does that has found it.
func (d *device) connectsTo(r *rogue) {
	d.t.Helper()
	if err := r.host.Network().ClosePeer(peerOf(d.id())); err != nil {
		d.t.Fatal(err)
	}
	d.waitFor("the connection's end", func() bool { return !r.isConnected(d) && !d.isConnectedTo(r) })
	if len(r.host.Network().ListenAddresses()) == 0 {
		if err := r.host.Network().Listen(listenAddresses(d.t, d)...); err != nil {
			d.t.Fatal(err)
		}
	}
	info := peer.AddrInfo{ID: r.host.ID(), Addrs: r.host.Network().ListenAddresses()}
	if err := d.node.current().dialTo(d.t.Context(), info); err != nil {
		d.t.Fatal(err)
	}
}

func (d *device) isConnectedTo(r *rogue) bool {
	return d.node.current().host.Network().Connectedness(r.host.ID()) == network.Connected
}

func TestNothingLeaksToTheRemoved(t *testing.T) {
	ada, ben := newDevice(t, "Ada Lovelace"), newDevice(t, "Ben Bitdiddle")
	cleo, dora := newDevice(t, "Cleo Patra"), newDevice(t, "Dora Explorer")
	park := ada.founds("Playground by the river")
	seed := ada.registers(space.Recovery, 1, time.Time{}, park)
	ben.joins(ada.invites(park, 1, time.Time{}))
	cleo.joins(ada.invites(park, 1, time.Time{}))
	ada.writes(ref(park, "plan"), "A slide of stainless steel")
	for _, d := range []*device{ben, cleo} {
		d.same(park, ada)
	}
	stale := ben.logOf(park).Entries()
	ben.stops()
	ada.removes(park, ben)
	upTo := ada.logOf(park).Entries()
	known := secretsOf(park, ada)

	// What comes later.
	dora.joins(ada.invites(park, 1, time.Time{}))
	ada.writes(ref(park, "swings"), "Two swings of oak")
	ada.writes(ref(park, "plan"), "A slide of birch")
	for _, d := range []*device{cleo, dora} {
		d.same(park, ada)
	}
	var secrets []secret
	for _, s := range secretsOf(park, ada, "Dora Explorer", "swings of oak", "slide of birch") {
		if !slices.ContainsFunc(known, func(k secret) bool { return bytes.Equal(k.raw, s.raw) }) {
			secrets = append(secrets, s)
		}
	}
	if len(secrets) < 10 {
		t.Fatalf("only %d secrets", len(secrets))
	}
	b := newSpy(t, ben.key, park)
	for _, d := range []*device{ada, cleo} {
		for _, log := range [][][]byte{stale, upTo} {
			b.pries(d, log, space.KeyFromSeed(seed))
		}
		d.connectsTo(b.rogue)
		waitFor(t, "a hello", func() bool { return len(b.visits) > 0 })
	}
	ada.writes(ref(park, "plan"), "A slide of birch again")
	dora.same(park, ada)
	cleo.same(park, ada)
	if found := leaked(b.tape.bytes(), secrets); len(found) > 0 {
		t.Errorf("Ben heard %s", strings.Join(found, ", "))
	}
	// He hears the end of his own place, and Dora, whom he cannot know, is silent.
	if found := leaked(b.tape.bytes(), []secret{{"the removal", upTo[len(upTo)-1]}}); len(found) == 0 {
		t.Error("Ben was not told")
	}
	d := newSpy(t, ben.key, park)
	d.pries(dora, upTo)
	if found := leaked(d.tape.bytes(), secretsOf(park, dora, "Dora Explorer")); len(found) > 0 {
		t.Errorf("Dora told %s", strings.Join(found, ", "))
	}
}

func TestNoHelloTakesLongerForWhatIsHeld(t *testing.T) {
	// Ben, who was removed, shows a log of many entries to who came later. To add
	// them, or to look for his ending in them, takes a while, which must not show:
	// Dora answers as soon as one who has nothing to look at.
	ada, ben, dora := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Dora")
	park, _ := meeting(t, ada, ben)
	ben.stops()
	log := forked(t, ada.logOf(park))
	for i := range 600 {
		entry, err := log.SetPerson(ben.key, space.Person{Name: fmt.Sprint("Ben ", i)}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := log.Add(entry.Raw); err != nil {
			t.Fatal(err)
		}
	}
	ada.removes(park, ben)
	dora.joins(ada.invites(park, 1, time.Time{}))
	b := newRogue(t, ben.key)
	b.connects(dora)
	before := dora.logOf(park).Len()
	b.beforeEnd = func() {
		if n := dora.logOf(park).Len(); n != before {
			t.Errorf("%d entries were added while Ben waited", n-before)
		}
	}
	b.asks(t, dora, park, log.Entries())
	// Only when the hello is over, they are looked at.
	dora.waitFor("Ben's entries", func() bool { return dora.logOf(park).Len() > 600 })
}

// forked is a copy of a log, to be added to by hand.
func forked(t *testing.T, log *space.Log) *space.Log {
	t.Helper()
	copied, err := space.Open(log.Entries())
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// listenAddresses are of the kind at which a device listens.
func listenAddresses(t testing.TB, like *device) []multiaddr.Multiaddr {
	t.Helper()
	addresses, err := parseAddresses(like.listen)
	if err != nil {
		t.Fatal(err)
	}
	return addresses
}
