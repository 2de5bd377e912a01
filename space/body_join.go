package space

import (
	"errors"
	"fmt"
)

// What lets somebody into a space: its founding, invitations, joins, answers,
// and the keys into one's own seat.

type foundBody struct {
	Name   string   `cbor:"1,keyasint"`
	Person Person   `cbor:"2,keyasint"`
	Nonce  [16]byte `cbor:"3,keyasint"`
}

type inviteBody struct {
	Invitation InvitationKey `cbor:"1,keyasint"`
	Role       Role          `cbor:"2,keyasint"`
	Uses       uint64        `cbor:"3,keyasint"`
	Expiry     uint64        `cbor:"4,keyasint"`
	Ask        bool          `cbor:"5,keyasint,omitempty"`
	Proof      []byte        `cbor:"6,keyasint,omitempty"` // by the key; none in older logs
}

type withdrawBody struct {
	Invitation InvitationKey `cbor:"1,keyasint"` // of an invitation or a seat key
}

type joinBody struct {
	Application []byte `cbor:"1,keyasint"`
}

type seatKeyBody struct {
	Key     InvitationKey `cbor:"1,keyasint"`
	Purpose Purpose       `cbor:"2,keyasint"`
	Uses    uint64        `cbor:"3,keyasint"`
	Expiry  uint64        `cbor:"4,keyasint"`
	Seat    DeviceID      `cbor:"5,keyasint"`
	Proof   []byte        `cbor:"6,keyasint"`
}

type answerBody struct {
	Join   Hash `cbor:"1,keyasint"`
	Accept bool `cbor:"2,keyasint"`
}

var errNoKind = errors.New("an entry has a kind")

func parseJoin(id ID, raw []byte) (any, error) {
	var body joinBody
	if err := decode(raw, &body); err != nil {
		return nil, err
	}
	application, err := ParseApplication(body.Application)
	if err == nil && application.Space != id {
		err = errors.New("application to another space")
	}
	return application, err
}

func (b *foundBody) validate() error {
	if err := ValidateName(b.Name); err != nil {
		return fmt.Errorf("space's name: %w", err)
	}
	return b.Person.Validate()
}

func (b *inviteBody) validate() error {
	if !b.Role.Valid() {
		return fmt.Errorf("unknown %s", b.Role)
	}
	return validateUses(b.Uses, b.Expiry)
}

func validateUses(uses, expiry uint64) error {
	switch {
	case uses < 1 || uses > MaxUses:
		return fmt.Errorf("an invitation has 1 to %d uses, not %d", MaxUses, uses)
	case expiry > maxTime:
		return errors.New("expiry out of range")
	}
	return nil
}

func (b *withdrawBody) validate() error { return nil }

func (b *seatKeyBody) validate() error {
	if !b.Purpose.Valid() {
		return fmt.Errorf("unknown %s", b.Purpose)
	}
	return validateUses(b.Uses, b.Expiry)
}

func (b *answerBody) validate() error { return nil }

// Purpose says what a key into one's own seat is for.
type Purpose uint8

// The purposes, as stored in entries.
const (
	Link     Purpose = 1 // shown on one device, used on another, at once
	Recovery Purpose = 2 // printed, and kept for the day when all devices are lost
)

// Valid reports whether the purpose is one of the two.
func (p Purpose) Valid() bool { return p == Link || p == Recovery }

// String is the word that the command line uses.
func (p Purpose) String() string {
	switch p {
	case Link:
		return "link"
	case Recovery:
		return "recovery"
	}
	return fmt.Sprintf("purpose %d", uint8(p))
}
