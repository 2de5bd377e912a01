package p2p

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/crdt"
	"parley/crdt/materialize"
	"parley/p2p/lab"
	"parley/space"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == materialize.Argument {
		materialize.Main()
		return
	}
	goleak.VerifyTestMain(lab.Apart(m))
}

func TestTwoWriteAndHaveTheSame(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	ben.joins(ada.invites(park, 1, time.Time{}))
	ada.shares(park, ben)

	plan := ref(park, "plan")
	for i := range 20 {
		ada.writes(plan, fmt.Sprint("a", i))
		ben.writes(plan, fmt.Sprint("b", i))
	}
	ada.same(park, ben)
	if !ada.has(plan, ben, 20) || !ben.has(plan, ada, 20) {
		t.Error("something is missing")
	}
}

func TestNewcomerGetsWhatWasThere(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	for document := range 300 {
		ada.writes(ref(park, fmt.Sprint("document ", document)), "text")
	}
	ben.joins(ada.invites(park, 1, time.Time{}))
	ben.same(park, ada)
	if n := len(ben.store.Documents(park)); n != 300 {
		t.Errorf("%d documents arrived", n)
	}
}

func TestOfflineBothWriteAndMeetAgain(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)

	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if len(ben.node.Peers()) != 0 || len(ben.node.Addresses()) != 0 || !ben.node.Offline() {
		t.Error("there is still a network")
	}
	ada.waitFor("Ben's leaving", func() bool { return len(ada.node.Peers()) == 0 })
	for i := range 5 {
		ada.writes(plan, fmt.Sprint("alone ", i))
		ben.writes(plan, fmt.Sprint("alone too ", i))
	}
	ben.writes(ref(park, "another"), "new")
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	// Nobody says where: Ben remembers.
	ada.same(park, ben)
}

// meeting is where most stories begin: two devices that share a space and
// have both written in one document.
func meeting(t *testing.T, ada, ben *device) (space.ID, crdt.Ref) {
	t.Helper()
	park := ada.founds("Park")
	plan := ref(park, "plan")
	ben.joins(ada.invites(park, 1, time.Time{}))
	ada.shares(park, ben)
	ada.writes(plan, "hello")
	ben.writes(plan, "hello too")
	ada.same(park, ben)
	return park, plan
}

func TestRestart(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	ada.stops()
	ben.writes(plan, "while Ada is away")
	ben.stops()
	ada.starts()
	ada.writes(plan, "while Ben is away")
	// Ada listens somewhere else now, and so will Ben: the first to come must
	// be told where the other is, as on a network without multicast.
	ben.starts()
	ben.connects(ada)
	ada.same(park, ben)
	if !ada.has(plan, ben, 2) || !ben.has(plan, ada, 2) {
		t.Error("something is missing")
	}
}

func TestListensWhereItDidLastTime(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ada.stops()
	ada.listen = nil // any port, on every interface
	ada.starts()
	before := ada.node.Addresses()
	ada.stops()
	ada.starts()
	if after := ada.node.Addresses(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("was at %v, is at %v", before, after)
	}
	_ = ben
}

func TestThreeInARow(t *testing.T) {
	// Ada and Cleo never meet: all that they have of each other comes by Ben.
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park := ada.founds("Park")
	code := ada.invites(park, 2, time.Time{})
	ben.joins(code)
	ada.shares(park, ben)
	ben.same(park, ada)

	code.Inviter, code.Addresses = ben.id(), ben.node.CodeAddresses()
	cleo.joins(code)
	ben.shares(park, cleo)
	ada.waitFor("Cleo's joining", func() bool { return ada.node.member(park, cleo.id()) })

	plan := ref(park, "plan")
	ada.writes(plan, "from one end")
	cleo.writes(plan, "from the other")
	ada.waitFor("what Cleo wrote", func() bool { return ada.has(plan, cleo, 1) })
	cleo.waitFor("what Ada wrote", func() bool { return cleo.has(plan, ada, 1) })
	ada.same(park, cleo)
}

func TestJoinIsProvedToWhoHasNotSeenIt(t *testing.T) {
	// Ben admits Cleo while Ada is away. Then Ben goes, and Ada comes back:
	// Cleo must show Ada that she belongs.
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park := ada.founds("Park")
	code := ada.invites(park, 2, time.Time{})
	ben.joins(code)
	ben.same(park, ada)
	if err := ada.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	code.Inviter, code.Addresses = ben.id(), ben.node.CodeAddresses()
	cleo.joins(code)
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if err := ada.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	if ada.node.member(park, cleo.id()) {
		t.Fatal("Ada knows Cleo already")
	}
	ada.connects(cleo) // Ada dials, so Ada says hello
	ada.shares(park, cleo)
	cleo.writes(ref(park, "plan"), "text")
	ada.same(park, cleo)
}

func TestDuplicatesAreHarmless(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	r := ada.node.current().room(park)
	before := ben.digest(park)
	for range 3 {
		// The same changes, in messages of their own.
		r.tellChanges(plan, crdt.Vector{})
		r.pull(pullRequest{from: peerOf(ben.id())})
		ben.node.current().room(park).pull(pullRequest{from: peerOf(ada.id())})
	}
	ada.writes(plan, "the last")
	ben.waitFor("the last", func() bool { return ben.has(plan, ada, 2) })
	ada.same(park, ben)
	quarantined, err := ben.store.Quarantine(park)
	if err != nil || len(quarantined) != 0 || ben.digest(park) == before {
		t.Errorf("duplicates did harm: %v, %v", quarantined, err)
	}
}

func TestLargeChangeGoesByCatchUp(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	ada.writes(plan, string(randomText(2*maxGossip)))
	ada.same(park, ben)
}

func TestConnectSaysWhatIsWrong(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	if err := ada.node.Connect(t.Context(), "nonsense"); err == nil {
		t.Error("nonsense is an address")
	}
	if err := ada.node.Connect(t.Context(), ada.node.Addresses()[0]); err == nil {
		t.Error("Ada connects to herself")
	}
	address := ben.node.Addresses()[0]
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if err := ada.node.Connect(t.Context(), address); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if err := ben.node.Connect(t.Context(), ada.node.Addresses()[0]); !errors.Is(err, ErrOffline) {
		t.Errorf("got %v", err)
	}
}

func TestManySpaces(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	var spaces []space.ID
	for i := range 160 {
		id := ada.founds(fmt.Sprint("Space ", i))
		application, err := space.Apply(ben.key, ada.invites(id, 1, time.Time{}), space.Person{Name: "Ben"})
		if err != nil {
			t.Fatal(err)
		}
		entry, err := ada.logOf(id).Admit(ada.key, application, time.Now())
		ada.adds(id, entry, err)
		if i%4 != 0 { // of the others, Ben is a member without knowing it
			if _, err := ben.store.CreateSpace(t.Context(), ada.logOf(id).Entries()...); err != nil {
				t.Fatal(err)
			}
			spaces = append(spaces, id)
		}
	}
	ben.connects(ada)
	for _, id := range spaces {
		ada.shares(id, ben)
	}
	for _, id := range spaces {
		ada.writes(ref(id, "plan"), "text")
	}
	for _, id := range spaces {
		ben.same(id, ada)
	}
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	for _, id := range spaces {
		ada.writes(ref(id, "plan"), "for Ben to pull")
	}
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	for _, id := range spaces {
		ben.same(id, ada)
	}
	if peers := ada.node.Peers(); len(peers) != 1 || len(peers[0].Spaces) != len(spaces) {
		t.Errorf("Ada shares %d spaces with Ben", len(peers[0].Spaces))
	}
}
