package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/p2p/lab"
)

// soon is what it may take to find each other again where something tells that
// the networks have changed: a few seconds, and more where many share a machine.
const soon = 20 * time.Second

// TestNetworks has real peers on real networks, to which happens what happens to
// networks. The stories are told at once.
func TestNetworks(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		for _, story := range []struct {
			name string
			tell func(t *testing.T, town *lab.Town)
		}{
			{"found by multicast", foundByMulticast},
			{"a cable is pulled", aCableIsPulled},
			{"somewhere in between", somewhereInBetween},
			{"another address", anotherAddress},
			{"one of two networks goes", oneOfTwoNetworksGoes},
			{"the lid is closed", theLidIsClosed},
			{"a router without multicast", aRouterWithoutMulticast},
			{"behind two routers", behindTwoRouters},
			{"behind routers that let no hole be punched", behindSymmetricRouters},
			{"a member helps", aMemberHelps},
		} {
			t.Run(story.name, func(t *testing.T) {
				t.Parallel()
				story.tell(t, lab.NewTown(t))
			})
		}
	})
}

// aStreet is where most stories begin: Ada and Ben in one network, with a space
// and a document that both have.
type aStreet struct {
	lan             *lab.Switch
	ada, ben        *neighbour
	third           *neighbour // who is where everybody can reach it; nil: there is none
	adas, bens      *lab.Cord
	space, document string
}

func onAStreet(t *testing.T, town *lab.Town) *aStreet {
	t.Helper()
	s := &aStreet{lan: town.Switch("lan")}
	first, second := town.Machine("Ada's"), town.Machine("Ben's")
	s.adas, s.bens = first.Plug("eth0", s.lan, "192.168.1.10/24"), second.Plug("eth0", s.lan, "192.168.1.11/24")
	s.ada, s.ben = livesAt(t, first, "Ada"), livesAt(t, second, "Ben")
	s.space, s.document = s.ada.founds()
	s.ben.does("join", s.ada.invites(s.space))
	s.talk("begin ")
	return s
}

// talk has both write and read what the other wrote.
func (s *aStreet) talk(word string) {
	s.ada.t.Helper()
	s.ada.writes(s.space, s.document, "Ada-"+word)
	s.ben.writes(s.space, s.document, "Ben-"+word)
	s.ben.reads(s.space, s.document, "Ada-"+word)
	s.ada.reads(s.space, s.document, "Ben-"+word)
}

// forget has somebody start anew who knows no address of anybody.
func forget(t *testing.T, n *neighbour) {
	t.Helper()
	n.quits()
	if err := os.Remove(filepath.Join(n.data, "addresses.json")); err != nil {
		t.Fatal(err)
	}
	n.starts()
}

func foundByMulticast(t *testing.T, town *lab.Town) {
	s := onAStreet(t, town)
	forget(t, s.ada)
	forget(t, s.ben)
	s.ada.meets(s.ben, soon, "local")
	s.talk("found ")
}

// aCableIsPulled while both write, and is plugged in again.
func aCableIsPulled(t *testing.T, town *lab.Town) {
	s := onAStreet(t, town)
	s.ada.meets(s.ben, soon, "local")
	s.adas.Cut()
	s.ada.misses(s.ben) // which she need not wait for connections to time out for
	s.ada.writes(s.space, s.document, "alone ")
	s.ben.writes(s.space, s.document, "alone-too ")
	s.adas.Mend()
	s.ada.meets(s.ben, soon, "local")
	s.ben.reads(s.space, s.document, "alone ")
	s.ada.reads(s.space, s.document, "alone-too ")
}

// somewhereInBetween a cable is pulled: neither machine is told.
func somewhereInBetween(t *testing.T, town *lab.Town) {
	here, there := town.Switch("here"), town.Switch("there")
	between := here.Join(there)
	first, second := town.Machine("Ada's"), town.Machine("Ben's")
	first.Plug("eth0", here, "192.168.1.10/24")
	second.Plug("eth0", there, "192.168.1.11/24")
	s := &aStreet{ada: livesAt(t, first, "Ada"), ben: livesAt(t, second, "Ben")}
	s.space, s.document = s.ada.founds()
	s.ben.does("join", s.ada.invites(s.space))
	s.talk("begin ")
	between.Cut()
	s.ada.misses(s.ben)
	s.ben.misses(s.ada)
	between.Mend()
	s.ada.meets(s.ben, soon, "local")
	s.talk("again ")
}

