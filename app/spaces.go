package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/crdt"
	"parley/p2p"
	"parley/space"
)

const joinTimeout = 45 * time.Second

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
	person, err := a.mySelf()
	if err != nil {
		return space.ID{}, err
	}
	if err := space.ValidateName(name); err != nil {
		return space.ID{}, wrapError(CodeInvalid, "The name of a space needs 1 to 80 characters, on one line.", err)
	}
	log, founding, err := space.Found(a.key, name, person, now(), rand.Reader)
	if err != nil {
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
		if err == nil && len(vector) == 0 {
			err = a.bearIndex(ctx, id)
		}
		if err != nil {
			return fmt.Errorf("mend index: %w", err)
		}
	}
	return nil
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

func (a *App) describeSpace(log *space.Log, connected map[space.DeviceID]bool) Space {
	id := log.ID()
	seen := a.lastSeen(id)
	described := Space{
		ID: id.String(), Name: log.Name(), Role: a.roleIn(log), Index: crdt.IndexID(id).String(), Members: []Member{},
	}
	for _, m := range log.Members() {
		you := m.Device == a.Device()
		member := Member{
			Device: m.Device.String(), Person: personFrom(m.Person), Role: m.Role.String(),
			You: you, Connected: connected[m.Device],
		}
		if !you && !member.Connected {
			member.LastSeen = seen[m.Device]
		}
		described.Members = append(described.Members, member)
	}
	return described
}

// roleIn is this device's role in a space, or NoRole.
func (a *App) roleIn(log *space.Log) string {
	if me, ok := log.Member(a.Device()); ok {
		return me.Role.String()
	}
	return NoRole
}

// Invite makes an invitation to a space for a number of people. It ends after
// lasts, or never where lasts is 0.
func (a *App) Invite(ctx context.Context, id space.ID, role space.Role, uses int, lasts time.Duration) (Invitation, error) {
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
	entry, secret, err := log.Invite(a.key, space.InviteOptions{Role: role, Uses: uses, Expiry: expiry}, now(), rand.Reader)
	if err != nil {
		return Invitation{}, err
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
	return a.describeInvitation(log, made), nil
}

// Invitations lists the invitations of a space, oldest first. Those made on
// this device have their code.
func (a *App) Invitations(id space.ID) ([]Invitation, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return nil, err
	}
	invitations := []Invitation{}
	for _, made := range log.Invitations() {
		invitations = append(invitations, a.describeInvitation(log, made))
	}
	return invitations, nil
}

func (a *App) describeInvitation(log *space.Log, made space.Invitation) Invitation {
	described := Invitation{
		ID: made.Key.String(), Role: made.Role.String(), Uses: made.Uses, Used: made.Used, Withdrawn: made.Withdrawn,
	}
	if !made.Expiry.IsZero() {
		described.Expires = &made.Expiry
	}
	if secret, ok := a.recallSecret(made.Key); ok && !made.Withdrawn && made.Used < made.Uses {
		described.Code = space.Code{
			Space: log.ID(), Secret: secret, Inviter: a.Device(), Addresses: a.codeAddresses(),
			Name: log.Name(), Expiry: made.Expiry,
		}.String()
	}
	return described
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
		return err
	}
	return a.addEntry(ctx, id, entry)
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

// codeAddresses are where a newcomer can find this device.
func (a *App) codeAddresses() [][]byte {
	addresses := a.node.CodeAddresses()
	return addresses[:min(len(addresses), space.MaxAddresses)]
}
