package space

import "fmt"

// Role says what a member may do in a space.
type Role uint8

// The roles, as stored in entries.
const (
	Facilitator Role = 1 // writes everything, invites, decides who belongs
	Editor      Role = 2 // writes bodies and annotations
	Annotator   Role = 3 // writes annotations
	Reader      Role = 4 // writes nothing
	Keeper      Role = 5 // a device that stores and forwards, and writes nothing
)

var roleNames = [...]string{Facilitator: "facilitator", Editor: "editor", Annotator: "annotator", Reader: "reader", Keeper: "keeper"}

// Valid reports whether the role is one of the five.
func (r Role) Valid() bool { return r >= Facilitator && r <= Keeper }

// String is the word that screens, the command line and JSON use.
func (r Role) String() string {
	if !r.Valid() {
		return fmt.Sprintf("role %d", uint8(r))
	}
	return roleNames[r]
}

// ParseRole reads what Role.String writes.
func ParseRole(s string) (Role, error) {
	for r := Facilitator; r <= Keeper; r++ {
		if s == roleNames[r] {
			return r, nil
		}
	}
	return 0, fmt.Errorf("unknown role %q: it is facilitator, editor, annotator, reader or keeper", s)
}

// MarshalText writes the word.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the word.
func (r *Role) UnmarshalText(text []byte) error {
	parsed, err := ParseRole(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

// Part is one of a document's two halves. Rights are given per part.
type Part uint8

// The parts, as stored and signed.
const (
	Body        Part = 0
	Annotations Part = 1
)

// Valid reports whether the part is one of the two.
func (p Part) Valid() bool { return p <= Annotations }

// String is the word that the command line and JSON use.
func (p Part) String() string {
	switch p {
	case Body:
		return "body"
	case Annotations:
		return "annotations"
	}
	return fmt.Sprintf("part %d", uint8(p))
}

// ParsePart reads what Part.String writes.
func ParsePart(s string) (Part, error) {
	for _, p := range []Part{Body, Annotations} {
		if s == p.String() {
			return p, nil
		}
	}
	return 0, fmt.Errorf("unknown part %q: it is body or annotations", s)
}

// MarshalText writes the word.
func (p Part) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the word.
func (p *Part) UnmarshalText(text []byte) error {
	parsed, err := ParsePart(string(text))
	if err == nil {
		*p = parsed
	}
	return err
}

// MayWrite reports whether a member of that role may write that part.
func MayWrite(role Role, part Part) bool {
	switch role {
	case Facilitator, Editor:
		return part.Valid()
	case Annotator:
		return part == Annotations
	}
	return false
}
