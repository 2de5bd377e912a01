package app_test

import (
	"strings"
	"testing"

	"parley/app"
)

// keepsSheet makes a recovery sheet and gives its words.
func (d *device) keepsSheet() string {
	d.t.Helper()
	sheet, err := d.NewRecoverySheet()
	if err != nil {
		d.t.Fatal(err)
	}
	words := strings.Join(sheet.Words, " ")
	if _, err := d.KeepRecoverySheet(d.ctx, words); err != nil {
		d.t.Fatal(err)
	}
	return words
}

// joins brings a device into another's space as an editor.
func (d *device) joins(other *device, space app.Space) {
	d.t.Helper()
	page, closePage := other.OpenWindow(other.ctx, func(app.Event) {})
	defer closePage()
	invitation, err := page.Invite(space.ID, app.InviteOptions{Role: "editor", Uses: 1})
	if err != nil {
		d.t.Fatal(err)
	}
	code, err := app.ParseCode(invitation.Code)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Join(d.ctx, code); err != nil {
		d.t.Fatal(err)
	}
}

// TestWordsOnPaperBringAPersonBack into all their spaces, those included that
// came after the sheet, through somebody else, with no device of theirs left.
func TestWordsOnPaperBringAPersonBack(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	if _, err := ada.NewRecoverySheet(); codeOf(err) != app.CodeInvalid {
		t.Errorf("a sheet without a space: %v", err)
	}
	if state := ada.RecoveryState(); state.Made != nil {
		t.Errorf("before a sheet was made: %+v", state)
	}
	id, ref := ada.space("words")
	words := ada.keepsSheet()
	if _, err := ada.CreateSpace(ada.ctx, "Market"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the sheet covers the later space", func() bool {
		state := ada.RecoveryState()
		return state.Covers == 2 && state.Of == 2
	})
	for _, space := range ada.Spaces() {
		ben.joins(ada, space)
	}
	if complete, err := ben.CatchUp(ben.ctx, id); err != nil || !complete {
		t.Fatal(complete, err)
	}
	if err := ada.SetOffline(true); err != nil {
		t.Fatal(err)
	}

	again := openAt(t, t.TempDir(), true)
	defer again.close()
	recovered, err := again.Recover(again.ctx, strings.ToUpper(words), ben.Network().Addresses[0], "New laptop")
	if err != nil {
		t.Fatal(err)
	}
	if recovered.Person.Name != "Ada" || len(recovered.Spaces) != 2 {
		t.Errorf("brought back %+v", recovered)
	}
	for _, space := range again.Spaces() {
		if space.Role != "facilitator" {
			t.Errorf("in %s Ada is %s now", space.Name, space.Role)
		}
	}
	if complete, err := again.CatchUp(again.ctx, id); err != nil || !complete {
		t.Fatal(complete, err)
	}
	if got := strings.TrimSpace(again.text(ref)); got != "words" {
		t.Errorf("the new device reads %q", got)
	}
	if devices := again.Devices(); len(devices) != 2 || devices[0].Label != "New laptop" || len(devices[1].Spaces) != 2 {
		t.Errorf("the devices to choose from are %+v", devices)
	}
	if state := again.RecoveryState(); state.Made == nil || state.Covers != 2 {
		t.Errorf("after that the sheet is worth %+v", state)
	}
}

// TestANewSheetEndsTheOldOne, on another device of the same person too, and
// words that belong to no sheet are nobody's.
func TestANewSheetEndsTheOldOne(t *testing.T) {
	laptop := newDevice(t, "Ada")
	laptop.space("words")
	old := laptop.keepsSheet()
	phone := laptop.links("Phone")
	waitFor(t, "the phone knows of the sheet", func() bool { return phone.RecoveryState().Covers == 1 })
	words := phone.keepsSheet()
	waitFor(t, "the laptop knows of the new sheet", func() bool {
		mine, theirs := laptop.RecoveryState(), phone.RecoveryState()
		return mine.Covers == 1 && mine.Made.Equal(*theirs.Made)
	})
	again := openAt(t, t.TempDir(), true)
	defer again.close()
	address := laptop.Network().Addresses[0]
	unknown := "legal winner thank year wave sausage worth useful legal winner thank yellow"
	for what, typed := range map[string]string{"the words of an older sheet": old, "anybody's words": unknown} {
		if _, err := again.Recover(again.ctx, typed, address, ""); err == nil {
			t.Errorf("%s brought somebody back", what)
		}
	}
	for typed, want := range map[string]string{
		"legal winner":   "There are 2 words",
		words + " legal": "There are 13 words",
		"x" + words:      "Word 1",
		strings.Replace(unknown, "yellow", "zoo", 1): "do not belong together",
	} {
		_, err := again.Recover(again.ctx, typed, address, "")
		if codeOf(err) != app.CodeMalformed || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	if _, err := again.Recover(again.ctx, words, address, ""); err != nil {
		t.Error(err)
	}
}
