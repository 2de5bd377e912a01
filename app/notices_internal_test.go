package app

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/app/vault"
	"parley/crdt"
	"parley/space"
)

func openTestNotices(t *testing.T, path string) (*notices, *int) {
	t.Helper()
	changes := new(int)
	v := vault.At(filepath.Join(filepath.Dir(path), "store.key"), nil)
	key, err := v.Open(t.Context(), nil)
	if errors.Is(err, vault.ErrMissing) {
		key, _, err = v.Create(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	n, err := openNotices(path, key, slog.New(slog.DiscardHandler), func() { *changes++ })
	if err != nil {
		t.Fatal(err)
	}
	return n, changes
}

func TestNoticesStayUntilSomebodyDismissesThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notices.json")
	n, changes := openTestNotices(t, path)
	n.add(Notice{ID: "a", Code: NoticeCopied})
	n.add(Notice{ID: "b", Code: NoticeRestored, Values: map[string]string{"file": "park.parley"}})
	n.add(Notice{ID: "a", Code: NoticeDamaged, Values: map[string]string{"files": "000001.sst"}})
	if *changes != 3 {
		t.Errorf("%d changes were told", *changes)
	}
	again, _ := openTestNotices(t, path)
	list := again.all()
	if len(list) != 2 || list[0].Code != NoticeDamaged || list[1].Values["file"] != "park.parley" || list[0].At.IsZero() {
		t.Fatalf("after a restart: %+v", list)
	}
	again.dismiss("a")
	again.dismiss("a")
	last, _ := openTestNotices(t, path)
	if list := last.all(); len(list) != 1 || list[0].ID != "b" {
		t.Errorf("after one was dismissed: %+v", list)
	}
	for i := range maxNotices + 10 {
		last.add(Notice{ID: strconv.Itoa(i), Code: NoticeCopied})
	}
	if list := last.all(); len(list) != maxNotices || list[0].ID != strconv.Itoa(maxNotices+9) {
		t.Errorf("%d notices are kept, the newest is %s", len(list), list[0].ID)
	}
}

func TestNoticesThatCannotBeReadLieAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notices.json")
	if err := os.WriteFile(path, []byte(`[{"id":`), 0o600); err != nil {
		t.Fatal(err)
	}
	n, _ := openTestNotices(t, path)
	if list := n.all(); len(list) != 0 {
		t.Errorf("read %+v", list)
	}
	if raw, err := os.ReadFile(path + damagedSuffix); err != nil || string(raw) != `[{"id":` {
		t.Errorf("what could not be read is %q, %v", raw, err)
	}
}

// What a store reports becomes a notice with the words for it; what happens
// again to one document, by one person, adds to it.
func TestAnIncidentBecomesANotice(t *testing.T) {
	locations, err := At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Options{Locations: locations, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := a.SetPerson(t.Context(), Person{Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	id, err := a.CreateSpace(t.Context(), "Park")
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan Event, 100)
	w, closeWindow := a.OpenWindow(t.Context(), func(e Event) { events <- e })
	defer closeWindow()
	ref := crdt.Ref{Space: id, Document: crdt.DocumentID{7}, Part: space.Body}
	for range 2 {
		a.notices.hear(crdt.Incident{Kind: crdt.IncidentAside, Ref: ref, Device: a.Device(), Count: 2, Time: time.Now()})
	}
	a.notices.hear(crdt.Incident{Kind: crdt.IncidentDamaged, Count: 3, Time: time.Now()})
	deadline := time.After(20 * time.Second)
	var list []Notice
	for len(list) < 2 || list[0].Code != NoticeDamaged || list[1].Values["count"] != "4" {
		select {
		case e := <-events:
			if e.Name != EventNotices {
				continue
			}
		case <-deadline:
			t.Fatalf("the window sees %+v", list)
		}
		if list, err = w.Notices(); err != nil {
			t.Fatal(err)
		}
	}
	aside := list[1]
	if aside.Code != NoticeSetAside || aside.Values["person"] != "Ada" || aside.Values["own"] != "true" ||
		aside.Space != id.String() || aside.Document != ref.Document.String() {
		t.Errorf("the notice is %+v", aside)
	}
	if said := aside.Sentence(); !strings.Contains(said, "4 changes") || !strings.Contains(said, "Ada") {
		t.Errorf("it says %q", said)
	}
	if err := w.DismissNotice(aside.ID); err != nil {
		t.Fatal(err)
	}
	if list := a.Notices(); len(list) != 1 || list[0].Code != NoticeDamaged {
		t.Errorf("left are %+v", list)
	}
}
