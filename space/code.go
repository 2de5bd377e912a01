package space

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Limits on an invitation code.
const (
	MaxAddresses  = 8
	maxAddress    = 256      // bytes
	maxCodeText   = 16 << 10 // characters, white space included
	codePrefix    = "PARLEY1"
	codeChecksum  = 4
	maxCodeBinary = 4 << 10
)

// ErrMalformedCode is what text fails with that is not an invitation code, or
// was copied incompletely.
var ErrMalformedCode = errors.New("this is not a complete invitation code: copy it again from start to end")

// Code is an invitation as it is handed over: what a newcomer needs to find
// the space and to be let in.
type Code struct {
	Space     ID
	Secret    InvitationSecret
	Inviter   DeviceID
	Addresses [][]byte // libp2p multiaddrs in binary, without the peer ID
	Name      string   // of the space
	Expiry    time.Time
}

// InvitationSecret is the seed of an invitation's own Ed25519 key. Whoever
// holds it may join.
type InvitationSecret = [32]byte

type codePayload struct {
	Space     ID               `cbor:"1,keyasint"`
	Secret    InvitationSecret `cbor:"2,keyasint"`
	Inviter   DeviceID         `cbor:"3,keyasint"`
	Addresses [][]byte         `cbor:"4,keyasint"`
	Name      string           `cbor:"5,keyasint"`
	Expiry    uint64           `cbor:"6,keyasint"`
}

var codeBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// Invitation is the key that names the invitation in the log.
func (c Code) Invitation() InvitationKey {
	return InvitationKey(KeyFromSeed(c.Secret).Device())
}

// Expired reports whether the code's time is over at now.
func (c Code) Expired(now time.Time) bool {
	return !c.Expiry.IsZero() && now.After(c.Expiry)
}

// String is the code as people copy it. Addresses beyond MaxAddresses are
// left out, the first ones stay.
func (c Code) String() string {
	p := codePayload{Space: c.Space, Secret: c.Secret, Inviter: c.Inviter, Name: c.Name}
	for _, address := range c.Addresses {
		if len(p.Addresses) < MaxAddresses && len(address) > 0 && len(address) <= maxAddress {
			p.Addresses = append(p.Addresses, address)
		}
	}
	if !c.Expiry.IsZero() {
		p.Expiry = uint64(max(c.Expiry.Unix(), 0))
	}
	raw := encode(p)
	sum := sha256.Sum256(raw)
	return codePrefix + "-" + codeBase32.EncodeToString(append(raw, sum[:codeChecksum]...))
}

// ParseCode reads a code as it was pasted: case, white space and hyphens do
// not matter. It fails with ErrMalformedCode. Whether the code has expired is
// for the caller to ask, with Expired.
func ParseCode(text string) (Code, error) {
	if len(text) > maxCodeText {
		return Code{}, fmt.Errorf("parse code: %w", ErrMalformedCode)
	}
	plain := strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, text)
	digits, ok := strings.CutPrefix(plain, codePrefix)
	if !ok || codeBase32.DecodedLen(len(digits)) > maxCodeBinary {
		return Code{}, fmt.Errorf("parse code: %w", ErrMalformedCode)
	}
	raw, err := codeBase32.DecodeString(digits)
	// The last letter may hold bits that mean nothing: a slip there is a slip.
	if err != nil || len(raw) < codeChecksum || codeBase32.EncodeToString(raw) != digits {
		return Code{}, fmt.Errorf("parse code: %w", ErrMalformedCode)
	}
	body, checksum := raw[:len(raw)-codeChecksum], raw[len(raw)-codeChecksum:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:codeChecksum], checksum) {
		return Code{}, fmt.Errorf("parse code: %w", ErrMalformedCode)
	}
	var p codePayload
	if err := decode(body, &p); err != nil {
		return Code{}, fmt.Errorf("parse code: %w (%w)", ErrMalformedCode, err)
	}
	if err := p.validate(); err != nil {
		return Code{}, fmt.Errorf("parse code: %w (%w)", ErrMalformedCode, err)
	}
	c := Code{Space: p.Space, Secret: p.Secret, Inviter: p.Inviter, Addresses: p.Addresses, Name: p.Name}
	if p.Expiry != 0 {
		c.Expiry = time.Unix(int64(p.Expiry), 0).UTC()
	}
	return c, nil
}

func (p codePayload) validate() error {
	if len(p.Addresses) > MaxAddresses {
		return fmt.Errorf("%d addresses", len(p.Addresses))
	}
	for _, address := range p.Addresses {
		if len(address) == 0 || len(address) > maxAddress {
			return fmt.Errorf("an address of %d bytes", len(address))
		}
	}
	if p.Expiry > maxTime {
		return errors.New("expiry out of range")
	}
	return ValidateName(p.Name)
}
