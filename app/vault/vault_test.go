package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

const (
	rightPassphrase = "correct horse battery"
	otherPassphrase = "quite another staple"
)

func TestMain(m *testing.M) {
	if actor := os.Getenv("VAULT_TEST_ACT"); actor != "" {
		act(actor)
		return
	}
	if os.Getenv("VAULT_TEST_SESSION") != "" {
		os.Exit(m.Run()) // the library keeps its connection to the bus for good
	}
	goleak.VerifyTestMain(m)
}

// memory is a keyring that a test can look into and take away.
type memory struct {
	mu      sync.Mutex
	secrets map[string][]byte
	fails   error // what everything fails with
}

func newMemory() *memory { return &memory{secrets: make(map[string][]byte)} }

func (m *memory) Get(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	secret, ok := m.secrets[name]
	if m.fails != nil {
		return nil, m.fails
	}
	if !ok {
		return nil, ErrNoEntry
	}
	return bytes.Clone(secret), nil
}

func (m *memory) Set(_ context.Context, name string, secret []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails == nil {
		m.secrets[name] = bytes.Clone(secret)
	}
	return m.fails
}

func (m *memory) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails == nil {
		delete(m.secrets, name)
	}
	return m.fails
}

// box is a vault in a directory of its own.
type box struct {
	*Vault
	t       *testing.T
	keyring *memory
	key     *Key
}

func newBox(t *testing.T, keyring *memory) *box {
	t.Helper()
	b := &box{t: t, keyring: keyring}
	path := filepath.Join(t.TempDir(), "store.key")
	if keyring == nil {
		b.Vault = At(path, nil)
	} else {
		b.Vault = At(path, keyring)
	}
	key, refused, err := b.Create(t.Context())
	if err != nil || refused != nil {
		t.Fatal(err, refused)
	}
	b.key = key
	return b
}

// under is what every guard must hold: the key is the same, the file is its
// owner's alone, nothing is left beside it or in the keyring.
func (b *box) under(guard Guard, passphrase string) {
	b.t.Helper()
	if got, err := b.Guard(); got != guard || err != nil {
		b.t.Errorf("the guard is %q (%v), want %q", got, err, guard)
	}
	key, err := b.Open(b.t.Context(), []byte(passphrase))
	if err != nil {
		b.t.Fatalf("under %s: %v", guard, err)
	}
	if !key.equal(b.key) {
		b.t.Errorf("under %s the key is another one", guard)
	}
	info, err := os.Stat(b.path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		b.t.Errorf("the key file is %v (%v)", info, err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(b.path), "*"))
	if err != nil || len(left) != 1 {
		b.t.Errorf("in the directory are %v (%v)", left, err)
	}
	raw, err := os.ReadFile(b.path)
	if err != nil || bytes.Contains(raw, b.key.bytes[:]) {
		b.t.Errorf("the key lies in the open (%v)", err)
	}
	if b.keyring == nil {
		return
	}
	entries := slices.Collect(maps.Keys(b.keyring.secrets))
	if want := map[Guard]int{InKeyring: 1}[guard]; len(entries) != want {
		b.t.Errorf("under %s the keyring holds %d entries, want %d", guard, len(entries), want)
	}
	for _, secret := range b.keyring.secrets {
		if bytes.Equal(secret, b.key.bytes[:]) {
			b.t.Error("the keyring holds the key itself, which should be wrapped")
		}
	}
}

func TestANewKeyIsInTheKeyring(t *testing.T) {
	newBox(t, newMemory()).under(InKeyring, "")
}

func TestWithoutAKeyringANewKeyIsInAFile(t *testing.T) {
	newBox(t, nil).under(InFile, "")
	for _, reason := range []error{ErrNoKeyring, ErrKeyringLocked, context.DeadlineExceeded} {
		keyring := newMemory()
		keyring.fails = reason
		v := At(filepath.Join(t.TempDir(), "store.key"), keyring)
		_, refused, err := v.Create(t.Context())
		if err != nil || !errors.Is(refused, reason) {
			t.Errorf("made with a keyring that fails with %v: %v, %v", reason, refused, err)
		}
		if guard, err := v.Guard(); guard != InFile || err != nil {
			t.Errorf("the guard is %q (%v)", guard, err)
		}
	}
}

