package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/space"
)

const (
	manyMembers   = 1000 // people who are in at the end
	manyEntries   = 5000
	facilitating  = 5   // of these people, the founder among them; nobody removes them
	writtenIn     = 20  // documents, by somebody who is removed or gets another role
	writtenInMore = 300 // by every tenth of them: more than an entry names
)

// town is a space with many members, as years leave it: people have come by
// invitations and brought second devices, have been given other names and roles,
// and some have been removed, with what they had written by then; now and then
// several of this at the same time.
type town struct {
	entries [][]byte
	people  []*resident // who were ever in, the founder first
	living  []*resident // who are in; the facilitators first
	code    space.Code
}

// resident is a person of a town.
type resident struct {
	keys []space.Key // of their devices; the first names their seat
	role space.Role  // 0: removed
}

func (r *resident) seat() space.DeviceID { return r.keys[0].Device() }

// settle founds a town and has things happen there until it has its members and
// its entries. What happens is the same in each run, but for keys.
func settle() (*town, error) {
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	log, _, err := space.Found(key, "Town", space.Person{Name: "Anna"}, time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	founder := &resident{keys: []space.Key{key}, role: space.Facilitator}
	t := &town{people: []*resident{founder}, living: []*resident{founder}}
	for i := 0; log.Len() < manyEntries || len(t.living) < manyMembers; i++ {
		if err := t.happens(log, i); err != nil {
			return nil, fmt.Errorf("the %d. thing that happens: %w", i, err)
		}
	}
	t.entries = log.Entries()
	return t, nil
}

// happens is one thing after the other: somebody moves in while there is room,
// and those who are there do not stay as they are.
func (t *town) happens(log *space.Log, i int) error {
	founder, colleague := t.living[0], t.living[min(1, len(t.living)-1)]
	moves := len(t.living) < manyMembers
	another := t.living[i%len(t.living)]
	switch {
	case moves && i%20 == 13:
		return t.removes(log, i, founder)
	case moves && i%10 == 5 && space.MayWrite(another.role, space.Body):
		return t.links(log, another)
	case moves:
		return t.admits(log)
	case i%25 == 0:
		return t.removes(log, i, founder)
	case i%25 == 20:
		return t.removes(log, i, founder, colleague)
	case i%5 == 0:
		return t.changesRole(log, i)
	}
	var batch []space.Entry
	for n := range aloneInBranches {
		e, err := log.SetPerson(t.living[(i*7+n)%len(t.living)].keys[0], space.Person{Name: fmt.Sprint("name ", i)}, time.Now())
		if err != nil {
			return err
		}
		batch = append(batch, e)
	}
	return add(log, batch...)
}

// admits has somebody join whom another lets in, and makes them one of the
// facilitators if there are too few. Who was removed had the code, so it may
// have ended with them.
func (t *town) admits(log *space.Log) error {
	if made, ok := log.Invitation(t.code.Invitation()); !ok || made.Withdrawn || made.Used == made.Uses {
		e, secret, err := log.Invite(t.living[0].keys[0], space.InviteOptions{Role: space.Editor, Uses: 100}, time.Now(), rand.Reader)
		if err = errors.Join(err, add(log, e)); err != nil {
			return err
		}
		t.code = space.Code{Space: log.ID(), Secret: secret}
	}
	key, err := t.joins(log, t.living[len(t.living)/2].keys[0], t.code)
	if err != nil {
		return err
	}
	newcomer := &resident{keys: []space.Key{key}, role: space.Editor}
	t.people, t.living = append(t.people, newcomer), append(t.living, newcomer)
	if len(t.living) > facilitating {
		return nil
	}
	newcomer.role = space.Facilitator
	promotion, err := log.SetRole(t.living[0].keys[0], newcomer.seat(), space.Facilitator, nil, time.Now())
	return errors.Join(err, add(log, promotion...))
}

// links gives somebody a further device.
func (t *town) links(log *space.Log, who *resident) error {
	var secret space.InvitationSecret
	_, _ = rand.Read(secret[:]) // never fails
	e, err := log.NewSeatKey(who.keys[0], space.Link, 1, time.Time{}, time.Now(), secret)
	if err = errors.Join(err, add(log, e)); err != nil {
		return err
	}
	key, err := t.joins(log, who.keys[0], space.Code{Space: log.ID(), Secret: secret})
	who.keys = append(who.keys, key)
	return err
}

// joins lets a new device in.
func (t *town) joins(log *space.Log, by space.Key, code space.Code) (space.Key, error) {
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		return space.Key{}, err
	}
	application, err := space.Apply(key, code, space.Person{Name: fmt.Sprint("member ", len(t.people))})
	if err != nil {
		return space.Key{}, err
	}
	join, err := log.Admit(by, application, time.Now())
	return key, errors.Join(err, add(log, join))
}

// removes has facilitators remove a person each, who do not know of one another.
func (t *town) removes(log *space.Log, i int, facilitators ...*resident) error {
	var batch []space.Entry
	for n, by := range facilitators {
		at := facilitating + (i*13+n*101)%max(len(t.living)-facilitating, 1)
		if at >= len(t.living) {
			return nil // nobody is there yet but facilitators
		}
		who := t.living[at]
		entries, err := log.Remove(by.keys[0], who.seat(), t.cut(log.ID(), who, i), time.Now())
		if err != nil {
			return err
		}
		batch = append(batch, entries...)
		who.role, t.living = 0, slices.Delete(t.living, at, at+1)
	}
	return add(log, batch...)
}

// changesRole gives one of the people another role, with a cut as a window does.
func (t *town) changesRole(log *space.Log, i int) error {
	who := t.living[facilitating+i*11%(len(t.living)-facilitating)]
	role := space.Editor + space.Role(i/5%3) // editor, annotator, reader
	entries, err := log.SetRole(t.living[i%facilitating].keys[0], who.seat(), role, t.cut(log.ID(), who, i), time.Now())
	who.role = role
	return errors.Join(err, add(log, entries...))
}

// cut is what somebody has written by then: their devices one actor each, in the
// body and in the annotations of a number of documents.
func (t *town) cut(id space.ID, of *resident, i int) (cut space.Cut) {
	documents := writtenIn
	if i%50 == 0 {
		documents = writtenInMore
	}
	for n := range documents {
		for _, part := range []space.Part{space.Body, space.Annotations} {
			in := space.CutPart{Document: document(n), Part: part}
			for _, key := range of.keys {
				actor := space.ActorFor(id, key.Device(), 0)
				in.Actors = append(in.Actors, space.ActorSeq{Actor: actor[:], Seq: named})
			}
			cut = append(cut, in)
		}
	}
	return cut
}

// document is one of a town's.
func document(n int) (id [16]byte) {
	id[14], id[15] = byte(n>>8), byte(n)
	return id
}

func add(log *space.Log, entries ...space.Entry) error {
	raw := make([][]byte, len(entries))
	for i, e := range entries {
		raw[i] = e.Raw
	}
	added, missing, err := log.Add(raw...)
	if err == nil && (len(added) != len(raw) || len(missing) > 0) {
		err = fmt.Errorf("%d of %d entries were added", len(added), len(raw))
	}
	return err
}
