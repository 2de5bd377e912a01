package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/app"
	"parley/crdt"
	"parley/space"
)

// orphaned is a space of Ada's, with documents and a file, that she has left to
// Ben, an editor, and Cem, an annotator.
func orphaned(t *testing.T, bens string) (ben, cem *device, id space.ID, refs []crdt.Ref) {
	t.Helper()
	ada := newDevice(t, "Ada")
	ben, cem = openAt(t, bens, true), newDevice(t, "Cem")
	ada.must(ben.SetPerson(ben.ctx, app.Person{Name: "Ben"}))
	id, ref := ada.space("words of Ada")
	refs = []crdt.Ref{ref}
	for n := range 3 {
		document, err := ada.CreateDocument(ada.ctx, id, app.NewDocument{Kind: "text", Title: fmt.Sprint("Plan ", n), Markdown: "words"})
		ada.must(err)
		refs = append(refs, crdt.Ref{Space: id, Document: document, Part: space.Body})
	}
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	ada.must(cem.entersBy(ada, id, space.Annotator, app.LetIn))
	_, err := ben.Edit(ben.ctx, ref, app.Edit{Insert: "Ben too. "})
	ada.must(err)
	_, _, err = ben.AddFile(ben.ctx, id, "image/png", strings.NewReader("a picture"))
	ada.must(err)
	ada.must(cem.Connect(cem.ctx, ben.Network().Addresses[0]))
	waitFor(t, "Cem reads Ben", func() bool { return cem.text(ref) == "Ben too. words of Ada" })
	ada.must(ada.LeaveSpace(ada.ctx, id))
	for _, d := range []*device{ben, cem} {
		d.until("Ada is gone", id, func(s app.Space) bool { return s.Facilitators == 0 })
	}
	return ben, cem, id, refs
}

