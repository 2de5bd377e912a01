package p2p

import (
	"sync"
	"time"

	"parley/crdt"
	"parley/space"
)

// Have says how far another member is with a document's part.
type Have struct {
	Connected bool      // shares the space with us now
	HasLatest bool      // holds everything that we hold, durably, as it last said or as its changes prove
	LastSeen  time.Time // when we knew of it last; zero: never
	Known     bool      // anything is known of what it holds of the part
	AsOf      time.Time // when we learned of that last, as it said; zero: never, or it is only proven
	Lacks     time.Time // when the first change was written that it lacks; zero: nothing is lacked, or that is unknown
}

// standing is who has what: learned from haves and from pulls, and kept by the
// store so that it is known, too, while nobody is connected.
type standing struct {
	node    *Node
	changed func(space.ID)
	wake    chan struct{} // holds at most one: an equality is to be kept

	mu        sync.Mutex
	connected map[space.ID]map[space.DeviceID]bool
	seen      map[space.ID]map[space.DeviceID]time.Time // since we started
	equals    map[space.ID]map[space.DeviceID]*picture
	unkept    map[space.ID]map[space.DeviceID]bool
}

// A picture is what a space held at some moment, here and elsewhere.
type picture struct {
	digest [32]byte
	parts  map[crdt.Ref]shortDigest
}

func newStanding(n *Node, changed func(space.ID)) *standing {
	return &standing{
		node: n, changed: changed, wake: make(chan struct{}, 1),
		connected: make(map[space.ID]map[space.DeviceID]bool),
		seen:      make(map[space.ID]map[space.DeviceID]time.Time),
		equals:    make(map[space.ID]map[space.DeviceID]*picture),
		unkept:    make(map[space.ID]map[space.DeviceID]bool),
	}
}

func (s *standing) joined(id space.ID, device space.DeviceID) { s.connect(id, device, true) }
func (s *standing) left(id space.ID, device space.DeviceID)   { s.connect(id, device, false) }

func (s *standing) connect(id space.ID, device space.DeviceID, connected bool) {
	s.mu.Lock()
	inner(s.seen, id)[device] = s.node.now()
	if connected {
		inner(s.connected, id)[device] = true
	} else {
		delete(s.connected[id], device)
	}
	s.mu.Unlock()
	s.changed(id)
}

func (s *standing) allLeft() {
	s.mu.Lock()
	was := s.connected
	s.connected = make(map[space.ID]map[space.DeviceID]bool)
	for id, devices := range was {
		for device := range devices {
			inner(s.seen, id)[device] = s.node.now()
		}
	}
	s.mu.Unlock()
	for id := range was {
		s.changed(id)
	}
}

// has learns that a device holds at least this much of a part.
func (s *standing) has(device space.DeviceID, ref crdt.Ref, vector crdt.Vector) {
	if len(vector) == 0 || !s.keep(device, ref, vector) {
		return
	}
	s.changed(ref.Space)
}

// keep hands news to the store, and reports whether it was any.
func (s *standing) keep(device space.DeviceID, ref crdt.Ref, vector crdt.Vector) bool {
	known, err := s.node.store.Have(ref)
	if err == nil {
		next := known[device].Vector
		if next.Covers(vector) {
			return false
		}
		if next == nil {
			next = make(crdt.Vector, len(vector))
		}
		next.Merge(vector)
		err = s.node.store.SetHave(ref, device, next, s.node.now())
	}
	if err != nil && s.node.ctx.Err() == nil {
		s.node.log.Warn("Who has what could not be kept", "part", ref, "error", err)
	}
	return err == nil
}

// equal learns that a device holds exactly this much. It is remembered if it is
// exactly what we hold.
func (s *standing) equal(id space.ID, device space.DeviceID, digest [32]byte) {
	s.mu.Lock()
	if known := s.equals[id][device]; known != nil && known.digest == digest {
		s.mu.Unlock()
		return
	}
	p := s.taken(id, digest)
	if p == nil {
		s.mu.Unlock()
		return
	}
	inner(s.equals, id)[device] = p
	inner(s.unkept, id)[device] = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	s.changed(id)
}

