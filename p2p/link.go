package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/libp2p/go-libp2p/core/peer"

	"parley/space"
)

// maxSeats bounds the spaces that one device may name to a newcomer.
const maxSeats = 4096

// ErrOtherSeat means that somebody opened to our key whose space is not one of
// the device that gave it to us.
var ErrOtherSeat = errors.New("the other computer offered a space that is not yours")

// A Link is how a device becomes one more device of a person, in all spaces
// where that person sits.
type Link struct {
	Secret [32]byte     // the seed of the key, from a link code or recovery words
	Person space.Person // stands in the applications only: a seat keeps its person
	Label  string       // what this device is called

	// From is the device that made a link code: only spaces where that device
	// sits are taken, and the search is over when it has answered. It is zero for
	// a recovery, where any member may answer.
	From      space.DeviceID
	Addresses [][]byte // where From can be reached, as codes carry them
	Doors     []string // further addresses, which the user entered

	// Progress, if set, is called as spaces are taken, from one goroutine at a
	// time. It must return soon.
	Progress func(LinkProgress)
}

// LinkProgress says how far a Link is.
type LinkProgress struct {
	Space space.ID // that was taken just now
	Name  string
	Taken int
	Of    int // that were named so far
}

// Linked is a space that a Link has taken, or could not take.
type Linked struct {
	Space space.ID
	Name  string
	Err   error // nil: this device is a member now, durably
}

// Link takes a person's seats for this device: it finds members who know the
// key, is admitted to each space that they name, and stores the membership logs.
// It returns the spaces named, by name; documents follow by themselves. The
// devices asked are From, the doors given, those connected already and those
// found on the local network.
//
// It fails if no space was taken: with the reason of the first space named, or
// with space.ErrExpired, space.ErrUsedUp, space.ErrWithdrawn (From does not know
// the key), ErrNotNow, ErrUnreachable (nobody who knows it was found),
// ErrOffline or an error about a door. It may be repeated, also to take what
// members knew who were not there.
func (n *Node) Link(ctx context.Context, link Link) ([]Linked, error) {
	o := n.current()
	if o == nil {
		return nil, fmt.Errorf("link: %w", ErrOffline)
	}
	var doors []peer.AddrInfo
	if link.From != (space.DeviceID{}) {
		doors = append(doors, peer.AddrInfo{ID: peerOf(link.From), Addrs: binaryAddresses(link.Addresses)})
	}
	for _, address := range link.Doors {
		info, err := peer.AddrInfoFromString(address)
		if err != nil {
			return nil, fmt.Errorf("link: %q is not the address of a computer with Parley: %w", address, err)
		}
		doors = append(doors, *info)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, joinTime)
		defer cancel()
	}
	l := &linking{Link: link, online: o, key: space.KeyFromSeed(link.Secret), spaces: make(map[space.ID]*Linked)}
	best := ErrUnreachable
	s := newSearch(o, l.knockAt)
	s.busy = func() bool { return l.open.Load() > 0 }
	s.run(ctx, doors, func(a answer) verdict {
		switch from, _ := deviceOf(a.from); {
		case a.err == nil && from == link.From:
			return found // it sits wherever its key does
		case a.err == nil:
			return answered
		case weight(a.err) == 0 && from == link.From:
			best = space.ErrWithdrawn // whoever made the code does not know it any more
			return answered
		case weight(a.err) > weight(best):
			best = a.err
			return answered
		case named(doors, a.from):
			return answered // whom the user pointed at knows nothing of the key
		}
		return denied
	})
	return l.outcome(best)
}

func named(doors []peer.AddrInfo, p peer.ID) bool {
	return slices.ContainsFunc(doors, func(door peer.AddrInfo) bool { return door.ID == p })
}

// linking is a Link under way. Several devices may be telling of the same
// spaces.
type linking struct {
	Link
	online *online
	key    space.Key
	open   atomic.Int32 // doors behind which we are

	mu     sync.Mutex
	taken  int
	spaces map[space.ID]*Linked // those named
}

func (l *linking) outcome(otherwise error) ([]Linked, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Linked
	for _, one := range l.spaces {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b Linked) int {
		return slices.Compare(append([]byte(a.Name), a.Space[:]...), append([]byte(b.Name), b.Space[:]...))
	})
	if l.taken > 0 {
		return all, nil
	}
	if len(all) > 0 {
		otherwise = all[0].Err
	}
	return all, fmt.Errorf("link: %w", otherwise)
}

// knockAt asks one device for all the spaces that it knows the key to open.
func (l *linking) knockAt(ctx context.Context, info peer.AddrInfo) error {
	return l.online.visit(ctx, info, seatProtocol, func(c *conversation, answerer space.DeviceID) error {
		if err := l.online.knock(c, answerer, seatLock(space.InvitationKey(l.key.Device())), l.key); err != nil {
			return err
		}
		l.open.Add(1)
		defer l.open.Add(-1)
		named, err := hearSeats(c)
		if err != nil {
			return err
		}
		named = l.begin(named)
		for _, s := range named {
			if err := l.take(ctx, c, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func hearSeats(c *conversation) (named []seat, err error) {
	for {
		var page seats
		var no refused
		heard, err := c.hear(admitFrame, &page, &no)
		if err != nil {
			return nil, noEOF(err)
		}
		if heard == &no {
			return nil, errorFor(no.Reason)
		}
		if named = append(named, page.Seats...); len(named) > maxSeats {
			return nil, fmt.Errorf("%w: more than %d spaces", errNonsense, maxSeats)
		}
		if page.Last {
			return named, nil
		}
	}
}

// begin takes note of spaces that were named, and returns those not taken yet.
func (l *linking) begin(named []seat) (left []seat) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range named {
		if l.spaces[s.Space] == nil {
			l.spaces[s.Space] = &Linked{Space: s.Space, Name: s.Name, Err: ErrNotNow}
		}
		if l.spaces[s.Space].Err != nil {
			left = append(left, s)
		}
	}
	return left
}

// take applies to one space. It fails only if the conversation cannot go on.
func (l *linking) take(ctx context.Context, c *conversation, s seat) error {
	code := space.Code{Space: s.Space, Secret: l.Secret}
	application, err := space.ApplyAs(l.online.node.key, code, l.Person, l.Label)
	if err != nil {
		return err
	}
	if err := c.say(&apply{Application: application}); err != nil {
		return err
	}
	entries, err := hearLog(c)
	if err != nil && weight(err) == 0 {
		return err
	}
	if err == nil {
		err = l.online.node.storeJoined(ctx, s.Space, entries, l.belongs)
	}
	l.ended(s, err)
	return nil
}

// belongs checks that we sit in a space beside the device that sent us there.
func (l *linking) belongs(log *space.Log) error {
	ours, _ := log.Member(l.online.node.device)
	theirs, ok := log.Member(l.From)
	if l.From != (space.DeviceID{}) && (!ok || ours.Seat != theirs.Seat) {
		return ErrOtherSeat
	}
	return nil
}

func (l *linking) ended(s seat, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.spaces[s.Space]
	if one.Err == nil {
		return // somebody else was faster
	}
	if one.Err = err; err != nil {
		return
	}
	l.taken++
	if l.Progress != nil {
		l.Progress(LinkProgress{Space: s.Space, Name: s.Name, Taken: l.taken, Of: len(l.spaces)})
	}
}