// A space goes on in another, also when its founding is cut short twice, by the
// person and by the end of the program.
func TestASpaceGoesOnInAnother(t *testing.T) {
	dir := t.TempDir()
	ben, cem, id, refs := orphaned(t, dir)
	if _, err := cem.Succeed(cem.ctx, id, "Mine", func(int, int) {}); codeOf(err) != app.CodeNotAllowed {
		t.Errorf("an annotator founds: %v", err)
	}
	if _, err := ben.Succeed(ben.ctx, id, strings.Repeat("long", 40), func(int, int) {}); codeOf(err) != app.CodeInvalid {
		t.Errorf("a name that is too long: %v", err)
	}
	ben.must(ben.ArchiveDocument(ben.ctx, id, refs[1].Document, true))
	ctx, cancel := context.WithCancel(ben.ctx)
	_, err := ben.Succeed(ctx, id, "Next", func(done, of int) {
		if of != 5 {
			t.Errorf("there are %d to copy", of)
		}
		if done == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cut short it ends with %v", err)
	}
	if s, err := ben.Space(id); err != nil || s.Successor != nil {
		t.Errorf("before it is done, others are told: %+v (%v)", s.Successor, err)
	}
	ben.close()
	ben = openAt(t, dir, true)
	defer ben.close()
	next, err := ben.Succeed(ben.ctx, id, "Next", func(int, int) {})
	ben.must(err)
	if spaces := ben.Spaces(); len(spaces) != 2 {
		t.Errorf("there are %d spaces", len(spaces))
	}
	if _, err := ben.Succeed(ben.ctx, id, "Next", func(int, int) {}); codeOf(err) != app.CodeSucceeded {
		t.Errorf("founded once more: %v", err)
	}
	if list, err := ben.Documents(ben.ctx, next); err != nil || len(list) != 4 || list[0].Title != "Plan" || list[3].Title != "Plan 2" {
		t.Errorf("it lists %+v (%v)", list, err)
	}
	for n, ref := range refs {
		here, there := ben.listed(ref), ben.listed(crdt.Ref{Space: next, Document: ref.Document})
		if here.Archived != (n == 1) || there.Archived != here.Archived || !there.ArchivedAt.Equal(here.ArchivedAt) {
			t.Errorf("%+v is listed there as %+v", here, there)
		}
	}
	if files, err := ben.Files(next); err != nil || len(files) != 1 || files[0].Media != "image/png" {
		t.Errorf("it has the files %+v (%v)", files, err)
	}
	for _, ref := range refs {
		there := crdt.Ref{Space: next, Document: ref.Document, Part: ref.Part}
		if got, want := ben.text(there), ben.text(ref); got != want {
			t.Errorf("a document reads %q there and %q here", got, want)
		}
	}
	// Its history is there too: the file of the one merges into the other.
	saved, err := ben.Show(ben.ctx, refs[0], app.FormatAutomerge)
	ben.must(err)
	if n, err := ben.Merge(ben.ctx, crdt.Ref{Space: next, Document: refs[0].Document, Part: space.Body}, saved); n != 0 || err != nil {
		t.Errorf("%d changes were missing (%v)", n, err)
	}

	// Cem comes along, and gets his role back, once.
	ben.must(cem.Connect(cem.ctx, ben.Network().Addresses[0]))
	cem.until("Cem is told", id, func(s app.Space) bool {
		return s.Successor != nil && s.Successor.CanJoin && s.Successor.By == "Ben" && s.Successor.Name == "Next"
	})
	joined, err := cem.JoinSuccessor(cem.ctx, id)
	if err != nil || joined != next {
		t.Fatalf("Cem joins %s (%v)", joined, err)
	}
	cem.until("Cem is an annotator there", next, func(s app.Space) bool { return s.Role == "annotator" })
	if s, err := cem.Space(id); err != nil || s.Successor.CanJoin || s.Successor.Space != next.String() {
		t.Errorf("to Cem the successor is %+v (%v)", s.Successor, err)
	}
	ben.must(ben.SetRole(ben.ctx, next, cem.Device(), space.Reader))
	cem.until("Cem is a reader", next, func(s app.Space) bool { return s.Role == "reader" })
	ben.must(ben.RenameSpace(ben.ctx, next, "Further"))
	cem.until("and stays one", next, func(s app.Space) bool { return s.Name == "Further" && s.Role == "reader" })
}

// Nobody gets more in a successor by taking somebody else's code.
func TestASuccessorGivesNoMoreThanBefore(t *testing.T) {
	ben, cem, id, _ := orphaned(t, t.TempDir())
	defer ben.close()
	next, err := ben.Succeed(ben.ctx, id, "Next", func(int, int) {})
	ben.must(err)
	invitations, err := ben.Invitations(next)
	if err != nil || len(invitations) != 1 || invitations[0].Role != "reader" || invitations[0].Uses != 2 {
		t.Fatalf("there are invitations %+v (%v)", invitations, err)
	}
	cem.until("Cem is told", id, func(s app.Space) bool { return s.Successor != nil })
	// A stranger with the code comes in as a reader, and stays one.
	stranger := newDevice(t, "Dan")
	code, err := app.ParseCode(invitations[0].Code)
	ben.must(err)
	_, err = stranger.Join(stranger.ctx, code)
	ben.must(err)
	_, err = cem.JoinSuccessor(cem.ctx, id)
	ben.must(err)
	ben.until("Cem has his role", next, func(s app.Space) bool {
		return len(s.Members) == 3 && s.Members[1].Role == "reader" && s.Members[2].Role == "annotator"
	})
}

// Where nobody writes either, nobody founds a successor, and whoever asks is not
// sent to an editor.
func TestASpaceWithoutFacilitatorsAndEditors(t *testing.T) {
	ada, cem := newDevice(t, "Ada"), newDevice(t, "Cem")
	id, _ := ada.space("words of Ada")
	ada.must(cem.entersBy(ada, id, space.Annotator, app.LetIn))
	ada.must(ada.LeaveSpace(ada.ctx, id))
	cem.until("Ada is gone", id, func(s app.Space) bool { return s.Facilitators == 0 })
	_, err := cem.Succeed(cem.ctx, id, "Mine", func(int, int) {})
	if codeOf(err) != app.CodeNotAllowed || !strings.Contains(err.Error(), "nobody here is one") {
		t.Errorf("an annotator founds: %v", err)
	}
}
