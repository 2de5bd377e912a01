package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/app"
)

// TestWhatIsOpenedOutsideWaitsForAWindow: a link, a file and a bare code are
// the same, a window is given it once, and nothing is joined by that.
func TestWhatIsOpenedOutsideWaitsForAWindow(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	_, ref := ada.space("words")
	page := ada.page(ref)
	defer page.close()
	invitation, err := page.Invite(ref.Space.String(), app.InviteOptions{Role: "editor", Uses: 1})
	if err != nil {
		t.Fatal(err)
	}
	code := invitation.Code
	file := filepath.Join(t.TempDir(), "Park.parley-invite")
	if err := os.WriteFile(file, []byte("parley:"+code+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, argument := range []string{
		code, strings.ToLower(code), "parley:" + code, "PARLEY:" + code, "parley://" + code + "/",
		"parley:" + strings.Replace(code, "-", "%2D", 1), file, "file://" + file,
	} {
		if got, err := app.ReadHanded(argument); err != nil || got != code {
			t.Errorf("%.30q gave %.30q, %v", argument, got, err)
		}
	}
	for argument, want := range map[string]app.Code{
		"parley:" + code[:30]:            app.CodeMalformed,
		"parley:":                        app.CodeMalformed,
		filepath.Join(t.TempDir(), "no"): app.CodeNotFound,
		filepath.Dir(file):               app.CodeUnreadable,
	} {
		if _, err := app.ReadHanded(argument); codeOf(err) != want {
			t.Errorf("%.30q: %v, want %s", argument, err, want)
		}
	}

	events := make(chan app.Event, 100)
	window, closeWindow := ben.OpenWindow(ben.ctx, func(e app.Event) { events <- e })
	defer closeWindow()
	ben.Hand(code)
	for e := range events {
		if e.Name == app.EventHanded {
			break
		}
	}
	first, _ := window.TakeHanded()
	second, _ := window.TakeHanded()
	if first != code || second != "" {
		t.Errorf("the window was given %.30q and then %.30q", first, second)
	}
	if len(ben.Spaces()) != 0 {
		t.Error("a link that was opened has joined a space")
	}
}
