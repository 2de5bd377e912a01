package app_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"parley/app"
	"parley/app/vault"
	"parley/crdt"
	"parley/crdt/badger"
	"parley/space"
)

// TestAPlaceThatDidNotCount lets a device in with an invitation for one, while
// another member lets in somebody else.
func TestAPlaceThatDidNotCount(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, dir, false)
	if err := d.SetPerson(d.ctx, app.Person{Name: "Dan"}); err != nil {
		t.Fatal(err)
	}
	locations := d.Locations()
	d.close()
	id, again := overbooked(t, locations)

	d = openAt(t, dir, false)
	const sentence = "Your place in this space did not count, because the invitation was used up. Ask for a new one."
	place, err := d.Space(id)
	if err != nil || place.Role != app.NoRole || len(place.Members) != 3 {
		t.Errorf("the space is %+v (%v)", place, err)
	}
	if status, err := d.SpaceStatus(id); err != nil || status.Role != app.NoRole {
		t.Errorf("the status is %+v (%v)", status, err)
	}
	_, err = d.Invite(d.ctx, id, space.Editor, 1, time.Hour, app.LetIn)
	if told := app.Explain(err); told.Code != app.CodeNotCounted || told.Message != sentence {
		t.Errorf("inviting: %v", err)
	}
	// A new invitation heals it.
	d.close()
	again()
	d = openAt(t, dir, false)
	defer d.close()
	if place, err := d.Space(id); err != nil || place.Role != "editor" {
		t.Errorf("after another invitation the space is %+v (%v)", place, err)
	}
}

// overbooked puts a space into a device's store in which the device's join lost
// against another. What it returns adds a join that counts.
func overbooked(t *testing.T, l app.Locations) (_ space.ID, again func()) {
	t.Helper()
	dan := keyOf(t, l)
	add := func(log *space.Log, entry space.Entry, err error) {
		t.Helper()
		if err == nil {
			_, _, err = log.Add(entry.Raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	join := func(log *space.Log, by, newcomer space.Key, secret space.InvitationSecret, name string) {
		t.Helper()
		application, err := space.Apply(newcomer, space.Code{Space: log.ID(), Secret: secret}, space.Person{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		entry, err := log.Admit(by, application, time.Now())
		add(log, entry, err)
	}
	invite := func(log *space.Log, by space.Key) space.InvitationSecret {
		t.Helper()
		entry, secret, err := log.Invite(by, space.InviteOptions{Role: space.Editor, Uses: 1}, time.Now(), rand.Reader)
		add(log, entry, err)
		return secret
	}
	copied := func(log *space.Log) *space.Log {
		t.Helper()
		other, err := space.Open(log.Entries())
		if err != nil {
			t.Fatal(err)
		}
		return other
	}
	// Which of the two joins counts is decided by their hashes, as often one
	// as the other.
	for range 64 {
		ada, ben, cleo := newKey(t), newKey(t), newKey(t)
		atAda, _, err := space.Found(ada, "Park", space.Person{Name: "Ada"}, time.Now(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		join(atAda, ada, ben, invite(atAda, ada), "Ben")
		secret := invite(atAda, ada)
		atBen := copied(atAda)
		join(atAda, ada, cleo, secret, "Cleo")
		join(atBen, ben, dan, secret, "Dan")
		if _, _, err := atAda.Add(atBen.Entries()...); err != nil {
			t.Fatal(err)
		}
		if _, in := atAda.Member(dan.Device()); in {
			continue
		}
		store(t, l, atAda)
		return atAda.ID(), func() {
			join(atAda, ada, dan, invite(atAda, ada), "Dan")
			store(t, l, atAda)
		}
	}
	t.Fatal("one join has won 64 times")
	return space.ID{}, nil
}

// store puts a log into a device's store while the device is closed.
func store(t *testing.T, l app.Locations, log *space.Log) {
	t.Helper()
	backend, err := badger.Open(badger.Options{Dir: l.Store(), Key: storeKey(t, l).Store(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := crdt.Open(crdt.Options{Backend: backend, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if _, err := opened.CreateSpace(context.Background(), log.Entries()...); err != nil {
		t.Fatal(err)
	}
}

func newKey(t *testing.T) space.Key {
	t.Helper()
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// keyOf reads the key of a device.
func keyOf(t *testing.T, l app.Locations) space.Key {
	t.Helper()
	raw, err := os.ReadFile(l.DeviceKey())
	if err != nil {
		t.Fatal(err)
	}
	line, err := storeKey(t, l).Unseal("device.key", raw)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := hex.DecodeString(strings.Fields(string(line))[1])
	if err != nil {
		t.Fatal(err)
	}
	return space.KeyFromSeed([32]byte(seed))
}

// storeKey is the key that a device's directory is encrypted with.
func storeKey(t *testing.T, l app.Locations) *vault.Key {
	t.Helper()
	key, err := vault.At(l.StoreKey(), nil).Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
