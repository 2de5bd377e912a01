package space

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// seedEnv repeats a run with that seed.
const seedEnv = "PARLEY_TEST_SEED"

func printedSeed(t *testing.T) source {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv(seedEnv); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("repeat with %s=%d", seedEnv, seed)
	return newSource(seed)
}

// randomLog has people invite, withdraw, admit, rename and meddle, each with
// what they happen to know, and returns all entries that came of it.
func randomLog(t *testing.T, rand source, steps int) [][]byte {
	t.Helper()
	people := []*someone{founder(t, rand, "person 0")}
	var codes []Code
	pick := func() *someone { return people[rand.IntN(len(people))] }
	for i := range steps {
		p := pick()
		now := noon.Add(time.Duration(rand.IntN(100)) * time.Minute)
		switch rand.IntN(8) {
		case 0:
			role := Role(1 + rand.IntN(5))
			if e, secret, err := p.log.Invite(p.key, InviteOptions{Role: role, Uses: 1 + rand.IntN(2), Expiry: noon.Add(time.Hour)}, noon, rand); err == nil {
				p.adds(e, nil)
				codes = append(codes, Code{Space: p.log.ID(), Secret: secret})
			}
		case 1:
			if len(codes) > 0 && rand.IntN(3) == 0 {
				if e, err := p.log.Withdraw(p.key, codes[rand.IntN(len(codes))].Invitation(), now); err == nil {
					p.adds(e, nil)
				}
			}
		case 2, 3:
			if len(codes) == 0 {
				break
			}
			code := codes[rand.IntN(len(codes))]
			other := newcomer(t, rand, fmt.Sprint("person ", i))
			// Some admit although they should know better.
			body := joinBody{Application: other.applies(code)}
			if e, err := seal(p.key, KindJoin, p.log.id[:], p.log.Heads(), now, body); err == nil {
				p.adds(e, nil)
				other.log = p.copies()
				people = append(people, other)
			}
		case 4:
			p.adds(seal(p.key, KindPerson, p.log.id[:], p.log.Heads(), now, personBody{Person: Person{Name: fmt.Sprint("name ", i)}}))
		case 5:
			p.adds(seal(p.key, KindInvite, p.log.id[:], p.log.Heads(), now, inviteBody{Invitation: InvitationKey{byte(i)}, Role: Facilitator, Uses: 3}))
		default:
			p.hears(pick())
		}
	}
	all := people[0]
	for _, p := range people[1:] {
		all.hears(p)
	}
	return all.log.Entries()
}

func TestTheSameEntriesMakeTheSameSpace(t *testing.T) {
	rand := printedSeed(t)
	for range 10 {
		entries := randomLog(t, rand, 60)
		want, err := Open(entries)
		if err != nil {
			t.Fatal(err)
		}
		// Delivered shuffled, in parts, some of them twice, and among them
		// what strangers write beside and on top.
		shuffled := append(slices.Clone(entries), strangersEntries(t, rand, want)...)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		log, err := Open(entries[:1])
		if err != nil {
			t.Fatal(err)
		}
		for log.Len() < len(entries) {
			from := rand.IntN(len(shuffled))
			to := from + 1 + rand.IntN(len(shuffled)-from)
			if _, _, err := log.Add(shuffled[from:to]...); err != nil && !errors.Is(err, ErrNoStanding) {
				t.Fatal(err)
			}
			if naive := evaluateNaively(log); naive != summary(log) {
				t.Fatalf("with %d of %d entries\n%s\nbut naively\n%s", log.Len(), len(entries), summary(log), naive)
			}
		}
		if summary(log) != summary(want) {
			t.Fatalf("\n%s\n\n%s", summary(log), summary(want))
		}
	}
}

// strangersEntries are of people whom nobody let in: beside the log's entries,
// on top of each other, and joins of each other.
func strangersEntries(t *testing.T, rand source, log *Log) (raw [][]byte) {
	t.Helper()
	eve, mal := newcomer(t, rand, "Eve"), newcomer(t, rand, "Mal")
	parents := []Hash{Hash(log.ID())}
	for i := range 5 {
		code := Code{Space: log.ID(), Secret: [32]byte{byte(i)}}
		e, err := seal(eve.key, KindJoin, log.id[:], parents, noon, joinBody{Application: mal.applies(code)})
		if err != nil {
			t.Fatal(err)
		}
		above, err := seal(mal.key, KindPerson, log.id[:], []Hash{e.Hash}, noon, personBody{Person: Person{Name: "Mal"}})
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, e.Raw, above.Raw)
		parents = []Hash{log.Heads()[rand.IntN(len(log.Heads()))]}
	}
	return raw
}

