package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"parley/p2p"
	"parley/space"
)

// MyDevice is one device of this device's person, over all spaces.
type MyDevice struct {
	Device    string     `json:"device"`
	Label     string     `json:"label"` // empty: nobody has named it
	ThisOne   bool       `json:"thisOne"`
	Connected bool       `json:"connected"`
	LastSeen  *time.Time `json:"lastSeen,omitempty"` // absent for this device, a connected one, and one never met
	Since     time.Time  `json:"since"`
	Spaces    []string   `json:"spaces"`  // names of those it is in with this device
	Missing   []string   `json:"missing"` // names of those that only this device is in
}

// seats are the seats of this device's person, with the logs they are in,
// oldest membership first.
func (a *App) seats() []mySeat {
	var seats []mySeat
	for _, log := range a.logs() {
		// A seat also answers to the device that it is named by, which may have
		// been taken out of it.
		seat, ok := log.Seat(a.Device())
		if _, in := log.Member(a.Device()); ok && in {
			seats = append(seats, mySeat{log, seat})
		}
	}
	return seats
}

type mySeat struct {
	log  *space.Log
	seat space.Seat
}

func (s mySeat) has(device space.DeviceID) bool {
	return slices.ContainsFunc(s.seat.Devices, func(m space.Member) bool { return m.Device == device })
}

// Devices lists the devices of this device's person: this one first, then by
// how long they have been there.
func (a *App) Devices() []MyDevice {
	seats, connected := a.seats(), a.connected()
	found := make(map[space.DeviceID]*MyDevice)
	note := func(device space.DeviceID, label string, since time.Time) *MyDevice {
		known := found[device]
		if known == nil {
			known = &MyDevice{
				Device: device.String(), ThisOne: device == a.Device(), Connected: connected[device],
				Since: since, Spaces: []string{}, Missing: []string{},
			}
			found[device] = known
		}
		if known.Label == "" {
			known.Label = label
		}
		if since.Before(known.Since) {
			known.Since = since
		}
		return known
	}
	if len(seats) == 0 {
		note(a.Device(), "", time.Time{})
	}
	for _, s := range seats {
		seen := a.lastSeen(s.log.ID())
		for _, member := range s.seat.Devices {
			known := note(member.Device, member.Label, member.Joined)
			known.Spaces = append(known.Spaces, s.log.Name())
			if at := seen[member.Device]; at != nil && !known.ThisOne && !known.Connected &&
				(known.LastSeen == nil || at.After(*known.LastSeen)) {
				known.LastSeen = at
			}
		}
	}
	devices := make([]MyDevice, 0, len(found))
	for device, known := range found {
		for _, s := range seats {
			if !s.has(device) {
				known.Missing = append(known.Missing, s.log.Name())
			}
		}
		devices = append(devices, *known)
	}
	slices.SortFunc(devices, func(x, y MyDevice) int {
		switch {
		case x.ThisOne:
			return -1
		case y.ThisOne:
			return 1
		}
		if order := x.Since.Compare(y.Since); order != 0 {
			return order
		}
		return strings.Compare(x.Device, y.Device)
	})
	return devices
}

// FindDevice finds a device of this device's person by the beginning of its
// ID, or by its name. It fails with CodeNotFound or CodeAmbiguous.
func (a *App) FindDevice(text string) (space.DeviceID, error) {
	devices := a.Devices()
	candidates := make([]candidate, len(devices))
	for i, device := range devices {
		candidates[i] = candidate{id: device.Device, title: device.Label}
	}
	hit := slices.IndexFunc(devices, func(d MyDevice) bool { return d.Label != "" && strings.EqualFold(d.Label, strings.TrimSpace(text)) })
	if hit < 0 {
		var err error
		if hit, err = find("device of yours", text, candidates); err != nil {
			return space.DeviceID{}, err
		}
	}
	return space.ParseDeviceID(devices[hit].Device)
}

// AwaitDevice waits for a device of this person that is not among those known,
// or has got spaces that it lacked, until ctx ends.
func (a *App) AwaitDevice(ctx context.Context, known []MyDevice) (MyDevice, error) {
	seen := a.news.current()
	for {
		_, rung := a.news.since(seen)
		for _, device := range a.Devices() {
			at := slices.IndexFunc(known, func(before MyDevice) bool { return before.Device == device.Device })
			if at < 0 || len(device.Missing) < len(known[at].Missing) {
				return device, nil
			}
		}
		select {
		case <-ctx.Done():
			return MyDevice{}, ctx.Err()
		case <-rung:
		}
	}
}

