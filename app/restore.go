package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"filippo.io/age"

	"parley/app/vault"
	"parley/crdt"
	"parley/crdt/badger"
	"parley/space"
)

// RestoreOptions say what to restore, and where.
type RestoreOptions struct {
	File      string // the backup
	Locations Locations
	Keyring   vault.Keyring // the platform's, where the key of the restored device is kept; may be nil
	// Passphrase gives the one that the backup is locked with. It is asked only
	// where it is locked, and once.
	Passphrase func() ([]byte, error)
	// Tell says how things are going. May be nil.
	Tell func(sentence string)
	Log  *slog.Logger
}

// Restored says what was restored.
type Restored struct {
	Device     string    `json:"device"`
	Made       time.Time `json:"made"` // when the backup was
	Records    uint64    `json:"records"`
	Unreadable uint64    `json:"unreadable"` // records that the backup lacks

	Guard  vault.Guard `json:"guard"`            // what guards the key here
	Before vault.Guard `json:"before,omitempty"` // what guarded it where the backup was made, if that is known
}

// Weaker reports whether the work is easier to get at than where the backup was
// made: a passphrase is asked of whoever has the disk, a keyring of whoever is
// not logged in, a file of nobody.
func (r Restored) Weaker() bool {
	worth := map[vault.Guard]int{vault.InKeyring: 1, vault.ByPassphrase: 2}
	return worth[r.Guard] < worth[r.Before]
}

// Restore makes a data directory of a backup, in the place of none or of an
// empty one. It reads and checks all of the backup before it writes anything,
// writes beside that place, and moves the directory there when it is complete.
// Whatever fails, nothing is left. The restored device writes as actors that
// it never was before, so that the one that was backed up can write too.
//
// It fails with an Error whose code is CodeInvalid, CodeNotFound,
// CodeUnreadable, CodeNewer, CodeWrongPassphrase or CodeUnwritable, where one
// of these is the reason.
func Restore(ctx context.Context, o RestoreOptions) (Restored, error) {
	if err := vacant(o.Locations.Data()); err != nil {
		return Restored{}, err
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	source := &backupSource{options: o}
	o.Tell("Checking the backup.")
	check := newBackupCheck()
	_, _, err := source.read(ctx, check.visitor())
	if err == nil {
		err = check.end()
	}
	if err != nil {
		return Restored{}, source.explain(err)
	}
	o.Tell("The backup is complete. Restoring it.")
	made, err := restore(ctx, o, source)
	if err != nil {
		return Restored{}, source.explain(err)
	}
	return made, nil
}

// vacant fails unless there is nothing at a place.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return unwritable(dir, err)
	}
	return newError(CodeInvalid, fmt.Sprintf(
		"There is something in %s already. A backup is restored into a directory of its own: name one that does not exist yet (--data).", dir))
}

// restore writes what was checked.
func restore(ctx context.Context, o RestoreOptions, source *backupSource) (made Restored, err error) {
	target := o.Locations.Data()
	work := target + ".restoring"
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return Restored{}, unwritable(filepath.Dir(target), err)
	}
	if err := os.Mkdir(work, 0o700); errors.Is(err, fs.ErrExist) {
		return Restored{}, newError(CodeInvalid, fmt.Sprintf(
			"There is a directory %s, which an earlier try has left, or one that is going on. Look whether another is going on; if not, delete that directory and try again.", work))
	} else if err != nil {
		return Restored{}, unwritable(filepath.Dir(target), err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(work))
		}
	}()
	locations, err := At(work)
	if err != nil {
		return Restored{}, err
	}
	if made, err = restoreInto(ctx, o, locations, source); err != nil {
		return Restored{}, err
	}
	// Not every system renames onto a directory that is there, even if it is
	// empty. One that is not empty any more stays, and this fails.
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Restored{}, newError(CodeUnwritable, fmt.Sprintf(
			"The directory %s cannot be replaced (%v). Name one that does not exist yet, such as %s.", target, reason(err), filepath.Join(target, DefaultProfile)))
	}
	if err := os.Rename(work, target); err != nil {
		return Restored{}, fmt.Errorf("put the restored directory in its place: %w", err)
	}
	return made, syncDir(filepath.Dir(target))
}

