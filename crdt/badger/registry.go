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
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/y"
	"google.golang.org/protobuf/proto"
)

// Badger encrypts with data keys, which are in the file KEYREGISTRY, wrapped
// with the directory's key. Its first bytes tell whether a key fits: an
// initialisation vector and a text that is known. Without the data keys nothing
// can be read, so there is a copy of the file.
const (
	manifestFile   = badger.ManifestFilename
	registryFile   = badger.KeyRegistryFileName
	registryCopy   = registryFile + "-COPY"
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

// lockedBy says what a directory is encrypted with.
type lockedBy uint8

const (
	lockedByNothing lockedBy = iota // it is not encrypted
	lockedByKey                     // the key that was asked about
	lockedByOther                   // another key, or nobody can tell any more
)

// registry is what KEYREGISTRY says.
type registry struct {
	by     lockedBy
	keys   map[uint64]*pb.DataKey // clear; none if the key does not fit
	sound  []byte                 // the file's bytes, put right where that could be done
	whole  bool                   // every record could be read
	mended bool
}

// fits reports whether the bytes can be used as they are.
func (r registry) fits() bool { return r.by != lockedByOther && r.whole }

func readRegistry(data, key []byte, found finder) registry {
	r := registry{by: lockedByOther, keys: map[uint64]*pb.DataKey{}, sound: bytes.Clone(data)}
	if len(data) < registryHeader {
		return r
	}
	head := r.sound[:registryHeader]
	r.by = lockOf(head, key)
	if r.by == lockedByOther && eachFlip(head, func() bool { return lockOf(head, key) != lockedByOther }) {
		r.by, r.mended = lockOf(head, key), true
		found.damaged(0, "a bit of its first bytes was flipped, and is put right")
	}
	if r.by == lockedByOther {
		return r
	}
	r.whole = true
	for at := registryHeader; at < len(r.sound); {
		record, state := readRecord(r.sound[at:])
		switch state {
		case recordTorn:
			// A crash while the key was made: nothing was encrypted with it.
			r.sound, r.mended = r.sound[:at], true
			return r
		case recordLost:
			found.damaged(int64(at), "a data key's checksum does not match")
			r.whole = false
			if record == nil {
				return r
			}
		case recordMended:
			found.damaged(int64(at), "a bit of a data key was flipped, and is put right")
			r.mended = true
			fallthrough
		default:
			if err := r.add(record, key); err != nil {
				found.damaged(int64(at), "a data key makes no sense: %v", err)
				r.whole = false
			}
		}
		at += recordHead + len(record)
	}
	return r
}

func (r *registry) add(record, key []byte) error {
	var made pb.DataKey
	if err := proto.Unmarshal(record, &made); err != nil {
		return err
	}
	if r.by == lockedByKey {
		if len(made.Iv) != registryIV {
			return fmt.Errorf("an initialisation vector of %d bytes", len(made.Iv))
		}
		clear, err := y.XORBlockAllocate(made.Data, key, made.Iv)
		if err != nil {
			return err
		}
		made.Data = clear
	}
	r.keys[made.KeyId] = &made
	return nil
}

// lockOf reads the head of a key registry.
func lockOf(head, key []byte) lockedBy {
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

// findRegistry reads the key registry, or its copy where that is better.
// restore says what the file should hold instead, nil if it is as it should be.
func findRegistry(dir string, key []byte, report func(finding)) (r registry, restore []byte, err error) {
	data, err := readIfThere(filepath.Join(dir, registryFile))
	if err != nil {
		return registry{}, nil, err
	}
	second, err := readIfThere(filepath.Join(dir, registryCopy))
	if err != nil {
		return registry{}, nil, err
	}
	var findings []finding
	found := finder{registryFile, func(f finding) { findings = append(findings, f) }}
	r = readRegistry(data, key, found)
	spare := readRegistry(second, key, finder{registryCopy, func(finding) {}})
	defer func() {
		for _, f := range findings {
			f.harmless = f.harmless || r.fits()
			report(f)
		}
	}()
	switch {
	case r.fits() && !r.mended:
		if second != nil && (spare.mended || !spare.fits() || !bytes.HasPrefix(data, second)) {
			finder{registryCopy, report}.harmless(0, "it is not what %s holds", registryFile)
		}
		return r, nil, nil
	case spare.fits() && !spare.mended && (r.by == lockedByOther || len(spare.keys) >= len(r.keys)):
		if len(findings) == 0 {
			found.damaged(0, "it is missing or cannot be read")
		}
		r = spare
		return r, spare.sound, nil
	case r.fits():
		return r, r.sound, nil
	}
	return r, nil, nil
}

func readIfThere(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// rotate makes a data key if there is none that is young enough.
func rotate(dir string, key []byte) error {
	made, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{
		Dir:                           dir,
		EncryptionKey:                 key,
		EncryptionKeyRotationDuration: rotation,
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", registryFile, err)
	}
	_, err = made.LatestDataKey()
	if err := errors.Join(err, made.Close()); err != nil {
		return fmt.Errorf("make a data key: %w", err)
	}
	return nil
}

// copyRegistry makes the copy what the file is.
func copyRegistry(dir string) error {
	data, err := readIfThere(filepath.Join(dir, registryFile))
	if err != nil || data == nil {
		return err
	}
	second, err := readIfThere(filepath.Join(dir, registryCopy))
	if err != nil || bytes.Equal(data, second) {
		return err
	}
	return replace(filepath.Join(dir, registryCopy), data)
}

// replace gives a file other contents, whole or not at all.
func replace(path string, data []byte) error {
	next := path + ".new"
	file, err := os.OpenFile(next, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return syncDir(filepath.Dir(path))
}
