package vault

import "bytes"

// What opens everything else lies in its file twice, one copy after the other:
// a bit that flips spoils one of the two, and the other still opens. They are
// written together, in one file, so that there is no moment at which they say
// different things.

// twice is the content of a file that holds copy two times.
func twice(copy []byte) []byte { return bytes.Repeat(copy, 2) }

// copies gives the two halves of a file. They are told apart by nothing but
// its length, so nothing in one can spoil the other.
func copies(raw []byte) [2][]byte {
	half := len(raw) / 2
	return [2][]byte{raw[:half], raw[half:]}
}

// Spoilt says whether the two copies in a file of this package differ: one of
// them cannot be what was written.
func Spoilt(raw []byte) bool {
	both := copies(raw)
	return !bytes.Equal(both[0], both[1])
}
