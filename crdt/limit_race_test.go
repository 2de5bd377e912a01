//go:build race

package crdt_test

// bombMemory is what the race detector needs besides.
const bombMemory = 1 << 30
