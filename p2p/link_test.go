package p2p

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"

	"parley/space"
)

// registers makes a key into this device's seats in some spaces.
func (d *device) registers(purpose space.Purpose, uses int, expiry time.Time, spaces ...space.ID) (secret [32]byte) {
	d.t.Helper()
	secret = sha256.Sum256([]byte(d.t.Name() + d.name + purpose.String()))
	for _, id := range spaces {
		entry, err := d.logOf(id).NewSeatKey(d.key, purpose, uses, expiry, time.Now(), secret)
		d.adds(id, entry, err)
	}
	return secret
}

// links becomes a further device of another's person.
func (d *device) links(secret [32]byte, from *device) ([]Linked, error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	return d.node.Link(ctx, Link{
		Secret: secret, Person: space.Person{Name: "New device"}, Label: d.name,
		From: from.id(), Addresses: from.node.CodeAddresses(),
	})
}

func TestLinkADevice(t *testing.T) {
	ada, phone, ben := newDevice(t, "Ada"), newDevice(t, "Phone"), newDevice(t, "Ben")
	park, school, secret := ada.founds("Park"), ada.founds("School"), ada.founds("Secret")
	ben.joins(ada.invites(park, 1, time.Time{}))
	ada.writes(ref(park, "plan"), "text")
	seed := ada.registers(space.Link, 1, time.Now().Add(time.Hour), park, school)

	var progress []LinkProgress
	got, err := phone.node.Link(t.Context(), Link{
		Secret: seed, Person: space.Person{Name: "New device"}, Label: "Phone",
		From: ada.id(), Addresses: ada.node.CodeAddresses(),
		Progress: func(p LinkProgress) { progress = append(progress, p) },
	})
	if err != nil || len(got) != 2 || got[0].Name != "Park" || got[1].Name != "School" || got[0].Err != nil || got[1].Err != nil {
		t.Fatalf("linked %+v, %v", got, err)
	}
	if len(progress) != 2 || progress[1].Taken != 2 || progress[1].Of != 2 {
		t.Errorf("progress: %+v", progress)
	}
	if _, ok := phone.store.Log(secret); ok {
		t.Error("a space came that the key does not open")
	}
	for _, id := range []space.ID{park, school} {
		seat, ok := ada.logOf(id).Seat(phone.id())
		if !ok || seat.ID != ada.id() || len(seat.Devices) != 2 || seat.Person.Name != "Ada" || seat.Role != space.Facilitator {
			t.Errorf("the phone sits in %+v", seat)
		}
		phone.same(id, ada)
	}
	ben.waitFor("Ada's phone", func() bool {
		m, ok := ben.logOf(park).Member(phone.id())
		return ok && m.Seat == ada.id() && m.Label == "Phone"
	})
	// It is a device like any other.
	phone.writes(ref(park, "plan"), "from the phone")
	ben.same(park, phone)
}

