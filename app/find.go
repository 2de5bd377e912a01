package app

import (
	"context"
	"fmt"
	"strings"

	"parley/crdt"
	"parley/space"
)

// candidate is something that a shortened ID may mean.
type candidate struct{ id, title string }

// find gives the index of the one candidate whose ID begins with prefix.
func find(what, prefix string, candidates []candidate) (int, error) {
	wanted := strings.ToLower(strings.TrimSpace(prefix))
	if wanted == "" {
		return 0, newError(CodeInvalid, fmt.Sprintf("Which %s? Name the beginning of its ID.", what))
	}
	var hits []int
	for i, c := range candidates {
		if strings.HasPrefix(strings.ToLower(c.id), wanted) {
			hits = append(hits, i)
		}
	}
	switch len(hits) {
	case 0:
		return 0, newError(CodeNotFound, fmt.Sprintf("There is no %s whose ID begins with %q here.", what, prefix))
	case 1:
		return hits[0], nil
	}
	return 0, newError(CodeAmbiguous, fmt.Sprintf("%q could be %s. Write more of the ID.", prefix, listing(hits, candidates)))
}

// listing names what an ambiguous ID could mean, with enough of each ID to
// tell them apart.
func listing(hits []int, candidates []candidate) string {
	const most = 6
	var names []string
	for i, hit := range hits {
		if i == most {
			names = append(names, fmt.Sprintf("%d more", len(hits)-most))
			break
		}
		c := candidates[hit]
		names = append(names, fmt.Sprintf("%s (%s)", c.id[:min(len(c.id), 16)], c.title))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// FindSpace finds a space of this device by the beginning of its ID. It fails
// with CodeNotFound or CodeAmbiguous.
func (a *App) FindSpace(prefix string) (space.ID, error) {
	ids := a.store.Spaces()
	candidates := make([]candidate, len(ids))
	for i, id := range ids {
		candidates[i] = candidate{id: id.String()}
		if log, ok := a.store.Log(id); ok {
			candidates[i].title = log.Name()
		}
	}
	hit, err := find("space", prefix, candidates)
	if err != nil {
		return space.ID{}, err
	}
	return ids[hit], nil
}

// FindDocument finds a document of a space by the beginning of its ID. It
// fails with CodeNotFound or CodeAmbiguous.
func (a *App) FindDocument(ctx context.Context, id space.ID, prefix string) (crdt.DocumentID, error) {
	documents, err := a.Documents(ctx, id)
	if err != nil {
		return crdt.DocumentID{}, err
	}
	candidates := make([]candidate, len(documents))
	for i, d := range documents {
		candidates[i] = candidate{id: d.ID, title: d.Title}
	}
	hit, err := find("document", prefix, candidates)
	if err != nil {
		return crdt.DocumentID{}, err
	}
	return crdt.ParseDocumentID(documents[hit].ID)
}

// FindInvitation finds an invitation of a space by the beginning of its ID, or
// by its code.
func (a *App) FindInvitation(id space.ID, text string) (space.InvitationKey, error) {
	if code, err := space.ParseCode(text); err == nil && code.Space == id {
		return code.Invitation(), nil
	}
	log, err := a.spaceLog(id)
	if err != nil {
		return space.InvitationKey{}, err
	}
	invitations := log.Invitations()
	candidates := make([]candidate, len(invitations))
	for i, invitation := range invitations {
		candidates[i] = candidate{id: invitation.Key.String(), title: invitation.Role.String()}
	}
	hit, err := find("invitation", text, candidates)
	if err != nil {
		return space.InvitationKey{}, err
	}
	return invitations[hit].Key, nil
}
