package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"parley/app"
	"parley/space"
)

// MemberGroup holds the commands about the people of a space.
type MemberGroup struct {
	List    MemberList    `cmd:"" help:"List who belongs to a space, with their devices, and who did."`
	Role    MemberRole    `cmd:"" help:"Give somebody another role."`
	Remove  MemberRemove  `cmd:"" help:"Take somebody out of a space, with all their devices."`
	Confirm MemberConfirm `cmd:"" help:"Say that somebody is the official they say they are."`
	Verify  MemberVerify  `cmd:"" help:"Compare words with somebody, to know that nobody stands between you."`
}

// MemberList lists the people of a space.
type MemberList struct {
	Space string `arg:"" help:"The space."`
}

type memberListed struct {
	app.Member
	Kind string `json:"kind"`
}

func (r memberListed) Plain() string {
	var b strings.Builder
	words := describe(&r.Person)
	if r.You {
		words += " (you)"
	}
	fmt.Fprintf(&b, "%s  %-11s  %s\n", shortDevice(r.Device), r.Role, words)
	if r.Official {
		if r.ConfirmedBy == "" {
			b.WriteString("  not confirmed as an official\n")
		} else {
			fmt.Fprintf(&b, "  confirmed as an official by %s\n", r.ConfirmedBy)
		}
	}
	if r.InvitedBy != "" {
		fmt.Fprintf(&b, "  since %s, invited by %s\n", day(r.Joined), r.InvitedBy)
	} else {
		fmt.Fprintf(&b, "  since %s, the founder\n", day(r.Joined))
	}
	for _, d := range r.Devices {
		fmt.Fprintf(&b, "  %s  %s\n", d.Device, deviceWords(d))
	}
	return b.String()
}

func deviceWords(d app.MemberDevice) string {
	var words []string
	if d.Label != "" {
		words = append(words, d.Label)
	}
	switch {
	case d.ThisOne:
		words = append(words, "this device")
	case d.Connected:
		words = append(words, "connected")
	case d.LastSeen != nil:
		words = append(words, "last seen "+moment(*d.LastSeen))
	default:
		words = append(words, "never met")
	}
	return strings.Join(words, ", ")
}

type formerListed struct {
	app.Former
	Kind string `json:"kind"`
}

func (r formerListed) Plain() string {
	went := "removed by " + r.By
	if r.Left {
		went = "left"
	}
	return fmt.Sprintf("%s  %-11s  %s, %s %s\n", shortDevice(r.Device), "gone", describe(&r.Person), went, moment(r.At))
}

// Run tells one result for each person.
func (c *MemberList) Run(_ context.Context, peer *app.App, reply Reply) error {
	_, s, err := lookUp(peer, c.Space)
	if err != nil {
		return err
	}
	if err := each(reply, s.Members, func(m app.Member) Result { return memberListed{m, "member"} }); err != nil {
		return err
	}
	return each(reply, s.Formers, func(f app.Former) Result { return formerListed{f, "former"} })
}

// person names somebody on the command line.
type person struct {
	Space  string `arg:"" help:"The space."`
	Device string `arg:"" help:"The ID of one of their devices, from member list."`
}

func (p person) find(peer *app.App) (space.ID, space.DeviceID, app.Member, error) {
	id, err := peer.FindSpace(p.Space)
	if err != nil {
		return id, space.DeviceID{}, app.Member{}, err
	}
	found, err := peer.FindMember(id, p.Device)
	if err != nil {
		return id, space.DeviceID{}, app.Member{}, err
	}
	device, err := space.ParseDeviceID(found.Device)
	return id, device, found, err
}

// MemberRole changes a role.
type MemberRole struct {
	Person person `embed:""`
	Role   string `arg:"" help:"What they may do from now on: facilitator, editor, annotator, reader or keeper."`
	sure   `embed:""`
}

type roleChanged struct {
	Device string `json:"device"`
	Name   string `json:"name"`
	Role   string `json:"role"`
}

func (r roleChanged) Plain() string {
	return fmt.Sprintf("%s is %s now.\n", r.Name, asRole(r.Role))
}

// asRole is a role as it stands in a sentence about one person: "an editor".
func asRole(role string) string {
	if strings.HasPrefix(role, "e") || strings.HasPrefix(role, "a") {
		return "an " + role
	}
	return "a " + role
}

// Run gives the role.
func (c *MemberRole) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, device, found, err := c.Person.find(peer)
	if err != nil {
		return err
	}
	role, err := parseRole(c.Role)
	if err != nil {
		return err
	}
	s, err := peer.Space(id)
	if err != nil {
		return err
	}
	if found.Role == space.Facilitator.String() && s.Facilitators == 1 && role != space.Facilitator {
		follows := fmt.Sprintf("%s is the last facilitator: after this, %s", found.Name, withoutFacilitators)
		if err := c.confirmed(follows); err != nil {
			return err
		}
	}
	if err := peer.SetRole(ctx, id, device, role); err != nil {
		return err
	}
	return reply.Result(roleChanged{Device: found.Device, Name: found.Name, Role: role.String()})
}

