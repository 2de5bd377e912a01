package app

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"parley/crdt"
)

// KeepSmall has the process collect garbage in time to stay near
// crdt.MemoryTarget, unless its environment sets another target. Programs call
// it in main.
func KeepSmall() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(crdt.MemoryTarget)
	}
}

const (
	restEvery = 20 * time.Second
	restWorth = 4 << 20 // bytes: less is not worth a collection
)

// giveMemoryBack returns to the system what a large document took, once nothing
// has been written for a while: Go by itself keeps garbage until there is as
// much again.
func (a *App) giveMemoryBack(ctx context.Context) {
	tick := time.NewTicker(restEvery)
	defer tick.Stop()
	var kept uint64
	for before := a.store.Position(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := a.store.Position()
		if now == before && goMemory() > kept+restWorth {
			debug.FreeOSMemory()
			kept = goMemory()
		}
		before = now
	}
}

// goMemory is how much of the system's memory Go's heap has, in bytes.
func goMemory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapSys - m.HeapReleased
}
