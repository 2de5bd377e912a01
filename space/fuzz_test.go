package space

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// entriesOfEachKind are seeds.
func entriesOfEachKind(t testing.TB) [][]byte {
	rand := newSource(11)
	key, _ := GenerateKey(rand)
	other, _ := GenerateKey(rand)
	log, founding, err := Found(key, "Riverside", Person{Name: "Ada", Organisation: "Council", Standing: Official}, noon, rand)
	if err != nil {
		t.Fatal(err)
	}
	raw := [][]byte{founding.Raw}
	add := func(e Entry, err error) {
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, e.Raw)
		if _, _, err := log.Add(e.Raw); err != nil {
			t.Fatal(err)
		}
	}
	e, secret, err := log.Invite(key, InviteOptions{Role: Editor, Uses: 3, Expiry: noon.Add(time.Hour)}, noon, rand)
	add(e, err)
	code := Code{Space: log.ID(), Secret: secret, Inviter: key.Device(), Name: log.Name()}
	application, err := Apply(other, code, Person{Name: "Ben"})
	if err != nil {
		t.Fatal(err)
	}
	add(log.Admit(key, application, noon))
	add(log.SetPerson(other, Person{Name: "Ben K."}, noon))
	add(log.Withdraw(key, code.Invitation(), noon))
	addAll := func(entries []Entry, err error) {
		for _, e := range entries {
			add(e, err)
		}
	}
	cut := Cut{{Document: [16]byte{1}, Part: Body, Actors: []ActorSeq{{Actor: []byte{1, 2}, Seq: 3}}}}
	addAll(log.SetRole(key, other.Device(), Facilitator, cut, noon))
	add(log.NewSeatKey(other, Link, 1, noon.Add(time.Hour), noon, [32]byte{5}))
	add(log.SetLabel(other, other.Device(), "Desk", noon))
	add(log.Confirm(other, key.Device(), true, noon))
	e, secret, err = log.Invite(key, InviteOptions{Role: Reader, Uses: 2, Ask: true}, noon, rand)
	add(e, err)
	third, _ := GenerateKey(rand)
	application, err = ApplyAs(third, Code{Space: log.ID(), Secret: secret}, Person{Name: "Cem"}, "Phone")
	if err != nil {
		t.Fatal(err)
	}
	join, err := log.Admit(key, application, noon)
	if !errors.Is(err, ErrAsked) {
		t.Fatal(err)
	}
	add(join, nil)
	add(log.Answer(other, join.Hash, true, noon))
	addAll(log.Revoke(key, third.Device(), cut, noon))
	addAll(log.AdmitChanges(key, cut, noon))
	add(log.Rename(key, "Riverside Park", noon))
	add(log.SetReach(key, ReachLocal, noon))
	addAll(log.Archive(key, true, cut, noon))
	add(log.Succeed(key, map[Role]Code{Editor: {Space: ID{1}, Secret: [32]byte{2}, Name: "Next"}}, noon))
	add(seal(key, KindCut, log.id[:], log.Heads(), noon, cutBody{Cut: cut}))
	addAll(log.Remove(key, key.Device(), cut, noon))
	return append(raw, newerEntry(key, log).Raw)
}

func newerEntry(key Key, log *Log) Entry {
	e, err := seal(key, lastKind+1, log.id[:], log.Heads(), noon, map[int]int{1: 1})
	if err != nil {
		panic(err)
	}
	return e
}

func FuzzParseEntry(f *testing.F) {
	for _, raw := range entriesOfEachKind(f) {
		f.Add(raw)
		f.Add(raw[:len(raw)-1])
		f.Add(append(raw[:len(raw):len(raw)], 0))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := ParseEntry(raw)
		if err != nil {
			if !errors.Is(err, ErrMalformedEntry) {
				t.Fatalf("unexpected kind of error: %v", err)
			}
			return
		}
		if !bytes.Equal(e.Raw, raw) || len(raw) > MaxEntry || len(e.Parents) > MaxParents {
			t.Fatalf("accepted what it must not: %+v", e)
		}
	})
}

