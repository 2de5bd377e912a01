package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"parley/app"
)

// sure is for commands that do what cannot be undone. Their Run begins with
// confirmed, and the terminal asks what that wants to know.
type sure struct {
	Yes bool `help:"Do it without being asked."`
}

// confirmed fails with what follows, unless the person has said yes to it.
func (s *sure) confirmed(follows string) error {
	if s.Yes {
		return nil
	}
	return app.NewError(app.CodeUnconfirmed, follows, nil)
}

func (s *sure) confirm() { s.Yes = true }

// confirmer is a command that embeds sure.
type confirmer interface{ confirm() }

// surely runs a command, and once more when the person at the terminal has
// confirmed what it said. A script is not asked.
func surely(command Command, t terminal, run func() error) error {
	err := run()
	asking := new(app.Error)
	c, ok := command.(confirmer)
	if !ok || !errors.As(err, &asking) || asking.Code != app.CodeUnconfirmed {
		return err
	}
	if t.json || !atTerminal() {
		return app.NewError(app.CodeUnconfirmed, asking.Message+" Nothing was done. If that is what you want, say it with --yes.", err)
	}
	if !agrees(t.err, os.Stdin, asking.Message) {
		return app.NewError(app.CodeUnconfirmed, "Nothing was done.", err)
	}
	c.confirm()
	return run()
}

// agrees asks a question that only a yes answers with yes.
func agrees(to io.Writer, from io.Reader, follows string) bool {
	fmt.Fprintf(to, "%s\nDo it? (yes/no) ", follows)
	line, _ := bufio.NewReader(from).ReadString('\n') // of a terminal that is gone, what was typed does not matter
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true
	}
	return false
}
