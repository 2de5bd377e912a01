package crdt_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// comes takes in a blob from where an earlier intake ended, n pieces of it or
// all that is left.
func (d *device) comes(id space.ID, raw []byte, n int) error {
	d.t.Helper()
	in, err := d.store.TakeInBlob(id, sha256.Sum256(raw))
	if err != nil {
		d.t.Fatal(err)
	}
	defer in.Close()
	for raw = raw[in.Offset():]; len(raw) > piece && n > 0; n-- {
		if err := in.Take(raw[:piece]); err != nil {
			return err
		}
		raw = raw[piece:]
	}
	if n == 0 {
		return nil
	}
	_, err = in.Finish(d.t.Context(), "image/png", raw)
	return err
}

func TestABlobThatComesGoesOnAfterARestart(t *testing.T) {
	d := newDevice(t, "Ada")
	id := d.founds().Space
	for _, size := range []int{0, 1, piece, piece + 1, 5*piece + 17} {
		want := picture(size, 20)
		if err := d.comes(id, want, 2); err != nil {
			t.Fatal(err)
		}
		d.restarts()
		in, err := d.store.TakeInBlob(id, sha256.Sum256(want))
		if err != nil {
			t.Fatal(err)
		}
		if size > 3*piece && (in.Offset() != 2*piece || len(in.Pieces()) != 2) {
			t.Errorf("of %d bytes %d are left", size, in.Offset())
		}
		if _, err := d.store.TakeInBlob(id, sha256.Sum256(want)); err == nil {
			t.Error("the same comes twice at once")
		}
		in.Close()
		if err := d.comes(id, want, 100); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(d.gets(id, sha256.Sum256(want)), want) || !d.store.HasBlob(id, sha256.Sum256(want)) {
			t.Errorf("%d bytes came as others", size)
		}
	}
	if n := d.records(id, 'i') + d.records(id, 'u'); n != 0 {
		t.Errorf("%d blobs still on their way", n)
	}
	if n := d.records(id, 'B'); n != 0+1+1+2+6 {
		t.Errorf("%d pieces", n)
	}
}

func TestBytesOfAnotherNameLeaveNothing(t *testing.T) {
	d := newDevice(t, "Ada")
	id := d.founds().Space
	in, err := d.store.TakeInBlob(id, crdt.BlobID{1})
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Take(picture(piece, 21)); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Finish(t.Context(), "", []byte("and more")); !errors.Is(err, crdt.ErrOtherBlob) {
		t.Errorf("got %v", err)
	}
	in.Close()
	if d.store.HasBlob(id, crdt.BlobID{1}) {
		t.Error("it is there")
	}
	if n := d.records(id, 'i') + d.records(id, 'B') + d.records(id, 'b'); n != 0 {
		t.Errorf("%d records are left", n)
	}
}

func TestWhatComesHalfTakesNoRoomForEver(t *testing.T) {
	d := newDevice(t, "Ada")
	d.options.Limits = chunk.DefaultLimits
	d.options.Limits.Blob, d.options.Limits.Blobs = 4*piece, 6*piece
	d.restarts()
	id := d.founds().Space
	for seed := range uint64(7) {
		if err := d.comes(id, picture(4*piece, 30+seed), 1); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.records(id, 'i'); n != 4 {
		t.Errorf("%d lie here half", n)
	}
	if err := d.comes(id, picture(4*piece+1, 40), 100); !errors.Is(err, crdt.ErrBlobTooLarge) {
		t.Errorf("too large: %v", err)
	}
	// What is whole counts, what is half does not.
	d.puts(id, picture(4*piece, 41))
	if err := d.comes(id, picture(3*piece, 42), 100); !errors.Is(err, crdt.ErrBlobsFull) {
		t.Errorf("a full space: %v", err)
	}
	if err := d.comes(id, picture(2*piece, 43), 100); err != nil {
		t.Error(err)
	}
	d.restarts()
	if _, err := d.store.PutBlob(t.Context(), id, "", bytes.NewReader([]byte{1})); !errors.Is(err, crdt.ErrBlobsFull) {
		t.Errorf("a full space after a restart: %v", err)
	}
}

func TestABlobIsReadPieceByPiece(t *testing.T) {
	d := newDevice(t, "Ada")
	id := d.founds().Space
	want := picture(2*piece+5, 22)
	d.puts(id, want)
	r, err := d.store.OpenBlob(id, sha256.Sum256(want))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Seek(piece, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for {
		data, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, data...)
	}
	if !bytes.Equal(got, want[piece:]) {
		t.Error("it is read as something else")
	}
}
