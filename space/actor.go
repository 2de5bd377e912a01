package space

import (
	"crypto/sha256"
	"encoding/binary"
)

// actorSize is the length of an actor ID that belongs to a device: the
// device's prefix and a lease number.
const actorSize = 20

// actorPrefix is what all actor IDs of a device in a space begin with. It
// differs from space to space, so that a document that is taken from one into
// another brings nobody's actors there (docs/decisions/0009).
func actorPrefix(id ID, device DeviceID) [16]byte {
	sum := sha256.Sum256(append(id[:], device[:]...))
	return [16]byte(sum[:16])
}

// ActorFor is the Automerge actor ID that a device writes with in a space
// under a lease.
func ActorFor(id ID, device DeviceID, lease uint32) [actorSize]byte {
	var actor [actorSize]byte
	prefix := actorPrefix(id, device)
	copy(actor[:], prefix[:])
	binary.BigEndian.PutUint32(actor[16:], lease)
	return actor
}

// ActorOwner splits off the device's prefix of an actor ID. It reports false
// for an ID too short to belong to any device.
func ActorOwner(actor []byte) (prefix [16]byte, ok bool) {
	if len(actor) < len(prefix) {
		return prefix, false
	}
	return [16]byte(actor[:16]), true
}
