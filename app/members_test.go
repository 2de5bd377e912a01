package app_test

import (
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"parley/app"
	"parley/space"
)

// entersBy lets a device into a space in a role.
func (d *device) entersBy(host *device, id space.ID, role space.Role, asking app.Asking) error {
	d.t.Helper()
	invitation, err := host.Invite(host.ctx, id, role, 1, time.Hour, asking)
	if err != nil {
		d.t.Fatal(err)
	}
	code, err := app.ParseCode(invitation.Code)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Join(d.ctx, code); err != nil {
		return err
	}
	if complete, err := d.CatchUp(d.ctx, id); err != nil || !complete {
		d.t.Fatalf("catch up: %v, %v", complete, err)
	}
	return nil
}

func (d *device) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// sees is how a device sees a person of a space, by name.
func (d *device) sees(id space.ID, name string) (app.Member, bool) {
	d.t.Helper()
	s, err := d.Space(id)
	if err != nil {
		d.t.Fatal(err)
	}
	at := slices.IndexFunc(s.Members, func(m app.Member) bool { return m.Name == name })
	if at < 0 {
		return app.Member{}, false
	}
	return s.Members[at], true
}

// until waits until a device's space is as a function wants it.
func (d *device) until(what string, id space.ID, is func(app.Space) bool) {
	d.t.Helper()
	waitFor(d.t, what, func() bool {
		s, err := d.Space(id)
		return err == nil && is(s)
	})
}

