package p2p

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"parley/crdt"
	"parley/crdt/materialize"
	"parley/space"
)

// bytesLike is a file of n bytes that looks like no other.
func bytesLike(n int, seed byte) []byte {
	raw := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(raw) // never fails
	return raw
}

func (d *device) puts(id space.ID, raw []byte) crdt.BlobID {
	d.t.Helper()
	blob, err := d.store.PutBlob(d.t.Context(), id, "image/png", bytes.NewReader(raw))
	if err != nil {
		d.t.Fatal(err)
	}
	return blob.ID
}

func (d *device) fetches(id space.ID, blob crdt.BlobID) error {
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	return d.node.FetchBlob(ctx, id, blob)
}

// holdsBlob fails unless a blob is here as it was put.
func (d *device) holdsBlob(id space.ID, raw []byte) {
	d.t.Helper()
	r, err := d.store.OpenBlob(id, sha256.Sum256(raw))
	if err != nil {
		d.t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, raw) {
		d.t.Fatalf("it came as something else: %v", err)
	}
	if r.Blob().Media != "image/png" {
		d.t.Errorf("it came as %s", r.Blob().Media)
	}
}

func TestABlobIsFetchedWhenSomebodyWaitsForIt(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, _ := meeting(t, ada, ben)
	for i, size := range []int{0, 1, crdt.BlobPiece, 5*crdt.BlobPiece + 9} {
		raw := bytesLike(size, byte(i))
		blob := ada.puts(park, raw)
		if err := ben.fetches(park, blob); err != nil {
			t.Fatal(err)
		}
		ben.holdsBlob(park, raw)
		if err := ben.fetches(park, blob); err != nil {
			t.Errorf("what is here is fetched: %v", err)
		}
	}
	if err := ben.fetches(park, crdt.BlobID{1}); !errors.Is(err, ErrNotHeld) {
		t.Errorf("what nobody has: %v", err)
	}
	if err := ben.fetches(space.ID{1}, crdt.BlobID{1}); !errors.Is(err, space.ErrNotMember) {
		t.Errorf("of a space that is not here: %v", err)
	}
}

func TestABlobThatIsWaitedForComesWhenSomebodyDoes(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, _ := meeting(t, ada, ben)
	if err := ada.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ben.waitFor("Ada's leaving", func() bool { return len(ben.node.Peers()) == 0 })
	raw := bytesLike(100, 1)
	blob := ada.puts(park, raw)
	got := make(chan error, 1)
	go func() { got <- ben.fetches(park, blob) }()
	if err := ada.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	ben.holdsBlob(park, raw)
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if err := ben.fetches(park, crdt.BlobID{1}); !errors.Is(err, ErrOffline) {
		t.Errorf("without a network: %v", err)
	}
}

func TestABlobGoesOnWithSomebodyElseAndAfterARestart(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park, _ := meeting(t, ada, ben)
	cleo.joins(ada.invites(park, 1, time.Time{}))
	cleo.same(park, ada)
	raw := bytesLike(6*crdt.BlobPiece+1, 2)
	blob := ada.puts(park, raw)
	cleo.puts(park, raw)

	// Ben has had two pieces from somebody when his computer went off.
	in, err := ben.store.TakeInBlob(park, blob)
	if err != nil {
		t.Fatal(err)
	}
	for piece := range 2 {
		if err := in.Take(raw[piece*crdt.BlobPiece : (piece+1)*crdt.BlobPiece]); err != nil {
			t.Fatal(err)
		}
	}
	in.Close()
	ben.stops()
	ada.stops()
	ben.starts()
	ben.connects(cleo)
	asked := make(chan uint64, 1)
	cleo.answersBlobs(func(s *blobServer, ask *askBlob) error {
		asked <- ask.Offset
		return s.give(ask)
	})
	if err := ben.fetches(park, blob); err != nil {
		t.Fatal(err)
	}
	ben.holdsBlob(park, raw)
	if at := <-asked; at != 2*crdt.BlobPiece {
		t.Errorf("it was asked for from byte %d on", at)
	}
}

// answersBlobs lets a device answer with what it likes.
func (d *device) answersBlobs(answer func(*blobServer, *askBlob) error) {
	d.t.Helper()
	o := d.node.current()
	o.handle(blobProtocol, newAllowance(4, 0, 0), func(_ context.Context, stream network.Stream) error {
		c := converse(stream, blobPatience)
		var enter enterRoom
		if _, err := c.hear(blobRequest, &enter); err != nil {
			return err
		}
		s := &blobServer{&service{c, o.room(enter.Space)}}
		for {
			var ask askBlob
			var list listBlobs
			heard, err := c.hear(blobRequest, &ask, &list)
			if err != nil {
				return err
			}
			if heard == &list {
				err = s.sayNames(list.Digest)
			} else {
				err = answer(s, &ask)
			}
			if err != nil {
				return err
			}
		}
	})
}

