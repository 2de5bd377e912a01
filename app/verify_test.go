package app_test

import (
	"slices"
	"testing"

	"parley/app"
)

// TestBothSidesSeeTheSameWords, and a device that comes later is seen to be
// new, until the words are compared again. A restart forgets nothing.
func TestBothSidesSeeTheSameWords(t *testing.T) {
	dir := t.TempDir()
	ada, ben := openAt(t, dir, true), newDevice(t, "Ben")
	if err := ada.SetPerson(ada.ctx, app.Person{Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	id, _ := ada.space("words")
	ben.joins(ada, ada.Spaces()[0])
	looks := func(d *device, at *device) app.Safety {
		t.Helper()
		safety, err := d.SafetyWords(id, at.Device())
		if err != nil {
			t.Fatal(err)
		}
		return safety
	}
	before := looks(ada, ben)
	if len(before.Words) != 6 || before.State != app.VerifiedNo || !slices.Equal(before.Words, looks(ben, ada).Words) {
		t.Errorf("Ada sees %+v and Ben %+v", before, looks(ben, ada))
	}
	if _, err := ada.SafetyWords(id, ada.Device()); codeOf(err) != app.CodeInvalid {
		t.Errorf("words with oneself: %v", err)
	}
	if err := ada.MarkVerified(id, ben.Device(), true); err != nil {
		t.Fatal(err)
	}
	if after := looks(ada, ben); after.State != app.VerifiedYes || after.Since == nil || after.Other {
		t.Errorf("after comparing: %+v", after)
	}
	if looks(ben, ada).State != app.VerifiedNo {
		t.Error("what Ada has compared, Ben has not")
	}

	phone := ben.links("Phone")
	waitFor(t, "Ada sees that something has changed", func() bool { return looks(ada, ben).State == app.VerifiedChanged })
	changed := looks(ada, phone)
	if !slices.Equal(changed.Fresh, []string{phone.Device().String()}) || slices.Equal(changed.Words, before.Words) {
		t.Errorf("with another device: %+v", changed)
	}
	if err := ada.MarkVerified(id, ben.Device(), true); err != nil {
		t.Fatal(err)
	}
	tablet := ada.links("Tablet")
	waitFor(t, "Ada is told that these are not the words that she compared", func() bool { return looks(ada, ben).Other })
	if after := looks(ada, ben); after.State != app.VerifiedYes || len(after.Fresh) > 0 {
		t.Errorf("a device of Ada's own made Ben another: %+v", after)
	}
	if _, err := ada.RevokeDevice(ada.ctx, tablet.Device()); err != nil {
		t.Fatal(err)
	}
	if looks(ada, ben).Other {
		t.Error("the words that Ada compared are there again, and are said to be others")
	}
	desk := ben.links("Desk")
	waitFor(t, "Ada sees the second change", func() bool { return looks(ada, ben).State == app.VerifiedChanged })
	if fresh := looks(ada, ben).Fresh; !slices.Equal(fresh, []string{desk.Device().String()}) {
		t.Errorf("new at Ben's: %v", fresh)
	}
	ada.close()
	ada = openAt(t, dir, true)
	defer ada.close()
	if looks(ada, ben).State != app.VerifiedChanged {
		t.Error("a restart has forgotten what was compared")
	}
	if err := ada.MarkVerified(id, phone.Device(), true); err != nil {
		t.Fatal(err)
	}
	if looks(ada, ben).State != app.VerifiedYes {
		t.Error("comparing again with any device of Ben's is not enough")
	}
	if err := ada.Connect(ada.ctx, ben.Network().Addresses[0]); err != nil {
		t.Fatal(err)
	}
	if err := ben.SetPerson(ben.ctx, app.Person{Name: "Ben, the mayor"}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Ada sees that Ben's name has changed", func() bool { return looks(ada, ben).State == app.VerifiedChanged })
	if err := ada.MarkVerified(id, ben.Device(), false); err != nil {
		t.Fatal(err)
	}
	if after := looks(ada, ben); after.State != app.VerifiedNo || after.Since != nil {
		t.Errorf("words that were not the same left %+v", after)
	}
}
