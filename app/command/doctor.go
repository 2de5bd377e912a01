package command

import (
	"context"
	"fmt"
	"strings"

	"parley/app"
)

// Doctor looks at everything that is stored, and says what is wrong with it.
type Doctor struct {
	Repair bool `help:"Put right what can be put right, and look again. Parley must not be running on the directory."`
}

type diagnosed struct {
	app.Diagnosis
}

func (r diagnosed) Plain() string {
	var b strings.Builder
	list := func(faults []app.Fault, title string, remedies bool) {
		if len(faults) == 0 {
			return
		}
		b.WriteString(title + "\n")
		for _, fault := range faults {
			b.WriteString("  " + fault.Sentence + "\n")
			if remedies {
				b.WriteString("    " + fault.Remedy + "\n")
			}
		}
	}
	list(r.Repaired, "This was wrong, and is repaired:", false)
	list(r.Faults, "This is wrong:", true)
	if len(r.Faults) == 0 {
		b.WriteString("Every file and every record is as it should be.\n")
	}
	for _, leftover := range r.Leftovers {
		b.WriteString(leftover + "\n")
	}
	return b.String()
}

// Run looks at a device that is in use.
func (c *Doctor) Run(ctx context.Context, peer *app.App, reply Reply) error {
	if c.Repair {
		return app.NewError(app.CodeInUse,
			"Parley is running with this directory. Quit it, then repair.", nil)
	}
	return c.tell(reply, func() (app.Diagnosis, error) { return peer.Examine(ctx) })
}

// closed looks at a device that nobody has open.
func (c *Doctor) closed(ctx context.Context, g *Grammar, l app.Locations, t terminal) error {
	return c.tell(t, func() (made app.Diagnosis, err error) {
		err = withPassphrase(t, func(passphrase []byte) error {
			made, err = app.ExamineAt(ctx, app.Options{
				Locations: l, Keyring: g.keyring(), Passphrase: passphrase, Log: g.logger(t),
			}, c.Repair)
			return err
		})
		return made, err
	})
}

// tell says what was found. It fails if anything is wrong.
func (c *Doctor) tell(reply Reply, examine func() (app.Diagnosis, error)) error {
	reply.Note("Looking at every file and every record.")
	made, err := examine()
	if err != nil {
		return err
	}
	if err := reply.Result(diagnosed{made}); err != nil {
		return err
	}
	if n := len(made.Faults); n > 0 && c.Repair {
		return app.NewError(app.CodeUnreadable, fmt.Sprintf("Not everything could be repaired: %s left.", things(n)), nil)
	} else if n > 0 {
		return app.NewError(app.CodeUnreadable, fmt.Sprintf("%s wrong. \"parley-node doctor --repair\" does what is said above.", things(n)), nil)
	}
	return nil
}

func things(n int) string {
	if n == 1 {
		return "One thing is"
	}
	return fmt.Sprintf("%d things are", n)
}
