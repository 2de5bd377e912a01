package space

import (
	"bytes"
	"errors"

	"parley/space/canonical"
)

// errNotCanonical is CBOR that says something in more than one way.
var errNotCanonical = errors.New("not in canonical form")

var encoding, decoding = canonical.Modes(canonical.Limits{Levels: 8, Elements: 1024, Pairs: 64})

func encode(v any) []byte {
	raw, err := encoding.Marshal(v)
	if err != nil {
		panic(err) // only this package's own structs are encoded
	}
	return raw
}

// decode reads exactly one value that must be what encode would write.
func decode(raw []byte, into any) error {
	if err := decoding.Unmarshal(raw, into); err != nil {
		return err
	}
	if !bytes.Equal(encode(into), raw) {
		return errNotCanonical
	}
	return nil
}
