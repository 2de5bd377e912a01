package p2p

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"parley/crdt"
	"parley/space"
)

func TestAttackAKeeperSendsChanges(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Annotator}, someone{"Mal", space.Keeper})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	list, beside := c.index(space.Body), c.index(space.Annotations)
	// To all at once, and once more where they ask for what they lack.
	for _, ref := range []crdt.Ref{c.plan, c.notes, list, beside} {
		mal.tells(ref, mal.key, mal.change(ref, "by a keeper"))
		c.becomes(ref, mal, 1, false, notTheirRole, honest...)
		again := mal.change(ref, "by a keeper again")
		mal.misserves(falseServer{log: [][][]byte{nil}, piece: pieceOf(ref, mal.key, again)})
		for _, d := range honest {
			if err := d.pullsFrom(c.park, mal, ref); err != nil {
				t.Errorf("%s pulls: %v", d.name, err)
			}
		}
		c.becomes(ref, mal, 2, false, notTheirRole, honest...)
	}
	// What is well signed is nobody's nonsense: she is a member as before, and who
	// may write goes on.
	ben.writes(c.plan, "all the same")
	ben.writes(list, "a title")
	c.ends("Ada facilitator, Ben editor, Cleo annotator, Mal keeper; plan: all the same, hello; notes: ", honest...)
	for _, d := range honest {
		if got := c.says(d, list); got != "a title" {
			t.Errorf("%s's list of documents says %q", d.name, got)
		}
		if d.turnsAway(mal) {
			t.Errorf("%s turns her away", d.name)
		}
	}
	// A new device is told the same.
	dora := newWorker(t, "Dora", ada.child)
	dora.joins(ada.invitesAs(c.park, space.Reader, 1, time.Time{}))
	c.online(append(honest, dora)...)
	c.ends("Ada facilitator, Ben editor, Cleo annotator, Dora reader, Mal keeper; plan: all the same, hello; notes: ", append(honest, dora)...)
	c.becomes(c.plan, mal, 2, false, notTheirRole, dora)
}

func TestAttackAKeeperSendsEntries(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Annotator}, someone{"Mal", space.Keeper})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	open := ada.invitesAs(c.park, space.Reader, 5, time.Time{})
	asks, eve := newDevice(t, "Nia"), newDevice(t, "Eve")
	request := c.asksFirst(ada, asks)
	c.together(c.all...)
	before := c.belonging(ada)

	own := space.KeyFromSeed([32]byte{3})
	key := own.Device()
	application, err := space.Apply(eve.key, space.Code{Space: c.park, Secret: own.Seed()}, space.Person{Name: "Eve"})
	if err != nil {
		t.Fatal(err)
	}
	cut := []any{[]any{c.plan.Document[:], 0, []any{[]any{[]byte{1}, 1}}}}
	next := space.Code{Space: space.ID{7}, Secret: [32]byte{8}, Name: "Next"}.String()
	var entries [][]byte
	parents := mal.logOf(c.park).Heads()
	for _, e := range []struct {
		kind space.Kind
		body map[int]any
	}{
		{space.KindInvite, map[int]any{1: key[:], 2: uint(space.Facilitator), 3: 9, 4: 0}},
		{space.KindJoin, map[int]any{1: application}}, // by her own invitation
		{space.KindAnswer, map[int]any{1: request, 2: true}},
		{space.KindAnswer, map[int]any{1: request, 2: false}},
		{space.KindRole, map[int]any{1: mal.id(), 2: uint(space.Facilitator)}},
		{space.KindRole, map[int]any{1: ben.id(), 2: uint(space.Reader)}},
		{space.KindRole, map[int]any{1: cleo.id(), 2: uint(space.Keeper)}},
		{space.KindRemove, map[int]any{1: ada.id()}},
		{space.KindRevoke, map[int]any{1: ben.id()}},
		{space.KindWithdraw, map[int]any{1: open.Invitation()}},
		{space.KindConfirm, map[int]any{1: ben.id(), 2: map[int]any{1: "Ben", 3: 1}, 3: true}},
		{space.KindRename, map[int]any{1: "Mal's"}},
		{space.KindArchive, map[int]any{1: true}},
		{space.KindReach, map[int]any{1: uint(space.ReachWide)}},
		{space.KindAdmit, map[int]any{1: cut}},
		{space.KindSuccessor, map[int]any{1: map[uint]string{uint(space.Editor): next}}},
	} {
		// Each beside the others and each on top of them: what one would allow, the
		// next could use.
		beside := mal.forges(c.park, e.kind, e.body, time.Now(), mal.logOf(c.park).Heads()...)
		above := mal.forges(c.park, e.kind, e.body, time.Now().Add(time.Second), parents...)
		entry, err := space.ParseEntry(above)
		if err != nil {
			t.Fatalf("%s: %v", e.kind, err)
		}
		parents = []space.Hash{entry.Hash}
		entries = append(entries, beside, above)
	}
	// Half of them she puts into her log, from where they travel; the others she
	// gives to those who ask her.
	mal.keeps(c.park, entries...)
	mal.misserves(falseServer{log: [][][]byte{entries}})
	for _, d := range honest {
		if err := d.pullsFrom(c.park, mal); err != nil {
			t.Errorf("%s pulls: %v", d.name, err)
		}
	}
	const as = "Ada facilitator, Ben editor, Cleo annotator, Mal keeper; plan: hello; notes: "
	c.ends(as, honest...)
	for _, d := range honest {
		// They are kept, so that all hold the same, and do nothing.
		if n := len(d.logOf(c.park).Since(mal.logOf(c.park).Heads())); n > 0 || !d.logOf(c.park).Has(parents[0]) {
			t.Errorf("%s has %d entries that Mal has not", d.name, n)
		}
		if after := c.belonging(d); after != before {
			t.Errorf("%s sees\n%s\nand it was\n%s", d.name, after, before)
		}
		if d.turnsAway(mal) {
			t.Errorf("%s turns her away", d.name)
		}
	}
	// Whom she let in is told nothing, whatever they show.
	rogue := newRogue(t, eve.key)
	rogue.connects(ada)
	if heard := rogue.asks(t, ada, c.park, mal.logOf(c.park).Entries()); len(heard.entries) > 0 {
		t.Errorf("Eve hears %d entries", len(heard.entries))
	}
	// The facilitator can answer, and remove her.
	entry, err := ada.logOf(c.park).Answer(ada.key, request, true, ada.now())
	ada.adds(c.park, entry, err)
	ada.removes(c.park, mal)
	mal.isOut(c.park)
	c.ends("Ada facilitator, Ben editor, Cleo annotator, Nia annotator; plan: hello; notes: ", honest...)
}

// asksFirst has somebody's request to be an annotator passed on, and nobody has
// answered it.
func (c *company) asksFirst(by, newcomer *device) (request space.Hash) {
	c.t.Helper()
	log := by.logOf(c.park)
	entry, secret, err := log.Invite(by.key, space.InviteOptions{Role: space.Annotator, Uses: 1, Ask: true}, by.now(), rand.Reader)
	by.adds(c.park, entry, err)
	application, err := space.Apply(newcomer.key, space.Code{Space: c.park, Secret: secret}, space.Person{Name: newcomer.name})
	if err != nil {
		c.t.Fatal(err)
	}
	join, err := log.Admit(by.key, application, by.now())
	if !errors.Is(err, space.ErrAsked) {
		c.t.Fatal(err)
	}
	by.adds(c.park, join, nil)
	return join.Hash
}
