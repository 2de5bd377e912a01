package p2p

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"parley/p2p/lab"
)

// loopback6 is loopback of IPv6.
var loopback6 = []string{"/ip6/::1/udp/0/quic-v1", "/ip6/::1/tcp/0"}

// newDeviceAt is a device that listens somewhere else than others in tests.
func newDeviceAt(t *testing.T, name string, listen []string) *device {
	t.Helper()
	d := newDevice(t, name)
	d.stops()
	d.listen = listen
	d.starts()
	return d
}

// hasIPv6 reports whether the machine speaks it; some have it switched off.
func hasIPv6(t *testing.T) bool {
	t.Helper()
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Logf("NOT TESTED HERE: this machine has no IPv6: %v", err)
		return false
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return true
}

func TestNothingLeaksToStrangersOverIPv6(t *testing.T) {
	if hasIPv6(t) {
		nothingLeaks(t, loopback6)
	}
}

func TestMulticastSaysNothingOfSpaces(t *testing.T) { lab.Alone(t, multicastSaysNothing) }

func multicastSaysNothing(t *testing.T) {
	lab.LocalNetwork(t)
	groups := map[string]*net.UDPAddr{"udp4": {IP: net.IPv4(224, 0, 0, 251), Port: 5353}}
	if hasIPv6(t) {
		lab.IP(t, "addr", "add", "fd77::1/64", "dev", "lan", "nodad")
		groups["udp6"] = &net.UDPAddr{IP: net.ParseIP("ff02::fb"), Port: 5353}
	}
	lan, err := net.InterfaceByName("lan")
	if err != nil {
		t.Fatal(err)
	}
	sockets := make(map[string]*net.UDPConn)
	for family, group := range groups {
		socket, err := net.ListenMulticastUDP(family, lan, group)
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		sockets[family] = socket
	}
	ada, ben := newDevice(t, "Ada Lovelace"), newDevice(t, "Ben Bitdiddle")
	park := ada.founds("Playground by the river")
	ben.joins(ada.invites(park, 1, time.Time{}))
	ada.writes(ref(park, "plan"), "A slide of stainless steel")
	ben.same(park, ada)
	turnsOnDiscovery(ada)
	secrets := secretsOf(park, ada, "Playground by the river", "Ada Lovelace", "Ben Bitdiddle", "stainless steel")
	addresses := map[string]string{"udp4": "/ip4/192.168.77.1/", "udp6": "/ip6/fd77::1/"}
	for family, socket := range sockets {
		t.Run(family, func(t *testing.T) {
			// Ada names herself, and where she is on either: that is what it is for.
			heard := heardUntil(t, socket, func(heard []byte) bool {
				for of := range sockets {
					if !bytes.Contains(heard, []byte(addresses[of])) {
						return false
					}
				}
				return bytes.Contains(heard, []byte(ada.id().String()))
			})
			if found := leaked(heard, secrets); len(found) > 0 {
				t.Errorf("the local network heard %s", strings.Join(found, ", "))
			}
		})
	}
}

// heardUntil is all that comes to a socket until that is enough.
func heardUntil(t *testing.T, socket *net.UDPConn, enough func(heard []byte) bool) (heard []byte) {
	t.Helper()
	if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, 64<<10)
	for !enough(heard) {
		n, err := socket.Read(packet)
		if err != nil {
			t.Fatalf("Ada was not heard, but %q: %v", heard, err)
		}
		heard = append(heard, packet[:n]...)
	}
	return heard
}
