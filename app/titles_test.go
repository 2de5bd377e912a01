package app_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"parley/app"
	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

func TestTitlesOfNewDocuments(t *testing.T) {
	d := newDevice(t, "Ada")
	id, _ := d.space("")
	for _, title := range []string{
		"", "  ", strings.Repeat("ä", 201), "two\nlines", "two\rlines", "two\u2028lines",
		"evil \x1b[31mred\x1b]0;owned\a", "turned \u202eround", "\u2066isolated", "nul\x00", "\xff\xfe",
	} {
		if _, err := d.CreateDocument(d.ctx, id, app.NewDocument{Kind: "text", Title: title}); codeOf(err) != app.CodeInvalid {
			t.Errorf("title %q: %v", title, err)
		}
	}
	for _, title := range []string{strings.Repeat("ä", 200), " a plan ", "خطة موقف الحافلة", "plan 😀 №1"} {
		if _, err := d.CreateDocument(d.ctx, id, app.NewDocument{Kind: "text", Title: title}); err != nil {
			t.Errorf("title %q: %v", title, err)
		}
	}
}

// TestTitlesFromElsewhereAreFitToBeShown writes into the index what no Parley
// would, as a window may and as a member's device may.
func TestTitlesFromElsewhereAreFitToBeShown(t *testing.T) {
	d := newDevice(t, "Ada")
	id, _ := d.space("")
	index := d.page(crdt.Ref{Space: id, Document: crdt.IndexID(id), Part: space.Body})
	defer index.close()
	child := materialize.New(materialize.Options{})
	defer child.Close()
	var actor chunk.Actor
	if err := actor.UnmarshalText([]byte(index.opened.Actor)); err != nil {
		t.Fatal(err)
	}
	put := func(id, kind, title string) {
		t.Helper()
		change, err := child.PutEntry(d.ctx, append(index.opened.Chunks, index.mine...), actor,
			materialize.IndexEntry{ID: id, Kind: kind, Title: title, Created: time.Unix(1<<33, 0)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := index.commit(change); err != nil {
			t.Fatal(err)
		}
	}
	first, second := strings.Repeat("0a", 16), strings.Repeat("0b", 16)
	put(first, "te\nxt", "Plan\n0123456789ab  Forged (text)\x1b[31m \u202eevil\u2066")
	put(second, "text", strings.Repeat("long ", 1_000))
	put("no document", "text", "not listed")
	put(strings.Repeat("0C", 16), "text", "not listed: another way to write an ID")
	documents, err := d.Documents(d.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if len(documents) != 3 {
		t.Fatalf("%d documents are listed, want 3", len(documents))
	}
	odd, long := documents[1], documents[2]
	if want := "Plan\uFFFD0123456789ab  Forged (text)\uFFFD[31m \uFFFDevil\uFFFD"; odd.ID != first || odd.Title != want || odd.Kind != "te\uFFFDxt" {
		t.Errorf("listed as %+v", odd)
	}
	if long.ID != second || utf8.RuneCountInString(long.Title) != 200 {
		t.Errorf("a long title is listed as %q", long.Title)
	}
}
