package space

import (
	"errors"
	"testing"
	"time"
)

func TestAPersonHasSeveralDevices(t *testing.T) {
	all := company(t, 61, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	phone := ben.links("phone")
	agree(t, "ada:f ben:e", ada, ben, phone)
	seat, ok := ada.log.Seat(phone.id())
	if !ok || seat.ID != ben.id() || len(seat.Devices) != 2 || seat.Devices[1].Device != phone.id() {
		t.Fatalf("the seat is %+v", seat)
	}
	if !ada.log.MayWrite(phone.id(), Body) {
		t.Error("the phone may not write")
	}
	// Each speaks for the person, and the role is the person's.
	phone.adds(phone.log.SetPerson(phone.key, Person{Name: "Ben K."}, noon))
	phone.adds(phone.log.SetLabel(phone.key, phone.id(), "Phone", noon))
	meet(ada, ben, phone)
	ada.makes(ben, Annotator)
	agree(t, "Ben K.:a ada:f", ada, ben, phone)
	member, _ := ben.log.Member(phone.id())
	if ada.log.MayWrite(phone.id(), Body) || !ada.log.MayWrite(phone.id(), Annotations) || member.Label != "Phone" {
		t.Errorf("the phone is %+v", member)
	}
	if _, err := ben.log.SetLabel(ben.key, ada.id(), "Mine", noon); !errors.Is(err, ErrOtherSeat) {
		t.Errorf("naming another's device: %v", err)
	}
	// A link is used once.
	key := ada.log.SeatKeys(Link)[0]
	if key.Seat != ben.id() || key.Used != 1 {
		t.Errorf("the link is %+v", key)
	}
	ada.removes(ben)
	agree(t, "ada:f", ada, ben, phone)
	if ada.log.MayWrite(phone.id(), Annotations) {
		t.Error("the phone of who was removed may write")
	}
}

func TestALostDevice(t *testing.T) {
	all := company(t, 62, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	phone := ben.links("phone")
	meet(ada, ben, phone)
	open := Code{Space: ben.log.ID(), Secret: [32]byte{3}}
	ben.adds(ben.log.NewSeatKey(ben.key, Link, 1, time.Time{}, noon, open.Secret))
	phone.hears(ben)
	stolen := ben.copies()
	phone.revokes(ben)
	if _, err := phone.log.Admit(phone.key, newcomer(t, ada.rand, "mal").applies(open), noon); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("by a link of a lost device: %v", err)
	}
	meet(ada, phone)
	seat, ok := ada.log.Seat(phone.id())
	if !ok || seat.ID != ben.id() || len(seat.Devices) != 1 || ada.log.MayWrite(ben.id(), Body) {
		t.Fatalf("the seat is %+v", seat)
	}
	// Who holds the old one tries what there is.
	thief := &someone{t: t, key: ben.key, name: "thief", log: stolen, rand: ben.rand}
	fresh := ada.invites(Facilitator, 1, time.Time{})
	if _, err := ada.log.Admit(ada.key, thief.applies(fresh), noon); !errors.Is(err, ErrRevoked) {
		t.Errorf("by an ordinary invitation: %v", err)
	}
	ada.forges(KindJoin, joinBody{Application: thief.applies(fresh)})
	agree(t, "ada:f ben:e", ada, phone)
	thief.adds(thief.log.SetPerson(thief.key, Person{Name: "thief"}, noon))
	thief.addsAll(thief.log.Revoke(thief.key, phone.id(), nil, noon))
	// Two devices that revoke each other are both out, and the person with
	// them until somebody lets them in again.
	agree(t, "ada:f", ada, phone, thief)
	formers := ada.log.Formers()
	if len(formers) != 1 || formers[0].Person.Name != "ben" {
		t.Errorf("formers: %+v", formers)
	}
	ada.admits(thief, ada.invites(Reader, 1, time.Time{}))
	agree(t, "ada:f thief:r", ada, phone, thief)
}

func TestRecovery(t *testing.T) {
	all := company(t, 63, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	first, second := [32]byte{1}, [32]byte{2}
	ben.adds(ben.log.NewSeatKey(ben.key, Recovery, 5, time.Time{}, noon, first))
	meet(ada, ben)
	fresh := newcomer(t, ada.rand, "fresh")
	// Ada lets it in for him, who has no device left, and nobody asks.
	ada.admits(fresh, Code{Space: ada.log.ID(), Secret: first})
	agree(t, "ada:f ben:e", ada, fresh)
	if m, _ := ada.log.Member(fresh.id()); m.Seat != ben.id() {
		t.Fatalf("the new device is %+v", m)
	}
	fresh.adds(fresh.log.RegisterSeatKey(fresh.key, Code{Secret: second}.Invitation(), ProveSeatKey(second, fresh.id(), Recovery), Recovery, 5, time.Time{}, noon))
	fresh.revokes(ben)
	ada.hears(fresh)
	other := newcomer(t, ada.rand, "other")
	if _, err := ada.log.Admit(ada.key, other.applies(Code{Space: ada.log.ID(), Secret: first}), noon); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("by the older sheet: %v", err)
	}
	if keys := ada.log.SeatKeys(Recovery); len(keys) != 1 || keys[0].Key != (Code{Secret: second}).Invitation() {
		t.Errorf("recovery keys: %+v", keys)
	}
	ada.admits(other, Code{Space: ada.log.ID(), Secret: second})
	agree(t, "ada:f ben:e", ada, fresh, other)
	// Who is removed has no way back by their sheet.
	ada.removes(ben)
	late := newcomer(t, ada.rand, "late")
	if _, err := ada.log.Admit(ada.key, late.applies(Code{Space: ada.log.ID(), Secret: second}), noon); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("by the sheet of who was removed: %v", err)
	}
	ada.forges(KindJoin, joinBody{Application: late.applies(Code{Space: ada.log.ID(), Secret: second})})
	agree(t, "ada:f", ada, fresh, other)
}

