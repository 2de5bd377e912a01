package words

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"golang.org/x/crypto/argon2"
)

// SafetyWords is how many words two people compare: 66 bits.
const SafetyWords = 6

// What it costs to make safety words once: about a tenth of a second. Somebody
// between two people may look for keys to show to one and to the other so that
// both sides come to the same words. With 66 bits that takes about 2^33 tries
// on each side: minutes of plain hashing, and decades of one processor's time of
// this.
const (
	safetyPasses = 3
	safetyMemory = 32 << 10 // KiB
)

// Safety are the words that two people compare: both sides see the same if and
// only if each knows the other's devices as they are. Which side is whose, and
// in which order the devices come, does not matter.
func Safety(mine, theirs [][32]byte) []string {
	sides := [][]byte{digest(mine), digest(theirs)}
	slices.SortFunc(sides, bytes.Compare)
	hashed := argon2.IDKey(bytes.Join(sides, nil), []byte("parley/verify/1"), safetyPasses, safetyMemory, 1, 9)
	return spell(hashed, SafetyWords)
}

// digest names a set of devices.
func digest(devices [][32]byte) []byte {
	sorted := slices.Clone(devices)
	slices.SortFunc(sorted, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	for _, device := range slices.Compact(sorted) {
		h.Write(device[:])
	}
	return h.Sum(nil)
}
