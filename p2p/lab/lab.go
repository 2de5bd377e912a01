// Package lab puts tests on networks of their own, made of Linux's network
// namespaces: no test reaches the network that the machine is on, or another
// test, and what happens to networks can be made to happen.
//
// Where the system does not permit namespaces, stories that need one are
// skipped and say so loudly, and what needs no more than loopback runs as it
// is. It is imported by tests only and knows nothing of Parley.
package lab

import "testing"

// Tests are what a TestMain is given to run.
type Tests interface{ Run() int }

var _ Tests = (*testing.M)(nil)
