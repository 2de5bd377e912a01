package crdt

import "errors"

var (
	// ErrNotFound is what Reader.Get fails with when there is no such key.
	ErrNotFound = errors.New("no such key")

	// ErrFull is what a write fails with for want of room on the disk. Nothing
	// of it is stored, what was stored before stays, and a later write can
	// succeed.
	ErrFull = errors.New("the disk is full")
)

// Limits of one Backend.Write that every backend must be able to take.
const (
	MaxWriteOps   = 4096
	MaxWriteBytes = 512 << 10 // of keys, and of values below LargeValue
	LargeValue    = 64 << 10
	MaxValue      = 8 << 20  // of one value
	MaxLargeBytes = 80 << 20 // of values from LargeValue on
)

// Backend keeps records under keys, in the order of the keys' bytes. It is
// safe for concurrent use.
type Backend interface {
	// View shows a consistent state to read, until read returns.
	View(read func(Reader) error) error

	// Write applies all ops or none, the later of two on one key last. When
	// it returns nil they are on disk and survive the loss of power.
	Write(ops []Op) error

	// Close ends the use of the backend. Nothing may be under way.
	Close() error
}

// Collector is an optional ability of a Backend: to give room back that
// deleted records took. Collect may take long and can be called at any time.
type Collector interface {
	Collect() error
}

// Reader reads one consistent state.
type Reader interface {
	// Get returns a copy of the value, or ErrNotFound.
	Get(key []byte) ([]byte, error)

	// Scan calls visit for the keys that start with prefix and are not below
	// from (nil: all of them), in order, until visit returns false. Key and
	// value are valid during the call only.
	Scan(prefix, from []byte, visit func(key, value []byte) (more bool, err error)) error
}

// Op sets a key's value, or deletes the key when Value is nil.
type Op struct {
	Key, Value []byte
}
