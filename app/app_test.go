package app_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/app"
	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

func TestACommitIsDurableAndReachesTheOtherWindow(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, dir, false)
	if err := d.SetPerson(d.ctx, app.Person{Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	_, ref := d.space("words")
	first, second := d.page(ref), d.page(ref)
	if first.opened.Actor == second.opened.Actor {
		t.Fatal("two windows write as one actor")
	}
	done, err := first.commit(first.types("Hello "))
	if err != nil {
		t.Fatal(err)
	}
	moved, ok := second.hears(app.EventMoved).Data.(app.MovedData)
	if !ok || moved.Position != done.Position || moved.Document != ref.Document.String() {
		t.Errorf("the other window was told %+v, want position %d", moved, done.Position)
	}
	pulled := second.pull(second.opened.Position)
	if len(pulled.Chunks) != 1 || pulled.Position != done.Position {
		t.Errorf("pulled %d chunks up to %d, want 1 up to %d", len(pulled.Chunks), pulled.Position, done.Position)
	}
	if again := second.pull(pulled.Position); len(again.Chunks) != 0 {
		t.Errorf("pulled %d chunks twice", len(again.Chunks))
	}
	if own := first.pull(first.opened.Position); len(own.Chunks) != 0 {
		t.Errorf("a window was given back %d of its own changes", len(own.Chunks))
	}
	first.close()
	second.close()
	for len(first.events) > 0 {
		if e := <-first.events; e.Name == app.EventMoved {
			t.Error("a window was told of its own commit")
		}
	}
	d.close()
	reopened := openAt(t, dir, false)
	defer reopened.close()
	if got := reopened.text(ref); got != "Hello words" {
		t.Errorf("after a restart the text is %q", got)
	}
}

func TestWhatAWindowMayNotCommit(t *testing.T) {
	d := newDevice(t, "Ada")
	_, ref := d.space("words")
	first, second := d.page(ref), d.page(ref)
	defer first.close()
	defer second.close()
	one := first.types("a")
	for name, c := range map[string]struct {
		changes [][]byte
		want    app.Code
	}{
		"nothing":               {nil, app.CodeInvalid},
		"nonsense":              {[][]byte{[]byte("nonsense")}, app.CodeInvalid},
		"an empty change":       {[][]byte{{}}, app.CodeInvalid},
		"another's actor":       {[][]byte{second.types("b")}, app.CodeInvalid},
		"more than it may take": {[][]byte{make([]byte, 17<<20)}, app.CodeTooLarge},
		"one change twice":      {[][]byte{one, one}, app.CodeInvalid},
	} {
		if _, err := first.commit(c.changes...); codeOf(err) != c.want {
			t.Errorf("%s: %v, want code %s", name, err, c.want)
		}
	}
	if _, err := first.commit(one); err != nil {
		t.Errorf("after all this, a good commit fails: %v", err)
	}
	if _, err := first.commit(one); err != nil {
		t.Errorf("a commit whose answer was lost cannot be repeated: %v", err)
	}
	first.mine = [][]byte{one}
	two := first.types("b")
	first.mine = [][]byte{one, two}
	three := first.types("c")
	if _, err := first.commit(three); codeOf(err) != app.CodeOutOfOrder {
		t.Errorf("a change that overtook another: %v", err)
	}
	if _, err := first.Commit(ref.Space.String(), strings.Repeat("ab", 16), "body", [][]byte{one}); codeOf(err) != app.CodeNotOpen {
		t.Errorf("a part that is not open: %v", err)
	}
	if got := d.text(ref); got != "awords" {
		t.Errorf("the text is %q", got)
	}
}

func TestAFreshPageTakesOverWhatTheLastOneHeld(t *testing.T) {
	d := newDevice(t, "Ada")
	_, ref := d.space("words")
	p := d.page(ref)
	defer p.close()
	if _, err := p.commit(p.types("a")); err != nil {
		t.Fatal(err)
	}
	actor := p.opened.Actor
	welcome, err := p.Hello()
	if err != nil || welcome.Person == nil || welcome.Person.Name != "Ada" || len(welcome.Spaces) != 1 {
		t.Fatalf("Hello said %+v, %v", welcome, err)
	}
	if _, err := p.commit(p.types("b")); codeOf(err) != app.CodeNotOpen {
		t.Errorf("the page before the reload can still commit: %v", err)
	}
	p.mine = nil
	p.open()
	if p.opened.Actor != actor {
		t.Error("the actor that was free again was not used again")
	}
	if _, err := p.commit(p.types("c")); err != nil {
		t.Errorf("an actor that is leased again cannot go on: %v", err)
	}
	if got := d.text(ref); got != "cawords" {
		t.Errorf("the text is %q", got)
	}
}

func TestASmallSpaceOfTwo(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("words")
	invitation, err := ada.Invite(ada.ctx, id, space.Editor, 1, time.Hour, app.LetIn)
	if err != nil {
		t.Fatal(err)
	}
	adas := ada.page(ref)
	defer adas.close()
	bens, closeBens := ben.OpenWindow(ben.ctx, func(app.Event) {})
	joined, err := bens.Join(invitation.Code)
	if err != nil || joined.ID != id.String() || joined.Role != "editor" || len(joined.Members) != 2 {
		t.Fatalf("joined %+v, %v", joined, err)
	}
	adas.hears(app.EventSpaces)
	if complete, err := ben.CatchUp(ben.ctx, id); err != nil || !complete {
		t.Fatalf("catch up: %v, %v", complete, err)
	}
	page := ben.page(ref)
	defer page.close()
	if _, err := page.commit(page.types("Ben's ")); err != nil {
		t.Fatal(err)
	}
	adas.hears(app.EventMoved)
	if got := ada.text(ref); got != "Ben's words" {
		t.Errorf("Ada reads %q", got)
	}

	// Presence.
	if err := page.Announce(id.String(), ref.Document.String(), []byte("caret")); err != nil {
		t.Fatal(err)
	}
	adas.hears(app.EventHere)
	here, err := adas.Here(id.String())
	if err != nil || len(here) != 1 || here[0].Name != "Ben" || string(here[0].State) != "caret" || here[0].Document != ref.Document.String() {
		t.Errorf("Ada sees %+v, %v", here, err)
	}
	// A device is where its window moved last; when that is closed, where
	// another of its windows is.
	seen := func(state string) func() bool {
		return func() bool {
			here, err := adas.Here(id.String())
			return err == nil && len(here) == 1 && string(here[0].State) == state
		}
	}
	if err := bens.Announce(id.String(), "", []byte("elsewhere")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Ben is elsewhere", seen("elsewhere"))
	closeBens()
	waitFor(t, "Ben is back at his caret", seen("caret"))
	if err := page.Announce(id.String(), ref.Document.String(), make([]byte, 3<<10)); codeOf(err) != app.CodeTooLarge {
		t.Errorf("a huge presence: %v", err)
	}

	// An editor may not invite.
	if _, err := page.Invite(id.String(), app.InviteOptions{Role: "editor", Uses: 1, Hours: 1}); codeOf(err) != app.CodeNotAllowed {
		t.Errorf("an editor's invitation: %v", err)
	}

	// Who has the latest.
	waitFor(t, "Ben has the latest", func() bool {
		status, err := adas.Status(id.String(), ref.Document.String())
		return err == nil && status.Saved && len(status.Members) == 1 && status.Members[0].HasLatest && status.Members[0].Connected
	})
	if err := page.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Ben is gone", func() bool {
		network, err := adas.Network()
		return err == nil && len(network.Peers) == 0
	})
	if _, err := adas.commit(adas.types("Alone ")); err != nil {
		t.Fatal(err)
	}
	status, err := adas.Status(id.String(), ref.Document.String())
	if err != nil || status.Members[0].HasLatest || status.Members[0].LastSeen == nil {
		t.Errorf("with Ben away the status is %+v, %v", status, err)
	}
	if err := page.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Ben caught up", func() bool { return strings.Contains(ben.text(ref), "Alone ") })
}

