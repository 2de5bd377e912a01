package app_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/app"
	"parley/app/vault"
	"parley/crdt"
	"parley/space"
)

const passphrase = "the heron eats at dusk"

// ring is a keyring in memory.
type ring struct {
	mu      sync.Mutex
	secrets map[string][]byte
}

func (r *ring) Get(_ context.Context, name string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if secret, ok := r.secrets[name]; ok {
		return bytes.Clone(secret), nil
	}
	return nil, vault.ErrNoEntry
}

func (r *ring) Set(_ context.Context, name string, secret []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets[name] = bytes.Clone(secret)
	return nil
}

func (r *ring) Delete(_ context.Context, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.secrets, name)
	return nil
}

func options(t *testing.T, dir string) app.Options {
	t.Helper()
	locations, err := app.At(dir)
	if err != nil {
		t.Fatal(err)
	}
	return app.Options{Locations: locations, Log: slog.New(slog.DiscardHandler)}
}

// lockedDevice is the directory of a device that is locked with the passphrase.
func lockedDevice(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	d := openAt(t, dir, false)
	defer d.close()
	if err := d.SetPerson(d.ctx, app.Person{Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	if err := d.SetGuard(d.ctx, vault.ByPassphrase, nil, []byte(passphrase)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestALockedDeviceOpensThroughItsDoor(t *testing.T) {
	o := options(t, lockedDevice(t))
	if _, err := app.Open(t.Context(), o); codeOf(err) != app.CodeLocked {
		t.Errorf("without the passphrase: %v", err)
	}
	attended := 0
	door, err := app.NewDoor(o, func(*app.App) func() error {
		attended++
		return func() error { attended--; return nil }
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := door.Open(t.Context(), nil); !app.IsLocked(err) || door.App() != nil {
		t.Errorf("the door opened by itself (%v)", err)
	}
	told := make(chan app.Event, 8)
	var panes []*app.Pane
	for range 2 {
		pane, closePane := door.OpenWindow(t.Context(), func(e app.Event) { told <- e })
		defer closePane()
		panes = append(panes, pane)
	}
	lock, locked := panes[0].Target().(*app.Lock)
	if !locked {
		t.Fatalf("a locked device answers as %T", panes[0].Target())
	}
	if _, err := lock.Hello(); codeOf(err) != app.CodeLocked {
		t.Errorf("the locked device greeted: %v", err)
	}
	for _, wrong := range []string{"not this one", "", strings.ToUpper(passphrase)} {
		if err := lock.Unlock(wrong); !app.IsLocked(err) {
			t.Errorf("unlocked with %q: %v", wrong, err)
		}
	}
	if err := lock.Unlock(passphrase); err != nil {
		t.Fatal(err)
	}
	for range panes {
		select {
		case e := <-told:
			if e.Name != app.EventUnlocked {
				t.Errorf("a window was told %q", e.Name)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a window that waited was not told")
		}
	}
	for _, pane := range panes {
		window, open := pane.Target().(*app.Window)
		if !open {
			t.Fatalf("an open device answers as %T", pane.Target())
		}
		welcome, err := window.Hello()
		if err != nil || welcome.Person == nil || welcome.Person.Name != "Ada" {
			t.Errorf("greeted with %+v, %v", welcome, err)
		}
		if err := window.Unlock("whatever"); err != nil {
			t.Errorf("what is open was unlocked again: %v", err)
		}
		if pane.Target() != any(window) {
			t.Error("the pane has another window")
		}
	}
	if err := lock.Unlock("whatever"); err != nil || attended != 1 {
		t.Errorf("a late Unlock: %v; attended %d times", err, attended)
	}
	t.Cleanup(func() {
		if err := door.Close(); err != nil || attended != 0 {
			t.Errorf("closed with %v, still attended %d times", err, attended)
		}
	})
}

func TestADoorThatIsNeverOpened(t *testing.T) {
	door, err := app.NewDoor(options(t, lockedDevice(t)), app.Unattended)
	if err != nil {
		t.Fatal(err)
	}
	pane, closePane := door.OpenWindow(t.Context(), func(app.Event) { t.Error("it was unlocked") })
	access, err := door.BrowserAccess()
	if err != nil || access.Token == "" {
		t.Errorf("no link to a locked device: %v", err)
	}
	if err := door.SetWindowSize(app.WindowSize{Width: 700, Height: 600}); err != nil {
		t.Error(err)
	}
	again, err := app.NewDoor(options(t, door.Locations().Data()), app.Unattended)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := again.BrowserAccess(); err != nil || kept != access || again.WindowSize().Width != 700 {
		t.Errorf("kept were %+v and %+v (%v)", kept, again.WindowSize(), err)
	}
	closePane()
	if err := errors.Join(door.Close(), again.Close()); err != nil {
		t.Error(err)
	}
	if err := pane.Target().(*app.Lock).Unlock(passphrase); codeOf(err) != app.CodeClosed || door.App() != nil {
		t.Errorf("a closed door opened: %v", err)
	}
}

// TestAStolenDiskGivesNothing looks for what is secret in every file that a
// device leaves behind.
func TestAStolenDiskGivesNothing(t *testing.T) {
	keyring := &ring{secrets: make(map[string][]byte)}
	for _, guard := range []vault.Guard{vault.InKeyring, vault.ByPassphrase} {
		t.Run(string(guard), func(t *testing.T) {
			o := options(t, t.TempDir())
			o.Keyring, o.Network, o.Listen = keyring, true, []string{"/ip4/127.0.0.1/tcp/0"}
			opened, err := app.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			d := &device{App: opened, t: t, ctx: t.Context()}
			if err := d.SetPerson(d.ctx, app.Person{Name: "Zebediah Quux"}); err != nil {
				t.Fatal(err)
			}
			id, _ := d.space("Parsnips in the glasshouse")
			invitation, err := d.Invite(d.ctx, id, space.Editor, 1, time.Hour, app.LetIn)
			if err != nil {
				t.Fatal(err)
			}
			if guard == vault.ByPassphrase {
				if err := d.SetGuard(d.ctx, guard, nil, []byte(passphrase)); err != nil {
					t.Fatal(err)
				}
				if len(keyring.secrets) != 1 { // that of the other device
					t.Errorf("the keyring keeps %d entries", len(keyring.secrets))
				}
			}
			code, err := app.ParseCode(invitation.Code)
			if err != nil {
				t.Fatal(err)
			}
			key := keyOfWith(t, o, guard)
			d.close()
			secrets := map[string][]byte{
				"a name": []byte("Zebediah Quux"), "a text": []byte("Parsnips"), "a space": []byte("Park"),
				"a title": []byte("Plan"), "the device": []byte(d.Device().String()), "the device's key": key,
				"the device's key in hex": []byte(hex.EncodeToString(key)), "an invitation": []byte(hex.EncodeToString(code.Secret[:])),
			}
			err = filepath.WalkDir(o.Locations.Data(), func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				raw, err := os.ReadFile(path)
				for what, secret := range secrets {
					if bytes.Contains(raw, secret) {
						t.Errorf("%s lies in the clear in %s", what, path)
					}
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// keyOfWith reads the seed of a device's key.
func keyOfWith(t *testing.T, o app.Options, guard vault.Guard) []byte {
	t.Helper()
	key, err := vault.At(o.Locations.StoreKey(), o.Keyring).Open(t.Context(), []byte(passphrase))
	if err != nil {
		t.Fatalf("under %s: %v", guard, err)
	}
	raw, err := os.ReadFile(o.Locations.DeviceKey())
	if err == nil {
		raw, err = key.Unseal("device.key", raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	seed, err := hex.DecodeString(strings.Fields(string(raw))[1])
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

// TestADirectoryOfTheFirstFormatIsSealed opens what was written before there
// was encryption, and looks whether all of it is there, and in the clear no
// more.
func TestADirectoryOfTheFirstFormatIsSealed(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "format1", "bus-stop.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"killed", "closed"} {
		t.Run(name, func(t *testing.T) {
			dir := unpack(t, filepath.Join("testdata", "format1", name+".tar.gz"))
			before := readAll(t, dir)
			for range 2 {
				d := openAt(t, dir, false)
				if d.Person() == nil {
					t.Error("the person is forgotten")
				}
				found := false
				for _, id := range d.SpaceIDs() {
					documents, err := d.Documents(d.ctx, id)
					if err != nil {
						t.Fatal(err)
					}
					for _, document := range documents {
						if document.Title != "A better bus stop" {
							continue
						}
						found = true
						at, err := d.FindDocument(d.ctx, id, document.ID)
						if err != nil {
							t.Fatal(err)
						}
						got, err := d.Show(d.ctx, crdt.Ref{Space: id, Document: at, Part: space.Body}, app.FormatMarkdown)
						if err != nil || !bytes.Equal(got, want) {
							t.Errorf("the document reads %.80q…, want %.80q… (%v)", got, want, err)
						}
					}
				}
				if !found {
					t.Error("the document is not there")
				}
				d.close()
			}
			for _, file := range []string{"device.key", "settings.json", "addresses.json"} {
				raw, err := os.ReadFile(filepath.Join(dir, file))
				if err != nil || !vault.IsSealed(raw) || bytes.Equal(raw, before[file]) {
					t.Errorf("%s is not sealed (%v)", file, err)
				}
			}
			seed := strings.Fields(string(before["device.key"]))[1]
			for path, raw := range readAll(t, dir) {
				if bytes.Contains(raw, []byte(seed)) || bytes.Contains(raw, want[:24]) {
					t.Errorf("%s holds something in the clear", path)
				}
			}
		})
	}
}

// readAll reads every file below a directory.
func readAll(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			files[name], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// unpack unpacks an archive into a directory of its own.
func unpack(t *testing.T, file string) string {
	t.Helper()
	packed, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unzipped, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Clean("/"+header.Name))
		if header.FileInfo().IsDir() {
			continue
		}
		raw, err := io.ReadAll(archive)
		if err == nil {
			err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, raw, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
