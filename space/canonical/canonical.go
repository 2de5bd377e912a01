// Package canonical is the one form of CBOR in which all of ours is signed, sent
// and kept: the core deterministic encoding of RFC 8949, section 4.2.1, with an
// empty list or map where there is none, and no tags, duplicate or unknown keys.
package canonical

import "github.com/fxamacker/cbor/v2"

// Limits bound what is decoded. Zero is the library's own limit.
type Limits struct {
	Levels   int // of nesting
	Elements int // of any array
	Pairs    int // of any map
}

// Modes encode and decode. Whoever takes in what others have signed compares
// what it encodes again with what came: a decoder alone lets numbers pass that
// are longer than they need to be, and keys in another order.
func Modes(limits Limits) (cbor.EncMode, cbor.DecMode) {
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
		MaxNestedLevels:   limits.Levels,
		MaxArrayElements:  limits.Elements,
		MaxMapPairs:       limits.Pairs,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
}