// restoreInto fills a new data directory.
func restoreInto(ctx context.Context, o RestoreOptions, l Locations, source *backupSource) (made Restored, err error) {
	storeKey, err := unlock(ctx, Options{Locations: l, Keyring: o.Keyring, Log: o.Log})
	if err != nil {
		return Restored{}, err
	}
	defer storeKey.Wipe()
	derived := storeKey.Store()
	defer clear(derived)
	backend, err := badger.Open(badger.Options{Dir: l.Store(), Key: derived, Log: o.Log})
	if err != nil {
		return Restored{}, fmt.Errorf("make store: %w", err)
	}
	restorer := crdt.NewRestorer(backend)
	var device space.DeviceID
	progress := newProgress(o.Tell, "%s restored so far.")
	made.Records, made.Unreadable, err = source.read(ctx, backupVisitor{
		header: func(h backupHeader) error {
			made.Made, made.Before = h.Made, h.Guard
			return nil
		},
		file: func(name string, content []byte) error {
			if name == nameOf(Locations.DeviceKey) {
				seed, err := parseKey(content)
				if err != nil {
					return err
				}
				device = space.KeyFromSeed(seed).Device()
			}
			return replaceSealed(storeKey, filepath.Join(l.Data(), name), content)
		},
		record: func(key, value []byte) error {
			progress.add(len(key) + len(value))
			return restorer.Put(key, value)
		},
	})
	if err == nil {
		err = restorer.Flush()
	}
	if err == nil && made.Unreadable > 0 {
		err = crdt.MarkSuspect(backend) // then the first opening makes whole what is not
	}
	if err != nil {
		return Restored{}, errors.Join(err, backend.Close())
	}
	made.Device = device.String()
	if made.Guard, err = GuardAt(l); err != nil {
		return Restored{}, errors.Join(err, backend.Close())
	}
	store, err := crdt.Open(crdt.Options{Backend: backend, Device: device, Log: o.Log})
	if err != nil {
		return Restored{}, errors.Join(err, backend.Close())
	}
	if err := errors.Join(store.FreshLeases(), store.Close()); err != nil {
		return Restored{}, err
	}
	notices, err := openNotices(l.Notices(), storeKey, o.Log, func() {})
	if err != nil {
		return Restored{}, err
	}
	notices.add(Notice{
		ID: string(NoticeRestored), Code: NoticeRestored,
		Values: map[string]string{"file": filepath.Base(o.File)},
	})
	return made, nil
}

// backupSource is the file that is restored. It is read twice.
type backupSource struct {
	options    RestoreOptions
	passphrase []byte
}

// ageHeader is how a backup begins that is locked with a passphrase.
const ageHeader = "age-encryption.org/"

func (s *backupSource) read(ctx context.Context, visit backupVisitor) (records, left uint64, err error) {
	file, err := os.Open(s.options.File)
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	buffered := bufio.NewReaderSize(untilDone{ctx, file}, 1<<20)
	begin, err := buffered.Peek(len(ageHeader))
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, err
	}
	if !bytes.Equal(begin, []byte(ageHeader)) {
		return readBackup(buffered, visit)
	}
	if s.passphrase == nil {
		if s.passphrase, err = s.options.Passphrase(); err != nil {
			return 0, 0, err
		}
	}
	identity, err := age.NewScryptIdentity(string(s.passphrase))
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", age.ErrIncorrectIdentity, err)
	}
	opened, err := age.Decrypt(buffered, identity)
	if err != nil {
		return 0, 0, explainAge(err)
	}
	return readBackup(unlocked{opened}, visit)
}

// unlocked is a reader of a backup that was locked with a passphrase.
type unlocked struct{ from io.Reader }

func (r unlocked) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = explainAge(err)
	}
	return n, err
}

// explainAge tells what is wrong with the bytes of a locked backup from a
// passphrase that does not fit, and from a disk that fails.
func explainAge(err error) error {
	var disk *fs.PathError
	switch {
	case errors.As(err, &disk), errors.Is(err, context.Canceled), errors.Is(err, age.ErrIncorrectIdentity):
		return fmt.Errorf("unlock backup: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errBackupCut
	}
	return fmt.Errorf("%w: %w", errBackupDamaged, err)
}

// untilDone is a reader that fails once ctx is over.
type untilDone struct {
	ctx  context.Context
	from io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

// explain finds the words for what went wrong.
func (s *backupSource) explain(err error) error {
	file, dir := s.options.File, s.options.Locations.Data()
	var known *Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, crdt.ErrFull), errors.Is(err, syscall.ENOSPC):
		return wrapError(CodeUnwritable, fmt.Sprintf(
			"There is not enough room on the disk to restore the backup to %s. Nothing was left there. Make room, or name a directory on another disk (--data).", dir), err)
	case errors.Is(err, errBackupVersion), errors.Is(err, crdt.ErrNewer):
		return wrapError(CodeNewer, fmt.Sprintf(
			"The backup %s was made by a newer Parley, which this one cannot read. Nothing was written. Install the newer version.", file), err)
	case errors.Is(err, age.ErrIncorrectIdentity):
		return wrapError(CodeWrongPassphrase,
			"This is not the passphrase that the backup is locked with. Nothing was written. Try again; capital and small letters differ.", err)
	case errors.Is(err, errNoBackup):
		return wrapError(CodeUnreadable, fmt.Sprintf(
			"The file %s is not a backup of Parley. Nothing was written. Look for the right file.", file), err)
	case errors.Is(err, errBackupCut):
		return wrapError(CodeUnreadable, fmt.Sprintf(
			"The backup %s is not complete: its end is missing. Nothing was written. Copy it again from where it was made, or take an older one.", file), err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return wrapError(CodeNotFound, fmt.Sprintf("The backup %s cannot be opened (%v). Check its name, and who may read it.", file, reason(err)), err)
	}
	if errors.Is(err, errBackupDamaged) || errors.Is(err, crdt.ErrDamaged) {
		return wrapError(CodeUnreadable, fmt.Sprintf(
			"The backup %s is damaged (%v). Nothing was written. Copy it again from where it was made, or take an older one.", file, err), err)
	}
	return err
}
