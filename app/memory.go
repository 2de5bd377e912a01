package app

import (
	"os"
	"runtime/debug"

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
