package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"parley/app"
)

// patience is how long a command waits for a data directory that another
// command has open for a moment.
const patience = 10 * time.Second

// Main is parley-node: it runs the command in args and returns the exit code.
// files is the built frontend. An interrupt or a request to terminate ends the
// command in an orderly way.
func Main(args []string, files fs.FS, stdout, stderr io.Writer) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // a second interrupt ends the program at once
	defer func() {
		if fault := recover(); fault != nil {
			ended, ok := fault.(exit)
			if !ok {
				panic(fault)
			}
			code = int(ended)
		}
	}()
	// Guessed before the rest is known, so that what is wrong with the rest is
	// said the way it was asked for.
	t := terminal{out: stdout, err: stderr, files: files, json: slices.Contains(args, "--json")}
	// Here and not where an argument is used: what is sent to a running peer
	// as JSON would arrive as something else.
	for _, arg := range args {
		if !utf8.ValidString(arg) {
			return t.fail(app.NewError(app.CodeInvalid, fmt.Sprintf(
				"The argument %q is not text in UTF-8. Nothing was done. Set your terminal to UTF-8 and type it again.", arg), nil))
		}
	}
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	var g Grammar
	k, err := parser(&g, t)
	if err != nil {
		return t.fail(err)
	}
	parsed, err := k.Parse(args)
	if err != nil {
		if group := unfinished(err); group != nil && !t.json {
			return t.explain(group)
		}
		return t.fail(app.NewError(app.CodeInvalid, err.Error()+". Try --help.", err))
	}
	t.json = g.JSON // the word may also have been something to insert
	t.secrets = &passphrases{file: g.PassphraseFile}
	defer t.secrets.wipe()
	selected := parsed.Selected().Target.Addr().Interface()
	err = execute(ctx, &g, nameOf(parsed.Selected()), selected, t)
	_, lasts := selected.(lasting)
	switch {
	case err == nil:
		return 0
	case ctx.Err() == nil || !errors.Is(err, context.Canceled):
		return t.fail(err)
	case lasts:
		return 0 // to be interrupted is how it ends
	}
	return 130 // what a shell reports of an interrupted program
}

// unfinished is where a command line ends before it has named a command, with
// nothing wrong in it otherwise.
func unfinished(err error) *kong.Context {
	wrong := new(kong.ParseError)
	if !errors.As(err, &wrong) || wrong.Context.Error != nil {
		return nil
	}
	if node := wrong.Context.Selected(); node != nil && node.Leaf() {
		return nil // an argument is missing
	}
	return wrong.Context
}

// explain prints which commands there are, and gives the exit code: nothing was
// done.
func (t terminal) explain(group *kong.Context) int {
	if err := group.PrintUsage(false); err != nil {
		return t.fail(err)
	}
	return 1
}

func execute(ctx context.Context, g *Grammar, name string, selected any, t terminal) error {
	if alone, ok := selected.(standalone); ok {
		return alone.Run(ctx, t, g)
	}
	command := selected.(Command) // the grammar has no third kind; a test says so
	if p, ok := command.(preparer); ok {
		if err := p.prepare(); err != nil {
			return err
		}
	}
	locations, err := app.Locate(g.Data, g.Profile)
	if err != nil {
		return err
	}
	if a, ok := command.(asker); ok {
		if err := a.ask(locations, t); err != nil {
			return err
		}
	}
	run := func(t terminal) error {
		return surely(command, t, func() error { return anywhere(ctx, g, locations, name, command, t) })
	}
	if f, ok := command.(filing); ok {
		return f.into(t, run)
	}
	return taken(command, t, run)
}

// anywhere runs a command on the peer that has the directory open, or else
// opens the directory. Between the two lies a moment in which another process
// starts or ends; it is tried again until that moment is over.
func anywhere(ctx context.Context, g *Grammar, l app.Locations, name string, command Command, t terminal) error {
	deadline := time.Now().Add(patience)
	for {
		if err := ask(ctx, l, name, command, t); !errors.Is(err, errNobody) {
			return err
		}
		err := here(ctx, g, l, command, t)
		var told *app.Error
		if !errors.As(err, &told) || told.Code != app.CodeInUse || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// here opens the data directory for one command.
func here(ctx context.Context, g *Grammar, l app.Locations, command Command, t terminal) (err error) {
	if r, ok := command.(running); ok {
		return r.notRunning()
	}
	if s, ok := command.(showing); ok && g.Data == "" && s.onlyShows() {
		if _, err := os.Lstat(l.DeviceKey()); errors.Is(err, fs.ErrNotExist) {
			return app.NewError(app.CodeNotFound, fmt.Sprintf(
				"There is no device in %s yet. \"parley-node device --name NAME\" makes one; --data or --profile names another.", l.Data()), nil)
		}
	}
	if u, ok := command.(unopened); ok {
		return u.closed(ctx, g, l, t)
	}
	if g, ok := command.(giver); ok {
		file, err := g.open()
		if err != nil {
			return err
		}
		defer file.Close()
		g.give(file)
	}
	_, network := command.(networked)
	_, lasts := command.(lasting)
	log := g.logger(t)
	began := time.Now()
	peer, err := g.open(ctx, t, app.Options{Locations: l, Network: network || lasts, MDNS: network || lasts, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, peer.Close()) }()
	for _, notice := range peer.Notices() {
		if notice.At.After(began) {
			t.Note(notice.Sentence()) // it came up just now
		}
	}
	if lasts {
		control, err := OpenControl(peer, log)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, control.Close()) }()
	}
	return command.Run(ctx, peer, t)
}

// logger writes what a person need not know to standard error.
func (g *Grammar) logger(t terminal) *slog.Logger {
	level := slog.LevelError
	if g.Verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: level}))
}
