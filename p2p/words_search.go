package p2p

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"parley/space"
)

const (
	// wordsTime is how long AskWords tries if its context gives no deadline.
	wordsTime = 20 * time.Second
	// wordsQuiet is how long AskWords waits for another device to be found when
	// all that were have given no answer.
	wordsQuiet = 5 * time.Second
	// wordsLeast is how long it tries in any case: the local network is asked at
	// once and after one, three and seven seconds, as what is said there may get
	// lost, and somebody else's plain answer is no reason to give up before.
	wordsLeast = 8 * time.Second
	// wordsTries is how often a device is asked that could not be reached, or
	// whose answer got lost, if it is found again.
	wordsTries = 3
	// wordsAtOnce bounds how many devices are being asked at a time.
	wordsAtOnce = 8
	// maxAsked bounds how many are asked for one typing of the words: each may
	// guess at them once.
	maxAsked = 64
)

// Errors of AskWords that callers tell apart.
var (
	// ErrWords means that devices were found, and none has these words on its
	// wall. So it looks, too, where guesses are used up.
	ErrWords = errors.New("no computer on this network has these words on its wall: compare them with the wall, and ask for new ones if they are right")
	// ErrAlone means that no device was found to ask.
	ErrAlone = errors.New("no other computer with Parley was found on this network: check that both are on the same one, and that Parley is open there")
)

// AskWords looks for the device on the local network on whose wall these words
// hang, and gives the code that it gives to whoever knows them; Join does the
// rest. Devices connected already and devices found are asked, several at once.
// It fails with ErrWords, ErrAlone or ErrOffline.
func (n *Node) AskWords(ctx context.Context, password [32]byte, hint byte) (space.Code, error) {
	o := n.current()
	if o == nil {
		return space.Code{}, fmt.Errorf("ask words: %w", ErrOffline)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wordsTime)
		defer cancel()
	}
	s := &wordsSearch{
		online: o, password: password, hint: hint,
		answers: make(chan wordsAnswer), asked: make(map[peer.ID]*wordsAsked),
	}
	code, err := s.run(ctx)
	if err != nil {
		return space.Code{}, fmt.Errorf("ask words: %w", err)
	}
	return code, nil
}

// A wordsSearch asks around. It is used by one goroutine.
type wordsSearch struct {
	online   *online
	password [32]byte
	hint     byte

	answers chan wordsAnswer
	waiting int // for answers
	asked   map[peer.ID]*wordsAsked
	queue   []peer.AddrInfo // to be asked when somebody has answered
	heard   bool            // from anybody
}

// wordsAsked is how it stands with one device.
type wordsAsked struct {
	tries int
	done  bool // it is being asked, or has answered
}

type wordsAnswer struct {
	from peer.ID
	code space.Code
	err  error
}

func (s *wordsSearch) run(ctx context.Context) (space.Code, error) {
	ctx, cancel := closedBy(ctx, s.online.ctx)
	defer cancel()
	found, forget := s.online.node.meetings.subscribe()
	defer forget()
	for _, p := range s.online.host.Network().Peers() {
		s.enqueue(peer.AddrInfo{ID: p})
	}
	s.online.askAround()
	least := time.Now().Add(wordsLeast)
	quiet := time.NewTimer(wordsQuiet)
	defer quiet.Stop()
	for {
		s.ask(ctx)
		if s.waiting == 0 && !s.online.node.mdns {
			return space.Code{}, s.failure() // nobody new will turn up
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return space.Code{}, ctx.Err()
			}
			return space.Code{}, s.failure()
		case info := <-found:
			if s.enqueue(info) { // devices are heard of again and again
				quiet.Reset(wordsQuiet)
			}
		case a := <-s.answers:
			s.waiting--
			quiet.Reset(wordsQuiet)
			switch {
			case a.err == nil:
				return a.code, nil
			case errors.Is(a.err, ErrUnreachable):
				s.asked[a.from].done = false // it may be found somewhere else
			case errors.Is(a.err, errFar): // it was not met on this network
			case errors.Is(a.err, errOtherWords), errors.Is(a.err, errNonsense):
				s.heard = true
			default:
				s.heard = true
				s.asked[a.from].done = false // it may not have heard us out
			}
		case <-quiet.C:
			more := time.Until(least)
			if s.waiting == 0 && s.heard && more <= 0 {
				return space.Code{}, ErrWords
			}
			if more <= 0 {
				more = wordsQuiet
			}
			quiet.Reset(min(more, wordsQuiet))
		}
	}
}

func (s *wordsSearch) failure() error {
	if s.heard {
		return ErrWords
	}
	return ErrAlone
}

// enqueue has a device asked, and reports false if it is not to be.
func (s *wordsSearch) enqueue(info peer.AddrInfo) bool {
	if info.ID == s.online.host.ID() {
		return false
	}
	known := s.asked[info.ID]
	switch {
	case known == nil && len(s.asked) >= maxAsked:
		return false
	case known == nil:
		known = new(wordsAsked)
		s.asked[info.ID] = known
	case known.done || known.tries >= wordsTries:
		return false
	}
	known.tries++
	known.done = true
	s.queue = append(s.queue, info)
	return true
}

// ask asks as many as may be asked at once.
func (s *wordsSearch) ask(ctx context.Context) {
	for len(s.queue) > 0 && s.waiting < wordsAtOnce {
		info := s.queue[0]
		s.queue = s.queue[1:]
		started := s.online.do(func() {
			code, err := s.online.askWords(ctx, info, s.password, s.hint)
			select {
			case s.answers <- wordsAnswer{info.ID, code, err}:
			case <-ctx.Done():
			}
		})
		if !started {
			return // the network is being switched off, which ends ctx
		}
		s.waiting++
	}
}
