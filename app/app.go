// Package app puts the parts together and says what can be asked of a device:
// by a window (Window), by a script (the operations of App). It knows every
// part and every path; the parts know nothing of each other but what lies
// below them. What a person is told, in words, is written here.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"parley/app/vault"
	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/materialize"
	"parley/p2p"
	"parley/space"
)

// Options say which device to open, and how.
type Options struct {
	Locations Locations
	// Network opens the device to others. Without it, the device reads and
	// writes what it has, and tells others when it is opened with it.
	Network bool
	// Listen are the multiaddrs to listen on. Without any, the device listens
	// on the ports it had last time, or on free ones.
	Listen []string
	// MDNS looks for other devices on the local network.
	MDNS bool
	// MapPorts asks the router of this network to let others in.
	MapPorts bool
	// Table are the multiaddrs at which a keeper serves the hash table in which
	// members of spaces that are looked for widely find each other.
	Table []string
	// Keyring is the platform's, where the key of a new device is kept. Without
	// one, the key lies in a file.
	Keyring vault.Keyring
	// Passphrase opens a device that is locked with one. The caller may wipe it
	// when Open has returned.
	Passphrase []byte

	leave bool       // what cannot be read of documents as it is: to be looked at
	frame *frameFile // of the Door that opens the device; nil: there is none

	// KeepUnused is how long a file stays that no document refers to; 0: 30
	// days.
	KeepUnused time.Duration
	// Log gets what a person need not see.
	Log *slog.Logger
}

// App is one open device. It is safe for concurrent use. Close ends it.
type App struct {
	locations Locations
	key       space.Key
	log       *slog.Logger
	settings  *settingsFile
	vault     *vault.Vault
	guarding  sync.Mutex // one change of the guard at a time
	storeKey  *vault.Key
	backend   *badger.Backend // the store's
	child     *materialize.Child
	store     *crdt.Store
	node      *p2p.Node
	frugal    *frugality
	news      *news
	notices   *notices
	places    places
	readers   readers
	windows   atomic.Int32 // that are open
	index     indexCache
	rooms     rooms
	linking   linking
	knocking  knocking
	handed    handed
	seating   sync.Mutex // one at a time of what concerns this person's seats

	background context.Context    // of what runs in the background
	cancel     context.CancelFunc // ends it
	running    sync.WaitGroup
}

