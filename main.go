// Command parley is the desktop window.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"

	"parley/app"
	"parley/app/command"
	"parley/app/desktop"
	"parley/app/vault"
	"parley/frontend"
)

type flags struct {
	Data    string           `help:"The directory that holds everything of this device." placeholder:"DIR" env:"PARLEY_DATA" type:"path"`
	Profile string           `help:"The device of this name, where no --data is given." placeholder:"NAME" env:"PARLEY_PROFILE"`
	Side    string           `hidden:"" help:"Put the window on this half of the screen." enum:",left,right" default:""`
	Keyring bool             `help:"Use the platform's keyring for the key of a device, where it has one." default:"true" negatable:"" env:"PARLEY_KEYRING"`
	Verbose bool             `help:"Say on standard error what happens inside."`
	Version kong.VersionFlag `help:"Print the version."`
	Link    string           `arg:"" optional:"" help:"A parley: link, an invitation file, or a file by which a space was carried: the window asks about it."`
}

func main() {
	if app.RunChild(os.Args) {
		return
	}
	app.KeepSmall()
	var f flags
	kong.Parse(&f, kong.Name("parley"), kong.Vars{"version": app.Version()},
		kong.Description("Write plans for public services together, and stay with them until they are kept."))
	if err := run(f); err != nil {
		sentence := app.Explain(err).Message
		fmt.Fprintln(os.Stderr, "parley: "+sentence)
		if app.HasDisplay() && !errors.Is(err, desktop.ErrNoScreen) {
			if err := desktop.Complain(sentence); err != nil {
				fmt.Fprintln(os.Stderr, "parley: "+err.Error())
			}
		}
		os.Exit(1)
	}
}

// run opens the device, shows its window, and closes both. A device that is
// locked is opened by whoever unlocks it in the window. Where a window is open
// already, that one comes to the front, with the link.
func run(f flags) (err error) {
	locations, err := app.Locate(f.Data, f.Profile)
	if err != nil {
		return err
	}
	var code string
	if f.Link != "" {
		if code, err = app.ReadHanded(f.Link); err != nil {
			return err
		}
	}
	if shown, err := command.Show(context.Background(), locations, code); shown || err != nil {
		return err
	}
	level := slog.LevelWarn
	if f.Verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	o := app.Options{Locations: locations, Network: true, MDNS: true, Log: log}
	if f.Keyring {
		o.Keyring = vault.Platform(app.HasDisplay())
	}
	door, err := app.NewDoor(o, func(peer *app.App) (leave func() error) {
		control, err := command.OpenControl(peer, log)
		if err != nil {
			log.Warn("commands cannot reach this window", "err", err)
			return func() error { return nil }
		}
		return control.Close
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, door.Close()) }()
	door.Hand(code)
	if err := door.Open(context.Background(), nil); err != nil && !app.IsLocked(err) {
		return err
	}
	return desktop.Run(desktop.Options{Door: door, Files: frontend.Dist(), Side: f.Side, Log: log})
}
