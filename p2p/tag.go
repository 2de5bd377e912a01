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

// A lock is what a knock has to fit: an invitation of a space, or a key to
// somebody's own seats.
type lock struct {
	secret []byte              // keys its tags: what a stranger cannot know
	key    space.InvitationKey // whoever knocks has its private half
	domain string              // of what that half signs
}

func invitationLock(id space.ID, invitation space.InvitationKey) lock {
	return lock{mac(id[:], []byte("parley/admit/2"), invitation[:]), invitation, "parley/knock/2"}
}

// seatLock names no space: whoever comes with the key knows none.
func seatLock(key space.InvitationKey) lock {
	return lock{mac(key[:], []byte("parley/seat/1")), key, "parley/seat-knock/1"}
}

func (t transcript) lockTag(l lock, side byte) tag {
	return shortMAC(l.secret, []byte{side}, t.bytes())
}

// knock is what opens a lock, once.
func (t transcript) knock(l lock, private space.Key) *knock {
	return &knock{Tag: t.lockTag(l, sideOpener), Signature: [64]byte(private.Sign(t.knockMessage(l)))}
}

func (t transcript) fits(l lock, k *knock) bool {
	expected := t.lockTag(l, sideOpener)
	return hmac.Equal(expected[:], k.Tag[:]) && space.DeviceID(l.key).Verify(t.knockMessage(l), k.Signature[:])
}

func (t transcript) knockMessage(l lock) []byte {
	return append([]byte(l.domain), t.bytes()...)
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
