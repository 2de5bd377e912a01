package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/crdt"
	"parley/p2p"
	"parley/space"
)

const (
	connectTimeout = 20 * time.Second
	catchUpTimeout = 2 * time.Minute
	orderTimeout   = 5 * time.Second
)

// openNode starts this device's part of the network. Where Options ask for no
// network it is there, but switched off.
func (a *App) openNode(ctx context.Context, o Options) error {
	config := p2p.Config{
		Key:        a.key,
		Store:      a.store,
		Listen:     o.Listen,
		MDNS:       o.MDNS,
		MapPorts:   o.MapPorts,
		Serve:      o.Table,
		Offline:    !o.Network,
		Addresses:  addressFile{o.Locations.Addresses(), a.storeKey},
		Log:        o.Log,
		OnPresence: func(id space.ID) { a.news.ring(topic{event: EventHere, space: id}) },
		OnPeers:    func() { a.news.ring(topic{event: EventNetwork}, topic{event: EventSpaces}) },
		OnStanding: func(id space.ID) { a.news.ring(topic{event: EventStatus, space: id}) },
		OnProgress: func(id space.ID) { a.news.ring(topic{event: EventCatching, space: id}) },
		Newest:     a.newestDocuments,
		Frugal:     a.frugal.spares,
	}
	node, err := p2p.Open(ctx, config)
	if err != nil && len(o.Listen) > 0 {
		return wrapError(CodeInvalid, fmt.Sprintf(
			"Parley cannot listen on %v. Choose other addresses, such as /ip4/0.0.0.0/udp/0/quic-v1.", o.Listen), err)
	}
	if err != nil {
		// Work never waits for the network. The window says "offline", and
		// going online tries again.
		a.log.Warn("go online", "err", err)
		config.Offline = true
		node, err = p2p.Open(ctx, config)
	}
	if err != nil {
		return fmt.Errorf("open network: %w", err)
	}
	a.node = node
	a.node.SetFrugal(a.settings.get().Frugal)
	a.node.SetHelping(!a.settings.get().Unhelpful)
	if err := a.node.SetBootstrap(a.settings.get().Bootstrap); err != nil {
		a.log.Warn("nodes that were entered are not asked", "err", err)
	}
	return nil
}

// SetBootstrap says which nodes of the hash table this device asks for members
// of spaces that are looked for widely, also after a restart; none ends it. It
// fails with CodeInvalid for what is no address of a node.
func (a *App) SetBootstrap(addresses []string) error {
	var entered []string
	for _, address := range addresses {
		if address = strings.TrimSpace(address); address != "" && !slices.Contains(entered, address) {
			entered = append(entered, address)
		}
	}
	was := a.settings.get().Bootstrap
	if err := a.node.SetBootstrap(entered); err != nil {
		return wrapError(CodeInvalid,
			"This is not a list of up to 16 addresses of computers to ask. Each looks like /ip4/198.51.100.7/tcp/4002/p2p/12D3KooW… and comes from whoever runs that computer.", err)
	}
	if err := a.settings.change(func(s *settings) { s.Bootstrap = entered }); err != nil {
		return errors.Join(err, a.node.SetBootstrap(was))
	}
	a.news.ring(topic{event: EventNetwork})
	return nil
}

// Network tells where this device can be reached, and who is connected.
func (a *App) Network() Network {
	network := Network{
		Device: a.Device().String(), Addresses: a.node.Addresses(), Peers: []Peer{}, Offline: a.node.Offline(),
	}
	wide := a.node.Wide()
	network.Bootstrap, network.Asking, network.Answering = orNone(wide.Bootstrap), wide.Asking, wide.Nodes
	network.Serving = orNone(wide.Serving)
	relaying := a.node.Relaying()
	network.Helps, network.Helping, network.Helped = relaying.Willing, relaying.Helping, relaying.Helped
	network.Frugal, network.Spares = a.settings.get().Frugal, string(a.frugal.reason())
	if network.Addresses == nil {
		network.Addresses = []string{}
	}
	for _, p := range a.node.Peers() {
		network.Peers = append(network.Peers, Peer{
			Device: p.Device.String(), Name: a.nameOf(p), Addresses: p.Addresses, Transport: p.Transport,
			RTT: float64(p.RTT) / float64(time.Millisecond), Since: p.Since,
		})
	}
	return network
}

