package crdt_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"parley/crdt"
	"parley/space"
)

// TestPeersSettleForksOfDisputedAuthorsAlike has data directories copied, and a
// member tell everybody something else, while both are removed, demoted and
// added again. In the end all hold the same.
func TestPeersSettleForksOfDisputedAuthorsAlike(t *testing.T) {
	seeds := []uint64{1, 2, 12}
	if testing.Short() {
		seeds = seeds[:1]
	}
	if s := os.Getenv(seedEnv); s != "" {
		seed, _ := strconv.ParseUint(s, 10, 64)
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { settleDisputed(t, seed) })
	}
}

func settleDisputed(t *testing.T, seed uint64) {
	t.Logf("repeat with %s=%d", seedEnv, seed)
	source := rand.New(rand.NewPCG(seed, 4))
	ada, ben, cem, mal := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands(), newDevice(t, "Cem").understands(), newDevice(t, "Mal").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben, cem, mal)
	devices := []*device{ada, ben, cem, mal}
	pens := make(map[*device]*pen)
	write := func(d *device) {
		p := pens[d]
		if p == nil {
			p = d.picksUpQuietly(ref)
			pens[d] = p
		}
		c := p.writes(strconv.FormatUint(source.Uint64(), 36))
		receipt, err := d.store.Append(t.Context(), ref, d.bundle(ref, c), crdt.Local, d.key.Device())
		if err != nil {
			t.Fatal(err)
		}
		if receipt.Accepted == 0 {
			delete(pens, d) // a window opens the document again
		}
	}
	decide := func() {
		whom := devices[2+source.IntN(2)]
		log := ada.log(ref.Space)
		_, in := log.Member(whom.key.Device())
		switch {
		case !in:
			addsAgain(ada, ref.Space, whom, space.Editor)
		case source.IntN(2) == 0:
			ada.removes(ref.Space, whom)
		default:
			ada.makes(ref.Space, whom, []space.Role{space.Reader, space.Editor}[source.IntN(2)])
		}
	}
	for _, d := range devices {
		write(d)
	}
	for range 110 {
		d := devices[source.IntN(len(devices))]
		switch source.IntN(24) {
		case 0:
			if len(devices) < 6 {
				devices = append(devices, d.copies(d.name+"'"))
				delete(pens, d)
			}
		case 1:
			d.restarts()
			delete(pens, d)
		case 2:
			d.compacts(ref)
		case 3, 4, 5, 6:
			if other := devices[source.IntN(len(devices))]; other != d {
				if source.IntN(2) == 0 {
					d.hears(ref.Space, other)
					d.judges(ref.Space)
				}
				d.pulls(ref, other)
				delete(pens, d)
			}
		case 7, 8:
			// Mal tells everybody something else under one number.
			p := mal.picksUpQuietly(ref)
			for _, victim := range devices[:3] {
				q := *p
				victim.takes(ref, mal.bundle(ref, q.writes(strconv.FormatUint(source.Uint64(), 36))), mal)
				delete(pens, victim)
			}
		case 9, 10:
			decide()
		default:
			write(d)
		}
	}
	for began := time.Now(); ; {
		meets(ref, devices...)
		same := true
		for _, d := range devices[1:] {
			same = same && d.store.Digest(ref.Space) == ada.store.Digest(ref.Space)
		}
		if same || time.Since(began) > 30*time.Second {
			break
		}
	}
	agree(ref, devices...)
	forked := func(d *device) map[string]bool {
		set := make(map[string]bool)
		for hash, reason := range d.aside(ref) {
			if reason == crdt.ReasonFork || reason == crdt.ReasonForked {
				set[hash.String()] = true
			}
		}
		return set
	}
	for _, d := range devices[1:] {
		if a, b := forked(d), forked(ada); !maps.Equal(a, b) {
			t.Errorf("%s has set aside %d changes for forks, Ada %d", d.name, len(a), len(b))
		}
	}
	for _, d := range devices {
		if moved := d.settles(ref); moved != 0 {
			t.Errorf("%s still moved %d changes", d.name, moved)
		}
	}
}
