package space

import "fmt"

// Reach says how far a space's devices go to find one another.
type Reach uint8

// The reaches, as stored in entries. A space that nobody has said anything of
// has ReachDirect.
const (
	ReachDirect Reach = 1 // wherever an address leads
	ReachLocal  Reach = 2 // on the local network only
	ReachWide   Reach = 3 // wherever an address leads, and a DHT may be asked for one
)

var reachNames = [...]string{ReachDirect: "direct", ReachLocal: "local", ReachWide: "wide"}

// Valid reports whether the reach is one of the three.
func (r Reach) Valid() bool { return r >= ReachDirect && r <= ReachWide }

// String is the word that the command line and JSON use.
func (r Reach) String() string {
	if !r.Valid() {
		return fmt.Sprintf("reach %d", uint8(r))
	}
	return reachNames[r]
}

// ParseReach reads what Reach.String writes.
func ParseReach(s string) (Reach, error) {
	for r := ReachDirect; r <= ReachWide; r++ {
		if s == reachNames[r] {
			return r, nil
		}
	}
	return 0, fmt.Errorf("unknown reach %q: it is direct, local or wide", s)
}

// MarshalText writes the word.
func (r Reach) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the word.
func (r *Reach) UnmarshalText(text []byte) error {
	parsed, err := ParseReach(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}
