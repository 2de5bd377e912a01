package space

import (
	"bytes"
	"errors"
	"fmt"
)

// What is said of those who are in, and of the space: persons, roles,
// removals, confirmations, names, the archive, the successor, the reach.

// Limits on what one entry says.
const (
	MaxContinued = 64 // entries that a cut is continued in
	MaxLabel     = 40 // of a device, in code points
)

type personBody struct {
	Person Person `cbor:"1,keyasint"`
}

type roleBody struct {
	Seat      DeviceID `cbor:"1,keyasint"`
	Role      Role     `cbor:"2,keyasint"`
	Cut       Cut      `cbor:"3,keyasint,omitempty"`
	Continued []Hash   `cbor:"4,keyasint,omitempty"`
}

type removeBody struct {
	Seat      DeviceID `cbor:"1,keyasint"`
	Cut       Cut      `cbor:"2,keyasint,omitempty"`
	Continued []Hash   `cbor:"3,keyasint,omitempty"`
}

type revokeBody struct {
	Device    DeviceID `cbor:"1,keyasint"`
	Cut       Cut      `cbor:"2,keyasint,omitempty"`
	Continued []Hash   `cbor:"3,keyasint,omitempty"`
}

type cutBody struct {
	Cut Cut `cbor:"1,keyasint"`
}

type labelBody struct {
	Device DeviceID `cbor:"1,keyasint"`
	Label  string   `cbor:"2,keyasint"`
}

type confirmBody struct {
	Seat   DeviceID `cbor:"1,keyasint"`
	Person Person   `cbor:"2,keyasint"`
	Yes    bool     `cbor:"3,keyasint"`
}

type archiveBody struct {
	On        bool   `cbor:"1,keyasint"`
	Cut       Cut    `cbor:"2,keyasint,omitempty"`
	Continued []Hash `cbor:"3,keyasint,omitempty"`
}

type renameBody struct {
	Name string `cbor:"1,keyasint"`
}

type admitBody struct {
	Cut Cut `cbor:"1,keyasint"`
}

type successorBody struct {
	Codes map[Role]string `cbor:"1,keyasint"`
}

type reachBody struct {
	Reach Reach `cbor:"1,keyasint"`
}

func (b *personBody) validate() error { return b.Person.Validate() }

func (b *roleBody) validate() error {
	if !b.Role.Valid() {
		return fmt.Errorf("unknown %s", b.Role)
	}
	return validateCut(b.Cut, b.Continued)
}

func (b *removeBody) validate() error { return validateCut(b.Cut, b.Continued) }

func (b *revokeBody) validate() error { return validateCut(b.Cut, b.Continued) }

func (b *cutBody) validate() error {
	if len(b.Cut) == 0 {
		return errors.New("the cut is empty")
	}
	return b.Cut.Validate()
}

func (b *labelBody) validate() error { return ValidateLabel(b.Label) }

func (b *confirmBody) validate() error { return b.Person.Validate() }

func (b *archiveBody) validate() error { return validateCut(b.Cut, b.Continued) }

func (b *renameBody) validate() error { return ValidateName(b.Name) }

func (b *admitBody) validate() error {
	if len(b.Cut) == 0 {
		return errors.New("the cut is empty")
	}
	return b.Cut.Validate()
}

func (b *successorBody) validate() error {
	if len(b.Codes) == 0 {
		return errors.New("no code")
	}
	for role, text := range b.Codes {
		if !role.Valid() {
			return fmt.Errorf("unknown %s", role)
		}
		if code, err := ParseCode(text); err != nil || code.String() != text {
			return fmt.Errorf("the code for %s: %w", role, ErrMalformedCode)
		}
	}
	return nil
}

func (b *reachBody) validate() error {
	if !b.Reach.Valid() {
		return fmt.Errorf("unknown %s", b.Reach)
	}
	return nil
}

func validateCut(cut Cut, continued []Hash) error {
	if len(continued) > MaxContinued {
		return fmt.Errorf("continued in %d entries, the limit is %d", len(continued), MaxContinued)
	}
	for i := 1; i < len(continued); i++ {
		if bytes.Equal(continued[i-1][:], continued[i][:]) {
			return errors.New("continued in the same entry twice")
		}
	}
	return cut.Validate()
}

// ValidateLabel accepts the name of a device: one line of 1 to MaxLabel code
// points. It fails with ErrName.
func ValidateLabel(label string) error { return ValidateLine(label, MaxLabel) }
