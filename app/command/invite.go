package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"parley/app"
	"parley/space"
)

// InviteCreate makes an invitation.
type InviteCreate struct {
	Space   string        `arg:"" help:"The space to invite to."`
	Role    string        `help:"What the invited may do: facilitator, editor, annotator, reader or keeper." default:"editor" enum:"facilitator,editor,annotator,reader,keeper"`
	Uses    int           `help:"How many people may use the code." default:"20"`
	Expires time.Duration `help:"How long the code can be used; 0 is for ever." default:"168h"`
	Ask     bool          `help:"A facilitator has to say yes to everybody who uses the code: invite requests, invite accept."`
}

func (*InviteCreate) networked() {} // the code carries the addresses of this device

type invitationResult struct {
	app.Invitation
}

func (r invitationResult) Plain() string { return r.Code + "\n" }

// Run makes the invitation and tells its code.
func (c *InviteCreate) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	role, err := parseRole(c.Role)
	if err != nil {
		return err
	}
	invitation, err := peer.Invite(ctx, id, role, c.Uses, c.Expires, app.Asking(c.Ask))
	if err != nil {
		return err
	}
	if err := reply.Result(invitationResult{invitation}); err != nil {
		return err
	}
	reply.Note(fmt.Sprintf("Whoever uses it joins as %s. It is good for %d in all, and %s.", invitation.Role, invitation.Uses, ending(invitation)))
	return nil
}

// ending says until when a code can be used.
func ending(i app.Invitation) string {
	if i.Expires == nil {
		return "does not end by itself"
	}
	return "ends on " + i.Expires.Local().Format("2 January 2006 at 15:04")
}

// InviteList lists a space's invitations.
type InviteList struct {
	Space string `arg:"" help:"The space."`
}

type invitationListed struct {
	app.Invitation
}

func (r invitationListed) Plain() string {
	state := fmt.Sprintf("%d of %d used", r.Used, r.Uses)
	if r.Ask {
		state += ", asks first"
	}
	switch {
	case r.Withdrawn:
		state += ", withdrawn"
	case r.Expires != nil && r.Expires.Before(time.Now()):
		state += ", expired"
	case r.Used >= r.Uses:
		state += ", used up"
	default:
		state += ", " + ending(r.Invitation)
	}
	return fmt.Sprintf("%s  %s, %s (by %s)\n", short(r.ID), r.Role, state, r.By)
}

// Run tells one result for each invitation.
func (c *InviteList) Run(_ context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	invitations, err := peer.Invitations(id)
	if err != nil {
		return err
	}
	return each(reply, invitations, func(invitation app.Invitation) Result { return invitationListed{invitation} })
}

// InviteWithdraw takes an invitation back.
type InviteWithdraw struct {
	Space      string `arg:"" help:"The space."`
	Invitation string `arg:"" help:"The invitation's ID, from invite list, or its code."`
}

type withdrawn struct {
	Withdrawn string `json:"withdrawn"`
}

func (r withdrawn) Plain() string {
	return fmt.Sprintf("Invitation %s is withdrawn.\n", short(r.Withdrawn))
}

// Run withdraws the invitation.
func (c *InviteWithdraw) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	key, err := peer.FindInvitation(id, c.Invitation)
	if err != nil {
		return err
	}
	if err := peer.Withdraw(ctx, id, key); err != nil {
		return err
	}
	return reply.Result(withdrawn{key.String()})
}

func parseRole(text string) (space.Role, error) {
	role, err := space.ParseRole(text)
	if err != nil {
		return 0, app.NewError(app.CodeInvalid, fmt.Sprintf(
			"There is no role called %q. It is %s.", text, strings.Join(roles, ", ")), err)
	}
	return role, nil
}

var roles = []string{"facilitator", "editor", "annotator", "reader", "keeper"}
