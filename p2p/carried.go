package p2p

import (
	"parley/crdt"
	"parley/space"
)

// Carried learns what a member's device holds of a part, at least, from a file
// that it has signed and that somebody has carried here.
func (n *Node) Carried(device space.DeviceID, ref crdt.Ref, vector crdt.Vector) {
	n.standing.has(device, ref, vector)
}