// Open opens the device in its data directory, and makes it where there is
// none. It fails with an Error whose code is CodeLocked, CodeWrongPassphrase,
// CodeKeyring, CodeUnwritable, CodeInUse, CodeNewer, CodeDamagedKey or
// CodeMissingKey where one of these is the reason; then it has changed nothing,
// but that a directory of an earlier version may have got a key to be
// encrypted with.
func Open(ctx context.Context, o Options) (_ *App, err error) {
	if err := prepareData(o.Locations); err != nil {
		return nil, err
	}
	storeKey, err := unlock(ctx, o)
	if err != nil {
		return nil, err
	}
	key, inClear, err := loadKey(o.Locations, storeKey)
	if err != nil {
		storeKey.Wipe()
		return nil, err
	}
	a := &App{
		locations: o.Locations, key: key, log: o.Log, news: newNews(),
		vault: vault.At(o.Locations.StoreKey(), o.Keyring), storeKey: storeKey,
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	a.notices, err = openNotices(o.Locations.Notices(), storeKey, o.Log, func() { a.news.ring(topic{event: EventNotices}) })
	if err != nil {
		return a, err
	}
	if err = a.openStore(ctx, o); err != nil {
		return a, err
	}
	// After the store, whose lock keeps two processes from doing this at once.
	if err = a.recogniseDirectory(); err != nil {
		return a, err
	}
	if inClear {
		if err = sealKey(o.Locations, storeKey, key); err != nil {
			return a, err
		}
	}
	if err = a.mendKeys(ctx, o.Passphrase); err != nil {
		return a, err
	}
	if err = a.sealAddresses(); err != nil {
		return a, err
	}
	var aside string
	if a.settings, aside, err = openSettings(o.Locations.Settings(), storeKey); err != nil {
		return a, err
	}
	if aside != "" {
		a.log.Warn("settings could not be read and were put aside", "file", aside)
		a.notices.add(Notice{ID: string(NoticeSettingsAside), Code: NoticeSettingsAside, Values: map[string]string{"file": aside}})
	}
	if err = a.adoptFrame(o.frame); err != nil {
		return a, err
	}
	a.frugal = newFrugality()
	if err = a.openNode(ctx, o); err != nil {
		return a, err
	}
	a.background, a.cancel = context.WithCancel(context.Background())
	a.running.Go(func() { a.ringForMoves(a.background) })
	a.running.Go(func() { a.giveMemoryBack(a.background) })
	a.running.Go(func() { a.watchPower(a.background) })
	a.running.Go(func() { a.noteIncidents(a.background) })
	a.running.Go(func() { a.restoreRoles(a.background) })
	a.running.Go(func() { a.tendSeats(a.background) })
	a.running.Go(func() {
		if err := a.store.Run(a.background); err != nil && !errors.Is(err, context.Canceled) {
			a.log.Error("tend store", "err", err)
		}
	})
	if err = a.mend(ctx); err != nil {
		return a, err
	}
	a.knockForAll()
	return a, nil
}

// adoptFrame takes what is a window's out of the settings, where an earlier
// version kept it.
func (a *App) adoptFrame(frame *frameFile) (err error) {
	if frame == nil {
		if frame, err = openFrame(a.locations.Frame()); err != nil {
			return err
		}
	}
	return frame.adopt(a.settings)
}

// mend finishes what an earlier run was killed in the middle of.
func (a *App) mend(ctx context.Context) error {
	if a.Person() == nil {
		if err := a.recallPerson(); err != nil {
			return fmt.Errorf("mend person: %w", err)
		}
	}
	// What another device of this person has said meanwhile is not said over.
	if person := a.Person(); person != nil && a.settings.get().Unsaid {
		if err := a.introduce(ctx, person.toSpace()); err != nil {
			return fmt.Errorf("mend person: %w", err)
		}
	}
	a.mendRooms(ctx)
	return a.mendIndexes(ctx)
}

func (a *App) openStore(ctx context.Context, o Options) error {
	key := a.storeKey.Store()
	defer clear(key) // Badger has a copy of its own
	backend, saved, err := openBackend(ctx, badger.Options{Dir: a.locations.Store(), Key: key, Log: a.log})
	a.noteSalvaged(saved, "")
	if err != nil {
		return a.explainStore(err)
	}
	a.backend = backend
	a.child = materialize.New(materialize.Options{Log: a.log})
	a.store, err = crdt.Open(crdt.Options{
		Backend: backend, Device: a.Device(), Materializer: a.child, Log: a.log, Report: a.notices.hear,
		Refused:   func(space.ID) { a.news.ring(topic{event: EventSpaces}) },
		BlobGrace: o.KeepUnused,
	})
	if err != nil {
		return a.explainStore(errors.Join(err, backend.Close()))
	}
	if o.leave {
		return nil
	}
	// Before anybody adds to what is not whole.
	if err := a.store.Heal(ctx); err != nil {
		a.log.Warn("documents of which something cannot be read stay as they are", "err", err)
	}
	a.noteSalvaged(saved, strconv.Itoa(a.notices.heardOfDamage()))
	return nil
}

// explainStore finds the words for a store that does not open.
func (a *App) explainStore(err error) error {
	dir := a.locations.Data()
	switch {
	case errors.Is(err, badger.ErrInUse):
		return wrapError(CodeInUse, fmt.Sprintf(
			"Parley is already running with the directory %s. Use the window that is open, or start with another directory (--data) or profile.", dir), err)
	case errors.Is(err, badger.ErrWrongKey):
		return wrapError(CodeDamagedKey, fmt.Sprintf(
			"The key in %s does not belong to the work in this directory. Nothing was changed. Put back the file that was there before.", a.locations.StoreKey()), err)
	case errors.Is(err, crdt.ErrNewer):
		return wrapError(CodeNewer, fmt.Sprintf(
			"The work in %s was saved by a newer Parley, which this one cannot read. Nothing was changed. Install the newer version.", dir), err)
	case errors.Is(err, badger.ErrNotWritable), isUnwritable(err):
		return unwritable(dir, err)
	}
	return fmt.Errorf("open store: %w", err)
}

// prepareData makes sure that the data directory exists, is this user's alone,
// and takes files.
func prepareData(l Locations) error {
	if err := os.MkdirAll(l.Data(), 0o700); err != nil {
		return unwritable(l.Data(), err)
	}
	closeToOthers(l.Data())
	probe, err := os.CreateTemp(l.Data(), "writable.*")
	if err != nil {
		return unwritable(l.Data(), err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return unwritable(l.Data(), err)
	}
	return nil
}

// closeToOthers takes from other users of the computer what they may do with a
// directory of this one. Where it cannot be done, as on a disk that knows no
// modes, it stays as it is: what is in there is encrypted.
func closeToOthers(dir string) {
	info, err := os.Stat(dir)
	if err == nil && runtime.GOOS != "windows" && ownedByMe(info) && info.Mode().Perm()&0o077 != 0 {
		_ = os.Chmod(dir, 0o700)
	}
}

func unwritable(dir string, err error) error {
	return wrapError(CodeUnwritable, fmt.Sprintf(
		"Parley cannot write to its data directory %s (%v). Make it writable, or name another with --data.", dir, reason(err)), err)
}

func isUnwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOSPC)
}

// reason is what the system says is wrong, without the path that the sentence
// around it names already.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// Close stops everything, in the opposite order of Open. What was acknowledged
// is on disk already, so Close saves nothing. It may be called once.
func (a *App) Close() error {
	var errs []error
	// First the network, so that nobody hands in changes any more.
	if a.node != nil {
		errs = append(errs, a.node.Close())
	}
	// Then what runs in the background of the store.
	if a.cancel != nil {
		a.cancel()
	}
	a.running.Wait()
	// Then the child, so that nobody waits for it.
	if a.child != nil {
		errs = append(errs, a.child.Close())
	}
	// Last the store, which makes durable what is under way and then frees the
	// directory for another process.
	if a.store != nil {
		// A copy made from now on differs from one that was made before.
		if err := a.renewIncarnation(); err != nil {
			a.log.Warn("the directory's mark was not renewed", "err", err)
		}
		errs = append(errs, a.store.Close())
	}
	a.storeKey.Wipe()
	return errors.Join(errs...)
}

// Device is this device's ID.
func (a *App) Device() space.DeviceID { return a.key.Device() }

// Locations are the paths of this device.
func (a *App) Locations() Locations { return a.locations }

// SetStart says where a window begins that was nowhere before.
func (a *App) SetStart(at Place) error {
	return a.settings.change(func(s *settings) { s.Start = &at })
}

// now is the clock of the program. The parts below are given times.
func now() time.Time { return time.Now().UTC() }
