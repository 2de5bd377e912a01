package badger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/y"
)

// Badger encrypts with data keys, which are in the file KEYREGISTRY, wrapped
// with the directory's key. Its first bytes tell whether a key fits: an
// initialisation vector and a text that is known.
const (
	manifestFile   = badger.ManifestFilename
	registryFile   = badger.KeyRegistryFileName
	registryIV     = 16
	registryHeader = registryIV + 12
	registryText   = "Hello Badger"
)

// A data key that is older than this when the directory is opened is followed
// by a new one.
const rotation = 10 * 24 * time.Hour

// neverRotated keeps Badger from making data keys while it is open: they are
// made before, so that there is a copy of each before anything needs it.
const neverRotated = time.Duration(1<<63 - 1)

// lockedBy says what the head of a key registry fits.
type lockedBy uint8

const (
	lockedByNothing lockedBy = iota // not encrypted
	lockedByKey                     // by the key that was asked about
	lockedByOther                   // by another key, or damaged
)

// lockOf reads the head of a key registry.
func lockOf(head, key []byte) lockedBy {
	if len(head) < registryHeader {
		return lockedByOther
	}
	text := head[registryIV:registryHeader]
	if bytes.Equal(text, []byte(registryText)) {
		return lockedByNothing
	}
	if key != nil {
		clear, err := y.XORBlockAllocate(text, key, head[:registryIV])
		if err == nil && bytes.Equal(clear, []byte(registryText)) {
			return lockedByKey
		}
	}
	return lockedByOther
}

// directoryLock says what a directory's registry is locked by. exists is false
// where there is no store yet.
func directoryLock(dir string, key []byte) (by lockedBy, exists bool, err error) {
	data, err := os.ReadFile(filepath.Join(dir, registryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read %s: %w", registryFile, err)
	}
	return lockOf(data, key), true, nil
}

// rotate makes a data key if there is none that is young enough.
func rotate(dir string, key []byte) error {
	registry, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{
		Dir:                           dir,
		EncryptionKey:                 key,
		EncryptionKeyRotationDuration: rotation,
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", registryFile, err)
	}
	_, err = registry.LatestDataKey()
	if err := errors.Join(err, registry.Close()); err != nil {
		return fmt.Errorf("make a data key: %w", err)
	}
	return nil
}