func TestASeatKeyIsForOnesOwnSeat(t *testing.T) {
	all := company(t, 64, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	secret := [32]byte{9}
	public := Code{Secret: secret}.Invitation()
	ben.forges(KindSeatKey, seatKeyBody{Key: public, Purpose: Link, Uses: 1, Seat: ada.id(), Proof: ProveSeatKey(secret, ben.id(), Link)})
	mal := newcomer(t, ada.rand, "mal")
	ben.forges(KindJoin, joinBody{Application: mal.applies(Code{Space: ben.log.ID(), Secret: secret})})
	agree(t, "ada:f ben:e", ada, ben)
	if m, ok := ada.log.Member(mal.id()); ok {
		t.Errorf("into another's seat as %+v", m)
	}
	// Its own seat's key anybody can take back, another's only a facilitator.
	ben.adds(ben.log.NewSeatKey(ben.key, Link, 2, time.Time{}, noon, [32]byte{10}))
	phone := newcomer(t, ada.rand, "phone")
	ben.admits(phone, Code{Space: ben.log.ID(), Secret: [32]byte{10}})
	own := Code{Secret: [32]byte{10}}.Invitation()
	phone.adds(phone.log.Withdraw(phone.key, own, noon))
	agree(t, "ada:f ben:e", ada, ben, phone)
	if _, ok := ada.log.SeatKey(own); ok {
		t.Error("the link is open")
	}
	ada.adds(ada.log.NewSeatKey(ada.key, Link, 2, time.Time{}, noon, [32]byte{11}))
	ben.hears(ada)
	if _, err := ben.log.Withdraw(ben.key, Code{Secret: [32]byte{11}}.Invitation(), noon); !errors.Is(err, ErrNotFacilitator) {
		t.Errorf("an editor withdraws a facilitator's link: %v", err)
	}
}

func TestWhoConfirmsAStanding(t *testing.T) {
	all := company(t, 65, Facilitator, "ada", "ben", "cem")
	ada, ben, cem := all[0], all[1], all[2]
	official := Person{Name: "Ben", Organisation: "Council", Standing: Official}
	ben.adds(ben.log.SetPerson(ben.key, official, noon))
	if _, err := ben.log.Confirm(ben.key, ben.id(), true, noon); !errors.Is(err, ErrOwnStanding) {
		t.Errorf("of oneself: %v", err)
	}
	ben.forges(KindConfirm, confirmBody{Seat: ben.id(), Person: official, Yes: true})
	confirmed := func() DeviceID {
		meet(all...)
		seat, _ := cem.log.Seat(ben.id())
		return seat.ConfirmedBy
	}
	if confirmed() != (DeviceID{}) {
		t.Error("confirmed by himself")
	}
	ada.adds(ada.log.Confirm(ada.key, ben.id(), true, noon))
	if confirmed() != ada.id() {
		t.Error("not confirmed")
	}
	ben.adds(ben.log.SetPerson(ben.key, Person{Name: "Ben K.", Organisation: "Council", Standing: Official}, noon))
	if confirmed() != ada.id() {
		t.Error("another name undoes it")
	}
	ben.adds(ben.log.SetPerson(ben.key, Person{Name: "Ben K.", Organisation: "Ministry", Standing: Official}, noon))
	if confirmed() != (DeviceID{}) {
		t.Error("it holds for another organisation")
	}
	cem.adds(cem.log.Confirm(cem.key, ben.id(), true, noon))
	if confirmed() != cem.id() {
		t.Error("not confirmed")
	}
	ada.adds(ada.log.Confirm(ada.key, ben.id(), false, noon))
	if confirmed() != (DeviceID{}) {
		t.Error("it is not taken back")
	}
}
