package p2p

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"parley/space"
)

const (
	// strandedWait is the longest that a member waits before it lets in somebody
	// whose admission was lost: the others who are here would do the same, and
	// one entry is enough.
	strandedWait = 2 * time.Second
	// maxReadmitted is how often it does so for one device while it is online.
	// Should such a join not count either, this is no way to fill a log.
	maxReadmitted = 3
)

// readmitStranded sees to newcomers whose joins do not count only because those
// who admitted them were removed at the same time.
func (r *room) readmitStranded() {
	log, ok := r.node.store.Log(r.id)
	if !ok || len(log.Stranded(r.node.now())) == 0 || r.readmitting.Swap(true) {
		return
	}
	started := r.online.do(func() {
		waited := pause(r.ctx, rand.N(strandedWait))
		r.readmitting.Store(false) // what strands from now on is for another task
		if !waited {
			return
		}
		if err := r.readmit(r.ctx, log); err != nil && r.ctx.Err() == nil {
			r.log.Error("Stranded newcomers could not be let in", "error", err)
		}
	})
	if !started {
		r.readmitting.Store(false)
	}
}

// readmit lets in again, durably, who is still stranded: one after the other,
// since somebody else's entry may come in between.
func (r *room) readmit(ctx context.Context, log *space.Log) error {
	n := r.node
	n.admission.mu.Lock()
	defer n.admission.mu.Unlock()
	for {
		application, ok := r.nextStranded(log)
		if !ok {
			return nil
		}
		r.readmitted[application.Device]++
		entry, err := log.Admit(n.key, application.Raw, n.now())
		if err != nil && !errors.Is(err, space.ErrAsked) {
			r.log.Info("A stranded newcomer was not let in", "device", application.Device, "error", err)
			continue
		}
		if _, _, err := n.store.AddEntries(ctx, r.id, [][]byte{entry.Raw}); err != nil {
			return fmt.Errorf("let in a stranded newcomer: %w", err)
		}
	}
}

func (r *room) nextStranded(log *space.Log) (space.Application, bool) {
	for _, application := range log.Stranded(r.node.now()) {
		if r.readmitted[application.Device] < maxReadmitted {
			return application, true
		}
	}
	return space.Application{}, false
}