// MemberRemove takes somebody out.
type MemberRemove struct {
	Person   person `embed:""`
	Withdraw bool   `help:"Take all open invitations back too: others may have the codes from them."`
	sure     `embed:""`
}

type memberRemoved struct {
	Device    string `json:"device"`
	Name      string `json:"name"`
	Again     bool   `json:"again"`     // they were out already
	Withdrawn int    `json:"withdrawn"` // invitations
	Open      int    `json:"open"`      // invitations that are left
}

func (r memberRemoved) Plain() string {
	words := r.Name + " is out. What they have by now they keep; nothing new reaches them.\n"
	if r.Again {
		words = r.Name + " is removed once more. Whatever they answer to one of the removals, the other stands.\n"
	}
	if r.Withdrawn > 0 {
		words += fmt.Sprintf("Taken back: %s.\n", counted(r.Withdrawn, "invitation"))
	}
	if r.Open > 0 {
		words += fmt.Sprintf("Still open: %s. %s cannot come back by them, but whoever has a code from %s can come in: invite list, invite withdraw.\n", counted(r.Open, "invitation"), r.Name, r.Name)
	}
	return words
}

// Run removes the person.
func (c *MemberRemove) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, device, removed, follows, err := c.whom(peer)
	if err != nil {
		return err
	}
	if err := c.confirmed(follows); err != nil {
		return err
	}
	if err := peer.RemoveMember(ctx, id, device); err != nil {
		return err
	}
	if removed.Withdrawn, removed.Open, err = withdrawOpen(ctx, peer, id, c.Withdraw); err != nil {
		return err
	}
	return reply.Result(removed)
}

// whom is who is meant: somebody who is there, else somebody who was, since a
// removal can be repeated.
func (c *MemberRemove) whom(peer *app.App) (id space.ID, device space.DeviceID, removed memberRemoved, follows string, err error) {
	id, device, found, err := c.Person.find(peer)
	if err == nil {
		follows = fmt.Sprintf("%s will be taken out of the space with %s. What they have by now they keep; nothing new reaches them, and they can come back only by a new invitation.",
			found.Name, counted(len(found.Devices), "device"))
		return id, device, memberRemoved{Device: found.Device, Name: found.Name}, follows, nil
	}
	former, unknown := peer.FindFormer(id, c.Person.Device)
	if unknown != nil {
		return id, device, removed, "", err
	}
	device, err = space.ParseDeviceID(former.Device)
	follows = former.Name + " is out of the space already, and will be removed once more, by you."
	return id, device, memberRemoved{Device: former.Device, Name: former.Name, Again: true}, follows, err
}

// withdrawOpen takes the open invitations of a space back, or counts them.
func withdrawOpen(ctx context.Context, peer *app.App, id space.ID, withdraw bool) (withdrawn, open int, err error) {
	invitations, err := peer.Invitations(id)
	if err != nil {
		return 0, 0, err
	}
	for _, invitation := range invitations {
		if !invitation.Open(time.Now()) {
			continue
		}
		if !withdraw {
			open++
			continue
		}
		key, err := space.ParseInvitationKey(invitation.ID)
		if err == nil {
			err = peer.Withdraw(ctx, id, key)
		}
		if err != nil {
			return withdrawn, open, err
		}
		withdrawn++
	}
	return withdrawn, open, nil
}

// MemberConfirm confirms somebody's standing.
type MemberConfirm struct {
	Person person `embed:""`
	No     bool   `help:"Take that back."`
}

type memberConfirmed struct {
	Device    string `json:"device"`
	Name      string `json:"name"`
	Confirmed bool   `json:"confirmed"`
}

func (r memberConfirmed) Plain() string {
	if r.Confirmed {
		return r.Name + " is confirmed as an official.\n"
	}
	return r.Name + " is not confirmed any more.\n"
}

// Run confirms, or takes it back.
func (c *MemberConfirm) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, device, found, err := c.Person.find(peer)
	if err != nil {
		return err
	}
	if err := peer.Confirm(ctx, id, device, !c.No); err != nil {
		return err
	}
	return reply.Result(memberConfirmed{Device: found.Device, Name: found.Name, Confirmed: !c.No})
}

// shortDevice is how much of a device's ID tells it apart: all begin alike.
func shortDevice(id string) string { return id[:min(16, len(id))] }

func day(t time.Time) string { return t.Local().Format("2 January 2006") }

func moment(t time.Time) string { return t.Local().Format("2 January 2006 at 15:04") }
