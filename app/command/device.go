package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"parley/app"
)

// DeviceGroup holds the commands about this device and the person's others.
type DeviceGroup struct {
	Show     Device         `cmd:"" default:"withargs" help:"Show this device, or change the name of the person it belongs to."`
	List     DeviceList     `cmd:"" help:"List the devices of this device's person."`
	Link     DeviceLink     `cmd:"" help:"Make a code that links one more device, and wait for it."`
	Join     DeviceJoin     `cmd:"" help:"Make this device one of the person's who made a link code."`
	Rename   DeviceRename   `cmd:"" help:"Name a device of this person."`
	Revoke   DeviceRevoke   `cmd:"" help:"Take another device of this person out of all spaces, because it is lost or given away."`
	Recovery DeviceRecovery `cmd:"" help:"Say what the recovery sheet is worth, or make a new one."`
	Recover  DeviceRecover  `cmd:"" help:"Make this device one of the person's whose recovery sheet has these words."`
}

// DeviceList lists the devices of this person.
type DeviceList struct{}

type deviceListed struct{ app.MyDevice }

func (r deviceListed) Plain() string {
	facts := []string{counted(len(r.Spaces), "space")}
	switch {
	case r.ThisOne:
		facts = append(facts, "this device")
	case r.Connected:
		facts = append(facts, "connected")
	case r.LastSeen != nil:
		facts = append(facts, "last met "+r.LastSeen.Local().Format("2 January 2006 at 15:04"))
	}
	if len(r.Missing) > 0 && !r.ThisOne {
		facts = append(facts, "not in "+strings.Join(r.Missing, ", "))
	}
	return fmt.Sprintf("%s  %s (%s)\n", short(r.Device), labelled(r.MyDevice), strings.Join(facts, ", "))
}

func labelled(device app.MyDevice) string {
	if device.Label == "" {
		return "without a name"
	}
	return device.Label
}

func (*DeviceList) onlyShows() bool { return true }

// Run tells one result for each device.
func (*DeviceList) Run(_ context.Context, peer *app.App, reply Reply) error {
	return each(reply, peer.Devices(), func(device app.MyDevice) Result { return deviceListed{device} })
}

// DeviceLink makes a link code.
type DeviceLink struct {
	Wait bool `help:"Wait until the other device is linked. The code ends when this is interrupted. With --no-wait, a peer that is running answers meanwhile." default:"true" negatable:""`
}

func (*DeviceLink) lasting() {}

type linkMade struct{ app.LinkCode }

func (r linkMade) Plain() string {
	return fmt.Sprintf("%s\n\nOr, where both devices are on one network, these words:\n%s\n\nOn the other device: parley-node device join CODE. It works once, until %s. Whoever uses it becomes you.\n",
		r.Code, strings.Join(r.Words, " "), r.Expires.Local().Format("15:04"))
}

type deviceLinked struct{ app.MyDevice }

func (r deviceLinked) Plain() string {
	return fmt.Sprintf("%s  %s is linked. It is getting your spaces.\n", short(r.Device), labelled(r.MyDevice))
}

// Run tells the code, and then the device.
func (c *DeviceLink) Run(ctx context.Context, peer *app.App, reply Reply) (err error) {
	known := peer.Devices()
	code, err := peer.LinkDevice(ctx)
	if err != nil {
		return err
	}
	if err := reply.Result(linkMade{code}); err != nil || !c.Wait {
		return err
	}
	defer func() { err = errors.Join(err, peer.CancelLink(context.WithoutCancel(ctx))) }()
	within, cancel := context.WithDeadline(ctx, code.Expires)
	defer cancel()
	device, err := peer.AwaitDevice(within, known)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return app.NewError(app.CodeExpired, "Nobody has used the code in time, and it has ended.", err)
	}
	if err != nil {
		return err
	}
	return reply.Result(deviceLinked{device})
}

