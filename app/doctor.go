package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/crdt"
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

// sentences are faults as lines of text.
func sentences(faults []Fault) string {
	var b strings.Builder
	for _, fault := range slices.All(faults) {
		fmt.Fprintf(&b, "%s\n  %s\n", fault.Sentence, fault.Remedy)
	}
	return b.String()
}
