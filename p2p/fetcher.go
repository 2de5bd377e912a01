package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"parley/crdt"
	"parley/space"
)

// ErrNotHeld means that nobody who is connected has a blob.
var ErrNotHeld = errors.New("nobody who is connected has this file")

const (
	blobQuiet    = 3 * time.Second // without a change, before documents are looked through for blobs
	blobAnyway   = time.Minute     // after which they are even if people go on writing
	blobAvoided  = 10 * time.Minute
	surveyed     = 3 // members whom one survey asks what they have
	maxHolders   = 4096
	blobRetries  = 5
	blobRetrying = time.Second // and longer each time

	// Who takes longer than this is slow for a while: others are asked first.
	blobAnswer    = 5 * time.Second
	blobPieceTime = 10 * time.Second
	blobListTime  = 30 * time.Second
	blobSlow      = 10 * time.Minute
	blobTurn      = 30 * time.Second // of a slow one, where other files are to be fetched
)

// FetchBlob returns when a blob of a space is here, durably. Members who are
// connected are asked for it before anything that nobody waits for; what has
// come stays for the next time. It fails with ErrOffline, space.ErrNotMember,
// ErrNotHeld if none of those connected has it, with crdt.ErrBlobTooLarge,
// crdt.ErrBlobsFull or crdt.ErrFull, or when ctx ends: also while nobody is
// connected, since somebody may come.
func (n *Node) FetchBlob(ctx context.Context, id space.ID, blob crdt.BlobID) error {
	if n.store.HasBlob(id, blob) {
		return nil
	}
	o := n.current()
	if o == nil {
		return fmt.Errorf("fetch blob: %w", ErrOffline)
	}
	r := o.room(id)
	if r == nil {
		return fmt.Errorf("fetch blob: %w", space.ErrNotMember)
	}
	answer, done := r.fetcher.demand(blob)
	defer done()
	if n.store.HasBlob(id, blob) { // it came while we looked
		return nil
	}
	select {
	case err := <-answer:
		if err != nil {
			return fmt.Errorf("fetch blob %s: %w", blob, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("fetch blob %s: %w", blob, ctx.Err())
	case <-r.ctx.Done():
		return fmt.Errorf("fetch blob %s: %w", blob, ErrOffline)
	}
}

// Holders are the devices that said since the network was switched on that they
// have a blob which is not here, in the order of their IDs.
func (n *Node) Holders(id space.ID, blob crdt.BlobID) []space.DeviceID {
	o := n.current()
	if o == nil {
		return nil
	}
	r := o.room(id)
	if r == nil {
		return nil
	}
	r.fetcher.mu.Lock()
	defer r.fetcher.mu.Unlock()
	var list []space.DeviceID
	for device := range r.fetcher.holders[blob] {
		list = append(list, device)
	}
	slices.SortFunc(list, func(a, b space.DeviceID) int { return slices.Compare(a[:], b[:]) })
	return list
}

// FetchedPieces counts the pieces of a space's blobs that have come since the
// network was switched on: it grows as long as anything of them comes.
func (n *Node) FetchedPieces(id space.ID) uint64 {
	if o := n.current(); o != nil {
		if r := o.room(id); r != nil {
			return r.fetcher.pieces.Load()
		}
	}
	return 0
}

// A fetcher gets one space's blobs from whoever has them, one at a time: those
// that somebody waits for, in turns, and when there are none of these, those that
// documents refer to. What only slow members have comes later: none of them
// keeps it from what others have.
type fetcher struct {
	room   *room
	wake   chan struct{} // holds at most one
	pieces atomic.Uint64 // that have come

	mu      sync.Mutex
	waiting map[crdt.BlobID]map[chan error]bool
	asked   []crdt.BlobID         // that are waited for, the first first
	begun   map[crdt.BlobID]bool  // of those waited for, which have had a turn
	ahead   []crdt.BlobID         // that nobody waits for yet
	later   []crdt.BlobID         // that only slow members have
	turned  bool                  // one of those had its turn, and one that is ahead is next
	slow    map[peer.ID]time.Time // until when
	patient func()                // ends what is under way with a slow member; nil: nothing is
	failed  map[crdt.BlobID]int
	holders map[crdt.BlobID]map[space.DeviceID]bool
	due     time.Time // when documents are to be looked through; zero: they have not moved
	latest  time.Time // by when, whatever moves meanwhile
	looked  bool      // at all, since we are online

	// What follows belongs to the goroutine of run.
	line    *blobLine
	avoided map[peer.ID]time.Time // until when
	givers  map[crdt.BlobID]map[int]giver
}

func newFetcher(r *room) *fetcher {
	return &fetcher{
		room: r, wake: make(chan struct{}, 1),
		waiting: make(map[crdt.BlobID]map[chan error]bool),
		begun:   make(map[crdt.BlobID]bool),
		failed:  make(map[crdt.BlobID]int),
		slow:    make(map[peer.ID]time.Time),
		holders: make(map[crdt.BlobID]map[space.DeviceID]bool),
		avoided: make(map[peer.ID]time.Time),
		givers:  make(map[crdt.BlobID]map[int]giver),
	}
}

// demand asks for a blob. The channel gets one answer; done takes the demand
// back.
func (f *fetcher) demand(blob crdt.BlobID) (answer <-chan error, done func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan error, 1)
	if f.waiting[blob] == nil {
		f.asked = append(f.asked, blob)
		if f.patient != nil {
			f.patient()
		}
	}
	inner(f.waiting, blob)[c] = true
	f.stir()
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.waiting[blob], c)
		if len(f.waiting[blob]) == 0 {
			delete(f.waiting, blob)
			delete(f.begun, blob)
			f.asked = slices.DeleteFunc(f.asked, func(other crdt.BlobID) bool { return other == blob })
			f.later = slices.DeleteFunc(f.later, func(other crdt.BlobID) bool { return other == blob })
		}
	}
}

