package bundle_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"parley/app/bundle"
	"parley/crdt"
	"parley/space"
)

// TestWhateverFilesGoWhereAllEndWithTheSame: three devices that are never online
// write, pack and take in, in any order, from a seed that is printed;
// PARLEY_SEED repeats one. In the end one stick that goes round the table
// twice makes all equal.
func TestWhateverFilesGoWhereAllEndWithTheSame(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("PARLEY_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("PARLEY_SEED=%d", seed)
	rounds := 4
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		wander(t, rand.New(rand.NewPCG(seed, uint64(round))))
	}
}

func wander(t *testing.T, chance *rand.Rand) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	id := ada.founds()
	ada.admits(id, space.Editor, ben, cleo)
	start := ada.packs(id, bundle.Options{})
	devices := []*device{ada, ben, cleo}
	for _, d := range devices[1:] {
		d.takes(start)
	}
	files := [][]byte{start}
	for step := range 80 {
		d := devices[chance.IntN(len(devices))]
		switch chance.IntN(8) {
		case 0, 1, 2:
			ref := refIn(id, byte(1+chance.IntN(4)))
			ref.Part = space.Part(chance.IntN(2))
			d.writes(ref, fmt.Sprint(d.name, step))
		case 3:
			files = append(files, d.packs(id, bundle.Options{Files: true}))
		case 4:
			files = append(files, d.packsSince(id, files[chance.IntN(len(files))]))
		case 5:
			files = append(files, d.packs(id, bundle.Options{Document: crdt.DocumentID{byte(1 + chance.IntN(4))}}))
		case 6:
			log, _ := d.store.Log(id)
			entry, err := log.SetPerson(d.key, space.Person{Name: fmt.Sprint(d.name, step)}, time.Now())
			d.enters(id, err, entry)
		default:
			d.takes(files[chance.IntN(len(files))])
		}
	}
	// Round the table with a stick, twice: each goes on from what came last.
	file := ada.packs(id, bundle.Options{Files: true})
	for range 2 {
		for _, d := range []*device{ben, cleo, ada} {
			if taken := d.takes(file); len(taken.Waiting) > 0 {
				t.Errorf("%s waits for something of %v", d.name, taken.Waiting)
			}
			file = d.packs(id, bundle.Options{Files: true})
		}
	}
	for _, d := range devices[1:] {
		d.same(id, ada)
	}
	// Whoever has everything gets nothing.
	if _, made := ada.packed(id, bundle.Options{Since: ada.knows(id, file), Files: true}); made.Documents != 0 {
		t.Errorf("there is still something to bring: %+v", made)
	}
}
