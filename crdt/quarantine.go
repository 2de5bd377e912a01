package crdt

import (
	"fmt"
	"sync"

	"parley/crdt/chunk"
	"parley/space"
)

// Limits on what is kept of refused changes, per space, so that quarantine
// cannot be made to fill the disk.
const (
	maxQuarantined      = 4096
	maxQuarantinedBytes = 64 << 20
	maxQuarantinedOne   = 5 << 20 // more than any change; a snapshot's sender has it still
)

// quarantine remembers what is in quarantine, so that what comes again and
// again is written once.
type quarantine struct {
	mu    sync.Mutex
	known map[quarantineID]bool
	bytes uint64
	aside map[Ref]map[chunk.Hash]setAside // what makes no sense, and what Mend took out with it
}

// setAside is what has to be known of such a change.
type setAside struct {
	actor  chunk.Actor
	seq    uint64
	reason Reason
}

func newQuarantine() *quarantine {
	return &quarantine{known: make(map[quarantineID]bool), aside: make(map[Ref]map[chunk.Hash]setAside)}
}

func (q *quarantine) note(ref Ref, hash chunk.Hash, what setAside) {
	if q.aside[ref] == nil {
		q.aside[ref] = make(map[chunk.Hash]setAside)
	}
	q.aside[ref][hash] = what
}

// unwanted is the reason for which a change is refused whenever it comes, or 0.
func (q *quarantine) unwanted(ref Ref, hash chunk.Hash) Reason {
	q.mu.Lock()
	defer q.mu.Unlock()
	if reason := q.aside[ref][hash].reason; reason.final() {
		return reason
	}
	return 0
}

// reaches reports whether a vector covers a change that is refused whenever it
// comes.
func (q *quarantine) reaches(ref Ref, vector Vector) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, what := range q.aside[ref] {
		if what.reason.final() && what.seq > 0 && vector[what.actor] >= what.seq {
			return true
		}
	}
	return false
}

// actors are those whose changes Mend has taken out, and which others may
// still hold: their numbers must not be given to other changes.
func (q *quarantine) actors(ref Ref) map[chunk.Actor]bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	actors := make(map[chunk.Actor]bool)
	for _, what := range q.aside[ref] {
		actors[what.actor] = true
	}
	return actors
}

type quarantineID struct {
	document DocumentID
	part     space.Part
	hash     chunk.Hash
}

// quarantineOps are the records of what a batch had refused, and remove those
// of what is accepted now: its author may have become a member since.
func (s *Store) quarantineOps(b *batch, accepted []*candidate) (ops []Op) {
	q := s.held(b.ref.Space).quarantine
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range accepted {
		id := quarantineID{b.ref.Document, b.ref.Part, c.Hash}
		if q.known[id] {
			delete(q.known, id)
			delete(q.aside[b.ref], c.Hash)
			ops = append(ops, Op{Key: quarantineKey(b.ref, c.Hash)})
		}
	}
	for _, refused := range b.refused {
		id := quarantineID{b.ref.Document, b.ref.Part, refused.Hash}
		if refused.Reason.mended() {
			q.note(b.ref, refused.Hash, setAside{refused.Actor, refused.Seq, refused.Reason})
		}
		if q.known[id] && !refused.stored {
			continue
		}
		s.log.Warn("refused a change", "ref", b.ref, "hash", refused.Hash, "reason", refused.Reason,
			"detail", refused.Detail, "origin", refused.Origin, "from", refused.From)
		if len(q.known) >= maxQuarantined && !refused.stored {
			continue
		}
		record := refused.record()
		full := len(record.Raw) > maxQuarantinedOne || q.bytes+uint64(len(record.Raw)) > maxQuarantinedBytes
		if full && !refused.stored {
			record.Raw = nil
		}
		q.known[id] = true
		q.bytes += uint64(len(record.Raw))
		ops = append(ops, Op{Key: quarantineKey(b.ref, refused.Hash), Value: encode(record)})
	}
	return ops
}

func (r refusal) record() quarantineRecord {
	record := quarantineRecord{
		Reason: r.Reason, Detail: r.Detail, Actor: []byte(r.Actor), Seq: r.Seq, Origin: r.Origin,
		From: r.From, Time: r.Time.Unix(), Size: uint64(r.Size), Raw: r.raw,
	}
	if r.signed != nil {
		record.Device, record.Sig = r.signed.Device[:], r.signed.Sig[:]
		record.Signed, record.Hash = r.signed.Seq, r.signed.Hash[:]
	}
	return record
}

// Quarantine lists what was refused in a space.
func (s *Store) Quarantine(id space.ID) (list []Quarantined, err error) {
	prefix := tableKey(id, tableQuarantine)
	err = s.backend.View(func(r Reader) error {
		return r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
			var record quarantineRecord
			if err := read(key, value, &record); err != nil {
				return false, err
			}
			ref, rest, ok := refOf(id, key)
			if !ok || len(rest) != len(chunk.Hash{}) {
				return false, fmt.Errorf("%w: %x", ErrDamaged, key)
			}
			list = append(list, Quarantined{
				Ref: ref, Hash: chunk.Hash(rest), Actor: chunk.Actor(record.Actor), Seq: record.Seq,
				Reason: record.Reason, Detail: record.Detail, Origin: record.Origin, From: record.From,
				Time: seconds(record.Time), Size: int(record.Size),
			})
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list quarantine of %s: %w", id, err)
	}
	return list, nil
}

// loadQuarantine reads what of a space is in quarantine.
func loadQuarantine(r Reader, id space.ID) (*quarantine, error) {
	q := newQuarantine()
	err := r.Scan(tableKey(id, tableQuarantine), nil, func(key, value []byte) (bool, error) {
		if ref, rest, ok := refOf(id, key); ok && len(rest) == len(chunk.Hash{}) {
			q.known[quarantineID{ref.Document, ref.Part, chunk.Hash(rest)}] = true
			q.bytes += uint64(len(value))
			var record quarantineRecord
			if err := read(key, value, &record); err != nil {
				return false, err
			}
			if record.Reason.mended() {
				q.note(ref, chunk.Hash(rest), setAside{chunk.Actor(record.Actor), record.Seq, record.Reason})
			}
		}
		return true, nil
	})
	return q, err
}
