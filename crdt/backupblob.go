package crdt

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"parley/space"
)

// describedBlob is a blob that counts: its description is there and can be
// read.
type describedBlob struct {
	id     BlobID
	record blobRecord

	examined bool
	wrong    error
}

// lookAtBlob knows which pieces belong to a blob that counts, and looks at the
// whole of it before the first of them is passed on.
func (c *copier) lookAtBlob(key, value []byte, wrong error) (bool, error, error) {
	if wrong != nil {
		return true, wrong, nil
	}
	if id := spaceOf(key); c.blobs == nil || id != c.space {
		blobs, err := describedBlobs(c.reader, id)
		if err != nil {
			return false, nil, err
		}
		c.space, c.blobs = id, blobs
	}
	var number blobNumber
	if tableOf(key) == tableBlobs {
		record, _ := decodeBlob(key, value) // nothing is wrong with it
		number = record.Number
	} else {
		number = numberOf(key)
	}
	blob := c.blobs[number]
	if blob == nil {
		return false, nil, nil // it is being put, or is left of what was
	}
	err := blob.examine(c.reader, c.space)
	return true, blob.wrong, err
}

// describedBlobs reads the descriptions of a space's blobs that can be read.
func describedBlobs(r Reader, id space.ID) (map[blobNumber]*describedBlob, error) {
	blobs := make(map[blobNumber]*describedBlob)
	err := r.Scan(tableKey(id, tableBlobs), nil, func(key, value []byte) (bool, error) {
		if record, err := decodeBlob(key, value); err == nil && checkBlobKey(key) == nil {
			blobs[record.Number] = &describedBlob{id: blobOf(key), record: record}
		}
		return true, nil
	})
	return blobs, err
}

// examine finds out whether the bytes are there and are those that the name
// says.
func (b *describedBlob) examine(r Reader, id space.ID) error {
	if b.examined {
		return nil
	}
	b.examined = true
	sum := sha256.New()
	for piece := range b.record.Pieces {
		data, err := r.Get(pieceKey(id, b.record.Number, piece))
		if errors.Is(err, ErrNotFound) {
			b.wrong = fmt.Errorf("piece %d of %d of the file is missing", piece+1, len(b.record.Pieces))
			return nil
		}
		if err != nil {
			return err
		}
		sum.Write(data)
	}
	if BlobID(sum.Sum(nil)) != b.id {
		b.wrong = errNotTheBlob
	}
	return nil
}

var errNotTheBlob = errors.New("the bytes of the file are not what its name says")

// blobOf reads the name of a description's key, which is well formed.
func blobOf(key []byte) BlobID { return BlobID(key[spaceKeySize+1:]) }

// numberOf reads the number that a piece, or what is being put, is kept under.
// The key is well formed.
func numberOf(key []byte) blobNumber {
	return blobNumber(key[spaceKeySize+1 : spaceKeySize+1+len(blobNumber{})])
}

// checkBlobKey makes sure that a key of one of the tables of blobs is well
// formed.
func checkBlobKey(key []byte) error {
	size := map[byte]int{
		tableBlobs:  len(BlobID{}),
		tablePieces: len(blobNumber{}) + 2,
		tablePuts:   len(blobNumber{}),
		tableHalves: len(BlobID{}),
	}[tableOf(key)]
	if len(key) != spaceKeySize+1+size {
		return errUnknownKey
	}
	return nil
}

// checkOfBlob finds out whether a record of one of the tables of blobs can be
// what its key says.
func checkOfBlob(key, value []byte) error {
	if err := checkBlobKey(key); err != nil {
		return err
	}
	switch tableOf(key) {
	case tableBlobs:
		_, err := decodeBlob(key, value)
		return err
	case tablePuts:
		var record putRecord
		return decoding.Unmarshal(value, &record)
	case tableHalves:
		var record halfRecord
		return decoding.Unmarshal(value, &record)
	}
	if len(value) > blobPiece {
		return fmt.Errorf("%d bytes in one piece", len(value))
	}
	return nil
}

// blobCheck looks at the blobs of a backup, whose pieces come before their
// descriptions.
type blobCheck struct {
	space   space.ID
	number  blobNumber // whose pieces are coming
	next    int        // the number of the piece that is to come
	sum     hash.Hash  // nil if none are
	arrived map[blobNumber]BlobID
}

// advance ends what the key before belonged to, if the next one does not.
func (b *blobCheck) advance(key []byte) error {
	table := tableOf(key)
	if b.sum != nil && (table != tablePieces || spaceOf(key) != b.space || numberOf(key) != b.number) {
		b.arrived[b.number] = BlobID(b.sum.Sum(nil))
		b.sum = nil
	}
	done := table != tablePieces && table != tableBlobs || spaceOf(key) != b.space
	if done && len(b.arrived) > 0 {
		return errors.New("before it, a file has no description")
	}
	return nil
}

func (b *blobCheck) piece(key, value []byte) error {
	if b.sum == nil {
		b.space, b.next, b.sum = spaceOf(key), 0, sha256.New()
		b.number = numberOf(key)
		if b.arrived == nil {
			b.arrived = make(map[blobNumber]BlobID)
		}
	}
	if int(binary.BigEndian.Uint16(key[len(key)-2:])) != b.next {
		return errors.New("a piece of a file is missing before it")
	}
	b.next++
	b.sum.Write(value)
	return nil
}

func (b *blobCheck) describe(key, value []byte) error {
	record, err := decodeBlob(key, value)
	if err != nil {
		return err
	}
	id, ok := b.arrived[record.Number]
	if len(record.Pieces) == 0 {
		id, ok = sha256.Sum256(nil), !ok
	}
	if !ok {
		return errors.New("its pieces are missing")
	}
	delete(b.arrived, record.Number)
	if id != blobOf(key) {
		return errNotTheBlob
	}
	return nil
}
