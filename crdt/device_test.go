package crdt_test

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/space"
)

// device is one installation with a store of its own, on a real disk.
type device struct {
	t       testing.TB
	name    string
	key     space.Key
	dir     string
	sealed  []byte // the key that the directory is encrypted with; may be nil
	options crdt.Options
	store   *crdt.Store
}

func newDevice(t testing.TB, name string) *device {
	t.Helper()
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, name: name, key: key, dir: t.TempDir()}
	d.options = crdt.Options{Device: key.Device(), Log: slog.New(slog.DiscardHandler)}
	d.opens()
	t.Cleanup(d.closes)
	return d
}

func (d *device) opens() {
	d.t.Helper()
	backend, err := badger.Open(badger.Options{Dir: d.dir, Key: d.sealed, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.t.Fatal(err)
	}
	d.options.Backend = backend
	if d.store, err = crdt.Open(d.options); err != nil {
		d.t.Fatal(err)
	}
}

func (d *device) closes() {
	if d.store == nil {
		return
	}
	if err := d.store.Close(); err != nil {
		d.t.Error(err)
	}
	d.store = nil
}

func (d *device) restarts() {
	d.t.Helper()
	d.closes()
	d.opens()
}

func (d *device) person() space.Person { return space.Person{Name: d.name} }

// founds makes a space and one document in it.
func (d *device) founds() crdt.Ref {
	d.t.Helper()
	_, e, err := space.Found(d.key, "Riverside", d.person(), time.Now(), rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	log, err := d.store.CreateSpace(d.t.Context(), e.Raw)
	if err != nil {
		d.t.Fatal(err)
	}
	return crdt.Ref{Space: log.ID(), Document: crdt.DocumentID{1}, Part: space.Body}
}

// admits lets others in, and gives everyone the log.
func (d *device) admits(id space.ID, role space.Role, others ...*device) {
	d.t.Helper()
	log, _ := d.store.Log(id)
	for _, other := range others {
		e, secret, err := log.Invite(d.key, space.InviteOptions{Role: role, Uses: 1}, time.Now(), rand.Reader)
		d.enters(id, e, err)
		code := space.Code{Space: id, Secret: secret, Inviter: d.key.Device(), Name: log.Name()}
		application, err := space.Apply(other.key, code, other.person())
		if err != nil {
			d.t.Fatal(err)
		}
		e, err = log.Admit(d.key, application, time.Now())
		d.enters(id, e, err)
	}
	for _, other := range others {
		if _, err := other.store.CreateSpace(d.t.Context(), log.Entries()...); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *device) enters(id space.ID, e space.Entry, err error) {
	d.t.Helper()
	if err == nil {
		_, _, err = d.store.AddEntries(d.t.Context(), id, [][]byte{e.Raw})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// pen writes changes as one actor, on top of what it has seen.
type pen struct {
	t     testing.TB
	actor chunk.Actor
	seq   uint64
	maxOp uint64
	heads []chunk.Hash
}

// picksUp gives the device a pen for a part, on top of what it holds.
func (d *device) picksUp(ref crdt.Ref) *pen {
	d.t.Helper()
	lease, err := d.store.Lease(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(lease.Release)
	p := &pen{t: d.t, actor: chunk.Actor(lease.Actor[:])}
	p.reads(d, ref)
	return p
}

// reads goes on from what the device holds.
func (p *pen) reads(d *device, ref crdt.Ref) {
	p.t.Helper()
	chunks, _, err := d.store.Load(ref)
	if err != nil {
		p.t.Fatal(err)
	}
	isHead := make(map[chunk.Hash]bool)
	for _, raw := range chunks {
		if s, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits); err == nil {
			for _, head := range s.Heads {
				isHead[head] = true
			}
			p.maxOp = max(p.maxOp, s.MaxOp)
			p.seq = max(p.seq, s.Vector[p.actor])
			continue
		}
		c := p.parse(raw)
		for _, dep := range c.Deps {
			delete(isHead, dep)
		}
		isHead[c.Hash] = true
		p.maxOp = max(p.maxOp, c.MaxOp)
		if c.Actor == p.actor {
			p.seq = max(p.seq, c.Seq)
		}
	}
	p.heads = p.heads[:0]
	for head := range isHead {
		p.heads = append(p.heads, head)
	}
}

func (p *pen) parse(raw []byte) chunk.Change {
	p.t.Helper()
	c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// writes makes the next change: it sets one key of the root to a value.
func (p *pen) writes(value string) chunk.Change {
	p.t.Helper()
	c := p.change(p.seq+1, p.heads, value)
	p.seq, p.maxOp, p.heads = c.Seq, c.MaxOp, []chunk.Hash{c.Hash}
	return c
}

// change makes any change.
func (p *pen) change(seq uint64, deps []chunk.Hash, value string) chunk.Change {
	p.t.Helper()
	c, err := chunk.Encode(
		chunk.Change{Actor: p.actor, Seq: seq, StartOp: p.maxOp + 1, Time: 1, Deps: deps},
		[]chunk.Actor{p.actor},
		[]chunk.Op{{Key: chunk.Key{Name: fmt.Sprintf("%s-%d", p.actor, seq), IsName: true}, Action: chunk.Put, Value: chunk.String(value)}},
	)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// bundle signs changes.
func (d *device) bundle(ref crdt.Ref, changes ...chunk.Change) crdt.Bundle {
	b := crdt.Bundle{Signatures: crdt.SignNewest(d.key, ref, changes)}
	for _, c := range changes {
		b.Changes = append(b.Changes, c.Raw)
	}
	return b
}

// commits signs and appends changes of its own, one by one.
func (d *device) commits(ref crdt.Ref, changes ...chunk.Change) {
	d.t.Helper()
	for _, c := range changes {
		receipt, err := d.store.Append(d.t.Context(), ref, d.bundle(ref, c), crdt.Local, d.key.Device())
		if err != nil || receipt.Accepted != 1 || receipt.Err() != nil {
			d.t.Fatalf("commit: %+v, %v", receipt, err)
		}
	}
}

// takes appends what another device sent.
func (d *device) takes(ref crdt.Ref, b crdt.Bundle, from *device) crdt.Receipt {
	d.t.Helper()
	receipt, err := d.store.Append(d.t.Context(), ref, b, crdt.Peer, from.key.Device())
	if err != nil {
		d.t.Fatal(err)
	}
	return receipt
}

// catchesUp pulls all that another device has, in pages.
func (d *device) catchesUp(ref crdt.Ref, other *device, page int) {
	d.t.Helper()
	for {
		b, more, err := other.store.Since(d.t.Context(), ref, d.vector(ref), page)
		if err != nil {
			d.t.Fatal(err)
		}
		if b.Empty() {
			return
		}
		receipt := d.takes(ref, b, other)
		if receipt.Err() != nil || len(receipt.Missing) > 0 || receipt.Accepted == 0 {
			d.t.Fatalf("catch up: %+v", receipt)
		}
		if !more {
			return
		}
	}
}

func (d *device) vector(ref crdt.Ref) crdt.Vector {
	d.t.Helper()
	v, err := d.store.Vector(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

// hashes is what a device holds of a part in loose changes.
func (d *device) hashes(ref crdt.Ref) map[chunk.Hash]bool {
	d.t.Helper()
	chunks, _, err := d.store.Load(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	hashes := make(map[chunk.Hash]bool)
	for _, raw := range chunks {
		if c, err := chunk.ParseChange(raw, chunk.DefaultLimits); err == nil {
			hashes[c.Hash] = true
		}
	}
	return hashes
}
