package crdt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// What has to be in memory is read as far as it can be read: a record that was
// damaged on the disk takes nothing with it but what it says. It is reported by
// name and stays where it is, and what is the matter with a part is put right
// by Heal.

// opening is what is found out while a store is opened.
type opening struct {
	reader  Reader
	limits  chunk.Limits
	found   []Finding
	highest uint64              // position that a part has reached
	closed  map[space.ID]uint32 // spaces that cannot be opened, and the number that their next entry can have
}

// number reads a number, which is 0 where there is none or it cannot be read.
func (o *opening) number(key []byte) (n uint64, lost bool, err error) {
	n, err = readNumber(o.reader, key)
	if errors.Is(err, ErrDamaged) {
		o.found = append(o.found, findingOf(key, err))
		return 0, true, nil
	}
	return n, false, err
}

// errUnfounded is a space whose founding entry is not there. A space whose
// creation was cut short has not more than some other entries.
var errUnfounded = errors.New("the founding entry is not there")

// space reads what there is of a space. It fails with errUnfounded if that is
// not enough to open it.
func (o *opening) space(id space.ID) (*heldSpace, error) {
	held := &heldSpace{directory: new(directory)}
	var entries [][]byte
	err := o.reader.Scan(tableKey(id, tableEntries), nil, func(key, value []byte) (bool, error) {
		if len(key) != len(entryKey(id, 0)) {
			o.found = append(o.found, findingOf(key, errUnknownKey))
			return true, nil
		}
		entries = append(entries, slices.Clone(value))
		held.number = binary.BigEndian.Uint32(key[len(key)-4:]) + 1
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	if held.log, err = o.log(id, entries); err != nil {
		o.closed[id] = held.number
		return nil, err
	}
	if err := o.parts(id, held); err != nil {
		return nil, err
	}
	if held.judged, err = readJudged(o.reader, id); err != nil {
		return nil, err
	}
	refused := readable{o.reader, func(key []byte, wrong error) { o.found = append(o.found, findingOf(key, wrong)) }}
	held.quarantine, err = loadQuarantine(refused, id, o.limits)
	return held, err
}

// log opens a membership log, without the entries that cannot be read and those
// that build on them.
func (o *opening) log(id space.ID, entries [][]byte) (*space.Log, error) {
	log, whole := space.Open(entries)
	if whole == nil && log.ID() == id {
		return log, nil
	}
	at := slices.IndexFunc(entries, func(raw []byte) bool { return sha256.Sum256(raw) == id })
	if at < 0 {
		return nil, errUnfounded
	}
	log, err := space.Open([][]byte{entries[at]})
	if err != nil {
		return nil, errUnfounded
	}
	// What is wrong with the others is what whole says.
	_, _, _ = log.Add(slices.Delete(entries, at, at+1)...)
	o.found = append(o.found, Finding{About: AboutEntry, Space: id, Wrong: whole})
	return log, nil
}

// parts fills the directory of a space.
func (o *opening) parts(id space.ID, held *heldSpace) error {
	return o.reader.Scan(tableKey(id, tableParts), nil, func(key, value []byte) (bool, error) {
		ref, rest, ok := refOf(id, key)
		var state stateRecord
		wrong := read(key, value, &state)
		if !ok || len(rest) > 0 {
			wrong = errUnknownKey
		}
		if wrong != nil {
			o.found = append(o.found, findingOf(key, wrong))
			return true, nil
		}
		o.highest = max(o.highest, state.Position)
		held.directory.set(ref, &state)
		return true, nil
	})
}

// unopened says what is wrong with a space that cannot be opened, nothing if
// its creation was cut short.
func (o *opening) unopened(id space.ID) error {
	short := true
	err := o.reader.Scan(tableKey(id, tableEntries), nil, func(_, value []byte) (bool, error) {
		_, err := space.ParseEntry(bytes.Clone(value))
		short = short && err == nil
		return short, nil
	})
	for _, table := range []byte{tableParts, tableDocuments} {
		if err == nil {
			err = o.reader.Scan(tableKey(id, table), nil, func(_, _ []byte) (bool, error) {
				short = false
				return false, nil
			})
		}
	}
	if err == nil && !short {
		o.found = append(o.found, Finding{About: AboutSpace, Space: id, Wrong: errUnfounded})
	}
	return err
}

// readable is a reader that passes over records that cannot be read, and says
// which.
type readable struct {
	Reader
	miss func(key []byte, wrong error)
}

func (r readable) Scan(prefix, from []byte, visit func(key, value []byte) (bool, error)) error {
	return r.Reader.Scan(prefix, from, func(key, value []byte) (bool, error) {
		if wrong := decodes(key, value); wrong != nil {
			r.miss(key, wrong)
			return true, nil
		}
		return visit(key, value)
	})
}

// positionLeap is put between the positions of a store that has forgotten how
// many it gave out and those that it gives out next.
const positionLeap = 1 << 20

// reportFound tells of what was found to be damaged, each part and space once.
func (s *Store) reportFound(found []Finding) {
	type subject struct {
		space space.ID
		ref   Ref
	}
	counts := make(map[subject]int)
	first := make(map[subject]Finding)
	var order []subject
	for _, f := range found {
		at := subject{f.Space, f.Ref}
		if counts[at]++; counts[at] == 1 {
			order, first[at] = append(order, at), f
		}
	}
	for _, at := range order {
		f := first[at]
		ref := at.ref
		ref.Space = at.space
		s.report(Incident{
			Kind: IncidentDamaged, Ref: ref, Count: counts[at],
			Detail: fmt.Sprintf("%s %x: %v", f.About, f.Key, f.Wrong),
		})
	}
}

// readmit puts entries of a space into the store, of which something is there
// that could not be opened: they come after what is there, which stays as it
// is, and the space is opened with all of it.
func (s *Store) readmit(id space.ID, next uint32, entries [][]byte) (held *heldSpace, err error) {
	var failed error
	err = s.writeEntries(&heldSpace{number: next}, id, entries, func() {
		failed = s.backend.View(func(r Reader) (err error) {
			o := &opening{reader: r, limits: s.limits, closed: make(map[space.ID]uint32)}
			if held, err = o.space(id); err == nil {
				s.hold(id, held)
			}
			return err
		})
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("readmit %s: %w", id, err)
	}
	s.log.Warn("a space that could not be opened was joined again", "space", id)
	for _, ref := range s.Refs(id) {
		s.ailing.add(ref)
	}
	return held, s.Heal(context.Background())
}
