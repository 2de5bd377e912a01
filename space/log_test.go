package space

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// source is a seeded stream of bytes, so that a failing test can be repeated.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 7))} }

func (s source) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s.Uint32())
	}
	return len(p), nil
}

// someone is a person with a device and a copy of the log.
type someone struct {
	t    testing.TB
	key  Key
	name string
	log  *Log
	rand source
}

func newcomer(t testing.TB, rand source, name string) *someone {
	t.Helper()
	key, err := GenerateKey(rand)
	if err != nil {
		t.Fatal(err)
	}
	return &someone{t: t, key: key, name: name, rand: rand}
}

func founder(t testing.TB, rand source, name string) *someone {
	t.Helper()
	p := newcomer(t, rand, name)
	log, _, err := Found(p.key, "Riverside", Person{Name: name}, noon, rand)
	if err != nil {
		t.Fatal(err)
	}
	p.log = log
	return p
}

func (p *someone) adds(e Entry, err error) Entry {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	if added, missing, err := p.log.Add(e.Raw); err != nil || len(added) != 1 || len(missing) != 0 {
		p.t.Fatalf("added %d, missing %d, %v", len(added), len(missing), err)
	}
	return e
}

func (p *someone) invites(role Role, uses int, expiry time.Time) Code {
	p.t.Helper()
	e, secret, err := p.log.Invite(p.key, InviteOptions{Role: role, Uses: uses, Expiry: expiry}, noon, p.rand)
	p.adds(e, err)
	return Code{Space: p.log.ID(), Secret: secret, Inviter: p.key.Device(), Name: p.log.Name(), Expiry: expiry}
}

func (p *someone) applies(code Code) []byte {
	p.t.Helper()
	application, err := Apply(p.key, code, Person{Name: p.name})
	if err != nil {
		p.t.Fatal(err)
	}
	return application
}

func (p *someone) admits(other *someone, code Code) {
	p.t.Helper()
	p.adds(p.log.Admit(p.key, other.applies(code), noon))
	if other.log == nil {
		other.log = p.copies()
	}
}

func (p *someone) copies() *Log {
	p.t.Helper()
	log, err := Open(p.log.Entries())
	if err != nil {
		p.t.Fatal(err)
	}
	return log
}

func (p *someone) hears(other *someone) {
	p.t.Helper()
	if _, missing, err := p.log.Add(other.log.Since(p.log.Heads())...); err != nil || len(missing) > 0 {
		p.t.Fatalf("missing %d, %v", len(missing), err)
	}
}

func TestAnyMemberAdmitsForTheInviter(t *testing.T) {
	rand := newSource(1)
	ada, ben, cem := founder(t, rand, "Ada"), newcomer(t, rand, "Ben"), newcomer(t, rand, "Cem")
	code := ada.invites(Editor, 2, noon.Add(time.Hour))
	ada.admits(ben, code)
	ben.admits(cem, code)
	ada.hears(ben)
	members := ada.log.Members()
	if len(members) != 3 {
		t.Fatalf("%d members", len(members))
	}
	got := members[2]
	if got.Device != cem.key.Device() || got.Person.Name != "Cem" || got.Role != Editor ||
		got.InvitedBy != ada.key.Device() || got.Admitted != ben.key.Device() {
		t.Fatalf("third member is %+v", got)
	}
	if !ada.log.MayWrite(cem.key.Device(), Body) {
		t.Fatal("an editor may not write")
	}
	actor := ActorFor(ada.log.ID(), cem.key.Device(), 3)
	if device, ok := ada.log.Actor([16]byte(actor[:16])); !ok || device != cem.key.Device() {
		t.Fatal("the actor's device is not found")
	}
	elsewhere := ActorFor(ID{1}, cem.key.Device(), 3)
	if _, ok := ada.log.Actor([16]byte(elsewhere[:16])); ok {
		t.Fatal("an actor of another space has an owner here")
	}
	if summary(ada.log) != summary(ben.log) {
		t.Fatal("the logs differ")
	}
}

