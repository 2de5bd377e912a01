package p2p

import (
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"filippo.io/edwards25519"
	"golang.org/x/crypto/chacha20poly1305"

	"parley/space"
)

const (
	noteInfo = "parley/dht/1"
	noteDay  = 24 * time.Hour // after which a place is given up for another
	noteSize = maxCard - 512  // of what is sealed, always: its length says nothing
)

var errSealed = errors.New("what was left does not open")

// A place is where one device leaves word for another, on one day. Nobody but
// these two can find it, write there or read what is there: it comes from a
// secret that both derive from their device keys, and from nothing that a space
// or its former members know.
type place struct {
	writer ed25519.PrivateKey
	seal   cipher.AEAD
}

// dayOf is the number of a day.
func dayOf(t time.Time) uint64 { return uint64(t.Unix() / int64(noteDay/time.Second)) }

// otherDay is the day before or the day after, whichever is nearer: clocks differ.
func otherDay(t time.Time) uint64 {
	if t.Unix()%int64(noteDay/time.Second) < int64(noteDay/time.Second/2) {
		return dayOf(t) - 1
	}
	return dayOf(t) + 1
}

// newPlace derives where from leaves word for to; one of them is this device,
// whose key it takes.
func newPlace(key space.Key, from, to space.DeviceID, day uint64) (place, error) {
	other := from
	if from == key.Device() {
		other = to
	}
	secret, err := sharedSecret(key, other)
	if err != nil {
		return place{}, err
	}
	info := append([]byte(noteInfo), from[:]...)
	info = append(info, to[:]...)
	info = binary.BigEndian.AppendUint64(info, day)
	derived, err := hkdf.Key(sha256.New, secret, nil, string(info), ed25519.SeedSize+chacha20poly1305.KeySize)
	if err != nil {
		return place{}, fmt.Errorf("derive a place: %w", err)
	}
	seal, err := chacha20poly1305.NewX(derived[ed25519.SeedSize:])
	if err != nil {
		return place{}, fmt.Errorf("derive a place: %w", err)
	}
	return place{writer: ed25519.NewKeyFromSeed(derived[:ed25519.SeedSize]), seal: seal}, nil
}

// sharedSecret is what two devices have in common: X25519 of their keys, taken in
// Montgomery's form, as a bundle's recipients are.
func sharedSecret(key space.Key, other space.DeviceID) ([]byte, error) {
	point, err := new(edwards25519.Point).SetBytes(other[:])
	if err != nil {
		return nil, fmt.Errorf("derive a place: %w", err)
	}
	public, err := ecdh.X25519().NewPublicKey(point.BytesMontgomery())
	if err != nil {
		return nil, fmt.Errorf("derive a place: %w", err)
	}
	seed := key.Seed()
	scalar := sha512.Sum512(seed[:])
	private, err := ecdh.X25519().NewPrivateKey(scalar[:32])
	if err != nil {
		return nil, fmt.Errorf("derive a place: %w", err)
	}
	secret, err := private.ECDH(public) // it fails for a point of low order
	if err != nil {
		return nil, fmt.Errorf("derive a place: %w", err)
	}
	return secret, nil
}

func (p place) public() ed25519.PublicKey {
	public, _ := p.writer.Public().(ed25519.PublicKey)
	return public
}

// write seals a card.
func (p place) write(c card) ([]byte, error) {
	if len(c.raw) > noteSize-2 {
		return nil, fmt.Errorf("seal a card of %d bytes", len(c.raw))
	}
	padded := make([]byte, noteSize)
	binary.BigEndian.PutUint16(padded, uint16(len(c.raw)))
	copy(padded[2:], c.raw)
	nonce := make([]byte, p.seal.NonceSize(), p.seal.NonceSize()+noteSize+p.seal.Overhead())
	_, _ = rand.Read(nonce) // it never fails
	return p.seal.Seal(nonce, nonce, padded, nil), nil
}

// read opens the card that a device has left.
func (p place) read(content []byte, from space.DeviceID) (card, error) {
	if len(content) != p.seal.NonceSize()+noteSize+p.seal.Overhead() {
		return card{}, fmt.Errorf("%w: %d bytes", errSealed, len(content))
	}
	padded, err := p.seal.Open(nil, content[:p.seal.NonceSize()], content[p.seal.NonceSize():], nil)
	if err != nil {
		return card{}, fmt.Errorf("%w: %w", errSealed, err)
	}
	length := int(binary.BigEndian.Uint16(padded))
	if length > noteSize-2 {
		return card{}, fmt.Errorf("%w: a length of %d", errSealed, length)
	}
	device, c, err := readCard(padded[2 : 2+length])
	if err == nil && device != from {
		err = fmt.Errorf("%w: the card of another", errSealed)
	}
	return c, err
}
