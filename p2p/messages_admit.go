package p2p

import (
	"fmt"

	"parley/space"
)

// The messages of admit and seat. Both begin with nonces, as a hello does.

type knock struct {
	Tag       tag      `cbor:"1,keyasint"`
	Signature [64]byte `cbor:"2,keyasint"`
}

func (*knock) kind() byte   { return 2 }
func (*knock) check() error { return nil }

type openDoor struct {
	Tag tag `cbor:"1,keyasint"`
}

func (*openDoor) kind() byte   { return 3 }
func (*openDoor) check() error { return nil }

type apply struct {
	Application []byte `cbor:"1,keyasint"`
}

func (*apply) kind() byte { return 4 }
func (m *apply) check() error {
	if len(m.Application) == 0 || len(m.Application) > space.MaxEntry {
		return errLength
	}
	return nil
}

type admitted struct {
	Entries [][]byte `cbor:"1,keyasint"`
	Last    bool     `cbor:"2,keyasint"`
}

func (*admitted) kind() byte     { return 5 }
func (m *admitted) check() error { return checkEntries(m.Entries) }

type refused struct {
	Reason uint8 `cbor:"1,keyasint"`
}

func (*refused) kind() byte { return 6 }
func (m *refused) check() error {
	if m.Reason == 0 || m.Reason > maxReasons {
		return fmt.Errorf("reason %d", m.Reason)
	}
	return nil
}

// seats are the spaces that a key to a person's own seats opens here.
type seats struct {
	Seats []seat `cbor:"1,keyasint"`
	Last  bool   `cbor:"2,keyasint"`
}

type seat struct {
	_     struct{} `cbor:",toarray"`
	Space space.ID
	Name  string
}

func (*seats) kind() byte { return 7 }
func (m *seats) check() error {
	for _, s := range m.Seats {
		if err := space.ValidateName(s.Name); err != nil {
			return err
		}
	}
	return nil
}
