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
	ErrRemoved           = errors.New("this device was removed from the space: it needs an invitation that was made after that")
	ErrRevoked           = errors.New("this device was taken out of its owner's devices: one of those has to link it again")
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
	body.Proof = invitation.Sign(invitationMessage(l.id, key.Device()))
	e, err := l.write(key, now, draft{KindInvite, body})
	return e, invitation.Seed(), err
}

const invitationDomain = "parley/invitation/1"

// invitationMessage is what an invitation's own key signs, so that nobody makes
// an invitation of a key that they only read about.
func invitationMessage(id ID, author DeviceID) []byte {
	return domain(invitationDomain, append(id[:], author[:]...))
}

func expirySeconds(expiry time.Time) (uint64, error) {
	if expiry.IsZero() {
		return 0, nil
	}
	return unixSeconds(expiry)
}

// Withdraw writes that an invitation is over, or a key into a seat. Only a
// facilitator can withdraw an invitation; a seat's key each of its devices.
func (l *Log) Withdraw(key Key, invitation InvitationKey, now time.Time) (Entry, error) {
	me, ok := l.Member(key.Device())
	if !ok {
		return Entry{}, fmt.Errorf("withdraw: %w", ErrNotMember)
	}
	_, known := l.Invitation(invitation)
	seatKey, isSeatKey := l.SeatKey(invitation)
	switch {
	case !known && !isSeatKey:
		return Entry{}, fmt.Errorf("withdraw: %w", ErrUnknownInvitation)
	case me.Role != Facilitator && seatKey.Seat != me.Seat:
		return Entry{}, fmt.Errorf("withdraw: %w", ErrNotFacilitator)
	}
	return l.write(key, now, draft{KindWithdraw, withdrawBody{Invitation: invitation}}, l.openedBy(invitation)...)
}

// SetPerson writes the new name, organisation or standing of the person whose
// device this is.
func (l *Log) SetPerson(key Key, person Person, now time.Time) (Entry, error) {
	if err := person.Validate(); err != nil {
		return Entry{}, fmt.Errorf("set person: %w", err)
	}
	if _, ok := l.Member(key.Device()); !ok {
		return Entry{}, fmt.Errorf("set person: %w", ErrNotMember)
	}
	return l.write(key, now, draft{KindPerson, personBody{Person: person}})
}

// Admit writes the join that lets a newcomer in, on behalf of whoever made
// the invitation or the key into their seat. Any member can. Where a
// facilitator has to say yes first it returns ErrAsked, and the entry that
// asks them. It fails with ErrMalformedApplication, ErrOtherSpace,
// ErrAlreadyMember, ErrUnknownInvitation, ErrWithdrawn, ErrExpired, ErrUsedUp,
// ErrRemoved or ErrRevoked.
func (l *Log) Admit(key Key, application []byte, now time.Time) (Entry, error) {
	if _, ok := l.Member(key.Device()); !ok {
		return Entry{}, fmt.Errorf("admit: %w", ErrNotMember)
	}
	a, err := ParseApplication(application)
	if err != nil {
		return Entry{}, fmt.Errorf("admit: %w", err)
	}
	asks, err := l.checkApplication(a, now)
	if err != nil {
		return Entry{}, fmt.Errorf("admit: %w", err)
	}
	e, err := l.write(key, now, draft{KindJoin, joinBody{Application: application}}, l.openedBy(a.Invitation)...)
	if err == nil && asks {
		return e, fmt.Errorf("admit: %w", ErrAsked)
	}
	return e, err
}

func (l *Log) checkApplication(a Application, now time.Time) (asks bool, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.state.admissible(a, now); err != nil {
		return false, err
	}
	return l.state.keys[a.Invitation].Ask, nil
}

