package p2p

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
	"parley/space"
)

// text opens a part as a window does.
func (p *player) text(ref crdt.Ref) (*richtext.Document, chunk.ID) {
	chunks, _, err := p.store.Load(ref)
	if err != nil {
		p.t.Fatal(err)
	}
	snapshots, changes := p.sim.parses(chunks)
	doc, err := richtext.Build(snapshots, changes)
	if err != nil {
		p.t.Fatalf("%s cannot open %s: %v", p.name, ref, err)
	}
	text, _ := doc.Field(chunk.ID{}, "text")
	return doc, text
}

// parses reads chunks, each change but once: large ones take long.
func (s *simulation) parses(chunks [][]byte) (snapshots []chunk.Snapshot, changes []chunk.Change) {
	for _, raw := range chunks {
		kind, err := chunk.KindOf(raw)
		if err == nil && kind == chunk.KindDocument {
			var snapshot chunk.Snapshot
			snapshot, err = chunk.ParseSnapshot(raw, chunk.DefaultLimits)
			snapshots = append(snapshots, snapshot)
		} else if err == nil {
			name := sha256.Sum256(raw)
			c, known := s.opened[name]
			if !known {
				c, err = chunk.ParseChange(raw, chunk.DefaultLimits)
				s.opened[name] = c
			}
			changes = append(changes, c)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return snapshots, changes
}

func (p *player) view(ref crdt.Ref) string {
	doc, text := p.text(ref)
	return doc.View(text)
}

// bears makes a new document, with both parts.
func (p *player) bears(name string) {
	for _, part := range []space.Part{space.Body, space.Annotations} {
		r := ref(p.sim.park, name)
		r.Part = part
		if err := p.commits(r, func(w *richtext.Writer, _ *richtext.Document, _ chunk.ID) error {
			w.Make(chunk.ID{}, "text", chunk.MakeText)
			return nil
		}); err != nil {
			p.excuses(r, err)
			return
		}
	}
}

// types edits a part in some places.
func (p *player) types(ref crdt.Ref, times int) {
	for range times {
		if err := p.commits(ref, func(w *richtext.Writer, doc *richtext.Document, text chunk.ID) error {
			length := doc.Length(text)
			at := p.sim.chance.IntN(length + 1)
			remove := 0
			if p.sim.chance.IntN(3) == 0 {
				remove = min(p.sim.chance.IntN(4), length-at)
			}
			words := string(randomText(1 + p.sim.chance.IntN(12)))
			if p.sim.chance.IntN(8) == 0 {
				words += "\n"
			}
			return w.Edit(text, at, remove, words)
		}); err != nil {
			p.excuses(ref, err)
			return
		}
	}
}

// pastes makes a change that gossip does not carry.
func (p *player) pastes(ref crdt.Ref, size int) {
	if err := p.commits(ref, func(w *richtext.Writer, _ *richtext.Document, _ chunk.ID) error {
		w.Put(chunk.ID{}, "pasted", chunk.String(string(randomText(size))))
		return nil
	}); err != nil {
		p.excuses(ref, err)
	}
}

// commits makes one change as an actor that nobody else uses, and returns when
// it is durable.
func (p *player) commits(ref crdt.Ref, write func(*richtext.Writer, *richtext.Document, chunk.ID) error) error {
	lease, err := p.store.Lease(ref)
	if err != nil {
		return err
	}
	defer lease.Release()
	doc, text := p.text(ref)
	w := doc.Write(chunk.Actor(lease.Actor[:]))
	if err := write(w, doc, text); err != nil {
		return err
	}
	c, err := w.Change(p.now().Unix())
	if err != nil {
		return err
	}
	bundle := crdt.Bundle{Changes: [][]byte{c.Raw}, Signatures: []crdt.Signature{crdt.Sign(p.key, ref, c)}}
	receipt, err := p.store.Append(p.t.Context(), ref, bundle, crdt.Local, p.id())
	if err == nil {
		err = receipt.Err()
	}
	if err == nil && receipt.Accepted == 1 {
		p.sim.acknowledged = append(p.sim.acknowledged, acknowledged{p, ref, c.Hash})
	}
	return err
}

// excuses a change that was refused, if the right to it ended just before.
func (p *player) excuses(ref crdt.Ref, err error) {
	if log, ok := p.store.Log(p.sim.park); !ok || !log.MayWrite(p.id(), ref.Part) {
		return
	}
	p.t.Errorf("%s may write %s and cannot: %v", p.name, ref, err)
}

// puts keeps a file of the space, which others may have as well. It may be that
// nobody may put anything any more.
func (p *player) puts(raw []byte) (blob crdt.BlobID, err error) {
	put, err := p.store.PutBlob(p.t.Context(), p.sim.park, "image/png", bytes.NewReader(raw))
	return put.ID, err
}

// shows has a document refer to a file.
func (p *player) shows(ref crdt.Ref, blob crdt.BlobID) {
	if err := p.commits(ref, func(w *richtext.Writer, _ *richtext.Document, _ chunk.ID) error {
		w.Put(chunk.ID{}, "picture", chunk.String(blob.Reference()))
		return nil
	}); err != nil {
		p.excuses(ref, err)
	}
}

// gets waits a while for a file, as a window does that shows it.
func (p *player) gets(blob crdt.BlobID, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	return p.node.FetchBlob(ctx, p.sim.park, blob)
}

// holding says of all changes of a part that a player has, where it has them.
func (p *player) holding(ref crdt.Ref) map[chunk.Hash]string {
	all := make(map[chunk.Hash]string)
	chunks, _, err := p.store.Load(ref)
	if err != nil {
		p.t.Errorf("%s cannot read %s: %v", p.name, ref, err)
	}
	snapshots, changes := p.sim.parses(chunks)
	for _, snapshot := range snapshots {
		if _, err := snapshot.Unfold(func(hash chunk.Hash, raw []byte) {
			_, one := p.sim.parses([][]byte{raw})
			all[hash] = fmt.Sprintf("%s (in a snapshot)", p.sim.title(one[0].Actor, one[0].Seq))
		}); err != nil {
			p.t.Errorf("%s cannot take %s apart: %v", p.name, ref, err)
		}
	}
	for _, c := range changes {
		all[c.Hash] = p.sim.title(c.Actor, c.Seq)
	}
	list, err := p.store.Quarantine(ref.Space)
	if err != nil {
		p.t.Error(err)
	}
	for _, q := range list {
		if q.Ref == ref {
			all[q.Hash] += fmt.Sprintf("%s (aside: %v)", p.sim.title(q.Actor, q.Seq), q.Reason)
		}
	}
	return all
}

// title is what a change is called in what a simulation tells.
func (s *simulation) title(actor chunk.Actor, seq uint64) string {
	for _, p := range s.all {
		of := space.ActorFor(s.park, p.id(), 0)
		if len(actor) == len(of) && string(actor[:16]) == string(of[:16]) {
			return fmt.Sprintf("%s.%x:%d", p.name, actor[16:], seq)
		}
	}
	return fmt.Sprintf("%x:%d", string(actor), seq)
}
