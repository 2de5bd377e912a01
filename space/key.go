package space

import (
	"crypto/ed25519"
	"fmt"
	"io"
)

// Key is a device's private key. The zero Key is not usable.
type Key struct {
	private ed25519.PrivateKey
}

// GenerateKey makes a new device key from 32 bytes of rand.
func GenerateKey(rand io.Reader) (Key, error) {
	var seed [ed25519.SeedSize]byte
	if _, err := io.ReadFull(rand, seed[:]); err != nil {
		return Key{}, fmt.Errorf("generate device key: %w", err)
	}
	return KeyFromSeed(seed), nil
}

// KeyFromSeed restores the key that Seed was taken from.
func KeyFromSeed(seed [ed25519.SeedSize]byte) Key {
	return Key{private: ed25519.NewKeyFromSeed(seed[:])}
}

// Seed is the secret that the key is made from. It is also the seed of the
// device's libp2p identity.
func (k Key) Seed() [ed25519.SeedSize]byte {
	return [ed25519.SeedSize]byte(k.private.Seed())
}

// Device is the public half, which names the device.
func (k Key) Device() DeviceID {
	return DeviceID(k.private.Public().(ed25519.PublicKey))
}

// Sign signs a message, which must begin with the name of what is signed so
// that a signature of one kind never passes for another.
func (k Key) Sign(message []byte) []byte {
	return ed25519.Sign(k.private, message)
}

// Verify reports whether sig is the device's signature of message.
func (d DeviceID) Verify(message, sig []byte) bool {
	return ed25519.Verify(d[:], message, sig)
}
