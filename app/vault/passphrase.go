package vault

import (
	"fmt"
	"runtime/debug"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// How long a passphrase may be: characters at least, bytes at most.
const (
	MinPassphrase = 8
	MaxPassphrase = 1024
)

// recommended is what RFC 9106 (section 4) recommends where memory is scarce:
// 64 MiB, which a phone has too, and three passes.
var recommended = params{Time: 3, Memory: 64 << 10, Threads: 4}

// What a file may ask of this machine. Somebody who can write into the data
// directory must not be able to take its memory or its time by that.
var (
	least = params{Time: 1, Memory: 8 << 10, Threads: 1}
	most  = params{Time: 16, Memory: 256 << 10, Threads: 16}
)

func (p params) bearable() bool {
	return p.Time >= least.Time && p.Time <= most.Time &&
		p.Memory >= least.Memory && p.Memory <= most.Memory &&
		p.Threads >= least.Threads && p.Threads <= most.Threads
}

// derive makes a key of a passphrase. It takes p.Memory, some tenths of a
// second, and gives the memory back to the system.
func derive(passphrase, salt []byte, p params) *Key {
	raw := argon2.IDKey(passphrase, salt, p.Time, p.Memory, p.Threads, KeySize)
	defer clear(raw)
	debug.FreeOSMemory() // or it would stay for minutes
	return &Key{bytes: [KeySize]byte(raw)}
}

// normalise gives the bytes that stand for a passphrase, in memory of their
// own: keyboards differ in how they write the same letter. It fails with
// ErrPassphrase.
func normalise(passphrase []byte) ([]byte, error) {
	if !utf8.Valid(passphrase) || len(passphrase) > MaxPassphrase {
		return nil, fmt.Errorf("%w: too long, or not text", ErrPassphrase)
	}
	normal := norm.NFC.Append(make([]byte, 0, 2*len(passphrase)), passphrase...)
	if utf8.RuneCount(normal) < MinPassphrase {
		clear(normal)
		return nil, fmt.Errorf("%w: fewer than %d characters", ErrPassphrase, MinPassphrase)
	}
	return normal, nil
}
