package p2p

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/p2p/lab"
	"parley/space"
)

// servesTable is a keeper of nobody here, who serves the hash table.
func servesTable(t *testing.T, name, at string) (*device, string) {
	t.Helper()
	d := newDevice(t, name)
	d.stops()
	d.serve = []string{"/ip4/" + at + "/tcp/0"}
	d.starts()
	d.waitFor("serving the table", func() bool { return len(d.node.Wide().Serving) == 1 })
	return d, d.node.Wide().Serving[0]
}

func (d *device) enters(bootstrap ...string) {
	d.t.Helper()
	if err := d.node.SetBootstrap(bootstrap); err != nil {
		d.t.Fatal(err)
	}
}

// forgets starts a device anew that knows no address of anybody, and listens
// elsewhere.
func (d *device) forgets() {
	d.t.Helper()
	d.stops()
	if err := d.book.Save(nil); err != nil {
		d.t.Fatal(err)
	}
	d.starts()
}

func (d *device) tables() bool {
	w := d.node.current().wide
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.table != nil
}

// Ada and Ben know each other, and then only a node of the table.
func TestMembersFindEachOtherInTheTable(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		lab.IP(t, "addr", "add", "7.7.7.7/32", "dev", "lo")
		ada, ben := livesAt(t, "Ada", "1.2.3.4"), livesAt(t, "Ben", "5.6.7.8")
		_, first := servesTable(t, "Library", "7.7.7.7")
		park := ada.founds("Park")
		ben.joins(ada.invites(park, 1, time.Time{}))
		ada.reaches(park, space.ReachWide)
		ben.same(park, ada)
		ada.forgets()
		ben.forgets()
		ada.waitFor("being alone", func() bool { return len(ada.node.Connections()) == 0 && len(ben.node.Connections()) == 0 })
		if ada.tables() || ada.node.Wide().Asking {
			t.Error("somebody is asked before a node was entered")
		}
		ada.enters(first)
		ben.enters(first)
		ada.waitFor("Ben", func() bool {
			for _, d := range []*device{ada, ben} { // they would look again after a minute
				w := d.node.current().wide
				w.mu.Lock()
				clear(w.looks)
				w.mu.Unlock()
				w.again()
			}
			c, ok := ada.to(ben)
			return ok && c.Via == ViaDirect
		})
		ada.shares(park, ben)
		if w := ada.node.Wide(); !w.Asking || w.Nodes != 1 || len(w.Serving) > 0 || !slices.Equal(w.Bootstrap, []string{first}) {
			t.Errorf("Ada asks like this: %+v", w)
		}

		// A space that is not wide any more ends it.
		ada.reaches(park, space.ReachDirect)
		ben.same(park, ada)
		for _, d := range []*device{ada, ben} {
			d.waitFor("the end of it", func() bool { return !d.tables() })
		}
	})
}

// A door counts who comes.
func door(t *testing.T, at string) (address string, knocks func() int) {
	t.Helper()
	listener, err := net.Listen("tcp4", at+":0")
	if err != nil {
		t.Fatal(err)
	}
	came, ended := make(chan struct{}, 1024), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			came <- struct{}{}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
	})
	_, port, _ := strings.Cut(listener.Addr().String(), ":")
	return "/ip4/" + at + "/tcp/" + port + "/p2p/" + peerOf(space.KeyFromSeed([32]byte{7}).Device()).String(), func() int { return len(came) }
}

