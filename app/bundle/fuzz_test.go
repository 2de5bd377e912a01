package bundle_test

import (
	"bytes"
	"errors"
	"testing"

	"parley/app/bundle"
	"parley/space"
)

// FuzzTake takes in what is encrypted as it should be and signed by a member, and
// is otherwise anything: a kind and a content in the place of some frame, or
// bytes in the place of all of them.
func FuzzTake(f *testing.F) {
	ada, ben := newDevice(f, "Ada"), newDevice(f, "Ben")
	id := ada.founds()
	ada.admits(id, space.Editor, ben)
	ada.writes(refIn(id, 1), "a", "b")
	file := ada.packs(id, bundle.Options{Files: true})
	payload, err := bundle.Unseal(ada.key, file)
	if err != nil {
		f.Fatal(err)
	}
	frames := bundle.Frames(payload)
	for at, frame := range frames {
		f.Add(uint(at), frame.Kind, frame.Content, false)
	}
	f.Add(uint(0), byte('h'), payload, true)
	f.Add(uint(1), byte('l'), []byte{0xa1, 1, 0x80}, false)
	f.Add(uint(2), byte('p'), []byte{0xa1, 1, 0x9a, 0xff, 0xff, 0xff, 0xff}, false)
	f.Add(uint(3), byte('d'), []byte("bytes"), false)
	f.Fuzz(func(t *testing.T, at uint, kind byte, content []byte, raw bool) {
		ben.t = t
		made := content
		if !raw {
			some := append([]bundle.Frame(nil), frames...)
			some[at%uint(len(some))] = bundle.Frame{Kind: kind, Content: content}
			made = bundle.Sign(ada.key, some...)
		}
		sealed, err := bundle.Seal(made, ben.key.Device())
		if err != nil {
			t.Fatal(err)
		}
		taken, err := ben.tries(sealed)
		if err != nil && !known(err) {
			t.Fatalf("%+v, %v", taken, err)
		}
		log, here := ben.store.Log(id)
		if !here {
			return
		}
		if _, err := bundle.ReadKnown(log, ben.key, bytes.NewReader(sealed)); err != nil && !known(err) && !errors.Is(err, bundle.ErrOtherSpace) {
			t.Fatal(err)
		}
	})
}
