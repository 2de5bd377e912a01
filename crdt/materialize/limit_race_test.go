//go:build race

package materialize

// bombMemory is what the race detector needs besides.
const bombMemory = 1 << 30
