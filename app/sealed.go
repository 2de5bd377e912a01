package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"parley/app/vault"
)

// A sealed file is a small file of the data directory that only the device's
// store key opens (docs/formats.md). Earlier versions wrote the same files in
// the clear: those are read too, and sealed when the device is opened.

// readSealed reads such a file. inClear says that it was not sealed.
func readSealed(key *vault.Key, path string) (content []byte, inClear bool, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, false, err
	}
	if !vault.IsSealed(raw) {
		return raw, true, nil
	}
	content, err = key.Unseal(filepath.Base(path), raw)
	return content, false, err
}

// replaceSealed writes such a file as replaceFile does.
func replaceSealed(key *vault.Key, path string, content []byte) error {
	return replaceFile(path, key.Seal(filepath.Base(path), content))
}

// sealAddresses seals the addresses where they lie in the clear. Nothing else
// would before the network is next used.
func (a *App) sealAddresses() error {
	path := a.locations.Addresses()
	// One that cannot be read is made anew by whoever needs it.
	content, inClear, err := readSealed(a.storeKey, path)
	if err == nil && inClear {
		if err := replaceSealed(a.storeKey, path, content); err != nil {
			return fmt.Errorf("seal addresses: %w", err)
		}
	}
	return nil
}

// mendKeys writes anew the two files without which nothing else can be read,
// where one of the two copies that each holds is spoilt, and tells. The others
// are written anew with the next change. It is for the one process that has
// the directory.
func (a *App) mendKeys(ctx context.Context, passphrase []byte) error {
	var mended []string
	spoilt, err := a.vault.Mend(ctx, passphrase)
	if err != nil {
		return fmt.Errorf("mend store key: %w", err)
	}
	if spoilt {
		mended = append(mended, filepath.Base(a.locations.StoreKey()))
	}
	raw, err := os.ReadFile(a.locations.DeviceKey())
	if err != nil {
		return fmt.Errorf("mend device key: %w", err)
	}
	if vault.IsSealed(raw) && vault.Spoilt(raw) {
		if err := sealKey(a.locations, a.storeKey, a.key); err != nil {
			return err
		}
		mended = append(mended, filepath.Base(a.locations.DeviceKey()))
	}
	if len(mended) > 0 {
		files := strings.Join(mended, ", ")
		a.log.Warn("files had a spoilt copy and were written anew from the other", "files", files)
		a.notices.add(Notice{ID: string(NoticeDamaged) + " keys", Code: NoticeDamaged, Values: map[string]string{"files": files}})
	}
	return nil
}
