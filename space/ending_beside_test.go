package space_test

import (
	"crypto/rand"
	"testing"
	"time"

	"parley/space"
)

// TestWhoIsRemovedBesideComingBackIsTold has Cem leave and come back as a device
// of Ada's, beside which Ben, who has not heard of it, removes him. That undoes
// his coming back; and what he is told then shows it to him, who has been let in
// by his own log.
func TestWhoIsRemovedBesideComingBackIsTold(t *testing.T) {
	// Which of the two the log's order has first depends on hashes.
	for range 16 {
		comesBackInVain(t)
	}
}

func comesBackInVain(t *testing.T) {
	t.Helper()
	now := time.Unix(1_700_000_000, 0)
	key := func(n byte) space.Key { return space.KeyFromSeed([32]byte{n}) }
	ada, ben, cem := key(1), key(2), key(3)
	log, _, err := space.Found(ada, "Park", space.Person{Name: "Ada"}, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	copyOf := func(l *space.Log) *space.Log {
		c, err := space.Open(l.Entries())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	add := func(l *space.Log, err error, entries ...space.Entry) {
		t.Helper()
		for _, e := range entries {
			if err == nil {
				_, _, err = l.Add(e.Raw)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	admit := func(by, who space.Key, secret [32]byte) {
		t.Helper()
		application, err := space.Apply(who, space.Code{Space: log.ID(), Secret: secret}, space.Person{Name: "Somebody"})
		if err != nil {
			t.Fatal(err)
		}
		e, err := log.Admit(by, application, now)
		add(log, err, e)
	}
	for _, who := range []space.Key{ben, cem} {
		e, secret, err := log.Invite(ada, space.InviteOptions{Role: space.Facilitator, Uses: 1}, now, rand.Reader)
		add(log, err, e)
		admit(ada, who, secret)
	}
	bens := copyOf(log)
	leaving, err := log.Remove(cem, cem.Device(), nil, now)
	add(log, err, leaving...)
	e, err := log.NewSeatKey(ada, space.Link, 1, time.Time{}, now, [32]byte{9})
	add(log, err, e)
	admit(ada, cem, [32]byte{9})
	cems := copyOf(log)
	removal, err := bens.Remove(ben, cem.Device(), nil, now)
	add(log, err, removal...)
	if _, in := log.Member(cem.Device()); in {
		t.Fatal("the removal leaves the further device where it is")
	}
	told := log.Ending(cem.Device(), ada.Device())
	if _, _, err := cems.Add(told...); err != nil {
		t.Fatal(err)
	}
	if _, in := cems.Member(cem.Device()); in {
		t.Errorf("by %d entries that he is told he still belongs", len(told))
	}
}