// anotherAddress is given to Ada's machine, as happens when a router is
// restarted. Ben learns it, and finds her there without being told, also when
// both have been away and there is no multicast.
func anotherAddress(t *testing.T, town *lab.Town) {
	s := onAStreet(t, town)
	s.ada.meets(s.ben, soon, "local")
	before := s.ben.book()
	s.ada.machine.Readdress("eth0", "192.168.1.10/24", "192.168.1.77/24")
	s.ada.waits("listens at the new address", soon, func() bool {
		listening := toText(t, s.ada.does("network", "test")["listening"])
		return strings.Contains(listening, "/192.168.1.77/") && !strings.Contains(listening, "/192.168.1.10/")
	})
	s.ada.meets(s.ben, soon, "local")
	s.talk("moved ")
	s.ben.waits("writes down where Ada is", soon, func() bool { return s.ben.book() != before })
	s.ada.quits()
	s.ben.quits()
	// Now only Ben can find Ada: he is somewhere else, too.
	s.ben.machine.Readdress("eth0", "192.168.1.11/24", "192.168.1.88/24")
	s.ada.starts("--no-mdns")
	s.ben.starts("--no-mdns")
	s.ben.meets(s.ada, soon, "local")
	s.talk("returned ")
}

// oneOfTwoNetworksGoes, and the other is used from then on.
func oneOfTwoNetworksGoes(t *testing.T, town *lab.Town) {
	s := onAStreet(t, town)
	air := town.Switch("air")
	cords := map[string][2]*lab.Cord{
		"192.168.1.0/24": {s.adas, s.bens},
		"10.5.5.0/24":    {s.ada.machine.Plug("wlan0", air, "10.5.5.10/24"), s.ben.machine.Plug("wlan0", air, "10.5.5.11/24")},
	}
	for range 2 {
		address := s.ada.meets(s.ben, soon, "local")
		for network, both := range cords {
			if !within(t, network, address) {
				continue
			}
			both[0].Cut()
			both[1].Cut()
			s.ada.waits("meets Ben elsewhere", soon, func() bool {
				for _, c := range s.ada.connections() {
					if c.Device == s.ben.device && !within(t, network, c.Address) {
						return true
					}
				}
				return false
			})
			s.talk("without-" + network + " ")
			both[0].Mend()
			both[1].Mend()
		}
	}
}

func within(t *testing.T, network, address string) bool {
	t.Helper()
	_, n, err := net.ParseCIDR(network)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(address, "/")
	return len(parts) > 2 && n.Contains(net.ParseIP(parts[2]))
}

// theLidIsClosed for longer than connections last. Ben knows no better than that
// Ada has gone; she finds him as soon as she is awake.
func theLidIsClosed(t *testing.T, town *lab.Town) {
	s := onAStreet(t, town)
	s.ada.meets(s.ben, soon, "local")
	s.ada.sleeps()
	s.ben.misses(s.ada)
	s.ben.writes(s.space, s.document, "slept-through ")
	s.ada.wakes()
	s.ada.meets(s.ben, soon, "local")
	s.ada.reads(s.space, s.document, "slept-through ")
	s.talk("awake ")
}

// aRouterWithoutMulticast needs an address once. From then on both know where
// the other was.
func aRouterWithoutMulticast(t *testing.T, town *lab.Town) {
	lan := town.Switch("lan")
	first, second := town.Machine("Ada's"), town.Machine("Ben's")
	first.Plug("eth0", lan, "192.168.1.10/24").LosesMulticast()
	second.Plug("eth0", lan, "192.168.1.11/24").LosesMulticast()
	s := &aStreet{ada: livesAt(t, first, "Ada"), ben: livesAt(t, second, "Ben")}
	s.space, s.document = s.ada.founds()
	s.ben.does("connect", s.ada.addresses[0])
	s.ben.does("join", s.ada.invites(s.space))
	s.talk("begin ")
	s.ada.quits()
	s.ben.quits()
	s.ben.starts() // tries Ada in vain, until she is there
	s.ada.starts()
	s.ada.meets(s.ben, patience, "local")
	s.talk("again ")
}

