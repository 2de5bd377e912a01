package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/crdt"
	"parley/space"
)

// people are those who belong to a space or did.
type people struct {
	log   *space.Log
	seats map[space.DeviceID]space.Person
}

func peopleOf(log *space.Log) people {
	known := people{log, make(map[space.DeviceID]space.Person)}
	for _, former := range log.Formers() {
		known.seats[former.ID] = former.Person
	}
	for _, seat := range log.Seats() {
		known.seats[seat.ID] = seat.Person
	}
	return known
}

// of is the person of a seat, or whose a device is or was; the zero Person for
// who is not known.
func (p people) of(device space.DeviceID) space.Person {
	if person, ok := p.seats[device]; ok {
		return person
	}
	seat, _ := p.log.SeatOf(device)
	return p.seats[seat]
}

func (p people) name(device space.DeviceID) string { return p.of(device).Name }

// describeSpace says all that a window shows of a space besides its documents.
func (a *App) describeSpace(log *space.Log, connected map[space.DeviceID]bool) Space {
	id := log.ID()
	known := peopleOf(log)
	described := Space{
		ID: id.String(), Name: log.Name(), Role: a.roleIn(log), Index: crdt.IndexID(id).String(),
		Members: []Member{}, Formers: []Former{},
		Archived: log.Archived(), Facilitators: log.Facilitators(), Requests: len(oncePerPerson(log.Requests())),
		Quarantined: a.store.Awaiting(id), Successor: a.successor(log), Newer: log.Newer(), Reach: log.Reach().String(), YouWere: a.youWere(log),
	}
	seen := a.lastSeen(id)
	for _, seat := range log.Seats() {
		described.Members = append(described.Members, a.describeSeat(seat, known, connected, seen))
	}
	for _, former := range slices.Backward(log.Formers()) {
		gone := Former{
			Device: former.ID.String(), Person: personFrom(former.Person), Role: former.Role.String(),
			Left: former.Left, At: former.When,
		}
		if !former.Left {
			gone.By = known.name(former.By)
		}
		described.Formers = append(described.Formers, gone)
	}
	return described
}

func (a *App) describeSeat(seat space.Seat, known people, connected map[space.DeviceID]bool, seen map[space.DeviceID]*time.Time) Member {
	member := Member{
		Device: seat.ID.String(), Person: personFrom(seat.Person), Role: seat.Role.String(), Joined: seat.Joined,
		InvitedBy: known.name(seat.InvitedBy), AdmittedBy: known.name(seat.Admitted), ConfirmedBy: known.name(seat.ConfirmedBy),
		Devices: []MemberDevice{},
	}
	var fresh map[space.DeviceID]bool
	member.Verified, fresh = a.verification(seat)
	for _, d := range seat.Devices {
		device := MemberDevice{
			Device: d.Device.String(), Label: d.Label, ThisOne: d.Device == a.Device(), Since: d.Joined, NewSinceVerified: fresh[d.Device],
		}
		device.Connected = device.ThisOne || connected[d.Device]
		if !device.Connected {
			device.LastSeen = seen[d.Device]
		}
		member.You = member.You || device.ThisOne
		member.Connected = member.Connected || device.Connected
		if device.LastSeen != nil && (member.LastSeen == nil || member.LastSeen.Before(*device.LastSeen)) {
			member.LastSeen = device.LastSeen
		}
		member.Devices = append(member.Devices, device)
	}
	if member.Connected {
		member.LastSeen = nil
	}
	return member
}

// roleIn is this device's role in a space, or NoRole.
func (a *App) roleIn(log *space.Log) string {
	if me, ok := log.Member(a.Device()); ok {
		return me.Role.String()
	}
	return NoRole
}

// youWere says why this device does not belong to a space any more; it is
// empty where it does, and where its place never counted.
func (a *App) youWere(log *space.Log) string {
	if _, ok := log.Member(a.Device()); ok {
		return ""
	}
	seat, ok := log.SeatOf(a.Device())
	if !ok {
		return ""
	}
	for _, former := range slices.Backward(log.Formers()) {
		switch {
		case former.ID != seat:
		case former.Left:
			return WereLeft
		default:
			return WereRemoved
		}
	}
	return WereRevoked
}

