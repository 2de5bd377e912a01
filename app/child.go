package app

import "parley/crdt/materialize"

// RunChild makes this process the child that materialises documents, if its
// arguments say so. Every program that opens an App calls it first thing in
// main, with os.Args, and ends when it returns true.
func RunChild(args []string) bool {
	if len(args) < 2 || args[1] != materialize.Argument {
		return false
	}
	materialize.Main()
	return true
}
