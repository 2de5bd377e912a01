package words

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestTheListIsTheOneOfBIP39 compares it with the digest of the file that
// everybody uses: words written down today are read with it in ten years.
func TestTheListIsTheOneOfBIP39(t *testing.T) {
	sum := sha256.Sum256([]byte(english))
	if got := hex.EncodeToString(sum[:]); got != "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda" {
		t.Errorf("the list's digest is %s", got)
	}
	if len(list) != 1<<bitsPerWord || !slices.IsSorted(list) {
		t.Errorf("%d words", len(list))
	}
	seen := make(map[string]string)
	for _, word := range list {
		beginning := word[:min(4, len(word))]
		if other, ok := seen[beginning]; ok {
			t.Errorf("%s and %s begin alike", word, other)
		}
		seen[beginning] = word
	}
}

func TestRecoveryWordsAreThoseOfBIP39(t *testing.T) {
	// From the test vectors that BIP-39 refers to.
	for raw, want := range map[string]string{
		"00000000000000000000000000000000": "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
		"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f": "legal winner thank year wave sausage worth useful legal winner thank yellow",
		"80808080808080808080808080808080": "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
		"ffffffffffffffffffffffffffffffff": "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
		"9e885d952ad362caeb4efe34a8e91bd2": "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
	} {
		bytes, err := hex.DecodeString(raw)
		if err != nil {
			t.Fatal(err)
		}
		e := Entropy(bytes)
		if got := strings.Join(e.Words(), " "); got != want {
			t.Errorf("%s is written %q, want %q", raw, got, want)
		}
		if got, err := ParseRecovery(want); got != e || err != nil {
			t.Errorf("%q is read as %x (%v)", want, got, err)
		}
	}
}

func TestRecoveryWordsAreReadAsPeopleTypeThem(t *testing.T) {
	want := Entropy{0x9e, 0x88, 0x5d, 0x95, 0x2a, 0xd3, 0x62, 0xca, 0xeb, 0x4e, 0xfe, 0x34, 0xa8, 0xe9, 0x1b, 0xd2}
	for name, text := range map[string]string{
		"capitals and spaces":    "  OZONE Drill grab\tFiber  curtain grace\npudding thank cruise elder eight picnic ",
		"a numbered list":        "1. ozone 2. drill 3. grab 4. fiber 5. curtain 6. grace 7. pudding 8. thank 9. cruise 10. elder 11. eight 12. picnic",
		"commas and hyphens":     "ozone,drill,grab,fiber-curtain-grace;pudding/thank|cruise|elder|eight|picnic.",
		"four letters of each":   "ozon dril grab fibe curt grac pudd than crui elde eigh picn",
		"some more than four":    "ozone drill grab fiber curta grace puddin thank cruis elder eight picni",
		"as from another device": "ozone\u00a0drill\u00a0grab\u2003fiber curtain grace pudding thank cruise elder eight picnic",
	} {
		if got, err := ParseRecovery(text); got != want || err != nil {
			t.Errorf("%s: %x (%v)", name, got, err)
		}
	}
}

