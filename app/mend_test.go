package app_test

import (
	"slices"
	"testing"

	"parley/app"
	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// babbles makes a change of this page that is well formed and means nothing.
func (p *page) babbles() []byte { return p.puts(chunk.ID{Counter: 777}, "x", "v") }

// puts makes a change of this page that puts a string into a map of what it has
// opened.
func (p *page) puts(object chunk.ID, key, value string) []byte {
	p.t.Helper()
	var actor chunk.Actor
	if err := actor.UnmarshalText([]byte(p.opened.Actor)); err != nil {
		p.t.Fatal(err)
	}
	c := chunk.Change{Actor: actor, Seq: 1, StartOp: 1000}
	for _, raw := range p.opened.Chunks {
		earlier, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			p.t.Fatal(err)
		}
		c.Deps = slices.DeleteFunc(c.Deps, func(h chunk.Hash) bool { return slices.Contains(earlier.Deps, h) })
		c.Deps = append(c.Deps, earlier.Hash)
		c.StartOp = max(c.StartOp, earlier.MaxOp+1)
		if earlier.Actor == actor {
			c.Seq = earlier.Seq + 1
		}
	}
	slices.SortFunc(c.Deps, chunk.Hash.Compare)
	made, err := chunk.Encode(c, []chunk.Actor{actor}, []chunk.Op{{
		Object: object, Key: chunk.Key{Name: key, IsName: true}, Action: chunk.Put, Value: chunk.String(value),
	}})
	if err != nil {
		p.t.Fatal(err)
	}
	return made.Raw
}

// A window with a fault, or a member who means harm, breaks neither a document
// nor the list of documents.
func TestADocumentIsReadAgainWithoutWhatBrokeIt(t *testing.T) {
	d := newDevice(t, "Ada")
	id, ref := d.space("words")
	index := crdt.Ref{Space: id, Document: crdt.IndexID(id), Part: space.Body}
	for _, broken := range []crdt.Ref{ref, index} {
		p := d.page(broken)
		if _, err := p.commit(p.babbles()); err != nil {
			t.Fatal(err)
		}
		p.close()
	}
	if list, err := d.Documents(d.ctx, id); err != nil || len(list) != 1 || list[0].Title != "Plan" {
		t.Errorf("the documents are %+v, %v", list, err)
	}
	if _, err := d.Edit(d.ctx, ref, app.Edit{Insert: "more "}); err != nil {
		t.Error(err)
	}
	if got := d.text(ref); got != "more words" {
		t.Errorf("the text is %q", got)
	}
	if _, err := d.CreateDocument(d.ctx, id, app.NewDocument{Kind: "text", Title: "Another"}); err != nil {
		t.Error(err)
	}
}
