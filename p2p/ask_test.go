package p2p

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"parley/space"
)

// asks makes a code with which newcomers need a facilitator's yes.
func (d *device) invitesAskingFirst(id space.ID, uses int, expiry time.Time) space.Code {
	d.t.Helper()
	log := d.logOf(id)
	entry, secret, err := log.Invite(d.key, space.InviteOptions{Role: space.Editor, Uses: uses, Expiry: expiry, Ask: true}, time.Now(), rand.Reader)
	d.adds(id, entry, err)
	return space.Code{Space: id, Secret: secret, Inviter: d.id(), Addresses: d.node.CodeAddresses(), Name: log.Name(), Expiry: expiry}
}

// applies uses a code that asks first.
func (d *device) applies(code space.Code) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	if _, err := d.node.Join(ctx, code, space.Person{Name: d.name}); !errors.Is(err, ErrWaiting) {
		d.t.Fatalf("%s applies: %v", d.name, err)
	}
}

// waits keeps knocking, and returns where the answer will be.
func (d *device) waits(code space.Code) <-chan error {
	d.t.Helper()
	answer := make(chan error, 1)
	if _, err := d.node.KeepKnocking(code, space.Person{Name: d.name}, "", func(err error) { answer <- err }); err != nil {
		d.t.Fatal(err)
	}
	return answer
}

func (d *device) hearsAnswer(answer <-chan error) error {
	d.t.Helper()
	select {
	case err := <-answer:
		return err
	case <-time.After(patience):
		d.t.Fatalf("%s waited in vain for an answer", d.name)
		return nil
	}
}

func (d *device) answers(id space.ID, device space.DeviceID, yes bool) {
	d.t.Helper()
	d.waitFor("the request", func() bool { return d.request(id, device) != nil })
	entry, err := d.logOf(id).Answer(d.key, d.request(id, device).Join, yes, time.Now())
	d.adds(id, entry, err)
}

func (d *device) request(id space.ID, device space.DeviceID) *space.Request {
	for _, r := range d.logOf(id).Requests() {
		if r.Device == device {
			return &r
		}
	}
	return nil
}

func TestAskFirst(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	plan := ref(park, "plan")
	ada.writes(plan, "text")
	code := ada.invitesAskingFirst(park, 1, time.Time{})
	ben.applies(code)
	ben.applies(code) // impatient
	if len(ben.store.Spaces()) != 0 || ada.node.member(park, ben.id()) {
		t.Error("Ben is in before anybody said so")
	}
	if n := len(ada.logOf(park).Requests()); n != 1 {
		t.Errorf("there are %d requests", n)
	}
	answer := ben.waits(code)
	ada.answers(park, ben.id(), true)
	if err := ben.hearsAnswer(answer); err != nil {
		t.Fatalf("Ben hears %v", err)
	}
	ada.shares(park, ben)
	ben.same(park, ada)
}

func TestAskFirstIsAnsweredElsewhere(t *testing.T) {
	// Cleo, a mere member, takes the application; Ada answers while Ben is
	// offline; Ben hears of it from Cleo, after a restart.
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park := ada.founds("Park")
	cleo.joins(ada.invites(park, 1, time.Time{}))
	code := ada.invitesAskingFirst(park, 1, time.Time{})
	cleo.same(park, ada)
	code.Inviter, code.Addresses = cleo.id(), cleo.node.CodeAddresses()
	ben.applies(code)
	ada.waitFor("the request", func() bool { return ada.request(park, ben.id()) != nil })
	ben.stops()
	ada.answers(park, ben.id(), true)
	cleo.same(park, ada)
	ada.stops()
	ben.starts()
	if err := ben.hearsAnswer(ben.waits(code)); err != nil {
		t.Fatalf("Ben hears %v", err)
	}
	ben.same(park, cleo)
}

func TestAskFirstDeclined(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	code := ada.invitesAskingFirst(park, 2, time.Time{})
	ben.applies(code)
	answer := ben.waits(code)
	ada.answers(park, ben.id(), false)
	if err := ben.hearsAnswer(answer); !errors.Is(err, ErrDeclined) {
		t.Errorf("Ben hears %v", err)
	}
	if _, err := ben.node.Join(t.Context(), code, space.Person{Name: "Ben"}); !errors.Is(err, ErrDeclined) {
		t.Errorf("Ben asks again and hears %v", err)
	}
	if len(ben.store.Spaces()) != 0 {
		t.Error("Ben has a space all the same")
	}
}

func TestAskFirstWithdrawnAndExpired(t *testing.T) {
	ada := newDevice(t, "Ada")
	park := ada.founds("Park")
	for name, end := range map[string]struct {
		do   func(space.Code)
		want error
	}{
		"withdrawn": {func(code space.Code) {
			entry, err := ada.logOf(park).Withdraw(ada.key, code.Invitation(), time.Now())
			ada.adds(park, entry, err)
		}, space.ErrWithdrawn},
		"expired": {func(space.Code) { ada.fast.Store(int64(48 * time.Hour)) }, space.ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			ben := newDevice(t, "Ben "+name)
			code := ada.invitesAskingFirst(park, 1, time.Now().Add(time.Hour))
			end.do(code)
			if err := ben.hearsAnswer(ben.waits(code)); !errors.Is(err, end.want) {
				t.Errorf("Ben hears %v", err)
			}
		})
	}
}

