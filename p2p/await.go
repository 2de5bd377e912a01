package p2p

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/crdt"
	"parley/space"
)

// askAgain is how long CatchUp waits before it looks for members again.
const askAgain = 50 * time.Millisecond

// CatchUp waits until this device has everything of a space that some
// connected member has, which it pulls now. Without a connected member it
// waits for one. It fails with ErrOffline, with crdt.ErrUnknownSpace, with
// space.ErrNotMember where this device was removed or has left, or when ctx ends
// first; then what has come so far is stored.
func (n *Node) CatchUp(ctx context.Context, id space.ID) error {
	o := n.current()
	if o == nil {
		return fmt.Errorf("catch up: %w", ErrOffline)
	}
	if _, ok := n.store.Log(id); !ok {
		return fmt.Errorf("catch up: %w", crdt.ErrUnknownSpace)
	}
	ctx, cancel := closedBy(ctx, o.ctx)
	defer cancel()
	var failed error
	for {
		if !n.belongs(id) {
			return fmt.Errorf("catch up: %w", space.ErrNotMember)
		}
		if r := o.room(id); r != nil {
			for _, p := range o.sharers(id) {
				if failed = r.runPull(ctx, p, nil, true, nil); failed == nil {
					return nil
				}
			}
		}
		if !pause(ctx, askAgain) {
			return fmt.Errorf("catch up: %w", errors.Join(ctx.Err(), failed))
		}
	}
}
