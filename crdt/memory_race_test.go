//go:build race

package crdt_test

// mostMemory is with what the race detector needs besides.
const mostMemory = 1_200_000_000
