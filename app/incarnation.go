package app

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"parley/space"
)

// A data directory that is carried to another machine, or put back from a copy,
// would go on where it was copied, under the numbers that the other one uses
// too. So a file in it is written anew whenever the directory is opened and
// closed, and the store remembers the very file: not only what it says but
// which one it is, on which machine, and when it changed last. No copy of the
// two together fits, and none of an earlier day.

const (
	incarnationHeader = "parley-incarnation-1"
	incarnationSum    = sha256.Size // of what the store keeps; what follows is the nonce to come
)

// recogniseDirectory begins leases afresh, and says so, if the data directory
// is not the one in which the store was last, and has the store remember this
// one.
func (a *App) recogniseDirectory() error {
	kept, fresh, err := a.store.Incarnation()
	if err != nil {
		return err
	}
	line, err := os.ReadFile(a.locations.Incarnation())
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return fmt.Errorf("recognise data directory: %w", err)
	}
	if missing && kept == nil && !fresh && a.hasParts() {
		// Of an earlier version, from before directories were recognised: nobody
		// knows whether this is the only copy of it.
		if err := a.store.FreshLeases(); err != nil {
			return err
		}
		fresh = true
	}
	same := fresh || missing && kept == nil // a new one
	if !same && !missing && len(kept) >= incarnationSum {
		mark, err := a.incarnationMark(line)
		if err != nil {
			return err
		}
		coming := kept[incarnationSum:]
		same = bytes.Equal(mark, kept[:incarnationSum]) || len(coming) > 0 && bytes.Equal(nonceOf(line), coming)
	}
	if !same {
		a.log.Warn("the data directory was copied or put back, and goes on under new numbers")
		if err := a.store.FreshLeases(); err != nil {
			return err
		}
		a.noteCopied()
	}
	return a.renewIncarnation()
}

// hasParts says whether anything was ever written here.
func (a *App) hasParts() bool {
	return slices.ContainsFunc(a.store.Spaces(), func(id space.ID) bool { return len(a.store.Refs(id)) > 0 })
}

// noteCopied tells people that this device writes under new numbers.
func (a *App) noteCopied() {
	a.notices.add(Notice{ID: string(NoticeCopied), Code: NoticeCopied, Values: map[string]string{}, At: now()})
}

// renewIncarnation writes the file anew and has the store remember it. It may
// be cut short anywhere: the store knows what is to come.
func (a *App) renewIncarnation() error {
	path := a.locations.Incarnation()
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return fmt.Errorf("mark data directory: %w", err)
	}
	before := make([]byte, incarnationSum)
	if line, err := os.ReadFile(path); err == nil {
		if before, err = a.incarnationMark(line); err != nil {
			return err
		}
	}
	if err := a.store.SetIncarnation(slices.Concat(before, nonce[:])); err != nil {
		return err
	}
	line := fmt.Appendf(nil, "%s %x\n", incarnationHeader, nonce)
	temp, err := writeTemp(path, line)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("mark data directory: %w", err)
	}
	mark, err := a.incarnationMark(line)
	if err != nil {
		return err
	}
	return a.store.SetIncarnation(mark)
}

// incarnationMark is what tells the file, with what it says, from every copy.
func (a *App) incarnationMark(line []byte) ([]byte, error) {
	identity, err := fileIdentity(a.locations.Incarnation())
	if err != nil {
		return nil, fmt.Errorf("recognise data directory: %w", err)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q", line, machineID(), identity)
	return sum.Sum(nil), nil
}

// nonceOf is what an incarnation's file says, nil if it says nothing.
func nonceOf(line []byte) []byte {
	var header string
	var nonce []byte
	if n, err := fmt.Sscanf(string(line), "%s %x", &header, &nonce); err != nil || n != 2 || header != incarnationHeader || len(nonce) != 16 {
		return nil
	}
	return nonce
}

// machineID is what the system calls this machine, or its name.
func machineID() string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if raw, err := os.ReadFile(path); err == nil {
			return strings.TrimSpace(string(raw))
		}
	}
	name, err := os.Hostname()
	if err != nil {
		return "" // the file itself has to do
	}
	return name
}
