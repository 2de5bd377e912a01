package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// A space whose last facilitator is gone elects none by itself. Any editor can
// found another in which it goes on: with all documents and their history, and
// with an entry in the old space that tells the others how to come along.
//
// That entry can be read by everybody in the old space. So its code lets people
// in as readers only (devices that keep, as keepers), and the new space's
// facilitator gives each the role that they had, without being asked: nobody
// gets more by taking somebody else's code.

// succession is what this device remembers of a successor that it has founded.
type succession struct {
	Space string `json:"space"` // the new one
	// Restored are the seats of the new space that have got their roles back: a
	// facilitator may change these afterwards.
	Restored map[string]bool `json:"restored,omitempty"`
}

// successor describes the space in which one goes on, or is nil. Where several
// were founded by people who did not know of each other, everybody takes the
// one that comes first in the log.
func (a *App) successor(log *space.Log) *Successor {
	entry, ok := firstSuccessor(log)
	if !ok {
		return nil
	}
	described := &Successor{By: peopleOf(log).name(entry.By)}
	for _, code := range entry.Codes {
		described.Name = code.Name
		if there, ok := a.store.Log(code.Space); ok {
			if _, member := there.Member(a.Device()); member {
				described.Space, described.Name = code.Space.String(), there.Name()
			}
		}
	}
	_, err := a.successorCode(log)
	described.CanJoin = err == nil && described.Space == ""
	return described
}

func firstSuccessor(log *space.Log) (first space.Successor, ok bool) {
	for _, s := range log.Successors() {
		if len(s.Codes) > 0 {
			return s, true
		}
	}
	return first, false
}

// successorCode is the code with which this device joins the successor.
func (a *App) successorCode(log *space.Log) (space.Code, error) {
	entry, ok := firstSuccessor(log)
	if !ok {
		return space.Code{}, newError(CodeNotFound, "This space does not go on in another one.")
	}
	me, ok := log.Member(a.Device())
	if !ok {
		return space.Code{}, a.explain(log, space.ErrNotMember)
	}
	code, ok := entry.Codes[me.Role]
	if !ok {
		return space.Code{}, newError(CodeNotFound, fmt.Sprintf(
			"Whoever founded the space that comes after this one has left no code for a %s. Ask them for an invitation.", me.Role))
	}
	return code, nil
}

// Succeed founds the space in which one without facilitators goes on, and copies
// everything there. tell is called as it goes on. What was cut short goes on
// when it is called again. It fails with CodeHasFacilitator, CodeSucceeded,
// CodeNotAllowed or CodeInvalid.
func (a *App) Succeed(ctx context.Context, id space.ID, name string, tell func(done, of int)) (space.ID, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return space.ID{}, err
	}
	if err := a.maySucceed(log); err != nil {
		return space.ID{}, err
	}
	next, err := a.foundSuccessor(ctx, id, strings.TrimSpace(name))
	if err != nil {
		return space.ID{}, err
	}
	if err := a.copySpace(ctx, id, next, tell); err != nil {
		return space.ID{}, fmt.Errorf("copy space: %w", err)
	}
	codes, err := a.inviteAll(ctx, log, next)
	if err != nil {
		return space.ID{}, err
	}
	entry, err := log.Succeed(a.key, codes, now())
	if err != nil {
		return space.ID{}, a.explain(log, err)
	}
	return next, a.addEntry(ctx, id, entry)
}

func (a *App) maySucceed(log *space.Log) error {
	me, ok := log.Member(a.Device())
	switch {
	case !ok:
		return a.explain(log, space.ErrNotMember)
	case log.Facilitators() > 0:
		return newError(CodeHasFacilitator, "This space has a facilitator, who can do whatever is to be done. Ask them.")
	case me.Role != space.Editor && !slices.ContainsFunc(log.Seats(), func(s space.Seat) bool { return s.Role == space.Editor }):
		return newError(CodeNotAllowed, "Only an editor can found the space that comes after this one, and nobody here is one. "+
			"To go on, export everything, create a new space, and invite the others to it.")
	case me.Role != space.Editor:
		return newError(CodeNotAllowed, "Only an editor can found the space that comes after this one. Ask one of them.")
	}
	if s := a.successor(log); s != nil {
		return newError(CodeSucceeded, fmt.Sprintf("This space goes on in %q already, which %s has founded. Join that one.", s.Name, s.By))
	}
	return nil
}

