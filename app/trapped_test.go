package app_test

import (
	"testing"

	"parley/app"
)

// A page names the change that its Automerge cannot take; it opens the
// document again without it, and people are told.
func TestAChangeThatAPageCannotShowIsSetAside(t *testing.T) {
	d := newDevice(t, "Ada")
	_, ref := d.space("words")
	writer, reader := d.page(ref), d.page(ref)
	defer reader.close()
	bad := writer.types("bad ")
	if _, err := writer.commit(bad); err != nil {
		t.Fatal(err)
	}
	writer.close()
	reader.hears(app.EventMoved)
	trapped := func(chunk []byte) error {
		return reader.Trapped(ref.Space.String(), ref.Document.String(), ref.Part.String(), [][]byte{chunk})
	}
	if err := trapped([]byte("no change")); codeOf(err) != app.CodeInvalid {
		t.Errorf("what is no change: %v", err)
	}
	for range 2 { // the second time there is nothing left to do
		if err := trapped(bad); err != nil {
			t.Fatal(err)
		}
	}
	reader.open()
	if got := d.text(ref); got != "words" {
		t.Errorf("the text is %q", got)
	}
	if _, err := reader.commit(reader.types("good ")); err != nil {
		t.Error(err)
	}
	if got := d.text(ref); got != "good words" {
		t.Errorf("the text is %q", got)
	}
	reader.hears(app.EventNotices)
	list, err := reader.Notices()
	if err != nil || len(list) != 1 || list[0].Code != app.NoticeSetAside || list[0].Values["person"] != "Ada" || list[0].Values["count"] != "1" {
		t.Errorf("the notices are %+v, %v", list, err)
	}
	reader.close()
	if err := trapped(bad); codeOf(err) != app.CodeNotOpen {
		t.Errorf("a window that has the document not open: %v", err)
	}
}
