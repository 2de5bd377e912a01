package crdt

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// Quarantined is something that was refused, kept so that nothing is silently
// dropped.
type Quarantined struct {
	Ref    Ref
	Hash   chunk.Hash // of the change; of the bytes, if they are no valid change
	Actor  chunk.Actor
	Seq    uint64
	Reason Reason // where it depends on the membership log, by that as it is now
	Detail string // for logs
	Origin Origin
	From   space.DeviceID // who sent it
	Time   time.Time      // when it came
	Size   int            // of the bytes

	// Device is who wrote it, or vouched for it; zero if nobody knows.
	Device space.DeviceID
	// Admissible says that it is here and nothing is wrong with it but who wrote
	// it: a facilitator can let it in (AdmitCut).
	Admissible bool
}

// Error says in plain words what was refused and why.
func (q Quarantined) Error() string {
	return fmt.Sprintf("a change was refused and set aside: %s", q.Reason.Error())
}

// Unwrap gives the Reason.
func (q Quarantined) Unwrap() error { return q.Reason }

// QuarantinedID names something in quarantine.
type QuarantinedID struct {
	Ref  Ref
	Hash chunk.Hash
}

// ID is the name of it.
func (q Quarantined) ID() QuarantinedID { return QuarantinedID{q.Ref, q.Hash} }

// Quarantine lists what was refused in a space, past what cannot be read, of
// which Open has told.
func (s *Store) Quarantine(id space.ID) (list []Quarantined, err error) {
	held := s.held(id)
	if held == nil || held.gone.Load() {
		return nil, fmt.Errorf("list quarantine of %s: %w", id, ErrUnknownSpace)
	}
	prefix := tableKey(id, tableQuarantine)
	answers := make(map[Ref]map[chunk.Hash]author)
	err = s.backend.View(func(r Reader) error {
		return r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
			var record quarantineRecord
			if err := read(key, value, &record); err != nil {
				return true, nil //nolint:nilerr // Open has told of it, and the list goes on
			}
			ref, rest, ok := refOf(id, key)
			if !ok || len(rest) != len(chunk.Hash{}) {
				return false, fmt.Errorf("%w: %x", ErrDamaged, key)
			}
			q := Quarantined{
				Ref: ref, Hash: chunk.Hash(rest), Actor: chunk.Actor(record.Actor), Seq: record.Seq,
				Reason: record.Reason, Detail: record.Detail, Origin: record.Origin, From: record.From,
				Time: seconds(record.Time), Size: int(record.Size),
			}
			rights := rightsIn(held.log, ref)
			if answers[ref] == nil {
				answers[ref] = held.quarantine.answerable(rights)
			}
			q.judgeBy(rights, answers[ref][q.Hash])
			list = append(list, q)
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list quarantine of %s: %w", id, err)
	}
	return list, nil
}

// judgeBy says who wrote something, and why it does not count now.
func (q *Quarantined) judgeBy(r rights, by author) {
	q.Device, q.Admissible = by.device, by.judged
	if owner, ok := ownerOf(r.log, q.Actor); ok {
		q.Device, by.why = owner, r.why(owner)
	}
	if q.Reason.judged() && by.why != 0 {
		q.Reason = by.why
	}
}

// Content is what a change does, as far as can be said without its document.
type Content struct {
	Operations int
	Letters    int    // that it inserts
	Deleted    int    // letters and others that it deletes
	Text       string // what it inserts, in the order in which it does; its first MaxContentText code points
}

// MaxContentText bounds Content.Text, in code points.
const MaxContentText = 2000

// QuarantinedContent says what a change in quarantine does. It fails with
// ErrNotKept if there is none, or it is no valid change.
func (s *Store) QuarantinedContent(id QuarantinedID) (Content, error) {
	var record quarantineRecord
	err := s.backend.View(func(r Reader) error {
		key := quarantineKey(id.Ref, id.Hash)
		value, err := r.Get(key)
		if errors.Is(err, ErrNotFound) {
			return ErrNotKept
		}
		if err != nil {
			return err
		}
		return read(key, value, &record)
	})
	var c chunk.Change
	if err == nil {
		if c, err = chunk.ParseChange(record.Raw, s.limits); err != nil {
			err = fmt.Errorf("%w: %w", ErrNotKept, err)
		}
	}
	if err != nil {
		return Content{}, fmt.Errorf("content of %s in %s: %w", id.Hash, id.Ref, err)
	}
	return contentOf(c), nil
}

func contentOf(c chunk.Change) (content Content) {
	var text strings.Builder
	written := 0
	lists := make(map[chunk.ID]bool) // which blocks are made of, and nobody reads
	for ops := c.Ops(); ops.Next(); {
		content.Operations++
		letters, isText := ops.Value.Text()
		switch {
		case ops.Action == chunk.Delete:
			content.Deleted++
		case ops.Action == chunk.MakeList:
			lists[ops.ID] = true
		case ops.Action == chunk.Put && ops.Insert && isText && !lists[ops.Object]:
			for _, letter := range letters {
				content.Letters++
				if written < MaxContentText {
					text.WriteRune(letter)
					written++
				}
			}
		case ops.Action == chunk.MakeMap && ops.Insert && written > 0 && written < MaxContentText:
			text.WriteByte('\n') // a block begins
			written++
		}
	}
	content.Text = text.String()
	return content
}