// admissible says why a join would not count on top of the whole log, if so.
func (s *state) admissible(a Application, now time.Time) error {
	if a.Space != s.log.id {
		return ErrOtherSpace
	}
	if _, ok := s.member(a.Device); ok {
		return ErrAlreadyMember
	}
	through, ok := s.keys[a.Invitation]
	if !ok {
		return ErrUnknownInvitation
	}
	via, k := through.entry, s.ledger.key(through.entry)
	switch device, known := s.numbers[a.Device]; {
	case s.over(via, k, whole, sure):
		return ErrWithdrawn
	case through.expired(now):
		return ErrExpired
	case known && k.seat == nobody && s.inhabited(device, whole, sure):
		return ErrRevoked
	case known && s.expelled(device, via, whole, sure):
		return ErrRemoved
	case through.Used >= through.Uses && !(known && through.users[device]):
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

// openedBy is the entry of an invitation or a seat key.
func (l *Log) openedBy(key InvitationKey) []Hash {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if made := l.state.keys[key]; made != nil {
		return []Hash{l.nodes[made.entry].entry.Hash}
	}
	return nil
}

// draft is an entry that is not written yet.
type draft struct {
	kind Kind
	body any
}

// write seals an entry on top of the log's heads. Needs are entries that it
// has to have below it to count. It fails with ErrNoEffect if it does not.
func (l *Log) write(key Key, now time.Time, d draft, needs ...Hash) (Entry, error) {
	c := l.begin(key, now, needs...)
	c.add(d)
	entries, err := c.end()
	if err != nil {
		return Entry{}, err
	}
	return entries[0], nil
}

// chain is entries that are written each on top of the one before, and all on
// top of the log's heads.
type chain struct {
	log     *Log
	key     Key
	now     time.Time
	parents []Hash
	onTop   bool // of all heads
	entries []Entry
	err     error
}

func (l *Log) begin(key Key, now time.Time, needs ...Hash) *chain {
	c := &chain{log: l, key: key, now: now}
	c.parents, c.onTop = l.parents(key.Device(), needs)
	return c
}

// add writes the next entry, unless one before could not be written.
func (c *chain) add(d draft) {
	if c.err != nil {
		return
	}
	e, err := seal(c.key, d.kind, c.log.id[:], c.parents, c.now, d.body)
	if err != nil {
		c.err = fmt.Errorf("write %s: %w", d.kind, err)
		return
	}
	c.entries, c.parents = append(c.entries, e), []Hash{e.Hash}
}

func (c *chain) end() ([]Entry, error) {
	if c.err == nil && !c.onTop {
		// On top of everything they count, as the caller has found out. Here
		// they may have come beside what decides otherwise.
		c.err = c.log.wouldCount(c.entries)
	}
	if c.err != nil {
		return nil, c.err
	}
	return c.entries, nil
}

// parents picks heads, as many as an entry can have, and reports whether these
// are all. Of more, the first ones have below them, or are, what the entry
// needs to count: its author's admission, what else it needs, and, so that
// nobody writes beside themselves, its author's newest entry. Then come those
// that this device learned of last.
func (l *Log) parents(author DeviceID, needs []Hash) (parents []Hash, all bool) {
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
	var needed []int
	if m, ok := l.state.member(author); ok {
		needed = append(needed, int(m.grant))
	}
	for _, hash := range needs {
		needed = append(needed, l.index[hash])
	}
	if written := l.written[author]; len(written) > 0 {
		needed = append(needed, written[len(written)-1])
	}
	for _, need := range slices.Backward(needed) {
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

// wouldCount fails with ErrNoEffect unless some entries would all count in the
// log with them.
func (l *Log) wouldCount(entries []Entry) error {
	l.mu.RLock()
	after := &Log{id: l.id, graph: l.clone()}
	l.mu.RUnlock()
	first := len(after.nodes)
	for _, e := range entries {
		if err := after.link(e); err != nil {
			return fmt.Errorf("write %s: %w", e.Kind, err)
		}
	}
	after.order = after.sorted()
	after.renumber(0)
	g := newLedger(after)
	g.decideAll()
	for i, e := range entries {
		if g.facts[first+i].verdict != counts {
			return fmt.Errorf("write %s: %w", e.Kind, ErrNoEffect)
		}
	}
	return nil
}

// expired reports whether the invitation's time is over.
func (i Invitation) expired(at time.Time) bool {
	return !i.Expiry.IsZero() && at.After(i.Expiry)
}
