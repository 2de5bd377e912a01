package p2p

import (
	"fmt"
	"strings"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/space"
)

// peerIDPrefix is what stands before the key in the peer ID of an Ed25519 key:
// an identity multihash (0x00) of 36 bytes (0x24), which are the key's
// protobuf: field 1, type Ed25519; field 2, 32 bytes.
const peerIDPrefix = "\x00\x24\x08\x01\x12\x20"

func peerOf(device space.DeviceID) peer.ID {
	return peer.ID(peerIDPrefix + string(device[:]))
}

// deviceOf reports false for peers whose key is not Ed25519: no device of ours.
func deviceOf(p peer.ID) (device space.DeviceID, ok bool) {
	rest, ok := strings.CutPrefix(string(p), peerIDPrefix)
	if !ok || len(rest) != len(device) {
		return space.DeviceID{}, false
	}
	copy(device[:], rest)
	return device, true
}

func hostKey(key space.Key) (crypto.PrivKey, error) {
	seed, device := key.Seed(), key.Device()
	// libp2p wants seed ‖ public key, as crypto/ed25519 keeps it.
	private, err := crypto.UnmarshalEd25519PrivateKey(append(seed[:], device[:]...))
	if err != nil {
		return nil, fmt.Errorf("read device key: %w", err)
	}
	return private, nil
}