// nameOf is what a peer is called in a space that it shares with this device.
func (a *App) nameOf(p p2p.Peer) string {
	for _, id := range p.Spaces {
		if log, ok := a.store.Log(id); ok {
			if member, ok := log.Member(p.Device); ok {
				return member.Person.Name
			}
		}
	}
	return ""
}

// Connect connects to a device at an address. It fails with CodeUnreachable.
func (a *App) Connect(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	err := a.node.Connect(ctx, address)
	switch {
	case err == nil, errors.Is(err, p2p.ErrOffline):
		return err
	case errors.Is(err, p2p.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
		return wrapError(CodeUnreachable,
			"Nobody answers at this address. Check it, and that Parley runs on the other computer and both are on a network where they can reach each other.", err)
	}
	return wrapError(CodeInvalid,
		"This is not the address of another computer with Parley. It looks like /ip4/192.168.1.20/tcp/4001/p2p/12D3KooW…", err)
}

// SetOffline ends all connections and makes no new ones, or undoes that.
func (a *App) SetOffline(offline bool) error {
	if err := a.node.SetOffline(offline); err != nil {
		return wrapError(CodeInternal, "Parley could not go online. Check this computer's network and try again.", err)
	}
	a.news.ring(topic{event: EventNetwork}, topic{event: EventSpaces})
	return nil
}

// CatchUp waits until this device has everything of a space that some
// connected member has, but not for ever: complete says whether it has.
func (a *App) CatchUp(ctx context.Context, id space.ID) (complete bool, err error) {
	within, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	err = a.node.CatchUp(within, id)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		a.log.Info("catch up", "space", id, "err", err)
	}
	return err == nil, nil
}

// connected are the devices that are connected now.
func (a *App) connected() map[space.DeviceID]bool {
	connected := make(map[space.DeviceID]bool)
	for _, p := range a.node.Peers() {
		connected[p.Device] = true
	}
	return connected
}

// DocumentStatus tells who has the latest of both parts of a document.
func (a *App) DocumentStatus(id space.ID, document crdt.DocumentID) (Status, error) {
	return a.status(id, []crdt.Ref{
		{Space: id, Document: document, Part: space.Body},
		{Space: id, Document: document, Part: space.Annotations},
	})
}

// SpaceStatus is a Status of all that a space holds.
type SpaceStatus struct {
	Status
	Name        string
	Role        string // as in Space
	Documents   int
	Quarantined int
}

// SpaceStatus tells what is stored of a space, and who has the latest of all
// of it.
func (a *App) SpaceStatus(id space.ID) (SpaceStatus, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return SpaceStatus{}, err
	}
	refs := a.store.Refs(id)
	status, err := a.status(id, refs)
	if err != nil {
		return SpaceStatus{}, err
	}
	quarantined, err := a.store.Quarantine(id)
	if err != nil {
		return SpaceStatus{}, err
	}
	bodies := countBodies(id, refs)
	return SpaceStatus{Status: status, Name: log.Name(), Role: a.roleIn(log), Documents: bodies, Quarantined: len(quarantined)}, nil
}

// countBodies is how many documents there are among a space's parts, but for
// the index.
func countBodies(id space.ID, refs []crdt.Ref) (bodies int) {
	for _, ref := range refs {
		if ref.Part == space.Body && ref != indexRef(id) {
			bodies++
		}
	}
	return bodies
}

// status tells who has the latest of some parts. What this device has is
// always saved: a change is known to anybody only once it is on disk.
func (a *App) status(id space.ID, refs []crdt.Ref) (Status, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return Status{}, err
	}
	status := Status{Saved: true, Offline: a.node.Offline(), Members: []MemberStatus{}}
	standing := make(map[space.DeviceID]p2p.Have)
	for i, ref := range refs {
		of, err := a.node.Standing(ref)
		if err != nil {
			return Status{}, err
		}
		for device, have := range of {
			if i > 0 {
				have = together(standing[device], have)
			}
			standing[device] = have
		}
	}
	for _, seat := range log.Seats() {
		if member, others := a.statusOf(seat, standing); others {
			status.Members = append(status.Members, member)
		}
	}
	return status, nil
}