func TestEveryGuardTurnsIntoEveryOther(t *testing.T) {
	b := newBox(t, newMemory())
	phrase := ""
	for _, step := range []struct {
		to   Guard
		next string
	}{
		{InFile, ""},
		{ByPassphrase, rightPassphrase},
		{ByPassphrase, otherPassphrase},
		{InKeyring, ""},
		{InKeyring, ""},
		{ByPassphrase, rightPassphrase},
		{InFile, ""},
		{InKeyring, ""},
	} {
		dropped, err := b.Change(t.Context(), step.to, []byte(phrase), []byte(step.next))
		if err != nil || dropped != nil {
			t.Fatalf("to %s: %v, %v", step.to, err, dropped)
		}
		phrase = step.next
		b.under(step.to, phrase)
	}
}

func TestWhatDoesNotFitChangesNothing(t *testing.T) {
	b := newBox(t, newMemory())
	if _, err := b.Change(t.Context(), ByPassphrase, nil, []byte(rightPassphrase)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		do   func() error
		want error
	}{
		"open without":    {func() error { _, err := b.Open(t.Context(), nil); return err }, ErrPassphraseNeeded},
		"open with wrong": {func() error { _, err := b.Open(t.Context(), []byte(otherPassphrase)); return err }, ErrWrongPassphrase},
		"open with short": {func() error { _, err := b.Open(t.Context(), []byte("short")); return err }, ErrWrongPassphrase},
		"change without":  {func() error { _, err := b.Change(t.Context(), InFile, nil, nil); return err }, ErrPassphraseNeeded},
		"change, wrong":   {func() error { _, err := b.Change(t.Context(), InFile, []byte(otherPassphrase), nil); return err }, ErrWrongPassphrase},
		"change to short": {func() error {
			_, err := b.Change(t.Context(), ByPassphrase, []byte(rightPassphrase), []byte("seven 7"))
			return err
		}, ErrPassphrase},
		"change to bytes": {func() error {
			_, err := b.Change(t.Context(), ByPassphrase, []byte(rightPassphrase), []byte("\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc"))
			return err
		}, ErrPassphrase},
		"change to a book": {func() error {
			_, err := b.Change(t.Context(), ByPassphrase, []byte(rightPassphrase), bytes.Repeat([]byte("x"), 2000))
			return err
		}, ErrPassphrase},
		"a second key": {func() error { _, _, err := b.Create(t.Context()); return err }, fs.ErrExist},
	} {
		if err := try.do(); !errors.Is(err, try.want) {
			t.Errorf("%s: %v, want %v", name, err, try.want)
		}
		if after, err := os.ReadFile(b.path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s changed the file (%v)", name, err)
		}
	}
	b.keyring.fails = ErrKeyringLocked
	if _, err := b.Change(t.Context(), InKeyring, []byte(rightPassphrase), nil); !errors.Is(err, ErrKeyringLocked) {
		t.Errorf("a locked keyring was taken: %v", err)
	}
	b.keyring.fails = nil
	b.under(ByPassphrase, rightPassphrase)
}

func TestALostKeyringSaysSo(t *testing.T) {
	b := newBox(t, newMemory())
	for _, reason := range []error{ErrNoKeyring, ErrKeyringLocked} {
		b.keyring.fails = reason
		if _, err := b.Open(t.Context(), nil); !errors.Is(err, reason) {
			t.Errorf("opened with a keyring that fails with %v: %v", reason, err)
		}
	}
	b.keyring.fails = nil
	if _, err := At(b.path, nil).Open(t.Context(), nil); !errors.Is(err, ErrNoKeyring) {
		t.Errorf("opened without a keyring: %v", err)
	}
	if _, err := At(b.path, newMemory()).Open(t.Context(), nil); !errors.Is(err, ErrNoEntry) {
		t.Errorf("opened with another keyring: %v", err)
	}
	for name := range b.keyring.secrets {
		b.keyring.secrets[name] = bytes.Repeat([]byte{7}, KeySize)
	}
	if _, err := b.Open(t.Context(), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("opened with another secret: %v", err)
	}
}

