package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"parley/crdt"
	"parley/space"
)

// QuarantineCode names why something was refused; a window has the words.
type QuarantineCode string

// The codes of reasons.
const (
	RefusedRemoved    QuarantineCode = "removed"    // its author does not belong to the space any more
	RefusedRole       QuarantineCode = "role"       // its author's role does not let them write this
	RefusedArchived   QuarantineCode = "archived"   // nobody may write in the space
	RefusedStranger   QuarantineCode = "stranger"   // nobody here knows its author
	RefusedSignature  QuarantineCode = "signature"  // nobody has signed for it
	RefusedActor      QuarantineCode = "actor"      // it was written in somebody else's name
	RefusedForked     QuarantineCode = "forked"     // two copies of one device have written, and it is on the losing side
	RefusedMalformed  QuarantineCode = "malformed"  // not the bytes of a change
	RefusedTooLarge   QuarantineCode = "too-large"  // more than is taken
	RefusedUnreadable QuarantineCode = "unreadable" // the document cannot be read with it
)

// refusals are the codes of the store's reasons.
var refusals = map[crdt.Reason]QuarantineCode{
	crdt.ReasonRemoved:      RefusedRemoved,
	crdt.ReasonRole:         RefusedRole,
	crdt.ReasonArchived:     RefusedArchived,
	crdt.ReasonNoRight:      RefusedStranger,
	crdt.ReasonBadSignature: RefusedSignature,
	crdt.ReasonNotVouched:   RefusedSignature,
	crdt.ReasonActor:        RefusedActor,
	crdt.ReasonFork:         RefusedForked,
	crdt.ReasonForked:       RefusedForked,
	crdt.ReasonSequence:     RefusedForked,
	crdt.ReasonMalformed:    RefusedMalformed,
	crdt.ReasonTooLarge:     RefusedTooLarge,
	crdt.ReasonUnfit:        RefusedUnreadable,
	crdt.ReasonNonsense:     RefusedUnreadable,
	crdt.ReasonApart:        RefusedUnreadable,
	crdt.ReasonCrash:        RefusedUnreadable,
	crdt.ReasonTrap:         RefusedUnreadable,
}

// Sentence says in English why something was refused, for a terminal.
func (q Quarantined) Sentence() string {
	switch QuarantineCode(q.Reason) {
	case RefusedRemoved:
		return "who wrote it does not belong to the space any more"
	case RefusedRole:
		return "who wrote it may not write here"
	case RefusedArchived:
		return "the space was archived without it"
	case RefusedStranger:
		return "who wrote it is not known to belong to the space"
	case RefusedSignature:
		return "nobody has signed for it"
	case RefusedActor:
		return "it was written in somebody else's name"
	case RefusedForked:
		return "a copy of the same device has written something else"
	case RefusedMalformed:
		return "it is damaged"
	case RefusedTooLarge:
		return "it is too large"
	case RefusedUnreadable:
		return "the document cannot be read with it"
	}
	return "for a reason that this version does not know"
}

const setAsideChanged = "What is set aside has changed since you looked. Nothing was let in. Look at it again."

// heap is a group of refused changes: what a Quarantined describes.
type heap struct {
	ref    crdt.Ref
	device space.DeviceID
	code   QuarantineCode
	items  []crdt.Quarantined
}

// heaps groups what is in quarantine in a space, newest first.
func (a *App) heaps(log *space.Log) ([]heap, error) {
	items, err := a.store.Quarantine(log.ID())
	if err != nil {
		return nil, err
	}
	type name struct {
		ref    crdt.Ref
		device space.DeviceID
		code   QuarantineCode
	}
	groups := make(map[name]*heap)
	for _, item := range items {
		n := name{item.Ref, item.Device, refusals[item.Reason]}
		if groups[n] == nil {
			groups[n] = &heap{ref: n.ref, device: n.device, code: n.code}
		}
		groups[n].items = append(groups[n].items, item)
	}
	heaps := make([]heap, 0, len(groups))
	for _, h := range groups {
		slices.SortFunc(h.items, func(x, y crdt.Quarantined) int {
			return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.Seq, y.Seq), x.Hash.Compare(y.Hash))
		})
		heaps = append(heaps, *h)
	}
	slices.SortFunc(heaps, func(x, y heap) int {
		return cmp.Or(y.last().Time.Compare(x.last().Time), cmp.Compare(x.id(), y.id()))
	})
	return heaps, nil
}

func (h heap) last() crdt.Quarantined { return h.items[len(h.items)-1] }

