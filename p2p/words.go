package p2p

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"filippo.io/cpace"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"golang.org/x/crypto/chacha20poly1305"

	"parley/space"
)

const (
	wordsProtocol protocol.ID = "/parley/words/1"

	wordsPatience = 10 * time.Second
)

var (
	// errFar is what a device fails with that is not on the local network.
	errFar = errors.New("not on the local network")
	// errOtherWords is what a conversation ends with when the two sides have
	// different words, or one has none.
	errOtherWords = errors.New("other words, or none")
	errBusy       = errors.New("too many at once")
)

// A wordsKeeper bounds what is asked of this device in words, beyond what each
// device may: by machine, and in all.
type wordsKeeper struct{ sources, all *allowance }

func newWordsKeeper() *wordsKeeper {
	return &wordsKeeper{sources: newAllowance(8, 2, 64), all: newAllowance(32, 64, 256)}
}

// everybody is the one key under which the keeper counts in all.
const everybody = peer.ID("")

// take is like that of an allowance, for the machine behind an address.
func (k *wordsKeeper) take(source string) (done func(), ok bool) {
	if !k.sources.take(peer.ID(source)) {
		return nil, false
	}
	if !k.all.take(everybody) {
		k.sources.done(peer.ID(source))
		return nil, false
	}
	return func() {
		k.all.done(everybody)
		k.sources.done(peer.ID(source))
	}, true
}

// answerWords is the stream handler on the facilitator's side. A device where
// no words hang does exactly the same with a password that nobody knows: what
// it says and how long it takes are the same as where other words hang.
func (o *online) answerWords(k *wordsKeeper) func(context.Context, network.Stream) error {
	return func(_ context.Context, stream network.Stream) error {
		newcomer, _ := deviceOf(stream.Conn().RemotePeer())
		address := stream.Conn().RemoteMultiaddr()
		if !near(address, attached()) {
			return fmt.Errorf("words: %w", errFar)
		}
		source := sourceOf(address)
		done, ok := k.take(source)
		if !ok {
			return fmt.Errorf("words: %w", errBusy)
		}
		defer done()
		c := converse(stream, wordsPatience)
		var asked askWords
		if _, err := c.hear(wordsFrame, &asked); err != nil {
			return fmt.Errorf("words: %w", err)
		}
		var password [32]byte
		_, _ = rand.Read(password[:]) // never fails: crypto/rand ends the program instead
		wall := o.node.walls.meant(asked.Hint)
		if wall != nil {
			password = wall.config.Password
		}
		share, secret, err := cpace.Exchange(string(password[:]), wordsContext(newcomer, o.node.device), asked.Share[:])
		if err != nil {
			return fmt.Errorf("words: %w: %w", errNonsense, err)
		}
		if err := c.say(&answerShareWords{Share: [answererShare]byte(share)}); err != nil {
			return fmt.Errorf("words: %w", err)
		}
		var proved proveWords
		if _, err := c.hear(wordsFrame, &proved); err != nil {
			return fmt.Errorf("words: %w", err)
		}
		proof, sealing := wordsKeys(secret)
		if !wall.admits(newcomer, source, hmac.Equal(proof, proved.Proof[:])) {
			return fmt.Errorf("words: %w", errOtherWords)
		}
		o.log.Info("A newcomer knew the words on the wall", "device", newcomer)
		sealed, err := seal(sealing, []byte(wall.config.Code().String()))
		if err != nil {
			return fmt.Errorf("words: %w", err)
		}
		if err := c.say(&givenCode{Sealed: sealed}); err != nil {
			return fmt.Errorf("words: %w", err)
		}
		return c.close()
	}
}

