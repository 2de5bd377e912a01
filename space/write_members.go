package space

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Reasons why something cannot be said of a seat or a device.
var (
	ErrUnknownSeat    = errors.New("nobody in the space has this name")
	ErrUnknownDevice  = errors.New("this device is not in the space")
	ErrOwnStanding    = errors.New("nobody confirms their own standing: ask another facilitator")
	ErrUnknownRequest = errors.New("this request is not there any more, or has been answered")
	ErrAsked          = errors.New("a facilitator has to say yes first: the request waits for them")
	ErrOtherSeat      = errors.New("this belongs to somebody else in the space")
	ErrCutTooLarge    = errors.New("more changes are at stake than one removal can name")
)

// SetRole writes that a seat has another role. The cut says which changes of
// its devices count that they may not write any more by then. Whoever gets
// fewer rights knows the codes of the invitations by which they came in: where
// these are open and give more, they are withdrawn along with it.
func (l *Log) SetRole(key Key, seat DeviceID, role Role, cut Cut, now time.Time) ([]Entry, error) {
	if err := l.facilitates(key.Device()); err != nil {
		return nil, fmt.Errorf("set role: %w", err)
	}
	other, ok := l.Seat(seat)
	if !ok {
		return nil, fmt.Errorf("set role: %w", ErrUnknownSeat)
	}
	var withdrawals []draft
	if me, _ := l.Member(key.Device()); me.Seat != seat && role > other.Role {
		for _, open := range l.openTo(seat, role-1) {
			withdrawals = append(withdrawals, draft{KindWithdraw, withdrawBody{Invitation: open}})
		}
	}
	return l.writeCut(key, KindRole, now, cut, func(cut Cut, continued []Hash) any {
		return roleBody{Seat: seat, Role: role, Cut: cut, Continued: continued}
	}, withdrawals...)
}

// Remove writes that a seat does not belong to the space any more. Everybody
// may leave; only a facilitator can remove another. The invitations by which
// that seat came in are withdrawn along with it where they are open: who is
// removed knows their codes and could come back by them as somebody new. A
// facilitator can remove one who is not there any more, too: the new cut
// replaces what was said by then of how far they count.
func (l *Log) Remove(key Key, seat DeviceID, cut Cut, now time.Time) ([]Entry, error) {
	me, ok := l.Member(key.Device())
	switch {
	case !ok:
		return nil, fmt.Errorf("remove: %w", ErrNotMember)
	case me.Seat != seat && me.Role != Facilitator:
		return nil, fmt.Errorf("remove: %w", ErrNotFacilitator)
	}
	if !l.wasSeat(seat) {
		return nil, fmt.Errorf("remove: %w", ErrUnknownSeat)
	}
	var withdrawals []draft
	if me.Seat != seat {
		for _, open := range l.openTo(seat, noRight) {
			withdrawals = append(withdrawals, draft{KindWithdraw, withdrawBody{Invitation: open}})
		}
	}
	return l.writeCut(key, KindRemove, now, cut, func(cut Cut, continued []Hash) any {
		return removeBody{Seat: seat, Cut: cut, Continued: continued}
	}, withdrawals...)
}

// wasSeat reports whether a seat is or ever was somebody's.
func (l *Log) wasSeat(id DeviceID) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, ok := l.state.numbers[id]
	return ok && l.state.seats[number] != nil
}

// openTo lists the invitations by which the devices of a seat came in, and which
// let anybody who knows the code have a role, or one with more rights. Those
// whose time is over are among them: it is the time of who joins that counts,
// and this device's clock may be ahead of theirs.
func (l *Log) openTo(seat DeviceID, role Role) []InvitationKey {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.state
	var open []InvitationKey
	for _, grant := range s.subjects[s.numbers[seat]].grants {
		f := &s.facts[grant]
		if f.verdict != counts || f.via == nobody {
			continue
		}
		made := s.byEntry[f.via]
		spent := made.Ask || made.Used >= made.Uses || made.Role > role || s.over(f.via, s.key(f.via), whole, sure)
		if made.seat == nobody && !spent && !slices.Contains(open, made.Key) {
			open = append(open, made.Key)
		}
	}
	return open
}

// Revoke writes that a device does not belong to its seat any more. A device
// of the same seat can, and a facilitator. The invitations, links and recovery
// sheets that the device has made end along with it.
func (l *Log) Revoke(key Key, device DeviceID, cut Cut, now time.Time) ([]Entry, error) {
	me, ok := l.Member(key.Device())
	if !ok {
		return nil, fmt.Errorf("revoke: %w", ErrNotMember)
	}
	other, ok := l.Member(device)
	switch {
	case !ok:
		return nil, fmt.Errorf("revoke: %w", ErrUnknownDevice)
	case other.Seat != me.Seat && me.Role != Facilitator:
		return nil, fmt.Errorf("revoke: %w", ErrNotFacilitator)
	}
	return l.writeCut(key, KindRevoke, now, cut, func(cut Cut, continued []Hash) any {
		return revokeBody{Device: device, Cut: cut, Continued: continued}
	})
}

// Archive writes that the space is read-only for all, or not any more. The cut
// covers every actor of every part that its author holds.
func (l *Log) Archive(key Key, on bool, cut Cut, now time.Time) ([]Entry, error) {
	if err := l.facilitates(key.Device()); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	if l.Archived() == on {
		return nil, fmt.Errorf("archive: %w", ErrNoEffect)
	}
	return l.writeCut(key, KindArchive, now, cut, func(cut Cut, continued []Hash) any {
		return archiveBody{On: on, Cut: cut, Continued: continued}
	})
}

// AdmitChanges writes that changes count which are in quarantine. Only a
// facilitator can.
func (l *Log) AdmitChanges(key Key, cut Cut, now time.Time) ([]Entry, error) {
	if err := l.facilitates(key.Device()); err != nil {
		return nil, fmt.Errorf("admit changes: %w", err)
	}
	cut = cut.Sorted()
	if len(cut) == 0 {
		return nil, fmt.Errorf("admit changes: %w", ErrNoEffect)
	}
	c := l.begin(key, now)
	for _, piece := range cut.split() {
		c.add(draft{KindAdmit, admitBody{Cut: piece}})
	}
	return c.end()
}

// reads reports whether all of a cut that a device writes is read.
func (l *Log) reads(author DeviceID, cut Cut) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	m, ok := l.state.member(author)
	if !ok {
		return false
	}
	h := heed{all: l.state.seats[m.seat].role == Facilitator}
	return l.state.read[m.seat]+cut.numbers() <= h.mostNumbers()
}

// writeCut writes an entry with a cut, after the entries that continue the
// cut if it is larger than one, and before others that belong to it.
func (l *Log) writeCut(key Key, kind Kind, now time.Time, cut Cut, body func(Cut, []Hash) any, after ...draft) ([]Entry, error) {
	cut = cut.Sorted()
	pieces := cut.split()
	if len(pieces) > MaxContinued+1 || !l.reads(key.Device(), cut) {
		return nil, fmt.Errorf("write %s: %w", kind, ErrCutTooLarge)
	}
	c := l.begin(key, now)
	for _, piece := range pieces[1:] {
		c.add(draft{KindCut, cutBody{Cut: piece}})
	}
	var continued []Hash
	for _, e := range c.entries {
		continued = append(continued, e.Hash)
	}
	c.add(draft{kind, body(pieces[0], continued)})
	for _, d := range after {
		c.add(d)
	}
	return c.end()
}
