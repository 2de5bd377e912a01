// Package bundle writes and reads the files by which a space travels without a
// network: everything of it, one document, or what somebody lacks who has an
// earlier file, encrypted to the devices that are in the space and signed by
// the one that made it (docs/formats.md, Bundles). What it reads enters the
// store by the same doors as what comes over the network. It knows the store
// and the membership log, and neither files on a disk nor words for people.
package bundle