// A facilitator's window does all there is to do about people, and the other
// windows are told.
func TestAWindowTendsThePeople(t *testing.T) {
	ada, ben, cem := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cem")
	if err := ben.SetPerson(ben.ctx, app.Person{Name: "Ben", Organisation: "City council", Official: true}); err != nil {
		t.Fatal(err)
	}
	id, ref := ada.space("words")
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	ada.must(cem.entersBy(ada, id, space.Reader, app.LetIn))
	bens := ben.page(ref)
	defer bens.close()
	adas := ada.page(ref)
	defer adas.close()
	ben.until("Ben sees Cem", id, func(s app.Space) bool { return len(s.Members) == 3 })

	// Who is who.
	m, _ := ben.sees(id, "Cem")
	if m.Role != "reader" || m.You || m.InvitedBy != "Ada" || m.AdmittedBy != "Ada" || m.Device != cem.Device().String() ||
		m.Verified != app.VerifiedNo || len(m.Devices) != 1 || m.Devices[0].Device != m.Device || m.Devices[0].ThisOne {
		t.Errorf("Ben sees Cem as %+v", m)
	}
	if me, _ := ben.sees(id, "Ben"); !me.You || !me.Connected || !me.Devices[0].ThisOne || me.LastSeen != nil || me.ConfirmedBy != "" {
		t.Errorf("Ben sees himself as %+v", me)
	}
	if founder, _ := ben.sees(id, "Ada"); founder.InvitedBy != "" || founder.AdmittedBy != "" || founder.Joined.IsZero() {
		t.Errorf("Ben sees the founder as %+v", founder)
	}

	// What goes wrong is told by its code.
	spaceID, seat := id.String(), ben.Device().String()
	for what, got := range map[string]error{
		"a role that is none":        adas.SetRole(spaceID, seat, "king"),
		"a role by an editor":        bens.SetRole(spaceID, cem.Device().String(), "editor"),
		"the role that they have":    adas.SetRole(spaceID, seat, "editor"),
		"a device that is none":      adas.SetRole(spaceID, "12D3", "reader"),
		"a device of somebody else":  adas.RemoveMember(spaceID, newKeyDevice(t)),
		"oneself":                    adas.RemoveMember(spaceID, ada.Device().String()),
		"a removal by an editor":     bens.RemoveMember(spaceID, cem.Device().String()),
		"one's own standing":         adas.Confirm(spaceID, ada.Device().String(), true),
		"who is no official":         adas.Confirm(spaceID, cem.Device().String(), true),
		"what was not confirmed":     adas.Confirm(spaceID, seat, false),
		"standing by an editor":      bens.Confirm(spaceID, seat, true),
		"a name that is none":        adas.RenameSpace(spaceID, " "),
		"a name by an editor":        bens.RenameSpace(spaceID, "Garden"),
		"the name that it has":       adas.RenameSpace(spaceID, "Park"),
		"an archive by an editor":    bens.ArchiveSpace(spaceID, true),
		"what is not archived":       adas.ArchiveSpace(spaceID, false),
		"a copy of what one is in":   bens.ForgetSpace(spaceID),
		"a successor too early":      second(bens.Succeed(spaceID, "Next")),
		"a successor that is none":   second(bens.JoinSuccessor(spaceID)),
		"an answer to nobody":        adas.AnswerRequest(spaceID, "00", true),
		"nothing of quarantine":      adas.AdmitQuarantined(spaceID, nil),
		"what is not in quarantine":  adas.AdmitQuarantined(spaceID, []string{"00"}),
		"a space that is none":       adas.LeaveSpace("nowhere"),
		"a file for a window's page": second(adas.ExportSpace(spaceID)),
	} {
		want := map[string]app.Code{
			"a role that is none": app.CodeInvalid, "a role by an editor": app.CodeNotAllowed, "the role that they have": app.CodeNoEffect,
			"a device that is none": app.CodeNotFound, "a device of somebody else": app.CodeNotFound, "oneself": app.CodeInvalid,
			"a removal by an editor": app.CodeNotAllowed, "one's own standing": app.CodeInvalid, "who is no official": app.CodeInvalid,
			"what was not confirmed": app.CodeNoEffect, "standing by an editor": app.CodeInvalid, "a name that is none": app.CodeInvalid,
			"a name by an editor": app.CodeNotAllowed, "the name that it has": app.CodeNoEffect, "an archive by an editor": app.CodeNotAllowed,
			"what is not archived": app.CodeNoEffect, "a copy of what one is in": app.CodeStillMember,
			"a successor too early": app.CodeHasFacilitator, "a successor that is none": app.CodeNotFound, "an answer to nobody": app.CodeNotFound,
			"nothing of quarantine": app.CodeInvalid, "what is not in quarantine": app.CodeChanged, "a space that is none": app.CodeNotFound,
			"a file for a window's page": app.CodeInvalid,
		}[what]
		if codeOf(got) != want {
			t.Errorf("%s: %v, want code %s", what, got, want)
		}
	}

	// What a facilitator does, everybody sees.
	ada.must(adas.Confirm(spaceID, seat, true))
	bens.hears(app.EventSpaces)
	ben.until("Ben is confirmed", id, func(app.Space) bool { m, _ := ben.sees(id, "Ben"); return m.ConfirmedBy == "Ada" })
	ada.must(ben.SetPerson(ben.ctx, app.Person{Name: "Ben", Organisation: "County council", Official: true}))
	ada.until("who says that they are something else is not confirmed", id, func(app.Space) bool {
		m, _ := ada.sees(id, "Ben")
		return m.Organisation == "County council" && m.ConfirmedBy == ""
	})
	ada.must(adas.SetRole(spaceID, seat, "facilitator"))
	ben.until("Ben is a facilitator", id, func(s app.Space) bool { return s.Role == "facilitator" && s.Facilitators == 2 })
	ada.must(bens.RenameSpace(spaceID, "Garden"))
	ada.until("the name has changed", id, func(s app.Space) bool { return s.Name == "Garden" })
	ada.must(bens.ArchiveSpace(spaceID, true))
	ada.until("the space is archived", id, func(s app.Space) bool { return s.Archived })
	if _, err := adas.commit(adas.types("x")); codeOf(err) != app.CodeArchived {
		t.Errorf("writing in an archived space: %v", err)
	}
	if got := ada.text(ref); got != "words" {
		t.Errorf("an archived document reads %q", got)
	}
	ada.must(bens.ArchiveSpace(spaceID, false))
	ada.until("the space is open again", id, func(s app.Space) bool { return !s.Archived })

	// Removed, and gone.
	ada.must(bens.RemoveMember(spaceID, cem.Device().String()))
	ada.until("Cem is out", id, func(s app.Space) bool {
		return len(s.Members) == 2 && len(s.Formers) == 1 && s.Formers[0].Name == "Cem" && s.Formers[0].By == "Ben" && !s.Formers[0].Left
	})
	// Another facilitator says so too: one of the two stands, whatever Cem answers.
	ada.must(ada.RemoveMember(ada.ctx, id, cem.Device()))
	cem.until("Cem knows", id, func(s app.Space) bool { return s.YouWere == app.WereRemoved && s.Role == app.NoRole })
	ada.must(bens.LeaveSpace(spaceID))
	// Ada's removal of Cem may not have reached Ben when he goes, and what happened
	// apart has no order.
	ada.until("Ben has left", id, func(s app.Space) bool {
		return len(s.Members) == 1 && len(s.Formers) == 2 && slices.ContainsFunc(s.Formers, func(f app.Former) bool {
			return f.Name == "Ben" && f.Left && f.By == ""
		})
	})
	if s, err := ben.Space(id); err != nil || s.YouWere != app.WereLeft {
		t.Errorf("to Ben the space is %+v (%v)", s, err)
	}
	if got := ben.text(ref); got != "words" {
		t.Errorf("who has left reads %q", got)
	}
	ada.must(bens.ForgetSpace(spaceID))
	if all, err := bens.Spaces(); err != nil || len(all) != 0 {
		t.Errorf("a space that is forgotten is listed: %+v (%v)", all, err)
	}
	if _, err := ben.Documents(ben.ctx, id); codeOf(err) != app.CodeNotFound {
		t.Errorf("its documents: %v", err)
	}
	// Who was removed is invited again, and is in.
	ada.must(cem.entersBy(ada, id, space.Editor, app.LetIn))
	if s, err := cem.Space(id); err != nil || s.Role != "editor" || s.YouWere != "" {
		t.Errorf("to Cem the space is %+v (%v)", s, err)
	}
}

