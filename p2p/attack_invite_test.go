package p2p

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"parley/space"
)

// forgesJoin is the join of somebody with a code, as a member with a program of
// their own writes it, whatever their log says of it.
func (d *device) forgesJoin(code space.Code, newcomer space.Key, name string, at time.Time, parents ...space.Hash) []byte {
	d.t.Helper()
	application, err := space.Apply(newcomer, code, space.Person{Name: name})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.forges(code.Space, space.KindJoin, map[int]any{1: application}, at, parents...)
}

// madeUp is the key of a device that is nowhere.
func madeUp(t *testing.T, name string) space.Key {
	return space.KeyFromSeed(sha256.Sum256([]byte(t.Name() + name)))
}

func TestAttackAnInvitationAfterItsEnd(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Editor}, someone{"Mal", space.Editor})
	mal := c.all[3]
	const as = "Ada facilitator, Ben editor, Cleo editor, Mal editor; plan: hello; notes: "
	end := time.Now().Add(time.Hour)
	expired := ada.invitesAs(c.park, space.Editor, 5, end)
	withdrawn := ada.invitesAs(c.park, space.Editor, 5, time.Time{})
	entry, err := ada.logOf(c.park).Withdraw(ada.key, withdrawn.Invitation(), time.Now())
	ada.adds(c.park, entry, err)
	usedUp := ada.invitesAs(c.park, space.Editor, 1, time.Time{})
	c.together(c.all...)
	// Mal lets a friend in all the same, by an honest date.
	mal.keeps(c.park,
		mal.forgesJoin(expired, madeUp(t, "late"), "Late", end.Add(time.Second), mal.logOf(c.park).Heads()...),
		mal.forgesJoin(withdrawn, madeUp(t, "unwanted"), "Unwanted", time.Now(), mal.logOf(c.park).Heads()...))
	c.ends(as, c.all...)
	// A use more than there is, below the one that has taken it.
	mal.keeps(c.park, mal.forgesJoin(usedUp, madeUp(t, "first"), "First", time.Now(), mal.logOf(c.park).Heads()...))
	c.together(c.all...)
	mal.keeps(c.park, mal.forgesJoin(usedUp, madeUp(t, "second"), "Second", time.Now(), mal.logOf(c.park).Heads()...))
	c.ends("Ada facilitator, Ben editor, Cleo editor, First editor, Mal editor; plan: hello; notes: ", c.all...)
	// What docs/threat-model.md owns up to: a member who lies about the time.
	mal.keeps(c.park, mal.forgesJoin(expired, madeUp(t, "backdated"), "Backdated", end.Add(-time.Second), mal.logOf(c.park).Heads()...))
	c.ends("Ada facilitator, Backdated editor, Ben editor, Cleo editor, First editor, Mal editor; plan: hello; notes: ", c.all...)
}

func TestAttackTwoAdmittersOverOneUse(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Editor}, someone{"Dora", space.Reader})
	ben, cleo, dora := c.all[1], c.all[2], c.all[3]
	code := ada.invitesAs(c.park, space.Reader, 2, time.Time{})
	c.together(c.all...)
	c.apart()
	// Three let in two each, by a code for two.
	for _, d := range []*device{ben, cleo, dora} {
		for _, name := range []string{"one", "two"} {
			newcomer := madeUp(t, d.name+name)
			application, err := space.Apply(newcomer, code, space.Person{Name: "Newcomer"})
			if err != nil {
				t.Fatal(err)
			}
			entry, err := d.logOf(c.park).Admit(d.key, application, time.Now())
			d.adds(c.park, entry, err)
		}
	}
	c.together(c.all...)
	c.ends("Ada facilitator, Ben editor, Cleo editor, Dora reader, Newcomer reader, Newcomer reader; plan: hello; notes: ", c.all...)
	if i, _ := ada.logOf(c.park).Invitation(code.Invitation()); i.Used != 2 {
		t.Errorf("%d uses of 2 are taken", i.Used)
	}
}

