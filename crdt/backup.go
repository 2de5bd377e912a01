package crdt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"parley/crdt/chunk"
	"parley/space"
)

// Backup hands out every record of one consistent state, in the order of
// their keys, while the store is in use: whatever was acknowledged before it
// began is in it. What take is given is valid during the call only; its error
// ends the backup. A record that cannot be read is given to unreadable in its
// place, and with it what is of no use without it. What is left over of writes
// that were cut short does not count, and is left out.
//
// Of the store no more than one snapshot is in memory at a time.
func (s *Store) Backup(ctx context.Context, take func(key, value []byte) error, unreadable func(Finding)) error {
	if err := s.flushHave(); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	err := s.backend.View(func(r Reader) error {
		c := &copier{ctx: ctx, reader: r, limits: s.limits, take: take, unreadable: unreadable}
		return r.Scan(nil, nil, c.visit)
	})
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

// copier passes on the records of a store that can be read and count.
type copier struct {
	ctx        context.Context
	reader     Reader
	limits     chunk.Limits
	take       func(key, value []byte) error
	unreadable func(Finding)

	ref         Ref // the part that these are of:
	bottom, top uint64

	snapshot      []byte // the key of the snapshot that was looked at last
	snapshotWrong error  // what is wrong with it

	space space.ID // that these are of:
	blobs map[blobNumber]*describedBlob
}

func (c *copier) visit(key, value []byte) (bool, error) {
	if err := c.ctx.Err(); err != nil {
		return false, err
	}
	counts, wrong, err := c.look(key, value)
	switch {
	case err != nil:
		return false, err
	case !counts:
		return true, nil
	case wrong != nil:
		c.unreadable(findingOf(key, wrong))
		return true, nil
	}
	return true, c.take(key, value)
}

// look says whether a record is more than a leftover, and what is wrong with
// it.
func (c *copier) look(key, value []byte) (counts bool, wrong, err error) {
	wrong = checkRecord(key, value, c.limits)
	switch tableOf(key) {
	case tableBlobs, tablePieces, tablePuts, tableHalves:
		return c.lookAtBlob(key, value, wrong)
	case tableDocuments:
		return c.lookAtChunk(key, wrong)
	}
	return true, wrong, nil
}

// tableOf is the table that a key belongs to, 0 if to none.
func tableOf(key []byte) byte {
	if len(key) <= spaceKeySize || key[0] != topSpace {
		return 0
	}
	return key[spaceKeySize]
}

// lookAtChunk knows which chunks of a part count. Where the part's own record
// cannot be read nobody does, and all of them are taken.
func (c *copier) lookAtChunk(key []byte, wrong error) (bool, error, error) {
	ref, position, ok := positioned(key)
	if !ok {
		return true, wrong, nil
	}
	if ref != c.ref {
		c.ref, c.bottom, c.top = ref, 0, math.MaxUint64
		value, err := c.reader.Get(stateKey(ref))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return false, nil, err
		}
		var state stateRecord
		if err == nil && decoding.Unmarshal(value, &state) == nil {
			c.bottom, c.top = state.Bottom, state.Position
		}
	}
	if position <= c.bottom || position > c.top {
		return false, nil, nil
	}
	if kind := kindOf(key); kind != kindSnapshot && kind != kindRaw {
		return true, wrong, nil
	}
	if id := positionedKey(ref, kindSnapshot, position); !bytes.Equal(id, c.snapshot) {
		var err error
		if c.snapshotWrong, err = examineSnapshot(c.reader, ref, position, c.limits); err != nil {
			return false, nil, err
		}
		c.snapshot = id
	}
	return true, c.snapshotWrong, nil
}

// examineSnapshot says what is wrong with the snapshot at a position, if
// anything is.
func examineSnapshot(r Reader, ref Ref, position uint64, limits chunk.Limits) (wrong, err error) {
	description, err := r.Get(positionedKey(ref, kindSnapshot, position))
	if errors.Is(err, ErrNotFound) {
		return errors.New("the description of the snapshot is missing"), nil
	}
	if err != nil {
		return nil, err
	}
	var record snapshotRecord
	if wrong := decoding.Unmarshal(description, &record); wrong != nil {
		return wrong, nil
	}
	if record.Size > uint64(limits.Snapshot) {
		return chunk.ErrTooLarge, nil
	}
	raw := make([]byte, 0, record.Size)
	for piece := range pieces(record.Size) {
		value, err := r.Get(rawKey(ref, position, piece))
		if errors.Is(err, ErrNotFound) {
			return fmt.Errorf("piece %d of %d of the snapshot is missing", piece+1, pieces(record.Size)), nil
		}
		if err != nil {
			return nil, err
		}
		raw = append(raw, value...)
	}
	return checkSnapshot(description, raw, limits), nil
}

// kindOf is the kind of a record of a part's documents table.
func kindOf(key []byte) byte { return key[spaceKeySize+1+refSize] }

// positioned reads part and position of a chunk's key.
func positioned(key []byte) (ref Ref, position uint64, ok bool) {
	if tableOf(key) != tableDocuments {
		return Ref{}, 0, false
	}
	ref, rest, ok := refOf(spaceOf(key), key)
	if !ok || len(rest) < 9 || rest[0] == kindActor {
		return Ref{}, 0, false
	}
	return ref, binary.BigEndian.Uint64(rest[1:9]), true
}
