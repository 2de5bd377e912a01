package app

import (
	"os"
	"path/filepath"

	"parley/app/vault"
)

// A sealed file is a small file of the data directory that only the device's
// store key opens (docs/formats.md). Earlier versions wrote the same files in
// the clear: those are read too, and sealed when they are next written, or by
// reseal.

// readSealed reads such a file. clear says that it was not sealed.
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
