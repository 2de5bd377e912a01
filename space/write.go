package space

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Reasons why an entry cannot be written, and a newcomer not admitted.
var (
	ErrNotMember         = errors.New("this device is not a member of the space")
	ErrNotFacilitator    = errors.New("only a facilitator can do this")
	ErrUnknownInvitation = errors.New("this invitation is not known in the space")
	ErrExpired           = errors.New("this invitation has expired: ask for a new one")
	ErrUsedUp            = errors.New("this invitation has been used up: ask for a new one")
	ErrWithdrawn         = errors.New("this invitation has been withdrawn: ask for a new one")
	ErrAlreadyMember     = errors.New("this device is already a member of the space")
	ErrNoEffect          = errors.New("this would change nothing in the space")
)

// The functions below write entries. An entry is not in the log until it is
// given to Add, so that it can be made durable first; two entries written
// without adding the first are concurrent. They fail with ErrNoEffect where
// the entry would not count.

// Found begins a space: its log holds the founding entry, whose author is the
// first facilitator. It reads 16 bytes of rand.
func Found(key Key, name string, person Person, now time.Time, rand io.Reader) (*Log, Entry, error) {
	body := foundBody{Name: name, Person: person}
	if err := ValidateName(name); err != nil {
		return nil, Entry{}, fmt.Errorf("found space: %w", err)
	}
	if err := person.Validate(); err != nil {
		return nil, Entry{}, fmt.Errorf("found space: %w", err)
	}
	if _, err := io.ReadFull(rand, body.Nonce[:]); err != nil {
		return nil, Entry{}, fmt.Errorf("found space: %w", err)
	}
	e, err := seal(key, KindFound, nil, nil, now, body)
	if err != nil {
		return nil, Entry{}, fmt.Errorf("found space: %w", err)
	}
	return newLog(e), e, nil
}

// InviteOptions say whom an invitation is for.
type InviteOptions struct {
	Role   Role
	Uses   int       // 1 to MaxUses
	Expiry time.Time // zero: without end
	Ask    bool      // a facilitator has to say yes to every newcomer
}

// Invite writes an invitation. The secret, read from rand, goes into the
// invitation's Code and nowhere else. Only a facilitator can invite.
func (l *Log) Invite(key Key, options InviteOptions, now time.Time, rand io.Reader) (Entry, InvitationSecret, error) {
	var secret InvitationSecret
	body := inviteBody{Role: options.Role, Uses: uint64(max(options.Uses, 0)), Ask: options.Ask}
	expiry, err := expirySeconds(options.Expiry)
	if err != nil {
		return Entry{}, secret, fmt.Errorf("invite: %w", err)
	}
	body.Expiry = expiry
	if err := body.validate(); err != nil {
		return Entry{}, secret, fmt.Errorf("invite: %w", err)
	}
	if err := l.facilitates(key.Device()); err != nil {
		return Entry{}, secret, fmt.Errorf("invite: %w", err)
	}
	invitation, err := GenerateKey(rand)
	if err != nil {
		return Entry{}, secret, fmt.Errorf("invite: %w", err)
	}
	body.Invitation = InvitationKey(invitation.Device())
	e, err := l.write(key, KindInvite, now, body, nil, func(s *state) bool {
		return s.keys[body.Invitation] != nil
	})
	return e, invitation.Seed(), err
}

func expirySeconds(expiry time.Time) (uint64, error) {
	if expiry.IsZero() {
		return 0, nil
	}
	return unixSeconds(expiry)
}

// Withdraw writes that an invitation is over. Only a facilitator can do so.
func (l *Log) Withdraw(key Key, invitation InvitationKey, now time.Time) (Entry, error) {
	if err := l.facilitates(key.Device()); err != nil {
		return Entry{}, fmt.Errorf("withdraw: %w", err)
	}
	if _, ok := l.Invitation(invitation); !ok {
		return Entry{}, fmt.Errorf("withdraw: %w", ErrUnknownInvitation)
	}
	return l.write(key, KindWithdraw, now, withdrawBody{Invitation: invitation}, &invitation, func(s *state) bool {
		return s.keys[invitation].Withdrawn
	})
}

// SetPerson writes a member's new name, organisation or standing.
func (l *Log) SetPerson(key Key, person Person, now time.Time) (Entry, error) {
	if err := person.Validate(); err != nil {
		return Entry{}, fmt.Errorf("set person: %w", err)
	}
	if _, ok := l.Member(key.Device()); !ok {
		return Entry{}, fmt.Errorf("set person: %w", ErrNotMember)
	}
	return l.write(key, KindPerson, now, personBody{Person: person}, nil, func(s *state) bool {
		return s.devices[key.Device()].Person == person
	})
}

