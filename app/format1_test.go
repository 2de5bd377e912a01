package app_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"parley/app"
	"parley/crdt"
	"parley/space"
)

// TestADeviceOfTheFirstFormatOpensWithEverythingInIt opens what a version wrote
// that had format 1, before stores were encrypted, twice: the second time it
// has been migrated.
func TestADeviceOfTheFirstFormatOpensWithEverythingInIt(t *testing.T) {
	busStop, err := os.ReadFile(filepath.Join("testdata", "format1", "bus-stop.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []struct {
		archive, person, role string
		spaces                map[string][]string
		codes                 int // of invitations made there that can still be used
	}{
		{"killed.tar.gz", "Amina", "facilitator", map[string][]string{"Mill Road": {"A better bus stop", "Every stop"}, "Allotments": {"Water"}}, 1},
		{"closed.tar.gz", "Jon", "editor", map[string][]string{"Mill Road": {"A better bus stop", "Every stop"}}, 0},
	} {
		t.Run(of.archive, func(t *testing.T) {
			dir := t.TempDir()
			archive := filepath.Join("testdata", "format1", of.archive)
			if out, err := exec.Command("tar", "-xzf", archive, "-C", dir).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for range 2 {
				d := openAt(t, dir, false)
				d.holds(of.person, of.role, of.spaces, of.codes, string(busStop))
				d.close()
			}
		})
	}
}

// holds checks what a device of the first format has.
func (d *device) holds(person, role string, want map[string][]string, codes int, busStop string) {
	d.t.Helper()
	if got := d.Person(); got == nil || !strings.HasPrefix(got.Name, person) {
		d.t.Fatalf("the device is %v's", got)
	}
	found := make(map[string][]string)
	made, listed := 0, 0
	for _, described := range d.Spaces() {
		id, err := d.FindSpace(described.ID)
		if err != nil {
			d.t.Fatal(err)
		}
		documents, err := d.Documents(d.ctx, id)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, document := range documents {
			found[described.Name] = append(found[described.Name], document.Title)
			d.holdsText(id, document, busStop)
		}
		list, err := d.Invitations(id)
		if err != nil {
			d.t.Fatal(err)
		}
		listed += len(list)
		for _, invitation := range list {
			if invitation.Code != "" {
				made++
			}
		}
		if described.Name == "Mill Road" {
			names := make(map[string]bool)
			for _, member := range described.Members {
				name, _, _ := strings.Cut(member.Name, " ")
				names[name] = true
			}
			if described.Role != role || !maps.Equal(names, map[string]bool{"Amina": true, "Jon": true}) {
				d.t.Errorf("as %s, with %v", described.Role, names)
			}
		}
	}
	if !maps.EqualFunc(found, want, func(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }) {
		d.t.Errorf("found %v", found)
	}
	if made != codes {
		d.t.Errorf("%d invitations have their codes", made)
	}
	if listed != 2 {
		d.t.Errorf("%d invitations", listed)
	}
}

// holdsText checks what a document says.
func (d *device) holdsText(id space.ID, document app.Document, busStop string) {
	d.t.Helper()
	found, err := d.FindDocument(d.ctx, id, document.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	raw, err := d.Show(d.ctx, crdt.Ref{Space: id, Document: found, Part: space.Body}, app.FormatMarkdown)
	if err != nil {
		d.t.Fatal(err)
	}
	text := string(raw)
	good := false
	switch document.Title {
	case "A better bus stop":
		good = strings.TrimSpace(text) == strings.TrimSpace(busStop)
	case "Every stop":
		good = len(text) > 64<<10 // it does not lie beside the keys
	case "Water":
		good = strings.TrimSpace(text) == "<br>" // an empty paragraph
	}
	if !good {
		d.t.Errorf("%q says other things: %d bytes, %.80q", document.Title, len(text), text)
	}
}
