package words

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
)

// RecoveryWords is how many words a recovery sheet has: 128 bits, and 4 that
// tell a slip from the real thing.
const RecoveryWords = 12

// Entropy is what the words of a recovery sheet stand for. It is secret.
type Entropy [16]byte

// NewEntropy draws what a new recovery sheet is made of.
func NewEntropy() (e Entropy) {
	_, _ = rand.Read(e[:]) // never fails: crypto/rand ends the program instead
	return e
}

// Words are the words of the sheet, as BIP-39 forms them.
func (e Entropy) Words() []string {
	sum := sha256.Sum256(e[:])
	return spell(append(e[:], sum[0]), RecoveryWords)
}

// ParseRecovery reads the words of a sheet as somebody typed them: case and
// what stands between the words do not matter, and four letters of each are
// enough. It fails with an *Error.
func ParseRecovery(text string) (Entropy, error) {
	indexes, err := parse(text, RecoveryWords)
	if err != nil {
		return Entropy{}, err
	}
	raw := unspell(indexes)
	e := Entropy(raw[:len(Entropy{})])
	if sum := sha256.Sum256(e[:]); raw[len(e)] != sum[0]&0xf0 {
		return Entropy{}, &Error{}
	}
	return e, nil
}

// Seed is that of the Ed25519 key by which the holder of the sheet takes a seat
// in their spaces.
func (e Entropy) Seed() [32]byte {
	return [32]byte(derive(e[:], "parley/recovery/1", 32))
}

// derive stretches a secret to as many bytes as are asked for.
func derive(secret []byte, purpose string, length int) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, length)
	if err != nil {
		panic(err) // the length is a constant: a mistake there never leaves the first test
	}
	return key
}