func TestKnockingStops(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	code := ada.invitesAskingFirst(park, 1, time.Time{})
	ben.applies(code)
	var told atomic.Bool
	stop, err := ben.node.KeepKnocking(code, space.Person{Name: "Ben"}, "", func(error) { told.Store(true) })
	if err != nil {
		t.Fatal(err)
	}
	stop()
	ada.answers(park, ben.id(), true)
	ben.waitFor("the petition's end", func() bool {
		ben.node.petitions.mu.Lock()
		defer ben.node.petitions.mu.Unlock()
		return len(ben.node.petitions.open) == 0
	})
	if told.Load() || len(ben.store.Spaces()) != 0 {
		t.Error("Ben was let in after he had withdrawn")
	}
}

func TestRequestsAreBounded(t *testing.T) {
	ada := newDevice(t, "Ada")
	park := ada.founds("Park")
	code := ada.invitesAskingFirst(park, 1, time.Time{})
	o := ada.node
	log := ada.logOf(park)
	for i := range maxRequests + 5 {
		key := space.KeyFromSeed(sha256.Sum256(fmt.Append(nil, "made up ", i)))
		application, err := space.Apply(key, code, space.Person{Name: "Made up"})
		if err != nil {
			t.Fatal(err)
		}
		want := ErrWaiting
		if i >= maxRequests {
			want = ErrNotNow
		}
		if err := o.admit(t.Context(), log, key.Device(), code.Invitation(), application); !errors.Is(err, want) {
			t.Fatalf("application %d: %v", i, err)
		}
	}
	if n := len(log.Requests()); n != maxRequests {
		t.Errorf("there are %d requests", n)
	}
}

func TestReplayedApplication(t *testing.T) {
	// Mallory, who has the code, shows Ben's application instead of her own.
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	code := ada.invites(park, 2, time.Time{})
	application, err := space.Apply(ben.key, code, space.Person{Name: "Ben"})
	if err != nil {
		t.Fatal(err)
	}
	mallory := stranger(t, "Mallory")
	mallory.connects(ada)
	c := mallory.opens(ada, admitProtocol)
	o := &online{host: mallory.host, node: &Node{device: mallory.key.Device()}}
	if _, err := o.apply(c, ada.id(), code, application); err == nil {
		t.Error("Mallory was let in")
	}
	mallory.isTurnedAway(ada)
	if n := len(ada.logOf(park).Members()); n != 1 {
		t.Errorf("there are %d members", n)
	}
}

func TestTruncatedLogLetsNobodyIn(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	code := ada.invites(park, 1, time.Time{})
	application, err := space.Apply(ben.key, code, space.Person{Name: "Ben"})
	if err != nil {
		t.Fatal(err)
	}
	entry, err := ada.logOf(park).Admit(ada.key, application, time.Now())
	ada.adds(park, entry, err)
	whole := ada.logOf(park).Entries()
	for name, page := range map[string][][]byte{
		"without its founding": whole[1:],
		"without the middle":   {whole[0], whole[2]},
		"without the join":     whole[:2],
		"with a flipped bit":   {whole[0], flipped(whole[1]), whole[2]},
		"of another space":     strangerSpace(t),
	} {
		t.Run(name, func(t *testing.T) {
			if err := ben.node.storeJoined(t.Context(), park, page, nil); err == nil {
				t.Error("Ben takes it")
			}
			if len(ben.store.Spaces()) != 0 {
				t.Error("Ben has a space all the same")
			}
		})
	}
}

func TestTruncatedPagesLetNobodyIn(t *testing.T) {
	// An admitter with Ada's own key, whose program ends in the middle.
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	code := ada.invites(park, 1, time.Time{})
	entries := ada.logOf(park).Entries()
	ada.stops()
	for name, answer := range map[string]func(c *conversation) error{
		"the last page is missing": func(c *conversation) error {
			return errors.Join(c.say(&admitted{Entries: entries}), c.close())
		},
		"a page ends in the middle": func(c *conversation) error {
			frame, err := encodeFrame(&admitted{Entries: entries, Last: true})
			if err != nil {
				return err
			}
			_, err = c.writer.Write(frame[:len(frame)/2])
			return errors.Join(err, c.close())
		},
		"there is nothing in it": func(c *conversation) error {
			return errors.Join(c.say(&admitted{Last: true}), c.close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newRogue(t, ada.key)
			o := &online{host: a.host, node: &Node{device: a.key.Device()}}
			a.host.SetStreamHandler(admitProtocol, func(s network.Stream) {
				c := converse(s, patience)
				script, k, err := o.hearKnock(c, ben.id())
				if l := invitationLock(park, code.Invitation()); err == nil && script.fits(l, &k) {
					err = c.say(&openDoor{Tag: script.lockTag(l, sideAnswerer)})
				}
				if err == nil {
					_, err = c.hear(admitFrame, &apply{})
				}
				if err == nil {
					err = answer(c)
				}
				if err != nil {
					t.Error(err)
				}
			})
			a.connects(ben)
			if _, err := ben.node.Join(t.Context(), code, space.Person{Name: "Ben"}); err == nil {
				t.Error("Ben is in")
			}
			if len(ben.store.Spaces()) != 0 {
				t.Error("Ben has a space all the same")
			}
		})
	}
}

func flipped(raw []byte) []byte {
	raw = append([]byte(nil), raw...)
	raw[len(raw)/2] ^= 1
	return raw
}

func strangerSpace(t *testing.T) [][]byte {
	t.Helper()
	key := space.KeyFromSeed(sha256.Sum256([]byte("Mallory")))
	_, entry, err := space.Found(key, "Trap", space.Person{Name: "Mallory"}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return [][]byte{entry.Raw}
}
