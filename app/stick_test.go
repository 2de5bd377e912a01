package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/app"
	"parley/space"
)

// carriesOut makes a file in a window, after sending it an earlier one.
func (p *page) carriesOut(id space.ID, o app.CarryOptions, since []byte) ([]byte, error) {
	p.t.Helper()
	var to keeps
	app.DeliverBy(p.Window, &to)
	carriage, err := p.BeginCarriage("", int64(len(since)))
	if err != nil {
		return nil, err
	}
	made := make(chan error, 1)
	go func() {
		_, err := p.CarryOut(carriage, id.String(), o)
		made <- err
	}()
	if o.Since {
		p.sends(carriage, since)
	}
	if err := <-made; err != nil {
		return nil, err
	}
	if !strings.HasSuffix(to.name, ".parley-bundle") || strings.Contains(to.name, "Park") {
		p.t.Errorf("it is called %q", to.name)
	}
	return to.content.Bytes(), nil
}

// sends hands a file over in parts, until nobody wants more.
func (p *page) sends(carriage string, file []byte) {
	for first := true; first || len(file) > 0; first = false {
		part := file[:min(1000, len(file))]
		file = file[len(part):]
		if err := p.SendPart(carriage, part, len(file) == 0); err != nil {
			return
		}
	}
}

func (p *page) carriesIn(file []byte) (app.BundleTaken, error) {
	p.t.Helper()
	carriage, err := p.BeginCarriage("", int64(len(file)))
	if err != nil {
		return app.BundleTaken{}, err
	}
	type outcome struct {
		taken app.BundleTaken
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		taken, err := p.CarryIn(carriage)
		done <- outcome{taken, err}
	}()
	p.sends(carriage, file)
	told := <-done
	return told.taken, told.err
}

// TestAWindowCarries: out of one window, into another, back with what has
// changed, stopped in the middle, and refused.
func TestAWindowCarries(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("words")
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	if complete, err := ben.CatchUp(ben.ctx, id); err != nil || !complete {
		t.Fatal(complete, err)
	}
	ada.must(ada.SetOffline(true))
	ada.must(ben.SetOffline(true))
	hers := ada.page(ref)
	defer hers.close()
	if _, err := hers.commit(hers.types("New ")); err != nil {
		t.Fatal(err)
	}
	file, err := hers.carriesOut(id, app.CarryOptions{Files: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	told, ok := hers.hears(app.EventCarrying).Data.(app.CarryingData)
	if !ok || told.Of == 0 {
		t.Errorf("told %+v", told)
	}

	his := ben.page(ref)
	taken, err := his.carriesIn(file)
	if err != nil || taken.Updated != 1 || taken.New != 0 || taken.By != "Ada" || taken.Name != "Park" || taken.Joined {
		t.Errorf("Ben took in %+v, %v", taken, err)
	}
	if got := ben.text(ref); got != "New words" {
		t.Errorf("Ben reads %q", got)
	}
	// Whoever made a file has what is in it.
	if status, err := ben.DocumentStatus(id, ref.Document); err != nil || !status.Members[0].HasLatest {
		t.Errorf("Ben does not know that Ada has it: %+v, %v", status, err)
	}
	if status, err := ada.DocumentStatus(id, ref.Document); err != nil || status.Members[0].HasLatest {
		t.Errorf("Ada knows that Ben has it before he says so: %+v, %v", status, err)
	}
	his.close()
	his = ben.page(ref)
	defer his.close()
	if _, err := his.commit(his.types("Very ")); err != nil {
		t.Fatal(err)
	}
	answer, err := his.carriesOut(id, app.CarryOptions{Since: true, Document: ref.Document.String()}, file)
	if err != nil {
		t.Fatal(err)
	}
	if taken, err := hers.carriesIn(answer); err != nil || taken.Updated != 1 || taken.Waiting != 0 {
		t.Errorf("Ada took in %+v, %v", taken, err)
	}
	if got := ada.text(ref); got != "Very New words" {
		t.Errorf("Ada reads %q", got)
	}
	if status, err := ada.DocumentStatus(id, ref.Document); err != nil || !status.Members[0].HasLatest {
		t.Errorf("Ada does not know that Ben has it: %+v, %v", status, err)
	}

	// What goes wrong says so, and leaves nothing under way.
	for name, c := range map[string]struct {
		file []byte
		want app.Code
	}{
		"cut":     {file[:len(file)-100], app.CodeBrokenFile},
		"nothing": {nil, app.CodeNoBundle},
		"a text":  {[]byte("words"), app.CodeNoBundle},
	} {
		if _, err := his.carriesIn(c.file); codeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := his.carriesOut(id, app.CarryOptions{Since: true}, c.file); codeOf(err) != c.want {
			t.Errorf("since %s: %v", name, err)
		}
	}
	for range 20 {
		carriage, err := his.BeginCarriage("", 10)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := his.CarryIn(carriage)
			ended <- err
		}()
		if err := his.SendPart(carriage, file[:500], false); err != nil {
			t.Fatal(err)
		}
		ben.must(his.StopCarriage(carriage))
		if err := <-ended; codeOf(err) != app.CodeStopped {
			t.Errorf("stopped: %v", err)
		}
		if err := his.SendPart(carriage, file[500:], true); codeOf(err) != app.CodeStopped {
			t.Errorf("after it was stopped: %v", err)
		}
	}
}

// TestACarriedFileIsOpenedFromOutside: the window is given its name, and may take
// in that file and no other of the computer.
func TestACarriedFileIsOpenedFromOutside(t *testing.T) {
	ada := newDevice(t, "Ada")
	id, ref := ada.space("words")
	page := ada.page(ref)
	defer page.close()
	file, err := page.carriesOut(id, app.CarryOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "For Ben.parley-bundle")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, argument := range []string{name, "file://" + strings.ReplaceAll(name, " ", "%20")} {
		if got, err := app.ReadHanded(argument); err != nil || got != app.FileScheme+name {
			t.Errorf("%q gave %q, %v", argument, got, err)
		}
	}
	if _, err := page.BeginCarriage(app.FileScheme+name, 0); codeOf(err) != app.CodeNotFound {
		t.Errorf("a file that nobody has opened: %v", err)
	}
	ada.Hand(app.FileScheme + name)
	handed, err := page.TakeHanded()
	if err != nil {
		t.Fatal(err)
	}
	carriage, err := page.BeginCarriage(handed, 0)
	if err != nil {
		t.Fatal(err)
	}
	if taken, err := page.CarryIn(carriage); err != nil || taken.Name != "Park" || taken.New+taken.Updated+taken.Entries != 0 {
		t.Errorf("%+v, %v", taken, err)
	}
	if _, err := page.CarryIn(carriage); codeOf(err) != app.CodeStopped {
		t.Errorf("once more: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := page.BeginCarriage(handed, 0); codeOf(err) != app.CodeUnreadable {
		t.Errorf("a file that is gone: %v", err)
	}
}
