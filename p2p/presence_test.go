package p2p

import (
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"

	"parley/crdt"
	"parley/space"
)

func TestPresenceComesAndGoes(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	at := func(state string) func() bool {
		return func() bool {
			here := ben.node.Here(park)
			return len(here) == 1 && here[0].Device == ada.id() && here[0].Document == plan.Document && string(here[0].State) == state
		}
	}
	announce := func(p Presence) {
		t.Helper()
		if err := ada.node.Announce(park, p); err != nil {
			t.Fatal(err)
		}
	}
	announce(Presence{Document: plan.Document, State: []byte("line 1")})
	ben.waitFor("Ada at line 1", at("line 1"))
	announce(Presence{Document: plan.Document, State: []byte("line 2")})
	ben.waitFor("Ada at line 2", at("line 2"))

	announce(Presence{})
	ben.waitFor("Ada leaving", func() bool { return len(ben.node.Here(park)) == 0 })

	announce(Presence{Document: plan.Document, State: []byte("line 3")})
	ben.waitFor("Ada at line 3", at("line 3"))
	if err := ada.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ben.waitFor("Ada gone", func() bool { return len(ben.node.Here(park)) == 0 })
	if err := ada.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ben.waitFor("Ada back without a word of hers", at("line 3"))

	if err := ada.node.Announce(park, Presence{State: make([]byte, maxState+1)}); err == nil {
		t.Error("a state of any size is taken")
	}
}

func TestPresencesRules(t *testing.T) {
	now := time.Unix(1000, 0)
	changes := 0
	p := newPresences(func() time.Time { return now }, func(space.ID) { changes++ })
	park, ada := space.ID{1}, space.DeviceID{2}
	hear := func(counter uint64, state string) pubsub.ValidationResult {
		document := crdt.DocumentID{3}
		verdict, tooMuch := p.hear(park, ada, &presenceMessage{Counter: counter, Document: document[:], State: []byte(state)})
		if tooMuch && (state != "flood" || verdict != pubsub.ValidationIgnore) {
			t.Errorf("%q is too much", state)
		}
		return verdict
	}
	if hear(5, "new") != pubsub.ValidationAccept || hear(4, "old") != pubsub.ValidationIgnore || hear(5, "again") != pubsub.ValidationIgnore {
		t.Error("an old message counts")
	}
	if got := p.list(park); len(got) != 1 || string(got[0].State) != "new" {
		t.Errorf("here is %v", got)
	}
	if hear(6, "new") != pubsub.ValidationAccept || changes != 1 {
		t.Errorf("a refresh is told as a change: %d", changes)
	}
	now = now.Add(presenceLife - time.Second)
	hear(7, "new")
	now = now.Add(2 * time.Second)
	p.expire(park)
	if len(p.list(park)) != 1 {
		t.Error("it expired though it was refreshed")
	}
	now = now.Add(presenceLife)
	p.expire(park)
	if len(p.list(park)) != 0 || changes != 2 {
		t.Error("it did not expire")
	}
	if hear(7, "replayed") != pubsub.ValidationIgnore {
		t.Error("a message came to life again")
	}
	dropped := 0
	for i := range uint64(100) {
		if hear(100+i, "flood") == pubsub.ValidationIgnore {
			dropped++
		}
	}
	if dropped != 100-presenceBurst {
		t.Errorf("%d of 100 were dropped", dropped)
	}
}