// newKeyDevice is the ID of a device that nobody knows.
func newKeyDevice(t *testing.T) string {
	t.Helper()
	return newDevice(t, "Nobody").Device().String()
}

func second[T any](_ T, err error) error { return err }

func TestAFacilitatorIsAskedFirst(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("words")
	adas := ada.page(ref)
	defer adas.close()
	if err := ben.entersBy(ada, id, space.Annotator, app.AskFirst); codeOf(err) != app.CodeWaiting {
		t.Fatalf("Ben knocks: %v", err)
	}
	adas.hears(app.EventSpaces)
	requests, err := adas.Requests(id.String())
	if err != nil || len(requests) != 1 {
		t.Fatalf("requests are %+v (%v)", requests, err)
	}
	if r := requests[0]; r.Name != "Ben" || r.Role != "annotator" || r.InvitedBy != "Ada" || r.AdmittedBy != "Ada" || r.Device != ben.Device().String() {
		t.Errorf("the request is %+v", r)
	}
	if s, err := ada.Space(id); err != nil || s.Requests != 1 || len(s.Members) != 1 {
		t.Errorf("the space is %+v (%v)", s, err)
	}
	ada.must(adas.AnswerRequest(id.String(), requests[0].ID, true))
	waitFor(t, "Ben is in", func() bool {
		s, err := ben.Space(id)
		return err == nil && s.Role == "annotator"
	})
	if s, err := ada.Space(id); err != nil || s.Requests != 0 || len(s.Members) != 2 {
		t.Errorf("the space is %+v (%v)", s, err)
	}
}

// TestWhoAsksTwoFacilitatorsIsAnsweredOnce: they are listed once, and an answer
// to either of what they asked is one to both.
func TestWhoAsksTwoFacilitatorsIsAnsweredOnce(t *testing.T) {
	for _, accept := range []bool{true, false} {
		dir := t.TempDir()
		ada := openAt(t, dir, false)
		ada.must(ada.SetPerson(ada.ctx, app.Person{Name: "Ada"}))
		locations := ada.Locations()
		ada.close()
		id, joins := askedTwice(t, locations)

		ada = openAt(t, dir, false)
		defer ada.close()
		s, err := ada.Space(id)
		requests, listErr := ada.Requests(id)
		if err != nil || listErr != nil || len(requests) != 1 || s.Requests != 1 {
			t.Fatalf("requests are %+v, counted %d (%v, %v)", requests, s.Requests, err, listErr)
		}
		other := joins[0].String()
		if other == requests[0].ID {
			other = joins[1].String()
		}
		ada.must(ada.AnswerRequest(ada.ctx, id, other, accept))
		if s, err = ada.Space(id); err != nil || s.Requests != 0 || (len(s.Members) == 3) != accept {
			t.Errorf("after answering %v the space is %+v (%v)", accept, s, err)
		}
		if err := ada.AnswerRequest(ada.ctx, id, requests[0].ID, accept); codeOf(err) != app.CodeNotFound {
			t.Errorf("answering %v twice: %v", accept, err)
		}
	}
}