func TestWhyNobodyIsAdmitted(t *testing.T) {
	rand := newSource(2)
	ada, ben, cem := founder(t, rand, "Ada"), newcomer(t, rand, "Ben"), newcomer(t, rand, "Cem")
	once := ada.invites(Editor, 1, noon.Add(time.Hour))
	withdrawn := ada.invites(Editor, 5, time.Time{})
	ada.adds(ada.log.Withdraw(ada.key, withdrawn.Invitation(), noon))
	ada.admits(ben, once)
	stranger := founder(t, rand, "Dee")
	elsewhere := stranger.invites(Editor, 1, time.Time{})
	unknown := once
	unknown.Secret[0] ^= 1
	tests := []struct {
		name        string
		application []byte
		now         time.Time
		want        error
	}{
		{"used up", cem.applies(once), noon, ErrUsedUp},
		{"withdrawn", cem.applies(withdrawn), noon, ErrWithdrawn},
		{"already in", ben.applies(once), noon, ErrAlreadyMember},
		{"other space", cem.applies(elsewhere), noon, ErrOtherSpace},
		{"unknown", cem.applies(unknown), noon, ErrUnknownInvitation},
		{"malformed", []byte("hello"), noon, ErrMalformedApplication},
	}
	for _, test := range tests {
		if _, err := ada.log.Admit(ada.key, test.application, test.now); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	late := ada.invites(Editor, 1, noon.Add(time.Hour))
	if _, err := ada.log.Admit(ada.key, cem.applies(late), noon.Add(time.Hour)); err != nil {
		t.Errorf("in the last second: %v", err)
	}
	if _, err := ada.log.Admit(ada.key, cem.applies(late), noon.Add(time.Hour+time.Second)); !errors.Is(err, ErrExpired) {
		t.Errorf("after the last second: %v", err)
	}
	if _, err := stranger.log.Admit(ada.key, cem.applies(elsewhere), noon); !errors.Is(err, ErrNotMember) {
		t.Errorf("by a stranger: %v", err)
	}
	if _, _, err := ben.log.Invite(ben.key, InviteOptions{Role: Editor, Uses: 1}, noon, rand); !errors.Is(err, ErrNotFacilitator) {
		t.Errorf("an editor invites: %v", err)
	}
}

func TestTwoAdmittersOverAnInvitationAgreeWhoIsIn(t *testing.T) {
	rand := newSource(3)
	ada, ben := founder(t, rand, "Ada"), newcomer(t, rand, "Ben")
	ada.admits(ben, ada.invites(Editor, 1, time.Time{}))
	code := ada.invites(Editor, 1, time.Time{})
	ben.hears(ada)
	first, second := newcomer(t, rand, "Cem"), newcomer(t, rand, "Dee")
	ada.admits(first, code)
	ben.admits(second, code)
	// Whoever is not in wrote something before they could know.
	for _, p := range []*someone{first, second} {
		p.adds(p.log.SetPerson(p.key, Person{Name: p.name + "!"}, noon))
	}
	everyone := []*someone{ada, ben, first, second}
	for range 2 {
		for _, p := range everyone {
			for _, q := range everyone {
				p.hears(q)
			}
		}
	}
	if n := len(ada.log.Members()); n != 3 {
		t.Fatalf("%d members, want 3", n)
	}
	for _, p := range everyone[1:] {
		if summary(p.log) != summary(ada.log) {
			t.Fatalf("%s sees another space than Ada", p.name)
		}
	}
}

func TestOneNewcomerAdmittedTwiceTakesOneUse(t *testing.T) {
	rand := newSource(4)
	ada, ben, cem := founder(t, rand, "Ada"), newcomer(t, rand, "Ben"), newcomer(t, rand, "Cem")
	ada.admits(ben, ada.invites(Editor, 1, time.Time{}))
	code := ada.invites(Editor, 1, time.Time{})
	ben.hears(ada)
	application := cem.applies(code)
	ada.adds(ada.log.Admit(ada.key, application, noon))
	ben.adds(ben.log.Admit(ben.key, application, noon.Add(time.Minute)))
	// Cem knows only one of the two admissions. What he writes counts, whichever comes first.
	for _, known := range []*someone{ada, ben} {
		cem.log = known.copies()
		cem.adds(cem.log.SetPerson(cem.key, Person{Name: "Cem through " + known.name}, noon))
		all := known.copies()
		if _, _, err := all.Add(append(ada.log.Entries(), append(ben.log.Entries(), cem.log.Entries()...)...)...); err != nil {
			t.Fatal(err)
		}
		if m, ok := all.Member(cem.key.Device()); !ok || m.Person.Name != "Cem through "+known.name {
			t.Fatalf("member is %+v", m)
		}
		if n := len(all.Members()); n != 3 {
			t.Fatalf("%d members", n)
		}
	}
}

func TestEntriesWithoutRightChangeNothing(t *testing.T) {
	rand := newSource(5)
	ada, ben, eve := founder(t, rand, "Ada"), newcomer(t, rand, "Ben"), newcomer(t, rand, "Eve")
	code := ada.invites(Editor, 3, noon)
	ada.admits(ben, code)
	before := fmt.Sprint(ben.log.Members(), ben.log.Invitations())
	own := KeyFromSeed([32]byte{9})
	forged := []struct {
		name string
		key  Key
		kind Kind
		body any
		at   time.Time
		kept bool
	}{
		{"an editor invites a facilitator", ben.key, KindInvite, inviteBody{Invitation: InvitationKey(own.Device()), Role: Facilitator, Uses: 1}, noon, true},
		{"an editor withdraws", ben.key, KindWithdraw, withdrawBody{Invitation: code.Invitation()}, noon, true},
		{"a stranger invites", eve.key, KindInvite, inviteBody{Invitation: InvitationKey(own.Device()), Role: Editor, Uses: 1}, noon, false},
		{"a stranger renames", eve.key, KindPerson, personBody{Person: Person{Name: "Ada"}}, noon, false},
		{"a stranger admits herself", eve.key, KindJoin, joinBody{Application: eve.applies(code)}, noon, false},
		{"a late admission", ben.key, KindJoin, joinBody{Application: eve.applies(code)}, noon.Add(time.Second), true},
	}
	for _, f := range forged {
		e, err := seal(f.key, f.kind, ben.log.id[:], ben.log.Heads(), f.at, f.body)
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		added, _, err := ben.log.Add(e.Raw)
		if kept := len(added) == 1; kept != f.kept || !kept && !errors.Is(err, ErrNoStanding) {
			t.Errorf("%s: kept %t, %v", f.name, kept, err)
		}
		if after := fmt.Sprint(ben.log.Members(), ben.log.Invitations()); after != before {
			t.Errorf("%s:\n%s\n%s", f.name, before, after)
		}
	}
}

func TestAJoinCountsIfTheWithdrawalIsNotBelowIt(t *testing.T) {
	rand := newSource(6)
	ada, ben, cem, dee := founder(t, rand, "Ada"), newcomer(t, rand, "Ben"), newcomer(t, rand, "Cem"), newcomer(t, rand, "Dee")
	code := ada.invites(Editor, 5, time.Time{})
	ada.admits(ben, code)
	ada.adds(ada.log.Withdraw(ada.key, code.Invitation(), noon))
	ben.admits(cem, code) // he does not know yet
	ben.hears(ada)
	if _, ok := ben.log.Member(cem.key.Device()); !ok {
		t.Fatal("Cem was let in before anybody there knew of the withdrawal")
	}
	e, err := seal(ben.key, KindJoin, ben.log.id[:], ben.log.Heads(), noon, joinBody{Application: dee.applies(code)})
	ben.adds(e, err)
	if _, ok := ben.log.Member(dee.key.Device()); ok {
		t.Fatal("Dee was let in after the withdrawal")
	}
}

func TestMissingParentsAreNamed(t *testing.T) {
	rand := newSource(8)
	ada := founder(t, rand, "Ada")
	behind := ada.copies()
	for i := range 3 {
		ada.adds(ada.log.SetPerson(ada.key, Person{Name: fmt.Sprint("Ada ", i)}, noon))
	}
	entries := ada.log.Entries()
	added, missing, err := behind.Add(entries[3], entries[2])
	if err != nil || len(added) != 0 || len(missing) != 1 {
		t.Fatalf("added %d, missing %d, %v", len(added), len(missing), err)
	}
	if e, _ := ParseEntry(entries[1]); missing[0] != e.Hash {
		t.Fatal("another entry is named as missing")
	}
	added, missing, err = behind.Add(entries[3], entries[1], entries[2], entries[1], entries[0])
	if err != nil || len(added) != 3 || len(missing) != 0 || summary(behind) != summary(ada.log) {
		t.Fatalf("added %d, missing %d, %v", len(added), len(missing), err)
	}
	if added[0].Parents[0] != Hash(behind.ID()) {
		t.Fatal("a child comes before its parent")
	}
	if _, err := Open(entries[1:]); err == nil {
		t.Fatal("a log without its founding entry opens")
	}
	other := founder(t, rand, "Dee")
	if added, _, err := ada.log.Add(other.log.Entries()[0], []byte("x")); !errors.Is(err, ErrOtherSpace) || !errors.Is(err, ErrMalformedEntry) || len(added) != 0 {
		t.Fatalf("added %d, %v", len(added), err)
	}
}

func TestSinceIsWhatTheOtherLacks(t *testing.T) {
	rand := newSource(9)
	ada, ben := founder(t, rand, "Ada"), newcomer(t, rand, "Ben")
	ada.admits(ben, ada.invites(Editor, 1, time.Time{}))
	ada.adds(ada.log.SetPerson(ada.key, Person{Name: "Ada L."}, noon))
	ben.adds(ben.log.SetPerson(ben.key, Person{Name: "Ben K."}, noon))
	// Ada does not know Ben's newest entry, but what he built it on.
	if got := ada.log.Since(ben.log.Landmarks()); len(got) != 1 {
		t.Fatalf("%d entries, want the one that Ben lacks", len(got))
	}
	if got := ada.log.Since(nil); len(got) != ada.log.Len() {
		t.Fatalf("%d entries for someone who has none", len(got))
	}
	ben.hears(ada)
	ada.hears(ben)
	if summary(ada.log) != summary(ben.log) || len(ada.log.Heads()) != 2 {
		t.Fatal("the logs differ")
	}
	if got := ada.log.Since(ben.log.Heads()); len(got) != 0 {
		t.Fatalf("%d entries for someone who has all", len(got))
	}
	if !slices.IsSortedFunc(ada.log.Heads(), compareHashes) {
		t.Fatal("heads are not sorted")
	}
}
