package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"parley/app"
	"parley/space"
)

// SpaceRename renames a space.
type SpaceRename struct {
	Space string `arg:"" help:"The space."`
	Name  string `arg:"" help:"What it is called from now on."`
}

type spaceChanged struct {
	Space    string `json:"space"`
	Title    string `json:"title"`
	Archived bool   `json:"archived"`

	words string
}

func (r spaceChanged) Plain() string { return r.words + "\n" }

// Run renames it.
func (c *SpaceRename) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	if err := peer.RenameSpace(ctx, id, c.Name); err != nil {
		return err
	}
	s, err := peer.Space(id)
	if err != nil {
		return err
	}
	return reply.Result(spaceChanged{s.ID, s.Name, s.Archived, fmt.Sprintf("The space is called %q now.", s.Name)})
}

// SpaceArchive closes a space for writing.
type SpaceArchive struct {
	Space string `arg:"" help:"The space."`
	sure  `embed:""`
}

// Run archives it.
func (c *SpaceArchive) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, s, err := lookUp(peer, c.Space)
	if err != nil {
		return err
	}
	if s.Role == space.Facilitator.String() && !s.Archived { // else it cannot be done
		follows := fmt.Sprintf("%q will be closed for all who are in it: everybody can read it, and nobody can write. "+
			"What somebody writes before they hear of it is set aside. A facilitator can open it again: space reopen.", s.Name)
		if err := c.confirmed(follows); err != nil {
			return err
		}
	}
	return archive(ctx, peer, reply, id, true)
}

// SpaceReopen undoes SpaceArchive.
type SpaceReopen struct {
	Space string `arg:"" help:"The space."`
}

// Run opens it again.
func (c *SpaceReopen) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	return archive(ctx, peer, reply, id, false)
}

func archive(ctx context.Context, peer *app.App, reply Reply, id space.ID, archived bool) error {
	if err := peer.ArchiveSpace(ctx, id, archived); err != nil {
		return err
	}
	s, err := peer.Space(id)
	if err != nil {
		return err
	}
	words := fmt.Sprintf("%q is archived: everybody in it can read, and nobody can write.", s.Name)
	if !archived {
		words = fmt.Sprintf("%q is open again.", s.Name)
	}
	return reply.Result(spaceChanged{s.ID, s.Name, s.Archived, words})
}

// SpaceLeave leaves a space.
type SpaceLeave struct {
	Space string `arg:"" help:"The space."`
	sure  `embed:""`
}

type spaceLeft struct {
	Space string `json:"space"`
	Title string `json:"title"`
}

func (r spaceLeft) Plain() string {
	return fmt.Sprintf("You have left %q. What was here stays on this computer until you delete it: space forget %s\n", r.Title, short(r.Space))
}

// Run leaves it.
func (c *SpaceLeave) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, s, err := lookUp(peer, c.Space)
	if err != nil {
		return err
	}
	if s.Role != app.NoRole { // else there is nothing to confirm
		if err := c.confirmed(leaving(s)); err != nil {
			return err
		}
	}
	if err := peer.LeaveSpace(ctx, id); err != nil {
		return err
	}
	return reply.Result(spaceLeft{s.ID, s.Name})
}

// leaving says what follows when this device's person leaves.
func leaving(s app.Space) string {
	words := fmt.Sprintf("You will leave %q with all your devices. Nothing new reaches you, and you can come back only by a new invitation.", s.Name)
	switch {
	case len(s.Members) == 1:
		words += " Nobody else is in it: it goes on nowhere."
	case s.Role == "facilitator" && s.Facilitators == 1:
		words += " You are its last facilitator: after you, " + withoutFacilitators
	}
	return words
}

// withoutFacilitators is the rest of a sentence about a space that has no
// facilitator any more.
const withoutFacilitators = "nobody can invite or remove anybody, change roles, or archive the space. " +
	"The editors can only go on in a new one. Rather make somebody else a facilitator first: member role."

// SpaceForget deletes a copy of a space.
type SpaceForget struct {
	Space string `arg:"" help:"The space."`
	sure  `embed:""`
}

type spaceForgotten struct {
	Space string `json:"space"`
	Title string `json:"title"`
}

func (r spaceForgotten) Plain() string { return fmt.Sprintf("The copy of %q is deleted.\n", r.Title) }

// Run deletes it.
func (c *SpaceForget) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, s, err := lookUp(peer, c.Space)
	if err != nil {
		return err
	}
	if s.Role == app.NoRole { // else it cannot be done
		follows := fmt.Sprintf("Everything of %q on this computer will be deleted. Nobody else loses anything by it; space export saves it first.", s.Name)
		if err := c.confirmed(follows); err != nil {
			return err
		}
	}
	if err := peer.ForgetSpace(ctx, id); err != nil {
		return err
	}
	return reply.Result(spaceForgotten{s.ID, s.Name})
}

