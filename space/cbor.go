package space

import (
	"bytes"
	"errors"

	"github.com/fxamacker/cbor/v2"
)

// errNotCanonical is CBOR that says something in more than one way.
var errNotCanonical = errors.New("not in canonical form")

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
		UTF8:              cbor.UTF8RejectInvalid,
		MaxNestedLevels:   8,
		MaxArrayElements:  1024,
		MaxMapPairs:       64,
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
