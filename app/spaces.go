package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/p2p"
	"parley/space"
)

const (
	joinTimeout = 45 * time.Second
	spaceNames  = "The name of a space needs 1 to 80 characters, on one line."
)

// spaceLog is the membership log of a space of this device, or an Error with
// CodeNotFound.
func (a *App) spaceLog(id space.ID) (*space.Log, error) {
	log, ok := a.store.Log(id)
	if !ok {
		return nil, newError(CodeNotFound, "This device does not belong to that space.")
	}
	return log, nil
}

// addEntries makes new entries of a space's log durable, all of them together.
func (a *App) addEntries(ctx context.Context, id space.ID, entries []space.Entry) error {
	raw := make([][]byte, len(entries))
	for i, entry := range entries {
		raw[i] = entry.Raw
	}
	_, _, err := a.store.AddEntries(ctx, id, raw)
	return err
}

// addEntry makes a new entry of a space's log durable.
func (a *App) addEntry(ctx context.Context, id space.ID, entry space.Entry) error {
	_, _, err := a.store.AddEntries(ctx, id, [][]byte{entry.Raw})
	return err
}

// CreateSpace founds a space, with this device as its first facilitator, and
// gives it its index document. SetPerson must have been called.
func (a *App) CreateSpace(ctx context.Context, name string) (space.ID, error) {
	return a.createSpace(ctx, name, func(space.ID) error { return nil })
}

// createSpace is CreateSpace, and calls note when it knows the space's ID and
// has done nothing yet.
func (a *App) createSpace(ctx context.Context, name string, note func(space.ID) error) (space.ID, error) {
	person, err := a.mySelf()
	if err != nil {
		return space.ID{}, err
	}
	if err := space.ValidateName(name); err != nil {
		return space.ID{}, wrapError(CodeInvalid, spaceNames, err)
	}
	log, founding, err := space.Found(a.key, name, person, now(), rand.Reader)
	if err != nil {
		return space.ID{}, err
	}
	if err := note(log.ID()); err != nil {
		return space.ID{}, err
	}
	if _, err := a.store.CreateSpace(ctx, founding.Raw); err != nil {
		return space.ID{}, err
	}
	return log.ID(), a.bearIndex(ctx, log.ID())
}

// mendIndexes gives an index document to every space that this device founded
// and was killed before it had made one.
func (a *App) mendIndexes(ctx context.Context) error {
	for _, id := range a.store.Spaces() {
		log, ok := a.store.Log(id)
		if !ok || founder(log) != a.Device() {
			continue
		}
		vector, err := a.store.Vector(indexRef(id))
		if err == nil && len(vector) == 0 && isNew(log) {
			err = a.bearIndex(ctx, id)
		}
		if err != nil {
			return fmt.Errorf("mend index: %w", err)
		}
	}
	return nil
}

// isNew says whether nobody but the founder has written into a log. Where
// somebody has, the index was born: a founder who has not got it was away, and
// has come back.
func isNew(log *space.Log) bool {
	by := founder(log)
	return !slices.ContainsFunc(log.Entries(), func(raw []byte) bool {
		entry, err := space.ParseEntry(raw)
		return err != nil || entry.Author != by
	})
}

// founder is the only member who may bear the index: two that are born apart
// would not merge.
func founder(log *space.Log) space.DeviceID {
	entries := log.Entries()
	founding, err := space.ParseEntry(entries[0]) // the log's order begins with it
	if err != nil {
		return space.DeviceID{}
	}
	return founding.Author
}

// logs are the membership logs of this device's spaces, oldest membership
// first.
func (a *App) logs() []*space.Log {
	var logs []*space.Log
	for _, id := range a.store.Spaces() {
		if log, ok := a.store.Log(id); ok {
			logs = append(logs, log)
		}
	}
	joined := func(log *space.Log) time.Time {
		me, _ := log.Member(a.Device())
		return me.Joined
	}
	slices.SortStableFunc(logs, func(x, y *space.Log) int { return joined(x).Compare(joined(y)) })
	return logs
}

// SpaceIDs lists the spaces of this device, oldest membership first.
func (a *App) SpaceIDs() []space.ID {
	var ids []space.ID
	for _, log := range a.logs() {
		ids = append(ids, log.ID())
	}
	return ids
}

