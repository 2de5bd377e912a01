package crdt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"parley/crdt/chunk"
)

// Restorer puts the records of a backup into an empty backend. It is for one
// goroutine.
type Restorer struct {
	backend Backend
	ops     []Op
	cost    writeCost
}

// NewRestorer makes one. The backend stays the caller's.
func NewRestorer(backend Backend) *Restorer { return &Restorer{backend: backend} }

// Put adds a record, which must not be changed afterwards. It is on the disk
// only once Flush has returned.
func (w *Restorer) Put(key, value []byte) error {
	op := Op{Key: key, Value: value}
	next := w.cost.plus(opCost(op))
	if len(w.ops) > 0 && (!next.fits() || next.large > restoreLarge) {
		if err := w.Flush(); err != nil {
			return err
		}
	}
	w.ops = append(w.ops, op)
	w.cost = w.cost.plus(opCost(op))
	return nil
}

// restoreLarge bounds the bytes of large values that wait to be written.
const restoreLarge = 4 << 20

// Flush makes durable what was put.
func (w *Restorer) Flush() error {
	if len(w.ops) == 0 {
		return nil
	}
	if err := w.backend.Write(w.ops); err != nil {
		return fmt.Errorf("restore %d records: %w", len(w.ops), err)
	}
	w.ops, w.cost = nil, writeCost{}
	return nil
}

// RecordCheck looks at the records of a backup, in the order of their keys,
// and finds out whether they can be a store's: each by itself, and snapshots
// as a whole. It keeps no more than one snapshot in memory, and is for one
// goroutine.
type RecordCheck struct {
	limits  chunk.Limits
	last    []byte // the key before
	version bool   // whether it has come

	pieces []byte // key of the snapshot whose pieces are coming
	next   int    // number of the piece that is to come
	raw    []byte
	whole  map[string]chunk.Snapshot // without their bytes, by their keys: their descriptions are to come
	sizes  map[string]int

	blobs blobCheck
}

// NewRecordCheck makes one that keeps to the limits of every peer.
func NewRecordCheck() *RecordCheck {
	return &RecordCheck{limits: chunk.DefaultLimits, whole: make(map[string]chunk.Snapshot), sizes: make(map[string]int)}
}

// Add looks at the next record. It fails with ErrNewer if a newer version of
// Parley has made it, and with ErrDamaged, saying what is wrong, if it can be
// no record or comes in the wrong place.
func (c *RecordCheck) Add(key, value []byte) error {
	err := c.add(key, value)
	if err != nil && !errors.Is(err, ErrNewer) {
		return fmt.Errorf("%w: %x: %w", ErrDamaged, key, err)
	}
	return err
}

func (c *RecordCheck) add(key, value []byte) error {
	if c.last != nil && bytes.Compare(key, c.last) <= 0 {
		return errors.New("it is not in its place")
	}
	if err := checkRecord(key, value, c.limits); err != nil {
		return err
	}
	if bytes.Equal(key, versionKey) {
		c.version = true
		if binary.BigEndian.Uint64(value) > formatVersion {
			return ErrNewer
		}
	}
	if err := c.advance(key); err != nil {
		return err
	}
	c.last = append(c.last[:0], key...)
	switch tableOf(key) {
	case tablePieces:
		return c.blobs.piece(key, value)
	case tableBlobs:
		return c.blobs.describe(key, value)
	}
	ref, position, ok := positioned(key)
	if !ok {
		return nil
	}
	switch id := positionedKey(ref, kindSnapshot, position); kindOf(key) {
	case kindRaw:
		return c.piece(id, binary.BigEndian.Uint16(key[len(key)-2:]), value)
	case kindSnapshot:
		return c.describe(id, value)
	}
	return nil
}

// advance ends what the key before belonged to, if the next one does not.
func (c *RecordCheck) advance(key []byte) error {
	if err := c.blobs.advance(key); err != nil {
		return err
	}
	ref, position, ok := positioned(key)
	if c.pieces != nil {
		same := ok && kindOf(key) == kindRaw &&
			bytes.Equal(c.pieces, positionedKey(ref, kindSnapshot, position))
		if !same {
			if err := c.endPieces(); err != nil {
				return err
			}
		}
	}
	if len(c.whole) == 0 {
		return nil
	}
	if before, _, _ := positioned(c.last); !ok || ref != before {
		return errors.New("before it, a snapshot has no description")
	}
	return nil
}

func (c *RecordCheck) piece(id []byte, number uint16, value []byte) error {
	if c.pieces == nil {
		c.pieces, c.next, c.raw = id, 0, c.raw[:0]
	}
	if int(number) != c.next {
		return errors.New("a piece of a snapshot is missing before it")
	}
	if len(c.raw)+len(value) > c.limits.Snapshot {
		return chunk.ErrTooLarge
	}
	c.next++
	c.raw = append(c.raw, value...)
	return nil
}

func (c *RecordCheck) endPieces() error {
	snapshot, err := chunk.ParseSnapshot(c.raw, c.limits)
	if err != nil {
		return fmt.Errorf("the snapshot before it: %w", err)
	}
	c.whole[string(c.pieces)] = chunk.Snapshot{Vector: snapshot.Vector, Heads: snapshot.Heads}
	c.sizes[string(c.pieces)] = len(c.raw)
	c.pieces = nil
	return nil
}

func (c *RecordCheck) describe(id, value []byte) error {
	snapshot, ok := c.whole[string(id)]
	if !ok {
		return errors.New("its pieces are missing")
	}
	size := c.sizes[string(id)]
	delete(c.whole, string(id))
	delete(c.sizes, string(id))
	return matchesDescription(value, snapshot, size)
}

// End is to be called after the last record. It fails like Add.
func (c *RecordCheck) End() error {
	err := c.advance(nil)
	if err == nil && !c.version {
		err = errors.New("the version of the format is missing")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// MaxRecord is the size of the largest record, key included.
const MaxRecord = MaxValue + math.MaxUint16
