package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"

	"parley/space"
)

// An online is everything that lives while the network is switched on: the
// host, the rooms, and what is known of connected peers. It is made by
// goOnline and ended, with all its goroutines, by close.
type online struct {
	node         *Node
	log          *slog.Logger
	host         host.Host
	gate         *gater
	ways         *ways
	traffic      *traffic
	relay        *relay
	reservations *reservations
	outside      *outside
	cards        *cards
	wide         *wide
	mapper       *portMapper // nil: no router is asked to open ports
	unwatch      func()      // ends watchConnections
	finder       *finder     // nil: the local network is not asked
	puncher      puncher
	detours      detours

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	rooms  map[space.ID]*room
	peers  map[peer.ID]*acquaintance
}

func (n *Node) goOnline() (*online, error) {
	ways, counted := newWays(n), newTraffic()
	gate, mapper := newGater(ways), n.newMapper()
	h, err := n.listen(gate, counted, mapper.options()...)
	if err != nil {
		return nil, err
	}
	ways.here.listens(h.Network())
	ctx, cancel := context.WithCancel(context.Background())
	o := &online{
		node: n, log: n.log, host: h, gate: gate, ways: ways, traffic: counted, mapper: mapper,
		ctx: ctx, cancel: cancel,
		rooms: make(map[space.ID]*room),
		peers: make(map[peer.ID]*acquaintance),
	}
	o.relay = newRelay(o)
	o.reservations = newReservations(o)
	o.outside = newOutside(o)
	o.cards = newCards(o)
	o.wide = newWide(o)
	o.unwatch = o.watchConnections()
	if n.mdns {
		o.finder = newFinder(o)
	}
	if err := o.start(); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (o *online) start() error {
	events, err := o.host.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted),
		new(event.EvtPeerConnectednessChanged),
		new(event.EvtPeerProtocolsUpdated),
		new(event.EvtLocalAddressesUpdated),
	}, eventbus.BufSize(256), eventbus.Name("parley"))
	if err != nil {
		return fmt.Errorf("listen to connections: %w", err)
	}
	o.handle(helloProtocol, newAllowance(2, 2, 64), o.answerHello)
	o.handle(admitProtocol, newAllowance(2, 0.2, 12), o.answerAdmit)
	o.handle(seatProtocol, newAllowance(2, 0.2, 12), o.answerSeat)
	o.handle(gossipProtocol, newAllowance(1024, 16, 2048), o.answerRoom)
	o.handle(catchUpProtocol, newAllowance(4, 16, 256), o.answerPull)
	o.handle(blobProtocol, newAllowance(4, 16, 256), o.answerBlobs)
	o.handle(wordsProtocol, newAllowance(2, 0.2, 12), o.answerWords(newWordsKeeper()))
	o.handle(cardsProtocol, newAllowance(2, 1, 64), o.cards.answer)
	o.do(func() { o.watchPeers(events) })
	if err := o.enterRooms(); err != nil {
		return err
	}
	o.handle(autonatv2.DialProtocol, newAllowance(2, 0.2, 12), o.outside.serve)
	o.relay.tend()
	o.do(o.outside.run)
	o.do(o.cards.run)
	o.do(o.wide.run)
	o.do(o.keepDialling)
	o.do(o.keepInTouch)
	o.do(o.watchMoves)
	if o.finder != nil {
		o.do(o.finder.run)
	}
	return nil
}

func (o *online) enterRooms() error {
	for _, id := range o.node.store.Spaces() {
		if err := o.enterRoom(id); err != nil {
			return err
		}
	}
	return nil
}

// close ends everything and returns when it has ended.
func (o *online) close() {
	o.mu.Lock()
	o.closed = true
	rooms := o.rooms
	o.rooms = make(map[space.ID]*room)
	o.mu.Unlock()

	o.cancel() // first, so that nobody mistakes the end for a fault
	for _, r := range rooms {
		r.close()
	}
	o.unwatch()
	o.relay.close()
	o.outside.close()
	if err := o.host.Close(); err != nil {
		o.log.Warn("Closing the network left something behind", "error", err)
	}
	o.tasks.Wait() // streams are closed by now: nobody waits for a peer
}

// do runs a task that close waits for. It reports false if it is too late.
func (o *online) do(task func()) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.tasks.Go(task)
	return true
}

// handle answers streams of a protocol, within what each peer may take.
func (o *online) handle(id protocol.ID, a *allowance, answer func(context.Context, network.Stream) error) {
	o.host.SetStreamHandler(id, func(stream network.Stream) {
		p := stream.Conn().RemotePeer()
		if !a.take(p) {
			o.log.Debug("A device asks for too much at once", "peer", p, "protocol", id)
			_ = stream.Reset()
			return
		}
		done := make(chan struct{})
		started := o.do(func() {
			defer close(done)
			if err := answer(o.ctx, stream); err != nil {
				_ = stream.Reset()
				o.judge(p, string(id), err)
			}
		})
		if !started {
			close(done)
			_ = stream.Reset()
		}
		<-done
		a.done(p)
	})
}

// judge refuses a peer for nonsense, and takes other failures as they are:
// networks break.
func (o *online) judge(p peer.ID, doing string, err error) {
	if errors.Is(err, errNonsense) {
		o.refuse(p, err)
		return
	}
	if o.ctx.Err() == nil && !errors.Is(err, io.EOF) {
		o.log.Debug("A conversation ended early", "peer", p, "doing", doing, "error", err)
	}
}

// refuse closes the connections of a peer and turns it away for a while.
func (o *online) refuse(p peer.ID, reason error) {
	o.gate.refuse(p)
	o.log.Warn("A device sent what is not in the protocol and is turned away for a while", "peer", p, "error", reason)
	if err := o.host.Network().ClosePeer(p); err != nil {
		o.log.Debug("Closing a connection failed", "peer", p, "error", err)
	}
}

func (o *online) room(id space.ID) *room {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.rooms[id]
}

// pause waits, and reports false if the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