// id names exactly these changes.
func (h heap) id() string {
	sum := sha256.New()
	for _, item := range h.items {
		sum.Write(item.Hash[:])
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// admissible says whether a facilitator can let it in, all of it.
func (h heap) admissible() bool {
	return !slices.ContainsFunc(h.items, func(item crdt.Quarantined) bool { return !item.Admissible })
}

// maxExcerpt bounds what is shown of what somebody wrote, in code points.
const maxExcerpt = 280

// maxCounted bounds the changes that are read to say what they do.
const maxCounted = 1000

// content is the beginning of what the changes add in letters, and how much
// they add and take out.
func (a *App) content(h heap) (excerpt string, does *Effect) {
	var letters []rune
	does = &Effect{}
	for i, item := range h.items {
		if i == maxCounted {
			does = nil
		}
		if does == nil && len(letters) > maxExcerpt {
			break
		}
		content, err := a.store.QuarantinedContent(item.ID())
		if err != nil {
			continue // no valid change, or it is not kept
		}
		if len(letters) <= maxExcerpt {
			letters = append(letters, []rune(content.Text)...)
		}
		if does != nil {
			does.Adds += content.Letters
			does.TakesOut += content.Deleted
		}
	}
	if len(letters) > maxExcerpt {
		return shown(string(letters[:maxExcerpt]), maxExcerpt) + "…", does
	}
	return shown(string(letters), maxExcerpt), does
}

// Quarantined lists what was refused of what others wrote in a space, newest
// first: by document, part, device and reason.
func (a *App) Quarantined(ctx context.Context, id space.ID) ([]Quarantined, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return nil, err
	}
	heaps, err := a.heaps(log)
	if err != nil {
		return nil, err
	}
	documents, err := a.Documents(ctx, id)
	if err != nil {
		a.log.Warn("quarantine is listed without titles", "space", id, "err", err)
	}
	known := peopleOf(log)
	list := make([]Quarantined, 0, len(heaps))
	for _, h := range heaps {
		described := Quarantined{
			ID: h.id(), Document: h.ref.Document.String(), Part: h.ref.Part.String(), Reason: string(h.code),
			Name: known.of(h.device).Name, Organisation: known.of(h.device).Organisation,
			Changes: len(h.items), Since: h.items[0].Time, Until: h.last().Time,
			Admissible: h.admissible(),
		}
		described.Excerpt, described.Does = a.content(h)
		if h.device != (space.DeviceID{}) {
			described.Device = h.device.String()
		}
		for _, d := range documents {
			if d.ID == described.Document {
				described.Title = d.Title
			}
		}
		for _, item := range h.items {
			described.Size += item.Size
		}
		list = append(list, described)
	}
	return list, nil
}

// AdmitQuarantined lets in what Quarantined has listed under these IDs, with
// what it builds on. It fails with CodeChanged where more has come since, and
// with CodeInvalid where something cannot be let in; then it lets in nothing.
// Only facilitators can.
func (a *App) AdmitQuarantined(ctx context.Context, id space.ID, ids []string) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	heaps, err := a.heaps(log)
	if err != nil {
		return err
	}
	var chosen []crdt.QuarantinedID
	for _, wanted := range ids {
		at := slices.IndexFunc(heaps, func(h heap) bool { return h.id() == wanted })
		switch {
		case at < 0:
			return newError(CodeChanged, setAsideChanged)
		case !heaps[at].admissible():
			return newError(CodeInvalid, fmt.Sprintf(
				"This cannot be let in: %s. Nothing was let in.", Quarantined{Reason: string(heaps[at].code)}.Sentence()))
		}
		for _, item := range heaps[at].items {
			chosen = append(chosen, item.ID())
		}
	}
	if len(chosen) == 0 {
		return newError(CodeInvalid, "Say what to let in.")
	}
	cut, err := a.store.AdmitCut(ctx, id, chosen)
	if errors.Is(err, crdt.ErrNotKept) {
		return wrapError(CodeChanged, setAsideChanged, err)
	}
	if err != nil {
		return err
	}
	entries, err := log.AdmitChanges(a.key, cut, now())
	if err != nil {
		return a.explain(log, err)
	}
	return a.addEntries(ctx, id, entries)
}

// FindQuarantined finds something in quarantine by the beginning of its ID. It
// fails with CodeNotFound or CodeAmbiguous.
func (a *App) FindQuarantined(ctx context.Context, id space.ID, prefix string) (Quarantined, error) {
	list, err := a.Quarantined(ctx, id)
	if err != nil {
		return Quarantined{}, err
	}
	candidates := make([]candidate, len(list))
	for i, q := range list {
		candidates[i] = candidate{id: q.ID, title: cmp.Or(q.Title, q.Document)}
	}
	hit, err := find("entry in quarantine", prefix, candidates)
	if err != nil {
		return Quarantined{}, err
	}
	return list[hit], nil
}
