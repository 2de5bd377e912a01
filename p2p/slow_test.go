package p2p

import (
	"sync/atomic"
	"testing"
	"time"

	"parley/crdt"
	"parley/space"
)

// trickles has a member give a blob as slowly as one may who is to be waited
// for. It counts the pieces.
func (p *player) trickles(blob crdt.BlobID, size int, asked *atomic.Int32) {
	p.device.answersBlobs(func(s *blobServer, ask *askBlob) error {
		if ask.Blob != blob {
			return s.say(&blobAbsent{})
		}
		if err := s.say(&blobFound{Size: uint64(size), Media: "image/png"}); err != nil {
			return err
		}
		for left := size - int(ask.Offset); left > 0; left -= crdt.BlobPiece {
			if err := s.flush(); err != nil {
				return err
			}
			asked.Add(1)
			if !pause(p.t.Context(), blobPatience) {
				return p.t.Context().Err()
			}
			at := size - left
			if err := s.sayData(bytesLike(size, 1)[at:min(at+crdt.BlobPiece, size)]); err != nil {
				return err
			}
		}
		return nil
	})
}

// saysToHave has somebody be the first to be asked for a blob.
func (f *fetcher) saysToHave(id space.DeviceID, blob crdt.BlobID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holders[blob] = map[space.DeviceID]bool{id: true}
}

func TestWhoGivesSlowlyMakesWayForOthers(t *testing.T) {
	inCompany(t, 1, func(t *testing.T, o *office, more []*player) {
		mal, raw := more[0], bytesLike(3*crdt.BlobPiece, 1)
		blob := o.ben.device.puts(o.park, raw)
		var asked atomic.Int32
		mal.trickles(blob, len(raw), &asked)
		o.ada.node.current().room(o.park).fetcher.saysToHave(mal.id(), blob)
		begun := time.Now()
		if err := o.ada.node.FetchBlob(t.Context(), o.park, blob); err != nil {
			t.Fatal(err)
		}
		o.ada.holdsBlob(o.park, raw)
		if took := time.Since(begun); took > blobAnswer+2*blobPieceTime || asked.Load() == 0 {
			t.Errorf("it took %v, and Mal was asked for %d pieces", took, asked.Load())
		}
	})
}

func TestWhatASlowMemberHasKeepsNoOtherFileFromComing(t *testing.T) {
	inCompany(t, 1, func(t *testing.T, o *office, more []*player) {
		mal, slow := more[0], bytesLike(3*crdt.BlobPiece, 1)
		blob := mal.device.puts(o.park, slow)
		var asked atomic.Int32
		mal.trickles(blob, len(slow), &asked)
		came := make(chan error, 1)
		go func() { came <- o.ada.node.FetchBlob(t.Context(), o.park, blob) }()
		// Once as one who may be quick, and then patiently.
		for since := time.Now(); asked.Load() < 2; time.Sleep(time.Second) {
			if time.Since(since) > time.Hour {
				t.Fatal("Mal is not asked patiently")
			}
		}
		for i := range 3 {
			raw := bytesLike(2*crdt.BlobPiece, byte(10+i))
			other := o.ben.device.puts(o.park, raw)
			begun := time.Now()
			if err := o.ada.node.FetchBlob(t.Context(), o.park, other); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took > blobAnswer {
				t.Errorf("what Ben has took %v", took)
			}
		}
		if err := <-came; err != nil {
			t.Error(err)
		}
		o.ada.holdsBlob(o.park, slow)
	})
}
