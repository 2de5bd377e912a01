package p2p

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"parley/crdt"
	"parley/space"
)

// TestWhateverHappensAllEndWithTheSame lets four devices write while they come
// and go, from a seed that is printed; PARLEY_SEED repeats one.
func TestWhateverHappensAllEndWithTheSame(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("PARLEY_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("PARLEY_SEED=%d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))

	var devices []*device
	for _, name := range []string{"Ada", "Ben", "Cleo", "Dora"} {
		devices = append(devices, newDevice(t, name))
	}
	ada := devices[0]
	park := ada.founds("Park")
	code := ada.invites(park, 10, time.Time{})
	for _, d := range devices[1:] {
		d.joins(code)
	}
	refs := []crdt.Ref{ref(park, "plan"), ref(park, "map"), {Space: park, Document: ref(park, "plan").Document, Part: space.Annotations}}

	for step := range 120 {
		d := devices[chance.IntN(len(devices))]
		switch n := chance.IntN(20); {
		case n < 14:
			for range 1 + chance.IntN(4) {
				d.writes(refs[chance.IntN(len(refs))], fmt.Sprint(d.name, step))
			}
		case n < 17:
			if err := d.node.SetOffline(!d.node.Offline()); err != nil {
				t.Fatal(err)
			}
		case n == 17:
			d.stops()
			d.starts()
		case n == 18:
			entry, err := d.logOf(park).SetPerson(d.key, space.Person{Name: fmt.Sprint(d.name, step)}, time.Now())
			d.adds(park, entry, err)
		default:
			refs = append(refs, ref(park, fmt.Sprint("document ", step)))
		}
	}
	for _, d := range devices {
		if err := d.node.SetOffline(false); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range devices[1:] {
		d.connects(ada)
	}
	for _, d := range devices[1:] {
		d.same(park, ada)
	}
	for _, d := range devices {
		refused, err := d.store.Quarantine(park)
		if err != nil || len(refused) != 0 {
			t.Errorf("%s has refused %v, %v", d.name, refused, err)
		}
	}
	fallSilent(t, park, devices...)
	for _, d := range devices[1:] {
		if d.digest(park) != ada.digest(park) {
			t.Errorf("%s has something else than Ada in the end", d.name)
		}
	}
}

// fallSilent waits until devices have nothing more to say or to ask, and sees
// that it stays so.
func fallSilent(t *testing.T, id space.ID, devices ...*device) {
	t.Helper()
	var since time.Time
	positions := make([]uint64, len(devices))
	waitFor(t, "silence", func() bool {
		silent := true
		for i, d := range devices {
			now := d.store.Position()
			silent = silent && d.isSilent(id) && now == positions[i]
			positions[i] = now
		}
		if !silent || since.IsZero() {
			since = time.Now()
		}
		return time.Since(since) > 2*(haveDelay+gossipGrace)
	})
}

func (d *device) isSilent(id space.ID) bool {
	r := d.node.current().room(id)
	r.teller.mu.Lock()
	defer r.teller.mu.Unlock()
	r.puller.mu.Lock()
	defer r.puller.mu.Unlock()
	return len(r.teller.dirty) == 0 && !r.teller.greets && len(r.puller.order) == 0 && len(r.puller.suspects) == 0
}
