package crdt

// MemoryTarget is the soft limit, in bytes, that a process with a store gives
// to Go's memory (debug.SetMemoryLimit). What others send may inflate to 64 MiB
// at once; without a target, Go lets the garbage of one such chunk lie until
// the next are there too.
const MemoryTarget = 160 << 20
