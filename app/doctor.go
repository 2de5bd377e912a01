package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/space"
)

// Fault is one thing that is wrong with what is stored on this computer, or
// several of one kind in one place.
type Fault struct {
	About    string `json:"about"` // a crdt.Subject, or "file"
	Space    string `json:"space,omitempty"`
	Document string `json:"document,omitempty"`
	Part     string `json:"part,omitempty"`
	File     string `json:"file,omitempty"`
	Count    int    `json:"count"`
	Sentence string `json:"sentence"` // what is wrong
	Remedy   string `json:"remedy"`   // what a repair does about it
	Detail   string `json:"detail"`   // of the first, for whoever knows the format
}

// faults puts into words what was found in a store. What is alike and in one
// place is one fault.
func (a *App) faults(ctx context.Context, found []crdt.Finding) []Fault {
	return describe(found, func(id space.ID) string {
		if log, ok := a.store.Log(id); ok {
			return log.Name()
		}
		return ""
	}, func(ref crdt.Ref) string {
		documents, err := a.Documents(ctx, ref.Space)
		if err != nil {
			return "" // it may be what is damaged
		}
		for _, document := range documents {
			if document.ID == ref.Document.String() {
				return document.Title
			}
		}
		return ""
	})
}

// faultPlace is where findings are counted together.
type faultPlace struct {
	about crdt.Subject
	space space.ID
	ref   crdt.Ref
}

// describe puts findings into words, with the names that spaces and documents
// have where these are known.
func describe(found []crdt.Finding, spaceName func(space.ID) string, title func(crdt.Ref) string) []Fault {
	counts := make(map[faultPlace]int)
	var order []faultPlace
	details := make(map[faultPlace]string)
	for _, f := range found {
		at := faultPlace{f.About, f.Space, f.Ref}
		if counts[at]++; counts[at] == 1 {
			order = append(order, at)
			details[at] = fmt.Sprintf("%v (key %x)", f.Wrong, f.Key)
		}
	}
	faults := make([]Fault, 0, len(order))
	for _, at := range order {
		words := wordsFor[at.about]
		fault := Fault{About: string(at.about), Count: counts[at], Detail: details[at], Remedy: words.remedy}
		where := "this computer's store"
		if at.space != (space.ID{}) {
			fault.Space = at.space.String()
			where = called("the space", spaceName(at.space), fault.Space)
		}
		if at.ref != (crdt.Ref{}) {
			fault.Document, fault.Part = at.ref.Document.String(), at.ref.Part.String()
			where = documentIn(at.ref, title, where)
		}
		fault.Sentence = words.sentence(fault.Count, where)
		faults = append(faults, fault)
	}
	return faults
}

func documentIn(ref crdt.Ref, title func(crdt.Ref) string, in string) string {
	if ref.Document == crdt.IndexID(ref.Space) {
		return "the list of documents of " + in
	}
	what := called("the document", title(ref), ref.Document.String())
	if ref.Part == space.Annotations {
		what = "the annotations of " + what
	}
	return what + " in " + in
}

// called names something by its name, or by its ID if it has none here.
func called(what, name, id string) string {
	if name == "" {
		return what + " " + id[:8]
	}
	return fmt.Sprintf("%s %q", what, shown(name, maxTitle))
}

// words are those for what is wrong with one kind of record.
type words struct {
	one, many string // with %s for the place, after %d for how many
	remedy    string
}

func (w words) sentence(count int, where string) string {
	if count == 1 {
		return fmt.Sprintf(w.one, where)
	}
	return fmt.Sprintf(w.many, count, where)
}

const (
	remedyAnew   = "A repair works this out again from what is there. Nothing is lost."
	remedyOthers = "A repair keeps all that can be read, puts the rest aside, and asks the other members for it."
	remedyAside  = "A repair puts it aside. No work is lost with it."
)

