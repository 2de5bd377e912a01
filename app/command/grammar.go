// Package command is what parley-node can be told to do. A command is a struct
// that kong fills from the command line; it runs on an app.App, in this
// process or, over the control socket, in the one that has the data directory
// open. The same struct is the message between the two. This package knows how
// commands are written, carried and shown, and leaves what they do to app.
package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"parley/app"
)

// Grammar is the command line of parley-node.
type Grammar struct {
	Data    string `help:"The directory that holds everything of this device." placeholder:"DIR" env:"PARLEY_DATA" type:"path"`
	Profile string `help:"The device of this name, where no --data is given." placeholder:"NAME" env:"PARLEY_PROFILE"`
	JSON    bool   `name:"json" help:"Print one JSON object for each result, for scripts."`
	Verbose bool   `help:"Say on standard error what happens inside."`

	PassphraseFile string `help:"A file whose first line is the passphrase that this device is locked with. Without it, the terminal asks." placeholder:"FILE" env:"PARLEY_PASSPHRASE_FILE" type:"path"`
	Keyring        bool   `help:"Use the platform's keyring for the key of a device, where it has one." default:"true" negatable:"" env:"PARLEY_KEYRING"`

	Serve      Serve           `cmd:"" help:"Run this peer until it is interrupted."`
	Device     DeviceGroup     `cmd:"" help:"Show, link, rename and take out devices, and come back when they are lost."`
	Space      SpaceGroup      `cmd:"" help:"Create, list, change, leave and export spaces."`
	Member     MemberGroup     `cmd:"" help:"Show and change who belongs to a space, and what they may do."`
	Invite     InviteGroup     `cmd:"" help:"Invite people to a space, and take invitations back."`
	Join       Join            `cmd:"" help:"Join the space that an invitation code is for."`
	Open       Open            `cmd:"" help:"Show an invitation in the window that is open on this device."`
	Room       RoomGroup       `cmd:"" help:"Let people in who are in the same room, by three words on the wall."`
	Document   DocumentGroup   `cmd:"" help:"Create, list, show and change documents."`
	File       FileGroup       `cmd:"" help:"Keep files in a space: pictures, attachments."`
	Bundle     BundleGroup     `cmd:"" help:"Carry a space on a stick: save it to a file for its members, and take such files in."`
	Quarantine QuarantineGroup `cmd:"" help:"Show what was refused of what others wrote, and let it in."`
	Status     StatusCommand   `cmd:"" help:"Show what is stored here, who is here, and who has not got the latest."`
	Watch      Watch           `cmd:"" help:"Print a line for everything that is added to a space, until interrupted."`
	Peers      Peers           `cmd:"" help:"List the devices that are connected now."`
	Network    NetworkGroup    `cmd:"" help:"Show how others are reached, and test what works."`
	Connect    Connect         `cmd:"" help:"Connect to a device at an address."`
	Offline    Offline         `cmd:"" help:"Stop talking to other devices, until told otherwise."`
	Online     Online          `cmd:"" help:"Talk to other devices again."`
	Key        KeyGroup        `cmd:"" help:"Say or change what guards the key that everything here is encrypted with."`
	Backup     Backup          `cmd:"" help:"Save everything of this device to a file."`
	Doctor     Doctor          `cmd:"" help:"Look at every file and every record of this device, and say what is wrong."`
	Restore    Restore         `cmd:"" help:"Make a device of a backup, in a directory of its own."`
	Demo       Demo            `cmd:"" help:"Open two devices with a sample space side by side."`
	Version    Version         `cmd:"" help:"Print the version."`
}

// SpaceGroup holds the commands about spaces.
type SpaceGroup struct {
	Create  SpaceCreate  `cmd:"" help:"Create a space and become its first facilitator."`
	List    SpaceList    `cmd:"" help:"List the spaces that this device belongs to."`
	Rename  SpaceRename  `cmd:"" help:"Give a space another name, for everybody."`
	Reach   SpaceReach   `cmd:"" help:"Say how far the devices of a space look for one another, for everybody."`
	Archive SpaceArchive `cmd:"" help:"Close a space for everybody's writing."`
	Reopen  SpaceReopen  `cmd:"" help:"Open an archived space again."`
	Leave   SpaceLeave   `cmd:"" help:"Leave a space, with all your devices."`
	Forget  SpaceForget  `cmd:"" help:"Delete this device's copy of a space that it does not belong to any more."`
	Succeed SpaceSucceed `cmd:"" help:"Go on in a new space, where the last facilitator is gone; or join the one that somebody has founded for that."`
	Export  SpaceExport  `cmd:"" help:"Save everything of a space to a ZIP file: documents, files and who belongs to it."`
}

// NetworkGroup holds the commands about how others are reached.
type NetworkGroup struct {
	Status    NetworkStatus    `cmd:"" help:"Show how each connected device is reached, and what goes to and fro."`
	Test      NetworkTest      `cmd:"" help:"Try whatever there is to reach others by, and say what works."`
	Bootstrap NetworkBootstrap `cmd:"" help:"Show or say which computers are asked for members of spaces with a wide reach."`
}

