package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"parley/app/bundle"
	"parley/crdt"
	"parley/space"
)

// A space travels without a network as a file (docs/formats.md, Bundles): on a
// stick, in a mail, by whatever takes files. Only the devices of its members can
// open it.

// BundleOptions say what to put into such a file.
type BundleOptions struct {
	Document *crdt.DocumentID // only that one, and the list of documents; nil: all
	Since    io.Reader        // an earlier file, from here or from somebody else: leave out what is known by it; nil: nothing
	Files    bool             // pictures and attachments too
}

// Bundled says what went into a file.
type Bundled struct {
	Documents  int       `json:"documents"` // of which it brings something
	Files      int       `json:"files"`
	Devices    int       `json:"devices"`    // that can open it
	Unreadable []Missing `json:"unreadable"` // what could not be read, and is not in it
}

// Packing is a file that is ready to be written.
type Packing struct {
	app     *App
	options bundle.Options
	devices int
}

// PackBundle makes ready to write a space, or what has changed in it, to be
// carried to other devices of the space. It reads the earlier file, if there is
// one. Only a member can. It fails with CodeNoMember, CodeNotFound for a document
// that is not here, or for what is wrong with the earlier file.
func (a *App) PackBundle(ctx context.Context, id space.ID, o BundleOptions) (*Packing, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return nil, err
	}
	if _, member := log.Member(a.Device()); !member {
		return nil, a.explain(log, space.ErrNotMember)
	}
	p := &Packing{app: a, devices: len(log.Members()), options: bundle.Options{Space: id, Key: a.key, Files: o.Files, Program: Version()}}
	if o.Document != nil {
		p.options.Document = *o.Document
		if !slices.Contains(a.store.Documents(id), p.options.Document) {
			return nil, newError(CodeNotFound, "This document has not arrived yet. It comes when this device meets a member who has it.")
		}
	}
	if o.Since != nil {
		if p.options.Since, err = bundle.ReadKnown(log, a.key, untilDone{ctx, o.Since}); err != nil {
			return nil, explainEarlier(err)
		}
	}
	return p, nil
}

// Write writes the file. tell is called with how many parts and files are done;
// it may be nil. It fails with CodeTooLarge, and with what to fails with.
func (p *Packing) Write(ctx context.Context, to io.Writer, tell func(done, of int)) (Bundled, error) {
	options := p.options
	options.Now, options.Tell = now(), tell
	made, err := bundle.Write(ctx, p.app.store, options, to)
	if err != nil {
		return Bundled{}, explainBundle(err)
	}
	return Bundled{
		Documents: made.Documents, Files: made.Files, Devices: p.devices,
		Unreadable: p.app.lacking(ctx, options.Space, made.Lacks),
	}, nil
}

// BundleName is what a file to carry is called, unless somebody says otherwise:
// it tells nothing of the space.
func BundleName(at time.Time) string {
	return "Parley " + at.Local().Format("2006-01-02 15.04") + bundleEnding
}

// bundleEnding is what the names of such files end with.
const bundleEnding = ".parley-bundle"

// BundleTaken says what a file brought.
type BundleTaken struct {
	Space    string    `json:"space"`
	Name     string    `json:"name"` // of the space
	By       string    `json:"by"`   // who made it: a name
	Made     time.Time `json:"made"`
	Joined   bool      `json:"joined"`   // the space was not on this device before
	Entries  int       `json:"entries"`  // of the membership log, that were not here
	New      int       `json:"new"`      // documents
	Updated  int       `json:"updated"`  // documents
	Files    int       `json:"files"`    // that were not here
	SetAside int       `json:"setAside"` // changes that do not count, and were not here
	// Waiting are documents of which something builds on what is not here: on an
	// earlier file, where the file goes on from one.
	Waiting    int       `json:"waiting"`
	Unreadable []Missing `json:"unreadable"` // what could not be taken in here
}

// ImportBundle takes in what somebody has carried here. It may be repeated, and
// cut short. What it has taken in stays, whatever it fails with: CodeNoBundle,
// CodeNewerFile, CodeNotForUs, CodeBrokenFile, CodeForgedFile, CodeNoMember.
func (a *App) ImportBundle(ctx context.Context, from io.Reader) (BundleTaken, error) {
	taken, err := bundle.Take(ctx, a.store, a.key, untilDone{ctx, from}, a.heardBy)
	if taken.Joined {
		err = errors.Join(err, a.arrivedBy(taken.Space))
	}
	if err != nil {
		a.log.Warn("a bundle was not taken in as a whole", "space", taken.Space, "err", err)
		return BundleTaken{}, explainBundle(err)
	}
	log, err := a.spaceLog(taken.Space)
	if err != nil {
		return BundleTaken{}, err
	}
	return BundleTaken{
		Space: taken.Space.String(), Name: log.Name(), By: peopleOf(log).name(taken.Device), Made: taken.Made,
		Joined: taken.Joined, Entries: taken.Entries, New: len(taken.New), Updated: len(taken.Updated), Files: taken.Files,
		SetAside: len(taken.Refused), Waiting: len(taken.Waiting), Unreadable: a.lacking(ctx, taken.Space, taken.Lacks),
	}, nil
}

