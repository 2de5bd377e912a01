package p2p

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/cpace"
	"github.com/libp2p/go-libp2p/core/network"

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

func TestWordsAreFoundOnTheLocalNetwork(t *testing.T) {
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

// asksWith begins a conversation by hand, and returns it where the proof is
// due.
func (r *rogue) asksWith(d *device, words wallWords) (c *conversation, proof, sealing []byte) {
	r.t.Helper()
	c = r.opens(d, wordsProtocol)
	share, state, err := cpace.Start(string(words.password[:]), wordsContext(r.key.Device(), d.id()))
	if err != nil {
		r.t.Fatal(err)
	}
	if err := c.say(&askWords{Hint: words.hint, Share: [openerShare]byte(share)}); err != nil {
		r.t.Fatal(err)
	}
	var answered answerShareWords
	if _, err := c.hear(wordsFrame, &answered); err != nil {
		r.t.Fatal(err)
	}
	secret, err := state.Finish(answered.Share[:])
	if err != nil {
		r.t.Fatal(err)
	}
	proof, sealing = wordsKeys(secret)
	return c, proof, sealing
}

// proves ends such a conversation, and reports whether it got a code.
func (r *rogue) proves(c *conversation, proof, sealing []byte) bool {
	r.t.Helper()
	if err := c.say(&proveWords{Proof: [proofBytes]byte(proof)}); err != nil {
		r.t.Fatal(err)
	}
	var given givenCode
	if _, err := c.hear(wordsFrame, &given); err != nil {
		return false
	}
	_, err := unseal(sealing, given.Sealed)
	return err == nil
}

func TestWordsAreTakenDownInTheMiddle(t *testing.T) {
	ada := newDevice(t, "Ada")
	park := ada.founds("Park")
	wall := ada.hangs(park, tiger)
	ben := stranger(t, "Ben")
	ben.connects(ada)
	c, proof, sealing := ben.asksWith(ada, tiger)
	if !ben.proves(c, proof, sealing) {
		t.Fatal("the story does not work")
	}
	c, proof, sealing = ben.asksWith(ada, tiger)
	wall.TakeDown()
	if ben.proves(c, proof, sealing) {
		t.Error("words that were taken down let somebody in")
	}
	if n := len(ada.logOf(park).Members()); n != 1 {
		t.Errorf("%d members", n)
	}
}

// TestGuessesAtOnce begins more conversations than there are guesses before it
// ends any: the number in all holds.
func TestGuessesAtOnce(t *testing.T) {
	ada := newDevice(t, "Ada")
	wall := ada.hangs(ada.founds("Park"), tiger)
	type begun struct {
		r              *rogue
		c              *conversation
		proof, sealing []byte
	}
	var all []begun
	for i := range guessesPerSource + 1 {
		r := stranger(t, fmt.Sprint("Mallory ", i))
		r.connects(ada)
		c, proof, sealing := r.asksWith(ada, slip)
		all = append(all, begun{r, c, proof, sealing})
	}
	for _, b := range all {
		if b.r.proves(b.c, b.proof, b.sealing) {
			t.Error("wrong words let somebody in")
		}
	}
	if got := wall.State().Wrong; got != guessesPerSource {
		t.Errorf("%d guesses counted", got)
	}
}

// TestSomebodyInBetween passes everything on between a newcomer and the
// facilitator, as a device that both are connected to can.
func TestSomebodyInBetween(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	wall := ada.hangs(park, tiger)
	mallory := stranger(t, "Mallory")
	mallory.connects(ada)
	passed := make(chan error, 1)
	mallory.host.SetStreamHandler(wordsProtocol, func(fromBen network.Stream) {
		passed <- func() error {
			toAda, err := mallory.host.NewStream(t.Context(), peerOf(ada.id()), wordsProtocol)
			if err != nil {
				return err
			}
			there, here := converse(toAda, patience), converse(fromBen, patience)
			var asked askWords
			var answered answerShareWords
			var proved proveWords
			var given givenCode
			for _, step := range []struct {
				from, to *conversation
				what     message
			}{{here, there, &asked}, {there, here, &answered}, {here, there, &proved}, {there, here, &given}} {
				if _, err := step.from.hear(wordsFrame, step.what); err != nil {
					_ = fromBen.Reset()
					return err
				}
				if err := step.to.say(step.what); err != nil {
					return err
				}
				if err := step.to.flush(); err != nil {
					return err
				}
			}
			return nil
		}()
	})
	// Ben knows Mallory alone.
	mallory.dialled(ben)
	ben.isTurnedDown(tiger)
	if err := <-passed; err == nil {
		t.Error("the code was passed on")
	}
	if got := wall.State(); got.Wrong != 1 || len(got.Guests) != 0 {
		t.Errorf("the wall stands like this: %+v", got)
	}
	ben.connects(ada)
	ben.comesIn(tiger, park)
}

// dialled connects a rogue to a device and waits until the device knows.
func (r *rogue) dialled(d *device) {
	r.t.Helper()
	r.connects(d)
	d.waitFor("a connection", func() bool {
		return d.node.current().host.Network().Connectedness(r.host.ID()) == network.Connected
	})
}

// TestReplayedWords says again what a newcomer said who was let in: from the same
// device, and from another.
func TestReplayedWords(t *testing.T) {
	ada := newDevice(t, "Ada")
	wall := ada.hangs(ada.founds("Park"), tiger)
	ben, mallory := stranger(t, "Ben"), stranger(t, "Mallory")
	ben.connects(ada)
	mallory.connects(ada)
	share, state, err := cpace.Start(string(tiger.password[:]), wordsContext(ben.key.Device(), ada.id()))
	if err != nil {
		t.Fatal(err)
	}
	ask := &askWords{Hint: tiger.hint, Share: [openerShare]byte(share)}
	var proof, sealing []byte
	for i, r := range []*rogue{ben, ben, mallory} {
		c := r.opens(ada, wordsProtocol)
		if err := c.say(ask); err != nil {
			t.Fatal(err)
		}
		var answered answerShareWords
		if _, err := c.hear(wordsFrame, &answered); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			secret, err := state.Finish(answered.Share[:])
			if err != nil {
				t.Fatal(err)
			}
			proof, sealing = wordsKeys(secret)
		}
		if r.proves(c, proof, sealing) != (i == 0) {
			t.Errorf("time %d", i)
		}
	}
	if got := wall.State(); got.Wrong != 2 || len(got.Guests) != 1 {
		t.Errorf("the wall stands like this: %+v", got)
	}
}

