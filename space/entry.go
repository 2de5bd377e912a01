package space

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Limits on one entry.
const (
	MaxEntry   = 16 << 10 // bytes
	MaxParents = 64
	MaxUses    = 1000 // of one invitation
)

// maxTime is the end of the year 9999, in Unix seconds.
const maxTime = 253402300799

// ErrMalformedEntry is what an entry fails with that is not in the form of
// docs/formats.md or whose signatures do not match.
var ErrMalformedEntry = errors.New("malformed entry")

// Kind says what an entry does.
type Kind uint8

// The kinds, as stored.
const (
	KindFound    Kind = 1
	KindInvite   Kind = 2
	KindWithdraw Kind = 3
	KindJoin     Kind = 4
	KindPerson   Kind = 5
)

// String is the kind's word.
func (k Kind) String() string {
	switch k {
	case KindFound:
		return "found"
	case KindInvite:
		return "invite"
	case KindWithdraw:
		return "withdraw"
	case KindJoin:
		return "join"
	case KindPerson:
		return "person"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Entry is one parsed entry of a membership log, its signatures checked. That
// it is well formed does not mean that it counts: the log decides that.
type Entry struct {
	Hash    Hash
	Kind    Kind
	Space   ID
	Parents []Hash // sorted; empty in a founding entry only
	Author  DeviceID
	Time    time.Time // as the author claims
	Raw     []byte    // all its bytes; not to be changed

	body any // *foundBody, *inviteBody, *withdrawBody, Application, *personBody
}

type envelope struct {
	_         struct{} `cbor:",toarray"`
	Payload   []byte
	Signature []byte
}

type payload struct {
	Kind    Kind            `cbor:"1,keyasint"`
	Space   []byte          `cbor:"2,keyasint,omitempty"`
	Parents []Hash          `cbor:"3,keyasint"`
	Author  DeviceID        `cbor:"4,keyasint"`
	Time    uint64          `cbor:"5,keyasint"`
	Body    cbor.RawMessage `cbor:"6,keyasint"`
}

type foundBody struct {
	Name   string   `cbor:"1,keyasint"`
	Person Person   `cbor:"2,keyasint"`
	Nonce  [16]byte `cbor:"3,keyasint"`
}

type inviteBody struct {
	Invitation InvitationKey `cbor:"1,keyasint"`
	Role       Role          `cbor:"2,keyasint"`
	Uses       uint64        `cbor:"3,keyasint"`
	Expiry     uint64        `cbor:"4,keyasint"`
}

type withdrawBody struct {
	Invitation InvitationKey `cbor:"1,keyasint"`
}

type joinBody struct {
	Application []byte `cbor:"1,keyasint"`
}

type personBody struct {
	Person Person `cbor:"1,keyasint"`
}

const entryDomain = "parley/entry/1"

// ParseEntry reads one entry from bytes of any origin and checks its
// signatures. It keeps raw, which must not be changed afterwards. It fails
// with ErrMalformedEntry.
func ParseEntry(raw []byte) (Entry, error) {
	e, err := parseEntry(raw)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrMalformedEntry, err)
	}
	return e, nil
}

func parseEntry(raw []byte) (Entry, error) {
	if len(raw) > MaxEntry {
		return Entry{}, fmt.Errorf("%d bytes, the limit is %d", len(raw), MaxEntry)
	}
	var env envelope
	if err := decode(raw, &env); err != nil {
		return Entry{}, err
	}
	var p payload
	if err := decode(env.Payload, &p); err != nil {
		return Entry{}, fmt.Errorf("payload: %w", err)
	}
	e := Entry{
		Hash:    sha256.Sum256(raw),
		Kind:    p.Kind,
		Parents: p.Parents,
		Author:  p.Author,
		Time:    time.Unix(int64(min(p.Time, maxTime)), 0).UTC(),
		Raw:     raw,
	}
	if p.Time > maxTime {
		return Entry{}, errors.New("time out of range")
	}
	if err := e.place(p.Space); err != nil {
		return Entry{}, err
	}
	if !e.Author.Verify(domain(entryDomain, env.Payload), env.Signature) {
		return Entry{}, errors.New("signature does not match")
	}
	body, err := parseBody(e.Kind, e.Space, p.Body)
	if err != nil {
		return Entry{}, fmt.Errorf("%s: %w", e.Kind, err)
	}
	e.body = body
	return e, nil
}