// RenameDevice gives a device of this person a name, in every space that it is
// in with this one.
func (a *App) RenameDevice(ctx context.Context, device space.DeviceID, label string) error {
	label, err := deviceLabel(label)
	if err != nil {
		return err
	}
	if label == "" {
		return newError(CodeInvalid, labelRule)
	}
	return a.inMySeats(ctx, device, func(s mySeat) ([]space.Entry, error) {
		if slices.ContainsFunc(s.seat.Devices, func(m space.Member) bool { return m.Device == device && m.Label == label }) {
			return nil, nil
		}
		entry, err := s.log.SetLabel(a.key, device, label, now())
		return []space.Entry{entry}, err
	})
}

// withdrawSeatKey ends a link or recovery key, if it has not ended.
func (a *App) withdrawSeatKey(ctx context.Context, log *space.Log, key space.InvitationKey) error {
	if _, live := log.SeatKey(key); !live {
		return nil
	}
	entry, err := log.Withdraw(a.key, key, now())
	if err != nil {
		return err
	}
	return a.addEntry(ctx, log.ID(), entry)
}

// inMySeats writes what a function makes for every space in which a device
// shares this one's seat. It goes on where a space fails, and fails with
// CodeNotFound where there is none.
func (a *App) inMySeats(ctx context.Context, device space.DeviceID, write func(mySeat) ([]space.Entry, error)) error {
	var errs []error
	found := false
	for _, s := range a.seats() {
		if !s.has(device) {
			continue
		}
		found = true
		entries, err := write(s)
		if err == nil && len(entries) > 0 {
			err = a.addEntries(ctx, s.log.ID(), entries)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if !found {
		return newError(CodeNotFound, "This is no device of yours, or it was taken out already.")
	}
	a.news.ring(topic{event: EventSpaces})
	return errors.Join(errs...)
}

// takeSeats has members let this device into the seats of its person, and takes
// over who that is. It fails with CodeUnreachable, CodeExpired or CodeUsedUp.
func (a *App) takeSeats(ctx context.Context, link p2p.Link) (Linked, error) {
	a.seating.Lock()
	defer a.seating.Unlock()
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	// The name in the application is read by nobody once this device sits where
	// its person does.
	link.Person = space.Person{Name: cmp.Or(link.Label, "Parley")}
	taken, err := a.node.Link(ctx, link)
	if err != nil {
		return Linked{}, err
	}
	var ids []space.ID
	for _, one := range taken {
		if one.Err != nil {
			a.log.Warn("a space was not taken", "space", one.Space, "err", one.Err)
			continue
		}
		ids = append(ids, one.Space)
	}
	// What was taken stays taken, also when nobody wants to wait for more.
	if err := a.adoptSeat(context.WithoutCancel(ctx), ids); err != nil {
		return Linked{}, err
	}
	a.news.ring(topic{event: EventSpaces})
	linked := Linked{Spaces: []Space{}}
	if person := a.Person(); person != nil {
		linked.Person = *person
	}
	for _, id := range ids {
		described, err := a.Space(id)
		if err != nil {
			return Linked{}, err
		}
		linked.Spaces = append(linked.Spaces, described)
	}
	return linked, nil
}

// Linked is what a device became part of by a link code or by recovery words.
type Linked struct {
	Person Person  `json:"person"`
	Spaces []Space `json:"spaces"`
}

// adoptSeat makes the person of a seat that this device was let into its own.
func (a *App) adoptSeat(ctx context.Context, ids []space.ID) error {
	known := []string{}
	for _, device := range a.Devices() {
		known = append(known, device.Device)
	}
	slices.Sort(known)
	// Those that were there before are no news to this one.
	if err := a.settings.change(func(s *settings) { s.Known = known }); err != nil {
		return err
	}
	for _, id := range ids {
		log, ok := a.store.Log(id)
		if !ok {
			continue
		}
		if seat, ok := log.Seat(a.Device()); ok {
			return a.SetPerson(ctx, personFrom(seat.Person))
		}
	}
	return nil
}