// evaluateNaively computes what a log says from its set of entries, straight
// from docs/formats.md: ancestors by walking, the order by searching.
func evaluateNaively(l *Log) string {
	entries := make(map[Hash]Entry)
	for _, raw := range l.Entries() {
		e, err := ParseEntry(raw)
		if err != nil {
			panic(err)
		}
		entries[e.Hash] = e
	}
	below := make(map[Hash]map[Hash]bool)
	var past func(h Hash) map[Hash]bool
	past = func(h Hash) map[Hash]bool {
		if below[h] == nil {
			set := make(map[Hash]bool)
			for _, parent := range entries[h].Parents {
				set[parent] = true
				for ancestor := range past(parent) {
					set[ancestor] = true
				}
			}
			below[h] = set
		}
		return below[h]
	}
	var order []Entry
	placed := make(map[Hash]bool)
	for len(order) < len(entries) {
		var next *Entry
		for hash, e := range entries {
			open := !placed[hash]
			for _, parent := range e.Parents {
				open = open && placed[parent]
			}
			if open && (next == nil || compareHashes(hash, next.Hash) < 0) {
				next = &e
			}
		}
		order = append(order, *next)
		placed[next.Hash] = true
	}
	raw := make([][]byte, len(order))
	for i, e := range order {
		raw[i] = e.Raw
	}
	members, invitations := naiveState(order, past)
	name := order[0].body.(*foundBody).Name
	return fmt.Sprintf("%s %x %x\n%+v\n%+v", name, l.Digest(), raw, members, invitations)
}

func naiveState(order []Entry, past func(Hash) map[Hash]bool) (members []Member, invitations []Invitation) {
	grants := make(map[DeviceID][]Hash)
	invited := make(map[InvitationKey]Hash)
	withdrawals := make(map[InvitationKey][]Hash)
	member := func(d DeviceID) int { return slices.IndexFunc(members, func(m Member) bool { return m.Device == d }) }
	invitation := func(k InvitationKey) int {
		return slices.IndexFunc(invitations, func(i Invitation) bool { return i.Key == k })
	}
	anyBelow := func(e Entry, hashes []Hash) bool {
		return slices.ContainsFunc(hashes, func(h Hash) bool { return past(e.Hash)[h] })
	}
	for _, e := range order {
		author := member(e.Author)
		if e.Kind != KindFound && (author < 0 || !anyBelow(e, grants[e.Author])) {
			continue
		}
		switch body := e.body.(type) {
		case *foundBody:
			members = append(members, Member{Device: e.Author, Seat: e.Author, Person: body.Person, Role: Facilitator, Joined: e.Time})
			grants[e.Author] = []Hash{e.Hash}
		case *personBody:
			members[author].Person = body.Person
		case *inviteBody:
			if members[author].Role == Facilitator && invitation(body.Invitation) < 0 {
				made := Invitation{Key: body.Invitation, Role: body.Role, Uses: int(body.Uses), Author: e.Author, Created: e.Time}
				if body.Expiry != 0 {
					made.Expiry = time.Unix(int64(body.Expiry), 0).UTC()
				}
				invitations = append(invitations, made)
				invited[body.Invitation] = e.Hash
			}
		case *withdrawBody:
			if at := invitation(body.Invitation); members[author].Role == Facilitator && at >= 0 && past(e.Hash)[invited[body.Invitation]] {
				invitations[at].Withdrawn = true
				withdrawals[body.Invitation] = append(withdrawals[body.Invitation], e.Hash)
			}
		case Application:
			at := invitation(body.Invitation)
			if at < 0 || !past(e.Hash)[invited[body.Invitation]] || anyBelow(e, withdrawals[body.Invitation]) {
				continue
			}
			through := &invitations[at]
			if !through.Expiry.IsZero() && e.Time.After(through.Expiry) {
				continue
			}
			if member(body.Device) < 0 {
				if through.Used == through.Uses {
					continue
				}
				through.Used++
				members = append(members, Member{
					Device: body.Device, Seat: body.Device, Person: body.Person, Role: through.Role,
					Joined: e.Time, InvitedBy: through.Author, Admitted: e.Author,
				})
			}
			grants[body.Device] = append(grants[body.Device], e.Hash)
		}
	}
	return members, invitations
}
