package p2p

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"parley/p2p/lab"
	"parley/space"
)

// wallWords are what three words come to.
type wallWords struct {
	password [32]byte
	hint     byte
}

var (
	tiger = wallWords{sha256.Sum256([]byte("tiger lamp candy")), 7}
	zebra = wallWords{sha256.Sum256([]byte("zebra lamp candy")), 8}
	// slip is what somebody types who has one word wrong, and bad luck with the
	// hint.
	slip = wallWords{sha256.Sum256([]byte("timber lamp candy")), 7}
)

// hangs puts words up that lead into a space.
func (d *device) hangs(id space.ID, words wallWords) *Wall {
	d.t.Helper()
	code := d.invites(id, space.MaxUses, time.Time{})
	w, err := d.node.HangWords(WallConfig{
		Password: words.password, Hint: words.hint, Until: d.now().Add(time.Hour),
		Code: func() space.Code { return code },
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(w.TakeDown)
	return w
}

func (d *device) types(words wallWords) (space.Code, error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	return d.node.AskWords(ctx, words.password, words.hint)
}

// comesIn types words that are right, and joins.
func (d *device) comesIn(words wallWords, id space.ID) {
	d.t.Helper()
	code, err := d.types(words)
	if err != nil {
		d.t.Fatalf("%s types the words: %v", d.name, err)
	}
	if code.Space != id {
		d.t.Fatalf("%s came to %s", d.name, code.Space)
	}
	d.joins(code)
}

func (d *device) isTurnedDown(words wallWords) {
	d.t.Helper()
	if _, err := d.types(words); !errors.Is(err, ErrWords) {
		d.t.Errorf("%s types words and gets %v", d.name, err)
	}
}

func TestWordsOnTheWall(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	wall := ada.hangs(park, tiger)
	ben.connects(ada)
	ben.comesIn(tiger, park)
	ben.same(park, ada)
	if got := wall.State(); got.End != WallHangs || got.Wrong != 0 || !slices.Equal(got.Guests, []space.DeviceID{ben.id()}) {
		t.Errorf("the wall stands like this: %+v", got)
	}
	// A second time is no second guest.
	if _, err := ben.types(tiger); err != nil {
		t.Error(err)
	}
	if n := len(wall.State().Guests); n != 1 {
		t.Errorf("%d guests", n)
	}
}

func TestWordsAreFoundOnTheLocalNetwork(t *testing.T) { lab.Alone(t, wordsFoundNearby) }

func wordsFoundNearby(t *testing.T) {
	lab.LocalNetwork(t)
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	turnsOnDiscovery(ada, ben)
	park := ada.founds("Park")
	ada.hangs(park, tiger)
	ben.comesIn(tiger, park) // Ben was given no address
	ben.same(park, ada)
}

func TestTwoRoomsInOneBuilding(t *testing.T) {
	ada, cleo := newDevice(t, "Ada"), newDevice(t, "Cleo")
	park, quay := ada.founds("Park"), cleo.founds("Quay")
	inPark, inQuay := ada.hangs(park, tiger), cleo.hangs(quay, zebra)
	for _, c := range []struct {
		name  string
		words wallWords
		space space.ID
	}{{"Ben", tiger, park}, {"Dan", zebra, quay}, {"Eve", tiger, park}, {"Fay", zebra, quay}} {
		d := newDevice(t, c.name)
		d.connects(ada)
		d.connects(cleo)
		d.comesIn(c.words, c.space)
	}
	for name, wall := range map[string]*Wall{"park": inPark, "quay": inQuay} {
		if got := wall.State(); len(got.Guests) != 2 || got.Wrong != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// One device may have two rooms too, if the words tell them apart.
	ada.hangs(ada.founds("Pond"), zebra)
	if _, err := ada.node.HangWords(WallConfig{Password: slip.password, Hint: slip.hint, Until: time.Now().Add(time.Hour)}); !errors.Is(err, ErrHintTaken) {
		t.Errorf("two walls with one hint: %v", err)
	}
}

func TestWrongWords(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park := ada.founds("Park")
	wall := ada.hangs(park, tiger)
	ben.connects(ada)
	cleo.connects(ada)

	// Words that are meant for another room cost nothing.
	ben.isTurnedDown(zebra)
	if got := wall.State(); got.Wrong != 0 {
		t.Errorf("%d guesses", got.Wrong)
	}
	for i := range guessesPerDevice {
		ben.isTurnedDown(slip)
		if got := wall.State(); got.Wrong != i+1 || got.End != WallHangs {
			t.Errorf("after %d wrong guesses: %+v", i+1, got)
		}
	}
	// Ben has used up his guesses, and does not even learn that.
	ben.isTurnedDown(tiger)
	ben.isTurnedDown(slip)
	if got := wall.State(); got.Wrong != guessesPerDevice {
		t.Errorf("%d guesses", got.Wrong)
	}
	cleo.comesIn(tiger, park)
}

func TestGuessesRunOut(t *testing.T) {
	ada := newDevice(t, "Ada")
	ada.stops()
	ada.listen = []string{"/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"}
	ada.starts()
	park := ada.founds("Park")
	wall := ada.hangs(park, tiger)
	changed := make(chan struct{}, 100)
	wall.config.Changed = func() { changed <- struct{}{} }

	guess := func(name, listen string) *device {
		d := newDevice(t, name)
		d.stops()
		d.listen = []string{listen}
		d.starts()
		for _, address := range ada.node.Addresses() {
			if strings.HasPrefix(address, listen[:len("/ip4/")]) {
				if err := d.node.Connect(t.Context(), address); err != nil {
					t.Fatal(err)
				}
			}
		}
		return d
	}
	const four, six = "/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"
	// New devices are free: what one machine may guess is bounded all the same.
	for i := range guessesPerSource / guessesPerDevice {
		d := guess(fmt.Sprint("Mallory ", i), four)
		for range guessesPerDevice {
			d.isTurnedDown(slip)
		}
	}
	guess("Ben, on the same machine", four).isTurnedDown(tiger)
	if got := wall.State(); got.End != WallHangs || got.Wrong != guessesPerSource {
		t.Errorf("one machine has brought the wall to %+v", got)
	}
	guess("Cleo", six).comesIn(tiger, park)
	for i := range (guessesInAll - guessesPerSource) / guessesPerDevice {
		d := guess(fmt.Sprint("another Mallory ", i), six)
		for range guessesPerDevice {
			d.isTurnedDown(slip)
		}
	}
	if got := wall.State(); got.End != WallGuessed || got.Wrong != guessesInAll {
		t.Errorf("the wall stands like this: %+v", got)
	}
	guess("Dan", six).isTurnedDown(tiger)
	if n := len(changed); n != guessesInAll+1 {
		t.Errorf("%d changes were told", n)
	}
}

func TestWordsEnd(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	ben.connects(ada)
	ben.isTurnedDown(tiger) // nothing hangs

	wall := ada.hangs(park, tiger)
	ada.fast.Store(int64(time.Hour + time.Second))
	ben.isTurnedDown(tiger)
	if got := wall.State(); got.End != WallExpired || got.Wrong != 0 {
		t.Errorf("after its time: %+v", got)
	}
	ada.fast.Store(0)
	again := ada.hangs(park, tiger) // the place on the wall is free
	wall.TakeDown()                 // which does not concern the new words
	ben.comesIn(tiger, park)
	again.TakeDown()
	again.TakeDown()
	if got := again.State().End; got != WallTaken {
		t.Errorf("taken down, it says %d", got)
	}
	newcomer := newDevice(t, "Cleo")
	newcomer.connects(ada)
	newcomer.isTurnedDown(tiger)
}

func TestNobodyToAsk(t *testing.T) {
	ben := newDevice(t, "Ben")
	if _, err := ben.types(tiger); !errors.Is(err, ErrAlone) {
		t.Errorf("got %v", err)
	}
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if _, err := ben.types(tiger); !errors.Is(err, ErrOffline) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	turnsOnDiscovery(ben)
	if _, err := ben.node.AskWords(ctx, tiger.password, tiger.hint); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestManyAreAsked has more devices around than may be asked for one typing,
// and more than are asked at once; the search ends all the same.
func TestManyAreAsked(t *testing.T) {
	ben := newDevice(t, "Ben")
	asked := make(chan struct{}, 2*maxAsked)
	atOnce, most := 0, 0
	var mu sync.Mutex
	for i := range maxAsked + 4 {
		r := stranger(t, fmt.Sprint("Stranger ", i))
		r.host.SetStreamHandler(wordsProtocol, func(stream network.Stream) {
			mu.Lock()
			atOnce++
			most = max(most, atOnce)
			mu.Unlock()
			var ask askWords
			_, _ = converse(stream, patience).hear(wordsFrame, &ask)
			mu.Lock()
			atOnce--
			mu.Unlock()
			asked <- struct{}{}
			_ = stream.Reset()
		})
		r.dialled(ben)
	}
	ben.isTurnedDown(tiger)
	if n := len(asked); n != maxAsked {
		t.Errorf("%d were asked", n)
	}
	if most > wordsAtOnce {
		t.Errorf("%d were asked at once", most)
	}
}
