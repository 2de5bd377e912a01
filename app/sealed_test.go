package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"parley/app"
	"parley/app/vault"
)

// TestAFlippedBitInAKeyFileIsMended spoils the two files without which nothing
// can be read. The device opens as ever, writes them anew and says so.
func TestAFlippedBitInAKeyFileIsMended(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, dir, false)
	if err := d.SetPerson(d.ctx, app.Person{Name: "Amina"}); err != nil {
		t.Fatal(err)
	}
	device := d.Device()
	d.close()
	names := []string{"store.key", "device.key"}
	for at, name := range names {
		path := filepath.Join(dir, name)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		raw[at*len(raw)/2+40] ^= 1 // once in the first copy, once in the second
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d = openAt(t, dir, false)
	defer d.close()
	if d.Device() != device || d.Person() == nil || d.Person().Name != "Amina" {
		t.Errorf("the device is %s of %v", d.Device(), d.Person())
	}
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || vault.Spoilt(raw) {
			t.Errorf("%s is spoilt still (%v)", name, err)
		}
	}
	notices := d.Notices()
	if len(notices) != 1 || notices[0].Code != app.NoticeDamaged || notices[0].Values["files"] != "store.key, device.key" {
		t.Errorf("told: %+v", notices)
	}
}
