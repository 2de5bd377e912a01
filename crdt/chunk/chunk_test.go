package chunk

import (
	"os"
	"testing"
)

// TestEncodeGivesBackWhatWasDecoded takes changes that Automerge JS 2.2.9 wrote
// and writes them again from their operations: to the byte, which also shows
// that every column is read and written as the core does it.
func TestEncodeGivesBackWhatWasDecoded(t *testing.T) {
	data, err := os.ReadFile("testdata/changes.bin")
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := Split(data, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range chunks {
		c, err := ParseChange(raw, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Encode(c, c.Actors(), collect(&c))
		if err != nil {
			t.Fatal(err)
		}
		if again.Hash != c.Hash {
			t.Errorf("change %s of %s came back as %s", c.Hash, c.Actor, again.Hash)
		}
	}
}

func collect(c *Change) []Op {
	var ops []Op
	for it := c.Ops(); it.Next(); {
		op := it.Op
		op.Pred = append([]ID(nil), op.Pred...)
		ops = append(ops, op)
	}
	return ops
}