// DeviceJoin uses a link code.
type DeviceJoin struct {
	Code []string `arg:"" help:"The link code, or its twelve words."`
	Name string   `help:"What this device is called, for its owner and the people in their spaces." placeholder:"NAME"`
}

func (*DeviceJoin) networked() {}

// prepare says what is wrong with a code before anything is opened or searched.
func (c *DeviceJoin) prepare() error { return app.CheckLink(strings.Join(c.Code, " ")) }

type devicesJoined struct{ app.Linked }

func (r devicesJoined) Plain() string {
	words := fmt.Sprintf("This device belongs to %s now, and is in %s.\n", r.Person.Name, counted(len(r.Spaces), "space"))
	for _, s := range r.Spaces {
		words += fmt.Sprintf("%s  %s (%s)\n", short(s.ID), s.Name, s.Role)
	}
	return words
}

// Run links, and waits until what the spaces hold has arrived.
func (c *DeviceJoin) Run(ctx context.Context, peer *app.App, reply Reply) error {
	reply.Note("Looking for the other device …")
	linked, err := peer.UseLink(ctx, strings.Join(c.Code, " "), c.Name)
	if err != nil {
		return err
	}
	return arrived(ctx, peer, reply, linked)
}

// arrived waits for what the spaces hold that a device has become part of.
func arrived(ctx context.Context, peer *app.App, reply Reply, linked app.Linked) error {
	reply.Note("You are in. Getting what is there …")
	for _, s := range linked.Spaces {
		id, err := peer.FindSpace(s.ID)
		if err != nil {
			return err
		}
		complete, err := peer.CatchUp(ctx, id)
		if err != nil {
			return err
		}
		if !complete {
			reply.Note(fmt.Sprintf("Not everything of %q has arrived yet. The rest comes when this device meets the others again.", s.Name))
		}
	}
	return reply.Result(devicesJoined{linked})
}

// DeviceRename names a device.
type DeviceRename struct {
	Device string `arg:"" help:"The device, by the beginning of its ID or by its name."`
	Name   string `arg:"" help:"What it is called from now on."`
}

type deviceRenamed struct {
	Device string `json:"device"`
	Label  string `json:"label"`
}

func (r deviceRenamed) Plain() string {
	return fmt.Sprintf("%s is called %q now.\n", short(r.Device), r.Label)
}

// Run names it.
func (c *DeviceRename) Run(ctx context.Context, peer *app.App, reply Reply) error {
	device, err := peer.FindDevice(c.Device)
	if err != nil {
		return err
	}
	if err := peer.RenameDevice(ctx, device, c.Name); err != nil {
		return err
	}
	return reply.Result(deviceRenamed{Device: device.String(), Label: c.Name})
}

// DeviceRevoke takes a device out.
type DeviceRevoke struct {
	sure
	Device string `arg:"" help:"The device, by the beginning of its ID or by its name."`
}

type deviceRevoked struct {
	Device string `json:"device"`
	app.Revoked
}

func (r deviceRevoked) Plain() string {
	words := fmt.Sprintf("%s is taken out of your spaces.\n", short(r.Device))
	if r.SheetEnded {
		words += "Your recovery sheet was made on it and has ended. Make a new one with \"parley-node device recovery --new\".\n"
	}
	return words
}

// Run takes it out.
func (c *DeviceRevoke) Run(ctx context.Context, peer *app.App, reply Reply) error {
	device, err := peer.FindDevice(c.Device)
	if err != nil {
		return err
	}
	if device != peer.Device() { // which cannot be done
		if err := c.confirmed("The device gets nothing new any more, and what is written with it from now on does not count. " +
			"What is on it stays there, and what it wrote and others have stays in the documents. This cannot be undone."); err != nil {
			return err
		}
	}
	revoked, err := peer.RevokeDevice(ctx, device)
	if err != nil {
		return err
	}
	return reply.Result(deviceRevoked{Device: device.String(), Revoked: revoked})
}

