package space

import (
	"errors"
	"testing"
	"time"
)

func TestWhoIsRemovedAtTheSameTime(t *testing.T) {
	for _, story := range []struct {
		name string
		tell func(ada, ben, cem, dee *someone)
		want string
	}{
		{"one after the other", func(ada, ben, cem, dee *someone) {
			ada.removes(cem)
			meet(ada, ben, cem, dee)
			ben.removes(dee)
		}, "ada:f ben:f"},
		{"each other", func(ada, ben, _, _ *someone) {
			ada.removes(ben)
			ben.removes(ada)
		}, "cem:f dee:f"},
		{"a chain of two", func(ada, ben, cem, _ *someone) {
			ada.removes(ben)
			ben.removes(cem)
		}, "ada:f cem:f dee:f"},
		{"a chain of three", func(ada, ben, cem, dee *someone) {
			ada.removes(ben)
			ben.removes(cem)
			cem.removes(dee)
		}, "ada:f cem:f"},
		{"a ring of three", func(ada, ben, cem, _ *someone) {
			ada.removes(ben)
			ben.removes(cem)
			cem.removes(ada)
		}, "dee:f"},
		{"a ring of four", func(ada, ben, cem, dee *someone) {
			ada.removes(ben)
			ben.removes(cem)
			cem.removes(dee)
			dee.removes(ada)
		}, ""},
		{"each other, and a third one of them too", func(ada, ben, cem, _ *someone) {
			ada.removes(ben)
			ben.removes(ada)
			cem.removes(ada)
		}, "ben:f cem:f dee:f"},
		{"each other, and what one of them did before", func(ada, ben, cem, dee *someone) {
			ben.removes(dee)
			meet(ada, ben, cem, dee)
			ada.removes(ben)
			ben.removes(ada)
		}, "cem:f"},
		{"a demotion beside a removal", func(ada, ben, cem, _ *someone) {
			ada.makes(ben, Editor)
			ben.removes(cem)
		}, "ada:f ben:e cem:f dee:f"},
		{"a demotion to annotator beside one to facilitator", func(ada, ben, cem, _ *someone) {
			ada.makes(cem, Annotator)
			ben.makes(cem, Facilitator)
		}, "ada:f ben:f cem:a dee:f"},
		{"a ring of demotions", func(ada, ben, cem, _ *someone) {
			ada.makes(ben, Editor)
			ben.makes(cem, Reader)
			cem.makes(ada, Annotator)
		}, "ada:a ben:e cem:r dee:f"},
		{"a demotion against a removal", func(ada, ben, _, _ *someone) {
			ada.makes(ben, Editor)
			ben.removes(ada)
		}, "ben:e cem:f dee:f"},
		{"who promotes themselves again", func(ada, ben, cem, _ *someone) {
			ada.makes(ben, Editor)
			ben.makes(ben, Facilitator)
			ben.removes(cem)
		}, "ada:f ben:e cem:f dee:f"},
		{"who leaves strikes nothing", func(ada, ben, cem, dee *someone) {
			before := ada.copies()
			ada.leaves()
			elsewhere := *ada
			elsewhere.log = before
			elsewhere.removes(dee)
			ada.hears(&elsewhere)
		}, "ben:f cem:f"},
		{"two who leave", func(ada, ben, _, _ *someone) {
			ada.leaves()
			ben.leaves()
		}, "cem:f dee:f"},
		{"all leave", func(ada, ben, cem, dee *someone) {
			for _, p := range []*someone{ada, ben, cem, dee} {
				p.leaves()
			}
		}, ""},
	} {
		t.Run(story.name, func(t *testing.T) {
			all := company(t, 31, Facilitator, "ada", "ben", "cem", "dee")
			story.tell(all[0], all[1], all[2], all[3])
			agree(t, story.want, all...)
		})
	}
}

func TestARemovedFacilitatorCannotWriteAsThoughItWereEarlier(t *testing.T) {
	all := company(t, 32, Facilitator, "ada", "ben", "cem", "dee")
	ada, ben, cem, dee := all[0], all[1], all[2], all[3]
	earlier := ada.log.Heads()
	ben.removes(ada)
	meet(all...)
	// Ada knows of her removal, and writes beside it.
	ada.forges(KindRemove, removeBody{Seat: cem.id()}, earlier...)
	ada.forges(KindRemove, removeBody{Seat: dee.id()}, earlier...)
	ada.forges(KindRole, roleBody{Seat: ben.id(), Role: Reader}, earlier...)
	ada.forges(KindRename, renameBody{Name: "Ada's"}, earlier...)
	// The demotion of who removes her counts, as if both had come at once.
	agree(t, "ben:r cem:f dee:f", all...)
	if ben.log.Name() != "Riverside" {
		t.Error("a removed facilitator renames the space")
	}
}

func TestARemovedFacilitatorWhoInvites(t *testing.T) {
	all := company(t, 33, Facilitator, "ada", "ben", "cem")
	ada, ben, cem := all[0], all[1], all[2]
	mal, eve := newcomer(t, ada.rand, "mal"), newcomer(t, ada.rand, "eve")
	before := ben.invites(Editor, 5, time.Time{})
	meet(all...)
	ada.removes(ben)
	during := ben.invites(Facilitator, 5, time.Time{})
	ben.admits(mal, during)
	mal.removes(cem)
	ben.hears(mal)
	agree(t, "ada:f cem:f", ada, ben, cem)
	// What he gave out before is over with him.
	if _, err := cem.log.Admit(cem.key, eve.applies(before), noon); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("by an invitation of who was removed: %v", err)
	}
	if invitation, _ := cem.log.Invitation(before.Invitation()); !invitation.Withdrawn {
		t.Error("an invitation of who was removed is open")
	}
	cem.forges(KindJoin, joinBody{Application: eve.applies(before)})
	agree(t, "ada:f cem:f", ada, ben, cem)
}