func TestAWrongWordIsNamed(t *testing.T) {
	good := strings.Fields("ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic")
	for _, c := range []struct {
		position            int
		typed, word, expect string
	}{
		{3, "grob", "grob", "grab"},
		{4, "fibre", "fibre", "fiber"},
		{7, "puding", "puding", "pudding"},
		{12, "picnci", "picnci", "picnic"},
		{1, "xylophones", "xylophones", ""},
		{2, "dri", "dri", "drip"}, // three letters of a longer word are too few
		{5, "Curtaim", "curtaim", "curtain"},
		{6, "gräce", "gräce", "grace"},
		{8, strings.Repeat("a", 1000), strings.Repeat("a", 1000), ""},
	} {
		words := slices.Clone(good)
		words[c.position-1] = c.typed
		_, err := ParseRecovery(strings.Join(words, " "))
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Position != c.position || wrong.Word != c.word || wrong.Nearest != c.expect {
			t.Errorf("%q as word %d: %+v (%v)", c.typed, c.position, wrong, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.expect) {
			t.Errorf("%v does not say %s", err, c.expect)
		}
	}
}

func TestTheWrongNumberOfWords(t *testing.T) {
	for text, want := range map[string]Error{
		"":                         {Want: 12},
		"ozone":                    {Count: 1, Want: 12},
		"1. 2. 3.":                 {Want: 12},
		strings.Repeat("zoo ", 13): {Count: 13, Want: 12},
	} {
		var got *Error
		if _, err := ParseRecovery(text); !errors.As(err, &got) || *got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// TestASlipIsNoticed swaps neighbours: 4 bits notice fifteen of sixteen slips.
func TestASlipIsNoticed(t *testing.T) {
	noticed, all := 0, 0
	for i := range 64 {
		words := Entropy{byte(i), 7, byte(i * 31)}.Words()
		for j := 1; j < len(words); j++ {
			swapped := slices.Clone(words)
			swapped[j-1], swapped[j] = swapped[j], swapped[j-1]
			if swapped[j] == words[j] {
				continue
			}
			all++
			var wrong *Error
			if _, err := ParseRecovery(strings.Join(swapped, " ")); errors.As(err, &wrong) && *wrong == (Error{}) {
				noticed++
			}
		}
	}
	if rate := float64(noticed) / float64(all); rate < 0.85 {
		t.Errorf("%d of %d swaps were noticed", noticed, all)
	}
}

func TestEntropyIsDrawnAnew(t *testing.T) {
	if one, two := NewEntropy(), NewEntropy(); one == two {
		t.Error("twice the same")
	}
}

// TestSeedsStay fixes what a sheet opens: whoever kept one relies on it.
func TestSeedsStay(t *testing.T) {
	seed := Entropy{1, 2, 3}.Seed()
	if got := hex.EncodeToString(seed[:]); got != "c3c201c01ce2cfc5257103d5e3312783d9a69192d05d2aa3cfdfc1daa2870734" {
		t.Errorf("the seed is %s", got)
	}
	if other := (Entropy{1, 2, 4}).Seed(); other == seed {
		t.Error("two sheets, one seed")
	}
}

func TestSafetyWords(t *testing.T) {
	ada, ben, cleo := [32]byte{1}, [32]byte{2}, [32]byte{3}
	words := Safety([][32]byte{ada, cleo}, [][32]byte{ben})
	if got := strings.Join(words, " "); got != "photo point doll worth frequent label" {
		t.Errorf("the words are %q", got)
	}
	for name, other := range map[string][]string{
		"the other side's view": Safety([][32]byte{ben}, [][32]byte{cleo, ada}),
		"a device named twice":  Safety([][32]byte{ada, cleo, ada}, [][32]byte{ben}),
	} {
		if !reflect.DeepEqual(other, words) {
			t.Errorf("%s: %v", name, other)
		}
	}
	for name, other := range map[string][]string{
		"a device more":         Safety([][32]byte{ada, cleo}, [][32]byte{ben, {4}}),
		"a device less":         Safety([][32]byte{ada}, [][32]byte{ben}),
		"a device changed":      Safety([][32]byte{ada, cleo}, [][32]byte{{4}}),
		"a device of the other": Safety([][32]byte{ada}, [][32]byte{ben, cleo}),
	} {
		if reflect.DeepEqual(other, words) {
			t.Errorf("%s goes unnoticed", name)
		}
	}
}

func TestRoomWords(t *testing.T) {
	for _, word := range unwelcome {
		if _, ok := slices.BinarySearch(list, word); !ok {
			t.Errorf("%s is not in the list", word)
		}
	}
	if bits := RoomWords * math.Log2(float64(len(welcome))); bits < 31 {
		t.Errorf("%d words to draw from are %.1f bits", len(welcome), bits)
	}
	seen := make(map[Room]bool)
	for range 1000 {
		room := DrawRoom()
		words := room.Words()
		for i, word := range words {
			if len(word) < 3 || len(word) > 6 || slices.Contains(words[:i], word) || slices.Contains(unwelcome, word) {
				t.Errorf("%v", words)
			}
		}
		if seen[room] {
			t.Errorf("%v twice", words)
		}
		seen[room] = true
		got, err := ParseRoom(strings.ToUpper(strings.Join(words, "  ")))
		if got != room || err != nil {
			t.Errorf("%v is read as %v (%v)", words, got.Words(), err)
		}
	}
	var wrong *Error
	if _, err := ParseRoom("tiger lamp"); !errors.As(err, &wrong) || *wrong != (Error{Count: 2, Want: 3}) {
		t.Errorf("two words: %v", err)
	}
	if _, err := ParseRoom("tiger lamb candle"); !errors.As(err, &wrong) || wrong.Position != 2 || wrong.Nearest != "lab" && wrong.Nearest != "lamp" {
		t.Errorf("a word that is none: %v", err)
	}
}

func TestRoomSecretsStay(t *testing.T) {
	room, err := ParseRoom("tiger lamp candy")
	if err != nil {
		t.Fatal(err)
	}
	password, hint := room.Secret()
	if got := hex.EncodeToString(append(password[:], hint)); got != "583377dda7d45db0eb7beeb49aed18ca1559ae7b946f9d7c4d7304dff945341e85" {
		t.Errorf("the secret is %s", got)
	}
	other, err := ParseRoom("lamp tiger candy")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := other.Secret(); again == password {
		t.Error("the order does not matter")
	}
}

func FuzzParseRecovery(f *testing.F) {
	f.Add("ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic")
	f.Add("1. ozon, 2. DRIL; grab")
	f.Add("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo")
	f.Add("\xff\xfe İstanbul ß ａｂａｎｄｏｎ")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseRecovery(text)
		if err != nil {
			var wrong *Error
			if !errors.As(err, &wrong) || err.Error() == "" {
				t.Fatalf("%q fails with %v", text, err)
			}
			return
		}
		if again, err := ParseRecovery(strings.Join(e.Words(), " ")); again != e || err != nil {
			t.Fatalf("%q is %x and %x (%v)", text, e, again, err)
		}
	})
}

func FuzzParseRoom(f *testing.F) {
	f.Add("tiger lamp candy")
	f.Add("TIGE-LAMP-CAND")
	f.Add("tiger lamb candle")
	f.Fuzz(func(t *testing.T, text string) {
		room, err := ParseRoom(text)
		if err != nil {
			var wrong *Error
			if !errors.As(err, &wrong) {
				t.Fatalf("%q fails with %v", text, err)
			}
			return
		}
		if again, err := ParseRoom(strings.Join(room.Words(), " ")); again != room || err != nil {
			t.Fatalf("%q is %v and %v (%v)", text, room, again, err)
		}
	})
}