var wordsFor = map[crdt.Subject]words{
	crdt.AboutStore: {
		"A number that %s needs cannot be right.", "%d numbers that %s needs cannot be right.", remedyAnew},
	crdt.AboutSpace: {
		"The beginning of %s is missing, so it cannot be opened.", "%[2]s cannot be opened for %[1]d reasons.",
		"It stays where it is. When you join the space again, with an invitation, everything that is here of it is there again."},
	crdt.AboutEntry: {
		"An entry of the list of members of %s cannot be read.", "%d entries of the list of members of %s cannot be read.",
		"It stays where it is, and comes again when this computer meets another member. Until then, members may be missing."},
	crdt.AboutPart: {
		"What is noted about %s cannot be right.", "%d things that are noted about %s cannot be right.", remedyAnew},
	crdt.AboutActor: {
		"What is noted about an author of %s cannot be right.", "What is noted about %d authors of %s cannot be right.", remedyAnew},
	crdt.AboutChange: {
		"A change of %s cannot be read.", "%d changes of %s cannot be read.", remedyOthers},
	crdt.AboutSnapshot: {
		"A saved state of %s cannot be read.", "%d pieces of saved states of %s cannot be read.", remedyOthers},
	crdt.AboutHave: {
		"What another member is known to have of %s cannot be read.", "What %d members are known to have of %s cannot be read.", remedyAside},
	crdt.AboutQuarantine: {
		"Something of %s that had been refused cannot be read.", "%d things of %s that had been refused cannot be read.", remedyAside},
	crdt.AboutBlob: {
		"An attached file of %s cannot be read.", "%d pieces of attached files of %s cannot be read.",
		"A repair puts it aside. It comes again when somebody attaches the same file, or sends it."},
	crdt.AboutUnknown: {
		"There is a record in %s that this version of Parley does not know.", "There are %d records in %s that this version of Parley does not know.",
		"A repair puts it aside."},
}

// aboutFile is the subject of faults of files.
const aboutFile = "file"

// fileFaults puts into words what is wrong with files.
func fileFaults(damages []badger.Damage) (faults []Fault) {
	for _, d := range damages {
		at := slices.IndexFunc(faults, func(f Fault) bool { return f.File == d.File })
		if at >= 0 {
			faults[at].Count++
			continue
		}
		faults = append(faults, Fault{
			About: aboutFile, File: d.File, Count: 1, Detail: d.String(),
			Sentence: fmt.Sprintf("The file %s in the store is damaged.", d.File),
			Remedy:   "A repair copies everything that can be read, also where a single bit has changed, and keeps the damaged files beside the copy. So does Parley by itself when it starts.",
		})
	}
	return faults
}

// Diagnosis is what a look at everything that is stored came to.
type Diagnosis struct {
	Faults   []Fault `json:"faults"`   // what is wrong
	Repaired []Fault `json:"repaired"` // what was, and is not any more

	Leftovers []string `json:"leftovers,omitempty"` // what lies there and is not read: sentences
}

// leftovers explains what earlier damage has left in the data directory.
func leftovers(l Locations) (sentences []string) {
	asides, _ := filepath.Glob(l.Store() + damagedSuffix + "-*") // the pattern is sound
	for _, dir := range asides {
		info, err := os.Stat(dir)
		if err != nil {
			continue
		}
		sentences = append(sentences, fmt.Sprintf(
			"%s holds damaged files that were put aside, last changed on %s. Parley does not read them. Keep the directory until you are sure that nothing is missing; then you can delete it.",
			dir, info.ModTime().Local().Format("2 January 2006")))
	}
	return sentences
}

// Examine looks at every file and every record, while the device is in use. It
// changes nothing.
func (a *App) Examine(ctx context.Context) (Diagnosis, error) {
	var damages []badger.Damage
	if err := a.backend.Check(ctx, func(d badger.Damage) { damages = append(damages, d) }); err != nil {
		return Diagnosis{}, err
	}
	found, err := a.findings(ctx)
	if err != nil {
		return Diagnosis{}, err
	}
	return Diagnosis{
		Faults: append(fileFaults(damages), a.faults(ctx, found)...), Repaired: []Fault{}, Leftovers: leftovers(a.locations),
	}, nil
}

