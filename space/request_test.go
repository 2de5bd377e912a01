package space

import (
	"errors"
	"testing"
	"time"
)

func (p *someone) asksIn(role Role, uses int) Code {
	p.t.Helper()
	e, secret, err := p.log.Invite(p.key, InviteOptions{Role: role, Uses: uses, Ask: true}, noon, p.rand)
	p.adds(e, err)
	return Code{Space: p.log.ID(), Secret: secret}
}

// passesOn writes the request of a newcomer.
func (p *someone) passesOn(other *someone, code Code) Hash {
	p.t.Helper()
	e, err := p.log.Admit(p.key, other.applies(code), noon)
	if !errors.Is(err, ErrAsked) {
		p.t.Fatal(err)
	}
	return p.adds(e, nil).Hash
}

func TestAFacilitatorIsAskedFirst(t *testing.T) {
	all := company(t, 71, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	code := ada.asksIn(Annotator, 1)
	meet(ada, ben)
	cem, dee := newcomer(t, ada.rand, "cem"), newcomer(t, ada.rand, "dee")
	join := ben.passesOn(cem, code)
	second := ben.passesOn(dee, code) // asking takes no use
	agree(t, "ada:f ben:e", ada, ben)
	requests := ada.log.Requests()
	if len(requests) != 2 || ada.log.MayWrite(cem.id(), Annotations) {
		t.Fatalf("%d requests", len(requests))
	}
	for _, r := range requests {
		if r.Role != Annotator || r.Admitted != ben.id() || r.Join == join && r.Device != cem.id() {
			t.Errorf("request %+v", r)
		}
	}
	if _, err := ben.log.Answer(ben.key, join, true, noon); !errors.Is(err, ErrNotFacilitator) {
		t.Errorf("an editor answers: %v", err)
	}
	ben.forges(KindAnswer, answerBody{Join: join, Accept: true})
	agree(t, "ada:f ben:e", ada, ben)
	ada.adds(ada.log.Answer(ada.key, join, true, noon))
	agree(t, "ada:f ben:e cem:a", ada, ben)
	if _, err := ada.log.Answer(ada.key, join, true, noon); !errors.Is(err, ErrUnknownRequest) {
		t.Errorf("answered twice: %v", err)
	}
	// The use is taken.
	if _, err := ada.log.Answer(ada.key, second, true, noon); !errors.Is(err, ErrUsedUp) {
		t.Errorf("more than uses: %v", err)
	}
	ada.forges(KindAnswer, answerBody{Join: second, Accept: true})
	agree(t, "ada:f ben:e cem:a", ada, ben)
	ada.adds(ada.log.Answer(ada.key, second, false, noon))
	if len(ada.log.Requests()) != 0 {
		t.Error("a request that was declined is open")
	}
}

func TestTwoFacilitatorsAnswerAtTheSameTime(t *testing.T) {
	all := company(t, 72, Facilitator, "ada", "ben")
	ada, ben := all[0], all[1]
	code := ada.asksIn(Editor, 5)
	cem := newcomer(t, ada.rand, "cem")
	join := ada.passesOn(cem, code)
	meet(ada, ben)
	ada.adds(ada.log.Answer(ada.key, join, true, noon))
	ben.adds(ben.log.Answer(ben.key, join, false, noon))
	agree(t, "ada:f ben:f", ada, ben)
	if len(ada.log.Requests()) != 0 {
		t.Error("the request is open")
	}
	// Both can say it again to each other; a yes that knows of the no holds.
	ada.forges(KindAnswer, answerBody{Join: join, Accept: true})
	agree(t, "ada:f ben:f cem:e", ada, ben)
}

// TestOneNoIsANoToAll that somebody asked of several members by one invitation,
// also where what they asked of one of them arrives only after the no; and once
// they are removed, nothing that they asked before waits.
func TestOneNoIsANoToAll(t *testing.T) {
	all := company(t, 75, Facilitator, "ada", "ben")
	ada, ben := all[0], all[1]
	code := ada.asksIn(Editor, 5)
	meet(ada, ben)
	cem, dee := newcomer(t, ada.rand, "cem"), newcomer(t, ada.rand, "dee")
	for _, who := range []*someone{cem, dee} {
		ada.passesOn(who, code)
		ben.passesOn(who, code)
	}
	for _, r := range ada.log.Requests() {
		ada.adds(ada.log.Answer(ada.key, r.Join, r.Person.Name == "dee", noon))
	}
	meet(ada, ben)
	agree(t, "ada:f ben:f dee:e", ada, ben)
	if open := ada.log.Requests(); len(open) != 0 {
		t.Errorf("after an answer to each there wait %+v", open)
	}
	ada.removes(dee)
	if open := ada.log.Requests(); len(open) != 0 {
		t.Errorf("after the removal there wait %+v", open)
	}
	other := ada.asksIn(Editor, 5)
	ada.passesOn(cem, other)
	if open := ada.log.Requests(); len(open) != 1 {
		t.Errorf("by another invitation Cem cannot ask again: %+v", open)
	}
}

func TestWhoWasRemovedMayAskAgainByANewerInvitation(t *testing.T) {
	all := company(t, 73, Facilitator, "ada", "ben")
	ada, ben := all[0], all[1]
	old := ada.asksIn(Reader, 5)
	meet(ada, ben)
	ada.removes(ben)
	if open, _ := ada.log.Invitation(old.Invitation()); open.Withdrawn {
		t.Fatal("an invitation that asks is withdrawn")
	}
	if _, err := ada.log.Admit(ada.key, ben.applies(old), noon); !errors.Is(err, ErrRemoved) {
		t.Errorf("by an invitation from before the removal: %v", err)
	}
	join := ada.passesOn(ben, ada.asksIn(Reader, 5))
	agree(t, "ada:f", ada, ben)
	ada.adds(ada.log.Answer(ada.key, join, true, noon))
	agree(t, "ada:f ben:r", ada, ben)
	// An answer to a request from before a removal brings nobody back.
	ada.removes(ben)
	ada.forges(KindAnswer, answerBody{Join: join, Accept: true})
	agree(t, "ada:f", ada, ben)
	if len(ada.log.Requests()) != 0 {
		t.Error("who was removed asks")
	}
}

// TestAnApplicationIsNotGoodForAnotherTime: Ben has left, and a reader who has
// the application that he came in with passes it on again.
func TestAnApplicationIsNotGoodForAnotherTime(t *testing.T) {
	for name, ends := range map[string]func(ada, ben *someone){
		"left":    func(_, ben *someone) { ben.leaves() },
		"removed": func(ada, ben *someone) { ada.removes(ben) },
		"revoked": func(ada, ben *someone) { ada.revokes(ben) },
	} {
		t.Run(name, func(t *testing.T) {
			all := company(t, 76, Reader, "ada", "mal")
			ada, mal := all[0], all[1]
			ben := newcomer(t, ada.rand, "ben")
			code := ada.asksIn(Editor, 5)
			meet(ada, mal)
			join := mal.passesOn(ben, code)
			meet(ada, mal)
			ada.adds(ada.log.Answer(ada.key, join, true, noon))
			ben.log = ada.copies()
			ends(ada, ben)
			meet(ada, mal, ben)
			mal.forges(KindJoin, joinBody{Application: ben.applies(code)})
			agree(t, "ada:f mal:r", ada, mal, ben)
			if open := ada.log.Requests(); len(open) != 0 {
				t.Errorf("it is asked in the name of who has %s: %+v", name, open)
			}
			compareNaively(t, ada.log)
		})
	}
}

func TestARemovedPersonsCodeIsWithdrawnWithThem(t *testing.T) {
	all := company(t, 74, Editor, "ada", "ben", "cem")
	ada, ben := all[0], all[1]
	open := ada.log.Invitations()[0]
	if open.Withdrawn {
		t.Fatal("withdrawn before")
	}
	ada.removes(ben)
	if after, _ := ada.log.Invitation(open.Key); !after.Withdrawn {
		t.Error("who was removed can come back as somebody new")
	}
	agree(t, "ada:f cem:e", all...)
	code := ada.invites(Editor, 3, time.Time{})
	ada.admits(newcomer(t, ada.rand, "dee"), code)
	meet(all...)
	all[2].leaves()
	if after, _ := all[2].log.Invitation(code.Invitation()); after.Withdrawn {
		t.Error("who leaves withdraws an invitation")
	}
}
