package crdt_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/materialize"
	"parley/space"
)

// seedEnv repeats the run with that seed.
const seedEnv = "PARLEY_TEST_SEED"

// TestEveryoneEndsWithTheSame lets three devices write at once, and has what
// they send arrive shuffled, twice, late or not at all, with restarts and
// compactions in between. In the end everybody catches up.
func TestEveryoneEndsWithTheSame(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv(seedEnv); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("repeat with %s=%d", seedEnv, seed)
	source := rand.New(rand.NewPCG(seed, 1))
	child := materialize.New(materialize.Options{})
	defer child.Close()
	devices := make([]*device, 3)
	for i := range devices {
		devices[i] = newDevice(t, fmt.Sprint("device ", i))
		devices[i].options.Materializer = child
		devices[i].options.KeepLoose = 3
		devices[i].restarts()
	}
	refs := make([]crdt.Ref, 2)
	refs[0] = devices[0].founds()
	refs[1] = refs[0]
	refs[1].Part = space.Annotations
	devices[0].admits(refs[0].Space, space.Editor, devices[1:]...)

	w := &world{t: t, source: source, devices: devices, pens: make(map[penOf]*pen)}
	for range 400 {
		d := devices[source.IntN(len(devices))]
		ref := refs[source.IntN(len(refs))]
		switch source.IntN(20) {
		case 0:
			d.restarts()
			maps.DeleteFunc(w.pens, func(of penOf, _ *pen) bool { return of.device == d })
		case 1:
			d.compacts(ref)
		case 2, 3, 4:
			w.delivers(w.other(d))
		case 5:
			w.catchesUp(d, w.other(d), ref)
		default:
			w.writes(d, ref)
		}
	}
	for range 2 {
		for _, d := range devices {
			for _, other := range devices {
				for _, ref := range refs {
					if d != other {
						d.catchesUp(ref, other, 500)
					}
				}
			}
		}
	}
	for _, ref := range refs {
		want := devices[0].history(ref)
		if len(want) != w.written[ref] {
			t.Errorf("%d changes of %d written", len(want), w.written[ref])
		}
		for _, d := range devices[1:] {
			if !maps.Equal(d.history(ref), want) || !maps.Equal(d.vector(ref), devices[0].vector(ref)) {
				t.Errorf("%s differs in %s", d.name, ref)
			}
			if d.store.Digest(ref.Space) != devices[0].store.Digest(ref.Space) {
				t.Errorf("%s has another digest", d.name)
			}
		}
	}
	for _, d := range devices {
		if list, err := d.store.Quarantine(refs[0].Space); err != nil || len(list) > 0 {
			t.Errorf("%s refused %v, %v", d.name, list, err)
		}
	}
}

// world is three devices and what is under way between them.
type world struct {
	t       *testing.T
	source  *rand.Rand
	devices []*device
	pens    map[penOf]*pen
	letters []letter
	written map[crdt.Ref]int
}

type penOf struct {
	device *device
	ref    crdt.Ref
}

type letter struct {
	ref    crdt.Ref
	bundle crdt.Bundle
	from   *device
}

func (w *world) other(d *device) *device {
	for {
		if other := w.devices[w.source.IntN(len(w.devices))]; other != d {
			return other
		}
	}
}

// writes commits a few changes, on top of all that is here or of the writer's
// last, and posts them.
func (w *world) writes(d *device, ref crdt.Ref) {
	if w.written == nil {
		w.written = make(map[crdt.Ref]int)
	}
	of := penOf{d, ref}
	if w.pens[of] == nil {
		w.pens[of] = d.picksUp(ref)
	} else if w.source.IntN(2) == 0 && w.hasNoSnapshots(d, ref) {
		w.pens[of].reads(d, ref)
	}
	for range 1 + w.source.IntN(3) {
		c := w.pens[of].writes(strconv.FormatUint(w.source.Uint64(), 36))
		d.commits(ref, c)
		w.written[ref]++
		w.letters = append(w.letters, letter{ref, d.bundle(ref, c), d})
	}
}

// hasNoSnapshots reports whether the heads can be told from what is loose.
func (w *world) hasNoSnapshots(d *device, ref crdt.Ref) bool {
	snapshots, _ := d.chunks(ref)
	return snapshots <= 1
}

// delivers hands some letters to a device, in any order, some of them twice.
func (w *world) delivers(to *device) {
	w.source.Shuffle(len(w.letters), func(i, j int) { w.letters[i], w.letters[j] = w.letters[j], w.letters[i] })
	n := min(len(w.letters), 12)
	for _, l := range slices.Clone(w.letters[:n]) {
		if l.from == to {
			continue
		}
		receipt := to.takes(l.ref, l.bundle, l.from)
		if receipt.Err() != nil {
			w.t.Fatalf("%s refused: %v", to.name, receipt.Err())
		}
	}
	w.letters = w.letters[w.source.IntN(n+1):]
}

func (w *world) catchesUp(d, other *device, ref crdt.Ref) {
	bundle, _, err := other.store.Since(w.t.Context(), ref, d.vector(ref), 1+w.source.IntN(1000))
	if err != nil {
		w.t.Fatal(err)
	}
	w.source.Shuffle(len(bundle.Changes), func(i, j int) {
		bundle.Changes[i], bundle.Changes[j] = bundle.Changes[j], bundle.Changes[i]
	})
	for range 1 + w.source.IntN(2) {
		if receipt := d.takes(ref, bundle, other); receipt.Err() != nil || len(receipt.Missing) > 0 {
			w.t.Fatalf("%s caught up: %+v", d.name, receipt)
		}
	}
}
