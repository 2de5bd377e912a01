package dht

import (
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	namespace  = "parley"
	noteDomain = "parley/note/1"

	// MaxContent is how much a note can say, in bytes.
	MaxContent = 2 << 10

	noteOverhead = 8 + ed25519.SignatureSize
)

var errNote = errors.New("not a note")

// keyOf is where the notes lie that a key has signed.
func keyOf(public ed25519.PublicKey) string {
	return "/" + namespace + "/" + hex.EncodeToString(public)
}

// sign makes a note: its sequence number, what it says, and a signature of both.
func sign(writer ed25519.PrivateKey, sequence uint64, content []byte) []byte {
	note := binary.BigEndian.AppendUint64(nil, sequence)
	note = append(note, content...)
	return append(note, ed25519.Sign(writer, append([]byte(noteDomain), note...))...)
}

// read verifies a note that lies under a key.
func read(key string, note []byte) (sequence uint64, content []byte, err error) {
	text, ok := strings.CutPrefix(key, "/"+namespace+"/")
	public, err := hex.DecodeString(text)
	if !ok || err != nil || len(public) != ed25519.PublicKeySize || hex.EncodeToString(public) != text {
		return 0, nil, fmt.Errorf("%w: under a key of another kind", errNote)
	}
	if len(note) < noteOverhead || len(note) > noteOverhead+MaxContent {
		return 0, nil, fmt.Errorf("%w: of %d bytes", errNote, len(note))
	}
	said, signature := note[:len(note)-ed25519.SignatureSize], note[len(note)-ed25519.SignatureSize:]
	if !ed25519.Verify(public, append([]byte(noteDomain), said...), signature) {
		return 0, nil, fmt.Errorf("%w: signed by another", errNote)
	}
	return binary.BigEndian.Uint64(said), said[8:], nil
}

// notes are the rules by which everybody who keeps notes judges them: only who
// knows a key's secret can write under it, and the newest counts.
type notes struct{}

// Validate reports why something is no note.
func (notes) Validate(key string, value []byte) error {
	_, _, err := read(key, value)
	return err
}

// Select says which of several notes is the newest.
func (notes) Select(key string, values [][]byte) (int, error) {
	best, newest := -1, uint64(0)
	for i, value := range values {
		if sequence, _, err := read(key, value); err == nil && (best < 0 || sequence > newest) {
			best, newest = i, sequence
		}
	}
	if best < 0 {
		return 0, errNote
	}
	return best, nil
}
