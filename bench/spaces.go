package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"parley/app"
	"parley/space"
)

const (
	spaces          = "spaces"
	manyMembers     = 1000
	manyEntries     = 5000
	fromNothing     = 10    // rounds
	newEntries      = 200   // rounds
	roleChecks      = 10000 // in a round
	admissions      = 20
	aloneInBranches = 3 // entries that are written beside one another
)

// measureSpaces measures what it takes to know who belongs to a space.
func measureSpaces(ctx context.Context) ([]Row, error) {
	town, err := settle()
	if err != nil {
		return nil, err
	}
	opened, err := town.timeOpening()
	if err != nil {
		return nil, err
	}
	onTop, err := town.timeEntries(town.onTop)
	if err != nil {
		return nil, err
	}
	half, err := space.Open(town.entries[:manyEntries/2])
	if err != nil {
		return nil, err
	}
	// The founder's, who knows nothing but the first half of what has happened.
	beside, err := town.timeEntries(func(*space.Log, int) (space.Entry, error) {
		e, _, err := half.Invite(town.keys[0], space.InviteOptions{Role: space.Editor, Uses: 1}, time.Now(), rand.Reader)
		return e, err
	})
	if err != nil {
		return nil, err
	}
	checks, err := town.timeChecks()
	if err != nil {
		return nil, err
	}
	admitted, err := measureAdmission(ctx)
	if err != nil {
		return nil, err
	}
	name := func(what string) string {
		return fmt.Sprintf("%d members, %d entries: %s", manyMembers, manyEntries, what)
	}
	return []Row{
		aimed(spaces, name("verified from nothing"), "s", opened, 1, byMedian),
		aimed(spaces, name("one new entry on top"), "ms", onTop, 1, byMedian),
		row(spaces, name("one new entry beside others, after which all are judged again"), "ms", beside),
		aimed(spaces, name("may this device write this part"), "µs", checks, 5, byMedian),
		aimed(spaces, "a newcomer, from the code to the first document", "s", admitted, 1, byMedian),
	}, nil
}

// town is a space with many members.
type town struct {
	entries [][]byte
	keys    []space.Key
}

