package space

import (
	"crypto/ed25519"
	"errors"
	"fmt"
)

// maxApplication bounds an application so that the join that carries it stays
// within MaxEntry.
const maxApplication = 4 << 10

// ErrMalformedApplication is what an application fails with that is not in the
// form of docs/formats.md or whose signatures do not match.
var ErrMalformedApplication = errors.New("malformed application")

// Application is a newcomer's request to be let in. Any member can turn it
// into a join: the invitation's own key has signed it, so the inviter need
// not be there.
type Application struct {
	Space      ID
	Device     DeviceID
	Person     Person
	Invitation InvitationKey // or seat key
	Label      string        // what the newcomer calls the device; may be empty
	Raw        []byte        // all its bytes; not to be changed
}

type applicationEnvelope struct {
	_          struct{} `cbor:",toarray"`
	Payload    []byte
	Device     []byte // signature
	Invitation []byte // signature
}

type applicationPayload struct {
	Space      ID            `cbor:"1,keyasint"`
	Device     DeviceID      `cbor:"2,keyasint"`
	Person     Person        `cbor:"3,keyasint"`
	Invitation InvitationKey `cbor:"4,keyasint"`
	Label      string        `cbor:"5,keyasint,omitempty"`
}

const applicationDomain = "parley/application/1"

// Apply writes the application of a device that was given a code. For a seat
// key, whose secret is shown in another form, the code has the space and the
// secret only.
func Apply(key Key, code Code, person Person) ([]byte, error) {
	return ApplyAs(key, code, person, "")
}

// ApplyAs is Apply with a name for the device.
func ApplyAs(key Key, code Code, person Person, label string) ([]byte, error) {
	if err := validateApplicant(person, label); err != nil {
		return nil, fmt.Errorf("apply: %w", err)
	}
	invitation := KeyFromSeed(code.Secret)
	p := encode(applicationPayload{
		Space:      code.Space,
		Device:     key.Device(),
		Person:     person,
		Invitation: code.Invitation(),
		Label:      label,
	})
	message := domain(applicationDomain, p)
	return encode(applicationEnvelope{
		Payload:    p,
		Device:     key.Sign(message),
		Invitation: invitation.Sign(message),
	}), nil
}

// ParseApplication reads an application from bytes of any origin and checks
// both signatures. It keeps raw. It fails with ErrMalformedApplication.
func ParseApplication(raw []byte) (Application, error) {
	a, err := parseApplication(raw)
	if err != nil {
		return Application{}, fmt.Errorf("%w: %w", ErrMalformedApplication, err)
	}
	return a, nil
}

func parseApplication(raw []byte) (Application, error) {
	if len(raw) > maxApplication {
		return Application{}, fmt.Errorf("%d bytes, the limit is %d", len(raw), maxApplication)
	}
	var env applicationEnvelope
	if err := decode(raw, &env); err != nil {
		return Application{}, err
	}
	var p applicationPayload
	if err := decode(env.Payload, &p); err != nil {
		return Application{}, fmt.Errorf("payload: %w", err)
	}
	if err := validateApplicant(p.Person, p.Label); err != nil {
		return Application{}, err
	}
	message := domain(applicationDomain, env.Payload)
	if !p.Device.Verify(message, env.Device) {
		return Application{}, errors.New("the device's signature does not match")
	}
	if !ed25519.Verify(p.Invitation[:], message, env.Invitation) {
		return Application{}, errors.New("the invitation's signature does not match")
	}
	return Application{
		Space: p.Space, Device: p.Device, Person: p.Person, Invitation: p.Invitation, Label: p.Label, Raw: raw,
	}, nil
}

func validateApplicant(person Person, label string) error {
	if label != "" {
		if err := ValidateLabel(label); err != nil {
			return fmt.Errorf("device's name: %w", err)
		}
	}
	return person.Validate()
}
