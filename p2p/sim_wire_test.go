package p2p

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/quic-go/quic-go"
	"go.uber.org/fx"
)

// A wire is a simulated network: it carries QUIC's datagrams between hosts of
// one process, late, in another order, twice or not at all. It tells the time
// by the bubble of testing/synctest that it lives in.
type wire struct {
	mu     sync.Mutex
	chance *rand.Rand
	ends   map[netip.AddrPort]*wireEnd
	cuts   map[direction]bool
	faults wireFaults
	spoken wireTally

	unplugged map[netip.Addr]bool
}

// A direction is from one host to another: a cut goes one way.
type direction struct{ from, to netip.Addr }

// wireFaults say how bad a wire is. Shares are of datagrams.
type wireFaults struct {
	delay, jitter time.Duration
	lost, twice   float64
	late          float64       // overtaken by those that follow,
	lateness      time.Duration // by up to this
}

// A wireTally counts what was sent since it was last taken.
type wireTally struct {
	keepAlives int // datagrams that are too small to say anything
	datagrams  int // others
	bytes      int // of the others
}

// A datagram that carries nothing but what keeps a connection alive is at most
// so large.
const keepAliveSize = 64

func newWire(seed uint64) *wire {
	return &wire{
		chance: rand.New(rand.NewPCG(seed, 1)),
		ends:   make(map[netip.AddrPort]*wireEnd),
		cuts:   make(map[direction]bool),

		unplugged: make(map[netip.Addr]bool),
	}
}

// options have the host of an address use the wire instead of sockets.
func (w *wire) options(at netip.Addr) []libp2p.Option {
	listen := quicreuse.OverrideListenUDP(func(_ string, address *net.UDPAddr) (net.PacketConn, error) {
		return w.listen(at, address.Port)
	})
	source := quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return onlySource(at), nil })
	manager := func(l fx.Lifecycle, reset quic.StatelessResetKey, token quic.TokenGeneratorKey, options ...quicreuse.Option) (*quicreuse.ConnManager, error) {
		cm, err := quicreuse.NewConnManager(reset, token, options...)
		if err == nil {
			l.Append(fx.StopHook(cm.Close))
		}
		return cm, err
	}
	return []libp2p.Option{
		libp2p.QUICReuse(manager, listen, source),
		// What asks the machine's real network has no business here.
		func(config *libp2p.Config) error {
			config.NATManager = nil
			config.DisableIdentifyAddressDiscovery = true
			return nil
		},
	}
}

// onlySource has QUIC dial from where it listens.
type onlySource netip.Addr

func (s onlySource) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) {
	return netip.Addr(s).AsSlice(), nil
}

// listen opens a port of a host; nought is any that is free.
func (w *wire) listen(host netip.Addr, port int) (*wireEnd, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := netip.AddrPortFrom(host, uint16(port))
	for free := uint16(50000); port == 0 && (at.Port() == 0 || w.ends[at] != nil); free++ {
		at = netip.AddrPortFrom(host, free)
	}
	if w.ends[at] != nil {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(at), Err: os.ErrExist}
	}
	e := &wireEnd{wire: w, at: at, closed: make(chan struct{}), stirred: make(chan struct{}, 1)}
	w.ends[at] = e
	return e, nil
}

// send puts a datagram on its way.
func (w *wire) send(from, to netip.AddrPort, raw []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(raw) <= keepAliveSize {
		w.spoken.keepAlives++
	} else {
		w.spoken.datagrams++
		w.spoken.bytes += len(raw)
	}
	if !w.carries(from.Addr(), to.Addr()) || w.chance.Float64() < w.faults.lost {
		return
	}
	copies := 1
	if w.chance.Float64() < w.faults.twice {
		copies = 2
	}
	for range copies {
		wait := w.faults.delay
		if w.faults.jitter > 0 {
			wait += time.Duration(w.chance.Int64N(int64(w.faults.jitter)))
		}
		if w.chance.Float64() < w.faults.late {
			wait += time.Duration(w.chance.Int64N(int64(w.faults.lateness)))
		}
		time.AfterFunc(wait, func() { w.arrive(from, to, raw) })
	}
}

func (w *wire) arrive(from, to netip.AddrPort, raw []byte) {
	w.mu.Lock()
	end := w.ends[to]
	if !w.carries(from.Addr(), to.Addr()) {
		end = nil
	}
	w.mu.Unlock()
	if end != nil {
		end.take(datagram{from, raw})
	}
}

type datagram struct {
	from netip.AddrPort
	raw  []byte
}

// cut lets nothing through in one direction.
func (w *wire) cut(from, to netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cuts[direction{from, to}] = true
}

// heal lets everything through again.
func (w *wire) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.cuts)
}

func (w *wire) suffers(f wireFaults) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = f
}

