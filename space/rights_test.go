package space

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// A scene is a space in which there is something to say for every kind of entry:
// by me, about me, or about Vic.
type scene struct {
	ada, vic, me     *someone
	vicsPhone, phone *someone
	new              *someone // wants to come in
	log              *Log     // all there is

	open, asking, ended, withdrawn, used, vicsLink, link Code
	request, join                                        Hash
	from                                                 []Hash // what I write on; none: all there is
}

type tableAuthor struct {
	name string
	make func(s *scene)
}

func newScene(t testing.TB, author tableAuthor) *scene {
	t.Helper()
	rand := newSource(900)
	ada := founder(t, rand, "ada")
	s := &scene{ada: ada, vic: newcomer(t, rand, "vic"), me: newcomer(t, rand, "me"), phone: newcomer(t, rand, "phone"), new: newcomer(t, rand, "new")}
	s.log = ada.log
	s.used = ada.invites(Editor, 1, time.Time{})
	ada.admits(s.vic, s.used)
	s.join = ada.log.Heads()[0]
	s.vic.log = ada.log
	s.vic.adds(ada.log.SetPerson(s.vic.key, Person{Name: "vic", Organisation: "Council", Standing: Official}, noon))
	s.vicsPhone = s.vic.links("phone")
	s.vicsLink = s.vic.linkCode(31)
	s.open = ada.invites(Reader, 5, time.Time{})
	s.ended = ada.invites(Reader, 5, noon.Add(-time.Hour))
	s.withdrawn = ada.invites(Reader, 5, time.Time{})
	ada.adds(ada.log.Withdraw(ada.key, s.withdrawn.Invitation(), noon))
	s.asking = ada.asksIn(Reader, 5)
	s.request = ada.passesOn(newcomer(t, rand, "asks"), s.asking)
	ada.adds(ada.log.Confirm(ada.key, s.vic.id(), true, noon))
	ada.adds(ada.log.SetReach(ada.key, ReachLocal, noon))
	s.link = Code{Space: s.log.ID(), Secret: [32]byte{32}}
	author.make(s)
	return s
}

// linkCode is one that is good for a further device.
func (p *someone) linkCode(secret byte) Code {
	p.t.Helper()
	code := Code{Space: p.log.ID(), Secret: [32]byte{secret}}
	p.adds(p.log.NewSeatKey(p.key, Link, 1, time.Time{}, noon, code.Secret))
	return code
}

// asMade lets me in, in a role, with a phone.
func asMade(role Role) func(*scene) {
	return func(s *scene) {
		s.ada.admits(s.me, s.ada.invites(role, 1, time.Time{}))
		s.me.log = s.log
		s.phone = s.me.links("phone")
		s.link = s.me.linkCode(32)
	}
}

func (s *scene) demoted() {
	asMade(Facilitator)(s)
	s.ada.makes(s.me, Reader)
}

func (s *scene) removed() {
	asMade(Facilitator)(s)
	s.ada.removes(s.me)
}

func (s *scene) stranger() {}

// asBefore ends me in some way that I then know nothing of.
func (s *scene) asBefore(end func(*scene)) {
	end(s)
	for _, raw := range s.log.Entries() {
		e, err := ParseEntry(raw)
		if err != nil {
			s.me.t.Fatal(err)
		}
		if e.Kind == KindSeatKey && e.Author == s.me.id() {
			s.from = []Hash{e.Hash} // the last thing before the end
		}
	}
}

// becomes is what becomes of an entry of mine in the log of somebody else.
func (s *scene) becomes(t *testing.T, row tableRow) (verdict byte) {
	t.Helper()
	receiver := s.log.upTo([]int{s.log.index[s.log.Heads()[0]]})
	if receiver.Digest() != s.log.Digest() {
		t.Fatal("the scene is not written on top of each other")
	}
	before := answersOf(receiver)
	parents, id := s.log.Heads(), s.log.id[:]
	if s.from != nil {
		parents = s.from
	}
	if row.kind == KindFound {
		parents, id = nil, nil
	}
	e, err := seal(s.me.key, row.kind, id, parents, noon, row.body(s))
	if err != nil {
		t.Fatal(err)
	}
	added, missing, err := receiver.Add(e.Raw)
	if len(missing) > 0 {
		t.Fatal("there is something that the entry builds on and nobody has")
	}
	compareNaively(t, receiver)
	if len(added) == 0 {
		if !errors.Is(err, ErrNoStanding) && !errors.Is(err, ErrOtherSpace) {
			t.Errorf("it is refused with %v", err)
		}
		if receiver.Has(e.Hash) || answersOf(receiver) != before {
			t.Error("it is refused, and leaves a trace")
		}
		return 'x'
	}
	if err != nil || !receiver.Has(e.Hash) {
		t.Errorf("it is kept, with %v", err)
	}
	if receiver.state.facts[receiver.index[e.Hash]].verdict == counts {
		return 'y'
	}
	without := strings.Replace(answersOf(receiver), "newer true", "newer false", 1)
	if without != before {
		t.Errorf("it does not count, and changes something: from\n%s\nto\n%s", before, without)
	}
	return '-'
}

