// Package vault keeps the key that a data directory is encrypted with. The key
// is 32 random bytes, drawn once and never changed; what guards it can change.
// It lies, wrapped by a second key, in one small file (docs/formats.md). Where
// that second key is, is the guard: in the platform's keyring, in the head of
// somebody who knows a passphrase, or in the same file. To change the guard is
// to wrap the key anew, whatever it has encrypted.
//
// This package knows files and keyrings. It does not know what is encrypted,
// nor the words in which a person is told what went wrong.
package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Guard is what keeps a key from whoever has the files.
type Guard string

// The guards.
const (
	InKeyring    Guard = "keyring"    // the platform's keyring
	ByPassphrase Guard = "passphrase" // what somebody knows
	InFile       Guard = "file"       // nothing but the file's mode
)

var (
	// ErrMissing is what a vault without a file fails with.
	ErrMissing = errors.New("there is no key file")
	// ErrDamaged is a file that is not a key file, or does not fit its guard.
	ErrDamaged = errors.New("the key file is damaged")
	// ErrNewer is a file written by a newer version.
	ErrNewer = errors.New("the key file is of a newer version")
	// ErrPassphraseNeeded asks for a passphrase where none was given.
	ErrPassphraseNeeded = errors.New("a passphrase is needed")
	// ErrWrongPassphrase is a passphrase that does not fit.
	ErrWrongPassphrase = errors.New("wrong passphrase")
	// ErrGuard is a guard that there is not.
	ErrGuard = errors.New("no such guard")
	// ErrPassphrase is a passphrase that cannot be taken: fewer than
	// MinPassphrase characters, more than MaxPassphrase bytes, or not text.
	ErrPassphrase = errors.New("unsuitable passphrase")
)

// Vault is the key file of one data directory. Its methods may be called from
// any goroutine; those that write are for the one process that has the
// directory open.
type Vault struct {
	path    string
	keyring Keyring // nil: there is none
}

// At is the vault whose file is at path. A nil keyring is a machine without
// one.
func At(path string, keyring Keyring) *Vault { return &Vault{path: path, keyring: keyring} }

// Guard says what guards the key. It fails with ErrMissing, ErrDamaged or
// ErrNewer.
func (v *Vault) Guard() (Guard, error) {
	said, err := v.read()
	if err != nil {
		return "", err
	}
	return said[0].Guard, nil
}

// Open gives the key. passphrase matters only where the guard is ByPassphrase;
// the caller may wipe it afterwards. Open changes nothing. It fails with
// ErrMissing, ErrDamaged, ErrNewer, ErrPassphraseNeeded, ErrWrongPassphrase,
// or, where the guard is InKeyring, an error of Keyring.
func (v *Vault) Open(ctx context.Context, passphrase []byte) (*Key, error) {
	said, err := v.read()
	if err != nil {
		return nil, err
	}
	key, _, err := v.first(ctx, said, passphrase)
	return key, err
}

// first opens the first of what a file says that opens.
func (v *Vault) first(ctx context.Context, said []file, passphrase []byte) (key *Key, f file, err error) {
	for _, f = range said {
		var failed error
		if key, failed = v.unwrap(ctx, f, passphrase); failed == nil {
			return key, f, nil
		}
		err = errors.Join(err, failed)
	}
	return nil, file{}, err
}

// Mend writes the file anew where one of its two copies is spoilt and the
// other opens, and says whether that was so. It fails like Open.
func (v *Vault) Mend(ctx context.Context, passphrase []byte) (spoilt bool, err error) {
	raw, err := os.ReadFile(v.path)
	if err != nil || !Spoilt(raw) {
		return false, err
	}
	said, err := parse(raw)
	if err != nil {
		return true, err
	}
	key, good, err := v.first(ctx, said, passphrase)
	if err != nil {
		return true, err
	}
	defer key.Wipe()
	return true, v.replace(ctx, good, key, passphrase)
}

// Create draws a key and keeps it in the keyring where there is one that
// answers, else in the file; refused says why the keyring was not taken, and
// is nil where it was or there is none. It fails with fs.ErrExist where
// there is a file already, made perhaps a moment ago by another process.
func (v *Vault) Create(ctx context.Context) (key *Key, refused, err error) {
	key = newKey()
	guard := InFile
	var f file
	if v.keyring != nil {
		if f, refused = v.wrap(ctx, key, InKeyring, nil); refused == nil {
			guard = InKeyring
		}
	}
	if guard == InFile {
		if f, err = v.wrap(ctx, key, InFile, nil); err != nil {
			return nil, refused, err
		}
	}
	if err = v.install(f, os.Link); err != nil {
		key.Wipe()
		return nil, refused, errors.Join(err, v.abandon(ctx, f))
	}
	return key, refused, nil
}

// Change puts the key under another guard, or under another passphrase. Where
// it was under a passphrase, that must be given as current. What guarded it
// until now is given up only after the new file has been read back and opened;
// a crash at any moment leaves one of the two, whole. dropped is an entry that
// could not be removed from the keyring: it opens nothing any more. Change
// fails like Open, and with ErrPassphrase or an error of Keyring; then nothing
// has changed.
func (v *Vault) Change(ctx context.Context, to Guard, current, passphrase []byte) (dropped, err error) {
	said, err := v.read()
	if err != nil {
		return nil, err
	}
	key, old, err := v.first(ctx, said, current)
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	next, err := v.wrap(ctx, key, to, passphrase)
	if err != nil {
		return nil, err
	}
	if err := v.replace(ctx, next, key, passphrase); err != nil {
		return nil, errors.Join(err, v.abandon(ctx, next))
	}
	return v.forget(ctx, old), nil
}