// SpaceSucceed founds, or joins, the space in which one goes on.
type SpaceSucceed struct {
	Space string `arg:"" help:"The space that has no facilitator any more."`
	Name  string `help:"What the new one is called; without it, as the old one." placeholder:"NAME"`
}

func (*SpaceSucceed) networked() {} // the others join by the addresses of this device

type spaceSucceeded struct {
	Space  string `json:"space"`
	Title  string `json:"title"`
	Joined bool   `json:"joined"` // somebody else had founded it

}

func (r spaceSucceeded) Plain() string {
	if r.Joined {
		return fmt.Sprintf("%s\nYou are in %q. Whoever founded it gives you the role that you had, as soon as you meet.\n", r.Space, r.Title)
	}
	return fmt.Sprintf("%s\n%q goes on there, and you are its facilitator. The others join by space succeed, or in the window.\n", r.Space, r.Title)
}

// Run founds it or, where somebody has, joins it.
func (c *SpaceSucceed) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, s, err := lookUp(peer, c.Space)
	if err != nil {
		return err
	}
	if s.Successor != nil && s.Successor.CanJoin {
		next, err := peer.JoinSuccessor(ctx, id)
		if err != nil {
			return err
		}
		if _, err := peer.CatchUp(ctx, next); err != nil {
			return err
		}
		return reply.Result(spaceSucceeded{next.String(), s.Successor.Name, true})
	}
	name := c.Name
	if name == "" {
		name = s.Name
	}
	next, err := peer.Succeed(ctx, id, name, noting(reply, "copied"))
	if err != nil {
		return err
	}
	return reply.Result(spaceSucceeded{next.String(), name, false})
}

// noting tells a person how far something is, every now and then.
func noting(reply Reply, what string) func(done, of int) {
	last := time.Now()
	return func(done, of int) {
		if time.Since(last) >= app.ProgressEvery {
			last = time.Now()
			reply.Note(fmt.Sprintf("%d of %d %s so far.", done, of, what))
		}
	}
}

// SpaceExport saves everything of a space to a file.
type SpaceExport struct {
	Space string `arg:"" help:"The space."`
	File  string `arg:"" help:"The ZIP file to write, which must not be there yet." json:"-" type:"path"`
}

func (c *SpaceExport) create() (*os.File, error) { return newFile(c.File) }

func (*SpaceExport) networked() {} // files that are not here come from others

// newFile makes a file where there is none.
func newFile(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, app.NewError(app.CodeInvalid, fmt.Sprintf("There is a file %s already, and it was left as it is. Name another.", name), err)
	case err != nil:
		return nil, app.NewError(app.CodeUnwritable, fmt.Sprintf("The file %s cannot be written. Name another.", name), err)
	}
	return file, nil
}

type spaceExported struct {
	app.Export
}

func (r spaceExported) Plain() string {
	words := fmt.Sprintf("Saved: %s, %s.\n", counted(r.Documents, "document"), counted(r.Files, "file"))
	for _, lack := range r.Unreadable[:min(len(r.Unreadable), maxLacks)] {
		words += fmt.Sprintf("  %s: %s\n", lack.What, lack.Sentence)
	}
	if more := len(r.Unreadable) - maxLacks; more > 0 {
		words += fmt.Sprintf("  and %d more, which space.json in the file lists.\n", more)
	}
	return words
}

// maxLacks is how many of the things are printed that an export lacks.
const maxLacks = 20

// fetchingNotes tells a person which of the files that were not here is being
// fetched, at first and every now and then.
func fetchingNotes(reply Reply) func(app.ExportProgress) {
	var last time.Time
	return func(p app.ExportProgress) {
		if p.Fetched < p.Fetching && time.Since(last) >= app.ProgressEvery {
			last = time.Now()
			reply.Note(fmt.Sprintf("Fetching %d of %s…", p.Fetched+1, counted(p.Fetching, "file")))
		}
	}
}

// Run exports it.
func (c *SpaceExport) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	carrier, ok := reply.(carrier)
	if !ok {
		return errNoTaker
	}
	to := &handedOut{to: carrier, tell: reply.Note, buffer: make([]byte, 0, maxPart), last: time.Now()}
	made, err := peer.Export(ctx, id, to, fetchingNotes(reply)) // it says how much it has saved, too
	if err == nil {
		err = to.flush()
	}
	if err != nil {
		return err
	}
	return reply.Result(spaceExported{made})
}
