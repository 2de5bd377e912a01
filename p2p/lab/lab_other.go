//go:build !linux

package lab

import "testing"

// Apart runs the tests where they are: there are no namespaces here.
func Apart(m Tests) Tests { return m }

// Alone skips a story that needs a network of its own.
func Alone(t *testing.T, _ func(t *testing.T)) {
	t.Skip("NOT TESTED HERE: this story needs a network of its own, which only Linux can make")
}

// LocalNetwork and IP are for stories that are Alone: none runs here.
func LocalNetwork(t testing.TB) { t.Fatal("this is not Linux") }

func IP(t testing.TB, _ ...string) { t.Fatal("this is not Linux") }