func TestLinkAgainAfterALostAnswer(t *testing.T) {
	ada, phone := newDevice(t, "Ada"), newDevice(t, "Phone")
	park := ada.founds("Park")
	seed := ada.registers(space.Link, 1, time.Time{}, park)
	application, err := space.Apply(phone.key, space.Code{Space: park, Secret: seed}, space.Person{Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	entry, err := ada.logOf(park).Admit(ada.key, application, time.Now())
	ada.adds(park, entry, err)
	if got, err := phone.links(seed, ada); err != nil || len(got) != 1 {
		t.Fatalf("linked %+v, %v", got, err)
	}
	phone.same(park, ada)
}

func TestLinkKeyIsUsedAsOftenAsItMay(t *testing.T) {
	ada := newDevice(t, "Ada")
	park := ada.founds("Park")
	seed := ada.registers(space.Link, 2, time.Time{}, park)
	devices := []*device{newDevice(t, "One"), newDevice(t, "Two"), newDevice(t, "Three"), newDevice(t, "Four")}
	errs := make([]error, len(devices))
	var all sync.WaitGroup
	for i, d := range devices {
		all.Go(func() { _, errs[i] = d.links(seed, ada) })
	}
	all.Wait()
	in := 0
	for i, err := range errs {
		switch {
		case err == nil:
			in++
		case !errors.Is(err, space.ErrUsedUp):
			t.Errorf("%s hears %v", devices[i].name, err)
		case len(devices[i].store.Spaces()) != 0:
			t.Errorf("%s has a space all the same", devices[i].name)
		}
	}
	if seat, _ := ada.logOf(park).Seat(ada.id()); in != 2 || len(seat.Devices) != 3 {
		t.Errorf("%d were let in, the seat has %d devices", in, len(seat.Devices))
	}
}

func TestLinkSaysWhyNot(t *testing.T) {
	ada := newDevice(t, "Ada")
	park, school, yard := ada.founds("Park"), ada.founds("School"), ada.founds("Yard")
	past := ada.registers(space.Link, 1, time.Now().Add(time.Minute), park)
	other := sha256.Sum256([]byte("withdrawn"))
	entry, err := ada.logOf(school).NewSeatKey(ada.key, space.Link, 1, time.Time{}, time.Now(), other)
	ada.adds(school, entry, err)
	entry, err = ada.logOf(school).Withdraw(ada.key, space.InvitationKey(space.KeyFromSeed(other).Device()), time.Now())
	ada.adds(school, entry, err)
	ada.fast.Store(int64(time.Hour))
	for name, c := range map[string]struct {
		seed [32]byte
		want error
	}{
		"expired":   {past, space.ErrExpired},
		"withdrawn": {other, space.ErrWithdrawn},
		"wrong":     {sha256.Sum256([]byte("wrong")), space.ErrWithdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			phone := newDevice(t, "Phone "+name)
			if got, err := phone.links(c.seed, ada); !errors.Is(err, c.want) || len(got) != 0 {
				t.Errorf("linked %v, %v", got, err)
			}
			if len(phone.store.Spaces()) != 0 {
				t.Error("the phone has a space all the same")
			}
		})
	}
	if ada.logOf(yard).Len() != 1 {
		t.Error("a space that has nothing to do with it was written to")
	}
}

func TestRecoverThroughOthers(t *testing.T) {
	// All of Ada's devices are gone. Ben and Cleo know one space each.
	ada, ben, cleo, next := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo"), newDevice(t, "Next")
	park, school := ada.founds("Park"), ada.founds("School")
	seed := ada.registers(space.Recovery, 5, time.Time{}, park, school)
	ben.joins(ada.invites(park, 1, time.Time{}))
	cleo.joins(ada.invites(school, 1, time.Time{}))
	ada.writes(ref(park, "plan"), "text")
	ben.same(park, ada)
	cleo.same(school, ada)
	ada.stops()
	got, err := next.node.Link(t.Context(), Link{
		Secret: seed, Person: space.Person{Name: "Ada"}, Label: "Next",
		Doors: []string{ben.node.Addresses()[0], cleo.node.Addresses()[0]},
	})
	if err != nil || len(got) != 2 || got[0].Err != nil || got[1].Err != nil {
		t.Fatalf("recovered %+v, %v", got, err)
	}
	next.same(park, ben)
	next.same(school, cleo)
	if seat, ok := ben.logOf(park).Seat(next.id()); !ok || seat.ID != ada.id() || seat.Role != space.Facilitator {
		t.Errorf("the new device sits in %+v", seat)
	}
}

func TestNobodyOffersASpaceOfTheirOwn(t *testing.T) {
	// Mallory is a member of Ada's space and has seen the link code over her
	// shoulder. She registers it for a seat of her own in a space of her own.
	ada, mallory, phone := newDevice(t, "Ada"), newDevice(t, "Mallory"), newDevice(t, "Phone")
	park := ada.founds("Park")
	mallory.joins(ada.invites(park, 1, time.Time{}))
	seed := ada.registers(space.Link, 1, time.Time{}, park)
	mallory.same(park, ada)
	trap := mallory.founds("Park")
	entry, err := mallory.logOf(trap).NewSeatKey(mallory.key, space.Link, 1, time.Time{}, time.Now(), seed)
	mallory.adds(trap, entry, err)
	if err := ada.node.SetOffline(true); err != nil { // she has all the time she needs
		t.Fatal(err)
	}
	phone.connects(mallory)
	got, err := phone.links(seed, ada)
	if _, ok := phone.store.Log(trap); ok {
		t.Error("the phone walked into the trap")
	}
	for _, one := range got {
		if (one.Space == trap) != errors.Is(one.Err, ErrOtherSeat) {
			t.Errorf("%s: %v", one.Space, one.Err)
		}
	}
	// The space that is Ada's may as well come through Mallory.
	if err != nil {
		t.Errorf("linking failed: %v", err)
	}
	phone.same(park, mallory)
}

func TestSeatOpensToTheKeyOnly(t *testing.T) {
	ada := newDevice(t, "Ada")
	park := ada.founds("Park")
	school := ada.founds("School")
	seed := ada.registers(space.Link, 1, time.Time{}, park)
	public := space.InvitationKey(space.KeyFromSeed(seed).Device())

	t.Run("who knows the public half only", func(t *testing.T) {
		eve := stranger(t, "Eve")
		eve.connects(ada)
		c := eve.opens(ada, seatProtocol)
		o := &online{host: eve.host, node: &Node{device: eve.key.Device()}}
		if err := o.knock(c, ada.id(), seatLock(public), eve.key); err == nil {
			t.Error("the door opened to another key")
		}
		if !eve.isConnected(ada) {
			t.Error("Eve was turned away: politeness shows too")
		}
	})
	t.Run("a knock is good for one device and one conversation", func(t *testing.T) {
		phone, eve := stranger(t, "Phone"), stranger(t, "Eve")
		eve.connects(ada)
		c := eve.opens(ada, seatProtocol)
		mine, theirs := nonce{Nonce: newNonce()}, nonce{}
		if err := c.say(&mine); err != nil {
			t.Fatal(err)
		}
		if _, err := c.hear(admitFrame, &theirs); err != nil {
			t.Fatal(err)
		}
		// The phone knocked at Eve, with the nonces that Eve gave it.
		script := transcript{openerNonce: mine.Nonce, answererNonce: theirs.Nonce, opener: phone.key.Device(), answerer: eve.key.Device()}
		if err := c.say(script.knock(seatLock(public), space.KeyFromSeed(seed))); err != nil {
			t.Fatal(err)
		}
		if m, err := c.hear(admitFrame, &openDoor{}); err == nil {
			t.Errorf("heard %v", m)
		}
	})
	t.Run("an application to a space that was not named", func(t *testing.T) {
		phone := stranger(t, "Phone")
		phone.connects(ada)
		c := phone.opens(ada, seatProtocol)
		o := &online{host: phone.host, node: &Node{device: phone.key.Device()}}
		if err := o.knock(c, ada.id(), seatLock(public), space.KeyFromSeed(seed)); err != nil {
			t.Fatal(err)
		}
		if named, err := hearSeats(c); err != nil || len(named) != 1 || named[0].Space != park {
			t.Fatalf("named %v, %v", named, err)
		}
		application, err := space.Apply(phone.key, space.Code{Space: school, Secret: seed}, space.Person{Name: "Ada"})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.say(&apply{Application: application}); err != nil {
			t.Fatal(err)
		}
		if _, err := hearLog(c); err == nil {
			t.Error("Ada answered")
		}
		phone.isTurnedAway(ada)
	})
	if bytes.Contains(bytes.Join(ada.logOf(school).Entries(), nil), public[:]) || len(ada.logOf(park).Members()) != 1 {
		t.Error("something was let in")
	}
}

func TestRevokedDeviceIsOut(t *testing.T) {
	ada, phone, ben := newDevice(t, "Ada"), newDevice(t, "Phone"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	if _, err := phone.links(ada.registers(space.Link, 1, time.Time{}, park), ada); err != nil {
		t.Fatal(err)
	}
	phone.same(park, ada)
	stale := phone.logOf(park).Entries()
	phone.stops() // lost on the train
	entries, err := ada.logOf(park).Revoke(ada.key, phone.id(), ada.cut(park, phone), time.Now())
	ada.addsAll(park, entries, err)
	ada.writes(plan, "not for who found it")
	ben.same(park, ada)

	// Whoever found it has its key and its log, and asks everybody for more.
	finder := newRogue(t, phone.key)
	for _, d := range []*device{ada, ben} {
		finder.connects(d)
		heard := finder.asks(t, d, park, stale)
		for _, raw := range heard.entries {
			if e, err := space.ParseEntry(raw); err != nil || !bytes.Equal(raw, entries[0].Raw) && !containsEntry(stale, raw) {
				t.Errorf("%s told of entry %s beside the revocation, %v", d.name, e.Hash, err)
			}
		}
		c := finder.opens(d, catchUpProtocol)
		if err := c.say(&openPull{Space: park}); err != nil {
			t.Fatal(err)
		}
		if m, err := c.hear(logFrame, &logPage{}); err == nil {
			t.Errorf("%s serves %v", d.name, m)
		}
		c = finder.opens(d, gossipProtocol)
		if err := c.say(&enterRoom{Space: park}); err != nil {
			t.Fatal(err)
		}
		if m, err := c.hear(logFrame, &logPage{}); err == nil {
			t.Errorf("%s opens the room: %v", d.name, m)
		}
	}
	// The device itself, still honest, learns it.
	if err := finder.host.Close(); err != nil {
		t.Fatal(err)
	}
	phone.starts()
	phone.connects(ada)
	phone.isOut(park)
	if phone.has(plan, ada, 2) {
		t.Error("the phone got what came later")
	}
}

func containsEntry(entries [][]byte, raw []byte) bool {
	for _, e := range entries {
		if bytes.Equal(e, raw) {
			return true
		}
	}
	return false
}
