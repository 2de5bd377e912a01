package crdt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"

	"parley/crdt/chunk"
	"parley/space"
)

// errUnknownKey is a key that this version of the format has no place for.
var errUnknownKey = errors.New("its key is none of a store's")

// checkRecord finds out whether a record can be what its key says, looking at
// nothing but the record. A snapshot's pieces are no records of their own and
// pass; see checkSnapshot. It costs a signature for each entry and actor, and
// none for changes.
func checkRecord(key, value []byte, limits chunk.Limits) error {
	switch {
	case len(key) > 0 && key[0] == topMeta:
		return checkMeta(key, value)
	case len(key) > 0 && key[0] == topAside:
		return nil // whatever it is
	case len(key) == spaceKeySize && key[0] == topForgotten:
		return nil
	}
	if len(key) <= spaceKeySize || key[0] != topSpace {
		return errUnknownKey
	}
	id := space.ID(key[1:spaceKeySize])
	table := key[spaceKeySize]
	switch table {
	case tableEntries:
		return checkEntry(id, key, value)
	case tableBlobs, tablePieces, tablePuts, tableHalves:
		return checkOfBlob(key, value)
	case tableJudged:
		return checkJudged(key, value)
	}
	ref, rest, ok := refOf(id, key)
	if !ok || !ref.Part.Valid() {
		return errUnknownKey
	}
	switch table {
	case tableParts:
		return checkState(ref, rest, value)
	case tableHave:
		return checkHave(rest, value)
	case tableQuarantine:
		return checkQuarantined(rest, value, limits)
	case tableDocuments:
		return checkOfPart(ref, rest, value, limits)
	}
	return errUnknownKey
}

func checkMeta(key, value []byte) error {
	switch {
	case len(key) != 2:
		return errUnknownKey
	case len(value) != 8 && (bytes.Equal(key, versionKey) || bytes.Equal(key, positionKey)):
		return fmt.Errorf("%d bytes in the place of a number", len(value))
	}
	return nil
}

func checkEntry(id space.ID, key, value []byte) error {
	if len(key) != len(entryKey(id, 0)) {
		return errUnknownKey
	}
	e, err := space.ParseEntry(bytes.Clone(value))
	if err == nil && e.Space != id {
		err = space.ErrOtherSpace
	}
	return err
}

func checkJudged(key, value []byte) error {
	switch {
	case len(key) != spaceKeySize+1:
		return errUnknownKey
	case len(value) != 32:
		return fmt.Errorf("%d bytes in the place of a digest", len(value))
	}
	return nil
}

func checkState(ref Ref, rest, value []byte) error {
	if len(rest) != 0 {
		return errUnknownKey
	}
	var state stateRecord
	return decoding.Unmarshal(value, &state)
}

func checkHave(rest, value []byte) error {
	if len(rest) != len(space.DeviceID{}) {
		return errUnknownKey
	}
	var record haveRecord
	return decoding.Unmarshal(value, &record)
}

// checkQuarantined looks whether what was refused is still what was refused,
// not whether it is any good.
func checkQuarantined(rest, value []byte, limits chunk.Limits) error {
	if len(rest) != len(chunk.Hash{}) {
		return errUnknownKey
	}
	var record quarantineRecord
	if err := decoding.Unmarshal(value, &record); err != nil {
		return err
	}
	hash := chunk.Hash(rest)
	if len(record.Raw) == 0 || sha256.Sum256(record.Raw) == hash {
		return nil
	}
	c, err := chunk.ParseChange(record.Raw, limits)
	if err == nil && c.Hash != hash {
		err = errors.New("the bytes are not those that were refused")
	}
	return err
}

func checkOfPart(ref Ref, rest, value []byte, limits chunk.Limits) error {
	if len(rest) == 0 {
		return errUnknownKey
	}
	kind, rest := rest[0], rest[1:]
	switch {
	case kind == kindActor && len(rest) > 0:
		return checkActor(ref, chunk.Actor(rest), value)
	case kind == kindChange && len(rest) == 8:
		var record changeRecord
		if err := decoding.Unmarshal(value, &record); err != nil {
			return err
		}
		_, err := chunk.ParseChange(record.Raw, limits)
		return err
	case kind == kindSnapshot && len(rest) == 8:
		var record snapshotRecord
		return decoding.Unmarshal(value, &record)
	case kind == kindRaw && len(rest) == 10:
		return nil
	case kind == kindBlobs && len(rest) == 0:
		var record referencesRecord
		return decoding.Unmarshal(value, &record)
	}
	return errUnknownKey
}

// decodes finds out whether a record of a part is in the form of its kind, and
// no more.
func decodes(key, value []byte) error {
	switch tableOf(key) {
	case tableParts:
		return decoding.Unmarshal(value, new(stateRecord))
	case tableQuarantine:
		return decoding.Unmarshal(value, new(quarantineRecord))
	}
	return nil
}

func checkActor(ref Ref, actor chunk.Actor, value []byte) error {
	var record actorRecord
	if err := decoding.Unmarshal(value, &record); err != nil {
		return err
	}
	if record.Device == (space.DeviceID{}) && record.Sig == ([64]byte{}) {
		return nil // by a later change, which is set aside for a fork
	}
	if !record.signature(actor).Verify(ref) {
		return errors.New("its signature does not match")
	}
	return nil
}

func (r actorRecord) signature(actor chunk.Actor) Signature {
	return Signature{Actor: actor, Seq: r.Seq, Hash: r.Hash, Device: r.Device, Sig: r.Sig}
}

// checkSnapshot finds out whether a snapshot's bytes are what its description
// says.
func checkSnapshot(description, raw []byte, limits chunk.Limits) error {
	snapshot, err := chunk.ParseSnapshot(raw, limits)
	if err != nil {
		return err
	}
	return matchesDescription(description, snapshot, len(raw))
}

// matchesDescription finds out whether a snapshot of that many bytes is the
// one that a description is of.
func matchesDescription(description []byte, snapshot chunk.Snapshot, size int) error {
	var record snapshotRecord
	if err := decoding.Unmarshal(description, &record); err != nil {
		return err
	}
	same := record.Size == uint64(size) && sameHashes(record.Heads, snapshot.Heads) &&
		maps.Equal(vectorOf(record.Vector), Vector(snapshot.Vector))
	if !same {
		return errors.New("the snapshot is not what its description says")
	}
	return nil
}

func sameHashes(a, b []chunk.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	set := make(map[chunk.Hash]bool, len(a))
	for _, hash := range a {
		set[hash] = true
	}
	for _, hash := range b {
		if !set[hash] {
			return false
		}
	}
	return true
}
