package p2p

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/space"
)

const (
	maxGossip     = 256 << 10 // bytes of one message's data
	maxGossipRPC  = 1 << 20   // bytes of what gossipsub sends at once
	gossipBacklog = 1024      // messages waiting to be checked, and to be stored
	gossipWaiting = 32 << 20  // bytes of those waiting to be stored
	gossipQueue   = 1024      // messages waiting for one peer
)

// A room is the gossip of one space, and what follows from it: pulls, presence
// and haves.
type room struct {
	online *online
	node   *Node
	id     space.ID
	log    *slog.Logger

	ctx    context.Context
	cancel context.CancelFunc
	host   *roomHost
	topic  *pubsub.Topic
	haves  *allowance // of each author
	peers  *manners

	pulls    pulls
	inbox    *inbox
	puller   *puller
	fetcher  *fetcher
	progress progress
	teller   *teller
	presence *herald

	mu    sync.Mutex
	told  []space.Hash        // landmarks of the log when its entries were last told
	heard map[space.Hash]bool // entries that came by gossip since

	readmitting atomic.Bool            // a task is about to
	readmitted  map[space.DeviceID]int // how often, by that task; guarded by node.admission.mu
}

// enterRoom opens the room of a space if it is not open yet and we belong to
// the space.
func (o *online) enterRoom(id space.ID) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.rooms[id] != nil || !o.node.belongs(id) {
		return nil
	}
	r, err := o.openRoom(id)
	if err != nil {
		return fmt.Errorf("open room of space %s: %w", id, err)
	}
	o.rooms[id] = r
	return nil
}

// leaveRoom closes the room of a space that we do not belong to any more, and
// returns the peers that were in it.
func (o *online) leaveRoom(id space.ID) (left []peer.ID) {
	o.mu.Lock()
	r := o.rooms[id]
	delete(o.rooms, id)
	for p, known := range o.peers {
		if o.unshare(p, known, id) {
			left = append(left, p)
		}
	}
	o.mu.Unlock()
	if r == nil {
		return nil
	}
	r.close()
	for _, p := range left {
		r.showOut(p)
	}
	o.node.peersChanged()
	return left
}

func (o *online) openRoom(id space.ID) (*room, error) {
	ctx, cancel := context.WithCancel(o.ctx)
	r := &room{
		online: o, node: o.node, id: id, log: o.log.With("space", id),
		ctx: ctx, cancel: cancel,
		haves:      newAllowance(1, 4, 16),
		peers:      newManners(),
		readmitted: make(map[space.DeviceID]int),
		heard:      make(map[space.Hash]bool),

		pulls: pulls{under: make(map[peer.ID]map[*conversation]bool)},
	}
	if err := r.join(); err != nil {
		cancel()
		return nil, err
	}
	if log, ok := r.node.store.Log(id); ok {
		r.told = log.Landmarks()
	}
	r.inbox = newInbox(r)
	r.puller = newPuller(r)
	r.fetcher = newFetcher(r)
	r.progress.changed = func() { r.node.advance(r.id) }
	r.teller = newTeller(r)
	r.presence = newHerald(r)
	// The caller holds online.mu, and close cannot have begun.
	o.tasks.Go(r.inbox.run)
	o.tasks.Go(r.puller.run)
	o.tasks.Go(r.fetcher.run)
	o.tasks.Go(r.teller.run)
	o.tasks.Go(r.presence.run)
	o.tasks.Go(r.presence.watchArrivals)
	return r, nil
}

// join sets up gossipsub for this space alone.
func (r *room) join() error {
	host, err := newRoomHost(r.online.host, r.id, r.allows, r.faulty)
	if err != nil {
		return err
	}
	r.host = host
	topic := topicOf(r.id)
	params := pubsub.DefaultGossipSubParams()
	params.Connectors, params.MaxPendingConnections = 0, 0 // gossip does not dial
	quiet := slog.New(slog.DiscardHandler)                 // what matters reaches our own log through reject
	router, err := pubsub.NewGossipSub(r.ctx, host,
		pubsub.WithGossipSubProtocols([]protocol.ID{gossipProtocol}, gossipFeatures),
		pubsub.WithGossipSubParams(params),
		pubsub.WithFloodPublish(true),
		r.peers.scoring(topic),
		// Changes and entries carry their authors' signatures; so do our own
		// presences and haves. Gossipsub's would be checked on top of those.
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign), pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(messageID),
		pubsub.WithPeerFilter(func(p peer.ID, t string) bool { return t == topic && r.isMember(p) }),
		pubsub.WithSubscriptionFilter(pubsub.NewAllowlistSubscriptionFilter(topic)),
		pubsub.WithMaxMessageSize(maxGossipRPC),
		pubsub.WithPeerOutboundQueueSize(gossipQueue),
		pubsub.WithValidateQueueSize(gossipBacklog),
		pubsub.WithValidateWorkers(1), // keeps the order in which messages came
		pubsub.WithDefaultValidator(r.receive, pubsub.WithValidatorInline(true)),
		pubsub.WithRawTracer(rejections{room: r}),
		pubsub.WithLogger(quiet), pubsub.WithRPCLogger(quiet),
	)
	if err != nil {
		return fmt.Errorf("start gossip: %w", err)
	}
	if err := router.RegisterTopicValidator(topic, r.decide, pubsub.WithValidatorConcurrency(gossipBacklog)); err != nil {
		return fmt.Errorf("start gossip: %w", err)
	}
	if r.topic, err = router.Join(topic); err != nil {
		return fmt.Errorf("join topic: %w", err)
	}
	// Messages are dealt with where they are checked; nobody need receive them
	// a second time. A relay takes part without a subscriber.
	if _, err := r.topic.Relay(); err != nil {
		return fmt.Errorf("join topic: %w", err)
	}
	return nil
}

