package space

import (
	"errors"
	"testing"
	"time"
)

// TestAReaderEndsNoInvitation although they came by it, and so know the secret
// of its key and can write a key entry of their own with it.
func TestAReaderEndsNoInvitation(t *testing.T) {
	all := company(t, 121, Facilitator, "ada", "hal")
	ada, hal := all[0], all[1]
	code := ada.invites(Reader, 5, time.Time{})
	mal := newcomer(t, ada.rand, "mal")
	ada.admits(mal, code)
	meet(ada, hal, mal)
	mal.adds(mal.log.NewSeatKey(mal.key, Link, 1, time.Time{}, noon, code.Secret))
	mal.forges(KindWithdraw, withdrawBody{Invitation: code.Invitation()})
	meet(ada, hal, mal)
	if made, ok := ada.log.Invitation(code.Invitation()); !ok || made.Withdrawn {
		t.Fatalf("the invitation is %+v", made)
	}
	ben := newcomer(t, ada.rand, "ben")
	ada.admits(ben, code)
	agree(t, "ada:f ben:r hal:f mal:r", ada, hal, mal, ben)
	// A facilitator ends it, and their own key along with it.
	hal.adds(hal.log.Withdraw(hal.key, code.Invitation(), noon))
	agree(t, "ada:f ben:r hal:f mal:r", ada, hal, mal, ben)
	if made, _ := ada.log.Invitation(code.Invitation()); !made.Withdrawn {
		t.Error("a facilitator's withdrawal ends nothing")
	}
}

// TestADeviceThatHasChangedHandsIsNotItsFormerOwners to take out or to name.
func TestADeviceThatHasChangedHandsIsNotItsFormerOwners(t *testing.T) {
	all := company(t, 123, Reader, "ada", "mal")
	ada, mal := all[0], all[1]
	tablet := mal.links("tablet")
	meet(ada, mal, tablet)
	mal.revokes(tablet)
	meet(ada, mal, tablet)
	ada.admits(tablet, ada.invites(Editor, 1, time.Time{}))
	meet(ada, mal, tablet)
	mal.forges(KindRevoke, revokeBody{Device: tablet.id()})
	mal.forges(KindLabel, labelBody{Device: tablet.id(), Label: "Mine"})
	agree(t, "ada:f mal:r tablet:e", ada, mal, tablet)
	// Back in its first owner's seat it is theirs again.
	ada.removes(tablet)
	meet(ada, mal)
	secret := [32]byte{12}
	mal.adds(mal.log.NewSeatKey(mal.key, Link, 1, time.Time{}, noon, secret))
	mal.admits(tablet, Code{Space: mal.log.ID(), Secret: secret})
	mal.revokes(tablet)
	agree(t, "ada:f mal:r", ada, mal)
}

