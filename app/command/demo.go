package command

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"parley/app"
	"parley/app/web"
	"parley/space"
)

//go:embed sample/bus-stop.md
var sampleProposal string

const (
	sampleSpace = "Mill Road"
	sampleTitle = "A better bus stop"
)

// The people of the demo.
var (
	demoFirst  = app.Person{Name: "Amina Yusuf", Organisation: "Mill Road residents"}
	demoSecond = app.Person{Name: "Jon Lindqvist", Organisation: "City transport office", Official: true}
)

// Demo shows two devices with a sample space side by side: in two windows
// where there is a display, in two browser pages where there is none. What
// they hold is thrown away afterwards, unless --data says where to keep it.
type Demo struct {
	Browser bool `help:"Print two links for a browser, even where there is a display."`
}

type demoReady struct {
	Space    string `json:"space"`
	Document string `json:"document"`
	First    string `json:"first"`
	Second   string `json:"second"`
}

func (r demoReady) Plain() string {
	return fmt.Sprintf("Open these two links side by side, and write in both:\n\n%s: %s\n%s: %s\n\nInterrupt to stop.\n",
		demoFirst.Name, r.First, demoSecond.Name, r.Second)
}

// Run sets the demo up and shows it until it is interrupted or both windows
// are closed.
func (c *Demo) Run(ctx context.Context, t terminal, g *Grammar) (err error) {
	root := g.Data
	if root == "" {
		if root, err = os.MkdirTemp("", "parley-demo-"); err != nil {
			return fmt.Errorf("make demo directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	}
	d := &demo{terminal: t, grammar: g, root: root}
	if err := d.setUp(ctx); err != nil {
		return errors.Join(err, d.close())
	}
	program, err := windowProgram()
	if c.Browser || t.json || !app.HasDisplay() || err != nil {
		return errors.Join(d.inBrowser(ctx), d.close())
	}
	if err := d.close(); err != nil { // the windows open the directories themselves
		return err
	}
	return d.inWindows(ctx, program)
}

// demo is two devices in one process, while the demo is set up or shown in a
// browser.
type demo struct {
	terminal terminal
	grammar  *Grammar
	root     string
	doors    []*app.Door // of the first and the second
	first    *app.App
	second   *app.App
	pages    []*web.Server
	made     demoReady
}

// setUp makes two devices, one space and one document, and lets the second
// device join the first by an invitation, as two people would.
func (d *demo) setUp(ctx context.Context) (err error) {
	if d.first, err = d.open(ctx, "first", demoFirst); err != nil {
		return err
	}
	if d.second, err = d.open(ctx, "second", demoSecond); err != nil {
		return err
	}
	id, err := d.first.CreateSpace(ctx, sampleSpace)
	if err != nil {
		return err
	}
	document, err := d.first.CreateDocument(ctx, id, app.NewDocument{Kind: "text", Title: sampleTitle, Markdown: sampleProposal})
	if err != nil {
		return err
	}
	invitation, err := d.first.Invite(ctx, id, space.Editor, 1, time.Hour, app.LetIn)
	if err != nil {
		return err
	}
	code, err := app.ParseCode(invitation.Code)
	if err != nil {
		return err
	}
	if _, err := d.second.Join(ctx, code); err != nil {
		return err
	}
	if _, err := d.second.CatchUp(ctx, id); err != nil {
		return err
	}
	d.made = demoReady{Space: id.String(), Document: document.String()}
	start := app.Place{Space: id.String(), Document: document.String()}
	return errors.Join(d.first.SetStart(start), d.second.SetStart(start))
}

func (d *demo) open(ctx context.Context, name string, person app.Person) (*app.App, error) {
	locations, err := app.At(filepath.Join(d.root, name))
	if err != nil {
		return nil, err
	}
	// Without a keyring: what is thrown away leaves nothing behind there.
	door, err := app.NewDoor(app.Options{Locations: locations, Network: true, Log: d.grammar.logger(d.terminal)}, app.Unattended)
	if err != nil {
		return nil, err
	}
	d.doors = append(d.doors, door)
	if err := door.Open(ctx, nil); err != nil {
		return nil, err
	}
	return door.App(), door.App().SetPerson(ctx, person)
}

// inBrowser serves both windows until ctx ends.
func (d *demo) inBrowser(ctx context.Context) error {
	for _, door := range d.doors {
		page, err := serveWindow(door, "127.0.0.1:0", d.terminal, d.grammar.logger(d.terminal))
		if err != nil {
			return err
		}
		d.pages = append(d.pages, page)
	}
	d.made.First, d.made.Second = d.pages[0].Link(), d.pages[1].Link()
	if err := d.terminal.Result(d.made); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (d *demo) close() error {
	var errs []error
	for _, page := range d.pages {
		errs = append(errs, page.Close())
	}
	for _, door := range d.doors {
		errs = append(errs, door.Close())
	}
	d.pages, d.doors, d.first, d.second = nil, nil, nil, nil
	return errors.Join(errs...)
}

// inWindows starts the desktop program once for each device, and waits until
// both windows are closed. When ctx ends, it closes them.
func (d *demo) inWindows(ctx context.Context, program string) error {
	d.terminal.Note(fmt.Sprintf("Two windows open: %s on the left, %s on the right. Write in both.", demoFirst.Name, demoSecond.Name))
	var windows sync.WaitGroup
	ended := make([]error, 2)
	for i, side := range []string{"left", "right"} {
		window := exec.CommandContext(ctx, program, "--data", filepath.Join(d.root, []string{"first", "second"}[i]), "--side", side, "--no-keyring")
		window.Stdout, window.Stderr = d.terminal.err, d.terminal.err
		window.Cancel = func() error { return window.Process.Signal(syscall.SIGTERM) }
		window.WaitDelay = 10 * time.Second
		windows.Go(func() {
			if err := window.Run(); err != nil && ctx.Err() == nil {
				ended[i] = fmt.Errorf("show window on the %s: %w", side, err)
			}
		})
	}
	windows.Wait()
	return errors.Join(ended...)
}

// windowProgram is the desktop program, which lies beside this one.
func windowProgram() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find window program: %w", err)
	}
	program := filepath.Join(filepath.Dir(self), strings.Replace(filepath.Base(self), "parley-node", "parley", 1))
	if program == self {
		return "", errors.New("find window program: not named parley-node")
	}
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("find window program: %w", err)
	}
	return program, nil
}
