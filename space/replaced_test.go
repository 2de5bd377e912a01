package space

import (
	"errors"
	"math"
	"testing"
)

// endless is a cut that names no end for some actors.
func endless(actors ...[]byte) Cut {
	part := CutPart{Document: document, Part: Body}
	for _, actor := range actors {
		part.Actors = append(part.Actors, ActorSeq{Actor: actor, Seq: math.MaxUint64})
	}
	return Cut{part}.Sorted()
}

func (p *someone) actor() []byte {
	own := ActorFor(p.log.ID(), p.id(), 1)
	return own[:]
}

func (p *someone) countsTo(t *testing.T, actor []byte, want uint64) {
	t.Helper()
	if got := p.log.Limit(actor, document, Body); got != want {
		t.Errorf("%s: %x counts up to %d, want %d", p.name, actor[:4], got, want)
	}
}

func TestAnEditorWhoIsRemovedHasNotKeptTheRightToWrite(t *testing.T) {
	all := company(t, 414, Editor, "ada", "mal", "xan")
	ada, mal, xan := all[0], all[1], all[2]
	spare := mal.links("spare")
	meet(ada, mal, xan)
	foreign := []byte("no device's")
	cut := endless(mal.actor(), xan.actor(), spare.actor(), foreign)
	mal.addsAll(mal.log.Revoke(mal.key, spare.id(), cut, noon))
	meet(ada, mal, xan)
	// What they say of who is still there is not heeded.
	ada.countsTo(t, mal.actor(), 0)
	ada.countsTo(t, xan.actor(), 0)
	ada.countsTo(t, spare.actor(), math.MaxUint64)
	few := Cut{{Document: document, Part: Body, Actors: []ActorSeq{{Actor: mal.actor(), Seq: 3}, {Actor: spare.actor(), Seq: 2}}}}.Sorted()
	ada.addsAll(ada.log.Remove(ada.key, mal.id(), few, noon))
	agree(t, "ada:f xan:e", ada, mal, xan)
	for _, p := range []*someone{ada, mal, xan} {
		p.countsTo(t, mal.actor(), 3)
		p.countsTo(t, spare.actor(), 2)
		p.countsTo(t, foreign, 0)
	}
	compareNaively(t, ada.log)
}

func TestAFacilitatorWhoIsRemovedOrDemotedHasNotKeptTheRightToWrite(t *testing.T) {
	for _, demoted := range []bool{false, true} {
		all := company(t, 415, Facilitator, "ada", "hal")
		ada, hal := all[0], all[1]
		foreign := []byte("no device's")
		hal.addsAll(hal.log.AdmitChanges(hal.key, endless(hal.actor(), ada.actor(), foreign), noon))
		meet(all...)
		if demoted {
			ada.makes(hal, Reader)
		} else {
			ada.removes(hal)
		}
		ada.countsTo(t, hal.actor(), 0)
		ada.countsTo(t, foreign, 0)
		ada.countsTo(t, ada.actor(), math.MaxUint64) // what they said of others stays
		compareNaively(t, ada.log)
	}
}

func TestADeviceThatIsRevokedHasNotKeptTheRightToWrite(t *testing.T) {
	all := company(t, 417, Facilitator, "ada", "ben")
	ada, ben := all[0], all[1]
	phone := ada.links("phone")
	phone.addsAll(phone.log.AdmitChanges(phone.key, endless(phone.actor()), noon))
	meet(ada, ben, phone)
	ada.revokes(phone)
	meet(ada, ben)
	ben.countsTo(t, phone.actor(), 0)
	compareNaively(t, ben.log)
}

func TestWhoHasLeftWithoutAnEndIsStopped(t *testing.T) {
	all := company(t, 461, Editor, "ada", "mal", "xan")
	ada, mal, xan := all[0], all[1], all[2]
	mal.addsAll(mal.log.Remove(mal.key, mal.id(), endless(mal.actor()), noon))
	meet(all...)
	if _, err := xan.log.Remove(xan.key, mal.id(), nil, noon); !errors.Is(err, ErrNotFacilitator) {
		t.Errorf("an editor removes who has left: %v", err)
	}
	if _, err := ada.log.Remove(ada.key, newcomer(t, ada.rand, "eve").id(), nil, noon); !errors.Is(err, ErrUnknownSeat) {
		t.Errorf("somebody is removed who never was here: %v", err)
	}
	own := Cut{{Document: document, Part: Body, Actors: []ActorSeq{{Actor: mal.actor(), Seq: 4}}}}
	ada.addsAll(ada.log.Remove(ada.key, mal.id(), own, noon))
	agree(t, "ada:f xan:e", ada, mal, xan)
	xan.countsTo(t, mal.actor(), 4)
	compareNaively(t, xan.log)
}
