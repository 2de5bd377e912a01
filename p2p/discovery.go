package p2p

import (
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
)

const (
	// mdnsService says that this is Parley, and nothing else.
	mdnsService = "_parley._udp"
	// mdnsCheck is how often the machine's addresses are compared with those
	// that were announced.
	mdnsCheck = 10 * time.Second
	// mdnsDials bounds how many devices found are being dialled.
	mdnsDials = 16
)

// discover announces this device on the local network and dials what it finds
// there, until the network is switched off.
func (o *online) discover() {
	f := newFinder(o)
	var announced []string
	var service mdns.Service
	stop := func() {
		if service != nil {
			if err := service.Close(); err != nil {
				o.log.Debug("Ending discovery left something behind", "error", err)
			}
			service = nil
		}
	}
	defer stop()
	warned := false
	for {
		if now := o.interfaceAddresses(); service == nil || !slices.Equal(now, announced) {
			// What was announced is fixed when a service starts.
			stop()
			next := mdns.NewMdnsService(o.host, mdnsService, f)
			if err := next.Start(); err != nil {
				_ = next.Close()
				if !warned {
					o.log.Warn("Other computers on this network cannot be found by themselves, addresses still work", "error", err)
				}
				warned = true
			} else {
				service, warned = next, false
				if announced != nil {
					o.node.book.again()
				}
			}
			announced = now
		}
		if !pause(o.ctx, mdnsCheck) {
			return
		}
	}
}

func (o *online) interfaceAddresses() []string {
	addresses, err := o.host.Network().InterfaceListenAddresses()
	if err != nil {
		return nil
	}
	texts := make([]string, 0, len(addresses))
	for _, a := range addresses {
		texts = append(texts, a.String())
	}
	slices.Sort(texts)
	return texts
}

// A finder dials the devices that mDNS finds.
type finder struct {
	online *online

	mu      sync.Mutex
	dialled map[peer.ID]bool // being dialled now; at most mdnsDials
}

func newFinder(o *online) *finder {
	return &finder{online: o, dialled: make(map[peer.ID]bool)}
}

// HandlePeerFound dials a device on the local network, unless there is nothing
// to ask it: we belong to no space. mDNS calls it on goroutines of its own, and
// again every time the device is heard of.
func (f *finder) HandlePeerFound(info peer.AddrInfo) {
	o := f.online
	if _, ok := deviceOf(info.ID); !ok {
		return
	}
	o.node.meetings.met(info)
	if len(o.node.store.Spaces()) == 0 || !o.approachable(info.ID) || !f.begin(info.ID) {
		return
	}
	started := o.do(func() {
		defer f.end(info.ID)
		if err := o.approach(o.ctx, info); err != nil {
			o.log.Debug("A device on the local network cannot be reached", "peer", info.ID, "error", err)
		}
	})
	if !started {
		f.end(info.ID)
	}
}

func (f *finder) begin(p peer.ID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dialled[p] || len(f.dialled) >= mdnsDials {
		return false // it will be heard of again
	}
	f.dialled[p] = true
	return true
}

func (f *finder) end(p peer.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.dialled, p)
}

// maxMeetings bounds how many found devices are remembered for a later Join.
const maxMeetings = 256

// meetings tell a Join of the devices that are found on the local network.
type meetings struct {
	mu        sync.Mutex
	recent    map[peer.ID]peer.AddrInfo
	listeners map[chan peer.AddrInfo]bool
}

func newMeetings() *meetings {
	return &meetings{recent: make(map[peer.ID]peer.AddrInfo), listeners: make(map[chan peer.AddrInfo]bool)}
}

func (m *meetings) met(info peer.AddrInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.recent[info.ID]; !known && len(m.recent) >= maxMeetings {
		return
	}
	m.recent[info.ID] = info
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
	for _, info := range m.recent {
		l <- info
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
