package space

import (
	"testing"
	"time"
)

// flood is entries of one member, in a log of their own.
type flood struct {
	t   testing.TB
	log *Log
	by  *someone
	top []Hash
}

func (p *someone) floodsOn(log *Log) *flood {
	return &flood{t: p.t, log: log, by: p, top: log.Heads()}
}

// writes puts an entry on top of the one before.
func (f *flood) writes(kind Kind, body any) Hash {
	f.t.Helper()
	hash := f.writesBeside(kind, body)
	f.top = []Hash{hash}
	return hash
}

// writesBeside puts an entry on top of what the one before is on top of.
func (f *flood) writesBeside(kind Kind, body any) Hash {
	f.t.Helper()
	e, err := seal(f.by.key, kind, f.log.id[:], f.top, noon, body)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.log.link(e); err != nil {
		f.t.Fatal(err)
	}
	return e.Hash
}

// isJudgedWith judges the whole log, and counts the work.
func (f *flood) isJudgedWith(most growth) {
	f.t.Helper()
	f.log.order = f.log.sorted()
	f.log.renumber(0)
	isJudgedWith(f.t, f.log, most)
}

// growth bounds the work of judging a log, whatever machine does it: how often
// two entries are compared, for each entry and for each pair of them, and how
// many numbers are taken from cuts. It is about a third more than is due, so that
// what grows with another power of the entries is found.
type growth struct {
	entry, pair float64
	numbers     int
}

// isJudgedWith judges a log from nothing, and counts the work, which is the same
// for the same entries.
func isJudgedWith(t testing.TB, l *Log, most growth) {
	t.Helper()
	looks, numbers := 0, 0
	g := newLedger(l)
	g.looks = &looks
	g.decideAll()
	for _, claims := range g.fold().claims {
		numbers += len(claims)
	}
	n := float64(len(l.nodes))
	t.Logf("of %d entries, two are compared %d times: %.2f for each, %.4f for each pair; %d numbers of cuts are taken",
		len(l.nodes), looks, float64(looks)/n, float64(looks)/n/n, numbers)
	if limit := most.entry*n + most.pair*n*n; float64(looks) > limit {
		t.Errorf("%.0f times are due at most", limit)
	}
	if numbers > most.numbers {
		t.Errorf("%d numbers are due at most", most.numbers)
	}
}

// What nobody wrote to be a nuisance costs each entry a little, however many
// there are.
func TestAnOrdinaryLogTakesLittleWork(t *testing.T) {
	for _, length := range []int{100, 400} {
		entries, _ := largeLog(t, length)
		log, err := Open(entries)
		if err != nil {
			t.Fatal(err)
		}
		isJudgedWith(t, log, growth{entry: 3.5})
	}
}

// Whoever writes many keys and many joins makes each join look at them all, but
// not at each of them for each of the others: that took minutes.
func TestKeysAndJoinsOfOneMemberTakeBoundedWork(t *testing.T) {
	const n = 500
	for name, write := range map[string]func(f *flood, d *someone, code Code){
		"one key into one seat": func(f *flood, d *someone, code Code) {
			for i := range n {
				f.writes(KindSeatKey, seatKeyBody{Key: code.Invitation(), Purpose: Link, Uses: 1, Expiry: uint64(i), Seat: d.id(), Proof: ProveSeatKey(code.Secret, f.by.key.Device(), Link)})
			}
			for range n {
				f.writes(KindJoin, joinBody{Application: d.applies(code)})
			}
		},
		"joins beside each other": func(f *flood, d *someone, code Code) {
			for i := range n {
				f.writes(KindSeatKey, seatKeyBody{Key: code.Invitation(), Purpose: Link, Uses: 1, Expiry: uint64(i), Seat: d.id(), Proof: ProveSeatKey(code.Secret, f.by.key.Device(), Link)})
			}
			for i := range n {
				f.writesBeside(KindJoin, joinBody{Application: mustApply(f.t, d, code, i)})
			}
		},
		"one key into many seats": func(f *flood, d *someone, code Code) {
			for i := range n {
				f.writes(KindSeatKey, seatKeyBody{Key: code.Invitation(), Purpose: Link, Uses: 1, Seat: DeviceID{byte(i), byte(i >> 8)}, Proof: ProveSeatKey(code.Secret, f.by.key.Device(), Link)})
			}
			for range n {
				f.writes(KindJoin, joinBody{Application: d.applies(code)})
			}
		},
		"many keys": func(f *flood, d *someone, code Code) {
			codes := make([]Code, n)
			for i := range codes {
				codes[i] = Code{Space: code.Space, Secret: [32]byte{byte(i), byte(i >> 8), 7}}
				f.writes(KindSeatKey, seatKeyBody{Key: codes[i].Invitation(), Purpose: Link, Uses: 1, Seat: d.id(), Proof: ProveSeatKey(codes[i].Secret, f.by.key.Device(), Link)})
			}
			for _, code := range codes {
				f.writesBeside(KindJoin, joinBody{Application: d.applies(code)})
			}
		},
		"invites of one key": func(f *flood, d *someone, code Code) {
			for i := range n {
				f.writes(KindInvite, inviteBody{Invitation: code.Invitation(), Role: Reader, Uses: 1, Expiry: uint64(i)})
			}
			for range n {
				f.writes(KindJoin, joinBody{Application: d.applies(code)})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			all := company(t, 431, Reader, "ada", "mal")
			ada, mal := all[0], all[1]
			f := mal.floodsOn(ada.copies())
			f.t = t
			write(f, newcomer(t, ada.rand, "d"), Code{Space: f.log.ID(), Secret: [32]byte{5}})
			f.isJudgedWith(growth{pair: 1.5})
		})
	}
}

// mustApply is the n-th of the applications of one newcomer with one code.
func mustApply(t testing.TB, d *someone, code Code, n int) []byte {
	t.Helper()
	application, err := ApplyAs(d.key, code, Person{Name: "d"}, time.Unix(int64(n), 0).UTC().Format(time.RFC3339))
	if err != nil {
		t.Fatal(err)
	}
	return application
}

// An entry may list 64 continuations, and many may list the same.
func TestContinuationsAreReadOnce(t *testing.T) {
	all := company(t, 441, Editor, "ada", "mal")
	ada, mal := all[0], all[1]
	spare := mal.links("spare")
	meet(ada, mal, spare)
	f := mal.floodsOn(ada.copies())
	var continued []Hash
	for i := range MaxContinued {
		var cut Cut
		for d := range 3 {
			part := CutPart{Document: [16]byte{byte(i), byte(d)}, Part: Body}
			for a := range 900 {
				part.Actors = append(part.Actors, ActorSeq{Actor: []byte{byte(a >> 8), byte(a)}, Seq: 1})
			}
			cut = append(cut, part)
		}
		continued = append(continued, f.writes(KindCut, cutBody{Cut: cut}))
	}
	for range 1000 {
		f.writes(KindRevoke, revokeBody{Device: spare.id(), Continued: continued})
	}
	f.isJudgedWith(growth{entry: 150, numbers: MaxNumbersOwn + 3000})
}
