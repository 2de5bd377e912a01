package space

import (
	"errors"
	"fmt"
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
// its devices count that they may not write any more by then.
func (l *Log) SetRole(key Key, seat DeviceID, role Role, cut Cut, now time.Time) ([]Entry, error) {
	if err := l.facilitates(key.Device()); err != nil {
		return nil, fmt.Errorf("set role: %w", err)
	}
	if _, ok := l.Seat(seat); !ok {
		return nil, fmt.Errorf("set role: %w", ErrUnknownSeat)
	}
	return l.writeCut(key, KindRole, now, cut, func(cut Cut, continued []Hash) any {
		return roleBody{Seat: seat, Role: role, Cut: cut, Continued: continued}
	})
}

// Remove writes that a seat does not belong to the space any more. Everybody
// may leave; only a facilitator can remove another.
func (l *Log) Remove(key Key, seat DeviceID, cut Cut, now time.Time) ([]Entry, error) {
	me, ok := l.Member(key.Device())
	switch {
	case !ok:
		return nil, fmt.Errorf("remove: %w", ErrNotMember)
	case me.Seat != seat && me.Role != Facilitator:
		return nil, fmt.Errorf("remove: %w", ErrNotFacilitator)
	}
	if _, ok := l.Seat(seat); !ok {
		return nil, fmt.Errorf("remove: %w", ErrUnknownSeat)
	}
	return l.writeCut(key, KindRemove, now, cut, func(cut Cut, continued []Hash) any {
		return removeBody{Seat: seat, Cut: cut, Continued: continued}
	})
}

// Revoke writes that a device does not belong to its seat any more. A device
// of the same seat can, and a facilitator.
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
	var bodies []draft
	for _, piece := range cut.split() {
		bodies = append(bodies, draft{KindAdmit, admitBody{Cut: piece}})
	}
	return l.writeAll(key, now, bodies...)
}

// writeCut writes an entry with a cut, after the entries that continue the
// cut if it is larger than one.
func (l *Log) writeCut(key Key, kind Kind, now time.Time, cut Cut, body func(Cut, []Hash) any) ([]Entry, error) {
	pieces := cut.Sorted().split()
	if len(pieces) > MaxContinued+1 {
		return nil, fmt.Errorf("write %s: %w", kind, ErrCutTooLarge)
	}
	var drafts []draft
	for _, piece := range pieces[1:] {
		drafts = append(drafts, draft{KindCut, cutBody{Cut: piece}})
	}
	entries, err := l.writeAll(key, now, drafts...)
	if err != nil {
		return nil, err
	}
	continued := make([]Hash, len(entries))
	for i, e := range entries {
		continued[i] = e.Hash
	}
	last, err := l.writeOn(entries, key, draft{kind, body(pieces[0], continued)}, now)
	if err != nil {
		return nil, err
	}
	return append(entries, last), nil
}

// draft is an entry that is not written yet.
type draft struct {
	kind Kind
	body any
}

// writeAll writes entries each on top of the one before.
func (l *Log) writeAll(key Key, now time.Time, drafts ...draft) ([]Entry, error) {
	var entries []Entry
	for _, d := range drafts {
		e, err := l.writeOn(entries, key, d, now)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// writeOn writes an entry on top of the last of some that are not in the log
// yet, or of the log's heads.
func (l *Log) writeOn(before []Entry, key Key, d draft, now time.Time) (Entry, error) {
	parents, _ := l.parents(key.Device(), nil)
	if len(before) > 0 {
		parents = []Hash{before[len(before)-1].Hash}
	}
	e, err := seal(key, d.kind, l.id[:], parents, now, d.body)
	if err != nil {
		return Entry{}, fmt.Errorf("write %s: %w", d.kind, err)
	}
	return e, nil
}
