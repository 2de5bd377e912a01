// Package crdt keeps documents as sets of signed Automerge changes.
//
// Everything enters through one door, Store.Append: local edits, what peers
// send, imports. It parses headers, checks signatures and rights, orders by
// dependencies, makes the changes durable and rings the bell; only then does
// it answer. To the store, changes are opaque: what a document says is known
// only to the Materializer, a child process that the store asks to compact,
// to take snapshots apart and to check them.
//
// The package knows nothing of the network and of windows. Keys and records
// are described in docs/formats.md, under Storage.
package crdt
