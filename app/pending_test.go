package app_test

import (
	"testing"

	"parley/app"
	"parley/space"
)

// asks makes an invitation that asks first, and has a device use it.
func (d *device) asks(other *device, id space.ID) {
	d.t.Helper()
	page, closePage := other.OpenWindow(other.ctx, func(app.Event) {})
	defer closePage()
	invitation, err := page.Invite(id.String(), app.InviteOptions{Role: "editor", Uses: 1, Ask: true})
	if err != nil {
		d.t.Fatal(err)
	}
	code, err := app.ParseCode(invitation.Code)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Join(d.ctx, code); codeOf(err) != app.CodeWaiting {
		d.t.Fatalf("an invitation that asks first: %v", err)
	}
	if pending := d.Pending(); len(pending) != 1 || pending[0].Name != "Park" || len(d.Spaces()) != 0 {
		d.t.Fatalf("waiting: %+v, in %d spaces", pending, len(d.Spaces()))
	}
}

// answers says yes or no to the one request there is.
func (d *device) answers(id space.ID, yes bool) {
	d.t.Helper()
	page, closePage := d.OpenWindow(d.ctx, func(app.Event) {})
	defer closePage()
	requests, err := page.Requests(id.String())
	if err != nil || len(requests) != 1 {
		d.t.Fatalf("requests: %+v, %v", requests, err)
	}
	if err := page.AnswerRequest(id.String(), requests[0].ID, yes); err != nil {
		d.t.Fatal(err)
	}
}

func (d *device) isTold(code app.NoticeCode) {
	d.t.Helper()
	waitFor(d.t, "there is a notice "+string(code), func() bool {
		notices := d.Notices()
		return len(notices) == 1 && notices[0].Code == code && notices[0].Values["space"] == "Park"
	})
	if pending := d.Pending(); len(pending) != 0 {
		d.t.Errorf("still waiting: %+v", pending)
	}
}

// TestARequestIsKeptUntilItIsAnswered, over a restart, and with a yes the
// device is in by itself.
func TestARequestIsKeptUntilItIsAnswered(t *testing.T) {
	dir := t.TempDir()
	ada, ben := newDevice(t, "Ada"), openAt(t, dir, true)
	if err := ben.SetPerson(ben.ctx, app.Person{Name: "Ben"}); err != nil {
		t.Fatal(err)
	}
	id, _ := ada.space("words")
	ben.asks(ada, id)
	ben.close()
	ben = openAt(t, dir, true)
	defer ben.close()
	if len(ben.Pending()) != 1 {
		t.Fatalf("after a restart nothing waits any more")
	}
	ada.answers(id, true)
	if err := ben.Connect(ben.ctx, ada.Network().Addresses[0]); err != nil {
		t.Fatal(err)
	}
	ben.isTold(app.NoticeAdmitted)
	if spaces := ben.Spaces(); len(spaces) != 1 || spaces[0].Role != "editor" {
		t.Errorf("admitted to %+v", spaces)
	}
}

// TestANoIsTold, and a request that was taken back is nobody's news.
func TestANoIsTold(t *testing.T) {
	ada, ben, cora := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cora")
	id, _ := ada.space("words")
	ben.asks(ada, id)
	ada.answers(id, false)
	if err := ben.Connect(ben.ctx, ada.Network().Addresses[0]); err != nil {
		t.Fatal(err)
	}
	ben.isTold(app.NoticeDeclined)

	cora.asks(ada, id)
	if err := cora.CancelPending(cora.Pending()[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := cora.CancelPending("none"); err != nil {
		t.Errorf("taking back what is not there: %v", err)
	}
	ada.answers(id, true)
	if err := cora.Connect(cora.ctx, ada.Network().Addresses[0]); err != nil {
		t.Fatal(err)
	}
	if len(cora.Pending()) != 0 || len(cora.Notices()) != 0 || len(cora.Spaces()) != 0 {
		t.Errorf("after taking it back: %+v, %+v, %+v", cora.Pending(), cora.Notices(), cora.Spaces())
	}
}
