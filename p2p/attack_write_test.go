package p2p

import (
	"fmt"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

const (
	notTheirRole   = "its author may not write this part of the document"
	notThemselves  = "it claims to be written by another device than the one that signed it"
	notHereAnyMore = "its author does not belong to this space any more"
)

func TestAttackAReaderSendsChanges(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Editor}, someone{"Mal", space.Reader})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	// To all at once, and where they ask for what they lack.
	mal.tells(c.plan, mal.key, mal.change(c.plan, "graffiti"))
	mal.tells(c.notes, mal.key, mal.change(c.notes, "gossip"))
	aside := []string{"Mal's 1 in the body: " + notTheirRole, "Mal's 1 in the annotations: " + notTheirRole}
	c.setsAside(aside, honest...)
	more := mal.change(c.plan, "more graffiti")
	mal.misserves(falseServer{log: [][][]byte{nil}, piece: pieceOf(c.plan, mal.key, more)})
	for _, d := range honest {
		if err := d.pullsFrom(c.park, mal, c.plan); err != nil {
			t.Errorf("%s pulls: %v", d.name, err)
		}
	}
	c.setsAside(append(aside, "Mal's 2 in the body: "+notTheirRole), honest...)
	ben.writes(c.plan, "all the same")
	c.ends("Ada facilitator, Ben editor, Cleo editor, Mal reader; plan: all the same, hello; notes: ", honest...)

	// Rights are judged by the log as it is: as an editor she has written it.
	ada.makes(c.park, mal, space.Editor)
	c.setsAside(nil, honest...)
	c.ends("Ada facilitator, Ben editor, Cleo editor, Mal editor; plan: all the same, graffiti, hello, more graffiti; notes: gossip", honest...)
}

// pieceOf is what a server sends of a part: changes, and who signs for them.
func pieceOf(ref crdt.Ref, signer space.Key, changes ...chunk.Change) *piece {
	p := &piece{Document: ref.Document, Part: ref.Part, Digest: shortDigest{1}}
	for _, c := range changes {
		p.Changes = append(p.Changes, c.Raw)
	}
	p.Signatures = toWireSignatures(crdt.SignNewest(signer, ref, changes))
	return p
}

func TestAttackAnAnnotatorSendsChangesOfTheBody(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Annotator}, someone{"Mal", space.Annotator})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	mal.writes(c.notes, "a comment")
	mal.tells(c.plan, mal.key, mal.change(c.plan, "rewritten"))
	// A signature for the notes does not open the body.
	stolen := mal.change(c.plan, "rewritten again")
	m := &changesMessage{
		Document: c.plan.Document, Part: c.plan.Part, Changes: [][]byte{stolen.Raw},
		Signatures: toWireSignatures([]crdt.Signature{crdt.Sign(mal.key, c.notes, stolen)}),
	}
	c.setsAside([]string{"Mal's 1 in the body: " + notTheirRole}, honest...)
	c.ends("Ada facilitator, Ben editor, Cleo annotator, Mal annotator; plan: hello; notes: a comment", honest...)
	mal.publishes(c.park, m)
	for _, d := range honest {
		d.waitFor("turning Mal away", func() bool { return d.turnsAway(mal) })
	}
	cleo.writes(c.notes, "another")
	c.ends("Ada facilitator, Ben editor, Cleo annotator, Mal annotator; plan: hello; notes: a comment, another", honest...)
}

func TestAttackAnEditorForgesAnothersActor(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Editor}, someone{"Mal", space.Editor})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	// Mal writes as Ben would, and signs for it herself: as somebody who imports
	// the work of others does.
	asBen := &device{t: t, name: "Ben", key: ben.key, seq: map[crdt.Ref]uint64{}, deps: map[crdt.Ref][]chunk.Hash{}, maxOp: map[crdt.Ref]uint64{}}
	forged := asBen.change(c.plan, "Ben resigns")
	mal.tells(c.plan, mal.key, forged)
	aside := []string{"Ben's 1 in the body: " + notThemselves}
	c.setsAside(aside, honest...)
	// Nor is Ben's number taken by it.
	ben.writes(c.plan, "Ben stays")
	ada.waitFor("what Ben wrote", func() bool { return ada.has(c.plan, ben, 1) })
	c.ends("Ada facilitator, Ben editor, Cleo editor, Mal editor; plan: Ben stays, hello; notes: ", honest...)
	c.setsAside(aside, honest...)
	// With Ben's name under it, it is nonsense, and so is Mal's device.
	asBen.deps[c.plan] = ben.deps[c.plan]
	forged = asBen.change(c.plan, "Ben resigns again")
	signature := crdt.Sign(mal.key, c.plan, forged)
	signature.Device = ben.id()
	mal.publishes(c.park, &changesMessage{
		Document: c.plan.Document, Part: c.plan.Part, Changes: [][]byte{forged.Raw},
		Signatures: toWireSignatures([]crdt.Signature{signature}),
	})
	for _, d := range honest {
		d.waitFor("turning Mal away", func() bool { return d.turnsAway(mal) })
	}
	ben.writes(c.plan, "for long")
	c.ends("Ada facilitator, Ben editor, Cleo editor, Mal editor; plan: Ben stays, for long, hello; notes: ", honest...)
}

