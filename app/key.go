package app

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"parley/app/vault"
	"parley/space"
)

// The device key file is sealed. Inside is one line: this word, the key's seed
// in hex, and the first four bytes of the seed's SHA-256 in hex. Earlier
// versions left the line as it is; so a cut or garbled file is recognised and
// never taken for another device.
const keyFileHeader = "parley-device-key-1"

// loadKey reads the device key, or makes one for a directory that has neither
// key nor store. It never writes over a file that is there. inClear says that
// an earlier version wrote it, which did not seal it.
func loadKey(l Locations, storeKey *vault.Key) (key space.Key, inClear bool, err error) {
	raw, err := os.ReadFile(l.DeviceKey())
	if errors.Is(err, fs.ErrNotExist) {
		return createKey(l, storeKey)
	}
	if err != nil {
		return space.Key{}, false, wrapError(CodeDamagedKey, fmt.Sprintf(
			"The file with this device's key, %s, cannot be read. Check who may read it; do not delete it, or this device loses its place in its spaces.",
			l.DeviceKey()), err)
	}
	inClear = !vault.IsSealed(raw)
	if !inClear {
		raw, err = storeKey.Unseal(filepath.Base(l.DeviceKey()), raw)
	}
	var seed [32]byte
	if err == nil {
		seed, err = parseKey(raw)
	}
	clear(raw)
	defer clear(seed[:])
	if err != nil {
		return space.Key{}, false, wrapError(CodeDamagedKey, fmt.Sprintf(
			"The file with this device's key, %s, is damaged, so Parley has not started and has changed nothing. Put back a copy of the file from a backup.",
			l.DeviceKey()), err)
	}
	return space.KeyFromSeed(seed), inClear, nil
}

// sealKey seals a device key that lies in the clear.
func sealKey(l Locations, storeKey *vault.Key, key space.Key) error {
	if err := replaceSealed(storeKey, l.DeviceKey(), formatKey(key.Seed())); err != nil {
		return fmt.Errorf("seal device key: %w", err)
	}
	return nil
}

func createKey(l Locations, storeKey *vault.Key) (_ space.Key, inClear bool, err error) {
	if entries, err := os.ReadDir(l.Store()); err == nil && len(entries) > 0 {
		return space.Key{}, false, newError(CodeMissingKey, fmt.Sprintf(
			"The file with this device's key, %s, is missing, but the work it signed is there. Put the file back from a backup, or start with another directory (--data).",
			l.DeviceKey()))
	}
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		return space.Key{}, false, fmt.Errorf("generate device key: %w", err)
	}
	temp, err := writeTemp(l.DeviceKey(), storeKey.Seal(filepath.Base(l.DeviceKey()), formatKey(key.Seed())))
	if err != nil {
		return space.Key{}, false, fmt.Errorf("write device key: %w", err)
	}
	// Link, unlike rename, fails where the file exists: another process that
	// made a key at the same moment keeps it.
	linkErr := os.Link(temp, l.DeviceKey())
	if err := os.Remove(temp); err != nil {
		return space.Key{}, false, fmt.Errorf("write device key: %w", err)
	}
	if errors.Is(linkErr, fs.ErrExist) {
		return loadKey(l, storeKey)
	}
	if linkErr != nil {
		return space.Key{}, false, fmt.Errorf("write device key: %w", linkErr)
	}
	return key, false, syncDir(l.Data())
}

func formatKey(seed [32]byte) []byte {
	sum := sha256.Sum256(seed[:])
	return fmt.Appendf(nil, "%s %x %x\n", keyFileHeader, seed, sum[:4])
}

func parseKey(raw []byte) (seed [32]byte, err error) {
	fields := strings.Fields(string(raw))
	if len(fields) != 3 || fields[0] != keyFileHeader {
		return seed, errors.New("parse device key: unknown format")
	}
	decoded, err := hex.DecodeString(fields[1])
	if err != nil || len(decoded) != len(seed) {
		return seed, errors.New("parse device key: not 32 bytes in hex")
	}
	copy(seed[:], decoded)
	if !bytes.Equal(formatKey(seed), raw) {
		return seed, errors.New("parse device key: checksum does not fit")
	}
	return seed, nil
}
