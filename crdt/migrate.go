package crdt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"

	"parley/crdt/chunk"
	"parley/space"
)

// migrations lead from each format to the next, the first one from format 1 to
// format 2. Each may be interrupted anywhere and begun again, and meets then
// what it has left behind. What was written by every format that there ever was
// is to be read for ever, so none is removed.
var migrations = [...]func(*migration) error{
	chunkHashesInDigests,
	whoMayWriteIsJudged,
}

// migration rewrites records, a write at a time.
type migration struct {
	backend Backend
	log     *slog.Logger
}

// migrate brings a store to the present format, one migration after the other.
// The store says which format it is being brought to before anything is
// rewritten, so that an older version never sees half of it. It fails with
// ErrNewer, and changes nothing, if a newer version has written here.
func migrate(backend Backend, log *slog.Logger) error {
	var version, leaving uint64
	err := backend.View(func(r Reader) (err error) {
		if version, err = readNumber(r, versionKey); err == nil {
			leaving, err = readNumber(r, leavingKey)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case version > formatVersion:
		return ErrNewer
	case version == 0:
		return backend.Write([]Op{numberOp(versionKey, formatVersion)})
	}
	from := version
	if leaving != 0 {
		from = leaving // it was interrupted
	}
	for ; from < formatVersion; from++ {
		log.Info("the store is brought to another format", "from", from, "to", from+1)
		if err := backend.Write([]Op{numberOp(versionKey, from+1), numberOp(leavingKey, from)}); err != nil {
			return fmt.Errorf("migrate from format %d: %w", from, err)
		}
		if err := migrations[from-1](&migration{backend, log}); err != nil {
			return fmt.Errorf("migrate from format %d: %w", from, err)
		}
		if err := backend.Write([]Op{{Key: leavingKey}}); err != nil {
			return fmt.Errorf("migrate from format %d: %w", from, err)
		}
	}
	return nil
}

func numberOp(key []byte, n uint64) Op {
	return Op{Key: key, Value: binary.BigEndian.AppendUint64(nil, n)}
}

// rewrite visits the records under a prefix and writes what change makes of
// them, in as many writes as it takes. Keys and values are valid during the
// call only.
func (m *migration) rewrite(prefix []byte, change func(r Reader, key, value []byte) ([]Op, error)) error {
	from := bytes.Clone(prefix)
	for from != nil {
		var ops []Op
		total := positionCost
		at := from
		from = nil
		err := m.backend.View(func(r Reader) error {
			return r.Scan(prefix, at, func(key, value []byte) (bool, error) {
				made, err := change(r, key, value)
				if err != nil {
					return false, err
				}
				if len(ops) > 0 && !total.plus(cost(made)).fits() {
					from = bytes.Clone(key)
					return false, nil
				}
				ops, total = append(ops, made...), total.plus(cost(made))
				return true, nil
			})
		})
		if err == nil && len(ops) > 0 {
			err = m.backend.Write(ops)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// whoMayWriteIsJudged is the way from format 2 to format 3: membership logs may
// hold entries that a version before cannot read, and would leave out, and
// quarantine reasons that it does not know. What there is stays as it is: which
// changes count is found out in the background, as after every such entry.
func whoMayWriteIsJudged(*migration) error { return nil }

// stateRecord1 is a part's state in format 1, whose digest covered sequence
// numbers only.
type stateRecord1 struct {
	_         struct{} `cbor:",toarray"`
	Position  uint64
	Floor     uint64
	Heads     []chunk.Hash
	Digest    [16]byte
	Loose     uint64
	LooseSize uint64
}

// chunkHashesInDigests is the way from format 1 to format 2: the digest of a
// part covers the hashes of changes, and the other side of a fork is part of
// what a peer holds, but for changes that nobody has signed for. Records that
// cannot be read stay as they are, for the doctor.
func chunkHashesInDigests(m *migration) error {
	return m.rewrite(spacesKey, func(r Reader, key, value []byte) ([]Op, error) {
		if len(key) < spaceKeySize+1 {
			return nil, nil
		}
		id := space.ID(key[1:spaceKeySize])
		ref, _, ok := refOf(id, key)
		switch table := key[spaceKeySize]; {
		case table == tableParts && ok:
			return m.withHashes(r, ref, value)
		case table == tableQuarantine && ok:
			return unsignedAreNoForks(key, value), nil
		}
		return nil, nil
	})
}

// firstState reads a part's state as format 1 has it.
func firstState(value []byte) (old stateRecord1, ok bool) {
	err := decoding.Unmarshal(value, &old)
	return old, err == nil
}

// leave tells of a part that cannot be read, which is no reason to stop.
func (m *migration) leave(ref Ref, cause error) error {
	m.log.Warn("a part of a document cannot be read and is left as it is", "ref", ref, "error", cause)
	return nil
}

func (m *migration) withHashes(r Reader, ref Ref, value []byte) ([]Op, error) {
	old, ok := firstState(value)
	if !ok {
		return nil, nil // it is done, or damaged
	}
	actors, err := loadActors(r, ref)
	if err != nil {
		return nil, m.leave(ref, err)
	}
	forks, err := storedForks(r, ref)
	if err != nil {
		m.log.Warn("what was set aside of a document cannot be read", "ref", ref, "error", err)
	}
	state := stateRecord{
		Position: old.Position, Floor: old.Floor, Heads: old.Heads, Loose: old.Loose, LooseSize: old.LooseSize,
		Forks: forks, Digest: partDigest(ref, forks, actors),
	}
	return []Op{{Key: stateKey(ref), Value: encode(state)}}, nil
}

// storedForks sums up what of a part is set aside for a fork and signed for.
func storedForks(r Reader, ref Ref) ([16]byte, error) {
	prefix := refKey(tableQuarantine, ref)
	forked := make(map[chunk.Hash]bool)
	err := r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
		var record quarantineRecord
		if err := read(key, value, &record); err != nil {
			return false, err
		}
		if rest := key[len(prefix):]; record.Reason.forked() && len(record.Sig) > 0 && len(rest) == len(chunk.Hash{}) {
			forked[chunk.Hash(rest)] = true
		}
		return true, nil
	})
	return forksDigest(forked), err
}

func unsignedAreNoForks(key, value []byte) []Op {
	var record quarantineRecord
	if decoding.Unmarshal(value, &record) != nil || !record.Reason.forked() || len(record.Sig) > 0 {
		return nil
	}
	record.Reason = ReasonNotVouched
	return []Op{{Key: bytes.Clone(key), Value: encode(record)}}
}
