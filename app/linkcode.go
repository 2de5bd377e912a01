package app

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	wordlist "parley/app/words"
	"parley/space"
)

// A linkCode is what one device of a person shows and another takes: the
// secret of a link key, and where the first device can be reached. Its layout
// is in docs/formats.md. The secret can also be typed by itself, as twelve
// words, where the two devices find each other without an address.
type linkCode struct {
	Secret    wordlist.Entropy
	Device    space.DeviceID // the first device
	Expiry    time.Time      // whole seconds, UTC
	Addresses [][]byte       // libp2p multiaddrs in binary, without the peer ID
}

const (
	linkPrefix     = "PARLEYLINK1"
	linkChecksum   = 4
	linkHead       = 16 + 32 + 8 + 1 // secret, device, expiry, how many addresses
	maxLinkAddress = 255
	maxLinkText    = 8 << 10 // characters, white space included

	linkSeedInfo = "parley/link/1"
)

// errLinkCode is what text fails with that is no link code.
var errLinkCode = errors.New("not a complete link code")

var linkBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// linkSeed is the seed of the Ed25519 key that a secret stands for.
func linkSeed(secret wordlist.Entropy) ([32]byte, error) {
	seed, err := hkdf.Key(sha256.New, secret[:], nil, linkSeedInfo, 32)
	if err != nil {
		return [32]byte{}, fmt.Errorf("derive link key: %w", err)
	}
	return [32]byte(seed), nil
}

// String is the code as people copy it, in letters that a QR picture holds
// densely. Addresses beyond space.MaxAddresses are left out.
func (c linkCode) String() string {
	addresses := make([][]byte, 0, space.MaxAddresses)
	for _, address := range c.Addresses {
		if len(addresses) < space.MaxAddresses && len(address) > 0 && len(address) <= maxLinkAddress {
			addresses = append(addresses, address)
		}
	}
	raw := append([]byte{}, c.Secret[:]...)
	raw = append(raw, c.Device[:]...)
	raw = binary.BigEndian.AppendUint64(raw, uint64(max(c.Expiry.Unix(), 0)))
	raw = append(raw, byte(len(addresses)))
	for _, address := range addresses {
		raw = append(append(raw, byte(len(address))), address...)
	}
	sum := sha256.Sum256(raw)
	return linkPrefix + "-" + linkBase32.EncodeToString(append(raw, sum[:linkChecksum]...))
}

// isLinkCode says whether text means to be a link code, whole or not.
func isLinkCode(text string) bool { return strings.HasPrefix(plainCode(text), linkPrefix) }

// plainCode is a code without what does not matter in it: case, white space,
// hyphens.
func plainCode(text string) string {
	if len(text) > maxLinkText {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, text)
}

// parseLinkCode reads a code as it was pasted. It fails with errLinkCode.
func parseLinkCode(text string) (linkCode, error) {
	digits, ok := strings.CutPrefix(plainCode(text), linkPrefix)
	if !ok {
		return linkCode{}, errLinkCode
	}
	raw, err := linkBase32.DecodeString(digits)
	// The last letter may hold bits that mean nothing: a slip there is a slip.
	if err != nil || len(raw) < linkHead+linkChecksum || linkBase32.EncodeToString(raw) != digits {
		return linkCode{}, errLinkCode
	}
	body, checksum := raw[:len(raw)-linkChecksum], raw[len(raw)-linkChecksum:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:linkChecksum], checksum) {
		return linkCode{}, errLinkCode
	}
	code := linkCode{Secret: wordlist.Entropy(body[:16]), Device: space.DeviceID(body[16:48])}
	seconds, count, rest := binary.BigEndian.Uint64(body[48:56]), int(body[56]), body[linkHead:]
	if seconds > maxLinkTime || count > space.MaxAddresses {
		return linkCode{}, errLinkCode
	}
	code.Expiry = time.Unix(int64(seconds), 0).UTC()
	for range count {
		if len(rest) == 0 || rest[0] == 0 || len(rest) <= int(rest[0]) {
			return linkCode{}, errLinkCode
		}
		end := 1 + int(rest[0])
		code.Addresses = append(code.Addresses, rest[1:end])
		rest = rest[end:]
	}
	if len(rest) > 0 {
		return linkCode{}, errLinkCode
	}
	return code, nil
}

// maxLinkTime is the last second of the year 9999, as RFC 3339 ends there.
const maxLinkTime = 253402300799
