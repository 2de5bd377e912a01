package app

import (
	"slices"
	"strings"

	"parley/crdt"
	"parley/space"
)

// Authors says for each actor of a part whose it is, in the order of the
// actors' IDs. Nothing is opened for it.
func (a *App) Authors(ref crdt.Ref) ([]Author, error) {
	log, ok := a.store.Log(ref.Space)
	if !ok {
		return nil, newError(CodeNotFound, "There is no such space.")
	}
	signers, err := a.store.Signers(ref)
	if err != nil {
		return nil, err
	}
	known := peopleOf(log)
	live := make(map[space.DeviceID]bool)
	for _, seat := range log.Seats() {
		live[seat.ID] = true
	}
	authors := []Author{}
	for actor, device := range signers {
		author := Author{Actor: actor.String(), Imported: true}
		if prefix, ok := space.ActorOwner([]byte(actor)); ok {
			if owner, ok := log.Actor(prefix); ok {
				device, author.Imported = owner, false
			}
		}
		if seat, ok := log.SeatOf(device); ok {
			author.Seat, author.Person, author.Former = seat.String(), personFrom(known.of(seat)), !live[seat]
		}
		authors = append(authors, author)
	}
	slices.SortFunc(authors, func(x, y Author) int { return strings.Compare(x.Actor, y.Actor) })
	return authors, nil
}
