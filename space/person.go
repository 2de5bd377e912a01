package space

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName bounds names of persons, organisations and spaces, in code points.
const MaxName = 80

// ErrName is what a name that cannot be used fails with.
var ErrName = errors.New("a name needs 1 to 80 characters on one line")

// Standing is how a person takes part: as one of the community, or as an
// official.
type Standing uint8

// The standings, as stored in entries.
const (
	Community Standing = 0
	Official  Standing = 1
)

// String is the word that screens and JSON use.
func (s Standing) String() string {
	switch s {
	case Community:
		return "community"
	case Official:
		return "official"
	}
	return fmt.Sprintf("standing %d", uint8(s))
}

// ParseStanding reads what Standing.String writes.
func ParseStanding(s string) (Standing, error) {
	for _, standing := range []Standing{Community, Official} {
		if s == standing.String() {
			return standing, nil
		}
	}
	return 0, fmt.Errorf("unknown standing %q", s)
}

// MarshalText writes the word.
func (s Standing) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word.
func (s *Standing) UnmarshalText(text []byte) error {
	parsed, err := ParseStanding(string(text))
	if err == nil {
		*s = parsed
	}
	return err
}

// Person is who a device says it belongs to.
type Person struct {
	Name         string   `cbor:"1,keyasint"`
	Organisation string   `cbor:"2,keyasint,omitempty"`
	Standing     Standing `cbor:"3,keyasint"`
}

// Validate says whether the person can be written into a log. It fails with
// ErrName when a name is at fault.
func (p Person) Validate() error {
	if err := ValidateName(p.Name); err != nil {
		return fmt.Errorf("person's name: %w", err)
	}
	if p.Organisation != "" {
		if err := ValidateName(p.Organisation); err != nil {
			return fmt.Errorf("organisation: %w", err)
		}
	}
	if p.Standing > Official {
		return fmt.Errorf("unknown %s", p.Standing)
	}
	return nil
}

// ValidateName accepts one line of 1 to MaxName code points, as ValidateLine
// does. It fails with ErrName.
func ValidateName(name string) error { return ValidateLine(name, MaxName) }

// ValidateLine accepts one line of 1 to most code points that is neither blank
// nor holds anything Unprintable. It fails with ErrName.
func ValidateLine(line string, most int) error {
	if len(line) > most*utf8.UTFMax || !utf8.ValidString(line) {
		return ErrName
	}
	if utf8.RuneCountInString(line) > most || strings.TrimSpace(line) == "" {
		return ErrName
	}
	if strings.ContainsFunc(line, Unprintable) {
		return ErrName
	}
	return nil
}

// Unprintable finds what could break a line or turn its direction around, so
// that nobody's name can disguise the words next to it.
func Unprintable(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