// FuzzRules plays with what people write and know, and compares what comes of
// it with a naive reading of the rules.
func FuzzRules(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, byte(40))
	}
	f.Fuzz(func(t *testing.T, seed uint64, steps byte) {
		log, err := Open(randomLog(t, newSource(seed), int(steps)%64))
		if err != nil {
			t.Fatal(err)
		}
		compareNaively(t, log)
		compareDependencies(t, log)
	})
}

func FuzzParseApplication(f *testing.F) {
	rand := newSource(12)
	key, _ := GenerateKey(rand)
	raw, err := Apply(key, Code{Space: ID{1}, Secret: [32]byte{2}}, Person{Name: "Ben"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := ParseApplication(raw)
		if err != nil {
			if !errors.Is(err, ErrMalformedApplication) {
				t.Fatalf("unexpected kind of error: %v", err)
			}
			return
		}
		if a.Person.Validate() != nil {
			t.Fatalf("accepted %+v", a)
		}
	})
}

func FuzzParseCode(f *testing.F) {
	f.Add(exampleCode().String())
	f.Add(strings.ToLower(exampleCode().String()))
	f.Add("PARLEY1-")
	f.Add("parley1 ABCDEFGH")
	f.Fuzz(func(t *testing.T, text string) {
		code, err := ParseCode(text)
		if err != nil {
			if !errors.Is(err, ErrMalformedCode) {
				t.Fatalf("unexpected kind of error: %v", err)
			}
			return
		}
		again, err := ParseCode(code.String())
		if err != nil || !reflect.DeepEqual(again, code) {
			t.Fatalf("%+v came back as %+v, %v", code, again, err)
		}
	})
}

// FuzzNames reads IDs and words as people and other programs write them.
func FuzzNames(f *testing.F) {
	f.Add(DeviceID{1}.String())
	f.Add(ID{2}.String())
	f.Add(InvitationKey{3}.String())
	f.Add(Editor.String())
	f.Add(Annotations.String())
	f.Add(ReachWide.String())
	f.Add("12D3KooW")
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDeviceID(text); err == nil {
			if again, err := ParseDeviceID(d.String()); err != nil || again != d {
				t.Errorf("the device %q came back as %s, %v", text, again, err)
			}
		}
		if id, err := ParseID(text); err == nil {
			if again, err := ParseID(id.String()); err != nil || again != id {
				t.Errorf("the space %q came back as %s, %v", text, again, err)
			}
		}
		if k, err := ParseInvitationKey(text); err == nil {
			if again, err := ParseInvitationKey(k.String()); err != nil || again != k {
				t.Errorf("the invitation %q came back as %s, %v", text, again, err)
			}
		}
		if role, err := ParseRole(text); err == nil && role.String() != text {
			t.Errorf("the role %q is %s", text, role)
		}
		if reach, err := ParseReach(text); err == nil && reach.String() != text {
			t.Errorf("the reach %q is %s", text, reach)
		}
		if part, err := ParsePart(text); err == nil && part.String() != text {
			t.Errorf("the part %q is %s", text, part)
		}
	})
}

func exampleCode() Code {
	return Code{
		Space:     ID{1, 2, 3},
		Secret:    [32]byte{4, 5, 6},
		Inviter:   KeyFromSeed([32]byte{7}).Device(),
		Addresses: [][]byte{{4, 127, 0, 0, 1, 6, 0x1f, 0x90}, {4, 10, 0, 0, 1, 6, 0x1f, 0x90}},
		Name:      "Bus stop at the mill",
		Expiry:    noon,
	}
}

