package p2p

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"parley/space"
)

// strandedWait is the longest that a member waits before it lets in somebody
// whose admission was lost: the others who are here would do the same, and one
// entry is enough.
const strandedWait = 2 * time.Second

// readmitStranded sees to newcomers whose joins do not count only because those
// who admitted them were removed at the same time.
func (r *room) readmitStranded() {
	log, ok := r.node.store.Log(r.id)
	if !ok || len(log.Stranded(r.node.now())) == 0 || r.readmitting.Swap(true) {
		return
	}
	started := r.online.do(func() {
		waited := pause(r.ctx, rand.N(strandedWait))
		r.readmitting.Store(false) // what strands from now on is not seen by this task
		if !waited {
			return
		}
		if err := r.node.readmit(r.ctx, log); err != nil && r.ctx.Err() == nil {
			r.log.Error("Stranded newcomers could not be let in", "error", err)
		}
	})
	if !started {
		r.readmitting.Store(false)
	}
}

// readmit lets in again, durably, who is still stranded.
func (n *Node) readmit(ctx context.Context, log *space.Log) error {
	n.admission.mu.Lock()
	defer n.admission.mu.Unlock()
	for _, application := range log.Stranded(n.now()) {
		entry, err := log.Admit(n.key, application.Raw, n.now())
		if err != nil && !errors.Is(err, space.ErrAsked) {
			n.log.Info("A stranded newcomer was not let in", "device", application.Device, "space", log.ID(), "error", err)
			continue
		}
		if _, _, err := n.store.AddEntries(ctx, log.ID(), [][]byte{entry.Raw}); err != nil {
			return fmt.Errorf("let in a stranded newcomer: %w", err)
		}
	}
	return nil
}