// askedTwice puts a space into a device's store, with its person and another as
// facilitators, both of whom somebody has asked by one invitation.
func askedTwice(t *testing.T, l app.Locations) (id space.ID, joins [2]space.Hash) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ada, ben, cem := keyOf(t, l), newKey(t), newKey(t)
	log, _, err := space.Found(ada, "Park", space.Person{Name: "Ada"}, time.Now(), rand.Reader)
	must(err)
	invite := func(ask bool) space.Code {
		t.Helper()
		entry, secret, err := log.Invite(ada, space.InviteOptions{Role: space.Facilitator, Uses: 2, Ask: ask}, time.Now(), rand.Reader)
		must(err)
		_, _, err = log.Add(entry.Raw)
		must(err)
		return space.Code{Space: log.ID(), Secret: secret}
	}
	application, err := space.Apply(ben, invite(false), space.Person{Name: "Ben"})
	must(err)
	entry, err := log.Admit(ada, application, time.Now())
	must(err)
	_, _, err = log.Add(entry.Raw)
	must(err)
	application, err = space.Apply(cem, invite(true), space.Person{Name: "Cem"})
	must(err)
	var raw [][]byte // written by both before either is added: neither knows of the other
	for i, by := range []space.Key{ada, ben} {
		entry, err := log.Admit(by, application, time.Now())
		if !errors.Is(err, space.ErrAsked) {
			t.Fatal(err)
		}
		joins[i], raw = entry.Hash, append(raw, entry.Raw)
	}
	_, _, err = log.Add(raw...)
	must(err)
	store(t, l, log)
	return log.ID(), joins
}

// What comes from somebody who was removed meanwhile is shown for what it is.
// A facilitator lets in what they have seen, and nothing more.
func TestWhatIsSetAsideIsSeenAndLetIn(t *testing.T) {
	ada, ben, cem := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cem")
	id, ref := ada.space("words")
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	ada.must(cem.entersBy(ada, id, space.Facilitator, app.LetIn))
	ada.must(cem.Connect(cem.ctx, ben.Network().Addresses[0]))
	cems := cem.page(ref)
	defer cems.close()
	ada.must(ada.SetOffline(true))
	_, err := ben.Edit(ben.ctx, ref, app.Edit{Insert: "A last word. "})
	ada.must(err)
	waitFor(t, "Cem reads it", func() bool { return cem.text(ref) == "A last word. words" })
	cem.until("Cem sees when Ada was last met", id, func(app.Space) bool {
		m, _ := cem.sees(id, "Ada")
		return !m.Connected && m.LastSeen != nil && time.Since(*m.LastSeen) < time.Hour
	})
	ada.must(ada.RemoveMember(ada.ctx, id, ben.Device()))
	ada.must(ada.SetOffline(false))
	ada.must(cem.Connect(cem.ctx, ada.Network().Addresses[0]))
	cem.until("something is set aside", id, func(s app.Space) bool { return s.Quarantined == 1 })
	waitFor(t, "Cem does not read it any more", func() bool { return cem.text(ref) == "words" })

	aside, err := cems.Quarantine(id.String())
	if err != nil || len(aside) != 1 {
		t.Fatalf("set aside is %+v (%v)", aside, err)
	}
	q := aside[0]
	if q.Name != "Ben" || q.Title != "Plan" || q.Part != "body" || q.Reason != string(app.RefusedRemoved) || q.Changes != 1 ||
		q.Excerpt != "A last word. " || !q.Admissible || q.Device != ben.Device().String() || q.Size == 0 || q.Since.IsZero() {
		t.Errorf("it is described as %+v", q)
	}
	if err := cem.AdmitQuarantined(cem.ctx, id, []string{q.ID, "00"}); codeOf(err) != app.CodeChanged {
		t.Errorf("something that is not there: %v", err)
	}
	if got := cem.text(ref); got != "words" {
		t.Errorf("after that Cem reads %q", got)
	}
	ada.must(cems.AdmitQuarantined(id.String(), []string{q.ID}))
	for _, d := range []*device{cem, ada} {
		waitFor(t, "it is let in everywhere", func() bool { return d.text(ref) == "A last word. words" })
	}
	cem.until("nothing is set aside", id, func(s app.Space) bool { return s.Quarantined == 0 })
}

