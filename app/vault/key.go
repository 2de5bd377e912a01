package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"log/slog"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the size of a key, in bytes.
const KeySize = 32

// Key is the key of a data directory, in memory. It is never used itself: what
// is encrypted has a key of its own, derived from it. It is safe for concurrent
// use until Wipe.
type Key struct{ bytes [KeySize]byte }

func newKey() *Key {
	k := new(Key)
	rand.Read(k.bytes[:]) // never fails: it ends the process where there is no randomness
	return k
}

// Store gives the key of the store's files. The caller may wipe it.
func (k *Key) Store() []byte { return k.derive("parley/store/1") }

// derive gives the key for one purpose.
func (k *Key) derive(purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, k.bytes[:], nil, purpose, KeySize)
	if err != nil {
		panic(err) // only of sizes that no hash can give
	}
	return derived
}

// Wipe overwrites the key. What Go has copied elsewhere, it cannot reach.
func (k *Key) Wipe() {
	if k != nil {
		clear(k.bytes[:])
	}
}

// LogValue keeps a key out of every log.
func (*Key) LogValue() slog.Value { return slog.StringValue("(a key)") }

// String keeps a key out of every text.
func (*Key) String() string { return "(a key)" }

// GoString is String.
func (k *Key) GoString() string { return k.String() }

func (k *Key) equal(other *Key) bool {
	return subtle.ConstantTimeCompare(k.bytes[:], other.bytes[:]) == 1
}

func sealedSize(plain int) int {
	return chacha20poly1305.NonceSizeX + plain + chacha20poly1305.Overhead
}

// seal encrypts with XChaCha20-Poly1305 under a random nonce, which it puts in
// front. The result is bound to context.
func (k *Key) seal(context, plain []byte) []byte {
	aead, err := chacha20poly1305.NewX(k.bytes[:])
	if err != nil {
		panic(err) // only of keys of another size
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, sealedSize(len(plain)))
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, plain, context)
}

var errSeal = errors.New("it was sealed with another key, or is damaged")

// open undoes seal.
func (k *Key) open(context, sealed []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(k.bytes[:])
	if err != nil {
		panic(err) // only of keys of another size
	}
	if len(sealed) < sealedSize(0) {
		return nil, errSeal
	}
	plain, err := aead.Open(nil, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], context)
	if err != nil {
		return nil, errSeal
	}
	return plain, nil
}

// sealedHeader begins a file that is sealed. No file that Parley ever wrote in
// the clear begins like this.
const sealedHeader = "parley-sealed-1 "

// IsSealed says whether the content of a file was made by Seal.
func IsSealed(content []byte) bool {
	for _, line := range copies(content) {
		if bytes.HasPrefix(line, []byte(sealedHeader)) {
			return true
		}
	}
	return false
}

// Seal makes the content of a small file that only this key opens. name says
// which file it is: one file cannot be passed off as another.
func (k *Key) Seal(name string, plain []byte) []byte {
	key := k.forFile(name)
	defer key.Wipe()
	line := base64.StdEncoding.AppendEncode([]byte(sealedHeader), key.seal(nil, plain))
	return twice(append(line, '\n'))
}

// Unseal undoes Seal, from whichever of the two copies opens. It fails for
// content that is not sealed, was sealed with another key or under another
// name, or is damaged in both.
func (k *Key) Unseal(name string, content []byte) (plain []byte, err error) {
	for _, line := range copies(content) {
		if plain, err = k.unseal(name, line); err == nil {
			break
		}
	}
	return plain, err
}

func (k *Key) unseal(name string, content []byte) ([]byte, error) {
	text, ok := bytes.CutPrefix(content, []byte(sealedHeader))
	if !ok {
		return nil, errors.New("it is not sealed")
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(string(bytes.TrimSuffix(text, []byte("\n"))))
	if err != nil {
		return nil, errSeal
	}
	key := k.forFile(name)
	defer key.Wipe()
	return key.open(nil, sealed)
}

func (k *Key) forFile(name string) *Key {
	raw := k.derive("parley/file/1 " + name)
	defer clear(raw)
	return &Key{bytes: [KeySize]byte(raw)}
}
