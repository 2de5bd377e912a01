package crdt

import (
	"maps"
	"slices"
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

// Limits on what is kept of the losing sides of forks, and of what members
// wrote who may not, per space and device that has signed for it, so that nobody
// uses up the room of others: this is people's work, which may count again. What
// this device had accepted before is kept whatever it is.
const (
	maxForked      = 1 << 16
	maxForkedBytes = 64 << 20
	// maxJudged is from which number on nothing is kept of a device that does not
	// count and is not told: no fewer than are told of anybody.
	maxJudged = toldOfOne / toldEach
)

// charged reports whether what is set aside for a reason takes of the room of
// whoever has signed for it. Of strangers there are as many as somebody makes
// up: theirs takes of the room that all share.
func (r Reason) charged() bool { return r.forked() || r.judged() && r != ReasonNoRight }

// quarantine remembers what is in quarantine, so that what comes again and
// again is written once.
type quarantine struct {
	mu    sync.Mutex
	known map[quarantineID]uint64 // bytes
	bytes uint64
	aside map[Ref]map[chunk.Hash]setAside // what makes no sense, what Mend took out with it, and what may count again

	owned   int                      // of those, what somebody is charged for
	charged map[space.DeviceID]usage // the same, by who has signed for it; who nobody knows of is the zero device
	digests map[Ref][16]byte         // what forks has found, until something of the part comes or goes
	judged  map[Ref]int              // how many of a part are aside because they do not count
	told    *told                    // what others are told of these; nil: not found out since some came or went
}

// setAside is what has to be known of such a change.
type setAside struct {
	actor  chunk.Actor
	seq    uint64
	reason Reason
	by     space.DeviceID // who is charged for it
	signed bool           // by them, this very change
	deps   []chunk.Hash
	ours   bool // it was in the part once, or written here: it may be nowhere else
}

// usage is what somebody takes of the room for what may count again.
type usage struct {
	changes int
	bytes   uint64
}

func newQuarantine() *quarantine {
	return &quarantine{
		known: make(map[quarantineID]uint64), aside: make(map[Ref]map[chunk.Hash]setAside),
		charged: make(map[space.DeviceID]usage), digests: make(map[Ref][16]byte), judged: make(map[Ref]int),
	}
}

// keep notes a refused change that has a record, and charges by for it if it
// may count again.
func (q *quarantine) keep(ref Ref, hash chunk.Hash, record *quarantineRecord, by space.DeviceID, deps []chunk.Hash) {
	q.forget(ref, hash)
	size := uint64(len(record.Raw))
	q.known[quarantineID{ref.Document, ref.Part, hash}] = size
	if record.Reason.charged() && record.kept() {
		q.owned++
		q.charge(by, 1, size)
	} else {
		q.bytes += size
	}
	q.recall(ref, hash, record, by, deps)
}

// recall notes what decides about a change when it comes again: that it makes
// no sense, or that it may count again and is kept.
func (q *quarantine) recall(ref Ref, hash chunk.Hash, record *quarantineRecord, by space.DeviceID, deps []chunk.Hash) {
	if !record.Reason.mended() && !record.kept() {
		return
	}
	if q.aside[ref] == nil {
		q.aside[ref] = make(map[chunk.Hash]setAside)
	}
	delete(q.digests, ref)
	if record.Reason.judged() {
		q.judged[ref]++
		q.told = nil
	}
	q.aside[ref][hash] = setAside{chunk.Actor(record.Actor), record.Seq, record.Reason, by, record.signature() != nil, deps, record.ours()}
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
	if what := q.aside[ref][hash]; what.reason.charged() {
		q.owned--
		q.charge(what.by, -1, size)
	} else {
		q.bytes -= size
	}
	if q.aside[ref][hash].reason.judged() {
		q.told = nil
		if q.judged[ref]--; q.judged[ref] == 0 {
			delete(q.judged, ref)
		}
	}
	delete(q.aside[ref], hash)
	if len(q.aside[ref]) == 0 {
		delete(q.aside, ref)
	}
	return true
}

// why is the reason for which a change is set aside that may count again, or
// makes no sense; 0 if there is none.
func (q *quarantine) why(ref Ref, hash chunk.Hash) Reason {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.aside[ref][hash].reason
}

// isForked reports whether a change is set aside for a fork.
func (q *quarantine) isForked(ref Ref, hash chunk.Hash) bool { return q.why(ref, hash).forked() }

// isJudged reports whether a change is here, and set aside since it does not
// count by the membership log.
func (q *quarantine) isJudged(ref Ref, hash chunk.Hash) bool { return q.why(ref, hash).judged() }

// keepsJudged reports whether anything of a part is.
func (q *quarantine) keepsJudged(ref Ref) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.judged[ref] > 0
}