func (a *App) findings(ctx context.Context) (found []crdt.Finding, err error) {
	err = a.store.Examine(ctx, func(f crdt.Finding) { found = append(found, f) })
	return found, err
}

// ExamineAt looks at every file and every record of a device that nobody has
// open. Without repair, it changes nothing that is stored, and looks at records
// only where all files are as they should be. It fails like Open.
func ExamineAt(ctx context.Context, o Options, repair bool) (made Diagnosis, err error) {
	defer func() { made.Leftovers = leftovers(o.Locations) }()
	if entries, err := os.ReadDir(o.Locations.Store()); err != nil || len(entries) == 0 {
		return Diagnosis{}, newError(CodeNotFound, fmt.Sprintf("There is no store in %s, so there is nothing to look at. Check the directory (--data).", o.Locations.Data()))
	}
	files, err := examineFiles(ctx, o)
	if err != nil {
		return Diagnosis{}, err
	}
	if len(files) > 0 && !repair {
		return Diagnosis{Faults: files, Repaired: []Fault{}}, nil
	}
	a, err := openForDoctor(ctx, o)
	if err != nil {
		return Diagnosis{}, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	found, err := a.findings(ctx)
	if err != nil {
		return Diagnosis{}, err
	}
	made = Diagnosis{Faults: a.faults(ctx, found), Repaired: []Fault{}}
	if !repair {
		return made, err
	}
	if err := a.store.Repair(ctx, found); err != nil {
		a.log.Warn("not everything could be repaired", "err", err)
	}
	var damages []badger.Damage
	if err := a.backend.Check(ctx, func(d badger.Damage) { damages = append(damages, d) }); err != nil {
		return Diagnosis{}, err
	}
	left, err := a.findings(ctx)
	if err != nil {
		return Diagnosis{}, err
	}
	made.Repaired = slices.DeleteFunc(append(files, made.Faults...), func(f Fault) bool {
		return slices.ContainsFunc(left, func(l crdt.Finding) bool { return f.is(l) })
	})
	made.Faults = append(fileFaults(damages), a.faults(ctx, left)...)
	return made, nil
}

// is reports whether a fault is about the same place as a finding.
func (f Fault) is(l crdt.Finding) bool {
	if f.About != string(l.About) {
		return false
	}
	id, document := "", ""
	if l.Space != (space.ID{}) {
		id = l.Space.String()
	}
	if l.Ref != (crdt.Ref{}) {
		document = l.Ref.Document.String()
	}
	return f.Space == id && f.Document == document && (document == "" || f.Part == l.Ref.Part.String())
}

// examineFiles looks at every byte of the files.
func examineFiles(ctx context.Context, o Options) ([]Fault, error) {
	storeKey, err := unlock(ctx, o)
	if err != nil {
		return nil, err
	}
	defer storeKey.Wipe()
	key := storeKey.Store()
	defer clear(key)
	var damages []badger.Damage
	err = badger.Check(ctx, badger.Options{Dir: o.Locations.Store(), Key: key, Log: o.Log}, func(d badger.Damage) { damages = append(damages, d) })
	if err != nil {
		return nil, (&App{locations: o.Locations}).explainStore(err)
	}
	return fileFaults(damages), nil
}

// openForDoctor opens no more of a device than its store.
func openForDoctor(ctx context.Context, o Options) (_ *App, err error) {
	storeKey, err := unlock(ctx, o)
	if err != nil {
		return nil, err
	}
	a := &App{locations: o.Locations, log: o.Log, storeKey: storeKey, news: newNews()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.key, _, err = loadKey(o.Locations, storeKey); err != nil {
		return nil, err
	}
	if a.notices, err = openNotices(o.Locations.Notices(), storeKey, o.Log, func() {}); err != nil {
		return nil, err
	}
	o.leave = true
	return a, a.openStore(ctx, o)
}
