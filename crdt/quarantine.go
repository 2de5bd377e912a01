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

// Limits on what is kept of the losing sides of forks, per space and device that
// has signed for them, so that nobody uses up the room of others: these are
// people's work, which may count again. What this device had accepted before is
// kept whatever it is.
const (
	maxForked      = 1 << 16
	maxForkedBytes = 64 << 20
)

// quarantine remembers what is in quarantine, so that what comes again and
// again is written once.
type quarantine struct {
	mu    sync.Mutex
	known map[quarantineID]uint64 // bytes
	bytes uint64
	aside map[Ref]map[chunk.Hash]setAside // what makes no sense, what Mend took out with it, and what lost a fork

	forked  int                      // of those, what lost a fork
	charged map[space.DeviceID]usage // the same, by who has signed for it; who nobody knows of is the zero device
	digests map[Ref][16]byte         // what forks has found, until something of the part comes or goes
}

// setAside is what has to be known of such a change.
type setAside struct {
	actor  chunk.Actor
	seq    uint64
	reason Reason
	by     space.DeviceID // who is charged for it
	signed bool           // by them, this very change
}

// usage is what somebody takes of the room for what lost a fork.
type usage struct {
	changes int
	bytes   uint64
}

func newQuarantine() *quarantine {
	return &quarantine{
		known: make(map[quarantineID]uint64), aside: make(map[Ref]map[chunk.Hash]setAside),
		charged: make(map[space.DeviceID]usage), digests: make(map[Ref][16]byte),
	}
}

// keep notes a refused change that has a record, and charges by for it if it
// lost a fork.
func (q *quarantine) keep(ref Ref, hash chunk.Hash, record *quarantineRecord, by space.DeviceID) {
	q.forget(ref, hash)
	size := uint64(len(record.Raw))
	q.known[quarantineID{ref.Document, ref.Part, hash}] = size
	if record.Reason.forked() && size > 0 {
		q.forked++
		q.charge(by, 1, size)
	} else {
		q.bytes += size
	}
	q.recall(ref, hash, record, by)
}

// recall notes what decides about a change when it comes again: that it makes
// no sense, or that it lost a fork and is kept.
func (q *quarantine) recall(ref Ref, hash chunk.Hash, record *quarantineRecord, by space.DeviceID) {
	if !record.Reason.mended() && !(record.Reason.forked() && len(record.Raw) > 0) {
		return
	}
	if q.aside[ref] == nil {
		q.aside[ref] = make(map[chunk.Hash]setAside)
	}
	delete(q.digests, ref)
	q.aside[ref][hash] = setAside{chunk.Actor(record.Actor), record.Seq, record.Reason, by, record.signature() != nil}
}

// charge adds to what somebody has used. A number below 0 takes it off.
func (q *quarantine) charge(by space.DeviceID, changes int, bytes uint64) {
	used := q.charged[by]
	used.changes += changes
	if changes < 0 {
		used.bytes -= bytes
	} else {
		used.bytes += bytes
	}
	if q.charged[by] = used; used == (usage{}) {
		delete(q.charged, by)
	}
}

// attribute charges who has signed for a change of an actor with all of that
// actor's in the part that nobody has signed for by themselves.
func (q *quarantine) attribute() {
	for ref, aside := range q.aside {
		signers := make(map[chunk.Actor]space.DeviceID)
		for _, what := range aside {
			if what.signed && what.reason.forked() {
				signers[what.actor] = what.by
			}
		}
		for hash, what := range aside {
			by, ok := signers[what.actor]
			if what.signed || !what.reason.forked() || !ok {
				continue
			}
			size := q.known[quarantineID{ref.Document, ref.Part, hash}]
			q.charge(what.by, -1, size)
			q.charge(by, 1, size)
			what.by = by
			aside[hash] = what
		}
	}
}

// forget undoes keep, and reports whether there was anything to undo.
func (q *quarantine) forget(ref Ref, hash chunk.Hash) bool {
	id := quarantineID{ref.Document, ref.Part, hash}
	size, ok := q.known[id]
	if !ok {
		return false
	}
	delete(q.known, id)
	delete(q.digests, ref)
	if what := q.aside[ref][hash]; what.reason.forked() {
		q.forked--
		q.charge(what.by, -1, size)
	} else {
		q.bytes -= size
	}
	delete(q.aside[ref], hash)
	if len(q.aside[ref]) == 0 {
		delete(q.aside, ref)
	}
	return true
}

// isForked reports whether a change is set aside for a fork.
func (q *quarantine) isForked(ref Ref, hash chunk.Hash) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.aside[ref][hash].reason.forked()
}

