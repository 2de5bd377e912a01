package p2p

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// A player is a device of a simulation: all of a real one, on a wire and on a
// disk that do not exist.
type player struct {
	*device
	sim  *simulation
	disk *memory
	copy []record // of the disk, if there is one
	at   netip.Addr
	stop func() // what runs beside the node
}

func (s *simulation) newPlayer() *player {
	number := len(s.all)
	name := fmt.Sprintf("P%d", number)
	disk := &memory{}
	p := &player{sim: s, disk: disk}
	p.moves()
	p.device = &device{
		t: s.t, name: name, log: testLog(s.t, name), book: make(memoryBook),
		key:     space.KeyFromSeed(sha256.Sum256(fmt.Append(nil, "player ", s.seed, " ", number))),
		backend: func() (crdt.Backend, error) { return disk.open(), nil },
		seq:     make(map[crdt.Ref]uint64), deps: make(map[crdt.Ref][]chunk.Hash), maxOp: make(map[crdt.Ref]uint64),
		child: s.child, tune: s.someCompaction(),
	}
	// Clocks are a little off, as clocks are.
	p.fast.Store(int64(time.Duration(s.chance.IntN(240)-120) * time.Second))
	p.begins()
	s.t.Cleanup(p.ends)
	s.all = append(s.all, p)
	return p
}

// someCompaction is when a device makes snapshots: some soon, some as late as
// real ones, so that others are given changes here and snapshots there.
func (s *simulation) someCompaction() func(*crdt.Options) {
	counts := []int{4, 10, 25, 80, 1000}
	count, loose := counts[s.chance.IntN(len(counts))], 1+s.chance.IntN(6)
	quiet := time.Duration(10+s.chance.IntN(120)) * time.Second
	return func(o *crdt.Options) { o.CompactCount, o.KeepLoose, o.Quiet = count, loose, quiet }
}

// moves takes the device to another address.
func (p *player) moves() {
	p.sim.addresses++
	p.at = address(p.sim.addresses)
}

func address(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}) }

func (p *player) running() bool { return p.node != nil }

func (p *player) begins() {
	p.listen = []string{fmt.Sprintf("/ip4/%s/udp/4000/quic-v1", p.at)}
	p.options = p.sim.wire.options(p.at)
	p.starts()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func(store *crdt.Store) { done <- store.Run(ctx) }(p.store)
	p.stop = func() {
		cancel()
		<-done
	}
}

// ends is quitting the program.
func (p *player) ends() {
	if p.running() {
		p.stop()
		p.stops()
	}
}

// dies is losing power: nothing is said to anybody, and nothing more is written.
func (p *player) dies() {
	p.disk.outage()
	p.sim.wire.unplug(p.at)
	p.stop()
	// There is no power to fail with.
	_ = p.node.Close()
	_ = p.store.Close()
	p.node = nil
	p.sim.wire.plugIn(p.at)
}

// founds is how the space begins.
func (p *player) founds() {
	log, entry, err := space.Found(p.key, "Park", space.Person{Name: p.name}, p.now(), p.sim.secrets)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.store.CreateSpace(p.t.Context(), entry.Raw); err != nil {
		p.t.Fatal(err)
	}
	p.sim.park = log.ID()
	p.waitFor("its room", func() bool { return p.node.current().room(log.ID()) != nil })
}

// belongs reports whether a player takes part in the space, by its own log.
func (p *player) belongs() bool {
	return p.running() && p.node.belongs(p.sim.park)
}

func (p *player) role() space.Role {
	if !p.belongs() {
		return 0
	}
	m, _ := p.logOf(p.sim.park).Member(p.id())
	return m.Role
}

// tries uses an invitation. It may be used up, or nobody may be there.
func (p *player) tries(code space.Code) error {
	ctx, cancel := context.WithTimeout(p.t.Context(), 8*time.Second)
	defer cancel()
	_, err := p.node.Join(ctx, code, space.Person{Name: p.name})
	return err
}

// meets is what multicast does on a local network.
func (p *player) meets(other *player) {
	ctx, cancel := context.WithTimeout(p.t.Context(), 3*time.Second)
	defer cancel()
	for _, address := range other.node.Addresses() {
		_ = p.node.Connect(ctx, address) // there may be no way
	}
}

// writes adds entries that this player has just made, if it could.
func (p *player) writes(entries []space.Entry, err error) error {
	if err != nil {
		return err
	}
	var raw [][]byte
	for _, e := range entries {
		raw = append(raw, e.Raw)
	}
	_, _, err = p.store.AddEntries(p.t.Context(), p.sim.park, raw)
	return err
}

func (p *player) cutOf(other space.DeviceID) space.Cut {
	cut, err := p.store.Cut(p.t.Context(), p.sim.park, p.logOf(p.sim.park).SeatDevices(other))
	if err != nil {
		p.t.Error(err)
	}
	return cut
}

// parts are those that a player may write and that are there.
func (p *player) parts() (refs []crdt.Ref) {
	log := p.logOf(p.sim.park)
	for _, r := range p.store.Refs(p.sim.park) {
		if log.MayWrite(p.id(), r.Part) {
			if vector, err := p.store.Vector(r); err == nil && len(vector) > 0 {
				refs = append(refs, r)
			}
		}
	}
	return refs
}

// invitesAnybody is a new code, if the player may give one.
func (p *player) invitesAnybody(role space.Role) (space.Code, error) {
	log := p.logOf(p.sim.park)
	entry, secret, err := log.Invite(p.key, space.InviteOptions{Role: role, Uses: 1 + p.sim.chance.IntN(3)}, p.now(), p.sim.secrets)
	if err := p.writes([]space.Entry{entry}, err); err != nil {
		return space.Code{}, err
	}
	return space.Code{
		Space: p.sim.park, Secret: secret, Inviter: p.id(), Addresses: p.node.CodeAddresses(), Name: log.Name(),
	}, nil
}