// TestTheSamePassphraseOnEveryKeyboard types a letter as one character and as
// two, which look the same.
func TestTheSamePassphraseOnEveryKeyboard(t *testing.T) {
	b := newBox(t, nil)
	if _, err := b.Change(t.Context(), ByPassphrase, nil, []byte("Bu\u0308rgergarten")); err != nil {
		t.Fatal(err)
	}
	b.under(ByPassphrase, "B\u00fcrgergarten")
}

func TestAManipulatedFileCostsNothing(t *testing.T) {
	b := newBox(t, nil)
	if _, err := b.Change(t.Context(), ByPassphrase, nil, []byte(rightPassphrase)); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]string{
		"4 TiB":          `{"time":3,"memory":4294967295,"threads":4}`,
		"512 MiB":        `{"time":3,"memory":524288,"threads":4}`,
		"nothing at all": `{"time":3,"memory":8,"threads":1}`,
		"hours":          `{"time":4294967295,"memory":65536,"threads":4}`,
		"no pass":        `{"time":0,"memory":65536,"threads":4}`,
		"no thread":      `{"time":3,"memory":65536,"threads":0}`,
		"many threads":   `{"time":3,"memory":65536,"threads":255}`,
		"null":           `null`,
	} {
		t.Run(name, func(t *testing.T) {
			var fields map[string]json.RawMessage
			if err := json.Unmarshal(copies(good)[0], &fields); err != nil {
				t.Fatal(err)
			}
			fields["argon2id"] = json.RawMessage(p)
			bad, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(b.path, twice(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Open(t.Context(), []byte(rightPassphrase)); !errors.Is(err, ErrDamaged) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

// TestAFlippedBitLocksNobodyOut flips every bit of every kind of file, and cuts
// every byte off its end: a bit costs nothing and is found, and whatever is
// missing opens nothing else.
func TestAFlippedBitLocksNobodyOut(t *testing.T) {
	for _, b := range []*box{newBox(t, nil), newBox(t, newMemory())} {
		good, err := os.ReadFile(b.path)
		if err != nil {
			t.Fatal(err)
		}
		spoil := func(bad []byte) {
			if err := os.WriteFile(b.path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for bit := range len(good) * 8 {
			bad := bytes.Clone(good)
			bad[bit/8] ^= 1 << (bit % 8)
			spoil(bad)
			key, err := b.Open(t.Context(), nil)
			if err != nil || !key.equal(b.key) {
				t.Fatalf("bit %d: %v", bit, err)
			}
			if bit%50 != 0 {
				continue
			}
			if spoilt, err := b.Mend(t.Context(), nil); !spoilt || err != nil {
				t.Fatalf("bit %d: mended %v, %v", bit, spoilt, err)
			}
			if mended, err := os.ReadFile(b.path); err != nil || Spoilt(mended) {
				t.Fatalf("bit %d: %q (%v)", bit, mended, err)
			}
			if spoilt, err := b.Mend(t.Context(), nil); spoilt || err != nil {
				t.Fatalf("bit %d: mended again %v, %v", bit, spoilt, err)
			}
		}
		for n := range good {
			spoil(good[:n])
			key, err := b.Open(t.Context(), nil)
			if err == nil && !key.equal(b.key) || err != nil && !errors.Is(err, ErrDamaged) {
				t.Fatalf("cut to %d bytes: %v", n, err)
			}
		}
	}
}

// TestASpoiltFileUnderAPassphrase flips bits of the wrapped key, which only
// opening it can find.
func TestASpoiltFileUnderAPassphrase(t *testing.T) {
	b := newBox(t, nil)
	if _, err := b.Change(t.Context(), ByPassphrase, nil, []byte(rightPassphrase)); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(good, []byte(`"wrapped": "`)) + 20
	for _, at := range []int{at, at + len(good)/2} {
		bad := bytes.Clone(good)
		bad[at] ^= 1
		if err := os.WriteFile(b.path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Open(t.Context(), []byte("another passphrase")); !errors.Is(err, ErrWrongPassphrase) {
			t.Errorf("opened: %v", err)
		}
		if spoilt, err := b.Mend(t.Context(), []byte(rightPassphrase)); !spoilt || err != nil {
			t.Errorf("mended %v, %v", spoilt, err)
		}
		b.under(ByPassphrase, rightPassphrase)
	}
}

func TestAFileOfANewerVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.key")
	if err := os.WriteFile(path, []byte(`{"version":2,"guard":"moon"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := At(path, nil).Open(t.Context(), nil); !errors.Is(err, ErrNewer) {
		t.Errorf("opened: %v", err)
	}
	if _, err := At(path+"2", nil).Open(t.Context(), nil); !errors.Is(err, ErrMissing) {
		t.Errorf("opened: %v", err)
	}
}

func TestAKeyIsInNoText(t *testing.T) {
	key := newBox(t, nil).key
	for _, text := range []string{fmt.Sprint(key), fmt.Sprintf("%v %+v %#v %s %x", key, key, key, key, key)} {
		if !strings.Contains(text, "(a key)") && strings.Contains(text, fmt.Sprintf("%x", key.bytes[:4])) {
			t.Errorf("the key is in %q", text)
		}
	}
	key.Wipe()
	if key.bytes != [KeySize]byte{} {
		t.Error("the key was not wiped")
	}
}

func TestASealedFileIsForOneKeyAndOneName(t *testing.T) {
	key, other := newKey(), newKey()
	for _, plain := range [][]byte{{}, []byte("x"), bytes.Repeat([]byte("secret"), 5000)} {
		sealed := key.Seal("settings.json", plain)
		if !IsSealed(sealed) || len(plain) > 1 && bytes.Contains(sealed, plain) {
			t.Errorf("%q is not sealed", sealed)
		}
		if got, err := key.Unseal("settings.json", sealed); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("unsealed %q, %v", got, err)
		}
		if _, err := key.Unseal("device.key", sealed); err == nil {
			t.Error("one file passed for another")
		}
		if _, err := other.Unseal("settings.json", sealed); err == nil {
			t.Error("another key opened it")
		}
		for n := range min(len(sealed), 200) {
			if _, err := key.Unseal("settings.json", sealed[:n]); err == nil && n < len(sealed)/2-1 {
				t.Errorf("opened cut to %d of %d bytes", n, len(sealed))
			}
			bad := bytes.Clone(sealed)
			bad[n] ^= 4
			if got, err := key.Unseal("settings.json", bad); err != nil || !bytes.Equal(got, plain) || !IsSealed(bad) || !Spoilt(bad) {
				t.Errorf("with a flipped bit at %d: %q, %v", n, got, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, guard := range []Guard{InFile, ByPassphrase, InKeyring} {
		v := At(filepath.Join(f.TempDir(), "store.key"), newMemory())
		made, err := v.wrap(f.Context(), newKey(), guard, []byte(rightPassphrase))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(made.format())
	}
	f.Add([]byte(`{"version":1,"guard":"file"}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		parsed, err := parse(raw)
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		for _, f := range parsed {
			again, err := parse(f.format())
			if err != nil || len(again) != 1 || fmt.Sprint(again[0]) != fmt.Sprint(f) && f.Argon2id == nil {
				t.Errorf("%q was read as %+v and then as %+v (%v)", raw, f, again, err)
			}
		}
	})
}

func FuzzUnseal(f *testing.F) {
	key := &Key{}
	f.Add(key.Seal("name", []byte("content")))
	f.Add([]byte(sealedHeader))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if plain, err := key.Unseal("name", raw); err == nil && string(plain) != "content" {
			t.Errorf("%q was opened as %q", raw, plain)
		}
	})
}
