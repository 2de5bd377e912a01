package p2p

import (
	"context"
	"errors"
	"testing"

	"filippo.io/cpace"

	"parley/p2p/lab"
	"parley/space"
)

func TestWordsAreForTheLocalNetwork(t *testing.T) { lab.Alone(t, fromAfar) }

// fromAfar is told where the machine has an address that is not of any local
// network.
func fromAfar(t *testing.T) {
	lab.IP(t, "addr", "add", "203.0.113.7/32", "dev", "lo")
	afar := func(name string) *device {
		d := newDevice(t, name)
		d.stops()
		d.listen = []string{"/ip4/203.0.113.7/tcp/0"}
		d.starts()
		return d
	}
	ada, ben := afar("Ada"), afar("Ben")
	park := ada.founds("Park")
	wall := ada.hangs(park, tiger)

	// Ben does not even ask.
	ben.connects(ada)
	if _, err := ben.types(tiger); !errors.Is(err, ErrAlone) {
		t.Errorf("got %v", err)
	}
	// Mallory does, knows the words, and gets no answer.
	mallory := stranger(t, "Mallory")
	mallory.connects(ada)
	c := mallory.opens(ada, wordsProtocol)
	share, _, err := cpace.Start(string(tiger.password[:]), wordsContext(mallory.key.Device(), ada.id()))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.say(&askWords{Hint: tiger.hint, Share: [openerShare]byte(share)}); err != nil {
		t.Fatal(err)
	}
	var answered answerShareWords
	if _, err := c.hear(wordsFrame, &answered); err == nil {
		t.Error("Ada answers from afar")
	}
	if got := wall.State(); got.Wrong != 0 || len(got.Guests) != 0 {
		t.Errorf("the wall stands like this: %+v", got)
	}
	// An ordinary invitation goes the same way.
	code := ada.invites(park, 1, ada.now().AddDate(0, 0, 1))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := ben.node.Join(ctx, code, space.Person{Name: "Ben"}); err != nil {
		t.Error(err)
	}
}