// moved notes that documents have changed, which may refer to other blobs now.
func (f *fetcher) moved() {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	fresh := f.due.IsZero()
	if fresh {
		f.latest = now.Add(blobAnyway)
	}
	if f.due = now.Add(blobQuiet); f.due.After(f.latest) {
		f.due = f.latest
	}
	if fresh {
		f.stir()
	}
}

// joined notes that somebody is here who may have what is waited for.
func (f *fetcher) joined() {
	f.mu.Lock()
	again := !f.looked || len(f.ahead) > 0
	f.mu.Unlock()
	if again {
		f.moved()
	}
	f.stir()
}

func (f *fetcher) stir() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *fetcher) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	defer f.hangUp()
	for {
		if blob, pressing, ok := f.next(); ok {
			f.fetch(blob, pressing)
			continue
		}
		f.hangUp()
		wait := f.untilDue()
		if wait == 0 {
			f.survey()
			continue
		}
		timer.Reset(wait)
		select {
		case <-f.room.ctx.Done():
			return
		case <-f.wake:
		case <-timer.C:
		}
	}
}

// next is the blob to fetch, and whether somebody waits for it. There is none
// while nobody is connected.
func (f *fetcher) next() (blob crdt.BlobID, pressing, ok bool) {
	if f.room.ctx.Err() != nil || len(f.room.online.sharers(f.room.id)) == 0 {
		return crdt.BlobID{}, false, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.room.node.frugal() {
		f.later = slices.DeleteFunc(f.later, func(blob crdt.BlobID) bool { return f.waiting[blob] == nil })
	}
	ahead := len(f.ahead) > 0 && !f.room.node.frugal()
	switch {
	case len(f.asked) > 0:
		blob, f.asked = f.asked[0], f.asked[1:]
	case len(f.later) > 0 && !(ahead && f.turned):
		blob, f.later = f.later[0], f.later[1:]
	case ahead:
		blob, f.ahead, f.turned = f.ahead[0], f.ahead[1:], false
	default:
		return crdt.BlobID{}, false, false
	}
	pressing = f.waiting[blob] != nil
	if pressing {
		f.begun[blob] = true
	}
	return blob, pressing, true
}

// pressed reports whether somebody waits for another blob.
func (f *fetcher) pressed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked) > 0
}

func (f *fetcher) untilDue() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.due.IsZero() || f.room.node.frugal() {
		return time.Hour // or until somebody stirs
	}
	return max(time.Until(f.due), 0)
}

