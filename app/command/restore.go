package command

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"parley/app"
	"parley/app/vault"
)

// Restore makes a data directory of a backup.
type Restore struct {
	File           string `arg:"" help:"The backup." type:"path"`
	PassphraseFile string `name:"backup-passphrase-file" help:"The file whose first line is the passphrase that the backup is locked with." placeholder:"FILE" type:"path"`
}

type restored struct {
	Data string `json:"data"`
	app.Restored
}

func (r restored) Plain() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "The backup of %s is restored in %s (%d records).\n", r.Made.Local().Format(time.DateTime), r.Data, r.Records)
	fmt.Fprintf(&b, "It is the device %s, and what was written since comes from the other members.\n", r.Device)
	if r.Unreadable > 0 {
		fmt.Fprintf(&b, "%d records could not be read when the backup was made, and are missing. The other members are asked for them.\n", r.Unreadable)
	}
	b.WriteString(guardWords(r.Guard) + "\n")
	switch {
	case r.Weaker() && r.Before == vault.ByPassphrase:
		b.WriteString("Where the backup was made, the work was locked with a passphrase. Here it is not: \"parley-node key passphrase\" locks it again.\n")
	case r.Weaker():
		b.WriteString("Where the backup was made, the key was in a keyring, and here it is not.\n")
	}
	return b.String()
}

// Run restores the backup.
func (c *Restore) Run(ctx context.Context, t terminal, g *Grammar) error {
	locations, err := app.Locate(g.Data, g.Profile)
	if err != nil {
		return err
	}
	made, err := app.Restore(ctx, app.RestoreOptions{
		File: c.File, Locations: locations, Keyring: g.keyring(), Tell: t.Note, Log: g.logger(t),
		Passphrase: func() ([]byte, error) {
			return backupPassphrase(c.PassphraseFile, t, "The backup is locked. Its passphrase: ")
		},
	})
	if err != nil {
		return err
	}
	return t.Result(restored{Data: locations.Data(), Restored: made})
}
