package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/space"
)

// Clocks of devices that are wrong by twenty years, one way and the other.
var wrongClocks = map[string]time.Duration{
	"behind": -20 * 365 * 24 * time.Hour,
	"ahead":  20 * 365 * 24 * time.Hour,
}

// isWrongBy sees to it that what a device has written does say a wrong time: a
// story of a wrong clock is none otherwise.
func isWrongBy(t *testing.T, off time.Duration, what string, when time.Time) {
	t.Helper()
	if wrong := time.Until(when) - off; wrong.Abs() > 24*time.Hour {
		t.Errorf("%s is of %s, and was to be wrong by %s", what, when, off)
	}
}

func TestAttackAClockThatIsYearsOff(t *testing.T) {
	for name, off := range wrongClocks {
		t.Run(name, func(t *testing.T) {
			c, ada := newCompany(t, someone{"Ben", space.Facilitator}, someone{"Cleo", space.Editor}, someone{"Dora", space.Editor}, someone{"Mal", space.Facilitator})
			ben, cleo, dora, mal := c.all[1], c.all[2], c.all[3], c.all[4]
			mal.fast.Store(int64(off))
			// What she writes first and last is first and last, whatever her clock
			// says.
			mal.makes(c.park, cleo, space.Reader)
			c.together(c.all...)
			ada.makes(c.park, cleo, space.Annotator)
			mal.writes(c.plan, "by a wrong clock")
			if err := mal.node.Announce(c.park, Presence{Document: c.plan.Document}); err != nil {
				t.Fatal(err)
			}
			for _, d := range []*device{ada, ben, cleo, dora} {
				d.waitFor("Mal's presence", func() bool { return len(d.node.Here(c.park)) == 1 })
			}
			c.ends("Ada facilitator, Ben facilitator, Cleo annotator, Dora editor, Mal facilitator; plan: by a wrong clock, hello; notes: ", c.all...)

			// Who is removed by a wrong clock is out at once and for everybody, keeps
			// in the plan what the cut names and no more, and comes back by what is
			// above the removal, whatever the two clocks make of that.
			dora.writes(c.plan, "before")
			c.together(c.all...)
			mal.removes(c.park, dora)
			dora.isOut(c.park)
			const without = "Ada facilitator, Ben facilitator, Cleo annotator, Mal facilitator; plan: before, by a wrong clock, hello; notes: "
			c.ends(without, ada, ben, cleo, mal)
			for _, d := range []*device{ada, ben, cleo, mal} {
				formers := d.logOf(c.park).Formers()
				if len(formers) != 1 || formers[0].ID != dora.id() {
					t.Fatalf("%s knows of %+v", d.name, formers)
				}
				isWrongBy(t, off, "Dora's removal", formers[0].When)
			}
			dora.joins(ada.invitesAs(c.park, space.Reader, 1, time.Time{}))
			c.together(c.all...)
			c.ends("Ada facilitator, Ben facilitator, Cleo annotator, Dora reader, Mal facilitator; plan: before, by a wrong clock, hello; notes: ", c.all...)

			// A removal that she says was long ago, or is to be, strikes no more than
			// what is beside it, and is struck by what is: Ben's, of her.
			c.apart()
			mal.removes(c.park, cleo)
			isWrongBy(t, off, "Cleo's removal", mal.logOf(c.park).Formers()[0].When)
			ben.removes(c.park, mal)
			c.online(c.all...)
			honest := []*device{ada, ben, cleo, dora}
			c.ends("Ada facilitator, Ben facilitator, Cleo annotator, Dora reader; plan: before, by a wrong clock, hello; notes: ", honest...)
			mal.isOut(c.park)
			c.setsAside(nil, honest...)
		})
	}
}

// opensTo has a newcomer join at a device with a code, and returns the reason why
// not. The newcomer has not been told when the code ends.
func (d *device) opensTo(newcomer *device, code space.Code) error {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	code.Inviter, code.Addresses, code.Expiry = d.id(), d.node.CodeAddresses(), time.Time{}
	_, err := newcomer.node.Join(ctx, code, space.Person{Name: newcomer.name})
	return err
}

