package bundle

import (
	"bytes"
	"crypto/sha512"
	"errors"
	"fmt"

	"filippo.io/age"
	"filippo.io/edwards25519"

	"parley/space"
)

// MaxDevices is to how many devices a file can be encrypted: more recipients no
// age file may have.
const MaxDevices = 1024

// recipientSteps is to a multiple of how many recipients a file is filled up,
// so that it does not tell exactly how many devices a space has.
const recipientSteps = 8

var errKey = errors.New("not a key that anything can be encrypted to")

// recipientsOf are those that a file for devices is encrypted to. A device whose
// key nothing can be encrypted to is passed over: no honest one has such a key.
// Who looks at the file cannot tell which devices these are.
func recipientsOf(devices []space.DeviceID) ([]age.Recipient, error) {
	if len(devices) > MaxDevices {
		return nil, fmt.Errorf("%w: %d", ErrTooManyDevices, len(devices))
	}
	var recipients []age.Recipient
	for _, device := range devices {
		recipient, err := recipientOf(device)
		if errors.Is(err, errKey) {
			continue
		}
		if err != nil {
			return nil, err
		}
		recipients = append(recipients, recipient)
	}
	for len(recipients)%recipientSteps != 0 {
		nobody, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, fmt.Errorf("draw a recipient: %w", err)
		}
		recipients = append(recipients, nobody.Recipient())
	}
	return recipients, nil
}

// recipientOf is the X25519 key of a device: the Montgomery form of its Ed25519
// key.
func recipientOf(device space.DeviceID) (age.Recipient, error) {
	point, err := new(edwards25519.Point).SetBytes(device[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errKey, err)
	}
	if !bytes.Equal(point.Bytes(), device[:]) {
		return nil, fmt.Errorf("%w: it is not in its only form", errKey)
	}
	// With a point of low order, everybody would know the secret.
	if new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return nil, fmt.Errorf("%w: of low order", errKey)
	}
	recipient, err := age.ParseX25519Recipient(bech32("age", point.BytesMontgomery()))
	if err != nil {
		return nil, fmt.Errorf("make a recipient: %w", err)
	}
	return recipient, nil
}

// identityOf is what opens a file that is encrypted to a device: the scalar that
// RFC 8032 makes of its seed.
func identityOf(key space.Key) (age.Identity, error) {
	seed := key.Seed()
	defer clear(seed[:])
	scalar := sha512.Sum512(seed[:])
	defer clear(scalar[:])
	identity, err := age.ParseX25519Identity(bech32("AGE-SECRET-KEY-", scalar[:32]))
	if err != nil {
		return nil, fmt.Errorf("make an identity: %w", err)
	}
	return identity, nil
}