// Spaces describes the spaces of this device, oldest membership first.
func (a *App) Spaces() []Space {
	connected := a.connected()
	spaces := []Space{}
	for _, log := range a.logs() {
		spaces = append(spaces, a.describeSpace(log, connected))
	}
	return spaces
}

// Space describes one space.
func (a *App) Space(id space.ID) (Space, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return Space{}, err
	}
	return a.describeSpace(log, a.connected()), nil
}

// RenameSpace gives a space another name, for everybody. Only facilitators can.
func (a *App) RenameSpace(ctx context.Context, id space.ID, name string) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	name = strings.TrimSpace(name)
	if err := space.ValidateName(name); err != nil {
		return wrapError(CodeInvalid, spaceNames, err)
	}
	if log.Name() == name {
		return newError(CodeNoEffect, "The space has this name already.")
	}
	entry, err := log.Rename(a.key, name, now())
	if err != nil {
		return a.explain(log, err)
	}
	return a.addEntry(ctx, id, entry)
}

// ArchiveSpace closes a space for everybody's writing, or opens it again. What
// has been written by then stays. Only facilitators can.
func (a *App) ArchiveSpace(ctx context.Context, id space.ID, archived bool) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	if log.Archived() == archived {
		if archived {
			return newError(CodeNoEffect, "The space is archived already.")
		}
		return newError(CodeNoEffect, "The space is not archived.")
	}
	var cut space.Cut
	if archived {
		if cut, err = a.store.Cut(ctx, id, nil); err != nil {
			return err
		}
	}
	entries, err := log.Archive(a.key, archived, cut, now())
	if err != nil {
		return a.explain(log, err)
	}
	return a.addEntries(ctx, id, entries)
}

// ForgetSpace deletes what this device has of a space that it does not belong
// to any more. Nobody else loses anything by it.
func (a *App) ForgetSpace(ctx context.Context, id space.ID) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	if _, member := log.Member(a.Device()); member {
		return newError(CodeStillMember, "You belong to this space. Leave it first; then its copy on this computer can be deleted.")
	}
	if err := a.store.Forget(ctx, id); err != nil {
		return fmt.Errorf("forget space: %w", err)
	}
	a.index.forget(id)
	a.news.ring(topic{event: EventSpaces})
	return nil
}

// ParseCode reads an invitation code. It fails with CodeMalformed.
func ParseCode(text string) (space.Code, error) {
	code, err := space.ParseCode(text)
	if err != nil {
		return space.Code{}, Explain(err)
	}
	return code, nil
}

// Join asks a member of a space to be let in, and returns once this device is
// a member. What the space holds may still be on its way; see CatchUp. It
// fails with CodeExpired, CodeUsedUp, CodeWithdrawn, CodeNotInvited,
// CodeAlreadyMember or CodeUnreachable.
func (a *App) Join(ctx context.Context, code space.Code) (space.ID, error) {
	person, err := a.mySelf()
	if err != nil {
		return space.ID{}, err
	}
	if log, ok := a.store.Log(code.Space); ok {
		if _, member := log.Member(a.Device()); member {
			return code.Space, space.ErrAlreadyMember
		}
	}
	if code.Expired(now()) {
		return space.ID{}, wrapError(CodeExpired, fmt.Sprintf(
			"This invitation ended on %s. Ask the person who sent it for a new one.",
			code.Expiry.Local().Format("2 January 2006 at 15:04")), space.ErrExpired)
	}
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	id, err := a.node.Join(ctx, code, person)
	if errors.Is(err, p2p.ErrWaiting) {
		return space.ID{}, a.awaitAnswer(code)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return space.ID{}, errors.Join(p2p.ErrUnreachable, err)
	}
	if err != nil {
		return space.ID{}, err
	}
	a.news.ring(topic{event: EventSpaces})
	return id, nil
}

// codeAddresses are where a newcomer to a space can find this device, or a
// keeper.
func (a *App) codeAddresses(id space.ID) [][]byte {
	addresses := a.node.InvitationAddresses(id)
	return addresses[:min(len(addresses), space.MaxAddresses)]
}
