package p2p

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"filippo.io/cpace"
	"github.com/libp2p/go-libp2p/core/network"

	"parley/space"
)

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
