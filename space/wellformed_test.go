package space

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// What is refused here, and what is not, is in docs/formats.md: whoever writes
// another client has to keep the same entries.

// items and fields are a list and a map of CBOR, as somebody else's program
// writes them.
type (
	items  = []any
	fields = map[any]any
)

// sealed is an entry whose payload anybody may have written: CBOR or, as bytes,
// what is none.
func sealed(t testing.TB, key Key, payload any) []byte {
	t.Helper()
	p, ok := payload.([]byte)
	if !ok {
		p = written(t, payload)
	}
	return written(t, items{p, key.Sign(domain(entryDomain, p))})
}

func written(t testing.TB, v any) []byte {
	t.Helper()
	raw, err := encoding.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// raw is CBOR as bytes.
func raw(b ...byte) cbor.RawMessage { return b }

var (
	writer  = KeyFromSeed([32]byte{1})
	inviter = KeyFromSeed([32]byte{2})
	home    = ID{3}
)

// entryOf is the payload of an entry in which all but the body is in order.
func entryOf(kind any, body any) fields {
	author := writer.Device()
	return fields{1: kind, 2: home[:], 3: items{make([]byte, 32)}, 4: author[:], 5: noon.Unix(), 6: body}
}

func with(of fields, key any, value any) fields {
	changed := fields{}
	for k, v := range of {
		changed[k] = v
	}
	changed[key] = value
	return changed
}

func without(of fields, key any) fields {
	changed := with(of, key, nil)
	delete(changed, key)
	return changed
}

func bytesOf(n int) []byte { return make([]byte, n) }

func TestWhichEntriesAreMalformed(t *testing.T) {
	person := fields{1: "Ada", 3: 0}
	nobody := bytesOf(32)
	public := inviter.Device()
	author := writer.Device()
	cutOf := func(actors ...any) items { return items{items{bytesOf(16), 0, actors}} }
	cut := cutOf(items{[]byte{1}, 1})
	many := func(n int) (actors items) {
		for i := range n {
			actors = append(actors, items{[]byte{byte(i >> 8), byte(i)}, 1})
		}
		return actors
	}
	hashes := func(of ...byte) (list items) {
		for _, b := range of {
			list = append(list, bytes.Repeat([]byte{b}, 32))
		}
		return list
	}
	ascending := func(n int) items {
		list := make([]byte, n)
		for i := range list {
			list[i] = byte(i)
		}
		return hashes(list...)
	}
	found := fields{1: 1, 3: items{}, 4: author[:], 5: noon.Unix(), 6: fields{1: "Park", 2: person, 3: bytesOf(16)}}
	invite := fields{1: public[:], 2: 2, 3: 1, 4: 0}
	proof := inviter.Sign(invitationMessage(home, writer.Device()))
	seatKey := fields{1: public[:], 2: 1, 3: 1, 4: 0, 5: nobody, 6: ProveSeatKey(inviter.Seed(), writer.Device(), Link)}
	remove := fields{1: nobody}
	code := Code{Space: ID{9}, Secret: [32]byte{8}, Name: "Next"}
	address := func(n int) Code { c := code; c.Addresses = [][]byte{bytesOf(n)}; return c }
	application := func(change func(*applicationPayload)) []byte {
		p := applicationPayload{Space: home, Device: writer.Device(), Person: Person{Name: "Ada"}, Invitation: InvitationKey(public)}
		change(&p)
		message := domain(applicationDomain, encode(p))
		return encode(applicationEnvelope{Payload: encode(p), Device: writer.Sign(message), Invitation: inviter.Sign(message)})
	}
	asIs := func(*applicationPayload) {}
	nested := func(levels int) any {
		var v any = 0
		for range levels {
			v = items{v}
		}
		return v
	}
	pairs := func(n int) fields {
		made := fields{}
		for i := range n {
			made[i] = 0
		}
		return made
	}
	newer := func(body any) fields { return entryOf(19, body) }
	endingIn := func(payload fields, end ...byte) []byte {
		p := written(t, payload)
		return append(p[:len(p)-1], end...)
	}

	for _, group := range []struct {
		name       string
		good, fail []any // payloads
	}{
		{
			"envelope",
			[]any{
				entryOf(5, fields{1: person}), found,
				with(entryOf(5, fields{1: person}), 3, ascending(MaxParents)),
				with(entryOf(5, fields{1: person}), 5, 0), with(entryOf(5, fields{1: person}), 5, uint64(maxTime)),
			},
			[]any{
				with(entryOf(5, fields{1: person}), 7, 0), with(entryOf(5, fields{1: person}), "1", 0),
				with(entryOf(5, fields{1: person}), 2, bytesOf(31)), with(entryOf(5, fields{1: person}), 2, bytesOf(33)),
				with(entryOf(5, fields{1: person}), 2, bytesOf(0)), without(entryOf(5, fields{1: person}), 2),
				with(entryOf(5, fields{1: person}), 3, items{}), without(entryOf(5, fields{1: person}), 3),
				with(entryOf(5, fields{1: person}), 3, ascending(MaxParents+1)),
				with(entryOf(5, fields{1: person}), 3, hashes(2, 1)), with(entryOf(5, fields{1: person}), 3, hashes(1, 1)),
				with(entryOf(5, fields{1: person}), 3, items{bytesOf(31)}),
				with(entryOf(5, fields{1: person}), 4, author[:31]),
				with(entryOf(5, fields{1: person}), 5, uint64(maxTime)+1), with(entryOf(5, fields{1: person}), 5, -1),
				with(entryOf(5, fields{1: person}), 5, 1.5), with(entryOf(5, fields{1: person}), 5, nil),
				without(entryOf(5, fields{1: person}), 6), without(entryOf(5, fields{1: person}), 1),
				entryOf(0, fields{1: person}), entryOf(-1, fields{1: person}), entryOf("5", fields{1: person}),
				with(found, 2, bytesOf(0)), with(found, 2, home[:]), with(found, 3, hashes(1)), without(found, 3),
				with(found, 3, nil),
			},
		},
		{
			"bodies",
			[]any{
				entryOf(2, invite), entryOf(2, with(invite, 5, true)), entryOf(2, with(invite, 6, proof)),
				entryOf(2, with(invite, 3, MaxUses)), entryOf(2, with(invite, 4, uint64(maxTime))),
				entryOf(3, fields{1: nobody}),
				entryOf(4, fields{1: application(asIs)}), entryOf(4, fields{1: application(func(p *applicationPayload) { p.Label = "desk" })}),
				entryOf(6, fields{1: nobody, 2: 5}), entryOf(6, fields{1: nobody, 2: 1, 3: cut}),
				entryOf(10, seatKey), entryOf(11, fields{1: nobody, 2: strings.Repeat("ä", MaxLabel)}),
				entryOf(12, fields{1: nobody, 2: person, 3: false}), entryOf(13, fields{1: nobody, 2: false}),
				entryOf(14, fields{1: false}), entryOf(14, fields{1: true, 2: cut}), entryOf(15, fields{1: "Park"}),
				entryOf(16, fields{1: cut}), entryOf(18, fields{1: 3}),
				entryOf(17, fields{1: fields{1: code.String(), 5: code.String()}}),
				entryOf(17, fields{1: fields{2: address(1).String()}}), entryOf(17, fields{1: fields{2: address(256).String()}}),
			},
			[]any{
				entryOf(5, nil), entryOf(5, items{}), entryOf(5, fields{}), entryOf(5, fields{1: person, 2: 0}),
				entryOf(5, fields{1: with(person, 2, "")}), entryOf(5, fields{1: with(person, 3, 2)}), entryOf(5, fields{1: without(person, 3)}),
				entryOf(5, fields{1: with(person, 4, 0)}), entryOf(5, fields{1: with(person, 1, []byte("Ada"))}),
				entryOf(2, with(invite, 5, false)), entryOf(2, with(invite, 6, bytesOf(0))), entryOf(2, with(invite, 6, bytesOf(64))),
				entryOf(2, with(invite, 6, proof[:63])),
				entryOf(2, with(invite, 2, 0)), entryOf(2, with(invite, 2, 6)), entryOf(2, with(invite, 3, 0)),
				entryOf(2, with(invite, 3, MaxUses+1)), entryOf(2, with(invite, 4, uint64(maxTime)+1)), entryOf(2, without(invite, 4)),
				entryOf(4, fields{1: application(func(p *applicationPayload) { p.Space = ID{4} })}), entryOf(4, fields{1: bytesOf(0)}),
				entryOf(4, fields{1: application(func(p *applicationPayload) { p.Label = strings.Repeat("ä", MaxLabel+1) })}),
				entryOf(4, fields{1: bytesOf(maxApplication + 1)}),
				entryOf(6, fields{1: nobody, 2: 6}), entryOf(6, fields{1: nobody, 2: 1, 3: items{}}), entryOf(6, fields{1: nobody, 2: 1, 4: items{}}),
				entryOf(10, with(seatKey, 2, 3)), entryOf(10, without(seatKey, 6)), entryOf(10, with(seatKey, 6, bytesOf(64))),
				entryOf(10, with(seatKey, 2, 2)), // which the proof is not for
				entryOf(11, fields{1: nobody, 2: ""}), entryOf(11, fields{1: nobody, 2: strings.Repeat("ä", MaxLabel+1)}),
				entryOf(12, fields{1: nobody, 2: person}), entryOf(13, fields{1: nobody}), entryOf(13, fields{1: bytesOf(31), 2: true}),
				entryOf(14, fields{}), entryOf(15, fields{1: ""}), entryOf(9, fields{1: items{}}), entryOf(16, fields{1: items{}}),
				entryOf(18, fields{1: 0}), entryOf(18, fields{1: 4}),
				entryOf(17, fields{1: fields{}}), entryOf(17, fields{1: fields{0: code.String()}}), entryOf(17, fields{1: fields{6: code.String()}}),
				entryOf(17, fields{1: fields{2: strings.ToLower(code.String())}}), entryOf(17, fields{1: fields{2: " " + code.String()}}),
				entryOf(17, fields{1: fields{2: strings.Replace(code.String(), "-", "", 1)}}), entryOf(17, fields{1: fields{2: ""}}),
				entryOf(17, fields{1: fields{2: codeOf(codePayload{Name: "Next", Addresses: [][]byte{{}}})}}),
				entryOf(17, fields{1: fields{2: codeOf(codePayload{Name: "Next", Addresses: [][]byte{bytesOf(257)}})}}),
				entryOf(17, fields{1: fields{2: codeOf(codePayload{Name: "Next", Addresses: make([][]byte, 9)})}}),
				entryOf(17, fields{1: fields{2: codeOf(codePayload{Name: "Next", Expiry: maxTime + 1})}}),
				entryOf(17, fields{1: fields{2: codeOf(codePayload{})}}),
			},
		},
		{
			"cuts",
			[]any{
				entryOf(9, fields{1: cut}), entryOf(9, fields{1: cutOf(items{bytesOf(MaxActor), uint64(math.MaxUint64)})}),
				entryOf(9, fields{1: cutOf(many(1024)...)}), entryOf(9, fields{1: cutOf(items{[]byte{1}, 1}, items{[]byte{1, 0}, 1})}),
				entryOf(9, fields{1: items{items{bytesOf(16), 0, items{items{[]byte{1}, 1}}}, items{bytesOf(16), 1, items{items{[]byte{1}, 1}}}}}),
				entryOf(7, fields{1: nobody, 2: cut, 3: ascending(MaxContinued)}),
				entryOf(7, fields{1: nobody, 3: hashes(1, 2, 1)}), // in any order, and again later
			},
			[]any{
				entryOf(9, fields{1: cutOf()}), entryOf(9, fields{1: cutOf(items{bytesOf(0), 1})}), entryOf(9, fields{1: cutOf(items{bytesOf(MaxActor + 1), 1})}),
				entryOf(9, fields{1: cutOf(items{[]byte{1}, 0})}), entryOf(9, fields{1: cutOf(items{[]byte{1}})}), entryOf(9, fields{1: cutOf(items{[]byte{1}, 1, 1})}),
				entryOf(9, fields{1: cutOf(items{[]byte{2}, 1}, items{[]byte{1}, 1})}), entryOf(9, fields{1: cutOf(items{[]byte{1}, 1}, items{[]byte{1}, 2})}),
				entryOf(9, fields{1: cutOf(many(1025)...)}),
				entryOf(9, fields{1: items{items{bytesOf(16), 2, items{items{[]byte{1}, 1}}}}}), entryOf(9, fields{1: items{items{bytesOf(15), 0, items{items{[]byte{1}, 1}}}}}),
				entryOf(9, fields{1: append(slices.Clone(cut), cut...)}),
				entryOf(9, fields{1: items{items{bytesOf(16), 1, items{items{[]byte{1}, 1}}}, items{bytesOf(16), 0, items{items{[]byte{1}, 1}}}}}),
				entryOf(7, with(remove, 2, items{})), entryOf(7, with(remove, 3, items{})), entryOf(7, with(remove, 3, hashes(1, 1))),
				entryOf(7, with(remove, 3, ascending(MaxContinued+1))), entryOf(7, with(remove, 3, items{bytesOf(31)})),
			},
		},
		{
			"kinds to come",
			[]any{
				newer(0), newer(nil), newer("text"), newer(1.5), newer(fields{}), newer(nested(7)), newer(make(items, 1024)), newer(pairs(64)),
				entryOf(255, 0), entryOf(256, 0), entryOf(uint64(math.MaxUint64), 0),
				newer(raw(0x18, 0x01)),                   // 1, longer than need be
				newer(raw(0xa2, 0x02, 0x00, 0x01, 0x00)), // keys in another order
				newer(raw(0xa2, 0x01, 0x00, 0x01, 0x00)), // a key twice
				newer(raw(0x61, 0xff)),                   // text that is no UTF-8
				newer(raw(0xf7)), newer(raw(0xf8, 0xff)), // undefined, a simple value
			},
			[]any{
				newer(nested(8)), newer(make(items, 1025)), newer(pairs(65)), endingIn(newer(0), 0xc1, 0x00), endingIn(newer(0), 0xd9, 0xd9, 0xf7, 0x00),
				endingIn(newer(0), 0x9f, 0xff), endingIn(newer(0), 0xbf, 0xff), endingIn(newer(0), 0x5f, 0xff),
				endingIn(newer(0), 0xf8, 0x10), endingIn(newer(0), 0x1c), // which are no CBOR
				without(newer(0), 6), with(newer(0), 7, 0), with(newer(0), 3, items{}), newer(bytesOf(MaxEntry)),
			},
		},
		{
			"form",
			[]any{written(t, entryOf(5, fields{1: person}))},
			[]any{
				endingIn(entryOf(5, fields{1: person}), 0, 0),
				append([]byte{0xb8, 6}, written(t, entryOf(5, fields{1: person}))[1:]...),
				with(entryOf(5, fields{1: person}), 1, raw(0x18, 0x05)),
				with(entryOf(5, fields{1: person}), 1, raw(0xc2, 0x41, 0x05)), // a bignum
				entryOf(5, fields{1: raw(0xa2, 0x03, 0x00, 0x01, 0x61, 0x41)}),
				entryOf(5, raw(0xa2, 0x01, 0xa2, 0x01, 0x61, 0x41, 0x03, 0x00, 0x01, 0xa2, 0x01, 0x61, 0x41, 0x03, 0x00)),
				entryOf(5, fields{1: raw(0xa2, 0x01, 0x61, 0xff, 0x03, 0x00)}),
				endingIn(entryOf(5, 0), 0xa1, 0x01, 0xbf, 0x01, 0x61, 0x41, 0x03, 0x00, 0xff),
			},
		},
	} {
		for i, p := range group.good {
			if _, err := ParseEntry(sealed(t, writer, p)); err != nil {
				t.Errorf("%s: of the good ones, %d: %v", group.name, i, err)
			}
		}
		for i, p := range group.fail {
			if _, err := ParseEntry(sealed(t, writer, p)); !errors.Is(err, ErrMalformedEntry) {
				t.Errorf("%s: of the malformed ones, %d is taken: %v", group.name, i, err)
			}
		}
	}
}

// codeOf is a code as it would be if nobody had checked what goes into it.
func codeOf(p codePayload) string {
	raw := encode(p)
	sum := sha256.Sum256(raw)
	return codePrefix + "-" + codeBase32.EncodeToString(append(raw, sum[:codeChecksum]...))
}

func TestWhichCharactersANameMayHave(t *testing.T) {
	refused := func(r rune) bool {
		switch {
		case r <= 0x1f, r >= 0x7f && r <= 0x9f, r >= 0xd800 && r <= 0xdfff:
			return true
		case r == 0x2028, r == 0x2029, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return true
		}
		return false
	}
	blank := []rune{0x20, 0xa0, 0x1680, 0x202f, 0x205f, 0x3000}
	for r := rune(0x2000); r <= 0x200a; r++ {
		blank = append(blank, r)
	}
	for r := rune(0); r <= 0x10ffff; r++ {
		among := "a" + string(r)
		if refused(r) && r >= 0xd800 && r <= 0xdfff {
			among = "a" + string([]byte{0xed, 0x80 | byte(r>>6&0x3f), 0x80 | byte(r&0x3f)})
		}
		if got := ValidateName(among) != nil; got != refused(r) {
			t.Errorf("U+%04X among others is refused: %t", r, got)
		}
		if alone := ValidateName(string(r) + string(r)); !refused(r) && (alone != nil) != slices.Contains(blank, r) {
			t.Errorf("U+%04X alone: %v", r, alone)
		}
	}
}

func TestWhichSignaturesMatch(t *testing.T) {
	message := []byte("message")
	sig := writer.Sign(message)
	device := writer.Device()
	if !device.Verify(message, sig) || device.Verify(message, sig[:63]) || device.Verify(message, append(slices.Clone(sig), 0)) {
		t.Error("a signature has 64 bytes")
	}
	// The same point and a number that is larger by the group's order, which
	// RFC 8032 refuses.
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	larger := slices.Clone(sig[32:])
	slices.Reverse(larger)
	larger = new(big.Int).Add(new(big.Int).SetBytes(larger), order).FillBytes(larger)
	slices.Reverse(larger)
	if device.Verify(message, append(slices.Clone(sig[:32]), larger...)) {
		t.Error("a number that is not reduced is taken")
	}
	// The neutral point, also as it is not written by RFC 8032: y = p + 1, and x = -0.
	neutral := append([]byte{1}, make([]byte, 31)...)
	unreduced := append([]byte{0xee}, bytes.Repeat([]byte{0xff}, 30)...)
	unreduced = append(unreduced, 0x7f)
	negative := append(slices.Clone(neutral[:31]), 0x80)
	zero := make([]byte, 32)
	for name, of := range map[string][]byte{"neutral": neutral, "unreduced": unreduced, "negative": negative} {
		if !DeviceID(of).Verify(message, append(slices.Clone(neutral), zero...)) {
			t.Errorf("as a key, the %s point is refused", name)
		}
		if got := DeviceID(neutral).Verify(message, append(slices.Clone(of), zero...)); got != (name == "neutral") {
			t.Errorf("as R, the %s point is taken: %t", name, got)
		}
	}
	// A point of order 4, y = 0: with the cofactor every R of small order would do,
	// without it only the one that comes out.
	fourth := zero
	good := 0
	for i := range byte(64) {
		about := append(message, i)
		if DeviceID(fourth).Verify(about, append(slices.Clone(neutral), zero...)) {
			good++
		}
	}
	if good == 0 || good == 64 {
		t.Errorf("%d of 64 messages match, it has to be those whose hash, reduced, is a multiple of 4", good)
	}
}
