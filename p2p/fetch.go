package p2p

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/crdt"
	"parley/crdt/chunk"
)

// errPressed means that a transfer made way for what somebody waits for.
var errPressed = errors.New("somebody waits for another file")

// Why a transfer is given up for another: errSlow is the fault of who gives,
// errTurn means that a slow one has had its turn.
var (
	errSlow = errors.New("the device is slow, and others may have the file")
	errTurn = errors.New("other files are to be fetched from others")
)

// A transfer is how a blob is asked for.
type transfer struct {
	blob     crdt.BlobID
	pressing bool // somebody waits for it
	patient  bool // with somebody who is slow
}

// limit is how long a step may take at most, 0 for as long as the protocol has
// it.
func (t transfer) limit(usual time.Duration) time.Duration {
	if t.patient {
		return 0
	}
	return usual
}

// within has a step of a conversation take no longer than some time.
func (c *conversation) within(limit time.Duration, step func() error) error {
	if limit == 0 {
		return step()
	}
	late := time.AfterFunc(limit, c.abort)
	err := step()
	if !late.Stop() && err != nil {
		return errSlow
	}
	return err
}

// A blobLine is a conversation about blobs that is held open while there is more
// to ask of the same peer.
type blobLine struct {
	*conversation
	peer peer.ID
	end  func()
}

// A giver is who gave a piece of a blob that is not whole yet, and what it was.
type giver struct {
	peer  peer.ID
	piece [32]byte
}

// dial opens a conversation with a peer, or goes on with the one that is open.
// It fails with errSlow after some time, unless that is 0.
func (f *fetcher) dial(p peer.ID, limit time.Duration) (*blobLine, error) {
	if f.line != nil && f.line.peer == p {
		return f.line, nil
	}
	f.hangUp()
	r := f.room
	if !r.isMember(p) {
		return nil, errOutsider
	}
	// Who has said hello may not have told us yet what it speaks.
	if known, err := r.online.host.Peerstore().GetProtocols(p); err == nil && len(known) > 0 && !slices.Contains(known, blobProtocol) {
		return nil, ErrNotHeld // it does not speak of blobs
	}
	ctx, cancel := r.ctx, func() {}
	if limit > 0 {
		ctx, cancel = context.WithTimeout(r.ctx, limit)
	}
	defer cancel()
	turn, err := r.online.takeTurn(ctx, p, aboutBlobs)
	var stream network.Stream
	if err == nil {
		if stream, err = r.online.host.NewStream(network.WithNoDial(ctx, "blobs"), p, blobProtocol); err != nil {
			turn()
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, errSlow
		}
		return nil, fmt.Errorf("ask for blobs: %w", err)
	}
	line := &blobLine{conversation: converse(stream, blobPatience), peer: p}
	noted := r.pulls.begin(p, line.conversation)
	line.end = func() { noted(); turn() }
	f.line = line
	if !r.allows(stream.Conn()) {
		f.breakOff()
		return nil, errOutsider
	}
	if err := line.say(&enterRoom{Space: r.id}); err != nil {
		f.breakOff()
		return nil, err
	}
	return line, nil
}

// hangUp ends the conversation in good order.
func (f *fetcher) hangUp() {
	if f.line != nil {
		_ = f.line.close() // nothing more was to be said
		f.line.end()
		f.line = nil
	}
}

// breakOff ends it in the middle.
func (f *fetcher) breakOff() {
	if f.line != nil {
		f.line.abort()
		f.line.end()
		f.line = nil
	}
}

// fetchFrom gets a blob, or what is left of it, from one peer. Where all of it
// has come and is something else, part of which others gave, it begins anew with
// this peer alone: then it is known who lied.
func (f *fetcher) fetchFrom(p peer.ID, how transfer) error {
	blob := how.blob
	before := maps.Clone(f.givers[blob])
	alone, err := f.transfer(p, how)
	if errors.Is(err, crdt.ErrOtherBlob) && !alone {
		delete(f.givers, blob)
		_, err = f.transfer(p, how)
	}
	if errors.Is(err, errSlow) {
		f.finds(p, true)
	}
	switch {
	case errors.Is(err, crdt.ErrOtherBlob):
		delete(f.givers, blob)
		f.breakOff()
		f.avoid(p, blob)
	case err == nil:
		for piece, was := range before {
			if now, ok := f.givers[blob][piece]; ok && now.piece != was.piece && now.peer != was.peer {
				f.avoid(was.peer, blob)
			}
		}
	case !errors.Is(err, ErrNotHeld):
		f.breakOff()
	}
	return err
}

func (f *fetcher) avoid(p peer.ID, blob crdt.BlobID) {
	f.avoided[p] = time.Now().Add(blobAvoided)
	f.room.log.Warn("A device gave something else for a file and is not asked for any for a while", "peer", p, "blob", blob)
}

// transfer asks one peer for what is left of a blob, and takes it in. alone says
// whether all of it came from this peer.
func (f *fetcher) transfer(p peer.ID, how transfer) (alone bool, err error) {
	blob := how.blob
	line, err := f.dial(p, how.limit(blobAnswer))
	if err != nil {
		return false, err
	}
	if how.patient {
		cut, done := f.patientWith(line)
		defer func() {
			if done(); err != nil && cut() {
				err = errTurn
			}
		}()
	}
	in, err := f.room.node.store.TakeInBlob(f.room.id, blob)
	if err != nil {
		return false, err
	}
	defer in.Close()
	offset := in.Offset()
	if err := line.say(&askBlob{Blob: blob, Offset: uint64(offset)}); err != nil {
		return false, err
	}
	var found blobFound
	var heard message
	if err := line.within(how.limit(blobAnswer), func() (err error) {
		heard, err = line.hear(blobRequest, &found, &blobAbsent{})
		return err
	}); err != nil {
		return false, noEOF(err)
	}
	if heard != &found {
		return false, ErrNotHeld
	}
	f.holds(p, blob)
	size := int64(min(found.Size, 1<<62))
	if size > chunk.DefaultLimits.Blob {
		f.breakOff()
		return false, crdt.ErrBlobTooLarge
	}
	if size < offset || size == offset && offset > 0 {
		in.Discard() // a piece too many: somebody gave what is no part of it
		f.breakOff()
		return false, crdt.ErrOtherBlob
	}
	first := int(offset / crdt.BlobPiece)
	err = f.takeIn(line, in, how, size-offset, found.Media)
	return first == 0 || f.allFrom(p, blob, first), err
}