func TestNewcomersOfWhoIsRemovedMeanwhileAreStranded(t *testing.T) {
	all := company(t, 34, Editor, "ada", "ben", "cem")
	ada, ben, cem := all[0], all[1], all[2]
	eve := newcomer(t, ada.rand, "eve")
	code := ada.invites(Editor, 5, time.Time{})
	meet(all...)
	ada.addsAll(ada.log.Remove(ada.key, ben.id(), nil, noon))
	ben.admits(eve, code)
	agree(t, "ada:f cem:e", ada, ben, cem, eve)
	stranded := cem.log.Stranded(noon)
	if len(stranded) != 1 || stranded[0].Device != eve.id() {
		t.Fatalf("%d are stranded", len(stranded))
	}
	cem.adds(cem.log.Admit(cem.key, stranded[0].Raw, noon))
	agree(t, "ada:f cem:e eve:e", ada, ben, cem, eve)
	if n := len(cem.log.Stranded(noon)); n != 0 {
		t.Errorf("%d are stranded still", n)
	}
}

func TestComingBack(t *testing.T) {
	all := company(t, 35, Editor, "ada", "ben", "cem")
	ada, ben, cem := all[0], all[1], all[2]
	ada.makes(ben, Facilitator)
	old := ada.invites(Editor, 5, time.Time{})
	meet(all...)
	ada.removes(ben)
	meet(all...)
	if _, err := cem.log.Admit(cem.key, ben.applies(old), noon); !errors.Is(err, ErrRemoved) {
		t.Errorf("by an old invitation: %v", err)
	}
	cem.forges(KindJoin, joinBody{Application: ben.applies(old)})
	agree(t, "ada:f cem:e", all...)
	former := cem.log.Formers()
	if len(former) != 1 || former[0].Left || former[0].By != ada.id() || former[0].Person.Name != "ben" {
		t.Errorf("formers: %+v", former)
	}
	// A grant beside the removal brings nobody back.
	fresh := ada.invites(Annotator, 5, time.Time{})
	meet(all...)
	cem.adds(cem.log.Admit(cem.key, ben.applies(fresh), noon))
	agree(t, "ada:f ben:a cem:e", all...)
	if len(cem.log.Formers()) != 0 {
		t.Error("who came back is still listed as gone")
	}
	if _, _, err := ben.log.Invite(ben.key, InviteOptions{Role: Editor, Uses: 1}, noon, ben.rand); !errors.Is(err, ErrNotFacilitator) {
		t.Errorf("he has his old role: %v", err)
	}
	ada.removes(ben)
	ada.adds(ada.log.SetPerson(ada.key, Person{Name: "ada"}, noon))
	agree(t, "ada:f cem:e", all...)
}

func TestAnInvitationThatIsUsedTooOften(t *testing.T) {
	all := company(t, 36, Editor, "ada", "ben", "cem")
	ada, ben, cem := all[0], all[1], all[2]
	code := ada.invites(Editor, 2, time.Time{})
	meet(all...)
	var newcomers []*someone
	for i, name := range []string{"n1", "n2", "n3", "n4"} {
		p := newcomer(t, ada.rand, name)
		[]*someone{ben, cem}[i%2].admits(p, code)
		newcomers = append(newcomers, p)
	}
	meet(append(all, newcomers...)...)
	if n := len(ada.log.Members()); n != 5 {
		t.Fatalf("%d members, want 5", n)
	}
	for _, p := range append(all, newcomers...) {
		if summary(p.log) != summary(ada.log) {
			t.Errorf("%s sees another space", p.name)
		}
	}
}

func TestClocksThatAreYearsOff(t *testing.T) {
	rand := newSource(37)
	ada, ben, cem := founder(t, rand, "ada"), newcomer(t, rand, "ben"), newcomer(t, rand, "cem")
	ada.admits(ben, ada.invites(Facilitator, 1, time.Time{}))
	past, future := noon.AddDate(-20, 0, 0), noon.AddDate(20, 0, 0)
	ben.addsAll(ben.log.SetRole(ben.key, ada.id(), Editor, nil, past))
	ada.hears(ben)
	ben.addsAll(ben.log.SetRole(ben.key, ada.id(), Reader, nil, future))
	ben.addsAll(ben.log.SetRole(ben.key, ada.id(), Annotator, nil, past))
	agree(t, "ada:a ben:f", ada, ben)
	// Time decides nothing but the end of an invitation: by a clock that
	// lags behind one can be let in for longer.
	e, secret, err := ben.log.Invite(ben.key, InviteOptions{Role: Editor, Uses: 3, Expiry: noon}, noon, rand)
	ben.adds(e, err)
	code := Code{Space: ben.log.ID(), Secret: secret}
	if _, err := ben.log.Admit(ben.key, cem.applies(code), future); !errors.Is(err, ErrExpired) {
		t.Errorf("by a fast clock: %v", err)
	}
	ben.adds(ben.log.Admit(ben.key, cem.applies(code), past))
	agree(t, "ada:a ben:f cem:e", ada, ben)
}