// forks sums up what of a part is set aside for a fork.
func (q *quarantine) forks(ref Ref) [16]byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.aside[ref] == nil {
		return [16]byte{}
	}
	if digest, ok := q.digests[ref]; ok {
		return digest
	}
	forked := make(map[chunk.Hash]bool)
	for hash, what := range q.aside[ref] {
		if what.reason.forked() {
			forked[hash] = true
		}
	}
	q.digests[ref] = forksDigest(forked)
	return q.digests[ref]
}

// forkedParts are those of which something is set aside for a fork.
func (q *quarantine) forkedParts() (refs []Ref) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for ref, aside := range q.aside {
		for _, what := range aside {
			if what.reason.forked() {
				refs = append(refs, ref)
				break
			}
		}
	}
	return refs
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

// quarantineOps are the records of what a batch had refused, and gone removes
// those of what is accepted now: its author may have become a member since. If
// they are not written, rereadQuarantine has to be called.
//
// What is gone is to be removed by commit.forget: whatever comes in between, a
// change is in quarantine or where it belongs, or in both.
func (s *Store) quarantineOps(b *batch, accepted []*candidate) (ops, gone []Op) {
	q := s.held(b.ref.Space).quarantine
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range accepted {
		if q.forget(b.ref, c.Hash) {
			gone = append(gone, Op{Key: quarantineKey(b.ref, c.Hash)})
		}
	}
	signers := b.signers()
	for _, refused := range b.refused {
		_, known := q.known[quarantineID{b.ref.Document, b.ref.Part, refused.Hash}]
		// That it lost a fork is news of something refused for another reason.
		news := refused.Reason.forked() && q.aside[b.ref][refused.Hash].reason == 0
		if known && !refused.stored && !news {
			continue
		}
		s.log.Warn("refused a change", "ref", b.ref, "hash", refused.Hash, "reason", refused.Reason,
			"detail", refused.Detail, "origin", refused.Origin, "from", refused.From)
		record := refused.record()
		by := signers[refused.Actor]
		if !refused.stored && q.full(&record, by) {
			if known || len(q.known)-q.forked >= maxQuarantined {
				if refused.Reason.mended() {
					q.recall(b.ref, refused.Hash, &record, by)
				}
				continue
			}
			record.Raw = nil
		}
		q.keep(b.ref, refused.Hash, &record, by)
		ops = append(ops, Op{Key: quarantineKey(b.ref, refused.Hash), Value: encode(record)})
	}
	return ops, gone
}

// forget removes records once what makes them superfluous counts: together with
// that where it fits into one write, and after it otherwise. Settle finds what
// is left of those if that is cut short.
func (c *commit) forget(ops []Op) {
	if cost(c.final).plus(cost(ops)).plus(positionCost).fits() {
		c.final = append(c.final, ops...)
	} else {
		c.after = append(c.after, ops...)
	}
}

// signers are who has signed for what a batch had refused for a fork.
func (b *batch) signers() map[chunk.Actor]space.DeviceID {
	signers := make(map[chunk.Actor]space.DeviceID)
	for _, refused := range b.refused {
		if refused.Reason.forked() && refused.signed != nil {
			signers[refused.Actor] = refused.signed.Device
		}
	}
	return signers
}

// full reports whether there is no room for the bytes of a refused change, for
// which by is charged if it lost a fork.
func (q *quarantine) full(record *quarantineRecord, by space.DeviceID) bool {
	size := uint64(len(record.Raw))
	if record.Reason.forked() {
		used := q.charged[by]
		return used.changes >= maxForked || used.bytes+size > maxForkedBytes
	}
	return len(q.known)-q.forked >= maxQuarantined || size > maxQuarantinedOne || q.bytes+size > maxQuarantinedBytes
}

// rereadQuarantine makes what is in memory what is on the disk again.
func (s *Store) rereadQuarantine(id space.ID) {
	q := s.held(id).quarantine
	var stored *quarantine
	err := s.backend.View(func(r Reader) (err error) {
		stored, err = loadQuarantine(r, id)
		return err
	})
	if err != nil {
		s.log.Error("what was refused could not be read again", "space", id, "error", err)
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.known, q.bytes, q.aside = stored.known, stored.bytes, stored.aside
	q.forked, q.charged, q.digests = stored.forked, stored.charged, stored.digests
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

// Quarantine lists what was refused in a space, past what cannot be read, of
// which Open has told.
func (s *Store) Quarantine(id space.ID) (list []Quarantined, err error) {
	prefix := tableKey(id, tableQuarantine)
	err = s.backend.View(func(r Reader) error {
		return r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
			var record quarantineRecord
			if err := read(key, value, &record); err != nil {
				return true, nil //nolint:nilerr // it is passed over
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
			var record quarantineRecord
			if err := read(key, value, &record); err != nil {
				return false, err
			}
			var by space.DeviceID
			if signed := record.signature(); signed != nil {
				by = signed.Device
			}
			q.keep(ref, chunk.Hash(rest), &record, by)
		}
		return true, nil
	})
	q.attribute()
	return q, err
}