// TestAReaderTakesNobodyIntoTheirSeat who came by somebody else's invitation,
// link or recovery sheet, by a key entry of theirs that comes before that.
func TestAReaderTakesNobodyIntoTheirSeat(t *testing.T) {
	all := company(t, 122, Reader, "ada", "mal")
	ada, mal := all[0], all[1]
	before := mal.log.Heads()
	for range 4 {
		ada.adds(ada.log.SetPerson(ada.key, Person{Name: "ada"}, noon))
	}
	code := ada.invites(Editor, 5, time.Time{})
	secret := [32]byte{9}
	entry := ada.adds(ada.log.NewSeatKey(ada.key, Link, 1, noon.Add(time.Hour), noon, secret))
	meet(ada, mal)
	backdates := func(body seatKeyBody) error {
		body.Purpose, body.Seat = Link, mal.id()
		e, err := seal(mal.key, KindSeatKey, mal.log.id[:], before, noon, body)
		if err == nil {
			mal.adds(e, nil)
		}
		return err
	}
	// Of the invitation they have the secret. Of 50 entries some come first.
	for n := range 50 {
		err := backdates(seatKeyBody{
			Key: code.Invitation(), Uses: uint64(100 + n), Proof: ProveSeatKey(code.Secret, mal.id(), Link),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// Of the link they have what is in the log.
	body := entry.body.(*seatKeyBody)
	for _, proof := range [][]byte{nil, body.Proof, ProveSeatKey(code.Secret, mal.id(), Link)} {
		if err := backdates(seatKeyBody{Key: body.Key, Uses: 1, Proof: proof}); !errors.Is(err, ErrMalformedEntry) {
			t.Errorf("a key entry with another's key: %v", err)
		}
	}
	meet(ada, mal)
	if _, ok := ada.log.Invitation(code.Invitation()); !ok {
		t.Error("the invitation is not known any more")
	}
	ben, phone := newcomer(t, ada.rand, "ben"), newcomer(t, ada.rand, "phone")
	ada.admits(ben, code)
	ada.admits(phone, Code{Space: ada.log.ID(), Secret: secret})
	agree(t, "ada:f ben:e mal:r", ada, mal, ben, phone)
	if m, _ := mal.log.Member(phone.id()); m.Seat != ada.id() {
		t.Errorf("ada's phone is %+v", m)
	}
}

// TestWhoIsDemotedDoesNotComeBackAsFacilitator, neither by an invitation of
// their own nor by the one that they came in by.
func TestWhoIsDemotedDoesNotComeBackAsFacilitator(t *testing.T) {
	all := company(t, 124, Facilitator, "ada", "hal")
	ada, hal := all[0], all[1]
	came := ada.log.Invitations()[0].Key
	code := hal.invites(Facilitator, 5, time.Time{})
	meet(ada, hal)
	ada.makes(hal, Reader)
	meet(ada, hal)
	double := newcomer(t, ada.rand, "double")
	if _, err := hal.log.Admit(hal.key, double.applies(code), noon); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("by their own invitation: %v", err)
	}
	hal.forges(KindJoin, joinBody{Application: double.applies(code)})
	agree(t, "ada:f hal:r", ada, hal)
	if made, _ := ada.log.Invitation(came); !made.Withdrawn {
		t.Error("they can come in as a facilitator again, as somebody new")
	}
	// What gives no more than they have now stays open, and nobody's code is
	// withdrawn who gets more rights.
	cem := newcomer(t, ada.rand, "cem")
	reading := ada.invites(Reader, 5, time.Time{})
	ada.admits(cem, reading)
	ada.makes(cem, Editor)
	ada.makes(cem, Reader)
	if made, _ := ada.log.Invitation(reading.Invitation()); made.Withdrawn {
		t.Error("an invitation to read is withdrawn")
	}
}

// TestARevokedDevicesKeysAreOver, whoever admits.
func TestARevokedDevicesKeysAreOver(t *testing.T) {
	all := company(t, 125, Facilitator, "ada", "ben")
	ada, ben := all[0], all[1]
	phone := ada.links("phone")
	code := phone.invites(Facilitator, 5, time.Time{})
	sheet := Code{Space: ada.log.ID(), Secret: [32]byte{13}}
	phone.adds(phone.log.NewSeatKey(phone.key, Recovery, 5, time.Time{}, noon, sheet.Secret))
	meet(ada, ben, phone)
	ada.revokes(phone)
	meet(ada, ben)
	for _, opened := range []Code{code, sheet} {
		thief := newcomer(t, ada.rand, "thief")
		if _, err := ben.log.Admit(ben.key, thief.applies(opened), noon); !errors.Is(err, ErrWithdrawn) {
			t.Errorf("by a key of a revoked device: %v", err)
		}
		ben.forges(KindJoin, joinBody{Application: thief.applies(opened)})
	}
	agree(t, "ada:f ben:f", ada, ben)
}

// TestARemovalByAClockThatIsAhead withdraws the code that only by that clock
// has ended.
func TestARemovalByAClockThatIsAhead(t *testing.T) {
	rand := newSource(126)
	ada, mal := founder(t, rand, "ada"), newcomer(t, rand, "mal")
	code := ada.invites(Editor, 5, noon.Add(24*time.Hour))
	ada.admits(mal, code)
	ada.addsAll(ada.log.Remove(ada.key, mal.id(), nil, noon.Add(1000*24*time.Hour)))
	double := newcomer(t, rand, "double")
	if _, err := ada.log.Admit(ada.key, double.applies(code), noon); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("by the code of who was removed: %v", err)
	}
}

// TestAFacilitatorTakesNobodysSheet by an invitation of the recovery key whose
// public half is in the log: who uses the sheet comes into their own seat.
func TestAFacilitatorTakesNobodysSheet(t *testing.T) {
	all := company(t, 127, Facilitator, "ada", "hal", "ben")
	ada, hal, ben := all[0], all[1], all[2]
	before := hal.log.Heads()
	sheet := Code{Space: ben.log.ID(), Secret: [32]byte{14}}
	ben.adds(ben.log.NewSeatKey(ben.key, Recovery, 5, time.Time{}, noon, sheet.Secret))
	meet(all...)
	for n := range 20 { // of which some come before the sheet's entry
		hal.forges(KindInvite, inviteBody{Invitation: sheet.Invitation(), Role: Keeper, Uses: uint64(1 + n)}, before...)
	}
	stolen := hal.invites(Reader, 1, time.Time{})
	for _, proof := range [][]byte{
		{1},
		hal.key.Sign(invitationMessage(hal.log.ID(), hal.id())),
		KeyFromSeed(stolen.Secret).Sign(invitationMessage(hal.log.ID(), hal.id())),
		ProveSeatKey(sheet.Secret, ben.id(), Recovery),
	} {
		body := inviteBody{Invitation: sheet.Invitation(), Role: Keeper, Uses: 1, Proof: proof}
		if _, err := seal(hal.key, KindInvite, hal.log.id[:], before, noon, body); !errors.Is(err, ErrMalformedEntry) {
			t.Errorf("an invitation of a key that its author does not have: %v", err)
		}
	}
	meet(all...)
	if _, ok := ada.log.SeatKey(sheet.Invitation()); !ok {
		t.Error("the sheet is not known any more")
	}
	phone := newcomer(t, ada.rand, "phone")
	ada.admits(phone, sheet)
	agree(t, "ada:f ben:f hal:f", append(all, phone)...)
	if m, _ := ada.log.Member(phone.id()); m.Seat != ben.id() {
		t.Errorf("the phone is %+v", m)
	}
	compareNaively(t, ada.log)
}

// TestAnInvitationOfAnOlderLog has no signature of its own, and is good.
func TestAnInvitationOfAnOlderLog(t *testing.T) {
	rand := newSource(128)
	ada, ben := founder(t, rand, "ada"), newcomer(t, rand, "ben")
	code := Code{Space: ada.log.ID(), Secret: [32]byte{15}}
	ada.forges(KindInvite, inviteBody{Invitation: code.Invitation(), Role: Editor, Uses: 1})
	ada.admits(ben, code)
	agree(t, "ada:f ben:e", ada, ben)
}