// heardBy notes how far a device has got in a part, as a file of its own says.
func (a *App) heardBy(device space.DeviceID, ref crdt.Ref, vector crdt.Vector) {
	log, ok := a.store.Log(ref.Space)
	if !ok || device == a.Device() {
		return
	}
	if _, member := log.Member(device); member {
		a.node.Carried(device, ref, vector)
	}
}

// arrivedBy does what is to be done when a space has come by a file: whoever
// asked to be let in waits no more, and a device that nobody has named is that
// person's.
func (a *App) arrivedBy(id space.ID) error {
	for _, p := range a.settings.get().Pending {
		if code, err := space.ParseCode(p.Code); err == nil && code.Space == id {
			if _, err := a.forgetPending(p.id()); err != nil {
				return fmt.Errorf("forget application: %w", err)
			}
		}
	}
	if a.Person() == nil {
		return a.recallPerson()
	}
	return nil
}

// lacking finds the words for what was left out.
func (a *App) lacking(ctx context.Context, id space.ID, lacks []bundle.Lack) []Missing {
	missing := []Missing{}
	if len(lacks) == 0 {
		return missing
	}
	titles := make(map[string]string)
	if documents, err := a.Documents(ctx, id); err == nil {
		for _, d := range documents {
			titles[d.ID] = d.Title
		}
	}
	for _, l := range lacks {
		a.log.Warn("a bundle leaves something out", "space", id, "ref", l.Ref, "file", l.File, "err", l.Err)
		what := Missing{What: l.File.String(), Sentence: "This file could not be read or kept, and was left out."}
		if !l.IsFile() {
			what = Missing{What: titles[l.Ref.Document.String()], Sentence: "This document could not be read or kept, and was left out."}
		}
		if what.What == "" {
			what.What = "a document without a title"
		}
		if !slices.Contains(missing, what) {
			missing = append(missing, what)
		}
	}
	return missing
}

// explainBundle finds the words for what is wrong with a file, or keeps one from
// being made.
func explainBundle(err error) error {
	switch {
	case errors.Is(err, bundle.ErrNoBundle):
		return wrapError(CodeNoBundle, "This is not a file in which Parley carries a space. Nothing was taken in. Choose one whose name ends in "+bundleEnding+".", err)
	case errors.Is(err, bundle.ErrNewer):
		return wrapError(CodeNewerFile, "This file was made by another version of Parley, which this one cannot read. Nothing was taken in. Install the newest version on both computers.", err)
	case errors.Is(err, bundle.ErrNotForUs):
		return wrapError(CodeNotForUs, "This file cannot be opened on this computer: whoever made it did not know that it is in the space. Nothing was taken in. Ask to be let in first, or for a new file.", err)
	case errors.Is(err, bundle.ErrBroken):
		return wrapError(CodeBrokenFile, "This file is damaged, or its end is missing. What came before that is here. Copy it again from where it was made.", err)
	case errors.Is(err, bundle.ErrForged), errors.Is(err, bundle.ErrStranger):
		return wrapError(CodeForgedFile, "This file was not made by an honest Parley of somebody in the space. The rest of it was not taken in. Ask who gave it to you where it comes from.", err)
	case errors.Is(err, bundle.ErrNoMember):
		return wrapError(CodeNoMember, "You do not belong to the space of this file any more. Nothing was taken in. Ask a facilitator for a new invitation.", err)
	case errors.Is(err, bundle.ErrTooManyDevices):
		return wrapError(CodeTooLarge, fmt.Sprintf("This space has more than %d devices, and a file cannot be made for so many. Nothing was saved. Let them meet over the network.", bundle.MaxDevices), err)
	case errors.Is(err, bundle.ErrTooLarge):
		return wrapError(CodeTooLarge, "This space is too large for one file. Nothing was saved. Save single documents (--document), or let the devices meet over the network.", err)
	}
	return err
}

// explainEarlier finds the words for what is wrong with the file that another one
// should go on from.
func explainEarlier(err error) error {
	const otherwise = " Nothing was saved. Choose another, or save everything."
	switch {
	case errors.Is(err, bundle.ErrOtherSpace):
		return wrapError(CodeOtherSpace, "The earlier file is of another space."+otherwise, err)
	case errors.Is(err, bundle.ErrStranger):
		return wrapError(CodeForgedFile, "The earlier file was made by somebody who is not known here to be in the space. Take it in first. Nothing was saved.", err)
	}
	told := new(Error)
	if explained := explainBundle(err); errors.As(explained, &told) {
		before, _, _ := strings.Cut(told.Message, ". ")
		return wrapError(told.Code, "About the earlier file: "+before+"."+otherwise, err)
	}
	return err
}
