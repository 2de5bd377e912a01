package p2p

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	mathrand "math/rand/v2"

	"parley/space"
)

// A tag names a space, or an invitation, to those who know it, and is random
// to everybody else (docs/protocol.md, "Hello").
type tag [16]byte

// A transcript ties tags and signatures to one conversation between two
// devices: what is proved in it proves nothing in another.
type transcript struct {
	openerNonce, answererNonce [32]byte
	opener, answerer           space.DeviceID
}

func (t transcript) bytes() []byte {
	b := make([]byte, 0, 4*32)
	b = append(b, t.openerNonce[:]...)
	b = append(b, t.answererNonce[:]...)
	b = append(b, t.opener[:]...)
	return append(b, t.answerer[:]...)
}

// The sides of a conversation, as they stand in tags.
const (
	sideOpener   byte = 0
	sideAnswerer byte = 1
)

func (t transcript) helloTag(id space.ID, round, side byte) tag {
	return shortMAC(mac(id[:], []byte("parley/hello/1")), []byte{round, side}, t.bytes())
}

func (t transcript) admitTag(id space.ID, invitation space.InvitationKey, side byte) tag {
	return shortMAC(mac(id[:], []byte("parley/admit/1"), invitation[:]), []byte{side}, t.bytes())
}

// knockMessage is what the invitation's key signs in a knock.
func (t transcript) knockMessage() []byte {
	return append([]byte("parley/knock/1"), t.bytes()...)
}

func topicOf(id space.ID) string {
	return hex.EncodeToString(mac(id[:], []byte("parley/topic/1")))
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

func shortMAC(key []byte, parts ...[]byte) tag {
	return tag(mac(key, parts...)[:len(tag{})])
}

func newNonce() (n [32]byte) {
	_, _ = rand.Read(n[:]) // never fails: crypto/rand ends the program instead
	return n
}

// tagPadding is the multiple to which a list of tags is filled up.
const tagPadding = 16

// padded hides how many tags there are, and which of them mean something.
func padded(real []tag) []tag {
	list := append([]tag(nil), real...)
	if len(list) > maxTags {
		list = list[:maxTags]
	}
	for len(list) == 0 || len(list)%tagPadding != 0 {
		var filler tag
		_, _ = rand.Read(filler[:])
		list = append(list, filler)
	}
	mathrand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
