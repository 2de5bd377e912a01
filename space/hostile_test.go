package space

import (
	"testing"
	"time"
)

// Hostile entries are written by facilitators who want everybody's computer to
// be busy, in the worst shapes that were found. The test judges fewer of them
// than the benchmark: making them takes longest.
const (
	hostileEntries = 10_000
	someOfThem     = 1000
)

// writes seals an entry whatever the rules say, on top of some hashes, without
// adding it anywhere.
func (p *someone) writes(log *Log, body any, kind Kind, at int, parents ...Hash) Entry {
	p.t.Helper()
	e, err := seal(p.key, kind, log.id[:], parents, noon.Add(time.Duration(at)*time.Second), body)
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

var hostileShapes = []struct {
	name  string
	most  growth
	shape func(all []*someone, log *Log, n int) [][]byte
}{
	{"two who remove each other thousands of times", growth{pair: 2}, func(all []*someone, log *Log, n int) (raw [][]byte) {
		top := log.Heads()[0]
		for i := range n {
			who, whom := all[i%2], all[1-i%2]
			raw = append(raw, who.writes(log, removeBody{Seat: whom.id()}, KindRemove, i, top).Raw)
		}
		return raw
	}},
	{"a ring of many who remove each other thousands of times", growth{pair: 0.4}, func(all []*someone, log *Log, n int) (raw [][]byte) {
		top := log.Heads()[0]
		for i := range n {
			who, whom := all[i%len(all)], all[(i+1)%len(all)]
			raw = append(raw, who.writes(log, removeBody{Seat: whom.id()}, KindRemove, i, top).Raw)
		}
		return raw
	}},
	{"thousands of roles of one seat beside one another, and what it does", growth{pair: 0.6}, func(all []*someone, log *Log, n int) (raw [][]byte) {
		top := log.Heads()[0]
		seat := all[9]
		for i := range n / 2 {
			role := Role(1 + i%2)
			raw = append(raw, all[i%4].writes(log, roleBody{Seat: seat.id(), Role: role}, KindRole, i, top).Raw)
			raw = append(raw, seat.writes(log, renameBody{Name: "x"}, KindRename, i, top).Raw)
		}
		return raw
	}},
	{"a chain of roles of one seat, and what it does on top of each", growth{pair: 0.4}, func(all []*someone, log *Log, n int) (raw [][]byte) {
		top := log.Heads()[0]
		seat := all[9]
		for i := range n / 2 {
			e := all[i%4].writes(log, roleBody{Seat: seat.id(), Role: Role(1 + i%2)}, KindRole, i, top)
			raw = append(raw, e.Raw, seat.writes(log, inviteBody{InvitationKey{byte(i), byte(i >> 8)}, Editor, 1, 0, false, nil}, KindInvite, i, e.Hash).Raw)
			top = e.Hash
		}
		return raw
	}},
	{"a deep chain of everything against everybody", growth{pair: 0.2}, func(all []*someone, log *Log, n int) (raw [][]byte) {
		top := log.Heads()[0]
		before := top
		for i := range n {
			who, whom := all[i%len(all)], all[(i*7+3)%len(all)]
			var e Entry
			switch i % 4 {
			case 0:
				e = who.writes(log, removeBody{Seat: whom.id()}, KindRemove, i, before)
			case 1:
				e = who.writes(log, roleBody{Seat: whom.id(), Role: Role(1 + i%3)}, KindRole, i, before)
			case 2:
				e = who.writes(log, revokeBody{Device: whom.id()}, KindRevoke, i, top)
			default:
				e = who.writes(log, personBody{Person{Name: "x"}}, KindPerson, i, before)
			}
			raw = append(raw, e.Raw)
			if i%3 == 0 {
				before = top
			}
			top = e.Hash
		}
		return raw
	}},
	{"thousands of revocations and roles of themselves beside one another", growth{pair: 2}, func(all []*someone, log *Log, n int) (raw [][]byte) {
		top := log.Heads()[0]
		for i := range n / 2 {
			who := all[i%2]
			raw = append(raw, who.writes(log, revokeBody{Device: who.id()}, KindRevoke, i, top).Raw)
			raw = append(raw, who.writes(log, roleBody{Seat: who.id(), Role: Reader}, KindRole, i, top).Raw)
		}
		return raw
	}},
	{"cuts that are listed, and replaced, thousands of times", growth{entry: 100, numbers: MaxNumbers + 3000}, func(all []*someone, log *Log, n int) (raw [][]byte) {
		top := log.Heads()[0]
		var continued []Hash
		writes := func(who *someone, kind Kind, body any) {
			e := who.writes(log, body, kind, len(raw), top)
			raw, top = append(raw, e.Raw), e.Hash
		}
		for i := range MaxContinued {
			writes(all[0], KindCut, cutBody{manyNumbers(byte(i), 1000, 3)})
			continued = append(continued, top)
		}
		for i := range (n - MaxContinued) / 2 {
			writes(all[i%4], KindArchive, archiveBody{On: i%3 == 0, Continued: continued})
			writes(all[4+i%4], KindRemove, removeBody{Seat: all[9].id()})
		}
		return raw
	}},
	{"one newcomer let in thousands of times", growth{pair: 6}, func(all []*someone, log *Log, n int) (raw [][]byte) {
		top := log.Heads()[0]
		var secret [32]byte
		invite := all[0].writes(log, inviteBody{Code{Secret: secret}.Invitation(), Facilitator, MaxUses, 0, false, nil}, KindInvite, 0, top)
		raw = append(raw, invite.Raw)
		other := newcomer(all[0].t, all[0].rand, "other")
		application := other.applies(Code{Space: log.ID(), Secret: secret})
		for i := range n / 2 {
			join := all[i%4].writes(log, joinBody{application}, KindJoin, i, invite.Hash)
			raw = append(raw, join.Raw, other.writes(log, removeBody{Seat: all[i%4].id()}, KindRemove, i, join.Hash).Raw)
		}
		return raw
	}},
	{"thousands let in by one invitation", growth{entry: 10}, func(all []*someone, log *Log, n int) (raw [][]byte) {
		top := log.Heads()[0]
		var secret [32]byte
		invite := all[0].writes(log, inviteBody{Code{Secret: secret}.Invitation(), Facilitator, MaxUses, 0, false, nil}, KindInvite, 0, top)
		raw = append(raw, invite.Raw)
		for i := range n {
			other := newcomer(all[0].t, all[0].rand, "other")
			application := other.applies(Code{Space: log.ID(), Secret: secret})
			raw = append(raw, all[i%10].writes(log, joinBody{application}, KindJoin, i, invite.Hash).Raw)
		}
		return raw
	}},
}

// judged is a log with a shape in it.
func judged(t testing.TB, shape func([]*someone, *Log, int) [][]byte, n int) *Log {
	t.Helper()
	all := company(t, 51, Facilitator, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
	log := all[0].log
	all[0].forges(KindPerson, personBody{Person{Name: "0"}}) // so that there is one head
	raw := shape(all, log, n)
	if added, _, err := log.Add(raw...); err != nil || len(added) != len(raw) {
		t.Fatalf("%d of %d were added: %v", len(added), len(raw), err)
	}
	return log
}

func TestHostileLogsTakeBoundedWork(t *testing.T) {
	for _, hostile := range hostileShapes {
		t.Run(hostile.name, func(t *testing.T) {
			isJudgedWith(t, judged(t, hostile.shape, someOfThem), hostile.most)
		})
	}
}

func BenchmarkHostile10000(b *testing.B) {
	for _, hostile := range hostileShapes {
		b.Run(hostile.name, func(b *testing.B) {
			log := judged(b, hostile.shape, hostileEntries)
			b.ResetTimer()
			for range b.N {
				evaluate(log)
			}
		})
	}
}
