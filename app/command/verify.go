package command

import (
	"context"
	"fmt"
	"strings"

	"parley/app"
	"parley/space"
)

// MemberVerify compares safety words with somebody.
type MemberVerify struct {
	Space  string `arg:"" help:"The space that you share."`
	Member string `arg:"" help:"The other person, by the beginning of the ID of any of their devices."`
	Match  *bool  `help:"Keep that the words were the same on both sides (or, with --no-match, that they were not)." negatable:""`
}

type safetyTold struct{ app.Safety }

func (r safetyTold) Plain() string {
	words := strings.Join(r.Words, " ") + "\n"
	switch {
	case r.State == app.VerifiedYes && r.Other:
		words += "You compared words on " + r.Since.Local().Format("2 January 2006") +
			". Since then a device of yours was added, or one on either side was taken out, so the words are others now. They have no new device; compare again if you want to be sure.\n"
	case r.State == app.VerifiedYes:
		words += "You compared these words on " + r.Since.Local().Format("2 January 2006") + ", and nothing has changed since.\n"
	case r.State == app.VerifiedChanged:
		words += fmt.Sprintf("Since you compared words on %s, something has changed: %s. Ask them whether that is theirs, and compare again.\n",
			r.Since.Local().Format("2 January 2006"), changes(r.Safety))
	default:
		words += "Compare them by word of mouth. If they are the same on both sides, say so with --match.\n"
	}
	return words
}

func changes(s app.Safety) string {
	if len(s.Fresh) == 0 {
		return "the name or the organisation"
	}
	return counted(len(s.Fresh), "new device")
}

// Run tells the words, after keeping what was said of them.
func (c *MemberVerify) Run(_ context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	member, err := peer.FindMember(id, c.Member)
	if err != nil {
		return err
	}
	seat, err := space.ParseDeviceID(member.Device)
	if err != nil {
		return err
	}
	if c.Match != nil {
		if err := peer.MarkVerified(id, seat, *c.Match); err != nil {
			return err
		}
	}
	safety, err := peer.SafetyWords(id, seat)
	if err != nil {
		return err
	}
	return reply.Result(safetyTold{safety})
}