// statusOf is how far a person has got: what any of their devices has, but for
// this one. others says whether there is any.
func (a *App) statusOf(seat space.Seat, standing map[space.DeviceID]p2p.Have) (status MemberStatus, others bool) {
	status = MemberStatus{Device: seat.ID.String(), Name: seat.Person.Name}
	var last, asOf, lacks time.Time
	for _, d := range seat.Devices {
		if d.Device == a.Device() {
			status.You = true
			continue
		}
		others = true
		have := standing[d.Device]
		status.Connected = status.Connected || have.Connected
		status.HasLatest = status.HasLatest || have.HasLatest
		status.Known = status.Known || have.Known
		last, asOf, lacks = newest(last, have.LastSeen), newest(asOf, have.AsOf), newest(lacks, have.Lacks)
	}
	if !status.Connected && !last.IsZero() {
		status.LastSeen = &last
	}
	if !status.Connected && !asOf.IsZero() {
		status.AsOf = &asOf
	}
	if !status.HasLatest && !lacks.IsZero() {
		status.Lacks = &lacks
	}
	return status, others
}

// together is how far a device is with two parts: as far as with the one of
// which it has less.
func together(a, b p2p.Have) p2p.Have {
	b.HasLatest = a.HasLatest && b.HasLatest
	b.Known = a.Known && b.Known
	if a.AsOf.Before(b.AsOf) {
		b.AsOf = a.AsOf
	}
	if b.Lacks.IsZero() || !a.Lacks.IsZero() && a.Lacks.Before(b.Lacks) {
		b.Lacks = a.Lacks
	}
	return b
}

func newest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Seen tells of each document of a space how many people besides the one of this
// device have the latest of it. Several devices of a person count once.
func (a *App) Seen(id space.ID) ([]DocumentSeen, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return nil, err
	}
	list := []DocumentSeen{}
	if _, in := log.Member(a.Device()); !in {
		return list, nil
	}
	index := crdt.IndexID(id)
	for _, document := range a.store.Documents(id) {
		if document == index {
			continue
		}
		status, err := a.DocumentStatus(id, document)
		if err != nil {
			return nil, err
		}
		seen := DocumentSeen{Document: document.String()}
		for _, member := range status.Members {
			if member.You {
				continue
			}
			seen.People++
			if member.HasLatest {
				seen.Have++
			}
		}
		list = append(list, seen)
	}
	return list, nil
}

// CatchingUp tells how far it is to get what a space holds from somebody.
func (a *App) CatchingUp(id space.ID) (CatchingUp, error) {
	if _, err := a.spaceLog(id); err != nil {
		return CatchingUp{}, err
	}
	p := a.node.Progress(id)
	told := CatchingUp{Active: p.Active, Done: p.Done, Of: p.Total, Bytes: p.Bytes}
	if p.Active {
		told.From = a.nameIn(id, p.From)
	}
	return told, nil
}

// newestDocuments lists the documents of a space for those who fetch them: the
// newest first, and archived ones after all others.
func (a *App) newestDocuments(id space.ID) []crdt.DocumentID {
	ctx, cancel := context.WithTimeout(context.Background(), orderTimeout)
	defer cancel()
	listed, err := a.Documents(ctx, id)
	if err != nil {
		a.log.Info("documents are fetched in no order", "space", id, "err", err)
	}
	newest := make([]crdt.DocumentID, 0, len(listed))
	for _, archived := range []bool{false, true} {
		for _, document := range slices.Backward(listed) {
			parsed, err := crdt.ParseDocumentID(document.ID)
			if err == nil && document.Archived == archived {
				newest = append(newest, parsed)
			}
		}
	}
	return newest
}

// lastSeen is when the members of a space were connected last, where that is
// known.
func (a *App) lastSeen(id space.ID) map[space.DeviceID]*time.Time {
	standing, err := a.node.Standing(indexRef(id))
	if err != nil {
		a.log.Warn("look at members", "space", id, "err", err)
	}
	seen := make(map[space.DeviceID]*time.Time, len(standing))
	for device, have := range standing {
		if !have.LastSeen.IsZero() {
			seen[device] = &have.LastSeen
		}
	}
	return seen
}