// TestWordsTellNothing has the same asked of a device where other words hang,
// of one where the right words hang and guesses are used up, of one where
// nothing hangs, and of one that has no space at all: what comes back is of the
// same form, to the byte.
func TestWordsTellNothing(t *testing.T) {
	closed, other, spent, empty := newDevice(t, "closed"), newDevice(t, "other"), newDevice(t, "spent"), newDevice(t, "empty")
	closed.founds("Park")
	other.hangs(other.founds("Park"), tiger)
	wall := spent.hangs(spent.founds("Park"), slip)
	mallory := stranger(t, "Mallory")
	for range guessesPerDevice {
		wall.admits(mallory.key.Device(), "192.0.2.1", false)
	}
	for _, d := range []*device{closed, other, spent, empty} {
		mallory.connects(d)
		c, proof, _ := mallory.asksWith(d, slip) // which had to get an answer
		frame, err := encodeFrame(&proveWords{Proof: [proofBytes]byte(proof)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.stream.Write(frame); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c.reader)
		if len(got) != 0 || !errors.Is(err, network.ErrReset) {
			t.Errorf("%s says %x (%v)", d.name, got, err)
		}
		if !mallory.isConnected(d) {
			t.Errorf("%s has ended the connection", d.name)
		}
	}
}

func TestNonsenseInWordsIsTurnedAway(t *testing.T) {
	frame := func(m message) []byte {
		b, err := encodeFrame(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	garbage := randomText(4096)
	for name, content := range map[string][]byte{
		"garbage":              garbage,
		"an endless length":    append([]byte{0xff, 0xff, 0xff, 0xff}, garbage...),
		"no length":            {0, 0, 0, 0},
		"another kind":         frame(&proveWords{}),
		"no point":             frame(&askWords{Share: [openerShare]byte(bytes.Repeat([]byte{0xff}, openerShare))}),
		"the neutral element":  frame(&askWords{}),
		"a promise of plenty":  {0, 0, 0, 10, 1, 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"a share cut short":    {0, 0, 0, 6, 1, 0xa2, 1, 7, 2, 0x40},
		"a hint out of bounds": append([]byte{0, 0, 0, 57, 1, 0xa2, 1, 0x19, 1, 0, 2, 0x58, 48}, make([]byte, 48)...),
	} {
		for _, hangs := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " ", hangs), func(t *testing.T) {
				ada := newDevice(t, "Ada")
				park := ada.founds("Park")
				if hangs {
					ada.hangs(park, wallWords{tiger.password, 0})
				}
				mallory := stranger(t, "Mallory")
				mallory.connects(ada)
				c := mallory.opens(ada, wordsProtocol)
				_, _ = c.stream.Write(content) // Ada need not read to the end
				mallory.isTurnedAway(ada)
			})
		}
	}
}

// TestAnswersThatAreNonsense has a newcomer meet somebody who answers so.
func TestAnswersThatAreNonsense(t *testing.T) {
	for name, answer := range map[string]message{
		"the neutral element": &answerShareWords{},
		"no point":            &answerShareWords{Share: [answererShare]byte(bytes.Repeat([]byte{0xff}, answererShare))},
		"another kind":        &proveWords{},
	} {
		t.Run(name, func(t *testing.T) {
			ben, mallory := newDevice(t, "Ben"), stranger(t, "Mallory")
			mallory.host.SetStreamHandler(wordsProtocol, func(stream network.Stream) {
				c := converse(stream, patience)
				var asked askWords
				if _, err := c.hear(wordsFrame, &asked); err == nil {
					_ = c.say(answer)
					_ = c.flush() // Ben may have gone
				}
			})
			mallory.dialled(ben)
			ben.isTurnedDown(tiger)
			mallory.isTurnedAway(ben)
		})
	}
}

// TestAFalseFacilitator answers a newcomer without knowing the words, seals a
// code of its own under what it has come to, and gets nowhere.
func TestAFalseFacilitator(t *testing.T) {
	ben, mallory := newDevice(t, "Ben"), stranger(t, "Mallory")
	mallory.host.SetStreamHandler(wordsProtocol, func(stream network.Stream) {
		c := converse(stream, patience)
		var asked askWords
		if _, err := c.hear(wordsFrame, &asked); err != nil {
			return
		}
		share, secret, err := cpace.Exchange(string(zebra.password[:]), wordsContext(ben.id(), mallory.key.Device()), asked.Share[:])
		if err != nil {
			return
		}
		_ = c.say(&answerShareWords{Share: [answererShare]byte(share)})
		var proved proveWords
		if _, err := c.hear(wordsFrame, &proved); err != nil {
			return
		}
		_, sealing := wordsKeys(secret)
		sealed, err := seal(sealing, []byte(space.Code{Name: "A trap"}.String()))
		if err != nil {
			return
		}
		_ = c.say(&givenCode{Sealed: sealed})
		_ = c.close()
	})
	mallory.dialled(ben)
	ben.isTurnedDown(tiger)
}

func TestTooMuchFromOneMachine(t *testing.T) {
	k := newWordsKeeper()
	var done []func()
	for {
		d, ok := k.take("192.0.2.1")
		if !ok {
			break
		}
		done = append(done, d)
	}
	if len(done) != 8 {
		t.Errorf("one machine asks %d at once", len(done))
	}
	if d, ok := k.take("192.0.2.2"); !ok {
		t.Error("one machine pays for the other")
	} else {
		d()
	}
	for i := range 100 {
		if d, ok := k.take(fmt.Sprint("192.0.2.", i)); ok {
			done = append(done, d)
		}
	}
	if len(done) != 32 {
		t.Errorf("%d are answered at once", len(done))
	}
	for _, d := range done {
		d()
	}
	if _, ok := k.take("192.0.2.3"); !ok {
		t.Error("what was given back cannot be taken again")
	}
}
