package app_test

import (
	"testing"
	"time"

	"parley/app"
	"parley/space"
)

// company is what the page's device says when the page asks.
func (p *page) company() bool {
	p.t.Helper()
	together, err := p.Company(p.ref.Space.String(), p.ref.Document.String())
	if err != nil {
		p.t.Fatal(err)
	}
	return together
}

func (p *page) announce(state string) {
	p.t.Helper()
	if err := p.Announce(p.ref.Space.String(), p.ref.Document.String(), []byte(state)); err != nil {
		p.t.Fatal(err)
	}
}

func TestWindowsOfOneDeviceKnowOfEachOther(t *testing.T) {
	d := newDevice(t, "Ada")
	_, ref := d.space("words")
	first := d.page(ref)
	defer first.close()
	if first.opened.Together || first.company() {
		t.Fatal("the only window has company")
	}
	second := d.page(ref)
	if !second.opened.Together {
		t.Error("a second window was not told of the first")
	}
	told, ok := first.hears(app.EventCompany).Data.(app.CompanyData)
	if !ok || told.Space != ref.Space.String() || told.Document != ref.Document.String() || !first.company() {
		t.Errorf("the first window was told %+v", told)
	}
	second.announce("caret")
	first.hears(app.EventHere)
	here, err := first.Here(ref.Space.String())
	if err != nil || len(here) != 1 || here[0].Device != d.Device().String() || here[0].Name != "Ada" || string(here[0].State) != "caret" {
		t.Errorf("the first window sees %+v, %v", here, err)
	}
	if own, err := second.Here(ref.Space.String()); err != nil || len(own) != 0 {
		t.Errorf("a window sees itself: %+v, %v", own, err)
	}
	second.close()
	first.hears(app.EventCompany)
	if first.company() {
		t.Error("a window that was closed is company")
	}
	if here, err := first.Here(ref.Space.String()); err != nil || len(here) != 0 {
		t.Errorf("a window that was closed is seen: %+v, %v", here, err)
	}
}

func TestAWindowOfAnotherDeviceIsCompany(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("words")
	_, other := ada.space("others")
	invitation, err := ada.Invite(ada.ctx, id, space.Editor, 1, time.Hour, app.LetIn)
	if err != nil {
		t.Fatal(err)
	}
	adas := ada.page(ref)
	defer adas.close()
	elsewhere := ada.page(other)
	defer elsewhere.close()
	code, err := app.ParseCode(invitation.Code)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ben.Join(ben.ctx, code); err != nil {
		t.Fatal(err)
	}
	if complete, err := ben.CatchUp(ben.ctx, id); err != nil || !complete {
		t.Fatalf("catch up: %v, %v", complete, err)
	}
	if adas.company() {
		t.Error("a member who is elsewhere is company")
	}
	bens := ben.page(ref)
	bens.announce("")
	adas.hears(app.EventCompany)
	if !adas.company() || elsewhere.company() {
		t.Error("Ben is in one document and not in the other")
	}
	bens.close()
	adas.hears(app.EventCompany)
	if adas.company() {
		t.Error("who has left is company")
	}
}

// Before a window goes, its page is let finish; a page that says nothing keeps
// it only for a moment.
func TestAPageIsLetFinish(t *testing.T) {
	d := newDevice(t, "Ada")
	_, ref := d.space("words")
	p := d.page(ref)
	defer p.close()
	change := p.types("last ")
	if err := p.Ready(); err != nil { // of an earlier question
		t.Fatal(err)
	}
	finished := make(chan struct{})
	go func() {
		app.FinishPage(p.Window, time.Minute)
		close(finished)
	}()
	p.hears(app.EventClosing)
	if _, err := p.commit(change); err != nil {
		t.Fatal(err)
	}
	select {
	case <-finished:
		t.Fatal("the window did not wait for its page")
	default:
	}
	if err := p.Ready(); err != nil {
		t.Fatal(err)
	}
	<-finished
	if got := d.text(ref); got != "last words" {
		t.Errorf("the text is %q", got)
	}
	app.FinishPage(p.Window, time.Millisecond)
}
