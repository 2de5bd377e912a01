package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"unicode/utf8"

	"filippo.io/age"

	"parley/app/vault"
	"parley/crdt"
)

// Backup says what a backup holds.
type Backup struct {
	Device     string  `json:"device"`
	Records    uint64  `json:"records"`
	Unreadable []Fault `json:"unreadable"` // what it lacks, because it cannot be read
}

// Backup writes everything of this device, as it is at this moment and while
// it is in use: its key, its settings, and all that is stored. Memory stays
// bounded. What is written is not encrypted, and is worth as much as the device
// key in it.
func (a *App) Backup(ctx context.Context, to io.Writer) (Backup, error) {
	made := Backup{Device: a.Device().String()}
	guard, err := a.Guard()
	if err != nil {
		return Backup{}, err
	}
	w, err := newBackupWriter(to, backupHeader{Device: made.Device, Made: now(), Version: Version(), Guard: guard})
	if err == nil {
		err = a.backUpFiles(w)
	}
	if err != nil {
		return Backup{}, err
	}
	var found []crdt.Finding
	err = a.store.Backup(ctx, w.record, func(f crdt.Finding) {
		w.left++
		found = append(found, f)
	})
	if err == nil {
		err = w.end()
	}
	if err != nil {
		return Backup{}, err
	}
	made.Records, made.Unreadable = w.records, a.faults(ctx, found)
	return made, nil
}

// backUpFiles adds what lies beside the store.
func (a *App) backUpFiles(w *backupWriter) error {
	key := formatKey(a.key.Seed())
	defer clear(key)
	if err := w.file(nameOf(Locations.DeviceKey), key); err != nil {
		return err
	}
	settings, err := json.Marshal(a.settings.get())
	if err != nil {
		return fmt.Errorf("back up settings: %w", err)
	}
	if err := w.file(nameOf(Locations.Settings), settings); err != nil {
		return err
	}
	addresses, _, err := readSealed(a.storeKey, a.locations.Addresses())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		// They are a convenience, and made anew where they cannot be read.
		a.log.Warn("the backup does without the addresses of others", "err", err)
		return nil
	}
	return w.file(nameOf(Locations.Addresses), addresses)
}

// EncryptBackup makes what is written to the result unreadable for those who
// do not know the passphrase. The backup is complete once the result is
// closed, which leaves to open.
func EncryptBackup(to io.Writer, passphrase []byte) (io.WriteCloser, error) {
	if utf8.RuneCount(passphrase) < vault.MinPassphrase {
		return nil, newError(CodeInvalid, fmt.Sprintf(
			"The passphrase of a backup needs %d characters or more: whoever gets the file can try as many as they like. Nothing was saved.", vault.MinPassphrase))
	}
	recipient, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, wrapError(CodeInvalid, "The backup cannot be locked with this passphrase. Nothing was saved.", err)
	}
	return age.Encrypt(to, recipient)
}
