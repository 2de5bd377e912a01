package p2p

import (
	"time"

	"parley/crdt"
)

// heardAhead is how many pieces of a blob there may be in memory that were heard,
// or are coming, and have not been taken in.
const heardAhead = 3

// A heardPiece is a piece of a blob as it came.
type heardPiece struct {
	data []byte
	took time.Duration
	err  error // instead of data; nothing more comes
}

// A listener hears the pieces of a blob while those before are taken in, so that
// network, processor and disk work at the same time.
type listener struct {
	pieces chan heardPiece // closed when nothing more comes
	spare  chan []byte     // taken in, and room for further ones; closed by end
}

// listen has the rest of a blob heard: left bytes, a piece at a time, each within
// some time. Until end is called, nobody else may use the conversation.
func listen(line *blobLine, limit time.Duration, left int64) *listener {
	l := &listener{pieces: make(chan heardPiece, heardAhead), spare: make(chan []byte, heardAhead)}
	go func() {
		defer close(l.pieces)
		for made := 0; left > 0; {
			var room []byte
			if made < heardAhead {
				room, made = make([]byte, min(left, crdt.BlobPiece)), made+1
			} else if room = <-l.spare; room == nil {
				return
			}
			piece := heardPiece{data: room[:min(left, crdt.BlobPiece)]}
			began := time.Now()
			piece.err = line.within(limit, func() error { return line.hearData(piece.data) })
			piece.took = time.Since(began)
			l.pieces <- piece // there is room, since no more are made than it holds
			if piece.err != nil {
				return
			}
			left -= int64(len(piece.data))
		}
	}()
	return l
}

// done gives back a piece that next returned.
func (l *listener) done(piece heardPiece) { l.spare <- piece.data }

// end returns when nothing is heard any more. Where not all has come, the
// conversation is to be aborted first.
func (l *listener) end() {
	close(l.spare)
	for range l.pieces {
		continue
	}
}