// place checks where the entry says it belongs: the founding entry names
// neither space nor parents, every other names both.
func (e *Entry) place(space []byte) error {
	if e.Kind == KindFound {
		if len(space) != 0 || len(e.Parents) != 0 {
			return errors.New("a founding entry has no space and no parents")
		}
		e.Space = ID(e.Hash)
		return nil
	}
	if len(space) != len(e.Space) {
		return errors.New("no space ID")
	}
	e.Space = ID(space)
	if len(e.Parents) == 0 || len(e.Parents) > MaxParents {
		return fmt.Errorf("%d parents, it has to be 1 to %d", len(e.Parents), MaxParents)
	}
	for i := 1; i < len(e.Parents); i++ {
		if bytes.Compare(e.Parents[i-1][:], e.Parents[i][:]) >= 0 {
			return errors.New("parents are not sorted")
		}
	}
	return nil
}

func parseBody(kind Kind, id ID, raw []byte) (any, error) {
	switch kind {
	case KindFound:
		body := new(foundBody)
		if err := decode(raw, body); err != nil {
			return nil, err
		}
		if err := ValidateName(body.Name); err != nil {
			return nil, fmt.Errorf("space's name: %w", err)
		}
		return body, body.Person.Validate()
	case KindInvite:
		body := new(inviteBody)
		if err := decode(raw, body); err != nil {
			return nil, err
		}
		return body, body.validate()
	case KindWithdraw:
		body := new(withdrawBody)
		return body, decode(raw, body)
	case KindJoin:
		body := new(joinBody)
		if err := decode(raw, body); err != nil {
			return nil, err
		}
		application, err := ParseApplication(body.Application)
		if err == nil && application.Space != id {
			err = errors.New("application to another space")
		}
		return application, err
	case KindPerson:
		body := new(personBody)
		if err := decode(raw, body); err != nil {
			return nil, err
		}
		return body, body.Person.Validate()
	}
	return nil, errors.New("this version of Parley does not know it")
}

func (b *inviteBody) validate() error {
	switch {
	case !b.Role.Valid():
		return fmt.Errorf("unknown %s", b.Role)
	case b.Uses < 1 || b.Uses > MaxUses:
		return fmt.Errorf("an invitation has 1 to %d uses, not %d", MaxUses, b.Uses)
	case b.Expiry > maxTime:
		return errors.New("expiry out of range")
	}
	return nil
}

// seal signs an entry. The parents must be sorted.
func seal(key Key, kind Kind, id []byte, parents []Hash, now time.Time, body any) (Entry, error) {
	seconds, err := unixSeconds(now)
	if err != nil {
		return Entry{}, err
	}
	p := encode(payload{
		Kind:    kind,
		Space:   id,
		Parents: parents,
		Author:  key.Device(),
		Time:    seconds,
		Body:    encode(body),
	})
	raw := encode(envelope{Payload: p, Signature: key.Sign(domain(entryDomain, p))})
	return ParseEntry(raw)
}

// domain begins a message to sign with the name of its kind.
func domain(name string, message []byte) []byte {
	return append(append(make([]byte, 0, len(name)+len(message)), name...), message...)
}

func unixSeconds(t time.Time) (uint64, error) {
	if t.Unix() < 0 || t.Unix() > maxTime {
		return 0, fmt.Errorf("time %s is out of range", t)
	}
	return uint64(t.Unix()), nil
}
