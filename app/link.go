package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	wordlist "parley/app/words"
	"parley/p2p"
	"parley/space"
)

// linkLasts is how long a link code can be used: long enough to walk to the
// other device, and no longer.
const linkLasts = 15 * time.Minute

// LinkCode is what another device of the same person is linked with.
type LinkCode struct {
	Code    string    `json:"code"`
	Words   []string  `json:"words"` // the same secret, to be typed where the devices are on one network
	Expires time.Time `json:"expires"`
}

// linking is the link that is open on this device, if one is.
type linking struct {
	mu   sync.Mutex
	key  *space.InvitationKey
	used bool // by a device, which may still be taking one space after the other
}

// expects says whether a device that has come is the one that the open link
// is for.
func (l *linking) expects() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.key == nil || l.used {
		return false
	}
	l.used = true
	return true
}

// LinkDevice makes a code by which one more device becomes this person's, in
// every space that this device is in. The code before it ends. It fails with
// CodeInvalid where there is no space yet.
func (a *App) LinkDevice(ctx context.Context) (LinkCode, error) {
	a.linking.mu.Lock()
	defer a.linking.mu.Unlock()
	if err := a.endLink(ctx); err != nil {
		return LinkCode{}, err
	}
	code := linkCode{Secret: wordlist.NewEntropy(), Device: a.Device(), Expiry: now().Add(linkLasts).Truncate(time.Second), Addresses: a.linkAddresses()}
	seed, err := linkSeed(code.Secret)
	if err != nil {
		return LinkCode{}, err
	}
	key := space.InvitationKey(space.KeyFromSeed(seed).Device())
	opened := 0
	for _, s := range a.seats() {
		entry, err := s.log.NewSeatKey(a.key, space.Link, 1, code.Expiry, now(), seed)
		if err == nil {
			err = a.addEntry(ctx, s.log.ID(), entry)
		}
		if err != nil {
			a.log.Warn("a space has no link key", "space", s.log.ID(), "err", err)
			continue
		}
		opened++
	}
	if opened == 0 {
		return LinkCode{}, newError(CodeInvalid,
			"You are in no space yet, so there is nothing that two devices could share. Make a space or join one first.")
	}
	a.linking.key, a.linking.used = &key, false
	return LinkCode{Code: code.String(), Words: code.Secret.Words(), Expires: code.Expiry}, nil
}

// CancelLink ends the link code that is open. It is no error where none is.
func (a *App) CancelLink(ctx context.Context) error {
	a.linking.mu.Lock()
	defer a.linking.mu.Unlock()
	return a.endLink(ctx)
}

// endLink withdraws the open link, unless a device has used it: what is left of
// it is that device's, and ends by itself. The caller holds the lock.
func (a *App) endLink(ctx context.Context) error {
	if a.linking.key == nil || a.linking.used {
		a.linking.key = nil
		return nil
	}
	var errs []error
	for _, s := range a.seats() {
		errs = append(errs, a.withdrawSeatKey(ctx, s.log, *a.linking.key))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	a.linking.key = nil
	return nil
}

// UseLink makes this device one of the person's who made a link code, given
// as the code or as its words. label is what the others shall call it. It
// fails with CodeMalformed, CodeExpired or CodeUnreachable.
func (a *App) UseLink(ctx context.Context, text, label string) (Linked, error) {
	code, err := readLink(text)
	if err != nil {
		return Linked{}, err
	}
	if !code.Expiry.IsZero() && now().After(code.Expiry) {
		return Linked{}, newError(CodeExpired, "This link code has ended. Make a new one on your other device.")
	}
	seed, err := linkSeed(code.Secret)
	if err != nil {
		return Linked{}, err
	}
	if label, err = deviceLabel(label); err != nil {
		return Linked{}, err
	}
	linked, err := a.takeSeats(ctx, p2p.Link{Secret: seed, Label: label, From: code.Device, Addresses: code.Addresses})
	switch {
	case errors.Is(err, p2p.ErrUnreachable):
		return Linked{}, wrapError(CodeUnreachable, "Your other device could not be reached, or its link code has ended. "+
			"Keep the code open there, check that both devices are on the same network, and try again.", err)
	case errors.Is(err, space.ErrWithdrawn), errors.Is(err, space.ErrExpired), errors.Is(err, space.ErrUsedUp):
		return Linked{}, wrapError(Explain(err).Code, "This link code has ended, or was used. Make a new one on your other device.", err)
	}
	return linked, err
}

// readLink reads a code, or the words of one. It fails with CodeMalformed.
func readLink(text string) (linkCode, error) {
	text = strings.TrimSpace(text)
	if !isLinkCode(text) {
		secret, err := wordlist.ParseRecovery(text)
		if err != nil {
			return linkCode{}, wrapError(CodeMalformed, err.Error(), err)
		}
		return linkCode{Secret: secret}, nil
	}
	code, err := parseLinkCode(text)
	if err != nil {
		return linkCode{}, wrapError(CodeMalformed,
			"This is not a whole link code. Copy it again from its start (PARLEYLINK1-) to its end.", err)
	}
	return code, nil
}

// CheckLink says what is wrong with a link code, or the words of one. It fails
// with CodeMalformed.
func CheckLink(text string) error {
	_, err := readLink(text)
	return err
}

// deviceLabel makes a name of a device fit to be written down; none is fine.
func deviceLabel(label string) (string, error) {
	label = strings.TrimSpace(label)
	if label == "" {
		return "", nil
	}
	if err := space.ValidateLabel(label); err != nil {
		return "", wrapError(CodeInvalid, labelRule, err)
	}
	return label, nil
}

var labelRule = fmt.Sprintf("The name of a device needs 1 to %d characters, on one line.", space.MaxLabel)

// linkAddresses are where a further device of this person can find this one.
func (a *App) linkAddresses() [][]byte {
	addresses := a.node.CodeAddresses()
	return addresses[:min(len(addresses), space.MaxAddresses)]
}