// foundSuccessor founds the new space, or finds the one whose founding was cut
// short.
func (a *App) foundSuccessor(ctx context.Context, id space.ID, name string) (space.ID, error) {
	if begun, ok := a.settings.get().Successions[id.String()]; ok {
		next, err := space.ParseID(begun.Space)
		if _, known := a.store.Log(next); err == nil && known {
			return next, nil
		}
	}
	return a.createSpace(ctx, name, func(next space.ID) error {
		return a.rememberSuccession(id, func(s *succession) { *s = succession{Space: next.String()} })
	})
}

// rememberSuccession changes what is remembered of one. Values in the settings
// are replaced, never changed.
func (a *App) rememberSuccession(id space.ID, change func(*succession)) error {
	return a.settings.change(func(s *settings) {
		all := maps.Clone(s.Successions)
		if all == nil {
			all = make(map[string]succession)
		}
		one := all[id.String()]
		one.Restored = maps.Clone(one.Restored)
		change(&one)
		all[id.String()] = one
		s.Successions = all
	})
}

// copySpace brings files and documents of a space into another, as far as they
// are not there yet, and lists the documents there.
func (a *App) copySpace(ctx context.Context, from, to space.ID, tell func(done, of int)) error {
	files, err := a.Files(from)
	if err != nil {
		return err
	}
	documents, err := a.Documents(ctx, from)
	if err == nil && len(documents) == 0 {
		err = a.indexArrived(from)
	}
	if err != nil {
		return err
	}
	listed, err := a.Documents(ctx, to)
	if err != nil {
		return err
	}
	done, of := 0, len(files)+len(documents)
	step := func() { done++; tell(done, of) }
	tell(done, of)
	for _, f := range files {
		if err := a.copyFile(ctx, from, to, f); err != nil {
			return err
		}
		step()
	}
	for _, d := range documents {
		if !slices.ContainsFunc(listed, func(there Document) bool { return there.ID == d.ID }) {
			if err := a.copyDocument(ctx, from, to, d); err != nil {
				return err
			}
		}
		step()
	}
	return nil
}

// copyFile copies a file. One that is damaged here stays behind: documents
// refer to it as before, and whoever has it can add it.
func (a *App) copyFile(ctx context.Context, from, to space.ID, f File) error {
	blob, err := crdt.ParseBlobID(f.Hash)
	if err != nil {
		return err
	}
	reader, err := a.store.OpenBlob(from, blob)
	if err == nil {
		_, err = a.store.PutBlob(ctx, to, f.Media, reader)
	}
	if errors.Is(err, crdt.ErrDamaged) || errors.Is(err, crdt.ErrNoBlob) {
		a.log.Warn("a file stays behind", "space", from, "file", f.Hash, "err", err)
		return nil
	}
	return err
}

// copyDocument brings a document with its history into another space, where
// this device vouches for it, and then lists it there. One that has not arrived
// here stays behind.
func (a *App) copyDocument(ctx context.Context, from, to space.ID, d Document) error {
	document, err := crdt.ParseDocumentID(d.ID)
	if err != nil {
		return err
	}
	for _, part := range []space.Part{space.Body, space.Annotations} {
		source := crdt.Ref{Space: from, Document: document, Part: part}
		if err := a.copyPart(ctx, source, crdt.Ref{Space: to, Document: document, Part: part}); err != nil {
			return fmt.Errorf("copy %q: %w", d.Title, err)
		}
	}
	if vector, err := a.store.Vector(crdt.Ref{Space: to, Document: document, Part: space.Body}); err != nil || len(vector) == 0 {
		return err
	}
	_, err = a.write(ctx, indexRef(to), func(chunks [][]byte, actor chunk.Actor) ([][]byte, error) {
		return one(a.child.PutEntry(ctx, chunks, actor, materialize.IndexEntry{
			ID: d.ID, Kind: d.Kind, Title: d.Title, Created: d.Created,
			Archived: d.Archived, ArchivedAt: d.ArchivedAt,
		}))
	})
	return err
}

// copyAtOnce is how many changes are vouched for and appended together.
const copyAtOnce = 4096

