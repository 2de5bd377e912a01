package command

import (
	"context"
	"fmt"

	"parley/app"
)

// InviteRequests lists who waits for a facilitator's answer.
type InviteRequests struct {
	Space string `arg:"" help:"The space."`
}

type requestListed struct {
	app.Request
}

func (r requestListed) Plain() string {
	return fmt.Sprintf("%s  %s wants to be %s, invited by %s\n", short(r.ID), describe(&r.Person), asRole(r.Role), r.InvitedBy)
}

// Run tells one result for each request.
func (c *InviteRequests) Run(_ context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	requests, err := peer.Requests(id)
	if err != nil {
		return err
	}
	if len(requests) == 0 {
		reply.Note("Nobody waits.")
	}
	return each(reply, requests, func(r app.Request) Result { return requestListed{r} })
}

// request names one on the command line.
type request struct {
	Space   string `arg:"" help:"The space."`
	Request string `arg:"" help:"The request's ID, from invite requests."`
}

type requestAnswered struct {
	Request  string `json:"request"`
	Name     string `json:"name"`
	Accepted bool   `json:"accepted"`
}

func (r requestAnswered) Plain() string {
	if r.Accepted {
		return r.Name + " is in.\n"
	}
	return r.Name + " was turned away.\n"
}

func (r request) answer(ctx context.Context, peer *app.App, reply Reply, accept bool) error {
	id, err := peer.FindSpace(r.Space)
	if err != nil {
		return err
	}
	found, err := peer.FindRequest(id, r.Request)
	if err != nil {
		return err
	}
	if err := peer.AnswerRequest(ctx, id, found.ID, accept); err != nil {
		return err
	}
	return reply.Result(requestAnswered{Request: found.ID, Name: found.Name, Accepted: accept})
}

// InviteAccept lets somebody in who waits.
type InviteAccept struct {
	Request request `embed:""`
}

// Run says yes.
func (c *InviteAccept) Run(ctx context.Context, peer *app.App, reply Reply) error {
	return c.Request.answer(ctx, peer, reply, true)
}

// InviteDecline turns somebody away who waits.
type InviteDecline struct {
	Request request `embed:""`
}

// Run says no.
func (c *InviteDecline) Run(ctx context.Context, peer *app.App, reply Reply) error {
	return c.Request.answer(ctx, peer, reply, false)
}

// InvitePending lists where this device waits for an answer.
type InvitePending struct{}

type pendingListed struct{ app.PendingJoin }

func (r pendingListed) Plain() string {
	words := fmt.Sprintf("%s  %q, asked on %s", short(r.ID), r.Name, moment(r.Since))
	if r.Expires != nil {
		words += ", good until " + moment(*r.Expires)
	}
	return words + "\n"
}

func (*InvitePending) onlyShows() bool { return true }

// Run tells one result for each request.
func (*InvitePending) Run(_ context.Context, peer *app.App, reply Reply) error {
	pending := peer.Pending()
	if len(pending) == 0 {
		reply.Note("You wait for nobody's answer.")
	}
	return each(reply, pending, func(p app.PendingJoin) Result { return pendingListed{p} })
}

// InviteCancel takes a request of this device back.
type InviteCancel struct {
	Request string `arg:"" help:"The request's ID, from invite pending."`
}

type pendingCancelled struct {
	Cancelled string `json:"cancelled"`
	Name      string `json:"name"`
}

func (r pendingCancelled) Plain() string {
	return fmt.Sprintf("You ask no more to be let into %q.\n", r.Name)
}

// Run forgets it.
func (c *InviteCancel) Run(_ context.Context, peer *app.App, reply Reply) error {
	found, err := peer.FindPending(c.Request)
	if err != nil {
		return err
	}
	if err := peer.CancelPending(found.ID); err != nil {
		return err
	}
	return reply.Result(pendingCancelled{Cancelled: found.ID, Name: found.Name})
}
