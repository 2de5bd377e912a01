package command

import (
	"cmp"
	"context"
	"fmt"

	"parley/app"
)

// QuarantineGroup holds the commands about what was refused.
type QuarantineGroup struct {
	List  QuarantineList  `cmd:"" help:"List what was refused of what others wrote in a space, and why."`
	Admit QuarantineAdmit `cmd:"" help:"Let some of it in."`
}

// QuarantineList lists what is in quarantine.
type QuarantineList struct {
	Space string `arg:"" help:"The space."`
}

type quarantineListed struct {
	app.Quarantined
}

func (r quarantineListed) Plain() string {
	words := fmt.Sprintf("%s  %s in %q by %s: %s\n", short(r.ID), counted(r.Changes, "change"),
		cmp.Or(r.Title, short(r.Document)), cmp.Or(r.Name, "somebody unknown"), r.Sentence())
	if r.Does != nil {
		words += fmt.Sprintf("  It adds %s and takes out %d.\n", counted(r.Does.Adds, "letter"), r.Does.TakesOut)
	}
	if r.Excerpt != "" {
		words += fmt.Sprintf("  %q\n", r.Excerpt)
	}
	if r.Admissible {
		words += fmt.Sprintf("  A facilitator can let it in: quarantine admit … %s\n", short(r.ID))
	}
	return words
}

// Run tells one result for each group of changes.
func (c *QuarantineList) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	list, err := peer.Quarantined(ctx, id)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		reply.Note("Nothing is set aside.")
	}
	return each(reply, list, func(q app.Quarantined) Result { return quarantineListed{q} })
}

// QuarantineAdmit lets some of it in.
type QuarantineAdmit struct {
	Space string   `arg:"" help:"The space."`
	ID    []string `arg:"" help:"What to let in, from quarantine list."`
}

type quarantineAdmitted struct {
	Admitted []string `json:"admitted"`
	Changes  int      `json:"changes"`
}

func (r quarantineAdmitted) Plain() string {
	return fmt.Sprintf("Let in: %s.\n", counted(r.Changes, "change"))
}

// Run lets it in.
func (c *QuarantineAdmit) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	var admitted quarantineAdmitted
	for _, prefix := range c.ID {
		found, err := peer.FindQuarantined(ctx, id, prefix)
		if err != nil {
			return err
		}
		admitted.Admitted = append(admitted.Admitted, found.ID)
		admitted.Changes += found.Changes
	}
	if err := peer.AdmitQuarantined(ctx, id, admitted.Admitted); err != nil {
		return err
	}
	return reply.Result(admitted)
}