// gossipFeatures says what our gossip has of gossipsub's.
func gossipFeatures(feature pubsub.GossipSubFeature, _ protocol.ID) bool {
	return feature == pubsub.GossipSubFeatureMesh || feature == pubsub.GossipSubFeatureIdontwant
}

func messageID(m *pb.Message) string {
	sum := sha256.Sum256(m.GetData())
	return string(sum[:])
}

// close ends the gossip. Its tasks end with online's.
func (r *room) close() { r.cancel() }

// showOut ends a peer's part in the room, and what is under way with it.
func (r *room) showOut(p peer.ID) {
	r.host.leave(p)
	r.pulls.end(p)
	if device, ok := deviceOf(p); ok {
		r.node.presence.forget(r.id, device)
		r.node.standing.left(r.id, device)
	}
}

// isMember reports whether a peer belongs to the space, and so do we.
func (r *room) isMember(p peer.ID) bool {
	device, ok := deviceOf(p)
	return ok && r.node.belongs(r.id) && r.node.member(r.id, device)
}

// allows reports whether the space may be spoken of over a connection.
func (r *room) allows(c network.Conn) bool {
	return r.isMember(c.RemotePeer()) && r.online.ways.admits(r.id, c)
}

// faulty is told of a peer whose bytes gossipsub could not read.
func (r *room) faulty(p peer.ID) {
	if r.ctx.Err() == nil {
		r.online.do(func() { r.online.refuse(p, fmt.Errorf("%w: unreadable gossip", errNonsense)) })
	}
}

// answerRoom is the stream handler of gossip: it shows the peer to its room.
func (o *online) answerRoom(_ context.Context, stream network.Stream) error {
	p := stream.Conn().RemotePeer()
	enter, err := hearEnterRoom(stream)
	if err != nil {
		return fmt.Errorf("enter room: %w", err)
	}
	r := o.room(enter.Space)
	if r == nil || !r.allows(stream.Conn()) {
		return errOutsider // the same for a space unknown here
	}
	// A member who names the space by its ID has said enough: it may have heard
	// the end of the hello before us.
	o.share(p, []space.ID{r.id})
	if r.host.comesAgain(p) {
		// What was gossiped since its last stream ended, we have missed. It may
		// have shown us out for a moment, by a removal that does not count.
		r.pull(pullRequest{from: p})
	}
	return r.host.accept(r.ctx, stream)
}

// hearEnterRoom reads the first frame and not a byte more: what follows is
// gossipsub's.
func hearEnterRoom(stream network.Stream) (enter enterRoom, err error) {
	c := converse(stream, helloPatience)
	if err := c.allow(0); err != nil {
		return enter, err
	}
	kind, body, err := readFrame(stream, helloFrame, c.allow)
	if err != nil {
		return enter, err
	}
	if kind != enter.kind() {
		return enter, fmt.Errorf("%w: message of kind %d is not due", errNonsense, kind)
	}
	if err := decodeMessage(body, &enter); err != nil {
		return enter, err
	}
	if err := stream.SetReadDeadline(time.Time{}); err != nil {
		return enter, fmt.Errorf("clear deadline: %w", err)
	}
	return enter, nil
}

// publish sends a message to everybody in the room.
func (r *room) publish(m message) error {
	data, err := appendMessage(nil, m)
	if err != nil {
		return err
	}
	if len(data) > maxGossip {
		return fmt.Errorf("gossip of %d bytes: %w", len(data), errTooLarge)
	}
	if err := r.topic.Publish(r.ctx, data); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("gossip: %w", err)
	}
	return nil
}

// state publishes what this device says about itself.
func (r *room) state(m message) error {
	signed, err := state(r.node.key, r.id, m)
	if err != nil {
		return err
	}
	return r.publish(signed)
}

var errTooLarge = errors.New("too large to gossip")