// patientWith takes note of a conversation with somebody slow, which ends at once
// when somebody waits for another file that others may have. cut reports whether
// it did.
func (f *fetcher) patientWith(line *blobLine) (cut func() bool, done func()) {
	quick := slices.ContainsFunc(f.room.online.sharers(f.room.id), func(p peer.ID) bool { return !f.isSlow(p) })
	var ended atomic.Bool
	f.mu.Lock()
	defer f.mu.Unlock()
	if quick {
		f.patient = func() {
			ended.Store(true)
			line.abort()
		}
	}
	return ended.Load, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.patient = nil
	}
}

// takeIn takes what a peer sends of a blob.
func (f *fetcher) takeIn(line *blobLine, in *crdt.BlobIntake, how transfer, left int64, media string) (err error) {
	ahead := listen(line, how.limit(blobPieceTime), left)
	defer func() {
		if err != nil {
			line.abort()
		}
		ahead.end()
	}()
	began := time.Now()
	for ; left > crdt.BlobPiece; left -= crdt.BlobPiece {
		piece := <-ahead.pieces
		if piece.err != nil {
			return piece.err
		}
		if how.patient && piece.took < blobPieceTime/2 {
			f.finds(line.peer, false)
		}
		if !f.room.allows(line.stream.Conn()) {
			return errOutsider
		}
		if err := in.Take(piece.data); err != nil {
			return err
		}
		ahead.done(piece)
		f.pieces.Add(1)
		pieces := in.Pieces()
		inner(f.givers, how.blob)[len(pieces)-1] = giver{line.peer, pieces[len(pieces)-1]}
		if err := f.mayGoOn(how, began); err != nil {
			return err
		}
	}
	var last heardPiece
	if left > 0 {
		if last = <-ahead.pieces; last.err != nil {
			return last.err
		}
	}
	if _, err := in.Finish(f.room.ctx, media, last.data); err != nil {
		return err
	}
	f.pieces.Add(1)
	return nil
}

// allFrom reports whether the first pieces of a blob came from one peer, as far
// as that is remembered.
func (f *fetcher) allFrom(p peer.ID, blob crdt.BlobID, pieces int) bool {
	for piece := range pieces {
		if f.givers[blob][piece].peer != p {
			return false
		}
	}
	return true
}

// survey finds out which blobs to fetch before anybody asks for them: those that
// some connected member has, and that documents refer to. Documents are looked
// through only if there are any.
func (f *fetcher) survey() {
	r := f.room
	sharers := r.online.sharers(r.id)
	f.mu.Lock()
	f.due = time.Time{}
	f.looked = f.looked || len(sharers) > 0
	f.mu.Unlock()
	rand.Shuffle(len(sharers), func(i, j int) { sharers[i], sharers[j] = sharers[j], sharers[i] })
	slices.SortStableFunc(sharers, func(a, b peer.ID) int { return compareBool(f.isSlow(a), f.isSlow(b)) })
	offered := make(map[crdt.BlobID]bool)
	for _, p := range sharers[:min(surveyed, len(sharers))] {
		names, err := f.ask(p)
		if err != nil {
			if f.breakOff(); !errors.Is(err, ErrNotHeld) && r.ctx.Err() == nil {
				r.online.judge(p, "blobs", err)
			}
			continue
		}
		for _, name := range names {
			if blob := crdt.BlobID(name); !r.node.store.HasBlob(r.id, blob) {
				offered[blob] = true
				f.holds(p, blob)
			}
		}
	}
	if len(offered) == 0 || r.ctx.Err() != nil {
		return
	}
	wanted, err := r.node.store.WantedBlobs(r.ctx, r.id)
	if err != nil && r.ctx.Err() == nil {
		r.log.Info("Not all files that documents show could be found out", "error", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ahead = nil
	for _, blob := range wanted {
		if offered[blob] {
			f.ahead = append(f.ahead, blob)
		}
	}
}

// ask lists the blobs that a peer has, or nothing if they are just ours.
func (f *fetcher) ask(p peer.ID) (names [][32]byte, err error) {
	line, err := f.dial(p, blobAnswer)
	if err != nil {
		return nil, err
	}
	err = line.within(blobListTime, func() error {
		names, err = f.hearNames(line)
		return err
	})
	if errors.Is(err, errSlow) {
		f.finds(p, true)
	}
	return names, err
}

func (f *fetcher) hearNames(line *blobLine) (names [][32]byte, err error) {
	if err := line.say(&listBlobs{Digest: digestOfNames(f.room.blobNames())}); err != nil {
		return nil, err
	}
	for {
		var page blobNames
		if _, err := line.hear(namesFrame, &page); err != nil {
			return nil, noEOF(err)
		}
		if names = append(names, page.Names...); len(names) > maxNames {
			return nil, fmt.Errorf("%w: more than %d blobs", errNonsense, maxNames)
		}
		if page.Last {
			return names, nil
		}
		if len(page.Names) == 0 {
			return nil, fmt.Errorf("%w: an empty page", errNonsense)
		}
	}
}
