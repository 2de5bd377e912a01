package crdt

import "github.com/fxamacker/cbor/v2"

var encoding, decoding = cborModes()

func cborModes() (cbor.EncMode, cbor.DecMode) {
	options := cbor.CoreDetEncOptions()
	options.NilContainers = cbor.NilContainerAsEmpty
	enc, err := options.EncMode()
	if err != nil {
		panic(err) // the options are constants: a mistake here never leaves the first test
	}
	dec, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
}

func encode(v any) []byte {
	raw, err := encoding.Marshal(v)
	if err != nil {
		panic(err) // only this package's own structs are encoded
	}
	return raw
}
