package p2p

import (
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
)

// TestTwoSidesOfAForkMeet lets Mal tell Ada and Ben different things under one
// number, while they do not hear each other. When they meet, they find out,
// although they hold as much of everybody by the numbers, and agree; and then
// they leave each other in peace.
func TestTwoSidesOfAForkMeet(t *testing.T) {
	child := materialize.New(materialize.Options{})
	defer child.Close()
	ada, ben, mal := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Mal")
	park := ada.founds("Park")
	ben.joins(ada.invites(park, 1, time.Time{}))
	mal.joins(ada.invites(park, 1, time.Time{}))
	ada.same(park, mal)
	ada.same(park, ben)
	mal.stops()
	for _, d := range []*device{ada, ben} {
		d.stops()
	}
	for _, d := range []*device{ada, ben} {
		d.child = child
		d.starts() // elsewhere, where the other does not find it
	}
	plan := ref(park, "plan")
	tell := func(d *device, value string) chunk.Change {
		delete(mal.seq, plan)
		delete(mal.deps, plan)
		delete(mal.maxOp, plan)
		c := mal.change(plan, value)
		signed := crdt.Bundle{Changes: [][]byte{c.Raw}, Signatures: crdt.SignNewest(mal.key, plan, []chunk.Change{c})}
		receipt, err := d.store.Append(t.Context(), plan, signed, crdt.Peer, mal.id())
		if err != nil || receipt.Accepted != 1 {
			t.Fatal(receipt, err)
		}
		return c
	}
	one, two := tell(ada, "one"), tell(ben, "two")
	if one.Seq != two.Seq || one.Hash == two.Hash {
		t.Fatal("that is no fork")
	}
	if ada.digest(park) == ben.digest(park) {
		t.Fatal("their digests do not tell them apart")
	}
	ada.connects(ben)
	deadline := time.Now().Add(patience)
	for ada.digest(park) != ben.digest(park) && time.Now().Before(deadline) {
		for _, d := range []*device{ada, ben} {
			if _, err := d.store.Settle(t.Context(), plan); err != nil {
				t.Fatal(err)
			}
		}
	}
	ada.same(park, ben)
	winner, loser := one, two
	if two.Hash.Compare(one.Hash) < 0 {
		winner, loser = two, one
	}
	for _, d := range []*device{ada, ben} {
		chunks, _, err := d.store.Load(plan)
		if err != nil || len(chunks) != 1 || string(chunks[0]) != string(winner.Raw) {
			t.Errorf("%s holds %d chunks, %v", d.name, len(chunks), err)
		}
		list, err := d.store.Quarantine(park)
		if err != nil || len(list) != 1 || list[0].Hash != loser.Hash || list[0].Reason != crdt.ReasonFork {
			t.Errorf("%s has set aside %v, %v", d.name, list, err)
		}
	}
	if !ada.node.current().sharesWith(park, peerOf(ben.id())) {
		t.Error("they have turned away from each other")
	}
}