func TestWhoLiesAboutABlobCostsOneTryAndIsAvoided(t *testing.T) {
	ada, ben, mal := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Mal")
	park, _ := meeting(t, ada, ben)
	mal.joins(ada.invites(park, 1, time.Time{}))
	mal.same(park, ada)
	ben.connects(mal)
	ben.shares(park, mal)

	raw := bytesLike(3*crdt.BlobPiece+5, 3)
	blob := ada.puts(park, raw)
	forged := bytesLike(len(raw), 4)
	lies := 0
	// Mal gives the beginning of something else and hangs up; then all of it.
	mal.answersBlobs(func(s *blobServer, ask *askBlob) error {
		lies++
		if err := s.say(&blobFound{Size: uint64(len(forged)), Media: "image/png"}); err != nil {
			return err
		}
		rest := forged[ask.Offset:]
		for len(rest) > 0 {
			data := rest[:min(len(rest), crdt.BlobPiece)]
			rest = rest[len(data):]
			if err := s.sayData(data); err != nil {
				return err
			}
			if lies == 1 {
				_ = s.flush()
				_ = s.stream.CloseWrite()
				_, _ = io.Copy(io.Discard, s.stream) // until Ben has heard that
				return errors.New("hung up")
			}
		}
		return nil
	})
	f := ben.node.current().room(park).fetcher
	f.mu.Lock()
	f.holders[blob] = map[space.DeviceID]bool{mal.id(): true} // so that Mal is asked first
	f.mu.Unlock()
	if err := ben.fetches(park, blob); err != nil {
		t.Fatal(err)
	}
	ben.holdsBlob(park, raw)
	before := lies
	other := bytesLike(100, 5)
	if err := ben.fetches(park, ada.puts(park, other)); err != nil {
		t.Fatal(err)
	}
	if lies != before || before == 0 || before > 3 {
		t.Errorf("Mal was asked %d times, and %d times afterwards", before, lies-before)
	}
}

func TestABlobWithTooManyPiecesIsNoReasonToTurnAnybodyAway(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, _ := meeting(t, ada, ben)
	raw := bytesLike(crdt.BlobPiece+5, 6)
	blob := ada.puts(park, raw)
	in, err := ben.store.TakeInBlob(park, blob)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // from somebody who lied
		if err := in.Take(bytesLike(crdt.BlobPiece, 7)); err != nil {
			t.Fatal(err)
		}
	}
	in.Close()
	if err := ben.fetches(park, blob); err != nil {
		t.Fatal(err)
	}
	ben.holdsBlob(park, raw)
}

func TestBlobsThatDocumentsShowComeBeforeAnybodyAsks(t *testing.T) {
	child := materialize.New(materialize.Options{})
	t.Cleanup(func() { _ = child.Close() })
	ada, ben := newDevice(t, "Ada"), newWorker(t, "Ben", child)
	park, plan := meeting(t, ada, ben)
	shown, unused := bytesLike(2*crdt.BlobPiece, 8), bytesLike(9, 9)
	blob := ada.puts(park, shown)
	ada.puts(park, unused)
	ben.node.SetFrugal(true)
	ada.writes(plan, blob.Reference())
	ada.same(park, ben)
	f := ben.node.current().room(park).fetcher
	ben.waitFor("noticing", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return !f.due.IsZero()
	})
	if ben.store.HasBlob(park, blob) {
		t.Error("a frugal device has fetched it")
	}
	ben.node.SetFrugal(false)
	ben.waitFor("the picture", func() bool { return ben.store.HasBlob(park, blob) })
	ben.holdsBlob(park, shown)
	if ben.store.HasBlob(park, sha256.Sum256(unused)) {
		t.Error("what no document shows came as well")
	}
	if list := ben.node.Holders(park, sha256.Sum256(unused)); len(list) != 1 || list[0] != ada.id() {
		t.Errorf("it is held by %v", list)
	}
}

func TestWhoIsRemovedGetsNoMoreOfABlob(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, _ := meeting(t, ada, ben)
	raw := bytesLike(40*crdt.BlobPiece, 10)
	blob := ada.puts(park, raw)
	o, p := ben.node.current(), peerOf(ada.id())
	stream, err := o.host.NewStream(t.Context(), p, blobProtocol)
	if err != nil {
		t.Fatal(err)
	}
	c := converse(stream, blobPatience)
	defer c.abort()
	if err := c.say(&enterRoom{Space: park}, &askBlob{Blob: blob}); err != nil {
		t.Fatal(err)
	}
	var found blobFound
	if _, err := c.hear(blobRequest, &found); err != nil {
		t.Fatal(err)
	}
	ada.removes(park, ben)
	ada.waitFor("letting Ben go", func() bool { return !ada.node.current().sharesWith(park, peerOf(ben.id())) })
	buffer, came := make([]byte, crdt.BlobPiece), 0
	for c.hearData(buffer) == nil {
		came++
	}
	if came == 40 {
		t.Error("all of it came")
	}
	if err := ben.fetches(park, blob); err == nil {
		t.Error("it can still be fetched")
	}
}

// TestALargeBlobThatComesTakesLittleMemory looks at what is alive in both devices
// while one gives a large blob to the other.
func TestALargeBlobThatComesTakesLittleMemory(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, _ := meeting(t, ada, ben)
	const pieces = 96
	source := rand.NewChaCha8([32]byte{11})
	blob, err := ada.store.PutBlob(t.Context(), park, "", io.LimitReader(source, pieces*crdt.BlobPiece))
	if err != nil {
		t.Fatal(err)
	}
	alive := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, most, looks := alive(), int64(0), 0
	came := make(chan error, 1)
	go func() { came <- ben.fetches(park, blob.ID) }()
	for seen := uint64(0); ; {
		select {
		case err := <-came:
			if err != nil {
				t.Fatal(err)
			}
			if err := ben.store.VerifyBlob(t.Context(), park, blob.ID); err != nil {
				t.Fatal(err)
			}
			if grown := most - before; looks < 3 || grown > 40<<20 {
				t.Errorf("looked %d times, %d MB were alive on the way", looks, grown>>20)
			}
			return
		default:
			if now := ben.node.FetchedPieces(park); now > seen && now < pieces {
				seen = now
				most = max(most, alive())
				looks++
			} else {
				runtime.Gosched()
			}
		}
	}
}