// Errors of somebody who belongs to a space no more.
var (
	errRemoved = newError(CodeNoMember, "You were removed from this space. What was here before is still on this computer, and you can save it with an export.")
	errLeft    = newError(CodeNoMember, "You have left this space. What was here before is still on this computer, until you delete it.")
	errRevoked = newError(CodeNoMember, "This device was taken out of the space. Your other devices are still in it; link this one again from there.")
)

// explain finds the words for what the log says to something that this device
// wants.
func (a *App) explain(log *space.Log, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, space.ErrNotMember):
		switch a.youWere(log) {
		case WereRemoved:
			return errRemoved
		case WereLeft:
			return errLeft
		case WereRevoked:
			return errRevoked
		}
	case errors.Is(err, space.ErrNotFacilitator) && log.Facilitators() == 0:
		return wrapError(CodeNoFacilitator,
			"This space has no facilitator any more, so nobody can do this. The editors can go on in a new space: `space succeed`, or “Go on in a new space” in the window.", err)
	}
	return err
}

// seat finds a person of a space by any of their devices. It fails with
// CodeNotFound.
func (a *App) seat(log *space.Log, device space.DeviceID) (space.Seat, error) {
	seat, ok := log.Seat(device)
	if !ok {
		return space.Seat{}, errNoSuchPerson
	}
	return seat, nil
}

var errNoSuchPerson = newError(CodeNotFound, "Nobody in this space has that device. Perhaps they have left; look at the list of people again.")

// SetRole gives a person of a space another role. What they wrote so far stays,
// whatever the role. Only facilitators can.
func (a *App) SetRole(ctx context.Context, id space.ID, device space.DeviceID, role space.Role) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	seat, err := a.seat(log, device)
	if err != nil {
		return err
	}
	if seat.Role == role {
		return newError(CodeNoEffect, fmt.Sprintf("%s is %s already.", seat.Person.Name, role))
	}
	var cut space.Cut
	if role != space.Facilitator {
		if cut, err = a.store.Cut(ctx, log.ID(), log.SeatDevices(seat.ID)); err != nil {
			return err
		}
	}
	entries, err := log.SetRole(a.key, seat.ID, role, cut, now())
	if err != nil {
		return a.explain(log, err)
	}
	return a.addEntries(ctx, id, entries)
}

// RemoveMember takes a person with all their devices out of a space. What they
// wrote so far stays. It cannot be undone: they can only be invited again.
//
// Who is out already can be removed once more, by another facilitator: then one
// of the two removals stands, whatever they answer to the other (docs/roles.md).
func (a *App) RemoveMember(ctx context.Context, id space.ID, device space.DeviceID) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	seat, ok := log.SeatOf(device)
	if !ok {
		return errNoSuchPerson
	}
	if mine, ok := log.Seat(a.Device()); ok && mine.ID == seat {
		return newError(CodeInvalid, "This is you. To go, leave the space.")
	}
	return a.takeOut(ctx, log, seat)
}

// LeaveSpace takes the person of this device, with all their devices, out of a
// space. What is on this device stays until ForgetSpace.
func (a *App) LeaveSpace(ctx context.Context, id space.ID) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	seat, ok := log.Seat(a.Device())
	if _, member := log.Member(a.Device()); !ok || !member {
		return a.explain(log, space.ErrNotMember)
	}
	return a.takeOut(ctx, log, seat.ID)
}

func (a *App) takeOut(ctx context.Context, log *space.Log, seat space.DeviceID) error {
	cut, err := a.store.Cut(ctx, log.ID(), log.SeatDevices(seat))
	if err != nil {
		return err
	}
	entries, err := log.Remove(a.key, seat, cut, now())
	if err != nil {
		return a.explain(log, err)
	}
	return a.addEntries(ctx, log.ID(), entries)
}

