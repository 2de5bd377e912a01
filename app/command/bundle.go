package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"parley/app"
)

// BundleGroup holds the commands about files by which a space is carried.
type BundleGroup struct {
	Export BundleExport `cmd:"" help:"Save a space, or what has changed in it, to a file that only its members' devices can open."`
	Import BundleImport `cmd:"" help:"Take in such a file."`
}

// BundleExport saves a space to a file that is to be carried to other devices.
type BundleExport struct {
	Space    string `arg:"" help:"The space."`
	File     string `arg:"" help:"The file to write, which must not be there yet. Such files end in .parley-bundle." json:"-" type:"path"`
	Since    string `help:"Leave out what is known by this earlier file: one that was made here and that the others have taken in, or one that came from them." placeholder:"FILE" type:"path" json:"-"`
	Document string `help:"Only this document, and the list of documents." placeholder:"DOCUMENT"`
	Files    bool   `help:"Take pictures and attachments along (--no-files leaves them out)." default:"true" negatable:""`

	GoesOn bool      `kong:"-"` // there is an earlier file
	since  io.Reader // which, where the command runs
}

func (c *BundleExport) prepare() error {
	c.GoesOn = c.Since != ""
	if !c.GoesOn {
		return nil
	}
	return isFile(c.Since)
}

func (c *BundleExport) open() (io.ReadCloser, error) {
	if c.Since == "" {
		return io.NopCloser(strings.NewReader("")), nil
	}
	return openFile(c.Since)
}

func (c *BundleExport) give(bytes io.Reader) { c.since = bytes }

func (c *BundleExport) create() (*os.File, error) { return newFile(c.File) }

type bundleExported struct {
	app.Bundled
}

func (r bundleExported) Plain() string {
	words := fmt.Sprintf("Saved: %s, %s. %s can open the file.\n", counted(r.Documents, "document"), counted(r.Files, "file"), counted(r.Devices, "device"))
	if r.Documents+r.Files == 0 {
		words = "There is nothing new in the documents. The file holds who belongs to the space.\n"
	}
	for _, lack := range r.Unreadable {
		words += fmt.Sprintf("  %s: %s\n", lack.What, lack.Sentence)
	}
	return words
}

// Run makes the file and hands it over.
func (c *BundleExport) Run(ctx context.Context, peer *app.App, reply Reply) error {
	carrier, ok := reply.(carrier)
	if !ok {
		return errNoTaker
	}
	packing, err := c.pack(ctx, peer)
	// Who sends the earlier file hears nothing before all of it is sent.
	if err := errors.Join(err, readOn(ctx, c.since)); err != nil {
		return err
	}
	to := &handedOut{to: carrier, tell: reply.Note, buffer: make([]byte, 0, maxPart), last: time.Now()}
	made, err := packing.Write(ctx, to, nil) // it says how much it has saved
	if err == nil {
		err = to.flush()
	}
	if err != nil {
		return err
	}
	return reply.Result(bundleExported{made})
}

func (c *BundleExport) pack(ctx context.Context, peer *app.App) (*app.Packing, error) {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return nil, err
	}
	o := app.BundleOptions{Files: c.Files}
	if c.Document != "" {
		document, err := peer.FindDocument(ctx, id, c.Document)
		if err != nil {
			return nil, err
		}
		o.Document = &document
	}
	if c.GoesOn {
		o.Since = c.since
	}
	return peer.PackBundle(ctx, id, o)
}

// BundleImport takes a file in.
type BundleImport struct {
	File string `arg:"" help:"The file." json:"-" type:"path"`

	bytes io.Reader // of the file, where the command runs
}

func (c *BundleImport) prepare() error { return isFile(c.File) }

func (c *BundleImport) open() (io.ReadCloser, error) { return openFile(c.File) }

func (c *BundleImport) give(bytes io.Reader) { c.bytes = bytes }

type bundleImported struct {
	app.BundleTaken
}

func (r bundleImported) Plain() string {
	var words strings.Builder
	fmt.Fprintf(&words, "From %s, of %s: %q.\n", r.By, r.Made.Local().Format("2 January 2006 15:04"), r.Name)
	if r.Joined {
		words.WriteString("The space is on this device now.\n")
	}
	if r.Entries > 0 && !r.Joined {
		words.WriteString("There is news of who belongs to the space.\n")
	}
	switch {
	case r.New+r.Updated+r.Files+r.SetAside > 0:
		fmt.Fprintf(&words, "%s brought up to date, %d new; %s; %s set aside.\n",
			counted(r.Updated, "document"), r.New, counted(r.Files, "file"), counted(r.SetAside, "change"))
	case r.Entries == 0:
		words.WriteString("Nothing in it was new.\n")
	}
	if r.Waiting > 0 {
		fmt.Fprintf(&words, "Something of %s was left out, because it goes on from what is not here. Take in the earlier file first and this one again, or ask for one with everything.\n",
			counted(r.Waiting, "document"))
	}
	for _, lack := range r.Unreadable {
		fmt.Fprintf(&words, "  %s: %s\n", lack.What, lack.Sentence)
	}
	return words.String()
}

// Run takes it in.
func (c *BundleImport) Run(ctx context.Context, peer *app.App, reply Reply) error {
	from := &noted{from: c.bytes, tell: reply.Note, last: time.Now()}
	taken, err := peer.ImportBundle(ctx, from)
	if err != nil {
		return errors.Join(err, readOn(ctx, c.bytes))
	}
	return reply.Result(bundleImported{taken})
}

// readOn reads a file to its end: who sends it hears what has become of it only
// when all of it is sent.
func readOn(ctx context.Context, from io.Reader) error {
	if ctx.Err() == nil {
		_, err := io.Copy(io.Discard, from)
		return err
	}
	return nil
}

// noted tells a person, every now and then, how much was read.
type noted struct {
	from  io.Reader
	tell  func(sentence string)
	bytes int64
	last  time.Time
}

func (n *noted) Read(p []byte) (int, error) {
	count, err := n.from.Read(p)
	n.bytes += int64(count)
	if time.Since(n.last) >= app.ProgressEvery {
		n.last = time.Now()
		n.tell(app.Amount(n.bytes) + " read so far.")
	}
	return count, err
}

// isFile fails unless there is a file of that name.
func isFile(name string) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return unreadable(name, err)
	case info.IsDir():
		return app.NewError(app.CodeUnreadable, fmt.Sprintf("%s is a folder, not a file. Name a file in it.", name), nil)
	}
	return nil
}

func openFile(name string) (io.ReadCloser, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	return file, nil
}
