package crdt

import (
	"context"
	"errors"
	"fmt"

	"parley/crdt/chunk"
	"parley/space"
)

// What stops a reader on one machine need not do so on another, and what is set
// aside for it stays aside. So whoever just happens to be the one with whom a
// part gets too large for this machine is not blamed.

// errTooLarge says that no change by itself is what stops the reader.
var errTooLarge = fmt.Errorf("%w: the document is too large for this machine", chunk.ErrStopped)

// guilty returns nil where a change may be set aside for the harm that it does
// on top of what comes before it, and errTooLarge where it is not to blame for
// that. A reader that stops must not do so over a harmless change in its place,
// and what this device wrote itself is never blamed for stopping one.
func (s *Store) guilty(ctx context.Context, id space.ID, before [][]byte, e patientItem, harm error) error {
	if !errors.Is(harm, chunk.ErrStopped) {
		return nil
	}
	if e.origin == Local || s.wrote(id, e.actor) {
		return errTooLarge
	}
	c, err := chunk.ParseChange(e.raw, s.limits)
	if err != nil {
		return err
	}
	instead, err := harmless(c)
	if err != nil {
		return fmt.Errorf("make a harmless change: %w", err)
	}
	switch _, err := s.readable(ctx, before, [][]byte{instead.Raw}); {
	case errors.Is(err, chunk.ErrStopped):
		return errTooLarge
	case err == nil, harmful(err):
		return nil
	default:
		return err
	}
}

// wrote reports whether an actor of a space is one of this device's.
func (s *Store) wrote(id space.ID, actor chunk.Actor) bool {
	own := space.ActorFor(id, s.device, 0)
	prefix, ok := space.ActorOwner([]byte(actor))
	return ok && prefix == [16]byte(own[:16])
}

// someLetters are in a harmless change: enough that nobody is blamed where there
// was hardly any room left.
const someLetters = 256

// harmless is a change in the place of another, as if somebody had typed a few
// lines there.
func harmless(c chunk.Change) (chunk.Change, error) {
	actor := chunk.Actor("in place of another")
	text := chunk.ID{Counter: c.StartOp}
	ops := []chunk.Op{{Key: chunk.Key{Name: string(actor), IsName: true}, Action: chunk.MakeText}}
	for i := range uint64(someLetters) {
		letter := chunk.Op{Object: text, Insert: true, Action: chunk.Put, Value: chunk.String("x")}
		if i > 0 {
			letter.Key.Elem = chunk.ID{Counter: c.StartOp + i}
		}
		ops = append(ops, letter)
	}
	made := chunk.Change{Actor: actor, Seq: 1, StartOp: c.StartOp, Time: 1, Deps: c.Deps}
	return chunk.Encode(made, []chunk.Actor{actor}, ops)
}
