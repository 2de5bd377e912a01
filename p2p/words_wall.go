package p2p

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"parley/space"
)

// How often words may be guessed wrongly, while they hang. Device IDs are free,
// and addresses nearly so: what counts is the number in all.
const (
	guessesPerDevice = 3
	guessesPerSource = 6
	guessesInAll     = 12
)

// maxGuests bounds how many devices a wall remembers to have let in.
const maxGuests = space.MaxUses

// ErrHintTaken is what HangWords fails with where other words with the same
// hint hang at this device: draw others.
var ErrHintTaken = errors.New("other words with the same hint hang here")

// A WallEnd says why words let nobody in any more.
type WallEnd uint8

// The ends of words on a wall.
const (
	WallHangs   WallEnd = iota // no end yet
	WallTaken                  // taken down
	WallExpired                // its time is over
	WallGuessed                // guessed wrongly too often
)

// WallConfig says which words hang, for how long, and what they give.
type WallConfig struct {
	// Password and Hint are what the words come to, on both sides.
	Password [32]byte
	Hint     byte
	Until    time.Time
	// Code is given to whoever knows the words. It is called for each of them,
	// from a goroutine of the node.
	Code func() space.Code
	// Changed is called after somebody knew the words or guessed wrongly, from a
	// goroutine of the node. It must return soon, and may be nil.
	Changed func()
}

// A Wall is where a facilitator has put up words that let people in who are on
// the same local network (docs/protocol.md, "Words on the wall"). Its methods
// may be called from any goroutine.
type Wall struct {
	node   *Node
	config WallConfig

	mu       sync.Mutex
	end      WallEnd
	guests   []space.DeviceID
	byDevice map[space.DeviceID]int
	bySource map[string]int
	wrong    int
}

// WallState is how a wall stands.
type WallState struct {
	End    WallEnd
	Guests []space.DeviceID // who knew the words, the first first
	Wrong  int              // guesses
}

// walls are those of a node, by their hints: the one that a newcomer means.
type walls struct {
	mu   sync.Mutex
	hang map[byte]*Wall
}

// HangWords puts words up, also while the network is switched off. It fails
// with ErrHintTaken.
func (n *Node) HangWords(config WallConfig) (*Wall, error) {
	w := &Wall{
		node: n, config: config,
		byDevice: make(map[space.DeviceID]int), bySource: make(map[string]int),
	}
	n.walls.mu.Lock()
	defer n.walls.mu.Unlock()
	if other := n.walls.hang[config.Hint]; other != nil && other.State().End == WallHangs {
		return nil, fmt.Errorf("hang words: %w", ErrHintTaken)
	}
	if n.walls.hang == nil {
		n.walls.hang = make(map[byte]*Wall)
	}
	n.walls.hang[config.Hint] = w
	return w, nil
}

// TakeDown ends the words. It may be called again.
func (w *Wall) TakeDown() {
	w.mu.Lock()
	if w.end == WallHangs {
		w.end = WallTaken
	}
	w.mu.Unlock()
	hang := &w.node.walls
	hang.mu.Lock()
	defer hang.mu.Unlock()
	if hang.hang[w.config.Hint] == w {
		delete(hang.hang, w.config.Hint)
	}
}

// State tells how the wall stands.
func (w *Wall) State() WallState {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expire()
	return WallState{End: w.end, Guests: slices.Clone(w.guests), Wrong: w.wrong}
}

// expire notices that the time is over. It is called with the lock held.
func (w *Wall) expire() {
	if w.end == WallHangs && !w.node.now().Before(w.config.Until) {
		w.end = WallExpired
	}
}

// meant gives the wall with a hint, or nil.
func (h *walls) meant(hint byte) *Wall {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hang[hint]
}

// admits takes note of a guess, and reports whether it opens. Who has used up
// their guesses is told that the right words are wrong. A nil wall opens to
// nobody.
func (w *Wall) admits(device space.DeviceID, source string, right bool) bool {
	if w == nil {
		return false
	}
	admitted, noted := w.note(device, source, right)
	if noted && w.config.Changed != nil {
		w.config.Changed()
	}
	return admitted
}

func (w *Wall) note(device space.DeviceID, source string, right bool) (admitted, noted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expire()
	if w.end != WallHangs || w.byDevice[device] >= guessesPerDevice || w.bySource[source] >= guessesPerSource {
		return false, false
	}
	if right {
		if !slices.Contains(w.guests, device) && len(w.guests) < maxGuests {
			w.guests = append(w.guests, device)
		}
		return true, true
	}
	w.byDevice[device]++
	w.bySource[source]++
	if w.wrong++; w.wrong >= guessesInAll {
		w.end = WallGuessed
	}
	return false, true
}
