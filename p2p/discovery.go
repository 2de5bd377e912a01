package p2p

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"parley/p2p/nearby"
)

const (
	// mdnsService says that this is Parley, and nothing else.
	mdnsService = "_parley._udp"
	// mdnsAddress begins what is said there of an address.
	mdnsAddress = "dnsaddr="
	// mdnsDials bounds how many devices found are being dialled, and mdnsQueue
	// how many wait for that.
	mdnsDials = 16
	mdnsQueue = 256
)

// A finder announces this device on the local networks, and dials the devices
// that it finds there.
type finder struct {
	online *online
	nearby *nearby.Finder

	mu      sync.Mutex
	dialled map[peer.ID]bool // being dialled now; at most mdnsDials
	queue   []peer.AddrInfo
}

func newFinder(o *online) *finder {
	f := &finder{online: o, dialled: make(map[peer.ID]bool)}
	f.nearby = nearby.New(nearby.Options{Service: mdnsService, Texts: f.texts, Heard: f.heard, Log: o.log})
	return f
}

// run returns when the network is switched off.
func (f *finder) run() { f.nearby.Run(f.online.ctx) }

// texts are the addresses at which we listen on a network, the most useful
// first.
func (f *finder) texts(network []netip.Addr) (texts []string) {
	listening := f.online.host.Network().ListenAddresses()
	slices.SortFunc(listening, func(a, b multiaddr.Multiaddr) int {
		if quic := strings.Compare(transportIn(a), transportIn(b)); quic != 0 {
			return quic
		}
		return a.Compare(b)
	})
	for _, ours := range network {
		if ours.Is6() && ours.IsLinkLocalUnicast() {
			continue // libp2p does not dial such
		}
		here, err := manet.FromIP(ours.AsSlice())
		if err != nil {
			continue // it was an IP address a moment ago
		}
		for _, a := range listening {
			on, ok := ipOf(a)
			if !ok || on != ours && (!on.IsUnspecified() || on.Is4() != ours.Is4()) {
				continue
			}
			if _, rest := multiaddr.SplitFirst(a); len(rest) > 0 {
				texts = append(texts, mdnsAddress+here.Encapsulate(rest).String()+"/p2p/"+f.online.host.ID().String())
			}
		}
	}
	return texts
}

// heard takes note of what was said on the local network. Anybody may say
// anything there: who is who turns out when they are dialled, and only what is on
// one of our networks is, so that nobody has us knock at the doors of others.
func (f *finder) heard(texts []string, where string) {
	var addresses []multiaddr.Multiaddr
	for _, text := range texts {
		raw, ok := strings.CutPrefix(text, mdnsAddress)
		if !ok {
			continue
		}
		if a, err := multiaddr.NewMultiaddr(raw); err == nil && f.online.ways.onALink(a) {
			addresses = append(addresses, a)
		}
	}
	infos, err := peer.AddrInfosFromP2pAddrs(addresses...)
	if err != nil {
		f.online.log.Debug("What was said on the local network cannot be understood", "interface", where, "error", err)
		return
	}
	for _, info := range infos {
		if info.ID != f.online.host.ID() && len(info.Addrs) > 0 {
			f.found(info)
		}
	}
}

// found dials a device on the local network, unless there is nothing to ask it:
// we belong to no space. It is called again every time that the device is heard
// of, and returns at once.
func (f *finder) found(info peer.AddrInfo) {
	o := f.online
	if _, ok := deviceOf(info.ID); !ok {
		return
	}
	o.node.meetings.met(info)
	if len(o.node.store.Spaces()) == 0 || !o.approachable(info.ID) || !f.begin(info) {
		return
	}
	if !o.do(func() { f.dial(info) }) {
		f.next(info.ID)
	}
}

// dial dials a device, and then those that had to wait.
func (f *finder) dial(info peer.AddrInfo) {
	o := f.online
	for again := true; again; info, again = f.next(info.ID) {
		if o.ctx.Err() != nil || !o.approachable(info.ID) {
			continue
		}
		o.forgetFailures(info.ID) // it is there now
		if err := o.approach(o.ctx, info); err != nil {
			o.log.Debug("A device on the local network cannot be reached", "peer", info.ID, "error", err)
		}
	}
}

// begin reports whether a device is to be dialled now; otherwise it is being
// dialled, or waits.
func (f *finder) begin(info peer.AddrInfo) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dialled[info.ID] {
		return false
	}
	if len(f.dialled) >= mdnsDials {
		at := slices.IndexFunc(f.queue, func(q peer.AddrInfo) bool { return q.ID == info.ID })
		switch {
		case at >= 0:
			f.queue[at] = info
		case len(f.queue) == mdnsQueue: // whoever is there will be heard of again
			f.queue = append(f.queue[1:], info)
		default:
			f.queue = append(f.queue, info)
		}
		return false
	}
	f.dialled[info.ID] = true
	return true
}

// next ends the dialling of one device, and gives another that has waited.
func (f *finder) next(done peer.ID) (info peer.AddrInfo, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.dialled, done)
	if len(f.queue) == 0 {
		return peer.AddrInfo{}, false
	}
	info, f.queue = f.queue[0], f.queue[1:]
	f.dialled[info.ID] = true
	return info, true
}

// maxMeetings bounds how many found devices are remembered for a later Join.
const maxMeetings = 256

// meetings tell a Join of the devices that are found on the local network.
type meetings struct {
	mu        sync.Mutex
	recent    map[peer.ID]encounter
	listeners map[chan peer.AddrInfo]bool
}

type encounter struct {
	info peer.AddrInfo
	at   time.Time
}

func newMeetings() *meetings {
	return &meetings{recent: make(map[peer.ID]encounter), listeners: make(map[chan peer.AddrInfo]bool)}
}

// met takes note of a device. Where there are too many, the one that was not
// heard of for longest is forgotten.
func (m *meetings) met(info peer.AddrInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.recent[info.ID]; !known && len(m.recent) >= maxMeetings {
		var longest peer.ID
		for p, one := range m.recent {
			if longest == "" || one.at.Before(m.recent[longest].at) {
				longest = p
			}
		}
		delete(m.recent, longest)
	}
	m.recent[info.ID] = encounter{info: info, at: time.Now()}
	for l := range m.listeners {
		select {
		case l <- info:
		default: // it holds as many as there can be
		}
	}
}

// subscribe gives every device found so far, and those to come.
func (m *meetings) subscribe() (<-chan peer.AddrInfo, func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := make(chan peer.AddrInfo, 2*maxMeetings)
	for _, one := range m.recent {
		l <- one.info
	}
	m.listeners[l] = true
	return l, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.listeners, l)
	}
}

func (m *meetings) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.recent)
}