func TestAttackAnInvitationWithAChangedRole(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Editor}, someone{"Mal", space.Editor})
	mal := c.all[3]
	code := ada.invitesAs(c.park, space.Reader, 2, time.Time{})
	c.together(c.all...)
	// Mal's own entry with the same key, of which she is the friend.
	public := code.Invitation()
	more := mal.forges(c.park, space.KindInvite, map[int]any{1: public[:], 2: uint(space.Facilitator), 3: 1000, 4: 0}, time.Now(), mal.logOf(c.park).Heads()...)
	mal.keeps(c.park, more)
	mal.keeps(c.park, mal.forgesJoin(code, madeUp(t, "friend"), "Friend", time.Now(), mal.logOf(c.park).Heads()...))
	c.ends("Ada facilitator, Ben editor, Cleo editor, Friend reader, Mal editor; plan: hello; notes: ", c.all...)
	// An invitation of which a bit is another is nobody's entry.
	for _, raw := range ada.logOf(c.park).Entries() {
		e, err := space.ParseEntry(raw)
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == space.KindInvite {
			mal.publishes(c.park, &entriesMessage{Entries: [][]byte{flipped(raw)}})
		}
	}
	for _, d := range c.all[:3] {
		d.waitFor("turning Mal away", func() bool { return d.turnsAway(mal) })
	}
	ada.writes(c.plan, "all the same")
	c.ends("Ada facilitator, Ben editor, Cleo editor, Friend reader, Mal editor; plan: all the same, hello; notes: ", c.all[:3]...)
}

// TestAttackAnOldApplicationIsPassedOnAgain, after who made it has left, by the
// member to whom it was shown then.
func TestAttackAnOldApplicationIsPassedOnAgain(t *testing.T) {
	c, ada := newCompany(t, someone{"Mal", space.Reader})
	mal := c.all[1]
	ben := newDevice(t, "Ben")
	code := ada.invitesAskingFirst(c.park, 5, time.Time{})
	ada.same(c.park, mal)
	ben.applies(code)
	ada.answers(c.park, ben.id(), true)
	if err := ben.hearsAnswer(ben.waits(code)); err != nil {
		t.Fatal(err)
	}
	ben.same(c.park, ada)
	ben.leaves(c.park)
	for _, d := range c.all {
		d.waitFor("hearing that Ben has left", func() bool { return !d.node.member(c.park, ben.id()) })
	}
	mal.keeps(c.park, mal.forgesJoin(code, ben.key, "Ben", time.Now(), mal.logOf(c.park).Heads()...))
	c.ends("Ada facilitator, Mal reader; plan: hello; notes: ", c.all...)
	if request := ada.request(c.park, ben.id()); request != nil {
		t.Errorf("Ben, who has left, asks to be let in: %+v", request)
	}
	// By a newer invitation he may.
	again := ada.invitesAskingFirst(c.park, 1, time.Time{})
	if _, err := ben.node.Join(t.Context(), code, space.Person{Name: "Ben"}); !errors.Is(err, space.ErrRemoved) {
		t.Errorf("by the old one Ben hears %v", err)
	}
	ben.applies(again)
	ada.answers(c.park, ben.id(), true)
	if err := ben.hearsAnswer(ben.waits(again)); err != nil {
		t.Fatal(err)
	}
	c.ends("Ada facilitator, Ben editor, Mal reader; plan: hello; notes: ", c.all...)
}

func TestAttackARemovedFacilitatorInvitesMeanwhile(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Facilitator}, someone{"Cleo", space.Editor}, someone{"Mal", space.Facilitator})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	friend := newDevice(t, "Friend")
	early := mal.invitesAs(c.park, space.Editor, 5, time.Time{})
	c.together(c.all...)
	heads := mal.logOf(c.park).Heads()
	c.apart()
	ada.removes(c.park, mal)
	// Beside that, Mal invites a friend as a facilitator, who removes Ben.
	if err := mal.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	friend.joins(mal.invitesAs(c.park, space.Facilitator, 1, time.Time{}))
	friend.shares(c.park, mal)
	friend.removes(c.park, ben)
	friend.same(c.park, mal)
	c.online(append(slices.Clone(honest), mal)...)
	friend.connects(ada)
	friend.connects(ben)
	const as = "Ada facilitator, Ben facilitator, Cleo editor; plan: hello; notes: "
	c.ends(as, honest...)
	mal.isOut(c.park)
	friend.isOut(c.park)
	// Nor does anybody come in by what she gave out before, as she knows the code.
	if _, err := cleo.logOf(c.park).Admit(cleo.key, applies(t, "Eve", early), time.Now()); !errors.Is(err, space.ErrWithdrawn) {
		t.Errorf("by an invitation of who was removed: %v", err)
	}
	// Mal knows of her removal by now, and writes as though she did not.
	public := madeUp(t, "another").Device()
	another := mal.forges(c.park, space.KindInvite, map[int]any{1: public[:], 2: uint(space.Facilitator), 3: 1000, 4: 0}, time.Now().Add(-time.Hour), heads...)
	cleo.keeps(c.park, another) // by whatever way it comes
	c.ends(as, honest...)
}

func applies(t *testing.T, name string, code space.Code) []byte {
	t.Helper()
	application, err := space.Apply(madeUp(t, name), code, space.Person{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return application
}
