package app_test

import (
	"testing"
	"time"

	"parley/app"
	"parley/space"
)

func TestWhoHasWhatCountsPeopleAndSaysSinceWhen(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("A bench by the pond.")
	ben.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	status := func() app.MemberStatus {
		t.Helper()
		s, err := ada.DocumentStatus(id, ref.Document)
		if err != nil || len(s.Members) != 1 {
			t.Fatalf("%+v, %v", s, err)
		}
		return s.Members[0]
	}
	seen := func() app.DocumentSeen {
		t.Helper()
		list, err := ada.Seen(id)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0]
	}
	waitFor(t, "Ben is known to have it", func() bool { return status().HasLatest })
	if m := status(); !m.Known || m.AsOf != nil || m.Lacks != nil {
		t.Errorf("of somebody who is here and has it all is said %+v", m)
	}
	if s := seen(); s.Document != ref.Document.String() || s.Have != 1 || s.People != 1 {
		t.Errorf("seen is %+v", s)
	}
	if err := ben.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Ben is gone", func() bool { return !status().Connected })
	before := time.Now().Add(-2 * time.Second)
	if _, err := ada.Edit(ada.ctx, ref, app.Edit{Insert: "New. "}); err != nil {
		t.Fatal(err)
	}
	m := status()
	if m.HasLatest || !m.Known || m.AsOf == nil || time.Since(*m.AsOf) > time.Minute {
		t.Errorf("of somebody who is gone is said %+v", m)
	}
	if m.Lacks == nil || m.Lacks.Before(before) || time.Since(*m.Lacks) > time.Minute {
		t.Errorf("it is lacked since %v", m.Lacks)
	}
	if s := seen(); s.Have != 0 || s.People != 1 {
		t.Errorf("seen is %+v", s)
	}
	if caught, err := ada.CatchingUp(id); err != nil || caught != (app.CatchingUp{}) {
		t.Errorf("nothing is under way, and it is %+v, %v", caught, err)
	}
}

func TestThatTheNetworkIsUsedSparinglyIsRemembered(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, dir, false)
	if err := d.SetFrugal(true); err != nil {
		t.Fatal(err)
	}
	d.close()
	d = openAt(t, dir, false)
	defer d.close()
	if n := d.Network(); !n.Frugal {
		t.Error("it is forgotten")
	}
	if err := d.SetFrugal(false); err != nil || d.Network().Frugal {
		t.Errorf("it cannot be taken back: %v", err)
	}
}
