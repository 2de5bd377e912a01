package app

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/app/vault"
)

func FuzzParseKey(f *testing.F) {
	f.Add(formatKey([32]byte{}))
	f.Add(formatKey(sha256.Sum256([]byte("seed"))))
	f.Add([]byte(keyFileHeader))
	f.Add([]byte("parley-device-key-1 00 00\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		seed, err := parseKey(raw)
		if err == nil && !bytes.Equal(formatKey(seed), raw) {
			t.Errorf("%q was read as another key", raw)
		}
	})
}

func TestADamagedKeyFileIsNeverTakenForAKey(t *testing.T) {
	good := formatKey(sha256.Sum256([]byte("seed")))
	for at := range good {
		for _, bad := range [][]byte{good[:at], bytes.Replace(good, good[at:at+1], []byte("x"), 1), append(bytes.Clone(good), ' ')} {
			if _, err := parseKey(bad); err == nil && !bytes.Equal(bad, good) {
				t.Fatalf("%q was read as a key", bad)
			}
		}
	}
	if _, err := parseKey([]byte(strings.ToUpper(string(good)))); err == nil {
		t.Error("another spelling was read as a key")
	}
}

// testKey is the store key of some directory.
func testKey(t *testing.T) *vault.Key {
	t.Helper()
	v := vault.At(filepath.Join(t.TempDir(), "store.key"), nil)
	key, _, err := v.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSettingsSurviveACrashAtAnyMoment(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	path := filepath.Join(dir, "settings.json")
	file, _, err := openSettings(path, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.change(func(s *settings) { s.Person = &Person{Name: "Ada"} }); err != nil {
		t.Fatal(err)
	}
	// What a crash in the middle of a write leaves behind does not matter.
	if err := os.WriteFile(path+".123", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, aside, err := openSettings(path, key)
	if err != nil || aside != "" || again.get().Person == nil || again.get().Person.Name != "Ada" {
		t.Errorf("read %+v, %v", again.get(), err)
	}
	if raw, err := os.ReadFile(path); err != nil || !vault.IsSealed(raw) || bytes.Contains(raw, []byte("Ada")) {
		t.Errorf("settings lie in the clear: %q (%v)", raw, err)
	}
	if _, aside, err := openSettings(path, testKey(t)); aside == "" || err != nil {
		t.Errorf("another key opened the settings (%v)", err)
	}
	info, err := os.Stat(path + damagedSuffix)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("settings hold secrets, and their mode is %v (%v)", info.Mode(), err)
	}
}

func TestSettingsThatCannotBeReadAreKeptAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "settings.json")
	for n, damaged := range []string{"", `{"person":{"name":"Ada"},"window":7}`, "nonsense"} {
		if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		file, aside, err := openSettings(path, testKey(t))
		if err != nil || file.get().Person != nil {
			t.Errorf("read %+v, %v", file, err)
		}
		want := path + ".damaged" + []string{"", ".2", ".3"}[n]
		if kept, err := os.ReadFile(aside); aside != want || err != nil || string(kept) != damaged {
			t.Errorf("%s holds %q (%v), want %q in %s", aside, kept, err, damaged, want)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there (%v)", path, err)
		}
	}
}

func TestPrivateDirRefusesWhatIsNotPrivate(t *testing.T) {
	root := t.TempDir()
	private := filepath.Join(root, "private")
	if err := PrivateDir(private); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(private, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := PrivateDir(private); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(private); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is open to others: %v, %v", info.Mode(), err)
	}
	if os.Getuid() == 0 {
		theirs := filepath.Join(root, "theirs")
		if err := errors.Join(os.Mkdir(theirs, 0o700), os.Chown(theirs, 12345, 12345)); err != nil {
			t.Fatal(err)
		}
		if PrivateDir(theirs) == nil || IsPrivateDir(theirs) == nil {
			t.Error("somebody else's directory was taken for a private one")
		}
	}
	link := filepath.Join(root, "link")
	if err := os.Symlink(private, link); err != nil {
		t.Fatal(err)
	}
	if err := PrivateDir(link); err == nil {
		t.Error("a link was taken for a private directory")
	}
}