// copyPart copies what counts of a part. Its changes keep their actors, which
// are nobody's in the other space.
func (a *App) copyPart(ctx context.Context, from, to crdt.Ref) error {
	var changes []chunk.Change
	err := a.mending(ctx, from, func() error {
		chunks, _, err := a.store.Load(from)
		if err != nil || len(chunks) == 0 {
			return err
		}
		raw, err := a.child.Changes(ctx, chunks, nil)
		if err != nil {
			return err
		}
		changes = make([]chunk.Change, len(raw))
		for i := range raw {
			if changes[i], err = chunk.ParseChange(raw[i], chunk.DefaultLimits); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(changes, copyAtOnce) { // dependencies come first
		raw := make([][]byte, len(some))
		for i, change := range some {
			raw[i] = change.Raw
		}
		receipt, err := a.store.Append(ctx, to, crdt.Bundle{
			Changes: raw, Signatures: crdt.SignNewest(a.key, to, some),
		}, crdt.Import, a.Device())
		if err == nil {
			err = receipt.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inviteAll makes what lets everybody from one space into another.
func (a *App) inviteAll(ctx context.Context, from *space.Log, to space.ID) (map[space.Role]space.Code, error) {
	log, err := a.spaceLog(to)
	if err != nil {
		return nil, err
	}
	devices := make(map[space.Role]int)
	for _, m := range from.Members() {
		devices[m.Role]++
	}
	codes := make(map[space.Role]space.Code)
	invite := func(into space.Role, roles ...space.Role) error {
		uses := 0
		for _, role := range roles {
			uses += devices[role]
		}
		if uses == 0 {
			return nil
		}
		options := space.InviteOptions{Role: into, Uses: min(uses, space.MaxUses)}
		entry, secret, err := log.Invite(a.key, options, now(), rand.Reader)
		if err == nil {
			err = a.rememberSecret(space.InvitationKey(space.KeyFromSeed(secret).Device()), secret)
		}
		if err == nil {
			err = a.addEntry(ctx, to, entry)
		}
		if err != nil {
			return err
		}
		for _, role := range roles {
			codes[role] = a.codeFor(log, secret, time.Time{})
		}
		return nil
	}
	return codes, errors.Join(
		invite(space.Reader, space.Facilitator, space.Editor, space.Annotator, space.Reader),
		invite(space.Keeper, space.Keeper),
	)
}

// JoinSuccessor joins the space in which one goes on. It fails like Join, and
// with CodeNotFound where there is none.
func (a *App) JoinSuccessor(ctx context.Context, id space.ID) (space.ID, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return space.ID{}, err
	}
	code, err := a.successorCode(log)
	if err != nil {
		return space.ID{}, err
	}
	return a.Join(ctx, code)
}

// restoreRoles gives those who came along to a successor that this device has
// founded the roles that they had, until ctx ends.
func (a *App) restoreRoles(ctx context.Context) {
	seen := make(map[topic]uint64)
	for {
		_, rung := a.news.since(seen)
		for old, begun := range a.settings.get().Successions {
			if err := a.restoreIn(ctx, old, begun); err != nil && ctx.Err() == nil {
				a.log.Warn("roles in a successor could not be restored", "space", begun.Space, "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-rung:
		}
	}
}

func (a *App) restoreIn(ctx context.Context, oldID string, begun succession) error {
	from, err := space.ParseID(oldID)
	if err != nil {
		return err
	}
	to, err := space.ParseID(begun.Space)
	if err != nil {
		return err
	}
	old, ok := a.store.Log(from)
	next, there := a.store.Log(to)
	if !ok || !there {
		return nil
	}
	if me, ok := next.Member(a.Device()); !ok || me.Role != space.Facilitator {
		return nil
	}
	for _, seat := range next.Seats() {
		was, known := old.Seat(seat.ID)
		if begun.Restored[seat.ID.String()] || !known || seat.Role != space.Reader {
			continue
		}
		if was.Role == space.Editor || was.Role == space.Annotator {
			if err := a.SetRole(ctx, to, seat.ID, was.Role); err != nil {
				return err
			}
		}
		err := a.rememberSuccession(from, func(s *succession) {
			if s.Restored == nil {
				s.Restored = make(map[string]bool)
			}
			s.Restored[seat.ID.String()] = true
		})
		if err != nil {
			return err
		}
	}
	return nil
}