// replace puts a new file in the old one's place, once it has been read back
// and has given the key.
func (v *Vault) replace(ctx context.Context, next file, key *Key, passphrase []byte) error {
	return v.install(next, func(temp, path string) error {
		raw, err := os.ReadFile(temp)
		if err != nil {
			return err
		}
		written, err := parse(raw)
		if err != nil {
			return err
		}
		again, _, err := v.first(ctx, written, passphrase)
		if err != nil {
			return err
		}
		defer again.Wipe()
		if !key.equal(again) {
			return errors.New("the key that was read back is another one")
		}
		return os.Rename(temp, path)
	})
}

// wrap makes the file that holds key under a guard. Under InKeyring it makes
// an entry, under a name of its own, and reads it back.
func (v *Vault) wrap(ctx context.Context, key *Key, guard Guard, passphrase []byte) (f file, err error) {
	f = file{Version: version, Guard: guard}
	secret := newKey()
	defer secret.Wipe()
	switch guard {
	case InFile:
		f.Secret = bytes.Clone(secret.bytes[:])
	case ByPassphrase:
		f.Salt, f.Argon2id = make([]byte, saltSize), &recommended
		rand.Read(f.Salt) // never fails: it ends the process where there is no randomness
		normal, err := normalise(passphrase)
		if err != nil {
			return file{}, err
		}
		defer clear(normal)
		secret.Wipe()
		secret = derive(normal, f.Salt, *f.Argon2id)
		defer secret.Wipe()
	case InKeyring:
		if f.Entry, err = v.remember(ctx, secret); err != nil {
			return file{}, err
		}
	default:
		return file{}, fmt.Errorf("%w: %q", ErrGuard, guard)
	}
	f.Wrapped = secret.seal(f.context(), key.bytes[:])
	return f, nil
}

// unwrap takes the key out of a file.
func (v *Vault) unwrap(ctx context.Context, f file, passphrase []byte) (*Key, error) {
	secret := new(Key)
	defer func() { secret.Wipe() }()
	switch f.Guard {
	case InFile:
		copy(secret.bytes[:], f.Secret)
	case ByPassphrase:
		if len(passphrase) == 0 {
			return nil, ErrPassphraseNeeded
		}
		normal, err := normalise(passphrase)
		if err != nil {
			return nil, ErrWrongPassphrase // as nobody can have chosen it
		}
		defer clear(normal)
		secret = derive(normal, f.Salt, *f.Argon2id)
	case InKeyring:
		if v.keyring == nil {
			return nil, ErrKeyringUnused
		}
		raw, err := v.keyring.Get(ctx, f.Entry)
		if err != nil {
			return nil, fmt.Errorf("get key from keyring: %w", err)
		}
		if copy(secret.bytes[:], raw) != KeySize || len(raw) != KeySize {
			return nil, fmt.Errorf("%w: what the keyring has is no key", ErrDamaged)
		}
		clear(raw)
	}
	opened, err := secret.open(f.context(), f.Wrapped)
	switch {
	case err == nil && len(opened) == KeySize:
	case f.Guard == ByPassphrase:
		return nil, ErrWrongPassphrase
	default:
		return nil, fmt.Errorf("%w: it does not open with its %s", ErrDamaged, f.Guard)
	}
	key := &Key{bytes: [KeySize]byte(opened)}
	clear(opened)
	return key, nil
}

// remember puts a secret into the keyring and makes sure that it is there.
func (v *Vault) remember(ctx context.Context, secret *Key) (entry string, err error) {
	if v.keyring == nil {
		return "", ErrKeyringUnused
	}
	var id [16]byte
	rand.Read(id[:])
	entry = hex.EncodeToString(id[:])
	if err := v.keyring.Set(ctx, entry, secret.bytes[:]); err != nil {
		return "", fmt.Errorf("put key into keyring: %w", err)
	}
	again, err := v.keyring.Get(ctx, entry)
	if err != nil {
		return "", fmt.Errorf("read key back from keyring: %w", err)
	}
	defer clear(again)
	if !bytes.Equal(again, secret.bytes[:]) {
		return "", fmt.Errorf("read key back from keyring: %w", ErrDamaged)
	}
	return entry, nil
}

// forget removes what a file that is no longer in place has in the keyring.
func (v *Vault) forget(ctx context.Context, f file) error {
	if f.Entry == "" || v.keyring == nil {
		return nil
	}
	if err := v.keyring.Delete(ctx, f.Entry); err != nil && !errors.Is(err, ErrNoEntry) {
		return fmt.Errorf("remove key from keyring: %w", err)
	}
	return nil
}

// abandon forgets a file that could not be put in place, unless it got there
// after all and only the disk's word for it is missing.
func (v *Vault) abandon(ctx context.Context, f file) error {
	now, err := v.read()
	if err == nil && slices.ContainsFunc(now, func(now file) bool { return now.Entry == f.Entry }) || err != nil && !errors.Is(err, ErrMissing) {
		return nil
	}
	return v.forget(ctx, f)
}

// read reads the file.
func (v *Vault) read() ([]file, error) {
	raw, err := os.ReadFile(v.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	defer clear(raw)
	return parse(raw)
}

// install writes the file, synced, and lets place put it where it belongs:
// os.Link where there must be none yet.
func (v *Vault) install(f file, place func(temp, path string) error) (err error) {
	dir := filepath.Dir(v.path)
	temp, err := os.CreateTemp(dir, filepath.Base(v.path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	defer func() {
		if gone := os.Remove(temp.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	raw := f.format()
	defer clear(raw)
	_, err = temp.Write(raw)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = place(temp.Name(), v.path)
	}
	if err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	handle, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	if err := errors.Join(handle.Sync(), handle.Close()); err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	return nil
}
