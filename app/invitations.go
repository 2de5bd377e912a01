package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/space"
)

// Asking says whether a facilitator has to say yes to whoever uses an
// invitation.
type Asking bool

// The two kinds of invitations.
const (
	LetIn    Asking = false
	AskFirst Asking = true
)

// Invite makes an invitation to a space for a number of people. It ends after
// lasts, or never where lasts is 0. Only facilitators can.
func (a *App) Invite(ctx context.Context, id space.ID, role space.Role, uses int, lasts time.Duration, asking Asking) (Invitation, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return Invitation{}, err
	}
	if uses < 1 || uses > space.MaxUses {
		return Invitation{}, newError(CodeInvalid, fmt.Sprintf("An invitation is for 1 to %d people.", space.MaxUses))
	}
	if lasts < 0 {
		return Invitation{}, newError(CodeInvalid, "An invitation cannot end before it begins. Say how long it lasts, or 0 for ever.")
	}
	var expiry time.Time
	if lasts > 0 {
		expiry = now().Add(lasts).Truncate(time.Second)
	}
	options := space.InviteOptions{Role: role, Uses: uses, Expiry: expiry, Ask: bool(asking)}
	entry, secret, err := log.Invite(a.key, options, now(), rand.Reader)
	if err != nil {
		return Invitation{}, a.explain(log, err)
	}
	// The secret first: an invitation whose code nobody has is of no use.
	key := space.InvitationKey(space.KeyFromSeed(secret).Device())
	if err := a.rememberSecret(key, secret); err != nil {
		return Invitation{}, err
	}
	if err := a.addEntry(ctx, id, entry); err != nil {
		return Invitation{}, err
	}
	made, ok := log.Invitation(key)
	if !ok {
		return Invitation{}, errors.New("invite: the invitation is not in the log")
	}
	return a.describeInvitation(log, made, peopleOf(log)), nil
}

// Invitations lists the invitations of a space, oldest first. Those made on
// this device have their code.
func (a *App) Invitations(id space.ID) ([]Invitation, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return nil, err
	}
	known := peopleOf(log)
	invitations := []Invitation{}
	for _, made := range log.Invitations() {
		invitations = append(invitations, a.describeInvitation(log, made, known))
	}
	return invitations, nil
}

// Open says whether the invitation still lets somebody in at a time.
func (i Invitation) Open(at time.Time) bool {
	return !i.Withdrawn && i.Used < i.Uses && (i.Expires == nil || at.Before(*i.Expires))
}

func (a *App) describeInvitation(log *space.Log, made space.Invitation, known people) Invitation {
	described := Invitation{
		ID: made.Key.String(), Role: made.Role.String(), Ask: made.Ask, Author: made.Author.String(), By: known.name(made.Author),
		Created: made.Created, Uses: made.Uses, Used: made.Used, Withdrawn: made.Withdrawn,
	}
	if seat, ok := log.SeatOf(made.Author); ok {
		described.Author = seat.String()
	}
	if !made.Expiry.IsZero() {
		described.Expires = &made.Expiry
	}
	if secret, ok := a.recallSecret(made.Key); ok && !made.Withdrawn && made.Used < made.Uses {
		described.Code = a.codeFor(log, secret, made.Expiry).String()
	}
	return described
}

// codeFor is the code that hands an invitation over, with the addresses that
// this device has now.
func (a *App) codeFor(log *space.Log, secret space.InvitationSecret, expiry time.Time) space.Code {
	return space.Code{
		Space: log.ID(), Secret: secret, Inviter: a.Device(), Addresses: a.codeAddresses(log.ID()), Name: log.Name(), Expiry: expiry,
	}
}

// rememberSecret keeps an invitation's secret on this device, so that its code
// can be shown again, with the addresses that are true by then.
func (a *App) rememberSecret(key space.InvitationKey, secret space.InvitationSecret) error {
	return a.settings.change(func(s *settings) {
		secrets := make(map[string]string, len(s.Invitations)+1)
		for k, v := range s.Invitations {
			secrets[k] = v
		}
		secrets[key.String()] = hex.EncodeToString(secret[:])
		s.Invitations = secrets
	})
}

func (a *App) recallSecret(key space.InvitationKey) (secret space.InvitationSecret, ok bool) {
	raw, err := hex.DecodeString(a.settings.get().Invitations[key.String()])
	if err != nil || len(raw) != len(secret) {
		return secret, false
	}
	return space.InvitationSecret(raw), true
}

// Withdraw takes an invitation back.
func (a *App) Withdraw(ctx context.Context, id space.ID, invitation space.InvitationKey) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	entry, err := log.Withdraw(a.key, invitation, now())
	if err != nil {
		return a.explain(log, err)
	}
	return a.addEntry(ctx, id, entry)
}

// oncePerPerson leaves, of what somebody asked several members by one
// invitation, the first.
func oncePerPerson(requests []space.Request) []space.Request {
	type bid struct {
		device     space.DeviceID
		invitation space.InvitationKey
	}
	seen := make(map[bid]bool, len(requests))
	return slices.DeleteFunc(requests, func(r space.Request) bool {
		by := bid{r.Device, r.Invitation}
		again := seen[by]
		seen[by] = true
		return again
	})
}

// Requests lists who waits for a facilitator's answer, oldest first. Somebody
// who has asked several members is there once.
func (a *App) Requests(id space.ID) ([]Request, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return nil, err
	}
	known := peopleOf(log)
	requests := []Request{}
	for _, r := range oncePerPerson(log.Requests()) {
		described := Request{
			ID: r.Join.String(), Device: r.Device.String(), Person: personFrom(r.Person), Role: r.Role.String(),
			AdmittedBy: known.name(r.Admitted), At: r.When,
		}
		if made, ok := log.Invitation(r.Invitation); ok {
			described.InvitedBy = known.name(made.Author)
		}
		requests = append(requests, described)
	}
	return requests, nil
}

// FindRequest finds somebody who waits by the beginning of the request's ID. It
// fails with CodeNotFound or CodeAmbiguous.
func (a *App) FindRequest(id space.ID, prefix string) (Request, error) {
	requests, err := a.Requests(id)
	if err != nil {
		return Request{}, err
	}
	candidates := make([]candidate, len(requests))
	for i, r := range requests {
		candidates[i] = candidate{id: r.ID, title: r.Name}
	}
	hit, err := find("request", prefix, candidates)
	if err != nil {
		return Request{}, err
	}
	return requests[hit], nil
}

// AnswerRequest lets somebody in who waits, or turns them away: with this
// request and whatever else they asked by the same invitation. Only
// facilitators can.
func (a *App) AnswerRequest(ctx context.Context, id space.ID, request string, accept bool) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	// Not only those that Requests lists: which one is the first may change
	// between that and the answer.
	for _, r := range log.Requests() {
		if r.Join.String() != request {
			continue
		}
		entry, err := log.Answer(a.key, r.Join, accept, now())
		if err != nil {
			return a.explain(log, err)
		}
		return a.addEntry(ctx, id, entry)
	}
	return newError(CodeNotFound, "Nobody waits with this request any more. Perhaps another facilitator has answered it.")
}