// A person has all their devices, and is removed with them.
func TestAPersonWithTwoDevices(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("words")
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	phone, tablet := ben.links("phone"), ben.links("tablet")
	ada.until("Ben has three devices", id, func(s app.Space) bool { return len(s.Members) == 2 && len(s.Members[1].Devices) == 3 })
	if m, _ := ada.sees(id, "Ben"); m.Device != ben.Device().String() || m.Devices[1].Label != "phone" || m.Devices[1].Device != phone.Device().String() {
		t.Errorf("Ada sees Ben as %+v", m)
	}
	if found, err := ada.FindMember(id, phone.Device().String()); err != nil || found.Name != "Ben" {
		t.Errorf("the phone is that of %+v (%v)", found, err)
	}

	// He has the latest when one of his devices has, and is once in the list.
	ada.must(ben.SetOffline(true))
	ada.must(tablet.SetOffline(true))
	ada.must(phone.Connect(phone.ctx, ada.Network().Addresses[0]))
	_, err := ada.Edit(ada.ctx, ref, app.Edit{Insert: "More "})
	ada.must(err)
	waitFor(t, "Ben's phone has the latest", func() bool {
		status, err := ada.DocumentStatus(id, ref.Document)
		return err == nil && len(status.Members) == 1 && status.Members[0].HasLatest && status.Members[0].Connected &&
			status.Members[0].Device == ben.Device().String() && !status.Members[0].You
	})
	own, err := phone.DocumentStatus(id, ref.Document)
	if err != nil || len(own.Members) != 2 || !own.Members[1].You || own.Members[0].You {
		t.Errorf("to the phone the status is %+v (%v)", own, err)
	}

	// A device that is taken out knows that its person was not.
	_, err = phone.RevokeDevice(phone.ctx, tablet.Device())
	ada.must(err)
	ada.must(tablet.SetOffline(false))
	ada.must(tablet.Connect(tablet.ctx, phone.Network().Addresses[0]))
	tablet.until("the tablet is out", id, func(s app.Space) bool { return s.YouWere == app.WereRevoked && s.Role == app.NoRole })
	if err := tablet.LeaveSpace(tablet.ctx, id); codeOf(err) != app.CodeNoMember {
		t.Errorf("leaving with it: %v", err)
	}
	ada.must(ada.RemoveMember(ada.ctx, id, phone.Device()))
	phone.until("the phone is out", id, func(s app.Space) bool { return s.YouWere == app.WereRemoved })
	ada.must(ben.SetOffline(false))
	ada.must(ben.Connect(ben.ctx, ada.Network().Addresses[0]))
	ben.until("so is the first device", id, func(s app.Space) bool { return s.YouWere == app.WereRemoved })
}

func TestFindingPeople(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, _ := ada.space("words")
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	whole := ben.Device().String()
	for _, typed := range []string{whole, whole[:20], whole[len("12D3KooW"):][:12], " " + whole + " "} {
		if m, err := ada.FindMember(id, typed); err != nil || m.Name != "Ben" {
			t.Errorf("%q finds %+v (%v)", typed, m, err)
		}
	}
	for typed, want := range map[string]app.Code{"": app.CodeInvalid, "12D3KooW": app.CodeAmbiguous, "Ben": app.CodeNotFound} {
		if _, err := ada.FindMember(id, typed); codeOf(err) != want {
			t.Errorf("%q: %v, want %s", typed, err, want)
		}
	}
}