// settle has a thousand people join, name themselves and get other roles, now
// and then several at the same time. Nobody is removed and nothing is cut: that
// costs more (space/hostile_test.go bounds it).
func settle() (*town, error) {
	founder, err := space.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	log, _, err := space.Found(founder, "Town", space.Person{Name: "Anna"}, time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &town{keys: []space.Key{founder}}
	var code space.Code
	invited := 0 // how many there were when the code was made
	for log.Len() < manyEntries {
		i := log.Len()
		var batch []space.Entry
		var err error
		switch {
		case len(t.keys) < manyMembers && len(t.keys)%100 == 1 && invited < len(t.keys):
			code, batch, err = t.invites(log)
			invited = len(t.keys)
		case len(t.keys) < manyMembers:
			batch, err = t.admits(log, code)
		case i%50 == 0:
			batch, err = log.SetRole(founder, t.keys[1+i%(manyMembers-1)].Device(), space.Role(2+i%2), nil, time.Now())
		default:
			for n := range aloneInBranches {
				var e space.Entry
				e, err = log.SetPerson(t.keys[(i*7+n)%manyMembers], space.Person{Name: fmt.Sprint("name ", i)}, time.Now())
				batch = append(batch, e)
			}
		}
		if err = errors.Join(err, add(log, batch...)); err != nil {
			return nil, err
		}
	}
	t.entries = log.Entries()
	return t, nil
}

func (t *town) invites(log *space.Log) (code space.Code, batch []space.Entry, err error) {
	e, secret, err := log.Invite(t.keys[0], space.InviteOptions{Role: space.Editor, Uses: space.MaxUses}, time.Now(), rand.Reader)
	return space.Code{Space: log.ID(), Secret: secret}, []space.Entry{e}, err
}

func (t *town) admits(log *space.Log, code space.Code) ([]space.Entry, error) {
	newcomer, err := space.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	application, err := space.Apply(newcomer, code, space.Person{Name: fmt.Sprint("member ", len(t.keys))})
	if err != nil {
		return nil, err
	}
	join, err := log.Admit(t.keys[len(t.keys)/2], application, time.Now())
	t.keys = append(t.keys, newcomer)
	return []space.Entry{join}, err
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

func (t *town) timeOpening() (samples []float64, err error) {
	for range fromNothing {
		began := time.Now()
		log, err := space.Open(t.entries)
		if err != nil {
			return nil, err
		}
		samples = append(samples, time.Since(began).Seconds())
		if n := len(log.Members()); n != manyMembers {
			return nil, fmt.Errorf("%d members", n)
		}
	}
	return samples, nil
}

// timeEntries times the check and the insertion of entries that write makes
// for a log.
func (t *town) timeEntries(write func(log *space.Log, i int) (space.Entry, error)) (samples []float64, err error) {
	log, err := space.Open(t.entries)
	if err != nil {
		return nil, err
	}
	for i := range newEntries {
		e, err := write(log, i)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if err := add(log, e); err != nil {
			return nil, err
		}
		samples = append(samples, milliseconds(time.Since(began)))
	}
	return samples, nil
}

// onTop is a role or a name, written by somebody who knows everything.
func (t *town) onTop(log *space.Log, i int) (space.Entry, error) {
	if i%3 == 0 {
		roles, err := log.SetRole(t.keys[0], t.keys[1+i].Device(), space.Annotator, nil, time.Now())
		if err != nil {
			return space.Entry{}, err
		}
		return roles[0], nil
	}
	return log.SetPerson(t.keys[i], space.Person{Name: fmt.Sprint("new name ", i)}, time.Now())
}

func (t *town) timeChecks() (samples []float64, err error) {
	log, err := space.Open(t.entries)
	if err != nil {
		return nil, err
	}
	devices := make([]space.DeviceID, len(t.keys))
	for i, key := range t.keys {
		devices[i] = key.Device()
	}
	for range rounds {
		may := 0
		began := time.Now()
		for i := range roleChecks {
			if log.MayWrite(devices[i%len(devices)], space.Annotations) {
				may++
			}
		}
		samples = append(samples, float64(time.Since(began))/float64(time.Microsecond)/roleChecks)
		if may != roleChecks {
			return nil, fmt.Errorf("%d of %d may write", may, roleChecks)
		}
	}
	return samples, nil
}

// measureAdmission times newcomers, each with a device of their own, from
// pasting the code to having the space's first document.
func measureAdmission(ctx context.Context) (samples []float64, err error) {
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	host, err := openDesk(ctx, filepath.Join(dir, "host"), true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, host.close()) }()
	if err := host.begin(); err != nil {
		return nil, err
	}
	invitation, err := host.window.Invite(host.space, app.InviteOptions{Role: space.Editor.String(), Uses: admissions, Hours: 1})
	if err != nil {
		return nil, err
	}
	for i := range admissions {
		newcomer, err := openDesk(ctx, filepath.Join(dir, fmt.Sprint("newcomer ", i)), true)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		_, err = newcomer.window.Join(invitation.Code)
		if err == nil {
			err = newcomer.waitForDocument(host.space, host.document)
		}
		samples = append(samples, time.Since(began).Seconds())
		if err = errors.Join(err, newcomer.close()); err != nil {
			return nil, fmt.Errorf("newcomer %d: %w", i, err)
		}
	}
	return samples, nil
}

// waitForDocument returns once a document's text is here.
func (d *desk) waitForDocument(in, document string) error {
	opened, err := d.window.OpenDocument(in, document, "body")
	if err != nil || len(opened.Chunks) > 0 {
		return err
	}
	return d.waitForMove(document)
}
