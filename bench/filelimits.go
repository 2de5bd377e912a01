package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

const (
	filePiece = 1 << 20
	syncPiece = 4 // pieces that are synced together, as where files are taken in
)

// fileLimits are the raw parts that taking in a file is made of besides the
// stream, each by itself with nothing else going on, in MB/s.
type fileLimits struct{ hash, cipher, disk, badger []float64 }

// measure takes one sample of each.
func (l *fileLimits) measure(dir string) error {
	piece := make([]byte, filePiece)
	rand.Read(piece)
	for _, part := range []struct {
		into *[]float64
		do   func() error
	}{
		{&l.hash, func() error { return hashes(piece) }},
		{&l.cipher, func() error { return encrypts(piece) }},
		{&l.disk, func() error { return writesPlain(filepath.Join(dir, "raw-file"), piece) }},
	} {
		speed, err := perSecond(part.do, nothingBefore)
		if err != nil {
			return err
		}
		*part.into = append(*part.into, speed)
	}
	speed, err := writesBadger(filepath.Join(dir, fmt.Sprintf("raw-values-%d", len(l.badger))), piece)
	l.badger = append(l.badger, speed)
	return err
}

func nothingBefore() error { return nil }

// hashes finds a file's name: one SHA-256 from its beginning to its end, which no
// second processor makes faster.
func hashes(piece []byte) error {
	sum := sha256.New()
	for range fileSize / filePiece {
		sum.Write(piece)
	}
	if len(sum.Sum(nil)) != sha256.Size {
		return errors.New("a hash of another size")
	}
	return nil
}

// encrypts as Badger does: AES-256 in counter mode.
func encrypts(piece []byte) error {
	var key [32]byte
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return err
	}
	stream := cipher.NewCTR(block, make([]byte, aes.BlockSize))
	out := make([]byte, len(piece))
	for range fileSize / filePiece {
		stream.XORKeyStream(out, piece)
	}
	return nil
}

// writesPlain writes a file as it is, and syncs as often as a store does.
func writesPlain(path string, piece []byte) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	for n := range fileSize / filePiece {
		if _, err := file.Write(piece); err != nil {
			return err
		}
		if n%syncPiece == syncPiece-1 {
			if err := file.Sync(); err != nil {
				return err
			}
		}
	}
	return nil
}

// writesBadger writes a file's pieces as values of Badger's, encrypted and synced.
func writesBadger(dir string, piece []byte) (speed float64, err error) {
	key := make([]byte, 32)
	rand.Read(key)
	db, err := badger.Open(badger.DefaultOptions(dir).WithSyncWrites(true).WithLogger(nil).
		WithEncryptionKey(key).WithIndexCacheSize(16 << 20).
		WithValueLogFileSize(16 << 20).WithValueThreshold(64 << 10)) // a store's
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close(), os.RemoveAll(dir)) }()
	pieces := slices.Repeat([][]byte{piece}, syncPiece)
	return perSecond(func() error {
		for n := 0; n < fileSize/filePiece; n += syncPiece {
			err := db.Update(func(txn *badger.Txn) (err error) {
				for i, value := range pieces {
					err = errors.Join(err, txn.Set(fmt.Appendf(nil, "piece %d", n+i), value))
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}, nothingBefore)
}
