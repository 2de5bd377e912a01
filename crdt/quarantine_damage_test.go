package crdt_test

import (
	"bytes"
	"maps"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/space"
)

// TestADamagedSideOfAForkIsPassedOver damages the record of a change that lost a
// fork. It is told of by name and holds nothing else up; whoever has the change
// gives it again.
func TestADamagedSideOfAForkIsPassedOver(t *testing.T) {
	for name, spoil := range map[string]func(value []byte) []byte{
		"all of it": func([]byte) []byte { return []byte{0xff} },
		// The bytes of the change are the longest string in the record.
		"a bit of the change": func(value []byte) []byte {
			at := bytes.Index(value, []byte{0x85, 0x6f, 0x4a, 0x83}) // the magic bytes
			value[at+20] ^= 1
			return value
		},
	} {
		t.Run(name, func(t *testing.T) {
			ada, ben, cem := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands(), newDevice(t, "Cem").understands()
			ref := ada.founds()
			ada.admits(ref.Space, space.Editor, ben, cem)
			bens, again := ben.picksUp(ref), ben.picksUp(ref)
			*again = *bens
			sides := []chunk.Change{bens.writes("one"), again.writes("the other")}
			further := ada.picksUp(ref).writes("of Ada's")
			ada.commits(ref, further)
			ada.takes(ref, ben.bundle(ref, sides[0]), ben)
			ada.takes(ref, ben.bundle(ref, sides[1]), ben)
			ada.settles(ref)
			cem.pulls(ref, ada)
			aside := ada.aside(ref)
			if len(aside) != 1 || len(cem.aside(ref)) != 1 {
				t.Fatalf("%d changes are aside at one, %d at the other", len(aside), len(cem.aside(ref)))
			}

			var incidents []crdt.Incident
			ada.options.Report = func(i crdt.Incident) { incidents = append(incidents, i) }
			ada.raw(func(b *badger.Backend) {
				keys := keysOf(t, b, ref.Space, 'q')
				if len(keys) != 1 {
					t.Fatalf("%d records", len(keys))
				}
				var value []byte
				if err := b.View(func(r crdt.Reader) (err error) { value, err = r.Get(keys[0]); return err }); err != nil {
					t.Fatal(err)
				}
				writes(t, b, crdt.Op{Key: keys[0], Value: spoil(value)})
			})
			want := ada.history(ref)
			ada.settles(ref)
			for range 2 {
				bundle, _, err := ada.store.Offer(t.Context(), ref, crdt.Tips{}, 2000)
				if err != nil {
					t.Fatalf("the part cannot be offered: %v", err)
				}
				if len(bundle.Changes) != 2 {
					t.Errorf("%d changes are offered", len(bundle.Changes))
				}
			}
			if _, err := ada.store.Quarantine(ref.Space); err != nil {
				t.Error(err)
			}
			if len(incidents) != 1 || incidents[0].Kind != crdt.IncidentDamaged || incidents[0].Ref != ref {
				t.Errorf("told of: %+v", incidents)
			}

			ada.pulls(ref, cem)
			if got := ada.aside(ref); !maps.Equal(got, aside) {
				t.Errorf("set aside are %v, before %v", got, aside)
			}
			if got := ada.history(ref); !maps.Equal(got, want) {
				t.Errorf("%d changes, before %d", len(got), len(want))
			}
			ada.isWell()
			if ada.store.Digest(ref.Space) != cem.store.Digest(ref.Space) {
				t.Error("two who hold the same have different digests")
			}
		})
	}
}
