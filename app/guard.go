package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"parley/app/vault"
)

// unlock gives the key of the data directory, and draws one for a directory
// that has none. It fails with an Error whose code is CodeLocked,
// CodeWrongPassphrase, CodeKeyring, CodeDamagedKey, CodeMissingKey or
// CodeNewer.
func unlock(ctx context.Context, o Options) (*vault.Key, error) {
	v := vault.At(o.Locations.StoreKey(), o.Keyring)
	key, err := v.Open(ctx, o.Passphrase)
	if !errors.Is(err, vault.ErrMissing) {
		return key, explainVault(o.Locations, err)
	}
	if raw, err := os.ReadFile(o.Locations.DeviceKey()); err == nil && vault.IsSealed(raw) {
		return nil, newError(CodeMissingKey, fmt.Sprintf(
			"The file %s is missing, and without it the work in this directory cannot be read. Put the file back from a backup, or start with another directory (--data).",
			o.Locations.StoreKey()))
	}
	key, refused, err := v.Create(ctx)
	if errors.Is(err, fs.ErrExist) { // another process was quicker
		key, err = v.Open(ctx, o.Passphrase)
	}
	if refused != nil {
		o.Log.Info("the platform's keyring was not used", "err", refused)
	}
	return key, explainVault(o.Locations, err)
}

// explainVault finds the words for a key that cannot be had, or changed.
func explainVault(l Locations, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, vault.ErrPassphraseNeeded):
		return wrapError(CodeLocked,
			"The work on this computer is locked with a passphrase. Type it when you are asked, or name a file that holds it with --passphrase-file.", err)
	case errors.Is(err, vault.ErrWrongPassphrase):
		return wrapError(CodeWrongPassphrase, "This is not the passphrase. Nothing was changed. Try again; capital and small letters differ.", err)
	case errors.Is(err, vault.ErrPassphrase):
		return wrapError(CodeInvalid, fmt.Sprintf(
			"A passphrase needs %d characters or more. A few words that only you would put together are good, and easy to keep in mind.", vault.MinPassphrase), err)
	case errors.Is(err, vault.ErrGuard):
		return wrapError(CodeInvalid, "The key can be kept in the keyring, behind a passphrase or in a file, and nowhere else.", err)
	case errors.Is(err, vault.ErrKeyringLocked):
		return wrapError(CodeKeyring,
			"The key to the work on this computer is in your keyring, and the keyring is locked. Unlock it (logging in at this computer's screen does that) and try again.", err)
	case errors.Is(err, vault.ErrKeyringUnused):
		return wrapError(CodeKeyring,
			"The key to the work on this computer is in your keyring, and Parley was told to leave the keyring alone (--no-keyring, or PARLEY_KEYRING=false). Start it without that.", err)
	case errors.Is(err, vault.ErrNoKeyring):
		return wrapError(CodeKeyring,
			"The key to the work on this computer is in your keyring, and no keyring answers here, as it does only while you are logged in at this computer's screen. Log in there and try again; for work over SSH or from cron, change to a passphrase there (parley-node key passphrase).", err)
	case errors.Is(err, vault.ErrNoEntry):
		return wrapError(CodeKeyring,
			"Your keyring answers, but the key to the work on this computer is not in it. If you have more than one keyring, or were given a new one, open the one that you used when you last worked here. Nothing was changed.", err)
	case errors.Is(err, vault.ErrNewer):
		return wrapError(CodeNewer, fmt.Sprintf(
			"The work in %s was saved by a newer Parley, which this one cannot read. Nothing was changed. Install the newer version.", l.Data()), err)
	case errors.Is(err, vault.ErrDamaged):
		return wrapError(CodeDamagedKey, fmt.Sprintf(
			"The file %s is damaged, and without it the work in this directory cannot be read. Nothing was changed. Put back a copy of the file from a backup.", l.StoreKey()), err)
	case isUnwritable(err):
		return unwritable(l.Data(), err)
	}
	return fmt.Errorf("open vault: %w", err)
}

// GuardAt says what guards the key that everything in a data directory is
// encrypted with. It opens nothing.
func GuardAt(l Locations) (vault.Guard, error) {
	guard, err := vault.At(l.StoreKey(), nil).Guard()
	if errors.Is(err, vault.ErrMissing) {
		return "", wrapError(CodeNotFound, fmt.Sprintf("There is no key in %s yet. It is made when Parley first starts there.", l.Data()), err)
	}
	return guard, explainVault(l, err)
}

// Guard is GuardAt for this device.
func (a *App) Guard() (vault.Guard, error) { return GuardAt(a.locations) }

// SetGuard changes what guards it. current is the passphrase that it is locked
// with now, if it is; next is the one to lock it with, where to says so. The
// caller may wipe both. Nothing is written anew but one small file, and no
// moment is without a key. It fails with an Error whose code is
// CodeWrongPassphrase, CodeNoKeyring or CodeInvalid; then nothing has changed.
func (a *App) SetGuard(ctx context.Context, to vault.Guard, current, next []byte) error {
	a.guarding.Lock()
	defer a.guarding.Unlock()
	dropped, err := a.vault.Change(ctx, to, current, next)
	if err != nil {
		return a.explainChange(err)
	}
	if dropped != nil {
		a.log.Warn("the keyring keeps an entry that opens nothing any more", "err", dropped)
	}
	return nil
}

// explainChange finds the words for a guard that could not be changed. The
// device is open all the same, so its codes are others than those of a locked
// one.
func (a *App) explainChange(err error) error {
	switch {
	case errors.Is(err, vault.ErrPassphraseNeeded):
		return wrapError(CodeWrongPassphrase, "The passphrase of now is needed to change it. Nothing was changed.", err)
	case errors.Is(err, vault.ErrKeyringUnused):
		return wrapError(CodeNoKeyring,
			"Parley was told to leave the keyring alone (--no-keyring, or PARLEY_KEYRING=false), so nothing was changed. Start it without that, and try again.", err)
	case errors.Is(err, vault.ErrNoKeyring), errors.Is(err, vault.ErrKeyringLocked), errors.Is(err, vault.ErrNoEntry):
		return wrapError(CodeNoKeyring,
			"No open keyring answers here, so nothing was changed. Log in at this computer's screen, unlock the keyring there, and try again; or choose a passphrase.", err)
	}
	return explainVault(a.locations, err)
}
