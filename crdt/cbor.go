package crdt

import "parley/space/canonical"

var encoding, decoding = canonical.Modes(canonical.Limits{})

func encode(v any) []byte {
	raw, err := encoding.Marshal(v)
	if err != nil {
		panic(err) // only this package's own structs are encoded
	}
	return raw
}
