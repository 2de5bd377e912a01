package app_test

import (
	"net"
	"strings"
	"testing"

	"parley/app"
	"parley/space"
)

// links makes another device of a person by a code, as both do it on screen.
func (d *device) links(label string) *device {
	d.t.Helper()
	code, err := d.LinkDevice(d.ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	other := openAt(d.t, d.t.TempDir(), true)
	d.t.Cleanup(other.close)
	if _, err := other.UseLink(other.ctx, code.Code, label); err != nil {
		d.t.Fatal(err)
	}
	return other
}

func (d *device) labels() []string {
	var labels []string
	for _, device := range d.Devices() {
		labels = append(labels, device.Label)
	}
	return labels
}

// TestASecondDeviceIsTheSamePerson: it takes the name and the spaces, what it
// writes reaches the first, and a name said on either is the name on both.
func TestASecondDeviceIsTheSamePerson(t *testing.T) {
	laptop := newDevice(t, "Ada")
	id, ref := laptop.space("Words. ")
	phone := laptop.links("Phone")
	if person := phone.Person(); person == nil || person.Name != "Ada" {
		t.Fatalf("the second device belongs to %+v", person)
	}
	if complete, err := phone.CatchUp(phone.ctx, id); err != nil || !complete {
		t.Fatalf("the second device has %t, %v", complete, err)
	}
	if got := phone.text(ref); got != "Words. " && got != "Words." {
		t.Errorf("the second device reads %q", got)
	}
	if got := strings.Join(phone.labels(), "|"); got != "Phone|" {
		t.Errorf("the second device lists %q, itself first", got)
	}
	page := phone.page(ref)
	defer page.close()
	if _, err := page.commit(page.types("From the phone. ")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the laptop reads what the phone wrote", func() bool {
		return strings.Contains(laptop.text(ref), "From the phone.")
	})
	if err := phone.RenameDevice(phone.ctx, laptop.Device(), "Laptop"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the laptop knows its name", func() bool { return laptop.Devices()[0].Label == "Laptop" })
	for _, d := range []*device{phone, laptop} {
		name := "Ada of " + d.Devices()[0].Label
		if err := d.SetPerson(d.ctx, app.Person{Name: name}); err != nil {
			t.Fatal(err)
		}
		for _, other := range []*device{phone, laptop} {
			waitFor(t, "both are called "+name, func() bool { return other.Person().Name == name })
		}
	}
	// Who was linked elsewhere is news there, and on no other screen.
	if notices := append(laptop.Notices(), phone.Notices()...); len(notices) != 0 {
		t.Errorf("the two were told of each other: %+v", notices)
	}
}

// TestALinkCodeWorksOnceAndWhileItIsOpen: not after it was used, cancelled or
// followed by another, and not for somebody without a space.
func TestALinkCodeWorksOnceAndWhileItIsOpen(t *testing.T) {
	laptop := newDevice(t, "Ada")
	if _, err := laptop.LinkDevice(laptop.ctx); codeOf(err) != app.CodeInvalid {
		t.Errorf("a link without a space: %v", err)
	}
	laptop.space("words")
	first, err := laptop.LinkDevice(laptop.ctx)
	if err != nil {
		t.Fatal(err)
	}
	second, err := laptop.LinkDevice(laptop.ctx)
	if err != nil {
		t.Fatal(err)
	}
	late := openAt(t, t.TempDir(), true)
	defer late.close()
	refused := func(what, code string) {
		t.Helper()
		if _, err := late.UseLink(late.ctx, code, ""); err == nil {
			t.Errorf("%s let a device in", what)
		}
		if len(late.Spaces()) != 0 || late.Person() != nil {
			t.Errorf("%s left %+v of %v", what, late.Spaces(), late.Person())
		}
	}
	refused("a code that was followed by another", first.Code)
	phone := openAt(t, t.TempDir(), true)
	defer phone.close()
	if _, err := phone.UseLink(phone.ctx, second.Code, "Phone"); err != nil {
		t.Fatal(err)
	}
	refused("a code that was used", second.Code)
	third, err := laptop.LinkDevice(laptop.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := laptop.CancelLink(laptop.ctx); err != nil {
		t.Fatal(err)
	}
	refused("a code that was cancelled", third.Code)
	for text, want := range map[string]app.Code{
		"":                                 app.CodeMalformed,
		"abandon abandon":                  app.CodeMalformed,
		third.Code[:40]:                    app.CodeMalformed,
		strings.Repeat("abandon ", 12):     app.CodeMalformed,
		"PARLEY1-" + third.Code[12:]:       app.CodeMalformed,
		third.Code + " and something else": app.CodeMalformed,
	} {
		if _, err := late.UseLink(late.ctx, text, ""); codeOf(err) != want {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
	}
	if _, err := late.UseLink(late.ctx, third.Code, strings.Repeat("x", space.MaxLabel+1)); codeOf(err) != app.CodeInvalid {
		t.Errorf("a name too long for a device: %v", err)
	}
}

// TestTheWordsOfALinkAreEnough where the two devices are connected already.
func TestTheWordsOfALinkAreEnough(t *testing.T) {
	laptop := newDevice(t, "Ada")
	laptop.space("words")
	code, err := laptop.LinkDevice(laptop.ctx)
	if err != nil {
		t.Fatal(err)
	}
	phone := openAt(t, t.TempDir(), true)
	defer phone.close()
	if err := phone.Connect(phone.ctx, laptop.Network().Addresses[0]); err != nil {
		t.Fatal(err)
	}
	var typed []string
	for _, word := range code.Words {
		typed = append(typed, strings.ToUpper(word[:min(4, len(word))]))
	}
	if _, err := phone.UseLink(phone.ctx, strings.Join(typed, "\n"), ""); err != nil {
		t.Fatal(err)
	}
	if phone.Person().Name != "Ada" {
		t.Errorf("the phone belongs to %v", phone.Person())
	}
}

// TestADeviceThatIsMissingASpaceSaysSo, and is brought there by another link.
func TestADeviceThatIsMissingASpaceSaysSo(t *testing.T) {
	laptop := newDevice(t, "Ada")
	laptop.space("words")
	phone := laptop.links("Phone")
	if _, err := laptop.CreateSpace(laptop.ctx, "Market"); err != nil {
		t.Fatal(err)
	}
	if missing := laptop.Devices()[1].Missing; len(missing) != 1 || missing[0] != "Market" {
		t.Fatalf("the phone is said to miss %v", missing)
	}
	known := laptop.Devices()
	code, err := laptop.LinkDevice(laptop.ctx)
	if err != nil {
		t.Fatal(err)
	}
	linked, err := phone.UseLink(phone.ctx, code.Code, "Phone")
	if err != nil || len(phone.Spaces()) != 2 {
		t.Fatalf("the phone took %+v, %v", linked, err)
	}
	if missing := laptop.Devices()[1].Missing; len(missing) != 0 {
		t.Errorf("the phone still misses %v", missing)
	}
	if device, err := laptop.AwaitDevice(laptop.ctx, known); err != nil || device.Label != "Phone" {
		t.Errorf("what waits for a device hears of %+v, %v", device, err)
	}
}

// Somebody who does not want to wait for a device that says nothing need not.
func TestASearchIsStoppedByWhoeverWaits(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan net.Conn, 1)
	go func() {
		if conn, err := silent.Accept(); err == nil {
			called <- conn
		}
	}()
	defer silent.Close()
	_, port, _ := net.SplitHostPort(silent.Addr().String())
	somebody := newDevice(t, "Ada").Device().String()
	fresh := openAt(t, t.TempDir(), true)
	defer fresh.close()
	window, closeWindow := fresh.OpenWindow(fresh.ctx, func(app.Event) {})
	defer closeWindow()
	if err := window.StopSearch(); err != nil {
		t.Errorf("where there is no search: %v", err)
	}
	words := "legal winner thank year wave sausage worth useful legal winner thank yellow"
	ended := make(chan error)
	go func() {
		_, err := window.Recover(words, "/ip4/127.0.0.1/tcp/"+port+"/p2p/"+somebody, "")
		ended <- err
	}()
	defer (<-called).Close()
	if err := window.StopSearch(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; codeOf(err) != app.CodeStopped {
		t.Errorf("it ended with %v", err)
	}
}
