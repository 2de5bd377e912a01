package crdt_test

import (
	"testing"

	"parley/crdt"
	"parley/space"
)

// What a device hands in itself it has signed a moment ago, in the same
// process, so nobody looks at that signature again; at all others they do.
func TestOnlyWhatADeviceHandsInItselfIsNotVerifiedAgain(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	hers, his := ada.picksUp(ref), ben.picksUp(ref)
	forge := func(b crdt.Bundle) crdt.Bundle {
		b.Signatures[0].Sig[7] ^= 1
		return b
	}
	for name, c := range map[string]struct {
		bundle crdt.Bundle
		origin crdt.Origin
		from   *device
		taken  bool
	}{
		"handed in by its device":                   {forge(ada.bundle(ref, hers.change(1, nil, "a"))), crdt.Local, ada, true},
		"sent in the name of this device":           {forge(ada.bundle(ref, hers.change(1, nil, "b"))), crdt.Peer, ada, false},
		"taken from a file in its name":             {forge(ada.bundle(ref, hers.change(1, nil, "c"))), crdt.Import, ada, false},
		"handed in here, signed by another":         {forge(ben.bundle(ref, his.change(1, nil, "d"))), crdt.Local, ada, false},
		"sent by another, signed by another":        {forge(ben.bundle(ref, his.change(1, nil, "e"))), crdt.Peer, ben, false},
		"sent by another, signed by another, sound": {ben.bundle(ref, his.change(1, nil, "f")), crdt.Peer, ben, true},
	} {
		t.Run(name, func(t *testing.T) {
			// Each in a document of its own.
			other := ref
			if c.taken && c.from == ada {
				other.Document = crdt.DocumentID{2}
			}
			receipt, err := ada.store.Append(t.Context(), other, c.bundle, c.origin, c.from.key.Device())
			if err != nil || (receipt.Accepted == 1) != c.taken {
				t.Fatalf("%+v, %v", receipt, err)
			}
			if !c.taken && !isReason(receipt, crdt.ReasonBadSignature) {
				t.Fatalf("%+v", receipt)
			}
		})
	}
}
