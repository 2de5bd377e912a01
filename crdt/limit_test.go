//go:build !race

package crdt_test

// bombMemory is enough for ordinary documents and not for the bomb.
const bombMemory = 128 << 20
