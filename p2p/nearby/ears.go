package nearby

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// Where multicast DNS is spoken.
var (
	group4 = &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353}
	group6 = &net.UDPAddr{IP: net.ParseIP("ff02::fb"), Port: 5353}
)

// hops is what tells that a packet has not come through a router.
const hops = 255

// readPause is how long to wait after an error of reading.
const readPause = 100 * time.Millisecond

// A link is a network that the machine is attached to.
type link struct {
	face      net.Interface
	addresses []netip.Addr // without zones; those that lead nowhere else last
}

// ears hear multicast on all links, and send it. All but the reading belongs to
// one goroutine.
type ears struct {
	links   []link
	packets chan packet // what is heard

	conn4   *ipv4.PacketConn // nil: cannot be had
	conn6   *ipv6.PacketConn
	readers sync.WaitGroup
	closing chan struct{}
}

type packet struct {
	bytes []byte
	index int // of the interface; 0: not known
}

func newEars() *ears { return &ears{packets: make(chan packet, 16), closing: make(chan struct{})} }

// open looks which links there are and listens on all of them. It may be called
// again, and is wherever something may have changed.
func (e *ears) open() error {
	var errs []error
	links, err := linksNow()
	if err != nil {
		return fmt.Errorf("look at the networks: %w", err)
	}
	e.links = links
	if e.conn4 == nil {
		if socket, err := net.ListenUDP("udp4", group4); err != nil {
			errs = append(errs, err)
		} else {
			e.conn4 = ipv4.NewPacketConn(socket)
			// What a system does not do of these it does by default, or does
			// without.
			_ = e.conn4.SetControlMessage(ipv4.FlagInterface|ipv4.FlagDst, true)
			_ = e.conn4.SetMulticastTTL(hops)
			_ = e.conn4.SetMulticastLoopback(true) // somebody else on this machine
			e.readers.Go(e.read4)
		}
	}
	if e.conn6 == nil {
		if socket, err := net.ListenUDP("udp6", group6); err != nil {
			errs = append(errs, err)
		} else {
			e.conn6 = ipv6.NewPacketConn(socket)
			_ = e.conn6.SetControlMessage(ipv6.FlagInterface|ipv6.FlagDst, true)
			_ = e.conn6.SetMulticastHopLimit(hops)
			_ = e.conn6.SetMulticastLoopback(true)
			e.readers.Go(e.read6)
		}
	}
	if e.conn4 == nil && e.conn6 == nil {
		return errors.Join(errs...)
	}
	for _, l := range links {
		// Where we have joined already, that is an error; where we cannot, the
		// other version of IP may do.
		if e.conn4 != nil {
			_ = e.conn4.JoinGroup(&l.face, group4)
		}
		if e.conn6 != nil {
			_ = e.conn6.JoinGroup(&l.face, group6)
		}
	}
	return nil
}

// close returns when nothing is read any more.
func (e *ears) close() {
	close(e.closing)
	if e.conn4 != nil {
		_ = e.conn4.Close()
	}
	if e.conn6 != nil {
		_ = e.conn6.Close()
	}
	e.readers.Wait()
}

// send says something on one link, in all versions of IP spoken there.
func (e *ears) send(l link, raw []byte) error {
	var errs []error
	is4 := func(a netip.Addr) bool { return a.Is4() }
	if e.conn4 != nil && slices.ContainsFunc(l.addresses, is4) {
		err := e.conn4.SetMulticastInterface(&l.face)
		if err == nil {
			_, err = e.conn4.WriteTo(raw, nil, group4)
		}
		errs = append(errs, err)
	}
	if e.conn6 != nil && slices.ContainsFunc(l.addresses, netip.Addr.Is6) {
		err := e.conn6.SetMulticastInterface(&l.face)
		if err == nil {
			_, err = e.conn6.WriteTo(raw, nil, group6)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (e *ears) read4() {
	e.read(func(buffer []byte) (n, index int, to net.IP, from net.Addr, err error) {
		n, about, from, err := e.conn4.ReadFrom(buffer)
		if about != nil {
			index, to = about.IfIndex, about.Dst
		}
		return n, index, to, from, err
	})
}

func (e *ears) read6() {
	e.read(func(buffer []byte) (n, index int, to net.IP, from net.Addr, err error) {
		n, about, from, err := e.conn6.ReadFrom(buffer)
		if about != nil {
			index, to = about.IfIndex, about.Dst
		}
		return n, index, to, from, err
	})
}

// read passes on what is multicast DNS. What was sent to this machine alone may
// come from anywhere, and what comes from another port is a question of somebody
// who speaks the plain kind.
func (e *ears) read(one func(buffer []byte) (n, index int, to net.IP, from net.Addr, err error)) {
	buffer := make([]byte, 9000)
	for {
		n, index, to, from, err := one(buffer)
		if err != nil {
			if e.ended(err) {
				return
			}
			continue
		}
		udp, ok := from.(*net.UDPAddr)
		if !ok || udp.Port != group4.Port || to != nil && !to.IsMulticast() {
			continue
		}
		select {
		case e.packets <- packet{bytes: slices.Clone(buffer[:n]), index: index}:
		case <-e.closing:
			return
		}
	}
}

// ended reports whether reading is over. Other errors are of a moment, in which
// nothing can be read.
func (e *ears) ended(err error) bool {
	if errors.Is(err, net.ErrClosed) {
		return true
	}
	timer := time.NewTimer(readPause)
	defer timer.Stop()
	select {
	case <-e.closing:
		return true
	case <-timer.C:
		return false
	}
}

// linksNow are the networks that multicast goes to.
func linksNow() ([]link, error) {
	faces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	const needed = net.FlagUp | net.FlagMulticast
	var links []link
	for _, face := range faces {
		if face.Flags&needed != needed || face.Flags&net.FlagLoopback != 0 {
			continue
		}
		l := link{face: face}
		addresses, err := face.Addrs()
		if err != nil {
			continue // it is gone by now
		}
		for _, address := range addresses {
			if prefix, err := netip.ParsePrefix(address.String()); err == nil {
				l.addresses = append(l.addresses, prefix.Addr().Unmap().WithZone(""))
			}
		}
		slices.SortStableFunc(l.addresses, func(a, b netip.Addr) int { return farther(a) - farther(b) })
		if len(l.addresses) > 0 {
			links = append(links, l)
		}
	}
	return links, nil
}

// farther is less for addresses that are the more likely to be of use.
func farther(a netip.Addr) int {
	switch {
	case a.IsLinkLocalUnicast():
		return 2
	case a.Is6():
		return 1
	}
	return 0
}
