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

	body any // by kind: a pointer to its body, an Application, nil for one of a newer Parley
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
	if err := e.prove(body); err != nil {
		return Entry{}, err
	}
	e.body = body
	return e, nil
}

// prove checks the signature of a key that the entry registers, which shows that
// its author has the key, or was told by who has.
func (e *Entry) prove(body any) error {
	switch body := body.(type) {
	case *inviteBody:
		if len(body.Proof) > 0 && !DeviceID(body.Invitation).Verify(invitationMessage(e.Space, e.Author), body.Proof) {
			return errors.New("the invitation's own signature does not match")
		}
	case *seatKeyBody:
		if !provesSeatKey(body.Proof, body.Key, e.Author, body.Purpose) {
			return errors.New("the seat key's own signature does not match")
		}
	}
	return nil
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