func TestAttackWrittenBeforeARemovalReceivedAfterIt(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Facilitator}, someone{"Mal", space.Editor})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	mal.writes(c.plan, "known to all")
	c.together(c.all...)
	c.apart()
	// Mal tells Ben something, who builds on it, and Cleo something more, who
	// does not. Meanwhile Ada, who knows of neither, removes Mal.
	mal.writes(c.plan, "known to Ben")
	c.together(ben, mal)
	ben.deps[c.plan] = append(ben.deps[c.plan], mal.deps[c.plan]...)
	ben.maxOp[c.plan] = mal.maxOp[c.plan]
	ben.writes(c.plan, "built on that")
	c.apart()
	for i := range 3 {
		mal.writes(c.plan, fmt.Sprint("known to Cleo ", i))
	}
	c.together(cleo, mal)
	c.apart()
	ada.removes(c.park, mal)

	c.online(honest...)
	c.ends("Ada facilitator, Ben editor, Cleo facilitator; plan: built on that, hello, known to Ben, known to all; notes: ", honest...)
	late := []string{
		"Mal's 3 in the body: " + notHereAnyMore, "Mal's 4 in the body: " + notHereAnyMore, "Mal's 5 in the body: " + notHereAnyMore,
	}
	c.setsAside(late, honest...)
	// Mal comes, and is told; she gives nobody anything.
	mal.writes(c.plan, "known to nobody")
	c.online(c.all...)
	mal.isOut(c.park)
	c.ends("Ada facilitator, Ben editor, Cleo facilitator; plan: built on that, hello, known to Ben, known to all; notes: ", honest...)

	// Cleo lets in what she has seen, up to the second of the three.
	cleo.letsIn(c.park, func(q crdt.Quarantined) bool { return q.Seq == 4 })
	c.ends("Ada facilitator, Ben editor, Cleo facilitator; plan: built on that, hello, known to Ben, known to Cleo 0, known to Cleo 1, known to all; notes: ", honest...)
	c.setsAside(late[2:], honest...)
}

// What Mal wrote after Ada had removed him reached Ben alone. Ada, who never met
// it, sees it set aside and lets in a part of it; who comes later, too.
func TestAttackWrittenAfterARemovalAndReceivedByOne(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Rex", space.Reader}, someone{"Mal", space.Editor})
	ben, rex, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, rex}
	c.apart()
	ada.removes(c.park, mal)
	for i := range 3 {
		mal.writes(c.plan, fmt.Sprint("late ", i))
	}
	mal.writes(c.notes, "a late note")
	c.together(ben, mal)
	mal.stops() // nobody meets him again

	c.online(honest...)
	late := []string{
		"Mal's 1 in the annotations: " + notHereAnyMore, "Mal's 1 in the body: " + notHereAnyMore,
		"Mal's 2 in the body: " + notHereAnyMore, "Mal's 3 in the body: " + notHereAnyMore,
	}
	c.ends("Ada facilitator, Ben editor, Rex reader; plan: hello; notes: ", honest...)
	c.setsAside(late, honest...)

	cem := newWorker(t, "Cem", ada.child)
	cem.joins(ada.invitesAs(c.park, space.Editor, 1, time.Time{}))
	c.all = append(c.all, cem)
	everybody := append(honest, cem)
	c.online(everybody...)
	c.setsAside(late, everybody...)
	c.ends("Ada facilitator, Ben editor, Cem editor, Rex reader; plan: hello; notes: ", everybody...)

	ada.letsIn(c.park, func(q crdt.Quarantined) bool { return q.Ref == c.plan && q.Seq == 2 })
	c.ends("Ada facilitator, Ben editor, Cem editor, Rex reader; plan: hello, late 0, late 1; notes: ", everybody...)
	c.setsAside([]string{late[0], late[3]}, everybody...)
}

// letsIn admits what a device has in quarantine and is meant.
func (d *device) letsIn(id space.ID, meant func(crdt.Quarantined) bool) {
	d.t.Helper()
	list, err := d.store.Quarantine(id)
	if err != nil {
		d.t.Fatal(err)
	}
	var chosen []crdt.QuarantinedID
	for _, q := range list {
		if meant(q) {
			chosen = append(chosen, q.ID())
		}
	}
	cut, err := d.store.AdmitCut(d.t.Context(), id, chosen)
	if err != nil {
		d.t.Fatal(err)
	}
	entries, err := d.logOf(id).AdmitChanges(d.key, cut, d.now())
	d.addsAll(id, entries, err)
}
