package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"parley/app"
	"parley/app/vault"
)

// tries is how often somebody at a terminal may mistype a passphrase.
const tries = 3

// passphrases is where a command has them from: a file that was named, or the
// person at the terminal, who is asked once.
type passphrases struct {
	file  string // empty: the terminal
	known []byte
}

// current is the passphrase that a device is locked with now. again says that
// the last one was wrong. It fails with an Error whose code is CodeLocked where
// nobody can be asked.
func (p *passphrases) current(t terminal, again bool) (_ []byte, err error) {
	if p.known != nil && !again {
		return p.known, nil
	}
	clear(p.known)
	prompt := "Passphrase: "
	if again {
		prompt = "That was not it. Passphrase: "
	}
	p.known, err = passphraseFrom(p.file, t, prompt)
	return p.known, err
}

// asks says whether a wrong passphrase can be put right.
func (p *passphrases) asks() bool { return p.file == "" && atTerminal() }

// wipe forgets what was asked.
func (p *passphrases) wipe() {
	clear(p.known)
	p.known = nil
}

func atTerminal() bool { return term.IsTerminal(int(os.Stdin.Fd())) }

// passphraseFrom reads a passphrase from a file, or from the terminal, which
// does not show it.
func passphraseFrom(file string, t terminal, prompt string) ([]byte, error) {
	if file != "" {
		return readPassphrase(file)
	}
	if !atTerminal() {
		return nil, app.NewError(app.CodeLocked,
			"A passphrase is needed, and there is no terminal to ask for it. Name a file that holds it with --passphrase-file, or in PARLEY_PASSPHRASE_FILE.", nil)
	}
	fmt.Fprint(t.err, prompt)
	typed, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(t.err)
	if err != nil {
		return nil, fmt.Errorf("read passphrase: %w", err)
	}
	return typed, nil
}

// readPassphrase takes the first line of a file.
func readPassphrase(file string) ([]byte, error) {
	unreadable := func(err error) error {
		return app.NewError(app.CodeUnreadable, fmt.Sprintf("The passphrase cannot be read from %s. Check that the file is there, and who may read it.", file), err)
	}
	opened, err := os.Open(file)
	if err != nil {
		return nil, unreadable(err)
	}
	defer opened.Close()
	raw, err := io.ReadAll(io.LimitReader(opened, 2*vault.MaxPassphrase))
	if err != nil {
		return nil, unreadable(err)
	}
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) == 0 {
		return nil, app.NewError(app.CodeInvalid, fmt.Sprintf("The first line of %s is empty; it should be the passphrase.", file), nil)
	}
	return line, nil
}

// keyring is the platform's, where it may be used.
func (g *Grammar) keyring() vault.Keyring {
	if !g.Keyring {
		return nil
	}
	return vault.Platform(app.HasDisplay())
}

// open opens the device, and asks for its passphrase where it is locked with
// one.
func (g *Grammar) open(ctx context.Context, t terminal, o app.Options) (peer *app.App, err error) {
	o.Keyring = g.keyring()
	err = withPassphrase(t, func(passphrase []byte) error {
		o.Passphrase = passphrase
		peer, err = app.Open(ctx, o)
		return err
	})
	return peer, err
}

// withPassphrase tries to open a device with the passphrase that is known, if
// there is one, and asks for another where it is locked.
func withPassphrase(t terminal, open func(passphrase []byte) error) error {
	for wrong := 0; ; {
		err := open(t.secrets.known)
		var told *app.Error
		if err == nil || !errors.As(err, &told) {
			return err
		}
		switch told.Code {
		case app.CodeLocked:
		case app.CodeWrongPassphrase:
			if wrong++; wrong >= tries || !t.secrets.asks() {
				return err
			}
		default:
			return err
		}
		if _, err := t.secrets.current(t, wrong > 0); err != nil {
			return err
		}
	}
}
