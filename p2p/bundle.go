package p2p

import (
	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

func (m *changesMessage) ref(id space.ID) crdt.Ref {
	return crdt.Ref{Space: id, Document: m.Document, Part: m.Part}
}

// bundle is a gossip message as the store takes it.
func (m *changesMessage) bundle() crdt.Bundle {
	return crdt.Bundle{Changes: m.Changes, Signatures: fromWireSignatures(m.Signatures)}
}

func toWireSignatures(signatures []crdt.Signature) []wireSignature {
	wire := make([]wireSignature, 0, len(signatures))
	for _, s := range signatures {
		wire = append(wire, wireSignature{Actor: []byte(s.Actor), Seq: s.Seq, Hash: s.Hash, Device: s.Device, Sig: s.Sig})
	}
	return wire
}

func fromWireSignatures(wire []wireSignature) []crdt.Signature {
	signatures := make([]crdt.Signature, 0, len(wire))
	for _, s := range wire {
		signatures = append(signatures, crdt.Signature{Actor: chunk.Actor(s.Actor), Seq: s.Seq, Hash: s.Hash, Device: s.Device, Sig: s.Sig})
	}
	return signatures
}

// bundleSize is what a bundle costs on the wire, roughly.
func bundleSize(b crdt.Bundle) (size int) {
	for _, c := range b.Changes {
		size += len(c) + 8
	}
	return size + len(b.Signatures)*192
}
