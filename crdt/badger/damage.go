package badger

import (
	"fmt"
	"hash/crc32"
	"math/bits"
	"strings"

	"parley/crdt"
)

// Damage is something in a file that cannot be read, or that could be read only
// by putting a flipped bit right.
type Damage struct {
	File   string // its name in the directory
	Offset int64  // of the first byte concerned
	What   string // a sentence without its full stop
}

func (d Damage) String() string { return fmt.Sprintf("%s, byte %d: %s", d.File, d.Offset, d.What) }

// DamagedError is what Open fails with when files of the directory are damaged.
// It is crdt.ErrDamaged.
type DamagedError struct {
	Damages []Damage // at least one
}

func (e *DamagedError) Error() string {
	var text strings.Builder
	text.WriteString("files of the store are damaged: ")
	text.WriteString(e.Damages[0].String())
	if more := len(e.Damages) - 1; more > 0 {
		fmt.Fprintf(&text, ", and %d more", more)
	}
	return text.String()
}

func (e *DamagedError) Unwrap() error { return crdt.ErrDamaged }

// finding is a damage, and what it matters.
type finding struct {
	Damage
	// harmless: nothing is lost by it, and the next opening puts it right.
	harmless bool
}

// finder reports what is wrong with one file.
type finder struct {
	file   string
	report func(finding)
}

func (f finder) damaged(offset int64, format string, args ...any) {
	f.report(finding{Damage: Damage{f.file, offset, fmt.Sprintf(format, args...)}})
}

func (f finder) harmless(offset int64, format string, args ...any) {
	f.report(finding{Damage: Damage{f.file, offset, fmt.Sprintf(format, args...)}, harmless: true})
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

// mendBit flips the one bit of data without which its checksum is want, and
// returns its byte's offset. Where it is the checksum that has the flipped bit,
// the offset is that of data's end. It fails if more than a bit is wrong.
//
// A checksum is linear: what a flipped bit does to it depends on the bit and on
// how many bytes follow, and it is another for each.
func mendBit(data []byte, want uint32) (offset int, mended bool) {
	difference := checksum(data) ^ want
	if bits.OnesCount32(difference) == 1 {
		return len(data), true
	}
	var effect [8]uint32 // of each bit of the byte that is looked at
	for bit := range effect {
		effect[bit] = castagnoli[1<<bit]
	}
	for at := len(data) - 1; at >= 0; at-- {
		for bit := range effect {
			if effect[bit] == difference {
				data[at] ^= 1 << bit
				return at, true
			}
			effect[bit] = castagnoli[byte(effect[bit])] ^ effect[bit]>>8
		}
	}
	return 0, false
}

// eachFlip calls try with each bit of data flipped in turn, until it returns
// true; that bit stays as it is then.
func eachFlip(data []byte, try func() bool) bool {
	for at := range data {
		for bit := range 8 {
			data[at] ^= 1 << bit
			if try() {
				return true
			}
			data[at] ^= 1 << bit
		}
	}
	return false
}