// askWords asks one device with words, and gives the code that it gave. It
// fails with errFar, errOtherWords or ErrUnreachable.
func (o *online) askWords(ctx context.Context, info peer.AddrInfo, password [32]byte, hint byte) (space.Code, error) {
	reachable, networks := peer.AddrInfo{ID: info.ID}, attached()
	for _, address := range info.Addrs {
		if near(address, networks) {
			reachable.Addrs = append(reachable.Addrs, address)
		}
	}
	o.forgetFailures(info.ID) // it was found just now
	if err := o.host.Connect(ctx, reachable); err != nil {
		return space.Code{}, fmt.Errorf("reach %s: %w: %w", info.ID, ErrUnreachable, err)
	}
	stream, err := o.host.NewStream(ctx, info.ID, wordsProtocol)
	if err != nil {
		return space.Code{}, fmt.Errorf("ask %s: %w", info.ID, err)
	}
	c := converse(stream, wordsPatience)
	unhook := context.AfterFunc(ctx, c.abort)
	defer unhook()
	code, err := o.exchangeWords(c, password, hint)
	if err != nil {
		c.abort()
		if errors.Is(err, errNonsense) {
			o.refuse(info.ID, err)
		}
		return space.Code{}, fmt.Errorf("ask %s: %w", info.ID, err)
	}
	return code, c.close()
}

func (o *online) exchangeWords(c *conversation, password [32]byte, hint byte) (space.Code, error) {
	if !near(c.stream.Conn().RemoteMultiaddr(), attached()) {
		return space.Code{}, errFar
	}
	facilitator, ok := deviceOf(c.stream.Conn().RemotePeer())
	if !ok {
		return space.Code{}, errOutsider
	}
	share, state, err := cpace.Start(string(password[:]), wordsContext(o.node.device, facilitator))
	if err != nil {
		return space.Code{}, err
	}
	if err := c.say(&askWords{Hint: hint, Share: [openerShare]byte(share)}); err != nil {
		return space.Code{}, err
	}
	var answered answerShareWords
	if _, err := c.hear(wordsFrame, &answered); err != nil {
		return space.Code{}, err
	}
	secret, err := state.Finish(answered.Share[:])
	if err != nil {
		return space.Code{}, fmt.Errorf("%w: %w", errNonsense, err)
	}
	proof, sealing := wordsKeys(secret)
	if err := c.say(&proveWords{Proof: [proofBytes]byte(proof)}); err != nil {
		return space.Code{}, err
	}
	var given givenCode
	if _, err := c.hear(wordsFrame, &given); err != nil {
		if errors.Is(err, errNonsense) {
			return space.Code{}, err
		}
		return space.Code{}, errors.Join(errOtherWords, err) // the stream was reset
	}
	text, err := unseal(sealing, given.Sealed)
	if err != nil {
		return space.Code{}, fmt.Errorf("%w: %w", errOtherWords, err) // somebody guessed at our words
	}
	code, err := space.ParseCode(string(text))
	if err != nil {
		return space.Code{}, fmt.Errorf("%w: %w", errNonsense, err)
	}
	return code, nil
}

// wordsContext ties an exchange to the two devices and to this version of the
// protocol: somebody who passes it on between two others has it fail.
func wordsContext(opener, answerer space.DeviceID) *cpace.ContextInfo {
	return cpace.NewContextInfo(string(opener[:]), string(answerer[:]), []byte(wordsProtocol))
}

// wordsKeys makes of what both sides have come to: the newcomer's proof that it
// has, and the key under which the code is sealed, which is the facilitator's.
func wordsKeys(secret []byte) (proof, sealing []byte) {
	both, err := hkdf.Expand(sha256.New, secret, "parley/words/1", proofBytes+chacha20poly1305.KeySize)
	if err != nil {
		panic(err) // the length is a constant: a mistake there never leaves the first test
	}
	return both[:proofBytes], both[proofBytes:]
}

// noNonce serves for keys that seal once.
var noNonce [chacha20poly1305.NonceSize]byte

func seal(key, text []byte) ([]byte, error) {
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, noNonce[:], text, nil), nil
}

func unseal(key, sealed []byte) ([]byte, error) {
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, noNonce[:], sealed, nil)
}
