package app_test

import (
	"testing"
	"time"

	"parley/app"
	"parley/crdt"
	"parley/space"
)

// listed tells how a document is listed.
func (d *device) listed(ref crdt.Ref) app.Document {
	d.t.Helper()
	documents, err := d.Documents(d.ctx, ref.Space)
	d.must(err)
	for _, listed := range documents {
		if listed.ID == ref.Document.String() {
			return listed
		}
	}
	return app.Document{}
}

func TestADocumentIsArchivedAndBroughtBack(t *testing.T) {
	ada, ben, cem := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cem")
	id, ref := ada.space("words")
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	ada.must(cem.entersBy(ada, id, space.Annotator, app.LetIn))

	ada.must(ada.ArchiveDocument(ada.ctx, id, ref.Document, true))
	for _, d := range []*device{ada, ben, cem} {
		waitFor(t, "all list it as archived", func() bool { return d.listed(ref).Archived })
	}
	if since := ben.listed(ref).ArchivedAt; time.Since(since).Abs() > time.Minute {
		t.Errorf("it is archived since %s", since)
	}
	if err := ben.ArchiveDocument(ben.ctx, id, ref.Document, true); codeOf(err) != app.CodeNoEffect {
		t.Errorf("archived again: %v", err)
	}
	if err := cem.ArchiveDocument(cem.ctx, id, ref.Document, false); codeOf(err) != app.CodeNotAllowed {
		t.Errorf("an annotator brings it back: %v", err)
	}
	if err := ben.ArchiveDocument(ben.ctx, id, crdt.DocumentID{1}, true); codeOf(err) != app.CodeNotFound {
		t.Errorf("a document that is not there: %v", err)
	}

	// It can be read, and is not changed by mistake.
	if got := ben.text(ref); got != "words" {
		t.Errorf("it reads %q", got)
	}
	saved, err := ben.Show(ben.ctx, ref, app.FormatAutomerge)
	ada.must(err)
	if _, err := ben.Edit(ben.ctx, ref, app.Edit{Insert: "More "}); codeOf(err) != app.CodeShelved {
		t.Errorf("edited: %v", err)
	}
	if _, err := ben.Merge(ben.ctx, ref, saved); codeOf(err) != app.CodeShelved {
		t.Errorf("merged: %v", err)
	}

	ada.must(ben.ArchiveDocument(ben.ctx, id, ref.Document, false))
	waitFor(t, "Ada has it back", func() bool { return !ada.listed(ref).Archived })
	if since := ada.listed(ref).ArchivedAt; !since.IsZero() {
		t.Errorf("brought back, it is archived since %s", since)
	}
	if err := ada.ArchiveDocument(ada.ctx, id, ref.Document, false); codeOf(err) != app.CodeNoEffect {
		t.Errorf("brought back again: %v", err)
	}
	if err := cem.ArchiveDocument(cem.ctx, id, ref.Document, true); codeOf(err) != app.CodeNotAllowed {
		t.Errorf("an annotator archives it: %v", err)
	}
	_, err = ada.Edit(ada.ctx, ref, app.Edit{Insert: "More "})
	ada.must(err)
}

// What somebody writes in a document before they hear that it is archived is
// part of it: to archive is a matter of the list.
func TestWhatIsWrittenWhileADocumentIsArchivedCounts(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("words")
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	page := ben.page(ref)
	defer page.close()
	ada.must(ben.SetOffline(true))
	ada.must(ada.ArchiveDocument(ada.ctx, id, ref.Document, true))
	_, err := ben.Edit(ben.ctx, ref, app.Edit{Insert: "More "})
	ada.must(err)
	ada.must(ben.SetOffline(false))
	ada.must(ben.Connect(ben.ctx, ada.Network().Addresses[0]))
	waitFor(t, "Ada reads it, and Ben hears of the archive", func() bool {
		return ada.text(ref) == "More words" && ben.listed(ref).Archived && ada.listed(ref).Archived
	})
}
