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
	fromNothing     = 10    // rounds
	newEntries      = 200   // rounds
	roleChecks      = 10000 // in a round
	admissions      = 20
	aloneInBranches = 3  // entries that are written beside one another
	named           = 40 // the number up to which a cut lets somebody's changes count
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
		e, _, err := half.Invite(town.people[0].keys[0], space.InviteOptions{Role: space.Editor, Uses: 1}, time.Now(), rand.Reader)
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

func (t *town) timeOpening() (samples []float64, err error) {
	for range fromNothing {
		began := time.Now()
		log, err := space.Open(t.entries)
		if err != nil {
			return nil, err
		}
		samples = append(samples, time.Since(began).Seconds())
		if n := len(log.Seats()); n != manyMembers {
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

// onTop is a removal, a role or a name, written by somebody who knows everything.
func (t *town) onTop(log *space.Log, i int) (space.Entry, error) {
	founder, who := t.people[0].keys[0], t.living[facilitating+i]
	cut := t.cut(log.ID(), who, 1)
	var entries []space.Entry
	var err error
	switch i % 4 {
	case 0:
		entries, err = log.Remove(founder, who.seat(), cut, time.Now())
	case 1:
		entries, err = log.SetRole(founder, who.seat(), space.Annotator, cut, time.Now())
	default:
		return log.SetPerson(who.keys[0], space.Person{Name: fmt.Sprint("new name ", i)}, time.Now())
	}
	if err != nil {
		return space.Entry{}, err
	}
	return entries[0], nil
}

// timeChecks times all that a log is asked about a change that somebody sends:
// of everybody who was ever in, those who were removed or demoted included, one
// change that a cut would let count and one that none does.
func (t *town) timeChecks() (samples []float64, err error) {
	log, err := space.Open(t.entries)
	if err != nil {
		return nil, err
	}
	type sender struct {
		device space.DeviceID
		actor  []byte
		may    bool // everything counts, otherwise what is up to named
	}
	var senders []sender
	for _, r := range t.people {
		for _, key := range r.keys {
			actor := space.ActorFor(log.ID(), key.Device(), 0)
			senders = append(senders, sender{key.Device(), actor[:], space.MayWrite(r.role, space.Body)})
		}
	}
	self := t.people[0].seat()
	for range rounds {
		wrong := 0
		began := time.Now()
		for i := range roleChecks {
			from := &senders[i/2%len(senders)]
			seq, want := uint64(named), true
			if i%2 == 1 {
				seq, want = named+1, from.may
			}
			if takes(log, self, from.device, from.actor, seq) != want {
				wrong++
			}
		}
		samples = append(samples, float64(time.Since(began))/float64(time.Microsecond)/roleChecks)
		if wrong > 0 {
			return nil, fmt.Errorf("%d of %d changes are judged wrongly", wrong, roleChecks)
		}
	}
	return samples, nil
}

// takes asks a log what a device asks it when a change of another's arrives by
// gossip, in the order in which p2p and crdt do, but for the signature: whether
// both belong (room.isMember), whether who signed ever did (room.knowsAuthors),
// whose the actor is (judge), and twice whether the change stands by itself
// (rights.fault; standing.of, which looks a limit up in any case), between two
// looks at whether rights have changed.
func takes(log *space.Log, self, from space.DeviceID, actor []byte, seq uint64) bool {
	document := document(0)
	_, in := log.Member(self)
	_, _ = log.Member(from)
	own := space.ActorFor(log.ID(), from, 0)
	prefix, _ := space.ActorOwner(own[:])
	_, known := log.Actor(prefix)
	as := log.Rights()
	owner, _ := space.ActorOwner(actor)
	device, owned := log.Actor(owner)
	if !in || !known || owned && device != from {
		return false
	}
	stands := false
	for range 2 {
		device, owned = log.Actor(owner)
		if stands = log.MayWrite(device, space.Body); !stands {
			_ = log.WasWriter(device, space.Body)
		}
		limit := log.Limit(actor, document, space.Body)
		stands = stands || owned && seq <= limit
	}
	if !stands {
		// Why not: somebody who is in has another role, or the space is archived.
		_, member := log.Member(from)
		_ = member && log.Archived()
	}
	return stands && log.Rights() == as
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