// TestAttackInvitationsByAClockThatIsYearsOff: an invitation ends by the clock of
// whoever lets somebody in. So a wrong one lets in too long, or too few, and that
// is all: everybody takes the same for members, and a withdrawal ends it for good.
func TestAttackInvitationsByAClockThatIsYearsOff(t *testing.T) {
	for name, off := range wrongClocks {
		t.Run(name, func(t *testing.T) {
			c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Mal", space.Facilitator})
			ben, mal := c.all[1], c.all[2]
			mal.fast.Store(int64(off))
			behind := off < 0
			const hour = time.Hour
			hers := mal.invitesAs(c.park, space.Editor, 5, mal.now().Add(hour))
			open := ada.invitesAs(c.park, space.Reader, 5, ada.now().Add(hour))
			over := ada.invitesAs(c.park, space.Annotator, 5, ada.now().Add(-hour))
			c.together(c.all...)
			made, ok := ben.logOf(c.park).Invitation(hers.Invitation())
			if !ok {
				t.Fatal("Ben does not know of Mal's invitation")
			}
			isWrongBy(t, off, "Mal's invitation", made.Created)
			isWrongBy(t, off, "its end", made.Expiry)

			in := []string{"Ada facilitator", "Ben editor", "Mal facilitator"}
			for i, story := range []struct {
				admits *device
				code   space.Code
				as     space.Role
				ahead  bool // whether it lets in where Mal's clock is ahead
				behind bool
			}{
				{mal, hers, space.Editor, true, true}, // which by her clock has an hour left
				{ben, hers, space.Editor, true, false},
				{ada, hers, space.Editor, true, false},
				{ben, open, space.Reader, true, true},
				{mal, open, space.Reader, false, true},
				{ben, over, space.Annotator, false, false},
				{mal, over, space.Annotator, false, true}, // the others believe her
			} {
				newcomer := newWorker(t, fmt.Sprint("Newcomer ", i), mal.child)
				want := error(nil)
				if may := behind && story.behind || !behind && story.ahead; !may {
					want = space.ErrExpired
				}
				if err := story.admits.opensTo(newcomer, story.code); !errors.Is(err, want) {
					t.Errorf("%s at %s: %v", newcomer.name, story.admits.name, err)
				}
				if want != nil {
					continue
				}
				in = append(in, newcomer.name+" "+story.as.String())
				c.all = append(c.all, newcomer)
				c.together(c.all...)
				if m, ok := ben.logOf(c.park).Member(newcomer.id()); ok && story.admits == mal {
					isWrongBy(t, off, newcomer.name+"'s joining", m.Joined)
				}
			}
			ends := func() {
				t.Helper()
				slices.Sort(in)
				as := ""
				for _, who := range in {
					as += ", " + who
				}
				c.ends(as[2:]+"; plan: hello; notes: ", c.all...)
			}
			ends()

			// Withdrawn is withdrawn, whoever withdraws and whatever time it is there.
			entry, err := mal.logOf(c.park).Withdraw(mal.key, open.Invitation(), mal.now())
			mal.adds(c.park, entry, err)
			for _, code := range []space.Code{hers, over} {
				entry, err := ada.logOf(c.park).Withdraw(ada.key, code.Invitation(), ada.now())
				ada.adds(c.park, entry, err)
			}
			c.together(c.all...)
			for i, code := range []space.Code{hers, open, over} {
				for _, d := range []*device{ada, ben, mal} {
					late := newDevice(t, fmt.Sprint("Late ", i, " at ", d.name))
					if err := d.opensTo(late, code); !errors.Is(err, space.ErrWithdrawn) {
						t.Errorf("%s: %v", late.name, err)
					}
				}
			}
			// A join that claims a time at which the invitation was still good does
			// not help: the withdrawal is below it.
			mal.keeps(c.park, mal.forgesJoin(open, madeUp(t, "double"), "Double", ada.now().Add(-hour), mal.logOf(c.park).Heads()...))
			ends()
		})
	}
}
