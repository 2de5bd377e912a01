package app

import (
	"maps"
	"slices"
	"strings"
	"time"

	wordlist "parley/app/words"
	"parley/space"
)

// A verifiedMark says that the person of this device has compared safety words
// with somebody, which words these were, and which devices and which name of
// theirs were behind them.
// It stays on this device.
type verifiedMark struct {
	Devices []string  `json:"devices"` // IDs, sorted
	Words   []string  `json:"words"`
	Person  Person    `json:"person"`
	At      time.Time `json:"at"`
}

// Safety is what two people compare to know that nobody stands between them.
type Safety struct {
	Words []string   `json:"words"`           // the same six on both sides
	State string     `json:"state"`           // as Member.Verified
	Since *time.Time `json:"since,omitempty"` // when they were compared; absent: never
	Fresh []string   `json:"fresh"`           // devices that were not there then
	Other bool       `json:"other"`           // others were compared then: a device of either side came or went
}

// verification says how far the person of a seat is verified, and which of its
// devices were not there when they were.
func (a *App) verification(seat space.Seat) (state string, fresh map[space.DeviceID]bool) {
	mark, ok := a.markOf(seat)
	if !ok {
		return VerifiedNo, nil
	}
	fresh = make(map[space.DeviceID]bool)
	for _, device := range seat.Devices {
		if _, known := slices.BinarySearch(mark.Devices, device.Device.String()); !known {
			fresh[device.Device] = true
		}
	}
	if len(fresh) > 0 || mark.Person != personFrom(seat.Person) {
		return VerifiedChanged, fresh
	}
	return VerifiedYes, fresh
}

// markOf is the mark of a seat's person. A device is one person's alone, so
// the mark is that of whoever had one of these devices.
func (a *App) markOf(seat space.Seat) (verifiedMark, bool) {
	ids := deviceIDs(seat)
	for _, mark := range a.settings.get().Verified {
		if slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(mark.Devices, id) }) {
			return mark, true
		}
	}
	return verifiedMark{}, false
}

func deviceIDs(seat space.Seat) []string {
	ids := make([]string, 0, len(seat.Devices))
	for _, device := range seat.Devices {
		ids = append(ids, device.Device.String())
	}
	slices.Sort(ids)
	return ids
}

// SafetyWords are those to compare with the person of a seat: six words of the
// devices on both sides, the same in every space that the two share.
func (a *App) SafetyWords(id space.ID, device space.DeviceID) (Safety, error) {
	mine, theirs, err := a.bothSides(id, device)
	if err != nil {
		return Safety{}, err
	}
	safety := Safety{Words: wordlist.Safety(deviceKeys(mine), deviceKeys(theirs)), Fresh: []string{}}
	var fresh map[space.DeviceID]bool
	safety.State, fresh = a.verification(theirs)
	for _, device := range slices.SortedFunc(maps.Keys(fresh), compareDevices) {
		safety.Fresh = append(safety.Fresh, device.String())
	}
	if mark, ok := a.markOf(theirs); ok {
		safety.Since = &mark.At
		safety.Other = !slices.Equal(mark.Words, safety.Words)
	}
	return safety, nil
}

func compareDevices(x, y space.DeviceID) int { return strings.Compare(x.String(), y.String()) }

// MarkVerified keeps that the words were the same, or forgets that they were.
func (a *App) MarkVerified(id space.ID, device space.DeviceID, same bool) error {
	mine, theirs, err := a.bothSides(id, device)
	if err != nil {
		return err
	}
	var words []string
	if same {
		words = wordlist.Safety(deviceKeys(mine), deviceKeys(theirs)) // outside of the change: they take long
	}
	ids := deviceIDs(theirs)
	err = a.settings.change(func(s *settings) {
		kept := make([]verifiedMark, 0, len(s.Verified)+1)
		for _, mark := range s.Verified {
			if !slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(mark.Devices, id) }) {
				kept = append(kept, mark)
			}
		}
		if same {
			kept = append(kept, verifiedMark{Devices: ids, Words: words, Person: personFrom(theirs.Person), At: now()})
		}
		s.Verified = kept
	})
	if err != nil {
		return err
	}
	a.news.ring(topic{event: EventSpaces})
	return nil
}

// bothSides are the seats of this device's person and of another in a space.
func (a *App) bothSides(id space.ID, device space.DeviceID) (mine, theirs space.Seat, err error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return mine, theirs, err
	}
	mine, ok := log.Seat(a.Device())
	if _, in := log.Member(a.Device()); !ok || !in {
		return mine, theirs, space.ErrNotMember
	}
	theirs, ok = log.Seat(device)
	if !ok {
		return mine, theirs, newError(CodeNotFound, "This person is not in the space any more.")
	}
	if theirs.ID == mine.ID {
		return mine, theirs, newError(CodeInvalid, "This is you. Compare the words with somebody else.")
	}
	return mine, theirs, nil
}

func deviceKeys(seat space.Seat) [][32]byte {
	devices := make([][32]byte, 0, len(seat.Devices))
	for _, device := range seat.Devices {
		devices = append(devices, device.Device)
	}
	return devices
}
