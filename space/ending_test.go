package space

import (
	"errors"
	"testing"
)

// told has somebody hear how it ended, from who knows everything, and reports
// whether they still belong by that.
func (p *someone) told(t *testing.T, by *someone) (in bool) {
	t.Helper()
	if _, in := p.log.Member(p.id()); !in {
		t.Fatalf("%s knows already", p.name)
	}
	if _, in := by.log.Member(p.id()); in {
		t.Fatalf("%s has %s in", by.name, p.name)
	}
	if _, _, err := p.log.Add(by.log.Ending(p.id(), by.id())...); err != nil {
		t.Fatal(err)
	}
	_, in = p.log.Member(p.id())
	return in
}

// TestADeviceThatADeviceOfTheRemovedLetInIsTold: neither its own seat is removed
// where it sits, nor the device that let it in, but the person of both, who had
// let in that other device.
func TestADeviceThatADeviceOfTheRemovedLetInIsTold(t *testing.T) {
	for seed := range uint64(8) {
		people := company(t, seed, Editor, "Ada", "Ben", "Cem")
		ada, ben, cem := people[0], people[1], people[2]
		phone := ben.links("phone")
		tablet := phone.links("tablet")
		ada.removes(cem)
		ada.removes(ben)
		later := len(ada.log.Entries())
		ada.revokes(ada.links("watch"))
		ada.hears(tablet)
		if phone.told(t, ada) || tablet.told(t, ada) {
			t.Error("a device whose person is out goes on belonging")
		}
		if got := len(ada.log.Ending(tablet.id(), ada.id())); got > later+4 {
			t.Errorf("it is told %d entries, also of what came after", got)
		}
	}
}

// TestWhoOnlyAskedIsToldNothing, also where who invited them is out.
func TestWhoOnlyAskedIsToldNothing(t *testing.T) {
	people := company(t, 1, Facilitator, "Ada", "Ben")
	ada, ben := people[0], people[1]
	e, secret, err := ben.log.Invite(ben.key, InviteOptions{Role: Editor, Uses: 1, Ask: true}, noon, ben.rand)
	ben.adds(e, err)
	cem := newcomer(t, ben.rand, "Cem")
	request, err := ben.log.Admit(ben.key, cem.applies(Code{Space: ben.log.ID(), Secret: secret}), noon)
	if !errors.Is(err, ErrAsked) {
		t.Fatal(err)
	}
	ben.adds(request, nil)
	ada.removes(ben)
	ada.hears(ben)
	if told := ada.log.Ending(cem.id(), ada.id()); len(told) > 0 {
		t.Errorf("a stranger is told %d entries", len(told))
	}
}
