// Package p2p is how devices meet: it finds them, asks which spaces they
// share, admits newcomers, gossips what is new and catches up on what was
// missed. What goes over the wire is described in docs/protocol.md.
//
// It is the only importer of libp2p. It knows membership logs (package space)
// and sets of changes (package crdt), but nothing of what the changes say and
// nothing of windows. Whatever arrives is checked here for form and size, and
// in crdt for everything else; nothing is passed on that is not durable.
package p2p
