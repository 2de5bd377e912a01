// Package space knows who belongs to a space and what they may do there:
// device keys, persons, the signed membership log, roles, invitations.
//
// It is pure: no disk, no network, no clock of its own. Callers hand in bytes
// that came from anywhere, the time, and a source of randomness. Everything it
// decodes is bounded and must be in the one canonical form that
// docs/formats.md describes, so that a hash names one meaning.
package space
