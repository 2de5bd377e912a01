package crdt

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// FuzzRecords reads records of a store as doctor and backup do: any key, any
// value. What was damaged on the disk must not end anybody.
func FuzzRecords(f *testing.F) {
	ref := Ref{Space: space.ID{1}, Document: DocumentID{2}, Part: space.Annotations}
	actor := chunk.Actor("0123456789abcdef0123")
	blob := blobRecord{Number: blobNumber{3}, Size: 5, Media: "image/png", Put: 6, Pieces: [][32]byte{{7}}, Seen: 8}
	f.Add(versionKey, []byte{0, 0, 0, 0, 0, 0, 0, formatVersion})
	f.Add(positionKey, []byte{1})
	f.Add(entryKey(ref.Space, 0), []byte{0x82, 0x40, 0x40})
	f.Add(stateKey(ref), encode(stateRecord{Position: 3, Heads: []chunk.Hash{{1}}}))
	f.Add(actorKey(ref, actor), encode(actorRecord{Seq: 1, Hash: chunk.Hash{2}, Position: 3}))
	f.Add(positionedKey(ref, kindChange, 9), encode(changeRecord{Complete: 1, Origin: Peer, Raw: []byte("\x85\x6f\x4a\x83")}))
	f.Add(positionedKey(ref, kindSnapshot, 9), encode(snapshotRecord{Vector: []vectorItem{{Actor: []byte(actor), Seq: 4}}}))
	f.Add(rawKey(ref, 9, 0), []byte("some of a snapshot"))
	f.Add(haveKey(ref, space.DeviceID{5}), encode(haveRecord{Time: 1, Vector: []vectorItem{{Actor: []byte(actor), Seq: 4}}}))
	f.Add(quarantineKey(ref, chunk.Hash{6}), encode(quarantineRecord{Reason: ReasonFork, Raw: []byte("raw")}))
	f.Add(blobKey(ref.Space, BlobID{7}), encode(blob))
	endless := blob
	endless.Size, endless.Pieces, endless.Waited = math.MaxUint64, nil, math.MaxUint64
	f.Add(blobKey(ref.Space, BlobID{7}), encode(endless))
	f.Add(pieceKey(ref.Space, blob.Number, 0), []byte("bytes"))
	f.Add(putKey(ref.Space, blob.Number), encode(putRecord{Pieces: 33}))
	f.Add(kindKey(ref, kindBlobs), encode(referencesRecord{Position: 1, Blobs: [][32]byte{{7}}}))
	limits := chunk.DefaultLimits
	limits.Change, limits.Snapshot, limits.Inflated = 1<<16, 1<<16, 1<<18
	f.Fuzz(func(t *testing.T, key, value []byte) {
		_ = checkRecord(key, value, limits) // whatever it says, it returns
		record, err := decodeBlob(key, value)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		var total uint64
		for piece := range record.Pieces {
			size := record.pieceSize(piece)
			if size <= 0 || size > blobPiece {
				t.Fatalf("piece %d of %d bytes has %d", piece, record.Size, size)
			}
			total += uint64(size)
		}
		if total != record.Size {
			t.Fatalf("pieces of %d bytes are %d", record.Size, total)
		}
		before := record.Waited
		if record.waits(time.UnixMilli(1<<40), time.Hour); record.Waited < before || record.Waited > before+3_600_000 {
			t.Fatalf("a round counted from %d to %d", before, record.Waited)
		}
	})
}

// FuzzNames reads names of documents and blobs as people type them.
func FuzzNames(f *testing.F) {
	f.Add(BlobID{1}.Reference())
	f.Add(DocumentID{2}.String())
	f.Add("blob:")
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseBlobID(text); err == nil && id.String() != text && id.Reference() != text {
			t.Errorf("%q was read as %s", text, id)
		}
		id, err := ParseDocumentID(text)
		if err != nil {
			return
		}
		again, err := ParseDocumentID(id.String())
		if err != nil || !bytes.Equal(again[:], id[:]) {
			t.Errorf("%q was read as %s, and that as %s", text, id, again)
		}
	})
}