func TestMergingACopyNeverTakesTheTextAway(t *testing.T) {
	d := newDevice(t, "Ada")
	id, ref := d.space("words")
	child := materialize.New(materialize.Options{})
	defer child.Close()

	// A copy that another program changed.
	copied, err := d.Show(d.ctx, ref, app.FormatAutomerge)
	if err != nil {
		t.Fatal(err)
	}
	foreign := chunk.Actor("another program!")
	change, err := child.Edit(d.ctx, [][]byte{copied}, foreign, materialize.Edit{Insert: "foreign ", Time: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time brings nothing
		if _, err := d.Merge(d.ctx, ref, append(copied, change...)); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.text(ref); got != "foreign words" {
		t.Errorf("after the merge the text is %q", got)
	}

	// A document that was born elsewhere.
	other, err := d.CreateDocument(d.ctx, id, app.NewDocument{Kind: "text", Title: "Other", Markdown: "other words"})
	if err != nil {
		t.Fatal(err)
	}
	unrelated, err := d.Show(d.ctx, crdt.Ref{Space: id, Document: other, Part: space.Body}, app.FormatAutomerge)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Merge(d.ctx, ref, unrelated); codeOf(err) != app.CodeUnrelated {
		t.Errorf("an unrelated document: %v", err)
	}

	// A copy in which a program put another value in the text's place, and one
	// into which an unrelated document was merged elsewhere.
	snapshot, err := chunk.ParseSnapshot(copied, chunk.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	replacing, err := chunk.Encode(
		chunk.Change{Actor: foreign + "2", Seq: 1, StartOp: 1 << 20, Deps: snapshot.Heads}, nil,
		[]chunk.Op{{Key: chunk.Key{Name: "text", IsName: true}, Action: chunk.Put, Value: chunk.String("mine")}})
	if err != nil {
		t.Fatal(err)
	}
	born, err := child.Create(d.ctx, materialize.Birth{Actor: foreign + "3", Kind: "text", Time: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]byte{replacing.Raw, born[0]} {
		if _, err := d.Merge(d.ctx, ref, slices.Concat(copied, more)); codeOf(err) != app.CodeUnrelated {
			t.Errorf("a copy that takes the text away: %v", err)
		}
	}

	// A change without the one it builds on.
	second, err := child.Edit(d.ctx, [][]byte{copied, change}, foreign, materialize.Edit{Insert: "more ", Time: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	third, err := child.Edit(d.ctx, [][]byte{copied, change, second}, foreign, materialize.Edit{Insert: "most ", Time: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Merge(d.ctx, ref, third); codeOf(err) != app.CodeUnreadable {
		t.Errorf("a change without its parent: %v", err)
	}
	if got := d.text(ref); got != "foreign words" {
		t.Errorf("at the end the text is %q", got)
	}
}

func TestAStoreFromANewerVersionIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, dir, false)
	locations := d.Locations()
	d.close()
	makeNewer(t, locations)
	_, err := app.Open(context.Background(), app.Options{Locations: locations, Log: slog.New(slog.DiscardHandler)})
	if codeOf(err) != app.CodeNewer {
		t.Errorf("a newer store: %v", err)
	}
}

func TestADirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, dir, false)
	defer d.close()
	_, err := app.Open(context.Background(), app.Options{Locations: d.Locations(), Log: slog.New(slog.DiscardHandler)})
	if codeOf(err) != app.CodeInUse {
		t.Errorf("a directory in use: %v", err)
	}
}

func TestAKilledFounderGetsItsIndexBack(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, dir, false)
	if err := d.SetPerson(d.ctx, app.Person{Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	locations := d.Locations()
	d.close()
	id := foundWithoutIndex(t, locations)

	again := openAt(t, dir, false)
	defer again.close()
	documents, err := again.Documents(again.ctx, id)
	if err != nil || len(documents) != 0 {
		t.Errorf("the space lists %v, %v", documents, err)
	}
	if _, err := again.CreateDocument(again.ctx, id, app.NewDocument{Kind: "text", Title: "T"}); err != nil {
		t.Error(err)
	}
	if _, err := again.CreateDocument(again.ctx, space.ID{1}, app.NewDocument{Kind: "text", Title: "T"}); codeOf(err) != app.CodeNotFound {
		t.Errorf("a space that is not here: %v", err)
	}
}

func TestExplainKeepsTheCauseForTheLog(t *testing.T) {
	cause := errors.New("disk on fire")
	told := app.Explain(cause)
	if told.Code != app.CodeInternal || !errors.Is(told, cause) || !strings.Contains(told.Message, "disk on fire") {
		t.Errorf("told %+v", told)
	}
}

func TestProfilesAndPaths(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	for _, bad := range []string{"../up", "a/b", "-x", strings.Repeat("x", 33), "ä"} {
		if _, err := app.Profile(bad); codeOf(err) != app.CodeInvalid {
			t.Errorf("profile %q: %v", bad, err)
		}
	}
	first, err := app.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	second, err := app.Profile("second")
	if err != nil || first.Data() == second.Data() || first.ControlSocket() == second.ControlSocket() {
		t.Errorf("profiles %v and %v are not apart (%v)", first, second, err)
	}
	deep, err := app.At(filepath.Join(t.TempDir(), strings.Repeat("deep/", 40)))
	if err != nil || len(deep.ControlSocket()) > 100 {
		t.Errorf("a control socket of %d bytes, %v", len(deep.ControlSocket()), err)
	}
}