// judgedOf counts those of a part.
func (q *quarantine) judgedOf(ref Ref) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.judged[ref]
}

// judgedParts are those of which anything is aside because it does not count.
func (q *quarantine) judgedParts() []Ref {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Collect(maps.Keys(q.judged))
}

// voucher finds the next change of an actor above a number that is set aside
// likewise and signed for.
func (q *quarantine) voucher(ref Ref, actor chunk.Actor, above uint64) (voucher chunk.Hash, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var seq uint64
	for hash, what := range q.aside[ref] {
		if what.reason.judged() && what.signed && what.actor == actor && what.seq > above && (!ok || what.seq < seq) {
			voucher, seq, ok = hash, what.seq, true
		}
	}
	return voucher, ok
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
// comes, or one that is aside because it did not count: it comes out of there.
func (q *quarantine) reaches(ref Ref, vector Vector) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, what := range q.aside[ref] {
		if (what.reason.final() || what.reason.judged()) && what.seq > 0 && vector[what.actor] >= what.seq {
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
	signers := b.refusedFor()
	rights := rightsIn(s.held(b.ref.Space).log, b.ref)
	for _, refused := range b.refused {
		_, known := q.known[quarantineID{b.ref.Document, b.ref.Part, refused.Hash}]
		// That it may count again is news of something refused for another
		// reason, and so it is that it lost a fork; that is for Settle to undo.
		before := q.aside[b.ref][refused.Hash]
		news := refused.Reason.returns() && before.reason == 0 || refused.Reason.forked() && before.reason.judged() ||
			refused.Reason.judged() && before.reason.judged() && before.saysLess(rights, refused.signed)
		if known && !refused.stored && !news {
			continue
		}
		s.log.Warn("refused a change", "ref", b.ref, "hash", refused.Hash, "reason", refused.Reason,
			"detail", refused.Detail, "origin", refused.Origin, "from", refused.From)
		record := refused.record()
		if before.ours {
			record.From = space.DeviceID{}
		}
		by := signers[refused.Actor]
		if refused.signed != nil && refused.Reason.returns() {
			by = refused.signed.Device
		}
		if !refused.stored && q.full(&record, by) {
			if known || len(q.known)-q.owned >= maxQuarantined {
				if refused.Reason.mended() {
					q.recall(b.ref, refused.Hash, &record, by, refused.deps)
				}
				continue
			}
			record.Raw = nil
		}
		q.keep(b.ref, refused.Hash, &record, by, refused.deps)
		ops = append(ops, Op{Key: quarantineKey(b.ref, refused.Hash), Value: encode(record)})
	}
	return append(ops, q.trim(s.held(b.ref.Space).log, signers)...), gone
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

// refusedFor are who has signed for what a batch had refused that may count
// again.
func (b *batch) refusedFor() map[chunk.Actor]space.DeviceID {
	signers := make(map[chunk.Actor]space.DeviceID)
	for _, refused := range b.refused {
		if refused.Reason.returns() && refused.signed != nil {
			signers[refused.Actor] = refused.signed.Device
		}
	}
	return signers
}

// rereadQuarantine makes what is in memory what is on the disk again.
func (s *Store) rereadQuarantine(id space.ID) {
	q := s.held(id).quarantine
	var stored *quarantine
	err := s.backend.View(func(r Reader) (err error) {
		stored, err = loadQuarantine(r, id, s.limits)
		return err
	})
	if err != nil {
		s.log.Error("what was refused could not be read again", "space", id, "error", err)
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.known, q.bytes, q.aside = stored.known, stored.bytes, stored.aside
	q.owned, q.charged, q.digests, q.judged = stored.owned, stored.charged, stored.digests, stored.judged
	q.told = nil
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

// loadQuarantine reads what of a space is in quarantine.
func loadQuarantine(r Reader, id space.ID, limits chunk.Limits) (*quarantine, error) {
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
			var deps []chunk.Hash
			if record.kept() {
				// One that does not parse is found, and told of, once it is needed.
				c, _ := chunk.ParseChange(record.Raw, limits)
				deps = c.Deps
			}
			q.keep(ref, chunk.Hash(rest), &record, by, slices.Clone(deps))
		}
		return true, nil
	})
	q.attribute()
	return q, err
}