// DeviceRecovery tells of the recovery sheet, or makes one.
type DeviceRecovery struct {
	sure
	New bool `help:"Make a new sheet and print its words. The one before it ends."`
}

type recoveryTold struct{ app.RecoveryState }

func (r recoveryTold) Plain() string {
	if r.Made == nil {
		return "You have no recovery sheet. \"parley-node device recovery --new\" makes one.\n"
	}
	return fmt.Sprintf("Your sheet of %s brings you back into %d of %s.\n",
		r.Made.Local().Format("2 January 2006 at 15:04"), r.Covers, counted(r.Of, "space"))
}

type sheetMade struct {
	Words []string `json:"words"`
	app.RecoveryState
}

func (r sheetMade) Plain() string {
	var b strings.Builder
	b.WriteString("Write these words down, in their order, and keep them where you keep your passport. They are not shown again.\n\n")
	for i, word := range r.Words {
		fmt.Fprintf(&b, "%2d. %s\n", i+1, word)
	}
	fmt.Fprintf(&b, "\nThey bring you back into %d of %s, and into spaces that you join later. Whoever has them can become you.\n",
		r.Covers, counted(r.Of, "space"))
	return b.String()
}

// Run tells what there is, or makes a sheet.
func (c *DeviceRecovery) Run(ctx context.Context, peer *app.App, reply Reply) error {
	state := peer.RecoveryState()
	if !c.New {
		return reply.Result(recoveryTold{state})
	}
	if state.Made != nil {
		if err := c.confirmed("The recovery sheet that you have ends, and its words are worth nothing then."); err != nil {
			return err
		}
	}
	sheet, err := peer.NewRecoverySheet()
	if err != nil {
		return err
	}
	if state, err = peer.KeepRecoverySheet(ctx, strings.Join(sheet.Words, " ")); err != nil {
		return err
	}
	return reply.Result(sheetMade{Words: sheet.Words, RecoveryState: state})
}

// DeviceRecover uses a recovery sheet.
type DeviceRecover struct {
	Words   []string `arg:"" optional:"" help:"The twelve words. Without them, they are read from standard input, which no list of past commands remembers."`
	Address string   `help:"The address of somebody from one of the spaces, where they are not on the same network." placeholder:"ADDR"`
	Name    string   `help:"What this device is called, for its owner and the people in their spaces." placeholder:"NAME"`
}

func (*DeviceRecover) networked() {}

// maxTyped is far more than twelve words need.
const maxTyped = 4 << 10

// prepare gathers the words, and says what is wrong with them before anything
// is opened or searched.
func (c *DeviceRecover) prepare() error {
	if len(c.Words) > 0 {
		return app.CheckRecovery(strings.Join(c.Words, " "))
	}
	if atTerminal() {
		fmt.Fprintln(os.Stderr, "Type the twelve words of your sheet, on one line or several.")
	}
	scanner := bufio.NewScanner(io.LimitReader(os.Stdin, maxTyped))
	scanner.Split(bufio.ScanWords)
	for len(c.Words) < recoveryWords && scanner.Scan() {
		c.Words = append(c.Words, scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("read words: %w", err)
	}
	return app.CheckRecovery(strings.Join(c.Words, " "))
}

// recoveryWords is how many words a sheet has.
const recoveryWords = 12

// Run brings the person back, and waits until what their spaces hold has
// arrived.
func (c *DeviceRecover) Run(ctx context.Context, peer *app.App, reply Reply) error {
	reply.Note("Looking for somebody who knows you …")
	linked, err := peer.Recover(ctx, strings.Join(c.Words, " "), c.Address, c.Name)
	if err != nil {
		return err
	}
	if err := arrived(ctx, peer, reply, linked); err != nil {
		return err
	}
	reply.Note("If you have lost the other devices, take them out: parley-node device list, parley-node device revoke.")
	return nil
}
