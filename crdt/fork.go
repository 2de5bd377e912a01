package crdt

import (
	"crypto/sha256"
	"maps"
	"slices"

	"parley/crdt/chunk"
)

// forked reports whether a change is set aside for a fork: it lost, or builds
// on one that did. It stays part of what the device holds, since further
// changes may tip the balance.
func (r Reason) forked() bool { return r == ReasonFork || r == ReasonForked }

// forksDigest sums up what of a part is set aside for a fork: the first 16
// bytes of the SHA-256 of the hashes in order, zeros if there are none.
func forksDigest(forked map[chunk.Hash]bool) [16]byte {
	if len(forked) == 0 {
		return [16]byte{}
	}
	sum := sha256.New()
	for _, hash := range slices.SortedFunc(maps.Keys(forked), chunk.Hash.Compare) {
		sum.Write(hash[:])
	}
	return [16]byte(sum.Sum(nil))
}
