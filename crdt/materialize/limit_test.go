//go:build !race

package materialize

// bombMemory is enough for ordinary documents and not for the bomb.
const bombMemory = 128 << 20
