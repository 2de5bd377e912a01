//go:build !race

package crdt_test

// mostMemory is what the main process may take at its peak, in bytes.
const mostMemory = 300_000_000
