package p2p

import (
	"bytes"
	"testing"

	"filippo.io/cpace"

	"parley/space"
)

// FuzzShares hands what another device may send as its share to both sides of
// an exchange: it is refused, or the two do not come to the same.
func FuzzShares(f *testing.F) {
	ada, ben := space.DeviceID{1}, space.DeviceID{2}
	share, _, err := cpace.Start("tiger", wordsContext(ada, ben))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(share)
	f.Add(share[16:])
	f.Add(make([]byte, openerShare))
	f.Add(bytes.Repeat([]byte{0xff}, openerShare))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, secret, err := cpace.Exchange("zebra", wordsContext(ada, ben), raw)
		if err == nil {
			proof, sealing := wordsKeys(secret)
			if bytes.Equal(proof, sealing) {
				t.Fatal("one key for two purposes")
			}
		}
		_, state, err := cpace.Start("zebra", wordsContext(ada, ben))
		if err != nil {
			t.Fatal(err)
		}
		if other, err := state.Finish(raw); err == nil && bytes.Equal(other, secret) {
			t.Fatal("both sides have come to the same with different words")
		}
	})
}

// FuzzSealedCode opens whatever a facilitator's device may send.
func FuzzSealedCode(f *testing.F) {
	_, key := wordsKeys([]byte("what both have come to: 32 bytes"))
	good, err := seal(key, []byte("PARLEY1-CODE"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:sealOverhead])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := unseal(key, raw)
		if err != nil {
			return
		}
		if again, err := seal(key, text); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%x opens, and is not what seals (%v)", raw, err)
		}
	})
}