// taken is the picture of what we hold now, if that has the digest. Devices
// that are equal to us at one moment share it. The caller holds mu.
func (s *standing) taken(id space.ID, digest [32]byte) *picture {
	for _, p := range s.equals[id] {
		if p.digest == digest {
			return p
		}
	}
	store := s.node.store
	if store.Digest(id) != digest {
		return nil
	}
	p := &picture{digest: digest, parts: make(map[crdt.Ref]shortDigest)}
	for _, b := range store.Buckets(id) {
		for _, part := range store.Parts(id, b.First) {
			p.parts[crdt.Ref{Space: id, Document: part.Document, Part: part.Part}] = part.Digest
		}
	}
	if store.Digest(id) != digest {
		return nil // it moved while we looked: there will be another moment
	}
	return p
}

func inner[K, L comparable, V any](m map[K]map[L]V, key K) map[L]V {
	if m[key] == nil {
		m[key] = make(map[L]V)
	}
	return m[key]
}

// run keeps equalities part by part, so that they are known after a restart.
func (s *standing) run() {
	for {
		select {
		case <-s.node.ctx.Done():
			return
		case <-s.wake:
		}
		s.mu.Lock()
		unkept := s.unkept
		s.unkept = make(map[space.ID]map[space.DeviceID]bool)
		s.mu.Unlock()
		for id, devices := range unkept {
			for device := range devices {
				s.keepEquality(id, device)
			}
		}
	}
}

func (s *standing) keepEquality(id space.ID, device space.DeviceID) {
	s.mu.Lock()
	p := s.equals[id][device]
	s.mu.Unlock()
	for ref, digest := range p.parts {
		vector, err := s.node.store.Vector(ref)
		// A part that has moved on says nothing of what the device holds.
		if now, failed := s.node.store.PartDigest(ref); err == nil && failed == nil && now == digest {
			s.keep(device, ref, vector)
		}
		if s.node.ctx.Err() != nil {
			return
		}
	}
}

// Standing tells for every other member how far it is with a part.
func (n *Node) Standing(ref crdt.Ref) (map[space.DeviceID]Have, error) {
	log, ok := n.store.Log(ref.Space)
	if !ok {
		return nil, crdt.ErrUnknownSpace
	}
	ours, err := n.store.Vector(ref)
	if err != nil {
		return nil, err
	}
	kept, err := n.store.Have(ref)
	if err != nil {
		return nil, err
	}
	digest, err := n.store.PartDigest(ref)
	if err != nil {
		return nil, err
	}
	all := make(map[space.DeviceID]Have)
	for _, m := range log.Members() {
		if m.Device != n.device {
			h, err := n.standing.of(ref, m.Device, ours, digest, kept[m.Device])
			if err != nil {
				return nil, err
			}
			all[m.Device] = h
		}
	}
	return all, nil
}

// of puts together what is known of one device.
func (s *standing) of(ref crdt.Ref, device space.DeviceID, ours crdt.Vector, digest shortDigest, kept crdt.Have) (Have, error) {
	h := s.heard(ref, device, ours, digest, kept)
	if h.HasLatest {
		h.Known = true
		return h, nil
	}
	// What a device wrote proves that it holds what that builds on.
	holds, err := s.node.store.Proven(ref, device)
	if err != nil {
		return Have{}, err
	}
	holds.Merge(kept.Vector)
	h.Known = len(holds) > 0 || h.Connected
	if h.HasLatest = holds.Covers(ours); h.HasLatest {
		return h, nil
	}
	h.Lacks, err = s.node.store.LackedSince(ref, holds)
	return h, err
}

// heard is what a device said itself.
func (s *standing) heard(ref crdt.Ref, device space.DeviceID, ours crdt.Vector, digest shortDigest, kept crdt.Have) Have {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := Have{
		Connected: s.connected[ref.Space][device],
		HasLatest: kept.Vector.Covers(ours),
		LastSeen:  kept.Time,
		AsOf:      kept.Time,
	}
	if p := s.equals[ref.Space][device]; p != nil && p.parts[ref] == digest {
		h.HasLatest = true
	}
	if seen := s.seen[ref.Space][device]; seen.After(h.LastSeen) {
		h.LastSeen = seen
	}
	if h.Connected {
		h.LastSeen = s.node.now()
		h.AsOf = h.LastSeen
	} else if h.HasLatest && h.AsOf.Before(h.LastSeen) {
		h.AsOf = h.LastSeen // it had it all when it left
	}
	return h
}
