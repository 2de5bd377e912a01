package crdt

import (
	"parley/crdt/chunk"
	"parley/space"
)

// standing are the changes of a part that are set aside because they did not
// count, and stand by themselves now.
func (q *quarantine) standing(r rights) (hashes []chunk.Hash) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.judged[r.ref] == 0 {
		return nil
	}
	order, st := q.listen(r)
	for i, hash := range order {
		what := q.aside[r.ref][hash]
		if what.reason.judged() && st.stands(what.actor, what.seq, st.voices[i]) {
			hashes = append(hashes, hash)
		}
	}
	return hashes
}

// listen finds out what the signatures are worth that what is set aside of a part
// came with. Nothing else can speak for it: what is above it is not in the part.
func (q *quarantine) listen(r rights) (order []chunk.Hash, st *standing) {
	aside := q.aside[r.ref]
	at := make(map[chunk.Hash]int, len(aside))
	for hash, what := range aside {
		if what.reason.returns() {
			at[hash] = len(order)
			order = append(order, hash)
		}
	}
	list := make([]saying, len(order))
	for i, hash := range order {
		what := aside[hash]
		list[i] = saying{actor: what.actor, seq: what.seq, by: what.by, heard: what.signed}
		for _, dep := range what.deps {
			if below, ok := at[dep]; ok {
				list[i].below = append(list[i].below, below)
			}
		}
	}
	return order, r.standing(list)
}

// answerable are who wrote each change that is set aside of a part, or vouched
// for it, and why it does not count now.
func (q *quarantine) answerable(r rights) map[chunk.Hash]author {
	q.mu.Lock()
	defer q.mu.Unlock()
	order, st := q.listen(r)
	answers := make(map[chunk.Hash]author, len(order))
	for i, hash := range order {
		what := q.aside[r.ref][hash]
		why, device := st.reason(what.actor, st.voices[i])
		answers[hash] = author{device: device, why: why, judged: what.reason.judged()}
	}
	return answers
}

// author says who is answerable for a change that is set aside.
type author struct {
	device space.DeviceID
	why    Reason
	judged bool
}

// saysLess reports whether a signature of a change says more for it than the one
// that it was set aside with. So those who have different ones come to keep the
// same.
func (a setAside) saysLess(r rights, other *Signature) bool {
	return other != nil && (!a.signed || other.Device != a.by && r.voiceOf(a.by).less(r.voiceOf(other.Device)))
}
