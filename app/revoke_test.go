package app_test

import (
	"strings"
	"testing"

	"parley/app"
)

// TestALostDeviceIsOut of every space: what it wrote before stays, what is
// written with it after does not count, and no key that it made opens anything.
func TestALostDeviceIsOut(t *testing.T) {
	laptop := newDevice(t, "Ada")
	id, ref := laptop.space("Words. ")
	phone := laptop.links("Phone")
	if complete, err := phone.CatchUp(phone.ctx, id); err != nil || !complete {
		t.Fatal(complete, err)
	}
	page := phone.page(ref)
	defer page.close()
	if _, err := page.commit(page.types("From the phone. ")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the laptop reads what the phone wrote", func() bool {
		return strings.Contains(laptop.text(ref), "From the phone.")
	})
	phone.keepsSheet()
	waitFor(t, "the laptop knows of the sheet", func() bool { return laptop.RecoveryState().Covers == 1 })
	open, err := phone.LinkDevice(phone.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := phone.SetOffline(true); err != nil {
		t.Fatal(err)
	}

	if _, err := laptop.RevokeDevice(laptop.ctx, laptop.Device()); codeOf(err) != app.CodeInvalid {
		t.Errorf("taking out the device in one's hand: %v", err)
	}
	revoked, err := laptop.RevokeDevice(laptop.ctx, phone.Device())
	if err != nil || !revoked.SheetEnded {
		t.Fatalf("taking out the phone: %+v, %v", revoked, err)
	}
	if _, err := laptop.RevokeDevice(laptop.ctx, phone.Device()); codeOf(err) != app.CodeNotFound {
		t.Errorf("taking it out again: %v", err)
	}
	waitFor(t, "no sheet is in force", func() bool { return laptop.RecoveryState().Made == nil })

	if _, err := page.commit(page.types("By a thief. ")); err != nil {
		t.Fatal(err)
	}
	if err := phone.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	if err := phone.Connect(phone.ctx, laptop.Network().Addresses[0]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the phone learns that it is out", func() bool { return phone.Spaces()[0].Role == app.NoRole })
	if got := laptop.text(ref); strings.Contains(got, "By a thief.") || !strings.Contains(got, "From the phone.") {
		t.Errorf("the laptop reads %q", got)
	}
	thief := openAt(t, t.TempDir(), true)
	defer thief.close()
	if err := thief.Connect(thief.ctx, laptop.Network().Addresses[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := thief.UseLink(thief.ctx, open.Code, ""); err == nil && len(laptop.Devices()) > 1 {
		t.Error("a code that the phone had open has let a device in")
	}
	if devices := laptop.Devices(); len(devices) != 1 {
		t.Errorf("the devices are %+v", devices)
	}
}

// TestTheFirstDeviceCanBeTakenOutByTheSecond, though the person's place is
// named by it, and has nothing to say for the person after that.
func TestTheFirstDeviceCanBeTakenOutByTheSecond(t *testing.T) {
	laptop := newDevice(t, "Ada")
	laptop.space("words")
	phone := laptop.links("Phone")
	if _, err := phone.RevokeDevice(phone.ctx, laptop.Device()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the laptop learns that it is out", func() bool { return laptop.Spaces()[0].Role == app.NoRole })
	if devices := laptop.Devices(); len(devices) != 1 || len(devices[0].Spaces) != 0 {
		t.Errorf("the laptop lists %+v", devices)
	}
	if _, err := laptop.NewRecoverySheet(); codeOf(err) != app.CodeInvalid {
		t.Errorf("a sheet of a device that is out: %v", err)
	}
	if devices := phone.Devices(); len(devices) != 1 || !devices[0].ThisOne {
		t.Errorf("the phone lists %+v", devices)
	}
}

// TestEveryDeviceIsToldOfANewOne but those that have linked it.
func TestEveryDeviceIsToldOfANewOne(t *testing.T) {
	laptop := newDevice(t, "Ada")
	laptop.space("words")
	phone := laptop.links("Phone")
	tablet := phone.links("Tablet")
	waitFor(t, "the laptop is told of the tablet", func() bool {
		notices := laptop.Notices()
		return len(notices) == 1 && notices[0].Code == app.NoticeDeviceLinked && notices[0].Values["device"] == "Tablet"
	})
	if notices := append(phone.Notices(), tablet.Notices()...); len(notices) != 0 {
		t.Errorf("those who linked were told %+v", notices)
	}
}
