package p2p

import (
	"context"
	"errors"
	"testing"
	"time"

	"parley/space"
)

func TestJoinSaysWhyNot(t *testing.T) {
	ada := newDevice(t, "Ada")
	park := ada.founds("Park")
	days := time.Now().Add(72 * time.Hour)

	usedUp := ada.invites(park, 1, days)
	newDevice(t, "Ben").joins(usedUp)

	withdrawn := ada.invites(park, 1, days)
	entry, err := ada.logOf(park).Withdraw(ada.key, withdrawn.Invitation(), time.Now())
	ada.adds(park, entry, err)

	// The newcomer's clock is behind: it is the admitter who sees the expiry.
	expired := ada.invites(park, 1, time.Now().Add(time.Second).Truncate(time.Second))
	ada.fast.Store(int64(time.Hour))
	late := expired
	late.Expiry = time.Time{}

	for _, c := range []struct {
		name string
		code space.Code
		want error
	}{
		{"used up", usedUp, space.ErrUsedUp},
		{"withdrawn", withdrawn, space.ErrWithdrawn},
		{"expired", late, space.ErrExpired},
		{"expired long ago", space.Code{Space: park, Inviter: ada.id(), Expiry: time.Unix(1, 0)}, space.ErrExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			cleo := newDevice(t, "Cleo")
			if _, err := cleo.node.Join(t.Context(), c.code, space.Person{Name: "Cleo"}); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
			if len(cleo.store.Spaces()) != 0 {
				t.Error("Cleo has a space all the same")
			}
		})
	}
}

func TestJoinTwice(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	code := ada.invites(park, 1, time.Time{})
	ben.joins(code)
	if _, err := ben.node.Join(t.Context(), code, space.Person{Name: "Ben"}); !errors.Is(err, space.ErrAlreadyMember) {
		t.Errorf("got %v", err)
	}
}

func TestJoinAgainAfterALostAnswer(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	code := ada.invites(park, 1, time.Time{})
	application, err := space.Apply(ben.key, code, space.Person{Name: "Ben"})
	if err != nil {
		t.Fatal(err)
	}
	// Ada has let Ben in, and he never heard of it.
	entry, err := ada.logOf(park).Admit(ada.key, application, time.Now())
	ada.adds(park, entry, err)
	ben.joins(code)
	ben.same(park, ada)
}

func TestJoinWithoutAnybody(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	code := ada.invites(park, 1, time.Time{})
	ada.stops()
	if _, err := ben.node.Join(t.Context(), code, space.Person{Name: "Ben"}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if _, err := ben.node.Join(t.Context(), code, space.Person{Name: "Ben"}); !errors.Is(err, ErrOffline) {
		t.Errorf("got %v", err)
	}
}

func TestJoinThroughAnyMember(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park := ada.founds("Park")
	ben.joins(ada.invites(park, 1, time.Time{}))
	code := ada.invites(park, 1, time.Time{})
	ben.same(park, ada)
	ada.stops()
	// The code leads to Ada, who is away; Cleo is connected to Ben already.
	cleo.connects(ben)
	cleo.joins(code)
	cleo.same(park, ben)
}

func TestTwoTakeTheLastUse(t *testing.T) {
	ada := newDevice(t, "Ada")
	park := ada.founds("Park")
	code := ada.invites(park, 1, time.Time{})
	results := make(chan error)
	for _, d := range []*device{newDevice(t, "Ben"), newDevice(t, "Cleo")} {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_, err := d.node.Join(ctx, code, space.Person{Name: d.name})
			results <- err
		}()
	}
	one, two := <-results, <-results
	if one != nil {
		one, two = two, one
	}
	if one != nil || !errors.Is(two, space.ErrUsedUp) {
		t.Errorf("one got %v, the other %v", one, two)
	}
	if n := len(ada.logOf(park).Members()); n != 2 {
		t.Errorf("there are %d members", n)
	}
}
