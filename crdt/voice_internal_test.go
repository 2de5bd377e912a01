package crdt

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// TestManySpeakersAreHeardTogether counts the steps that it takes to hear a member
// who signs for very many actors, each at the foot of a long chain and at its top.
func TestManySpeakersAreHeardTogether(t *testing.T) {
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	log, _, err := space.Found(key, "Town", space.Person{Name: "Anna"}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := rightsIn(log, Ref{Space: log.ID(), Part: space.Body})
	const speakers, long = 640, 2000
	var list []saying
	add := func(c saying) {
		if len(list) > 0 {
			c.below = []int{len(list) - 1}
		}
		list = append(list, c)
	}
	name := func(i int) chunk.Actor { return chunk.Actor(fmt.Sprintf("another program %d", i)) }
	for i := range speakers {
		add(saying{actor: name(i), seq: 1})
	}
	for i := range long {
		add(saying{actor: "a writer", seq: uint64(i + 1)})
	}
	for i := range speakers {
		add(saying{actor: name(i), seq: 2, by: key.Device(), heard: true})
	}
	st := r.standing(list)
	for i, c := range list {
		if want := c.actor != "a writer"; st.stands(c.actor, c.seq, st.voices[i]) != want {
			t.Fatalf("%d of %s stands: %v", c.seq, c.actor, !want)
		}
	}
	if most := 2 * len(list) * (speakers/chorus + 1); st.steps > most {
		t.Errorf("%d steps, of %d", st.steps, most)
	}
}
