package main

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/crdt/chunk"
)

// refer FILE KEY VALUE adds what another Automerge program would write to a
// document that was saved: a value at its root.
func refer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: refer FILE KEY VALUE")
	}
	saved := []byte(ts.ReadFile(args[0]))
	document, err := chunk.ParseSnapshot(saved, chunk.DefaultLimits)
	ts.Check(err)
	actor := chunk.Actor("another program!")
	change, err := chunk.Encode(
		chunk.Change{Actor: actor, Seq: document.Vector[actor] + 1, StartOp: document.MaxOp + 1, Deps: document.Heads}, []chunk.Actor{actor},
		[]chunk.Op{{Key: chunk.Key{Name: args[1], IsName: true}, Action: chunk.Put, Value: chunk.String(args[2])}},
	)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), append(saved, change.Raw...), 0o600))
}
