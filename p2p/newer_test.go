package p2p

import (
	"testing"
	"time"

	"parley/space"
)

// newerEntry is an entry of a kind that this version does not know, well formed
// otherwise (docs/formats.md).
func newerEntry(t *testing.T, key space.Key, log *space.Log) []byte {
	t.Helper()
	id := log.ID()
	payload, err := encoding.Marshal(map[int]any{
		1: 200, 2: id[:], 3: log.Heads(), 4: key.Device(), 5: uint64(time.Now().Unix()), 6: map[int]any{1: "from the future"},
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := encoding.Marshal([]any{payload, key.Sign(append([]byte("parley/entry/1"), payload...))})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestNewerEntriesAreNobodysFault(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park, plan := meeting(t, ada, ben)
	cleo.joins(ada.invites(park, 1, time.Time{}))
	cleo.same(park, ada)
	// Ben, on a newer version, writes what the others cannot read: while Ada is
	// there, by gossip, and while Cleo is not, to be pulled.
	if err := cleo.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	raw := newerEntry(t, ben.key, ben.logOf(park))
	if _, _, err := ben.store.AddEntries(t.Context(), park, [][]byte{raw}); err != nil {
		t.Fatal(err)
	}
	ada.same(park, ben)
	ben.stops()
	if err := cleo.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	cleo.connects(ada)
	cleo.same(park, ada)
	for _, d := range []*device{ada, cleo} {
		if !d.logOf(park).Newer() {
			t.Errorf("%s does not say that somebody uses a newer Parley", d.name)
		}
		for _, other := range []*device{ada, ben, cleo} {
			if !d.node.current().gate.allows(peerOf(other.id())) {
				t.Errorf("%s turns %s away", d.name, other.name)
			}
		}
	}
	ada.writes(plan, "all the same")
	cleo.same(park, ada)
}
