package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// Merge brings in what a copy of a document, as any Automerge program saved
// it, has and the document has not. It answers with the number of changes when
// they are on disk.
//
// To merge is to add changes that were made on top of this document. A file
// that was born elsewhere has a text object of its own: put into one document,
// one of the two texts would win and the other would vanish. So a file with
// changes that do not descend from this document is refused (CodeUnrelated),
// and so is one that puts another object in the place of the text. A file that
// cannot be read fails with CodeUnreadable; an archived document takes nothing
// in (CodeShelved). Each time nothing is changed.
func (a *App) Merge(ctx context.Context, ref crdt.Ref, file []byte) (int, error) {
	if err := a.mayWrite(ref); err != nil {
		return 0, err
	}
	if err := a.notShelved(ctx, ref); err != nil {
		return 0, err
	}
	ours, err := a.arrived(ref)
	if err != nil {
		return 0, err
	}
	theirs, err := a.readSaved(ctx, file)
	if err != nil {
		return 0, err
	}
	fresh, err := a.fresh(ctx, ours, theirs)
	if err != nil || len(fresh) == 0 {
		return 0, err
	}
	if err := a.vouchable(ref, fresh); err != nil {
		return 0, err
	}
	raw := make([][]byte, len(fresh))
	for i, change := range fresh {
		raw[i] = change.Raw
	}
	if _, err := a.child.Vet(ctx, slices.Concat(ours, raw)); err != nil {
		return 0, wrapError(CodeUnreadable, "Automerge cannot put this file and the document together. Nothing was changed.", err)
	}
	receipt, err := a.store.Append(ctx, ref, crdt.Bundle{
		Changes: raw, Signatures: crdt.SignNewest(a.key, ref, fresh),
	}, crdt.Import, a.Device())
	if err == nil {
		err = receipt.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("merge: %w", err)
	}
	return receipt.Accepted, nil
}

// readSaved takes a saved file apart into its changes. Every piece is checked
// first, so that nothing damaged reaches the child.
func (a *App) readSaved(ctx context.Context, file []byte) ([]chunk.Change, error) {
	chunks, err := chunk.Split(file, chunk.DefaultLimits)
	if err == nil && len(chunks) == 0 {
		err = errors.New("the file is empty")
	}
	var changes []chunk.Change
	for _, raw := range chunks {
		var some []chunk.Change
		if err == nil {
			some, err = a.takeApart(ctx, raw)
		}
		changes = append(changes, some...)
	}
	switch {
	case errors.Is(err, chunk.ErrTooLarge):
		return nil, wrapError(CodeTooLarge, "This file holds more than Parley takes at once. Nothing was changed.", err)
	case err != nil:
		return nil, wrapError(CodeUnreadable,
			"This is not a complete Automerge document: it is damaged, cut off, or something else. Nothing was changed. Save the copy again and try with that.", err)
	}
	return changes, nil
}

// takeApart gives the changes of one chunk, dependencies first.
func (a *App) takeApart(ctx context.Context, raw []byte) ([]chunk.Change, error) {
	kind, err := chunk.KindOf(raw)
	if err != nil {
		return nil, err
	}
	single := [][]byte{raw}
	if kind == chunk.KindDocument {
		if _, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits); err != nil {
			return nil, err
		}
		if single, err = a.child.Changes(ctx, single, nil); err != nil {
			return nil, err
		}
	}
	changes := make([]chunk.Change, len(single))
	for i := range single {
		if changes[i], err = chunk.ParseChange(single[i], chunk.DefaultLimits); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// fresh lists the changes of theirs that ours lack. What they build on must be
// in one of the two.
func (a *App) fresh(ctx context.Context, ours [][]byte, theirs []chunk.Change) ([]chunk.Change, error) {
	present, err := a.child.Changes(ctx, ours, nil)
	if err != nil {
		return nil, err
	}
	known := make(map[chunk.Hash]bool, len(present)+len(theirs))
	for _, raw := range present {
		change, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return nil, err
		}
		known[change.Hash] = true
	}
	var fresh []chunk.Change
	for _, change := range theirs {
		if !known[change.Hash] {
			known[change.Hash] = true
			fresh = append(fresh, change)
		}
	}
	for _, change := range fresh {
		for _, dep := range change.Deps {
			if !known[dep] {
				return nil, newError(CodeUnreadable,
					"This file holds only a part of a document: changes that it builds on are missing. Nothing was changed. Save the whole document and try with that.")
			}
		}
	}
	return fresh, nil
}

// vouchable refuses changes that would take the document's text away, or that
// this device cannot sign for.
func (a *App) vouchable(ref crdt.Ref, fresh []chunk.Change) error {
	log, err := a.spaceLog(ref.Space)
	if err != nil {
		return err
	}
	for _, change := range fresh {
		if len(change.Deps) == 0 {
			return newError(CodeUnrelated,
				"This file is not a copy of this document: the two share no history. Nothing was changed. To bring its text in, save it as Markdown and create a new document from that.")
		}
		if replacesText(change) {
			return newError(CodeUnrelated,
				"In this copy the text was replaced by another one, instead of being changed. Merging it would make the text here vanish, so nothing was changed.")
		}
		if prefix, ok := space.ActorOwner([]byte(change.Actor)); ok {
			if owner, member := log.Actor(prefix); member && owner != a.Device() {
				return newError(CodeNotAllowed,
					"This copy holds changes that another member made and that have not arrived here yet. Only their own device can send those. Nothing was changed; try again once they have arrived.")
			}
		}
	}
	return nil
}

// replacesText says whether a change writes the fields of the root that hold
// the document together.
func replacesText(change chunk.Change) bool {
	ops := change.Ops()
	for ops.Next() {
		if ops.Op.Object.IsZero() && ops.Op.Key.IsName {
			switch ops.Op.Key.Name {
			case "kind", "format", "text", "documents":
				return true
			}
		}
	}
	return false
}
