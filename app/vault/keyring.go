package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/zalando/go-keyring"
)

var (
	// ErrNoKeyring says that no keyring answers here.
	ErrNoKeyring = errors.New("no keyring answers")
	// ErrKeyringUnused is an ErrNoKeyring that is meant: nobody asked one.
	ErrKeyringUnused = fmt.Errorf("%w, as none is to be asked", ErrNoKeyring)
	// ErrKeyringLocked says that the keyring is locked, and that nobody has
	// opened it when it asked.
	ErrKeyringLocked = errors.New("the keyring is locked")
	// ErrNoEntry says that the keyring has no such entry.
	ErrNoEntry = errors.New("the keyring has no such entry")
)

// Keyring keeps secrets for one user of this machine, by name. Its methods
// return when ctx is over at the latest. They fail with ErrNoKeyring,
// ErrKeyringLocked or ErrNoEntry where one of these is the reason.
type Keyring interface {
	Get(ctx context.Context, name string) ([]byte, error)
	Set(ctx context.Context, name string, secret []byte) error
	Delete(ctx context.Context, name string) error
}

var entryName = regexp.MustCompile(`^[0-9a-f]{32}$`)

// service is under what name the platform's keyring lists our entries.
const service = "Parley: the key of a data directory"

const (
	answerTimeout = 10 * time.Second // of a keyring that has nobody to ask
	personTimeout = time.Minute      // of one that asks a person for its password
)

// Platform is the keyring of the platform: the Secret Service on Linux, the
// Keychain on macOS, the Credential Manager on Windows. Where asks is set, a
// locked keyring may ask the person at the screen for its password, which it
// does by itself and in a window of its own; where not, it counts as locked at
// once.
func Platform(asks bool) Keyring {
	if asks {
		return platform{asks, personTimeout}
	}
	return platform{asks, answerTimeout}
}

type platform struct {
	asks     bool
	patience time.Duration
}

func (p platform) Get(ctx context.Context, name string) (secret []byte, err error) {
	var text string
	err = p.within(ctx, func() (err error) {
		text, err = keyring.Get(service, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	secret, err = base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read entry of keyring: %w", err)
	}
	return secret, nil
}

func (p platform) Set(ctx context.Context, name string, secret []byte) error {
	text := base64.StdEncoding.EncodeToString(secret)
	return p.within(ctx, func() error { return keyring.Set(service, name, text) })
}

func (p platform) Delete(ctx context.Context, name string) error {
	return p.within(ctx, func() error { return keyring.Delete(service, name) })
}

// within asks the keyring, which may never answer: a locked one waits for a
// person, and the library for the keyring. Then the question is left behind in
// a goroutine of its own, and ends with the keyring or the process.
func (p platform) within(ctx context.Context, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	open, err := reach(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoKeyring, err)
	}
	if !open && !p.asks {
		return ErrKeyringLocked
	}
	answered := make(chan error, 1)
	go func() { answered <- ask() }()
	select {
	case err = <-answered:
	case <-ctx.Done():
		err = ctx.Err()
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNoEntry
	case !open: // nobody typed its password, or somebody sent its question away
		return fmt.Errorf("%w: %w", ErrKeyringLocked, err)
	}
	return fmt.Errorf("%w: %w", ErrNoKeyring, err)
}
