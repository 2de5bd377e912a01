package space

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/mr-tron/base58"
)

// DeviceID names one installation of Parley by its Ed25519 public key.
type DeviceID [32]byte

// devicePrefix turns a public key into a libp2p peer ID: an identity multihash
// (code 0, 36 bytes) of the protobuf {type: Ed25519, data: 32 bytes}.
var devicePrefix = []byte{0x00, 0x24, 0x08, 0x01, 0x12, 0x20}

// maxDeviceText bounds what ParseDeviceID decodes; every peer ID of an Ed25519
// key has 52 characters.
const maxDeviceText = 64

// ErrMalformedID is what parsing the text of an ID fails with.
var ErrMalformedID = errors.New("malformed ID")

// String is the device's libp2p peer ID, "12D3KooW…".
func (d DeviceID) String() string {
	return base58.Encode(append(append(make([]byte, 0, len(devicePrefix)+len(d)), devicePrefix...), d[:]...))
}

// ParseDeviceID reads what DeviceID.String writes.
func ParseDeviceID(s string) (DeviceID, error) {
	var d DeviceID
	if len(s) > maxDeviceText {
		return d, fmt.Errorf("parse device ID: %w", ErrMalformedID)
	}
	raw, err := base58.Decode(s)
	if err != nil || len(raw) != len(devicePrefix)+len(d) || !bytes.HasPrefix(raw, devicePrefix) {
		return d, fmt.Errorf("parse device ID: %w", ErrMalformedID)
	}
	copy(d[:], raw[len(devicePrefix):])
	return d, nil
}

// MarshalText writes the peer ID.
func (d DeviceID) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a peer ID.
func (d *DeviceID) UnmarshalText(text []byte) error {
	parsed, err := ParseDeviceID(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// ID names a space: the hash of its founding entry.
type ID [32]byte

// String is the ID in lower-case hex.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what ID.String writes.
func ParseID(s string) (ID, error) {
	var id ID
	err := parseHex("space ID", id[:], s)
	return id, err
}

// MarshalText writes lower-case hex.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads hex.
func (id *ID) UnmarshalText(text []byte) error { return parseHex("space ID", id[:], string(text)) }

// Hash names an entry of a membership log: the SHA-256 of all its bytes.
type Hash [32]byte

// String is the hash in lower-case hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// InvitationKey names an invitation by its Ed25519 public key.
type InvitationKey [32]byte

// String is the key in lower-case hex.
func (k InvitationKey) String() string { return hex.EncodeToString(k[:]) }

// ParseInvitationKey reads what InvitationKey.String writes.
func ParseInvitationKey(s string) (InvitationKey, error) {
	var k InvitationKey
	err := parseHex("invitation", k[:], s)
	return k, err
}

// MarshalText writes lower-case hex.
func (k InvitationKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads hex.
func (k *InvitationKey) UnmarshalText(text []byte) error {
	return parseHex("invitation", k[:], string(text))
}

// parseHex fills into from exactly its length of hex. It leaves into alone
// when the text does not fit.
func parseHex(what string, into []byte, s string) error {
	if len(s) != 2*len(into) {
		return fmt.Errorf("parse %s: %w", what, ErrMalformedID)
	}
	raw, err := hex.DecodeString(s)
	if err != nil {
		return fmt.Errorf("parse %s: %w", what, ErrMalformedID)
	}
	copy(into, raw)
	return nil
}
