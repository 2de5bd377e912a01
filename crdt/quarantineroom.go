package crdt

import (
	"parley/crdt/chunk"
	"parley/space"
)

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
			if what.signed && what.reason.returns() {
				signers[what.actor] = what.by
			}
		}
		for hash, what := range aside {
			by, ok := signers[what.actor]
			if what.signed || !what.reason.returns() || !ok {
				continue
			}
			if what.reason.charged() {
				size := q.known[quarantineID{ref.Document, ref.Part, hash}]
				q.charge(what.by, -1, size)
				q.charge(by, 1, size)
			}
			what.by = by
			aside[hash] = what
		}
	}
}

// full reports whether there is no room for the bytes of a refused change, for
// which by is charged if it may count again.
func (q *quarantine) full(record *quarantineRecord, by space.DeviceID) bool {
	size := uint64(len(record.Raw))
	if record.Reason.judged() && record.Reason.charged() {
		return size > maxQuarantinedOne // trim makes room
	}
	if record.Reason.charged() {
		used := q.charged[by]
		return used.changes >= maxForked || used.bytes+size > maxForkedBytes
	}
	return len(q.known)-q.owned >= maxQuarantined || size > maxQuarantinedOne || q.bytes+size > maxQuarantinedBytes
}

// trim lets go, of those whose changes take more room than there is for what does
// not count, what nobody is told of. What may be nowhere else is kept.
func (q *quarantine) trim(log *space.Log, signers map[chunk.Actor]space.DeviceID) (ops []Op) {
	over := make(map[space.DeviceID]bool)
	for _, device := range signers {
		if used := q.charged[device]; used.changes > maxJudged || used.bytes > maxForkedBytes {
			over[device] = true
		}
	}
	if len(over) == 0 {
		return nil
	}
	told := q.tells(log)
	for ref := range q.judged {
		for hash, what := range q.aside[ref] {
			if over[what.by] && what.reason.judged() && what.reason.charged() && !what.ours && !told.of(ref).hashes[hash] {
				ops = append(ops, Op{Key: quarantineKey(ref, hash)})
			}
		}
	}
	for _, op := range ops {
		if ref, rest, ok := refOf(spaceOf(op.Key), op.Key); ok {
			q.forget(ref, chunk.Hash(rest))
		}
	}
	return ops
}
