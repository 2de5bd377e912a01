package app_test

import (
	"strings"
	"testing"
	"time"

	"parley/app"
	"parley/space"
)

func (d *device) opensRoom(id space.ID) app.Room {
	d.t.Helper()
	room, err := d.OpenRoom(d.ctx, id, space.Annotator, time.Hour)
	if err != nil {
		d.t.Fatal(err)
	}
	if !room.Open || len(room.Words) != 3 || len(room.Joined) != 0 || room.Expires.Before(time.Now()) {
		d.t.Fatalf("the room is %+v", room)
	}
	return room
}

func (d *device) room(id space.ID) app.Room {
	d.t.Helper()
	room, err := d.RoomState(id)
	if err != nil {
		d.t.Fatal(err)
	}
	return room
}

func (d *device) meets(other *device) {
	d.t.Helper()
	if err := d.Connect(d.ctx, other.Network().Addresses[0]); err != nil {
		d.t.Fatal(err)
	}
}

func TestARoom(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	id, ref := ada.space("The plan")
	page := ada.page(ref)
	defer page.close()
	if room := ada.room(id); room.Open || room.Ended != "" || room.Expires != nil {
		t.Errorf("before there is one, the room is %+v", room)
	}
	words := strings.Join(ada.opensRoom(id).Words, " ")
	if e := page.hears(app.EventRoom); e.Data != (app.SpaceData{Space: id.String()}) {
		t.Errorf("the window was told %+v", e)
	}

	ben.meets(ada)
	joined, err := ben.JoinRoom(ben.ctx, strings.ToUpper(words))
	if err != nil || joined != id {
		t.Fatalf("Ben came to %s (%v)", joined, err)
	}
	if complete, err := ben.CatchUp(ben.ctx, id); err != nil || !complete || ben.text(ref) != "The plan" {
		t.Errorf("Ben has %q (%v, %v)", ben.text(ref), complete, err)
	}
	page.hears(app.EventRoom)
	waitFor(t, "Ben is named", func() bool {
		room := ada.room(id)
		return len(room.Joined) == 1 && room.Joined[0] == app.RoomGuest{Device: ben.Device().String(), Name: "Ben"}
	})
	if place, err := ben.Space(id); err != nil || place.Role != "annotator" {
		t.Errorf("Ben's space is %+v (%v)", place, err)
	}
	if _, err := ben.JoinRoom(ben.ctx, words); codeOf(err) != app.CodeAlreadyMember {
		t.Errorf("a second time: %v", err)
	}

	if err := ada.CloseRoom(ada.ctx, id); err != nil {
		t.Fatal(err)
	}
	if room := ada.room(id); room.Open || room.Ended != app.RoomClosed || len(room.Joined) != 1 {
		t.Errorf("closed, the room is %+v", room)
	}
	invitations, err := ada.Invitations(id)
	if err != nil || len(invitations) != 1 || !invitations[0].Withdrawn || invitations[0].Code != "" || invitations[0].Used != 1 {
		t.Errorf("the invitations are %+v (%v)", invitations, err)
	}
	cleo.meets(ada)
	if _, err := cleo.JoinRoom(cleo.ctx, words); codeOf(err) != app.CodeOtherWords {
		t.Errorf("after the end: %v", err)
	}
	if err := ada.CloseRoom(ada.ctx, id); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func TestARoomIsRefused(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, _ := ada.space("The plan")
	for _, lasts := range []time.Duration{0, time.Second, 25 * time.Hour, -time.Hour} {
		if _, err := ada.OpenRoom(ada.ctx, id, space.Editor, lasts); codeOf(err) != app.CodeInvalid {
			t.Errorf("for %s: %v", lasts, err)
		}
	}
	if _, err := ben.OpenRoom(ben.ctx, id, space.Editor, time.Hour); codeOf(err) != app.CodeNotFound {
		t.Errorf("of another's space: %v", err)
	}
	words := strings.Join(ada.opensRoom(id).Words, " ")
	ben.meets(ada)
	if _, err := ben.JoinRoom(ben.ctx, words); err != nil {
		t.Fatal(err)
	}
	if _, err := ben.OpenRoom(ben.ctx, id, space.Editor, time.Hour); codeOf(err) != app.CodeNotAllowed {
		t.Errorf("by an annotator: %v", err)
	}
	if err := ada.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if _, err := ada.OpenRoom(ada.ctx, id, space.Editor, time.Hour); codeOf(err) != app.CodeOffline {
		t.Errorf("offline: %v", err)
	}
	if _, err := ada.JoinRoom(ada.ctx, words); codeOf(err) != app.CodeOffline {
		t.Errorf("offline: %v", err)
	}
	for typed, want := range map[string]string{
		"tiger lamp":        "There are 2 words, and there should be 3.",
		"tiger lamp kandle": `Word 3, "kandle", is not in the list.`,
	} {
		_, err := ben.JoinRoom(ben.ctx, typed)
		if told := app.Explain(err); told.Code != app.CodeWords || !strings.Contains(told.Message, want) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestARoomAnew(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, _ := ada.space("The plan")
	first := strings.Join(ada.opensRoom(id).Words, " ")
	second := strings.Join(ada.opensRoom(id).Words, " ")
	ben.meets(ada)
	if _, err := ben.JoinRoom(ben.ctx, first); codeOf(err) != app.CodeOtherWords {
		t.Errorf("by the words of before: %v", err)
	}
	if _, err := ben.JoinRoom(ben.ctx, second); err != nil {
		t.Error(err)
	}
}

// TestARoomsInvitationIsTakenBack withdraws it like any other, in the list.
func TestARoomsInvitationIsTakenBack(t *testing.T) {
	ada := newDevice(t, "Ada")
	id, _ := ada.space("The plan")
	ada.opensRoom(id)
	invitations, err := ada.Invitations(id)
	if err != nil || len(invitations) != 1 {
		t.Fatalf("the invitations are %+v (%v)", invitations, err)
	}
	key, err := space.ParseInvitationKey(invitations[0].ID)
	if err == nil {
		err = ada.Withdraw(ada.ctx, id, key)
	}
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the room is over", func() bool { return ada.room(id).Ended == app.RoomWithdrawn })
}

// TestARoomEndsWithParley quits while a room is open: the invitation is
// withdrawn all the same.
func TestARoomEndsWithParley(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, dir, true)
	if err := d.SetPerson(d.ctx, app.Person{Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	id, _ := d.space("The plan")
	d.opensRoom(id)
	d.close()
	d = openAt(t, dir, false)
	defer d.close()
	invitations, err := d.Invitations(id)
	if err != nil || len(invitations) != 1 || !invitations[0].Withdrawn {
		t.Errorf("the invitations are %+v (%v)", invitations, err)
	}
	if room := d.room(id); room.Open {
		t.Errorf("the room is %+v", room)
	}
}

func TestAWindowsRoom(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("The plan")
	page := ada.page(ref)
	defer page.close()
	if _, err := page.OpenRoom(id.String(), "king", 30); codeOf(err) != app.CodeInvalid {
		t.Errorf("for a king: %v", err)
	}
	if _, err := page.OpenRoom(id.String(), "editor", 1e300); codeOf(err) != app.CodeInvalid {
		t.Errorf("for ever: %v", err)
	}
	room, err := page.OpenRoom(id.String(), "editor", 30)
	if err != nil {
		t.Fatal(err)
	}
	window, closeWindow := ben.OpenWindow(ben.ctx, func(app.Event) {})
	defer closeWindow()
	typed := room.Words[0][:min(4, len(room.Words[0]))] + " " + room.Words[1] + ", " + room.Words[2]
	if problem, err := window.CheckRoomWords(typed); err != nil || !problem.Right {
		t.Errorf("%q: %+v (%v)", typed, problem, err)
	}
	if problem, err := window.CheckRoomWords("tiger lamp kandle"); err != nil || problem.Right || problem.Position != 3 {
		t.Errorf("a word that is none: %+v (%v)", problem, err)
	}
	ben.meets(ada)
	if joined, err := window.JoinRoom(typed); err != nil || joined.Name != "Park" || joined.Role != "editor" {
		t.Errorf("Ben came to %+v (%v)", joined, err)
	}
	if err := page.CloseRoom(id.String()); err != nil {
		t.Error(err)
	}
	if room, err := page.RoomState(id.String()); err != nil || room.Open || room.Ended != app.RoomClosed {
		t.Errorf("the room is %+v (%v)", room, err)
	}
}