// Admit writes the join that lets a newcomer in, on behalf of whoever made
// the invitation. Any member can. It fails with ErrMalformedApplication,
// ErrOtherSpace, ErrAlreadyMember, ErrUnknownInvitation, ErrWithdrawn,
// ErrExpired or ErrUsedUp.
func (l *Log) Admit(key Key, application []byte, now time.Time) (Entry, error) {
	if _, ok := l.Member(key.Device()); !ok {
		return Entry{}, fmt.Errorf("admit: %w", ErrNotMember)
	}
	a, err := ParseApplication(application)
	if err != nil {
		return Entry{}, fmt.Errorf("admit: %w", err)
	}
	if err := l.admissible(a, now); err != nil {
		return Entry{}, fmt.Errorf("admit: %w", err)
	}
	return l.write(key, KindJoin, now, joinBody{Application: application}, &a.Invitation, func(s *state) bool {
		return s.devices[a.Device] != nil
	})
}

func (l *Log) admissible(a Application, now time.Time) error {
	if a.Space != l.id {
		return ErrOtherSpace
	}
	if _, ok := l.Member(a.Device); ok {
		return ErrAlreadyMember
	}
	through, ok := l.Invitation(a.Invitation)
	switch {
	case !ok:
		return ErrUnknownInvitation
	case through.Withdrawn:
		return ErrWithdrawn
	case through.expired(now):
		return ErrExpired
	case through.Used >= through.Uses:
		return ErrUsedUp
	}
	return nil
}

func (l *Log) facilitates(device DeviceID) error {
	m, ok := l.Member(device)
	if !ok {
		return ErrNotMember
	}
	if m.Role != Facilitator {
		return ErrNotFacilitator
	}
	return nil
}

// write seals an entry on top of the log's heads. about is the invitation that
// it speaks of, or nil; counts says whether a log with the entry says what the
// entry was written for.
func (l *Log) write(key Key, kind Kind, now time.Time, body any, about *InvitationKey, counts func(*state) bool) (Entry, error) {
	parents, all := l.parents(key.Device(), about)
	e, err := seal(key, kind, l.id[:], parents, now, body)
	if err == nil && !all {
		// On top of everything it counts, as the caller has found out. Here
		// it may have come beside what decides otherwise.
		var after *state
		if after, err = l.with(e); err == nil && !counts(after) {
			err = ErrNoEffect
		}
	}
	if err != nil {
		return Entry{}, fmt.Errorf("write %s: %w", kind, err)
	}
	return e, nil
}

// parents picks heads, as many as an entry can have, and reports whether these
// are all. Of more, the first ones have below them, or are, what the entry
// needs to count: its author's admission, the invitation it is about, and, so
// that nobody writes beside themselves, its author's newest entry. Then come
// those that this device learned of last.
func (l *Log) parents(author DeviceID, about *InvitationKey) (parents []Hash, all bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.heads) <= MaxParents {
		return slices.Clone(l.heads), true
	}
	heads := make([]int, len(l.heads))
	for i, hash := range l.heads {
		heads[i] = l.index[hash]
	}
	slices.SortFunc(heads, func(a, b int) int { return b - a })
	var needs []int
	if m := l.state.devices[author]; m != nil {
		needs = append(needs, m.grants[0])
	}
	if about != nil && l.state.keys[*about] != nil {
		needs = append(needs, l.state.keys[*about].entry)
	}
	if written := l.written[author]; len(written) > 0 {
		needs = append(needs, written[len(written)-1])
	}
	for _, need := range slices.Backward(needs) {
		at := slices.IndexFunc(heads, func(head int) bool { return head == need || l.nodes[head].past.has(need) })
		first := heads[at]
		heads = slices.Insert(slices.Delete(heads, at, at+1), 0, first)
	}
	parents = make([]Hash, MaxParents)
	for i := range parents {
		parents[i] = l.nodes[heads[i]].entry.Hash
	}
	slices.SortFunc(parents, compareHashes)
	return parents, false
}

// with is what the log would say with one entry more.
func (l *Log) with(e Entry) (*state, error) {
	l.mu.RLock()
	after := &Log{id: l.id, graph: l.clone()}
	l.mu.RUnlock()
	if err := after.link(e); err != nil {
		return nil, err
	}
	after.order = after.sorted()
	return evaluate(after), nil
}
