package badger

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// DISCARD counts, for each log of values, the bytes that nothing points to any
// more: pairs of eight-byte numbers, log and bytes, ended by a zero. It has no
// checksum, and is mapped, so a crash may leave any of it. It matters only for
// which logs are rewritten; but Badger can get caught in a loop over a number
// that makes no sense.
const (
	discardFile = "DISCARD"
	discardPair = 16
)

// checkDiscard looks for numbers that make no sense, and takes them out.
func (s *survey) checkDiscard() error {
	data, err := os.ReadFile(filepath.Join(s.dir, discardFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var newest uint64
	if n := len(s.values); n > 0 {
		newest = s.values[n-1].id
	}
	sound := make([]byte, 0, len(data))
	seen := map[uint64]bool{}
	found := s.finder(discardFile)
	wrong := len(data)%discardPair != 0
	end := false
	for at := 0; at+discardPair <= len(data); at += discardPair {
		log, count := binary.BigEndian.Uint64(data[at:]), binary.BigEndian.Uint64(data[at+8:])
		switch {
		case log == 0 && count == 0:
			end = true
		case end, log == 0, log > newest, count > maxNumber, seen[log]:
			found.harmless(int64(at), "a count makes no sense, and is taken out")
			wrong = true
		default:
			seen[log] = true
			sound = append(sound, data[at:at+discardPair]...)
		}
	}
	if wrong {
		s.restore[discardFile] = append(sound, make([]byte, max(len(data), 1<<20)-len(sound))...)
	}
	return nil
}