// fetch gets a blob from the first who has it. Where only slow members are left
// to ask, that happens when nothing else is to be fetched, or for a turn.
func (f *fetcher) fetch(blob crdt.BlobID, pressing bool) {
	if f.room.node.store.HasBlob(f.room.id, blob) {
		f.ended(blob, nil)
		return
	}
	result := ErrNotHeld
	quick, slow := f.candidates(blob)
	for i, p := range slices.Concat(quick, slow) {
		how := transfer{blob: blob, pressing: pressing, patient: i >= len(quick)}
		if how.patient && i > 0 && f.pressed() {
			f.wait(blob)
			return
		}
		err := f.fetchFrom(p, how)
		if f.room.ctx.Err() != nil {
			return // whoever waits is told by that
		}
		switch {
		case err == nil:
			f.ended(blob, nil)
			return
		case errors.Is(err, errPressed):
			f.mu.Lock()
			f.ahead = slices.Insert(f.ahead, 0, blob)
			f.mu.Unlock()
			return
		case errors.Is(err, errShared):
			f.share(blob)
			return
		case errors.Is(err, errTurn):
			f.wait(blob)
			return
		case errors.Is(err, errSlow):
			slow = append(slow, p)
			result = err
		case errors.Is(err, crdt.ErrBlobsFull), errors.Is(err, crdt.ErrFull), errors.Is(err, crdt.ErrClosed):
			f.room.log.Warn("A file finds no room here", "blob", blob, "error", err)
			f.ended(blob, err)
			return
		case errors.Is(err, ErrNotHeld):
		default:
			f.room.online.judge(p, "blob", err)
			result = err
		}
	}
	if errors.Is(result, errSlow) {
		f.wait(blob) // whoever was slow just now is asked patiently
		return
	}
	f.retry(blob, result)
}

// wait puts a blob behind all others, since only slow members have it.
func (f *fetcher) wait(blob crdt.BlobID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turned = true
	f.later = append(f.later, blob)
}

// others reports whether there is another blob to fetch.
func (f *fetcher) others() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)+len(f.later) > 0 || len(f.ahead) > 0 && !f.room.node.frugal()
}

// isSlow reports whether a member was slow lately.
func (f *fetcher) isSlow(p peer.ID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Before(f.slow[p])
}

// finds takes note that a member is slow, or is not any more.
func (f *fetcher) finds(p peer.ID, slow bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slow {
		f.slow[p] = time.Now().Add(blobSlow)
	} else {
		delete(f.slow, p)
	}
}

// retry tries once more, a while later, if somebody has the blob and could not
// give it just now.
func (f *fetcher) retry(blob crdt.BlobID, err error) {
	f.mu.Lock()
	f.failed[blob]++
	failures := f.failed[blob]
	f.mu.Unlock()
	if errors.Is(err, ErrNotHeld) || errors.Is(err, crdt.ErrBlobTooLarge) || failures > blobRetries {
		f.ended(blob, err)
		return
	}
	f.room.online.do(func() {
		if !pause(f.room.ctx, jittered(time.Duration(failures)*blobRetrying)) {
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.waiting[blob] == nil {
			f.ahead = append(f.ahead, blob)
		} else if !slices.Contains(f.asked, blob) {
			f.asked = append(f.asked, blob)
		}
		f.stir()
	})
}

// ended answers those who wait for a blob.
func (f *fetcher) ended(blob crdt.BlobID, err error) {
	f.mu.Lock()
	waiting := f.waiting[blob]
	delete(f.waiting, blob)
	delete(f.begun, blob)
	delete(f.failed, blob)
	if err == nil {
		delete(f.holders, blob)
	}
	f.mu.Unlock()
	delete(f.givers, blob)
	for answer := range waiting {
		answer <- err // it has room for one
	}
}

// candidates are the connected members to ask, those first that said to have it,
// and of these the nearest; and those that were slow lately, in the same order.
func (f *fetcher) candidates(blob crdt.BlobID) (quick, slow []peer.ID) {
	now := time.Now()
	peers := slices.DeleteFunc(f.room.online.sharers(f.room.id), func(p peer.ID) bool { return now.Before(f.avoided[p]) })
	f.mu.Lock()
	defer f.mu.Unlock()
	rank := make(map[peer.ID]time.Duration, len(peers))
	for _, p := range peers {
		device, _ := deviceOf(p)
		rank[p] = f.room.online.host.Peerstore().LatencyEWMA(p)
		if !f.holders[blob][device] {
			rank[p] += time.Hour
		}
	}
	slices.SortFunc(peers, func(a, b peer.ID) int { return int(rank[a] - rank[b]) })
	for _, p := range peers {
		if now.Before(f.slow[p]) {
			slow = append(slow, p)
		} else {
			quick = append(quick, p)
		}
	}
	return quick, slow
}

// holds notes who has a blob.
func (f *fetcher) holds(p peer.ID, blob crdt.BlobID) {
	device, _ := deviceOf(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.holders) >= maxHolders && f.holders[blob] == nil {
		clear(f.holders)
	}
	inner(f.holders, blob)[device] = true
}
