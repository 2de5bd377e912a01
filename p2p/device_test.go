package p2p

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/space"
)

// patience is how long tests wait for what must happen.
const patience = 20 * time.Second

// loopback is where nodes of tests listen.
var loopback = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}

// A device is one installation: a key, a store on disk, and a node.
type device struct {
	t     testing.TB
	name  string
	dir   string
	key   space.Key
	store *crdt.Store
	node  *Node
	log   *slog.Logger

	child   crdt.Materializer   // none unless a story needs one
	tune    func(*crdt.Options) // how else its store is opened; may be nil
	listen  []string
	mdns    bool
	serve   []string                     // the hash table
	backend func() (crdt.Backend, error) // default: Badger in dir
	book    Addresses                    // default: a file in dir
	options []libp2p.Option
	fast    atomic.Int64 // nanoseconds by which its clock is fast
	seq     map[crdt.Ref]uint64
	deps    map[crdt.Ref][]chunk.Hash
	maxOp   map[crdt.Ref]uint64
}

func newDevice(t testing.TB, name string) *device {
	t.Helper()
	// A key from the name makes a story's IDs the same in every run.
	d := &device{
		t: t, name: name, dir: t.TempDir(), listen: loopback, log: testLog(t, name),
		key: space.KeyFromSeed(sha256.Sum256([]byte(t.Name() + name))),
		seq: make(map[crdt.Ref]uint64), deps: make(map[crdt.Ref][]chunk.Hash), maxOp: make(map[crdt.Ref]uint64),
	}
	d.book = AddressFile(filepath.Join(d.dir, "addresses.json"))
	d.backend = func() (crdt.Backend, error) {
		return badger.Open(badger.Options{Dir: filepath.Join(d.dir, "store"), Log: slog.New(slog.DiscardHandler)})
	}
	d.starts()
	t.Cleanup(d.stops)
	return d
}