// Confirm says that an official is one, or takes that back. It holds until they
// change their standing or organisation. Only facilitators can, of others.
func (a *App) Confirm(ctx context.Context, id space.ID, device space.DeviceID, confirmed bool) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	seat, err := a.seat(log, device)
	if err != nil {
		return err
	}
	name := seat.Person.Name
	if mine, ok := log.Seat(a.Device()); ok && mine.ID == seat.ID {
		return newError(CodeInvalid, "Nobody can confirm themselves. Ask another facilitator.")
	}
	if confirmed && seat.Person.Standing != space.Official {
		return newError(CodeInvalid, fmt.Sprintf("%s does not say that they are an official, so there is nothing to confirm.", name))
	}
	if was := seat.ConfirmedBy != (space.DeviceID{}); was == confirmed {
		if was {
			return newError(CodeNoEffect, fmt.Sprintf("%s is confirmed already.", name))
		}
		return newError(CodeNoEffect, fmt.Sprintf("%s is not confirmed.", name))
	}
	entry, err := log.Confirm(a.key, seat.ID, confirmed, now())
	if err != nil {
		return a.explain(log, err)
	}
	return a.addEntry(ctx, id, entry)
}

// FindFormer finds who is not in a space any more by the beginning of the ID that
// `member list` shows for them. It fails with CodeNotFound or CodeAmbiguous.
func (a *App) FindFormer(id space.ID, prefix string) (Former, error) {
	s, err := a.Space(id)
	if err != nil {
		return Former{}, err
	}
	wanted := strings.TrimSpace(prefix)
	var hits []int
	candidates := make([]candidate, len(s.Formers))
	for i, f := range s.Formers {
		candidates[i] = candidate{id: f.Device, title: f.Name}
		if wanted != "" && beginsDevice(f.Device, wanted) {
			hits = append(hits, i)
		}
	}
	switch len(hits) {
	case 0:
		return Former{}, newError(CodeNotFound, fmt.Sprintf("Nobody who was in this space has a device whose ID begins with %q.", prefix))
	case 1:
		return s.Formers[hits[0]], nil
	}
	return Former{}, newError(CodeAmbiguous, fmt.Sprintf("%q could be %s. Write more of the ID.", prefix, listing(hits, candidates)))
}

// FindMember finds a person of a space by the beginning of the ID of one of
// their devices, with or without what all such IDs begin with. It fails with
// CodeNotFound or CodeAmbiguous.
func (a *App) FindMember(id space.ID, prefix string) (Member, error) {
	s, err := a.Space(id)
	if err != nil {
		return Member{}, err
	}
	wanted := strings.TrimSpace(prefix)
	var hits []int
	candidates := make([]candidate, len(s.Members))
	for i, m := range s.Members {
		candidates[i] = candidate{id: m.Device, title: m.Name}
		ids := []string{m.Device}
		for _, d := range m.Devices {
			ids = append(ids, d.Device)
		}
		if slices.ContainsFunc(ids, func(id string) bool { return beginsDevice(id, wanted) }) {
			hits = append(hits, i)
		}
	}
	switch {
	case wanted == "":
		return Member{}, newError(CodeInvalid, "Which person? Name the beginning of the ID of one of their devices.")
	case len(hits) == 0:
		return Member{}, newError(CodeNotFound, fmt.Sprintf("Nobody in this space has a device whose ID begins with %q. `member list` shows who is there.", prefix))
	case len(hits) > 1:
		return Member{}, newError(CodeAmbiguous, fmt.Sprintf("%q could be %s. Write more of the ID.", prefix, listing(hits, candidates)))
	}
	return s.Members[hits[0]], nil
}

// deviceBeginning is what the text of every device's ID begins with.
const deviceBeginning = "12D3KooW"

// beginsDevice does not mind case where that leaves no doubt: IDs of devices
// differ by it, so what was typed has to have it right.
func beginsDevice(id, wanted string) bool {
	return strings.HasPrefix(id, wanted) || strings.HasPrefix(strings.TrimPrefix(id, deviceBeginning), wanted)
}
