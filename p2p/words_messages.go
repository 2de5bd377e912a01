package p2p

// The messages of /parley/words/1 (docs/protocol.md, "Words on the wall").

const (
	openerShare   = 16 + 32 // of CPace: its salt, and a group element
	answererShare = 32
	proofBytes    = 32
	sealOverhead  = 16
	maxCode       = 8 << 10 // bytes of an invitation code in letters
	wordsFrame    = 16 << 10
)

type askWords struct {
	Hint  uint8             `cbor:"1,keyasint"`
	Share [openerShare]byte `cbor:"2,keyasint"`
}

func (*askWords) kind() byte   { return 1 }
func (*askWords) check() error { return nil }

type answerShareWords struct {
	Share [answererShare]byte `cbor:"1,keyasint"`
}

func (*answerShareWords) kind() byte   { return 2 }
func (*answerShareWords) check() error { return nil }

type proveWords struct {
	Proof [proofBytes]byte `cbor:"1,keyasint"`
}

func (*proveWords) kind() byte   { return 3 }
func (*proveWords) check() error { return nil }

type givenCode struct {
	Sealed []byte `cbor:"1,keyasint"`
}

func (*givenCode) kind() byte { return 4 }
func (m *givenCode) check() error {
	if len(m.Sealed) <= sealOverhead || len(m.Sealed) > maxCode+sealOverhead {
		return errLength
	}
	return nil
}
