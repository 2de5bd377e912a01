package space

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// busyLog is a log in which everything has happened.
func busyLog(t *testing.T) *Log {
	t.Helper()
	all := company(t, 81, Facilitator, "ada", "ben", "cem", "dee")
	ada, ben, cem, dee := all[0], all[1], all[2], all[3]
	phone := ben.links("phone")
	meet(append(all, phone)...)
	ada.removes(dee)
	dee.removes(ada)
	ben.makes(cem, Annotator)
	cem.adds(cem.log.SetPerson(cem.key, Person{Name: "cem", Organisation: "Council", Standing: Official}, noon))
	phone.invites(Reader, 3, time.Time{})
	meet(append(all, phone)...)
	ben.adds(ben.log.Confirm(ben.key, cem.id(), true, noon))
	ben.addsAll(ben.log.Archive(ben.key, true, nil, noon))
	return ben.log
}

func TestLogsThatComeInBadly(t *testing.T) {
	want := busyLog(t)
	entries := want.Entries()
	rand := newSource(82)
	for _, story := range []struct {
		name    string
		deliver func(l *Log)
	}{
		{"replayed", func(l *Log) {
			for range 3 {
				l.Add(entries...)
			}
		}},
		{"reordered", func(l *Log) {
			backwards := slices.Clone(entries)
			slices.Reverse(backwards)
			l.Add(backwards...)
		}},
		{"one by one and twice, shuffled", func(l *Log) {
			for l.Len() < len(entries) {
				for _, i := range rand.Perm(len(entries)) {
					l.Add(entries[i], entries[i])
				}
			}
		}},
		{"truncated, then whole", func(l *Log) {
			for i, raw := range entries {
				if _, _, err := l.Add(raw[:len(raw)-1], raw[:len(raw)/2], append(bytes.Clone(raw), 0)); i > 0 && !errors.Is(err, ErrMalformedEntry) {
					t.Errorf("half of an entry: %v", err)
				}
			}
			_, missing, _ := l.Add(entries[len(entries)-1])
			if len(missing) == 0 {
				t.Error("nothing is said to be missing")
			}
			l.Add(entries...)
		}},
		{"with entries of another space among them", func(l *Log) {
			if _, _, err := l.Add(append(company(t, 83, Editor, "eve", "mal")[0].log.Entries(), entries...)...); !errors.Is(err, ErrOtherSpace) {
				t.Errorf("another space's entries: %v", err)
			}
		}},
	} {
		t.Run(story.name, func(t *testing.T) {
			log, err := Open(entries[:1])
			if err != nil {
				t.Fatal(err)
			}
			story.deliver(log)
			if summary(log) != summary(want) {
				t.Errorf("\n%s\n%s", summary(log), summary(want))
			}
		})
	}
}

func TestAnEntryThatIsSignedByTheWrongKey(t *testing.T) {
	all := company(t, 84, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	e, err := ada.log.Remove(ada.key, ben.id(), nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	var env envelope
	if err := decode(e[0].Raw, &env); err != nil {
		t.Fatal(err)
	}
	env.Signature = ben.key.Sign(domain(entryDomain, env.Payload))
	if _, _, err := ben.log.Add(encode(env)); !errors.Is(err, ErrMalformedEntry) {
		t.Errorf("%v", err)
	}
	// An application that somebody else signs.
	code := ada.invites(Editor, 1, time.Time{})
	var application applicationEnvelope
	cem, dee := newcomer(t, ada.rand, "cem"), newcomer(t, ada.rand, "dee")
	if err := decode(cem.applies(code), &application); err != nil {
		t.Fatal(err)
	}
	application.Device = dee.key.Sign(domain(applicationDomain, application.Payload))
	if _, err := ada.log.Admit(ada.key, encode(application), noon); !errors.Is(err, ErrMalformedApplication) {
		t.Errorf("%v", err)
	}
	agree(t, "ada:f ben:e", ada, ben)
}

func TestAnInvitationWithAChangedRole(t *testing.T) {
	all := company(t, 85, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	code := ada.invites(Reader, 1, noon.Add(time.Hour))
	meet(all...)
	// An editor, and then a facilitator who is removed meanwhile, write an
	// invitation of the same key that says more.
	ben.forges(KindInvite, inviteBody{Invitation: code.Invitation(), Role: Facilitator, Uses: 9})
	cem := newcomer(t, ada.rand, "cem")
	ben.admits(cem, code)
	agree(t, "ada:f ben:e cem:r", ada, ben, cem)
	ada.makes(ben, Facilitator)
	meet(ada, ben, cem)
	ben.forges(KindInvite, inviteBody{Invitation: code.Invitation(), Role: Facilitator, Uses: 9})
	dee := newcomer(t, ada.rand, "dee")
	ben.forges(KindJoin, joinBody{Application: dee.applies(code)})
	agree(t, "ada:f ben:f cem:r", ada, ben, cem)
}

func TestWhatANewerParleySays(t *testing.T) {
	all := company(t, 86, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	before := roster(ada.log)
	e := ada.forges(Kind(40), map[int]any{1: "a vote", 2: []int{1, 2, 3}})
	above := ada.adds(ada.log.SetPerson(ada.key, Person{Name: "ada"}, noon))
	agree(t, before, ada, ben)
	if !ben.log.Newer() || !ben.log.Has(e.Hash) || !ben.log.Has(above.Hash) {
		t.Error("it is not kept")
	}
	if again, err := ParseEntry(e.Raw); err != nil || again.Kind != 40 {
		t.Errorf("%v", err)
	}
	// But its signature has to be good, and a known kind says what it says.
	broken := bytes.Clone(e.Raw)
	broken[len(broken)-1] ^= 1
	if _, err := ParseEntry(broken); !errors.Is(err, ErrMalformedEntry) {
		t.Errorf("%v", err)
	}
	for kind := Kind(0); kind <= lastKind; kind++ {
		p := encode(payload{
			Kind: kind, Space: ada.log.id[:], Parents: ada.log.Heads(), Author: ada.id(),
			Body: cbor.RawMessage(encode(map[int]int{63: 1})),
		})
		raw := encode(envelope{Payload: p, Signature: ada.key.Sign(domain(entryDomain, p))})
		if _, err := ParseEntry(raw); !errors.Is(err, ErrMalformedEntry) {
			t.Errorf("kind %d with a body of its own: %v", kind, err)
		}
	}
}

func TestTheLastFacilitatorIsGone(t *testing.T) {
	all := company(t, 87, Editor, "ada", "ben", "cem")
	ada, ben, cem := all[0], all[1], all[2]
	next := Code{Space: ID{7}, Secret: [32]byte{8}, Name: "Riverside again"}
	ben.adds(ben.log.Succeed(ben.key, map[Role]Code{Editor: next}, noon))
	meet(all...)
	if len(cem.log.Successors()) != 0 {
		t.Error("a successor of a space that has a facilitator")
	}
	ada.leaves()
	agree(t, "ben:e cem:e", all...)
	successors := cem.log.Successors()
	if cem.log.Facilitators() != 0 || len(successors) != 1 || successors[0].By != ben.id() || successors[0].Codes[Editor].Name != next.Name {
		t.Errorf("successors: %+v", successors)
	}
	if formers := cem.log.Formers(); len(formers) != 1 || !formers[0].Left {
		t.Errorf("formers: %+v", formers)
	}
}
