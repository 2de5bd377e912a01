package p2p

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/crdt"
	"parley/crdt/chunk"
)

// errPressed means that a transfer made way for what somebody waits for.
var errPressed = errors.New("somebody waits for another file")

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
func (f *fetcher) dial(p peer.ID) (*blobLine, error) {
	if f.line != nil && f.line.peer == p {
		return f.line, nil
	}
	f.hangUp()
	r := f.room
	if !r.isMember(p) {
		return nil, errOutsider
	}
	if known, err := r.online.host.Peerstore().SupportsProtocols(p, blobProtocol); err == nil && len(known) == 0 {
		return nil, ErrNotHeld // it does not speak of blobs
	}
	turn, err := r.online.takeTurn(r.ctx, p, aboutBlobs)
	if err != nil {
		return nil, err
	}
	stream, err := r.online.host.NewStream(network.WithNoDial(r.ctx, "blobs"), p, blobProtocol)
	if err != nil {
		turn()
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
func (f *fetcher) fetchFrom(p peer.ID, blob crdt.BlobID, pressing bool) error {
	before := maps.Clone(f.givers[blob])
	alone, err := f.transfer(p, blob, pressing)
	if errors.Is(err, crdt.ErrOtherBlob) && !alone {
		delete(f.givers, blob)
		_, err = f.transfer(p, blob, pressing)
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
func (f *fetcher) transfer(p peer.ID, blob crdt.BlobID, pressing bool) (alone bool, err error) {
	line, err := f.dial(p)
	if err != nil {
		return false, err
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
	heard, err := line.hear(blobRequest, &found, &blobAbsent{})
	if err != nil {
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
	err = f.takeIn(line, in, blob, size-offset, found.Media, pressing)
	return first == 0 || f.allFrom(p, blob, first), err
}

// takeIn takes what a peer sends of a blob.
func (f *fetcher) takeIn(line *blobLine, in *crdt.BlobIntake, blob crdt.BlobID, left int64, media string, pressing bool) error {
	if f.buffer == nil {
		f.buffer = make([]byte, crdt.BlobPiece)
	}
	for ; left > crdt.BlobPiece; left -= crdt.BlobPiece {
		if err := line.hearData(f.buffer); err != nil {
			return err
		}
		if !f.room.allows(line.stream.Conn()) {
			return errOutsider
		}
		if err := in.Take(f.buffer); err != nil {
			return err
		}
		pieces := in.Pieces()
		inner(f.givers, blob)[len(pieces)-1] = giver{line.peer, pieces[len(pieces)-1]}
		if !pressing && (f.pressed() || f.room.node.frugal()) {
			return errPressed
		}
	}
	last := f.buffer[:left]
	if left > 0 {
		if err := line.hearData(last); err != nil {
			return err
		}
	}
	_, err := in.Finish(f.room.ctx, media, last)
	return err
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
	line, err := f.dial(p)
	if err != nil {
		return nil, err
	}
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