func testLog(t testing.TB, name string) *slog.Logger {
	if os.Getenv("PARLEY_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("device", name)
}

func (d *device) starts() {
	d.t.Helper()
	backend, err := d.backend()
	if err != nil {
		d.t.Fatal(err)
	}
	options := crdt.Options{Backend: backend, Device: d.id(), Materializer: d.child, Log: d.log}
	if d.tune != nil {
		d.tune(&options)
	}
	if d.store, err = crdt.Open(options); err != nil {
		d.t.Fatal(err)
	}
	d.node, err = Open(d.t.Context(), Config{
		Key: d.key, Store: d.store, Listen: d.listen, MDNS: d.mdns, Serve: d.serve, Log: d.log, Now: d.now,
		Addresses: d.book, hostOptions: d.options,
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// stops closes everything in order, as a program that quits does.
func (d *device) stops() {
	if d.node == nil {
		return
	}
	if err := d.node.Close(); err != nil {
		d.t.Errorf("close node of %s: %v", d.name, err)
	}
	if err := d.store.Close(); err != nil {
		d.t.Errorf("close store of %s: %v", d.name, err)
	}
	d.node = nil
}

func (d *device) now() time.Time { return time.Now().Add(time.Duration(d.fast.Load())) }

func (d *device) id() space.DeviceID { return d.key.Device() }

func (d *device) founds(name string) space.ID {
	d.t.Helper()
	log, entry, err := space.Found(d.key, name, space.Person{Name: d.name}, time.Now(), rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.store.CreateSpace(d.t.Context(), entry.Raw); err != nil {
		d.t.Fatal(err)
	}
	d.waitFor("its room", func() bool { return d.node.current().room(log.ID()) != nil })
	return log.ID()
}

func (d *device) logOf(id space.ID) *space.Log {
	d.t.Helper()
	log, ok := d.store.Log(id)
	if !ok {
		d.t.Fatalf("%s does not hold space %s", d.name, id)
	}
	return log
}

func (d *device) adds(id space.ID, entry space.Entry, err error) {
	d.t.Helper()
	if err == nil {
		_, _, err = d.store.AddEntries(d.t.Context(), id, [][]byte{entry.Raw})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// invites makes a code as the app does.
func (d *device) invites(id space.ID, uses int, expiry time.Time) space.Code {
	d.t.Helper()
	log := d.logOf(id)
	entry, secret, err := log.Invite(d.key, space.InviteOptions{Role: space.Editor, Uses: uses, Expiry: expiry}, time.Now(), rand.Reader)
	d.adds(id, entry, err)
	return space.Code{Space: id, Secret: secret, Inviter: d.id(), Addresses: d.node.CodeAddresses(), Name: log.Name(), Expiry: expiry}
}

func (d *device) joins(code space.Code) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	if _, err := d.node.Join(ctx, code, space.Person{Name: d.name}); err != nil {
		d.t.Fatalf("%s joins: %v", d.name, err)
	}
}

func (d *device) connects(other *device) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	if err := d.node.Connect(ctx, other.node.Addresses()[0]); err != nil {
		d.t.Fatalf("%s connects to %s: %v", d.name, other.name, err)
	}
}

// writes appends one change to a part, as a window does, and returns when it is
// durable here.
func (d *device) writes(ref crdt.Ref, value string) {
	d.t.Helper()
	d.writesRaw(ref, d.change(ref, value))
}

func (d *device) writesRaw(ref crdt.Ref, c chunk.Change) {
	d.t.Helper()
	bundle := crdt.Bundle{Changes: [][]byte{c.Raw}, Signatures: []crdt.Signature{crdt.Sign(d.key, ref, c)}}
	receipt, err := d.store.Append(d.t.Context(), ref, bundle, crdt.Local, d.id())
	if err == nil {
		err = receipt.Err()
	}
	if err == nil && receipt.Accepted != 1 {
		err = fmt.Errorf("%d changes were accepted, %d dependencies are missing", receipt.Accepted, len(receipt.Missing))
	}
	if err != nil {
		d.t.Fatalf("%s writes: %v", d.name, err)
	}
}

// change makes this device's next change of a part: a value of its own.
func (d *device) change(ref crdt.Ref, value string) chunk.Change {
	d.t.Helper()
	d.seq[ref]++
	actor := space.ActorFor(ref.Space, d.id(), 0)
	c, err := chunk.Encode(chunk.Change{
		Actor: chunk.Actor(actor[:]), Seq: d.seq[ref], StartOp: d.maxOp[ref] + 1, Deps: d.deps[ref],
	}, nil, []chunk.Op{{
		Key:    chunk.Key{Name: fmt.Sprintf("%s %d", d.name, d.seq[ref]), IsName: true},
		Action: chunk.Put, Value: chunk.String(value),
	}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.deps[ref], d.maxOp[ref] = []chunk.Hash{c.Hash}, c.MaxOp
	return c
}

// has reports whether a device's first n changes of a part are here.
func (d *device) has(ref crdt.Ref, author *device, n uint64) bool {
	actor := space.ActorFor(ref.Space, author.id(), 0)
	vector, err := d.store.Vector(ref)
	if err != nil {
		d.t.Error(err)
	}
	return vector[chunk.Actor(actor[:])] >= n
}

func (d *device) waitFor(what string, happened func() bool) {
	d.t.Helper()
	waitFor(d.t, d.name+": "+what, happened)
}

// waitFor looks until something has happened.
func waitFor(t testing.TB, what string, happened func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !happened() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain for %s", what)
		case <-look.C:
		}
	}
}

// shares waits until two devices share a space and hear each other in it.
func (d *device) shares(id space.ID, other *device) {
	d.t.Helper()
	for _, pair := range [][2]*device{{d, other}, {other, d}} {
		one, two := pair[0], pair[1]
		one.waitFor("hearing "+two.name, func() bool {
			r := one.node.current().room(id)
			return r != nil && slices.Contains(r.topic.ListPeers(), peerOf(two.id()))
		})
	}
}

// same waits until two devices hold the same of a space.
func (d *device) same(id space.ID, other *device) {
	d.t.Helper()
	d.waitFor("having the same as "+other.name, func() bool { return d.digest(id) == other.digest(id) })
}

func (d *device) digest(id space.ID) [64]byte {
	d.t.Helper()
	var both [64]byte
	digest := d.store.Digest(id)
	copy(both[:], digest[:])
	log := d.logOf(id).Digest()
	copy(both[32:], log[:])
	return both
}

func ref(id space.ID, document string) crdt.Ref {
	sum := sha256.Sum256([]byte(document))
	return crdt.Ref{Space: id, Document: crdt.DocumentID(sum[:16])}
}
