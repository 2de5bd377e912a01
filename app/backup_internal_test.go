package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/crdt"
	"parley/space"
)

// sampleBackup is a small backup that is good, of real records.
func sampleBackup(t testing.TB) []byte {
	t.Helper()
	l, err := At(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Options{Locations: l, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.SetPerson(t.Context(), Person{Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	id, err := a.CreateSpace(t.Context(), "Park")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.CreateDocument(t.Context(), id, NewDocument{Kind: "text", Title: "Plan", Markdown: "Benches."}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.AddFile(t.Context(), id, "text/plain", strings.NewReader("a file")); err != nil {
		t.Fatal(err)
	}
	var made bytes.Buffer
	if _, err := a.Backup(t.Context(), &made); err != nil {
		t.Fatal(err)
	}
	return made.Bytes()
}

// checkBackup reads all of a backup, as Restore does before it writes.
func checkBackup(raw []byte) error {
	check := newBackupCheck()
	_, _, err := readBackup(bytes.NewReader(raw), check.visitor())
	if err == nil {
		err = check.end()
	}
	return err
}

// TestNoFlippedBitAndNoCutIsTaken flips a bit of every byte, and cuts at every
// length.
func TestNoFlippedBitAndNoCutIsTaken(t *testing.T) {
	raw := sampleBackup(t)
	if err := checkBackup(raw); err != nil {
		t.Fatal(err)
	}
	source := rand.New(rand.NewPCG(1, 2))
	for at := range raw {
		flipped := bytes.Clone(raw)
		flipped[at] ^= 1 << source.IntN(8)
		err := checkBackup(flipped)
		if err == nil {
			t.Errorf("a flipped bit at %d of %d was taken", at, len(raw))
		}
		said(t, err)
	}
	for size := range raw {
		if err := checkBackup(raw[:size]); !errors.Is(err, errBackupCut) {
			t.Errorf("the first %d bytes of %d: %v", size, len(raw), err)
		}
	}
	if err := checkBackup(append(bytes.Clone(raw), 0)); !errors.Is(err, errBackupDamaged) {
		t.Errorf("with something behind it: %v", err)
	}
}

// said makes sure that what is wrong with a backup has words of its own.
func said(t *testing.T, err error) {
	t.Helper()
	source := &backupSource{options: RestoreOptions{File: "b"}}
	var told *Error
	if err != nil && !errors.As(source.explain(err), &told) {
		t.Errorf("there are no words for %v", err)
	}
}

// TestALockedBackupIsNotTakenDamaged is the same of one behind a passphrase.
// Unlocking takes long on purpose, so it looks at every region, not at every
// byte.
func TestALockedBackupIsNotTakenDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backup")
	plain := sampleBackup(t)
	var locked bytes.Buffer
	w, err := EncryptBackup(&locked, []byte("willow and reed"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw := locked.Bytes()
	if bytes.Contains(raw, []byte("parley")) || bytes.Contains(raw, []byte("Benches")) {
		t.Error("something of it can be read")
	}
	read := func(raw []byte, passphrase string) error {
		t.Helper()
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		source := &backupSource{options: RestoreOptions{
			File: path, Passphrase: func() ([]byte, error) { return []byte(passphrase), nil },
		}}
		check := newBackupCheck()
		_, _, err := source.read(t.Context(), check.visitor())
		return source.explain(err)
	}
	code := func(err error) Code {
		var told *Error
		if !errors.As(err, &told) {
			return ""
		}
		return told.Code
	}
	if err := read(raw, "willow and reed"); err != nil {
		t.Fatal(err)
	}
	if err := read(raw, "willow"); code(err) != CodeWrongPassphrase {
		t.Errorf("another passphrase: %v", err)
	}
	header := bytes.Index(raw, []byte("\n--- ")) + 5
	for name, at := range map[string]int{
		"the salt": bytes.Index(raw, []byte("scrypt ")) + 9, "the header's seal": header + 3, "the nonce": header + 50,
		"the middle": (header + len(raw)) / 2, "the end": len(raw) - 1,
	} {
		flipped := bytes.Clone(raw)
		flipped[at] ^= 2
		if err := read(flipped, "willow and reed"); code(err) != CodeUnreadable && code(err) != CodeWrongPassphrase {
			t.Errorf("a flipped bit in %s: %v", name, err)
		}
	}
	for _, size := range []int{30, header, header + 50, (header + len(raw)) / 2, len(raw) - 1} {
		if err := read(raw[:size], "willow and reed"); code(err) != CodeUnreadable {
			t.Errorf("the first %d bytes of %d: %v", size, len(raw), err)
		}
	}
}

// TestBackupsThatAreMadeUp puts together what no device would.
func TestBackupsThatAreMadeUp(t *testing.T) {
	seed := [32]byte{7}
	device := space.KeyFromSeed(seed).Device().String()
	version := func(w *backupWriter) error { return w.record([]byte("mv"), []byte{0, 0, 0, 0, 0, 0, 0, 1}) }
	key := func(w *backupWriter) error { return w.file("device.key", formatKey(seed)) }
	file := func(name, content string) func(*backupWriter) error {
		return func(w *backupWriter) error { return w.file(name, []byte(content)) }
	}
	end := (*backupWriter).end
	made := func(steps ...func(*backupWriter) error) error {
		var raw bytes.Buffer
		w, err := newBackupWriter(&raw, backupHeader{Device: device, Made: time.Unix(1, 0)})
		for _, step := range steps {
			if err == nil {
				err = step(w)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		return checkBackup(raw.Bytes())
	}
	if err := made(key, version, end); err != nil {
		t.Fatal(err)
	}
	if err := made(key, file("settings.json", `{"person":{"name":"Ada"}}`), file("addresses.json", `{}`), version, end); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"no key":           made(version, end),
		"no version":       made(key, end),
		"two keys":         made(key, key, version, end),
		"another's key":    made(file("device.key", string(formatKey([32]byte{8}))), version, end),
		"a path":           made(key, file("../device.key", "x"), version, end),
		"another file":     made(key, file("store.key", "x"), version, end),
		"settings":         made(key, file("settings.json", "{"), version, end),
		"a late file":      made(key, version, file("settings.json", "{}"), end),
		"an unknown key":   made(key, version, func(w *backupWriter) error { return w.record([]byte("z"), nil) }, end),
		"no key at all":    made(key, func(w *backupWriter) error { return w.record(nil, nil) }, version, end),
		"two headers":      made(key, func(w *backupWriter) error { return w.put(backupHead, []byte(`{}`)) }, version, end),
		"an unknown frame": made(key, func(w *backupWriter) error { return w.put('x') }, version, end),
		"a wrong count":    made(key, version, func(w *backupWriter) error { w.records++; return w.end() }),
	} {
		if !errors.Is(err, errBackupDamaged) && !errors.Is(err, crdt.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := made(key, version, end, end); !errors.Is(err, errBackupDamaged) {
		t.Errorf("two ends: %v", err)
	}
	newer := func(w *backupWriter) error { return w.record([]byte("mv"), []byte{0, 0, 0, 0, 0, 0, 1, 0}) }
	if err := made(key, newer, end); !errors.Is(err, crdt.ErrNewer) {
		t.Errorf("of a newer store: %v", err)
	}
	if err := checkBackup([]byte("parley-backup-2\n........")); !errors.Is(err, errBackupVersion) {
		t.Errorf("in a newer format: %v", err)
	}
	if err := checkBackup([]byte("PK\x03\x04 something else entirely")); !errors.Is(err, errNoBackup) {
		t.Errorf("something else: %v", err)
	}
}

// TestABackupThatPromisesMuchTakesLittle announces frames that never come.
func TestABackupThatPromisesMuchTakesLittle(t *testing.T) {
	raw := append([]byte(backupMagic), 0, 0x80, 0, 0, 'h')
	if err := checkBackup(raw); !errors.Is(err, errBackupCut) {
		t.Error(err)
	}
	raw[len(backupMagic)] = 0xff
	if err := checkBackup(raw); !errors.Is(err, errBackupDamaged) {
		t.Error(err)
	}
	allocated := testing.AllocsPerRun(1, func() { _ = checkBackup(raw) })
	if allocated > 1000 {
		t.Errorf("%v allocations", allocated)
	}
}

func TestABackupEndsWhenItIsCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(path, sampleBackup(t), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	source := &backupSource{options: RestoreOptions{File: path}}
	if _, _, err := source.read(ctx, newBackupCheck().visitor()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// FuzzReadBackup shows that no bytes break the reader, that what is wrong with
// them has words, and that what it takes can be written again and is taken
// again.
func FuzzReadBackup(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte(backupMagic))
	f.Fuzz(func(t *testing.T, raw []byte) {
		check := newBackupCheck()
		visitor := check.visitor()
		var again bytes.Buffer
		var w *backupWriter
		_, left, err := readBackup(bytes.NewReader(raw), backupVisitor{
			header: func(h backupHeader) (err error) {
				w, err = newBackupWriter(&again, h)
				return errors.Join(err, visitor.header(h))
			},
			file: func(name string, content []byte) error {
				return errors.Join(w.file(name, content), visitor.file(name, content))
			},
			record: func(key, value []byte) error {
				return errors.Join(w.record(key, value), visitor.record(key, value))
			},
		})
		if err == nil {
			err = check.end()
		}
		said(t, err)
		if err != nil {
			return
		}
		w.left = left
		if err := w.end(); err != nil {
			t.Fatal(err)
		}
		if err := checkBackup(again.Bytes()); err != nil {
			t.Errorf("written again: %v", err)
		}
	})
}