// TestWhoMayWriteWhichEntry hands every kind of entry, by everybody, to a log
// that somebody else keeps, and compares what becomes of it with the table.
func TestWhoMayWriteWhichEntry(t *testing.T) {
	of := make(map[Kind]int)
	for _, row := range entryTable {
		of[row.kind]++
	}
	for kind := KindFound; kind <= lastKind+1; kind++ {
		if of[kind] == 0 {
			t.Errorf("the table has no line for the entry %q", kind)
		}
	}
	for at, author := range tableAuthors {
		t.Run(author.name, func(t *testing.T) {
			s := newScene(t, author)
			for _, row := range entryTable {
				want := letters(row.becomes)[at]
				if got := s.becomes(t, row); got != want {
					t.Errorf("%s by the %s: %c, and by the table %c", row.what, author.name, got, want)
				}
			}
		})
	}
}

// TestWhoMayWriteWhichPart compares the rights to documents with the table.
func TestWhoMayWriteWhichPart(t *testing.T) {
	for _, row := range changeTable {
		for at, want := range letters(row.becomes) {
			s := newScene(t, tableAuthors[at])
			for _, device := range []*someone{s.me, s.phone} {
				if may := s.log.MayWrite(device.id(), row.part); may != (want == 'y') {
					t.Errorf("%s: the %s may: %t", row.role, tableAuthors[at].name, may)
				}
			}
			s.ada.addsAll(s.log.Archive(s.ada.key, true, nil, noon))
			if s.log.MayWrite(s.me.id(), row.part) {
				t.Errorf("%s: the %s may in an archived space", row.role, tableAuthors[at].name)
			}
		}
	}
}

// letters are the verdicts of a line, in the order of tableAuthors.
func letters(becomes string) []byte {
	return []byte(strings.ReplaceAll(becomes, " ", ""))
}

// TestTheTableIsTheOneInTheDocuments compares what stands in the table of the
// test with docs/roles.md and with the kinds of docs/formats.md.
func TestTheTableIsTheOneInTheDocuments(t *testing.T) {
	roles := markdownTable(t, "../docs/roles.md", "| | facilitator |")
	said := make(map[string][]string) // by line of docs/roles.md: what the tests' tables say
	for _, row := range entryTable {
		if row.role != "" {
			said[row.role] = append(said[row.role], row.becomes)
		}
	}
	for _, row := range changeTable {
		said[row.role] = append(said[row.role], row.becomes)
	}
	// Reading is no entry and no change: who is asked for what they hold looks
	// at who belongs, and not at the role.
	read := "read documents, annotations, membership"
	for what, cells := range roles {
		if len(said[what]) == 0 && what != read {
			t.Errorf("of %q the tests' tables say nothing", what)
		}
		for _, becomes := range said[what] {
			for at, cell := range cells {
				// While there is a facilitator, a successor shows nowhere: whose it may be
				// is of the other roles.
				if what == succeeding && Role(at+1) == Facilitator {
					continue
				}
				if yes := letters(becomes)[at] == 'y'; yes != (cell == "yes") {
					t.Errorf("%q, %s: the document says %q", what, Role(at+1), cell)
				}
			}
		}
		delete(said, what)
	}
	for _, what := range slices.Sorted(maps.Keys(said)) {
		t.Errorf("docs/roles.md has no line %q", what)
	}

	kinds := markdownTable(t, "../docs/formats.md", "| kind | body (a map with integer keys) |")
	in := map[string]string{"facilitator": "y----", "facilitator, editor": "yy---", "any member": "yyyyy", "its author becomes the first facilitator": "xxxxx"}
	for kind := KindFound; kind <= lastKind; kind++ {
		cells, ok := kinds[fmt.Sprintf("%d %s", kind, kind)]
		if !ok {
			t.Errorf("docs/formats.md does not know %d %s", kind, kind)
			continue
		}
		who, _, _ := strings.Cut(cells[1], ";")
		first := entryTable[slices.IndexFunc(entryTable, func(row tableRow) bool { return row.kind == kind })]
		if want, known := in[who]; !known || want != string(letters(first.becomes)[:5]) {
			t.Errorf("docs/formats.md gives the entry %q to %q, and the table says %q of %s", kind, who, letters(first.becomes)[:5], first.what)
		}
	}
	if len(kinds) != int(lastKind) {
		t.Errorf("docs/formats.md has %d kinds, and Parley %d", len(kinds), lastKind)
	}
}

// markdownTable reads the table whose first line begins with head: by what
// stands in the first cell, the others.
func markdownTable(t *testing.T, path, head string) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(raw), "\n"+head)
	if !found {
		t.Fatalf("%s has no table that begins with %q", path, head)
	}
	table := make(map[string][]string)
	for i, line := range strings.Split(below, "\n") {
		if i < 2 { // the rest of the head, and what is below it
			continue
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for at := range cells {
			cells[at] = strings.TrimSpace(cells[at])
		}
		table[cells[0]] = cells[1:]
	}
	return table
}
