package space

import (
	"fmt"
	"slices"
	"time"
)

// NewSeatKey writes a key with which a further device joins the seat of this
// one. The secret is the seed of the key, which is for the caller to keep or to
// show. A newer recovery key of a seat ends the older one.
func (l *Log) NewSeatKey(key Key, purpose Purpose, uses int, expiry, now time.Time, secret [32]byte) (Entry, error) {
	public := InvitationKey(KeyFromSeed(secret).Device())
	return l.RegisterSeatKey(key, public, ProveSeatKey(secret, key.Device(), purpose), purpose, uses, expiry, now)
}

const seatKeyDomain = "parley/seat-key/1"

// ProveSeatKey signs, with a seat key itself, that a device may register it in
// the seats that the device has, in any space. It is no secret.
func ProveSeatKey(secret [32]byte, device DeviceID, purpose Purpose) []byte {
	return KeyFromSeed(secret).Sign(seatKeyMessage(device, purpose))
}

func provesSeatKey(proof []byte, public InvitationKey, device DeviceID, purpose Purpose) bool {
	return DeviceID(public).Verify(seatKeyMessage(device, purpose), proof)
}

func seatKeyMessage(device DeviceID, purpose Purpose) []byte {
	return domain(seatKeyDomain, append(device[:], byte(purpose)))
}

// RegisterSeatKey is NewSeatKey for a key of which only the public half is
// known, and a proof that it was made for this device.
func (l *Log) RegisterSeatKey(key Key, public InvitationKey, proof []byte, purpose Purpose, uses int, expiry, now time.Time) (Entry, error) {
	me, ok := l.Member(key.Device())
	if !ok {
		return Entry{}, fmt.Errorf("new seat key: %w", ErrNotMember)
	}
	seconds, err := expirySeconds(expiry)
	if err != nil {
		return Entry{}, fmt.Errorf("new seat key: %w", err)
	}
	body := seatKeyBody{Key: public, Purpose: purpose, Uses: uint64(max(uses, 0)), Expiry: seconds, Seat: me.Seat, Proof: proof}
	if err := body.validate(); err != nil {
		return Entry{}, fmt.Errorf("new seat key: %w", err)
	}
	return l.write(key, now, draft{KindSeatKey, body})
}

// SetLabel writes what a device of one's own seat is called.
func (l *Log) SetLabel(key Key, device DeviceID, label string, now time.Time) (Entry, error) {
	if err := ValidateLabel(label); err != nil {
		return Entry{}, fmt.Errorf("set label: %w", err)
	}
	me, ok := l.Member(key.Device())
	if !ok {
		return Entry{}, fmt.Errorf("set label: %w", ErrNotMember)
	}
	other, ok := l.Member(device)
	switch {
	case !ok:
		return Entry{}, fmt.Errorf("set label: %w", ErrUnknownDevice)
	case other.Seat != me.Seat:
		return Entry{}, fmt.Errorf("set label: %w", ErrOtherSeat)
	case other.Label == label:
		return Entry{}, fmt.Errorf("set label: %w", ErrNoEffect)
	}
	return l.write(key, now, draft{KindLabel, labelBody{Device: device, Label: label}})
}

// Confirm writes that a person's standing and organisation are as they say,
// or that this is not confirmed any more. It holds until they say otherwise.
func (l *Log) Confirm(key Key, seat DeviceID, yes bool, now time.Time) (Entry, error) {
	if err := l.facilitates(key.Device()); err != nil {
		return Entry{}, fmt.Errorf("confirm: %w", err)
	}
	me, _ := l.Member(key.Device())
	other, ok := l.Seat(seat)
	switch {
	case !ok:
		return Entry{}, fmt.Errorf("confirm: %w", ErrUnknownSeat)
	case me.Seat == other.ID:
		return Entry{}, fmt.Errorf("confirm: %w", ErrOwnStanding)
	case !yes && other.ConfirmedBy == DeviceID{}:
		return Entry{}, fmt.Errorf("confirm: %w", ErrNoEffect)
	}
	return l.write(key, now, draft{KindConfirm, confirmBody{Seat: other.ID, Person: other.Person, Yes: yes}})
}

// Answer writes what a facilitator says to a request. A yes fails with
// ErrUsedUp, ErrRemoved or ErrRevoked where it would let nobody in.
func (l *Log) Answer(key Key, join Hash, accept bool, now time.Time) (Entry, error) {
	if err := l.facilitates(key.Device()); err != nil {
		return Entry{}, fmt.Errorf("answer: %w", err)
	}
	if !slices.ContainsFunc(l.Requests(), func(r Request) bool { return r.Join == join }) {
		return Entry{}, fmt.Errorf("answer: %w", ErrUnknownRequest)
	}
	if accept {
		if err := l.acceptable(join); err != nil {
			return Entry{}, fmt.Errorf("answer: %w", err)
		}
	}
	return l.write(key, now, draft{KindAnswer, answerBody{Join: join, Accept: accept}}, join)
}

// acceptable says why a yes to a request would not count on top of the whole
// log, if so.
func (l *Log) acceptable(hash Hash) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s, join := l.state, int32(l.index[hash])
	f := &s.facts[join]
	through := s.byEntry[f.via]
	switch {
	case s.inhabited(f.about, whole, sure):
		return ErrRevoked
	case s.expelled(f.about, join, whole, sure):
		return ErrRemoved
	case through.Used >= through.Uses && !through.users[f.about]:
		return ErrUsedUp
	}
	return nil
}

// Rename writes another name of the space.
func (l *Log) Rename(key Key, name string, now time.Time) (Entry, error) {
	if err := ValidateName(name); err != nil {
		return Entry{}, fmt.Errorf("rename: %w", err)
	}
	if err := l.facilitates(key.Device()); err != nil {
		return Entry{}, fmt.Errorf("rename: %w", err)
	}
	if l.Name() == name {
		return Entry{}, fmt.Errorf("rename: %w", ErrNoEffect)
	}
	return l.write(key, now, draft{KindRename, renameBody{Name: name}})
}

// SetReach writes how far the space's devices go to find one another. Only a
// facilitator can.
func (l *Log) SetReach(key Key, reach Reach, now time.Time) (Entry, error) {
	body := reachBody{Reach: reach}
	if err := body.validate(); err != nil {
		return Entry{}, fmt.Errorf("set reach: %w", err)
	}
	if err := l.facilitates(key.Device()); err != nil {
		return Entry{}, fmt.Errorf("set reach: %w", err)
	}
	if l.Reach() == reach {
		return Entry{}, fmt.Errorf("set reach: %w", ErrNoEffect)
	}
	return l.write(key, now, draft{KindReach, body})
}

// Succeed writes that another space takes the place of this one, and with
// which codes those who have a role here join there. A facilitator or an
// editor can.
func (l *Log) Succeed(key Key, codes map[Role]Code, now time.Time) (Entry, error) {
	me, ok := l.Member(key.Device())
	switch {
	case !ok:
		return Entry{}, fmt.Errorf("succeed: %w", ErrNotMember)
	case me.Role > Editor:
		return Entry{}, fmt.Errorf("succeed: %w", ErrNotFacilitator)
	}
	body := successorBody{Codes: make(map[Role]string, len(codes))}
	for role, code := range codes {
		body.Codes[role] = code.String()
	}
	if err := body.validate(); err != nil {
		return Entry{}, fmt.Errorf("succeed: %w", err)
	}
	return l.write(key, now, draft{KindSuccessor, body})
}
