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
	p.gives(blob, size, blobPatience, asked)
}

// gives has a member give a blob, and wait before each piece.
func (p *player) gives(blob crdt.BlobID, size int, wait time.Duration, asked *atomic.Int32) {
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
			if !pause(p.t.Context(), wait) {
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

func TestASmallFileDoesNotWaitBehindALargeOne(t *testing.T) {
	inCompany(t, 1, func(t *testing.T, o *office, more []*player) {
		const pieces, pace = 40, 2 * time.Second
		mal, large := more[0], bytesLike(pieces*crdt.BlobPiece, 1)
		blob := mal.device.puts(o.park, large)
		var given atomic.Int32
		mal.gives(blob, len(large), pace, &given)
		came := make(chan error, 1)
		go func() { came <- o.ada.node.FetchBlob(t.Context(), o.park, blob) }()
		for i := range 3 {
			for since := time.Now(); int(given.Load()) < 10*i+2; time.Sleep(time.Second) {
				if time.Since(since) > time.Hour {
					t.Fatalf("%d pieces of the large file were given", given.Load())
				}
			}
			small := bytesLike(crdt.BlobPiece+1, byte(20+i))
			other := o.ben.device.puts(o.park, small)
			begun := time.Now()
			if err := o.ada.node.FetchBlob(t.Context(), o.park, other); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took > blobFirst+2*pace {
				t.Errorf("a small file took %v", took)
			}
			o.ada.holdsBlob(o.park, small)
		}
		if err := <-came; err != nil {
			t.Error(err)
		}
		o.ada.holdsBlob(o.park, large)
		// Each small file costs the piece that was on its way.
		if n := given.Load(); n > pieces+2*3 {
			t.Errorf("%d pieces were given of %d: the large file began anew", n, pieces)
		}
	})
}

// Two that somebody waits for come in turns, and none of them begins anew.
func TestLargeFilesTakeTurns(t *testing.T) {
	inCompany(t, 2, func(t *testing.T, o *office, more []*player) {
		const pieces, pace = 30, 2 * time.Second
		raw := bytesLike(pieces*crdt.BlobPiece, 1)
		short := raw[:len(raw)-5]
		first, second := more[0].device.puts(o.park, raw), more[1].device.puts(o.park, short)
		var given [2]atomic.Int32
		more[0].gives(first, len(raw), pace, &given[0])
		more[1].gives(second, len(short), pace, &given[1])
		came := make(chan error, 2)
		for _, blob := range []crdt.BlobID{first, second} {
			go func() { came <- o.ada.node.FetchBlob(t.Context(), o.park, blob) }()
		}
		// Neither is far ahead as long as both are coming.
		for since := time.Now(); min(given[0].Load(), given[1].Load()) < pieces/2; time.Sleep(time.Second) {
			if apart := given[0].Load() - given[1].Load(); max(apart, -apart) > int32(blobTurn/pace)+2 {
				t.Fatalf("%d and %d pieces have come", given[0].Load(), given[1].Load())
			}
			if time.Since(since) > time.Hour {
				t.Fatalf("%d and %d pieces have come", given[0].Load(), given[1].Load())
			}
		}
		for range 2 {
			if err := <-came; err != nil {
				t.Error(err)
			}
		}
		o.ada.holdsBlob(o.park, raw)
		o.ada.holdsBlob(o.park, short)
		if n := given[0].Load() + given[1].Load(); n > 2*pieces+8 {
			t.Errorf("%d pieces were given of %d", n, 2*pieces)
		}
	})
}
