package bundle_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/app/bundle"
	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == materialize.Argument {
		materialize.Main()
		return
	}
	goleak.VerifyTestMain(m)
}

// device is one installation that is never online, with a store of its own on a
// real disk.
type device struct {
	t     testing.TB
	name  string
	key   space.Key
	store *crdt.Store
	seqs  map[crdt.Ref]*pen
}

func newDevice(t testing.TB, name string) *device {
	t.Helper()
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, name: name, key: key, seqs: make(map[crdt.Ref]*pen)}
	quiet := slog.New(slog.DiscardHandler)
	backend, err := badger.Open(badger.Options{Dir: t.TempDir(), Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	child := materialize.New(materialize.Options{Log: quiet})
	d.store, err = crdt.Open(crdt.Options{Backend: backend, Device: key.Device(), Materializer: child, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.store.Close(); err != nil {
			t.Error(err)
		}
		if err := child.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *device) now() time.Time { return time.Now() }

func (d *device) person() space.Person { return space.Person{Name: d.name} }

func (d *device) founds() space.ID {
	d.t.Helper()
	_, e, err := space.Found(d.key, "Riverside", d.person(), time.Now(), rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	log, err := d.store.CreateSpace(d.t.Context(), e.Raw)
	if err != nil {
		d.t.Fatal(err)
	}
	return log.ID()
}

// admits lets others in, who are not told.
func (d *device) admits(id space.ID, role space.Role, others ...*device) {
	d.t.Helper()
	log, _ := d.store.Log(id)
	for _, other := range others {
		e, secret, err := log.Invite(d.key, space.InviteOptions{Role: role, Uses: 1}, time.Now(), rand.Reader)
		d.enters(id, err, e)
		application, err := space.Apply(other.key, space.Code{Space: id, Secret: secret, Inviter: d.key.Device(), Name: log.Name()}, other.person())
		if err != nil {
			d.t.Fatal(err)
		}
		e, err = log.Admit(d.key, application, time.Now())
		d.enters(id, err, e)
	}
}

func (d *device) removes(id space.ID, other *device) {
	d.t.Helper()
	cut, err := d.store.Cut(d.t.Context(), id, []space.DeviceID{other.key.Device()})
	if err != nil {
		d.t.Fatal(err)
	}
	log, _ := d.store.Log(id)
	entries, err := log.Remove(d.key, other.key.Device(), cut, time.Now())
	d.enters(id, err, entries...)
}

func (d *device) enters(id space.ID, err error, entries ...space.Entry) {
	d.t.Helper()
	for _, e := range entries {
		if err == nil {
			_, _, err = d.store.AddEntries(d.t.Context(), id, [][]byte{e.Raw})
		}
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// refIn names a document of a space.
func refIn(id space.ID, n byte) crdt.Ref {
	return crdt.Ref{Space: id, Document: crdt.DocumentID{n}, Part: space.Body}
}

// pen writes changes as one actor.
type pen struct {
	actor chunk.Actor
	seq   uint64
}

// writes adds changes to a part, on top of all that the device holds of it, and
// makes them durable one by one.
func (d *device) writes(ref crdt.Ref, values ...string) []chunk.Change {
	d.t.Helper()
	p := d.seqs[ref]
	if p == nil {
		lease, err := d.store.Lease(ref)
		if err != nil {
			d.t.Fatal(err)
		}
		d.t.Cleanup(lease.Release)
		p = &pen{actor: chunk.Actor(lease.Actor[:])}
		d.seqs[ref] = p
	}
	heads, maxOp := d.heads(ref)
	var written []chunk.Change
	for _, value := range values {
		p.seq++
		c, err := chunk.Encode(
			chunk.Change{Actor: p.actor, Seq: p.seq, StartOp: maxOp + 1, Time: 1, Deps: heads},
			[]chunk.Actor{p.actor},
			[]chunk.Op{{Key: chunk.Key{Name: fmt.Sprintf("%s-%d", d.name, p.seq), IsName: true}, Action: chunk.Put, Value: chunk.String(value)}},
		)
		if err != nil {
			d.t.Fatal(err)
		}
		heads, maxOp = []chunk.Hash{c.Hash}, c.MaxOp
		written = append(written, c)
		receipt, err := d.store.Append(d.t.Context(), ref, d.signs(ref, c), crdt.Local, d.key.Device())
		if err != nil || receipt.Accepted != 1 || receipt.Err() != nil {
			d.t.Fatalf("%s writes: %+v, %v", d.name, receipt, err)
		}
	}
	return written
}

func (d *device) signs(ref crdt.Ref, changes ...chunk.Change) crdt.Bundle {
	b := crdt.Bundle{Signatures: crdt.SignNewest(d.key, ref, changes)}
	for _, c := range changes {
		b.Changes = append(b.Changes, c.Raw)
	}
	return b
}

func (d *device) heads(ref crdt.Ref) (heads []chunk.Hash, maxOp uint64) {
	d.t.Helper()
	chunks, _, err := d.store.Load(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	is := make(map[chunk.Hash]bool)
	for _, raw := range chunks {
		if s, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits); err == nil {
			for _, head := range s.Heads {
				is[head] = true
			}
			maxOp = max(maxOp, s.MaxOp)
			continue
		}
		c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, dep := range c.Deps {
			delete(is, dep)
		}
		is[c.Hash] = true
		maxOp = max(maxOp, c.MaxOp)
	}
	for head := range is {
		heads = append(heads, head)
	}
	return heads, maxOp
}

// packs makes a file; what says what of.
func (d *device) packs(id space.ID, what bundle.Options) []byte {
	d.t.Helper()
	file, _ := d.packed(id, what)
	return file
}

func (d *device) packed(id space.ID, what bundle.Options) ([]byte, bundle.Made) {
	d.t.Helper()
	what.Space, what.Key, what.Now, what.Program = id, d.key, time.Now(), "test"
	var file bytes.Buffer
	made, err := bundle.Write(d.t.Context(), d.store, what, &file)
	if err != nil || len(made.Lacks) > 0 {
		d.t.Fatalf("%s packs: %+v, %v", d.name, made, err)
	}
	return file.Bytes(), made
}

// packsSince makes a file of what somebody lacks who has another.
func (d *device) packsSince(id space.ID, before []byte) []byte {
	d.t.Helper()
	return d.packs(id, bundle.Options{Since: d.knows(id, before), Files: true})
}

func (d *device) knows(id space.ID, file []byte) *bundle.Known {
	d.t.Helper()
	log, _ := d.store.Log(id)
	known, err := bundle.ReadKnown(log, d.key, bytes.NewReader(file))
	if err != nil {
		d.t.Fatal(err)
	}
	return known
}

// takes takes a file in.
func (d *device) takes(file []byte) bundle.Taken {
	d.t.Helper()
	taken, err := d.tries(file)
	if err != nil || len(taken.Lacks) > 0 {
		d.t.Fatalf("%s takes in: %+v, %v", d.name, taken, err)
	}
	return taken
}

func (d *device) tries(file []byte) (bundle.Taken, error) {
	return bundle.Take(context.WithoutCancel(d.t.Context()), d.store, d.key, bytes.NewReader(file), nil)
}

// same fails unless two devices hold the same of a space.
func (d *device) same(id space.ID, other *device) {
	d.t.Helper()
	if d.store.Digest(id) != other.store.Digest(id) {
		d.t.Errorf("%s and %s hold different documents", d.name, other.name)
	}
	ours, here := d.store.Log(id)
	theirs, there := other.store.Log(id)
	if !here || !there || ours.Digest() != theirs.Digest() {
		d.t.Errorf("%s and %s hold different logs", d.name, other.name)
	}
}
