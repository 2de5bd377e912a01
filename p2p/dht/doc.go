// Package dht keeps short notes in a distributed hash table that Parley's
// keepers can offer, so that two devices which know a secret find what one has
// left for the other. It knows neither spaces nor what a note says: a note lies
// under a key that only those two can derive, and is signed by it.
//
// A table is a libp2p host of its own, beside the device's: those who are asked
// see an address and an identity drawn for this run, and not which device it is.
package dht