func TestNobodyIsAskedUnlessASpaceIsWideAndANodeWasEntered(t *testing.T) {
	ada := newDevice(t, "Ada")
	park := ada.founds("Park")
	ben := newDevice(t, "Ben")
	ben.joins(ada.invites(park, 1, time.Time{}))
	address, knocks := door(t, "127.0.0.1")
	looks := func() {
		t.Helper()
		ada.node.current().wide.look(t.Context())
	}
	ada.enters(address)
	for _, reach := range []space.Reach{space.ReachLocal, space.ReachDirect} {
		ada.reaches(park, reach)
		looks()
	}
	if n := knocks(); n > 0 || ada.tables() {
		t.Errorf("no space is wide, and a node was asked %d times", n)
	}
	ada.enters()
	ada.reaches(park, space.ReachWide)
	looks()
	if n := knocks(); n > 0 || ada.tables() {
		t.Errorf("no node is entered, and one was asked %d times", n)
	}
	ada.enters(address)
	ada.waitFor("the node to be asked", func() bool { return knocks() > 0 })
	// It ends at once, also in the middle of asking.
	ada.enters()
	ada.waitFor("the end of it", func() bool { return !ada.tables() })
	before := knocks()
	looks()
	if n := knocks(); n != before || ada.node.Wide().Asking {
		t.Error("a node is asked that is not entered any more")
	}
}

func TestWhatCannotBeEnteredAsANode(t *testing.T) {
	ada := newDevice(t, "Ada")
	good := "/ip4/7.7.7.7/tcp/1/p2p/" + peerOf(ada.id()).String()
	for _, bad := range [][]string{
		{"7.7.7.7"}, {"/ip4/7.7.7.7/tcp/1"}, {good, ""}, {"/p2p/" + peerOf(ada.id()).String()}, slices.Repeat([]string{good}, maxBootstrap+1),
	} {
		if ada.node.SetBootstrap(bad) == nil {
			t.Errorf("%q can be entered", bad)
		}
	}
	if ada.enters(good); len(ada.node.Wide().Bootstrap) != 1 {
		t.Error("a good one cannot")
	}
}

func TestAPlaceIsKnownToTwoDevices(t *testing.T) {
	ada, ben, cleo := space.KeyFromSeed([32]byte{1}), space.KeyFromSeed([32]byte{2}), space.KeyFromSeed([32]byte{3})
	at := func(key space.Key, from, to space.Key, day uint64) place {
		t.Helper()
		p, err := newPlace(key, from.Device(), to.Device(), day)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	adas := at(ada, ada, ben, 9)
	if !bytes.Equal(adas.public(), at(ben, ada, ben, 9).public()) {
		t.Error("Ben does not find where Ada leaves word")
	}
	for name, other := range map[string]place{
		"the other way round": at(ada, ben, ada, 9), "another day": at(ada, ada, ben, 10),
		"another's": at(cleo, ada, cleo, 9), "for another": at(ada, ada, cleo, 9),
	} {
		if bytes.Equal(adas.public(), other.public()) {
			t.Errorf("%s: the same place", name)
		}
	}
	raw := cardOf(t, ada, 1, "/ip4/1.2.3.4/tcp/1")
	content, err := adas.write(card{raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := at(ben, ada, ben, 9).read(content, ada.Device()); err != nil || len(found.addresses) != 1 {
		t.Errorf("Ben reads %v (%v)", found, err)
	}
	if bytes.Contains(content, []byte{1, 2, 3, 4}) || bytes.Contains(content, raw[:16]) {
		t.Error("strangers can read it")
	}
	if _, err := at(cleo, ada, cleo, 9).read(content, ada.Device()); err == nil {
		t.Error("another member can read it")
	}
	if _, err := at(ben, ada, ben, 9).read(content, cleo.Device()); err == nil {
		t.Error("the card of one passes for that of another")
	}
	for i := range content {
		changed := bytes.Clone(content)
		changed[i] ^= 1
		if _, err := adas.read(changed, ada.Device()); err == nil {
			t.Fatalf("byte %d may be changed", i)
		}
	}
	if longer, err := adas.write(card{raw: cardOf(t, ada, 1, "/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/2")}); err != nil || len(longer) != len(content) {
		t.Errorf("its length says what it is (%v)", err)
	}
	if p, err := newPlace(ada, ada.Device(), space.DeviceID{1}, 9); err == nil {
		t.Errorf("a key of low order gives a place: %v", p)
	}
}
