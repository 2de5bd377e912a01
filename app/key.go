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
	"strings"

	"parley/space"
)

// The device key file is one line: this word, the key's seed in hex, and the
// first four bytes of the seed's SHA-256 in hex, so that a cut or garbled file
// is recognised and never taken for another device.
const keyFileHeader = "parley-device-key-1"

// loadKey reads the device key, or makes one for a directory that has neither
// key nor store. It never writes over a file that is there.
func loadKey(l Locations) (space.Key, error) {
	raw, err := os.ReadFile(l.DeviceKey())
	if errors.Is(err, fs.ErrNotExist) {
		return createKey(l)
	}
	if err != nil {
		return space.Key{}, wrapError(CodeDamagedKey, fmt.Sprintf(
			"The file with this device's key, %s, cannot be read. Check who may read it; do not delete it, or this device loses its place in its spaces.",
			l.DeviceKey()), err)
	}
	seed, err := parseKey(raw)
	if err != nil {
		return space.Key{}, wrapError(CodeDamagedKey, fmt.Sprintf(
			"The file with this device's key, %s, is damaged, so Parley has not started and has changed nothing. Put back a copy of the file from a backup.",
			l.DeviceKey()), err)
	}
	return space.KeyFromSeed(seed), nil
}

func createKey(l Locations) (space.Key, error) {
	if entries, err := os.ReadDir(l.Store()); err == nil && len(entries) > 0 {
		return space.Key{}, newError(CodeMissingKey, fmt.Sprintf(
			"The file with this device's key, %s, is missing, but the work it signed is there. Put the file back from a backup, or start with another directory (--data).",
			l.DeviceKey()))
	}
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		return space.Key{}, fmt.Errorf("generate device key: %w", err)
	}
	temp, err := writeTemp(l.DeviceKey(), formatKey(key.Seed()))
	if err != nil {
		return space.Key{}, fmt.Errorf("write device key: %w", err)
	}
	// Link, unlike rename, fails where the file exists: another process that
	// made a key at the same moment keeps it.
	linkErr := os.Link(temp, l.DeviceKey())
	if err := os.Remove(temp); err != nil {
		return space.Key{}, fmt.Errorf("write device key: %w", err)
	}
	if errors.Is(linkErr, fs.ErrExist) {
		return loadKey(l)
	}
	if linkErr != nil {
		return space.Key{}, fmt.Errorf("write device key: %w", linkErr)
	}
	return key, syncDir(l.Data())
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
