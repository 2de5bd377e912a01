package app

import (
	"context"
	"sync"
	"time"
)

// A sparing is a reason to use the network sparingly that nobody has switched
// on.
type sparing string

const (
	sparesNothing sparing = ""
	onBattery     sparing = "battery" // it is low: with a full one, everything is to be there on the way home
	onMetered     sparing = "metered" // what goes over the network costs money
)

// powerRound is how often the reasons are looked at.
const powerRound = 30 * time.Second

// frugality is what the computer says about its battery and its network.
type frugality struct {
	mu  sync.Mutex
	why sparing
}

func newFrugality() *frugality { return &frugality{} }

func (f *frugality) reason() sparing {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.why
}

func (f *frugality) spares() bool { return f.reason() != sparesNothing }

// set reports whether that is news.
func (f *frugality) set(why sparing) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.why
	f.why = why
	return was != why
}

// watchPower follows what the computer says until ctx ends. Where nothing says
// anything, there is no reason to be sparing.
func (a *App) watchPower(ctx context.Context) {
	for {
		if a.frugal.set(lookAtPower(ctx)) {
			a.log.Info("how the network is used", "sparingly", a.frugal.spares(), "because", a.frugal.reason())
			a.node.Lavish()
			a.news.ring(topic{event: EventNetwork})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(powerRound):
		}
	}
}

// SetFrugal uses the network sparingly, also after a restart, or takes that back.
func (a *App) SetFrugal(frugal bool) error {
	if err := a.settings.change(func(s *settings) { s.Frugal = frugal }); err != nil {
		return err
	}
	a.node.SetFrugal(frugal)
	a.news.ring(topic{event: EventNetwork})
	return nil
}
