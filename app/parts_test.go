package app_test

import (
	"testing"

	"parley/app"
	"parley/space"
)

// A page may be reloaded just while its person's role is another one. What is
// typed there is taken when the role is back, without opening it once more.
func TestADocumentOpenedWithoutTheRoleIsWrittenOnceItIsBack(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("words")
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	is := func(role string) func(app.Space) bool {
		return func(s app.Space) bool { return s.Role == role }
	}
	ben.until("Ben is an editor", id, is("editor"))
	ada.must(ada.SetRole(ada.ctx, id, ben.Device(), space.Reader))
	ben.until("Ben is a reader", id, is("reader"))
	page := ben.page(ref)
	defer page.close()
	if page.opened.Writable {
		t.Error("a reader is told that the document can be written")
	}
	change := page.types("mine ")
	if _, err := page.commit(change); codeOf(err) != app.CodeNotAllowed {
		t.Fatalf("a reader writes: %v", err)
	}
	ada.must(ada.SetRole(ada.ctx, id, ben.Device(), space.Editor))
	ben.until("Ben is an editor again", id, is("editor"))
	if _, err := page.commit(change); err != nil {
		t.Fatalf("an editor cannot write what they opened as a reader: %v", err)
	}
}