func TestACodeIsReadHoweverItWasCopied(t *testing.T) {
	want := exampleCode()
	text := want.String()
	wrapped := ""
	for i, r := range text {
		wrapped += string(r)
		if i%20 == 19 {
			wrapped += " \n\t"
		}
	}
	for _, variant := range []string{text, strings.ToLower(text), "  " + text + "\n", wrapped, strings.ReplaceAll(text, "-", ""), text[:30] + "-" + text[30:]} {
		got, err := ParseCode(variant)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", variant, got, err)
		}
	}
	for _, broken := range []string{"", "hello", "PARLEY1-", text[:len(text)-1], text[:40] + text[41:], "X" + text, text + "A", strings.Replace(text, "1-", "2-", 1), strings.Repeat("A", 1<<20)} {
		if _, err := ParseCode(broken); !errors.Is(err, ErrMalformedCode) {
			t.Errorf("%.60q: %v", broken, err)
		}
	}
	for at := len(codePrefix) + 1; at < len(text); at++ {
		for _, slip := range "AB" {
			broken := text[:at] + string(slip) + text[at+1:]
			if _, err := ParseCode(broken); broken != text && !errors.Is(err, ErrMalformedCode) {
				t.Errorf("a slip at letter %d goes unseen: %v", at, err)
			}
		}
	}
	if !want.Expired(noon.Add(time.Second)) || want.Expired(noon) || (Code{}).Expired(noon) {
		t.Error("expiry is not told")
	}
	many := want
	for range 20 {
		many.Addresses = append(many.Addresses, []byte{1})
	}
	if got, err := ParseCode(many.String()); err != nil || len(got.Addresses) != MaxAddresses {
		t.Errorf("%d addresses, %v", len(got.Addresses), err)
	}
}

func TestEveryBitOfAnEntryCounts(t *testing.T) {
	for _, raw := range entriesOfEachKind(t) {
		if _, err := ParseEntry(raw); err != nil {
			t.Fatal(err)
		}
		for i := range raw {
			changed := bytes.Clone(raw)
			changed[i] ^= 1 << (i % 8)
			if _, err := ParseEntry(changed); !errors.Is(err, ErrMalformedEntry) {
				t.Fatalf("byte %d changed: %v", i, err)
			}
		}
	}
}

func TestNamesAreOneReadableLine(t *testing.T) {
	for _, name := range []string{"A", "Ада Лавлейс", strings.Repeat("ä", MaxName), "王 小明", "O'Neill-Šmíd 3rd", "محمد"} {
		if err := (Person{Name: name}).Validate(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "  ", strings.Repeat("ä", MaxName+1), "two\nlines", "a\u202eb", "\xff", "tab\t"} {
		if err := (Person{Name: name}).Validate(); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := (Person{Name: "A", Organisation: "\n"}).Validate(); !errors.Is(err, ErrName) {
		t.Error("an organisation's name is not looked at")
	}
	if err := (Person{Name: "A", Standing: 7}).Validate(); err == nil {
		t.Error("an unknown standing is taken")
	}
}

func TestIDsAsText(t *testing.T) {
	device := KeyFromSeed([32]byte{7}).Device()
	text := device.String()
	if !strings.HasPrefix(text, "12D3KooW") || len(text) != 52 {
		t.Errorf("%s is no peer ID", text)
	}
	if got, err := ParseDeviceID(text); err != nil || got != device {
		t.Errorf("%v, %v", got, err)
	}
	for _, broken := range []string{"", text[:51], text + "1", "Qm" + text, strings.Repeat("1", 1<<16), "0OIl"} {
		if _, err := ParseDeviceID(broken); !errors.Is(err, ErrMalformedID) {
			t.Errorf("%.60q: %v", broken, err)
		}
	}
	id := ID{0xab, 1}
	if got, err := ParseID(id.String()); err != nil || got != id {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ParseID("zz"); !errors.Is(err, ErrMalformedID) {
		t.Errorf("%v", err)
	}
	for role := Facilitator; role <= Keeper; role++ {
		if got, err := ParseRole(role.String()); err != nil || got != role {
			t.Errorf("%v, %v", got, err)
		}
	}
	actor := ActorFor(id, device, 258)
	if prefix, ok := ActorOwner(actor[:]); !ok || prefix != actorPrefix(id, device) || actor[18] != 1 || actor[19] != 2 {
		t.Errorf("%x", actor)
	}
	if _, ok := ActorOwner(actor[:15]); ok {
		t.Error("a short actor has an owner")
	}
}

func TestWhoMayWriteWhat(t *testing.T) {
	table := map[Role][2]bool{
		Facilitator: {true, true}, Editor: {true, true}, Annotator: {false, true}, Reader: {}, Keeper: {}, 0: {}, 9: {},
	}
	for role, may := range table {
		if MayWrite(role, Body) != may[0] || MayWrite(role, Annotations) != may[1] || MayWrite(role, 7) {
			t.Errorf("%s", role)
		}
	}
}