// InviteGroup holds the commands about invitations.
type InviteGroup struct {
	Create   InviteCreate   `cmd:"" help:"Make an invitation code for a space."`
	List     InviteList     `cmd:"" help:"List the invitations of a space."`
	Withdraw InviteWithdraw `cmd:"" help:"Take an invitation back: its code lets nobody in any more."`
	Requests InviteRequests `cmd:"" help:"List who waits for a facilitator's yes."`
	Accept   InviteAccept   `cmd:"" help:"Let somebody in who waits."`
	Decline  InviteDecline  `cmd:"" help:"Turn somebody away who waits."`
	Pending  InvitePending  `cmd:"" help:"List where you have asked to be let in and nobody has answered yet."`
	Cancel   InviteCancel   `cmd:"" help:"Ask no more to be let in."`
}

// DocumentGroup holds the commands about documents.
type DocumentGroup struct {
	Create DocumentCreate `cmd:"" help:"Create a document in a space."`
	List   DocumentList   `cmd:"" help:"List the documents of a space."`
	Show   DocumentShow   `cmd:"" help:"Print a document."`
	Edit   DocumentEdit   `cmd:"" help:"Change the text of a document."`
	Import DocumentImport `cmd:"" help:"Make a document of a file: Word, OpenDocument, HTML, Markdown or plain text."`
	Export DocumentExport `cmd:"" help:"Save a document as a file: Word, OpenDocument, HTML, PDF, Markdown or plain text."`
	Merge  DocumentMerge  `cmd:"" help:"Merge a copy of a document that another Automerge program has saved."`

	Rename  DocumentRename  `cmd:"" help:"Give a document another title."`
	Archive DocumentArchive `cmd:"" help:"Put a document among the archived ones of its space: it stays, for reading only."`
	Restore DocumentRestore `cmd:"" help:"Bring an archived document back."`
}

// Command is a command that runs on a peer, here or in another process. Its
// exported fields are all it needs.
type Command interface {
	Run(ctx context.Context, peer *app.App, reply Reply) error
}

// standalone is a command that does not need a peer, or brings its own.
type standalone interface {
	Run(ctx context.Context, t terminal, g *Grammar) error
}

// preparer is a command that reads something where it was typed: a file, say,
// which the process that has the directory open might see otherwise.
type preparer interface {
	prepare() error
}

// asker is a command that needs a passphrase, which it asks for where it was
// typed.
type asker interface {
	ask(l app.Locations, t terminal) error
}

// filing is a command that makes a file where it was typed, and finishes it
// there: into has run carry to the file by the terminal it gives it. Like
// taker, its Run needs a Reply that is a carrier.
type filing interface {
	into(t terminal, run func(terminal) error) error
}

// unopened is a command that a data directory need not be open for: where
// nobody has it open, closed does what Run does elsewhere.
type unopened interface {
	closed(ctx context.Context, g *Grammar, l app.Locations, t terminal) error
}

// showing is a command that may change nothing. Where it does not, it makes no
// device in the platform's directory by being looked for there.
type showing interface {
	onlyShows() bool
}

// networked is a command that needs other devices. Where it has to open the
// data directory itself, it opens the network too.
type networked interface {
	networked()
}

// running is a command that means something only to a peer that runs.
type running interface {
	notRunning() error
}

// lasting is a command that runs until it is interrupted. Where it has to open
// the data directory itself, it takes other commands meanwhile.
type lasting interface {
	lasting()
}

// parser reads command lines for a program of that name into g.
func parser(g *Grammar, t terminal) (*kong.Kong, error) {
	return kong.New(g,
		kong.Name("parley-node"),
		kong.Description("Parley without a window: a peer for scripts, and for machines without a screen. "+
			"IDs may be shortened to their first characters, as long as only one fits."),
		kong.Writers(t.out, t.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"formats": strings.Join(app.Formats, ", "), "format_enum": strings.Join(app.Formats, ",")},
		kong.WithHyphenPrefixedParameters(true), // a text to insert may begin with a hyphen
		kong.Exit(func(code int) { panic(exit(code)) }),
	)
}

// exit is how kong ends the program after it has printed help.
type exit int

// named lists, by name, how to make each command that runs on a peer.
func named() (map[string]func() Command, error) {
	k, err := parser(new(Grammar), terminal{})
	if err != nil {
		return nil, fmt.Errorf("build grammar: %w", err)
	}
	table := make(map[string]func() Command)
	for _, leaf := range k.Model.Leaves(false) {
		kind := leaf.Target.Type()
		if _, ok := newOf(kind).(Command); ok {
			table[nameOf(leaf)] = func() Command { return newOf(kind).(Command) }
		}
	}
	return table, nil
}

// nameOf is the words by which a command is called, such as "space create".
func nameOf(node *kong.Node) string {
	var words []string
	for ; node != nil && node.Type == kong.CommandNode; node = node.Parent {
		words = append([]string{node.Name}, words...)
	}
	return strings.Join(words, " ")
}
