package app

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	wordlist "parley/app/words"
	"parley/space"
)

func someLinkCode() linkCode {
	return linkCode{
		Secret: wordlist.Entropy{1, 2, 3}, Device: space.DeviceID{7, 7}, Expiry: time.Unix(1_900_000_000, 0).UTC(),
		Addresses: [][]byte{{4, 127, 0, 0, 1}, {41, 1}},
	}
}

// TestALinkCodeSurvivesHowItTravels: a mail program breaks it into lines, a
// person types it in small letters.
func TestALinkCodeSurvivesHowItTravels(t *testing.T) {
	code := someLinkCode()
	text := code.String()
	broken := strings.ToLower(text[:20]) + "\n  " + text[20:]
	got, err := parseLinkCode(broken)
	if err != nil || !reflect.DeepEqual(got, code) {
		t.Fatalf("%q gave %v, %v", broken, got, err)
	}
	if !isLinkCode(broken) || isLinkCode("PARLEY1-ABC") {
		t.Error("a link code is told apart by its beginning")
	}
}

// TestADamagedLinkCodeIsRefused: a letter too few, a letter changed, something
// else altogether.
func TestADamagedLinkCodeIsRefused(t *testing.T) {
	text := someLinkCode().String()
	other := "A"
	if text[30:31] == other {
		other = "B"
	}
	for _, wrong := range []string{
		"", "PARLEY1-ABC", text[:len(text)-1], text + "A", text[:30] + other + text[31:], linkPrefix, strings.Repeat("A", maxLinkText+1),
	} {
		if _, err := parseLinkCode(wrong); !errors.Is(err, errLinkCode) {
			t.Errorf("%.40q was taken: %v", wrong, err)
		}
	}
}

func FuzzParseLinkCode(f *testing.F) {
	f.Add(someLinkCode().String())
	f.Add(linkCode{Device: space.DeviceID{1}}.String())
	f.Add(linkPrefix + "-")
	f.Fuzz(func(t *testing.T, text string) {
		code, err := parseLinkCode(text)
		if err != nil {
			return
		}
		again, err := parseLinkCode(code.String())
		if err != nil || !reflect.DeepEqual(again, code) {
			t.Fatalf("%v became %v, %v", code, again, err)
		}
	})
}