// unplug has a host send and get nothing any more, as if its power were cut.
func (w *wire) unplug(at netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unplugged[at] = true
}

func (w *wire) plugIn(at netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.unplugged, at)
}

// carries reports whether there is a way. The caller holds mu.
func (w *wire) carries(from, to netip.Addr) bool {
	return !w.cuts[direction{from, to}] && !w.unplugged[from] && !w.unplugged[to]
}

// takeTally returns what was sent since the last time.
func (w *wire) takeTally() wireTally {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.spoken
	w.spoken = wireTally{}
	return t
}

// A wireEnd is a socket on a wire.
type wireEnd struct {
	wire    *wire
	at      netip.AddrPort
	closing sync.Once
	closed  chan struct{}
	stirred chan struct{} // holds at most one: there is something to read, or another deadline

	mu       sync.Mutex
	queue    []datagram
	deadline time.Time
}

func (e *wireEnd) take(d datagram) {
	e.mu.Lock()
	e.queue = append(e.queue, d)
	e.mu.Unlock()
	e.stir()
}

func (e *wireEnd) stir() {
	select {
	case e.stirred <- struct{}{}:
	default:
	}
}

// ReadFrom waits for the next datagram.
func (e *wireEnd) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		e.mu.Lock()
		deadline := e.deadline
		if len(e.queue) > 0 {
			d := e.queue[0]
			e.queue = e.queue[1:]
			e.mu.Unlock()
			return copy(p, d.raw), net.UDPAddrFromAddrPort(d.from), nil
		}
		e.mu.Unlock()
		var late <-chan time.Time
		if !deadline.IsZero() {
			timer := time.NewTimer(time.Until(deadline))
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-e.closed:
			return 0, nil, net.ErrClosed
		case <-late:
			return 0, nil, os.ErrDeadlineExceeded
		case <-e.stirred:
		}
	}
}

// WriteTo never waits.
func (e *wireEnd) WriteTo(p []byte, to net.Addr) (int, error) {
	select {
	case <-e.closed:
		return 0, net.ErrClosed
	default:
	}
	at := to.(*net.UDPAddr).AddrPort()
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port()) // whichever form of an IPv4 address it has
	e.wire.send(e.at, at, append([]byte(nil), p...))
	return len(p), nil
}

// Close gives the address back.
func (e *wireEnd) Close() error {
	e.closing.Do(func() {
		close(e.closed)
		e.wire.mu.Lock()
		defer e.wire.mu.Unlock()
		delete(e.wire.ends, e.at)
	})
	return nil
}

// LocalAddr is where others write to.
func (e *wireEnd) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(e.at) }

// SetDeadline is for reading: nothing waits to write.
func (e *wireEnd) SetDeadline(t time.Time) error { return e.SetReadDeadline(t) }

// SetReadDeadline wakes whoever reads.
func (e *wireEnd) SetReadDeadline(t time.Time) error {
	e.mu.Lock()
	e.deadline = t
	e.mu.Unlock()
	e.stir()
	return nil
}

// SetWriteDeadline does nothing.
func (e *wireEnd) SetWriteDeadline(time.Time) error { return nil }

// SetReadBuffer keeps QUIC from warning of a small one.
func (e *wireEnd) SetReadBuffer(int) error { return nil }

// SetWriteBuffer likewise.
func (e *wireEnd) SetWriteBuffer(int) error { return nil }

func TestWireCarriesWhatIsNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire(1)
		w.suffers(wireFaults{delay: time.Second, twice: 1})
		var ends []*wireEnd
		for n := range 2 {
			end, err := w.listen(address(n), 4000)
			if err != nil {
				t.Fatal(err)
			}
			defer end.Close()
			ends = append(ends, end)
		}
		heard := func() (times int) {
			begun := time.Now()
			if _, err := ends[0].WriteTo([]byte("word"), ends[1].LocalAddr()); err != nil {
				t.Fatal(err)
			}
			if err := ends[1].SetReadDeadline(begun.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			for {
				var word [10]byte
				n, from, err := ends[1].ReadFrom(word[:])
				if err != nil {
					return times
				}
				if string(word[:n]) != "word" || from.String() != ends[0].LocalAddr().String() || time.Since(begun) != time.Second {
					t.Errorf("heard %q of %s after %v", word[:n], from, time.Since(begun))
				}
				times++
			}
		}
		if n := heard(); n != 2 {
			t.Errorf("heard %d times", n)
		}
		w.cut(address(1), address(0))
		if n := heard(); n != 2 {
			t.Errorf("heard %d times with the other direction cut", n)
		}
		w.cut(address(0), address(1))
		if n := heard(); n != 0 {
			t.Errorf("heard %d times through a cut", n)
		}
		w.heal()
		w.unplug(address(1))
		if n := heard(); n != 0 {
			t.Errorf("heard %d times without power", n)
		}
	})
}
