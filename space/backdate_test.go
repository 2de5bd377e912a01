package space

import (
	"testing"
	"time"
)

// The stories here are those of decision 18: facilitators who were removed, and
// write entries as though they did not know of it.

// TestWhatARemovedFacilitatorTakesAlong is whoever removed them, and what that
// one has done since: who was let in is out, who was put out is back. Who was
// there before stays, and so does whom others let in.
func TestWhatARemovedFacilitatorTakesAlong(t *testing.T) {
	all := company(t, 141, Facilitator, "ada", "ben", "hal")
	ada, ben, hal := all[0], all[1], all[2]
	early, mal := newcomer(t, ada.rand, "early"), newcomer(t, ada.rand, "mal")
	ada.admits(early, ada.invites(Editor, 1, time.Time{}))
	ada.admits(mal, ada.invites(Editor, 1, time.Time{}))
	meet(append(all, early, mal)...)
	before := hal.log.Heads()
	ada.removes(hal)
	ada.removes(mal)
	meet(ada, ben, early, mal)
	since, other := newcomer(t, ada.rand, "since"), newcomer(t, ada.rand, "other")
	ada.admits(since, ada.invites(Editor, 1, time.Time{}))
	ben.admits(other, ben.invites(Editor, 1, time.Time{}))
	everybody := append(all, early, since, other, mal)
	meet(everybody...)
	hal.forges(KindRemove, removeBody{Seat: ada.id()}, before...)
	agree(t, "ben:f early:e mal:e other:e", everybody...)
	compareNaively(t, ben.log)
}

// TestWhoIsRemovedByTwoHasToAnswerBoth: an answer to one of them is struck by
// the other's removal, whenever that was written.
func TestWhoIsRemovedByTwoHasToAnswerBoth(t *testing.T) {
	all := company(t, 142, Facilitator, "ada", "ben", "hal", "dee")
	ada, ben, hal := all[0], all[1], all[2]
	before := hal.log.Heads()
	ada.removes(hal)
	meet(ada, ben)
	ben.removes(hal)
	code := ada.invites(Editor, 1, time.Time{})
	since := newcomer(t, ada.rand, "since")
	ada.admits(since, code)
	meet(append(all, since)...)
	hal.forges(KindRemove, removeBody{Seat: ada.id()}, before...)
	agree(t, "ada:f ben:f dee:f since:e", append(all, since)...)
	hal.forges(KindRemove, removeBody{Seat: ben.id()}, before...)
	agree(t, "dee:f", append(all, since)...)
	compareNaively(t, ada.log)
}

// TestTwoWhomOneRemovedDoNotComeBackTogether by an answer of each, though they
// are two and she is one.
func TestTwoWhomOneRemovedDoNotComeBackTogether(t *testing.T) {
	all := company(t, 143, Facilitator, "ada", "hal", "zed", "ben")
	ada, hal, zed := all[0], all[1], all[2]
	before := hal.log.Heads()
	ada.removes(hal)
	ada.removes(zed)
	meet(all...)
	hal.forges(KindRemove, removeBody{Seat: ada.id()}, before...)
	zed.forges(KindRemove, removeBody{Seat: ada.id()}, before...)
	agree(t, "ben:f", all...)
	compareNaively(t, ada.log)
}

// TestWhoWasRemovedDoesNotComeBackThroughTheirRemover, who was removed as well,
// and writes beside their own removal of them what the other's answer is put on
// top of.
func TestWhoWasRemovedDoesNotComeBackThroughTheirRemover(t *testing.T) {
	all := company(t, 144, Facilitator, "ada", "hal", "cem", "ben")
	ada, hal, cem := all[0], all[1], all[2]
	before := hal.log.Heads()
	hal.removes(cem)
	meet(all...)
	ada.removes(hal)
	meet(all...)
	fork := hal.forges(KindPerson, personBody{Person: Person{Name: "hal", Organisation: "Council"}}, before...)
	meet(all...)
	cem.forges(KindRemove, removeBody{Seat: hal.id()}, fork.Hash)
	agree(t, "ada:f ben:f", all...)
	compareNaively(t, ada.log)
}
