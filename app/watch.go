package app

import (
	"context"
	"errors"

	"parley/crdt"
	"parley/space"
)

// Watch calls tell for every change that is added to a space, or to one
// document of it, from now on, until ctx ends or tell fails. A watcher that
// is too slow misses nothing that is stored, but may not be told of each
// change; then Watch fails with crdt.ErrLagged.
func (a *App) Watch(ctx context.Context, id space.ID, only *crdt.DocumentID, tell func(crdt.Move) error) error {
	after := a.store.Position()
	for {
		moves, next, err := a.store.Wait(ctx, after)
		if err != nil {
			return err
		}
		after = next
		for _, move := range moves {
			about := move.Ref.Space == id && move.Ref.Document != (crdt.DocumentID{}) &&
				(only == nil || move.Ref.Document == *only)
			if !about {
				continue
			}
			if err := tell(move); err != nil {
				return err
			}
		}
	}
}

// ringForMoves tells windows what a change of the store means beyond the
// document itself: others do not have the latest any more, or somebody came.
func (a *App) ringForMoves(ctx context.Context) {
	after := a.store.Position()
	for {
		moves, next, err := a.store.Wait(ctx, after)
		after = next
		switch {
		case errors.Is(err, crdt.ErrLagged):
			a.ringEverything()
		case err != nil:
			return
		default:
			a.news.ring(meaning(moves)...)
		}
	}
}

func meaning(moves []crdt.Move) []topic {
	var topics []topic
	for _, move := range moves {
		topics = append(topics, topic{event: EventStatus, space: move.Ref.Space})
		if move.Ref.Document == (crdt.DocumentID{}) {
			topics = append(topics, topic{event: EventSpaces})
		}
	}
	return topics
}

func (a *App) ringEverything() {
	topics := []topic{{event: EventSpaces}, {event: EventNetwork}}
	for _, id := range a.store.Spaces() {
		topics = append(topics, topic{event: EventStatus, space: id}, topic{event: EventHere, space: id})
	}
	a.news.ring(topics...)
}
