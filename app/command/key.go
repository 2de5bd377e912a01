package command

import (
	"bytes"
	"context"

	"parley/app"
	"parley/app/vault"
)

// KeyGroup holds the commands about the key that everything on this computer
// is encrypted with.
type KeyGroup struct {
	Show       KeyShow       `cmd:"" default:"1" help:"Say what guards the key. This opens nothing."`
	Keyring    KeyKeyring    `cmd:"" help:"Keep the key in the keyring of this computer's user."`
	Passphrase KeyPassphrase `cmd:"" help:"Lock the key with a passphrase, or with another one."`
	File       KeyFile       `cmd:"" help:"Keep the key in a file beside the work, where its owner's programs find it without asking."`
}

type guardResult struct {
	Guard vault.Guard `json:"guard"`
}

func (r guardResult) Plain() string { return guardWords(r.Guard) + "\n" }

// guardWords says what a guard is worth.
func guardWords(guard vault.Guard) string {
	switch guard {
	case vault.InKeyring:
		return "Encrypted on this computer. The key is in the keyring of its user, which opens when you log in."
	case vault.ByPassphrase:
		return "Encrypted on this computer. The key is locked with a passphrase, and nobody can open it without."
	}
	return "Encrypted on this computer, but the key lies beside it in a file: whoever gets hold of the disk can read everything. " +
		"\"parley-node key keyring\" or \"parley-node key passphrase\" changes that."
}

// KeyShow says what guards the key.
type KeyShow struct{}

// Run tells one result.
func (*KeyShow) Run(_ context.Context, t terminal, g *Grammar) error {
	locations, err := app.Locate(g.Data, g.Profile)
	if err != nil {
		return err
	}
	guard, err := app.GuardAt(locations)
	if err != nil {
		return err
	}
	return t.Result(guardResult{guard})
}

// unlocking is what a change of the guard needs where the key is locked with a
// passphrase now.
type unlocking struct {
	Current []byte `json:"current" kong:"-"`
}

func (u *unlocking) ask(l app.Locations, t terminal) error {
	// Where it cannot be said, the opening of the device says why.
	if guard, _ := app.GuardAt(l); guard != vault.ByPassphrase {
		return nil
	}
	current, err := t.secrets.current(t, false)
	u.Current = bytes.Clone(current)
	return err
}

func setGuard(ctx context.Context, peer *app.App, reply Reply, to vault.Guard, current, next []byte) error {
	defer clear(current)
	defer clear(next)
	if err := peer.SetGuard(ctx, to, current, next); err != nil {
		return err
	}
	return reply.Result(guardResult{to})
}

// KeyKeyring puts the key into the keyring.
type KeyKeyring struct{ unlocking }

// Run tells one result.
func (c *KeyKeyring) Run(ctx context.Context, peer *app.App, reply Reply) error {
	return setGuard(ctx, peer, reply, vault.InKeyring, c.Current, nil)
}

// KeyFile puts the key into a file.
type KeyFile struct{ unlocking }

// Run tells one result.
func (c *KeyFile) Run(ctx context.Context, peer *app.App, reply Reply) error {
	return setGuard(ctx, peer, reply, vault.InFile, c.Current, nil)
}

// KeyPassphrase locks the key with a passphrase.
type KeyPassphrase struct {
	unlocking
	File string `name:"new-passphrase-file" json:"-" help:"A file whose first line is the new passphrase. Without it, the terminal asks." placeholder:"FILE" type:"path"`
	New  []byte `json:"new" kong:"-"`
}

func (c *KeyPassphrase) ask(l app.Locations, t terminal) (err error) {
	if err = c.unlocking.ask(l, t); err != nil {
		return err
	}
	if c.New, err = passphraseFrom(c.File, t, "New passphrase: "); err != nil || c.File != "" {
		return err
	}
	again, err := passphraseFrom("", t, "The same again: ")
	defer clear(again)
	if err == nil && !bytes.Equal(again, c.New) {
		return app.NewError(app.CodeInvalid, "These were two different passphrases. Nothing was changed. Try again.", nil)
	}
	return err
}

// Run tells one result.
func (c *KeyPassphrase) Run(ctx context.Context, peer *app.App, reply Reply) error {
	return setGuard(ctx, peer, reply, vault.ByPassphrase, c.Current, c.New)
}
