package p2p

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize"
	"parley/space"
)

// A history is what two people wrote in one text at the same time, as it was
// recorded: each transaction is made on top of exactly its parents.
type history struct {
	EndContent string        `json:"endContent"`
	Txns       []transaction `json:"txns"`
}

type transaction struct {
	Parents []int   `json:"parents"`
	Agent   int     `json:"agent"`
	Patches []patch `json:"patches"`
}

type patch struct {
	at, remove int
	insert     string
}

// UnmarshalJSON reads [position, deleted, inserted].
func (p *patch) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(raw, &[]any{&p.at, &p.remove, &p.insert})
}

func readHistory(t *testing.T, name string) history {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "bench", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var h history
	if err := json.NewDecoder(unzipped).Decode(&h); err != nil {
		t.Fatal(err)
	}
	return h
}

// number is each transaction's place among those of its agent, from 1: the
// sequence number of its change.
func (h history) number() []uint64 {
	count := make(map[int]uint64)
	numbers := make([]uint64, len(h.Txns))
	for i, txn := range h.Txns {
		count[txn.Agent]++
		numbers[i] = count[txn.Agent]
	}
	return numbers
}

// A writer replays one agent's transactions on a device. Its document holds
// what that person saw at the time, however much more has arrived.
type writer struct {
	*device
	ref     crdt.Ref
	doc     *richtext.Document
	text    chunk.ID
	own     chunk.Actor
	other   chunk.Actor
	arrived map[uint64]chunk.Change // of the other, not seen yet
	pending []chunk.Change          // own, not durable yet
}

func newWriter(d *device, ref crdt.Ref, birth []chunk.Change, other *device) (*writer, error) {
	doc, err := richtext.Build(nil, birth)
	if err != nil {
		return nil, err
	}
	own, others := space.ActorFor(ref.Space, d.id(), 0), space.ActorFor(ref.Space, other.id(), 0)
	text, ok := doc.Field(chunk.ID{}, "text")
	if !ok {
		return nil, fmt.Errorf("the document has no text")
	}
	return &writer{
		device: d, ref: ref, doc: doc, text: text,
		own: chunk.Actor(own[:]), other: chunk.Actor(others[:]),
		arrived: make(map[uint64]chunk.Change),
	}, nil
}

// replay writes the agent's transactions, each when what it rests on is there.
func (w *writer) replay(ctx context.Context, h history, agent int) error {
	numbers := h.number()
	for i, txn := range h.Txns {
		if txn.Agent != agent {
			continue
		}
		for _, parent := range txn.Parents {
			if h.Txns[parent].Agent != agent {
				if err := w.see(ctx, numbers[parent]); err != nil {
					return fmt.Errorf("transaction %d: %w", i, err)
				}
			}
		}
		edit := w.doc.Write(w.own)
		for _, p := range txn.Patches {
			if err := edit.Edit(w.text, p.at, p.remove, p.insert); err != nil {
				return fmt.Errorf("transaction %d: %w", i, err)
			}
		}
		c, err := edit.Change(0)
		if err == nil {
			err = w.doc.Apply(c)
		}
		if err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		if w.pending = append(w.pending, c); len(w.pending) == 16 {
			if err := w.commit(ctx); err != nil {
				return err
			}
		}
	}
	return w.commit(ctx)
}

// commit makes durable what was written, as a window hands over its batch.
func (w *writer) commit(ctx context.Context) error {
	if len(w.pending) == 0 {
		return nil
	}
	bundle := crdt.Bundle{Signatures: crdt.SignNewest(w.key, w.ref, w.pending)}
	for _, c := range w.pending {
		bundle.Changes = append(bundle.Changes, c.Raw)
	}
	w.pending = nil
	receipt, err := w.store.Append(ctx, w.ref, bundle, crdt.Local, w.id())
	if err == nil {
		err = receipt.Err()
	}
	return err
}

// see takes in the other's changes up to a number, waiting for them to arrive.
func (w *writer) see(ctx context.Context, number uint64) error {
	if w.doc.Vector[w.other] >= number {
		return nil
	}
	if err := w.commit(ctx); err != nil { // the other may be waiting for this
		return err
	}
	for w.doc.Vector[w.other] < number {
		next, ok := w.arrived[w.doc.Vector[w.other]+1]
		if !ok {
			if err := w.receive(ctx); err != nil {
				return err
			}
			continue
		}
		delete(w.arrived, next.Seq)
		if err := w.doc.Apply(next); err != nil {
			return err
		}
	}
	return nil
}

// receive waits for changes of the other and takes them out of the store.
func (w *writer) receive(ctx context.Context) error {
	have := w.doc.Vector[w.other] + uint64(len(w.arrived))
	for {
		position := w.store.Position()
		vector, err := w.store.Vector(w.ref)
		if err != nil {
			return err
		}
		if vector[w.other] > have {
			vector[w.other] = have
			bundle, _, err := w.store.Since(ctx, w.ref, vector, 1<<20)
			if err != nil {
				return err
			}
			for _, raw := range bundle.Changes {
				c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
				if err != nil {
					return err
				}
				if c.Actor == w.other {
					w.arrived[c.Seq] = c
				}
			}
			return nil
		}
		if _, _, err := w.store.Wait(ctx, position); err != nil {
			return err
		}
	}
}

func TestTwoWriterHistoryComesOutTheSame(t *testing.T) {
	h := readHistory(t, "friendsforever.json.gz")
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	ben.joins(ada.invites(park, 1, time.Time{}))
	ada.shares(park, ben)

	child := materialize.New(materialize.Options{})
	defer func() {
		if err := child.Close(); err != nil {
			t.Error(err)
		}
	}()
	plan := ref(park, "plan")
	born := space.ActorFor(park, ada.id(), 1)
	raw, err := child.Create(t.Context(), materialize.Birth{Actor: chunk.Actor(born[:]), Kind: "text"})
	if err != nil {
		t.Fatal(err)
	}
	var birth []chunk.Change
	for _, one := range raw {
		c, err := chunk.ParseChange(one, chunk.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		birth = append(birth, c)
	}
	receipt, err := ada.store.Append(t.Context(), plan, crdt.Bundle{Changes: raw, Signatures: crdt.SignNewest(ada.key, plan, birth)}, crdt.Local, ada.id())
	if err != nil || receipt.Err() != nil {
		t.Fatal(err, receipt.Err())
	}

	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for agent, pair := range [][2]*device{{ada, ben}, {ben, ada}} {
		w, err := newWriter(pair[0], plan, birth, pair[1])
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() error { return w.replay(ctx, h, agent) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	ada.same(park, ben)
	t.Logf("%d transactions in %v", len(h.Txns), time.Since(start).Round(time.Millisecond))

	for _, d := range []*device{ada, ben} {
		chunks, _, err := d.store.Load(plan)
		if err != nil {
			t.Fatal(err)
		}
		text, err := child.Read(t.Context(), chunks, materialize.Text)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != h.EndContent {
			t.Errorf("%s ends with %d bytes that are not the %d that were written", d.name, len(text), len(h.EndContent))
		}
	}
}
