package p2p

import (
	"testing"
	"time"

	"parley/space"
)

func TestAttackTwoFacilitatorsRemoveEachOther(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Facilitator}, someone{"Cleo", space.Facilitator}, someone{"Dora", space.Editor})
	ben, cleo, dora := c.all[1], c.all[2], c.all[3]
	ben.writes(c.plan, "by Ben")
	c.together(c.all...)
	c.apart()
	ada.removes(c.park, ben)
	ada.writes(c.plan, "by Ada, in vain")
	ben.removes(c.park, ada)
	ben.writes(c.plan, "by Ben, in vain")
	c.online(c.all...)
	c.ends("Cleo facilitator, Dora editor; plan: by Ben, hello; notes: ", cleo, dora)
	for _, d := range []*device{ada, ben} {
		d.isOut(c.park)
		for _, other := range []*device{cleo, dora} {
			other.waitFor("being rid of "+d.name, func() bool { return !other.hears(c.park, d) })
		}
	}
	dora.writes(c.plan, "without them")
	c.ends("Cleo facilitator, Dora editor; plan: by Ben, hello, without them; notes: ", cleo, dora)
}

func TestAttackACycleOfRemovals(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Facilitator}, someone{"Cleo", space.Facilitator}, someone{"Dora", space.Facilitator}, someone{"Emil", space.Editor})
	ben, cleo, dora, emil := c.all[1], c.all[2], c.all[3], c.all[4]
	c.apart()
	ada.removes(c.park, ben)
	ben.removes(c.park, cleo)
	cleo.removes(c.park, ada)
	c.online(c.all...)
	c.ends("Dora facilitator, Emil editor; plan: hello; notes: ", dora, emil)
	for _, d := range []*device{ada, ben, cleo} {
		d.isOut(c.park)
	}
}

func TestAttackACycleOfRoleChanges(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Facilitator}, someone{"Cleo", space.Facilitator}, someone{"Dora", space.Editor})
	ben, cleo, dora := c.all[1], c.all[2], c.all[3]
	c.apart()
	ada.makes(c.park, ben, space.Editor)
	ben.makes(c.park, cleo, space.Reader)
	cleo.makes(c.park, ada, space.Annotator)
	// None of them is a facilitator, then, and none gets it back by themselves.
	ben.keeps(c.park, ben.forges(c.park, space.KindRole, map[int]any{1: ben.id(), 2: uint(space.Facilitator)}, time.Now(), ben.logOf(c.park).Heads()...))
	ada.writes(c.plan, "too late")
	ada.writes(c.notes, "in time")
	c.online(c.all...)
	c.ends("Ada annotator, Ben editor, Cleo reader, Dora editor; plan: hello; notes: in time", c.all...)
	if dora.logOf(c.park).Facilitators() != 0 {
		t.Error("somebody is a facilitator")
	}
	c.setsAside([]string{"Ada's 2 in the body: " + notTheirRole}, ada)
}

func TestAttackSomebodyRemovedIsAddedAgain(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Facilitator}, someone{"Mal", space.Editor})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	mal.writes(c.plan, "before")
	old := cleo.invitesAs(c.park, space.Editor, 5, time.Time{})
	c.together(c.all...)
	before := mal.logOf(c.park).Heads()
	ada.removes(c.park, mal)
	mal.isOut(c.park)
	c.ends("Ada facilitator, Ben editor, Cleo facilitator; plan: before, hello; notes: ", honest...)
	// With a code from before she comes back to nobody; and a join that claims to
	// be from before, which a member of the same mind writes, does not count.
	if _, err := mal.node.Join(t.Context(), old, space.Person{Name: "Mal"}); err == nil {
		t.Error("Mal is back by an old code")
	}
	application, err := space.Apply(mal.key, old, space.Person{Name: "Mal"})
	if err != nil {
		t.Fatal(err)
	}
	forged := ben.forges(c.park, space.KindJoin, map[int]any{1: application}, time.Now().Add(-time.Hour), before...)
	ben.keeps(c.park, forged)
	c.ends("Ada facilitator, Ben editor, Cleo facilitator; plan: before, hello; notes: ", honest...)
	// With one from after, she is in, in a role of its own, with what she wrote.
	mal.joins(cleo.invitesAs(c.park, space.Annotator, 1, time.Time{}))
	c.together(c.all...) // what is to be set aside is passed on by nobody
	mal.writes(c.notes, "back")
	c.ends("Ada facilitator, Ben editor, Cleo facilitator, Mal annotator; plan: before, hello; notes: back", c.all...)
	mal.tells(c.plan, mal.key, mal.change(c.plan, "as before"))
	c.setsAside([]string{"Mal's 2 in the body: " + notTheirRole}, honest...)
}