// behindTwoRouters Ada and Ben cannot dial each other. They meet through the
// keeper of their space, and then directly.
func behindTwoRouters(t *testing.T, town *lab.Town) {
	s := acrossTheInternet(t, town, "keeper", false)
	s.ada.meets(s.ben, patience, "relayed", "direct")
	s.talk("begin ")
	s.ada.meets(s.ben, patience, "direct")
	s.talk("direct ")
}

// behindSymmetricRouters no hole can be punched: the keeper goes on passing on
// what they say, a large document too.
func behindSymmetricRouters(t *testing.T, town *lab.Town) {
	s := acrossTheInternet(t, town, "keeper", true)
	s.ada.meets(s.ben, patience, "relayed", "direct")
	s.talk("begin ")
	s.ada.meets(s.ben, patience, "relayed")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, noise(4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s.talk("relayed ")
	hash := s.ada.does("file", "add", s.space, file)["hash"].(string)
	s.ben.waits("gets the file", patience, func() bool {
		_, err := try(s.ben.data, "file", "get", s.space, hash, filepath.Join(t.TempDir(), "copy"))
		return err == nil
	})
	if seen := s.ada.connections(); len(seen) == 0 {
		t.Error("nobody is connected any more")
	}
	for _, c := range s.ada.connections() {
		if c.Device == s.ben.device && c.Via != "relayed" {
			t.Errorf("Ben is reached by %v", c)
		}
	}
}

// aMemberHelps Ada and Ben, who are behind a router each, to find each other:
// there is no keeper. From then on they need nobody.
func aMemberHelps(t *testing.T, town *lab.Town) {
	s := acrossTheInternet(t, town, "editor", false)
	s.ada.meets(s.ben, patience, "direct")
	s.talk("begin ")
	s.third.quits()
	s.ada.misses(s.third)
	s.talk("alone ")
}

// acrossTheInternet Ada and Ben are at home, each behind a router, and a third
// device of their space is where everybody can reach it.
func acrossTheInternet(t *testing.T, town *lab.Town, role string, symmetric bool) *aStreet {
	t.Helper()
	middle := town.Machine("the middle")
	middle.Routes()
	home := func(name, network, outside string) *lab.Machine {
		line, lan := town.Switch(name+"line"), town.Switch(name+"lan")
		middle.Plug(name, line, outside+".1/24")
		router := town.Machine(name + "'s router")
		router.Plug("wan", line, outside+".2/24")
		router.Plug("lan", lan, network+".1/24")
		router.Gateway(outside + ".1")
		router.Translates("wan", symmetric)
		machine := town.Machine(name + "'s")
		machine.Plug("eth0", lan, network+".10/24")
		machine.Gateway(network + ".1")
		return machine
	}
	adas, bens := home("ada", "192.168.1", "51.1.1"), home("ben", "192.168.2", "51.2.2")
	line := town.Switch("line")
	middle.Plug("third", line, "51.3.3.1/24")
	thirds := town.Machine("the third's")
	thirds.Plug("eth0", line, "51.3.3.2/24")
	thirds.Gateway("51.3.3.1")

	s := &aStreet{ada: livesAt(t, adas, "Ada"), ben: livesAt(t, bens, "Ben"), third: livesAt(t, thirds, "Third")}
	s.space, s.document = s.ada.founds()
	s.ada.does("connect", outsideAddress(t, s.third, "/ip4/51.3.3.2/"))
	s.third.does("join", s.ada.invites(s.space, "--role", role))
	s.ada.meets(s.third, soon, "direct")
	// An invitation names the third, once it is known to relay; it may hear of the
	// invitation after Ben has knocked.
	code := ""
	s.ada.waits("knows a door for Ben", patience, func() bool {
		if role != "keeper" && !s.third.helps() {
			return false
		}
		code = s.ada.invites(s.space)
		return true
	})
	s.ben.does("join", code)
	return s
}

func outsideAddress(t *testing.T, n *neighbour, start string) string {
	t.Helper()
	for _, address := range n.addresses {
		if strings.HasPrefix(address, start) {
			return address
		}
	}
	t.Fatalf("%s listens at %v", n.name, n.addresses)
	return ""
}
