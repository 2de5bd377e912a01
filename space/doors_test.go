package space

import (
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
