package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/app"
	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/space"
)

// exports unpacks what a device exports of a space.
func (d *device) exports(id space.ID) (files map[string][]byte, made app.Export) {
	d.t.Helper()
	var to bytes.Buffer
	last := 0
	made, err := d.Export(d.ctx, id, &to, func(p app.ExportProgress) {
		if p.Done < last || p.Done > last+1 || p.Done > p.Of || p.Fetched > p.Fetching {
			d.t.Errorf("after %d it is at %+v", last, p)
		}
		last = p.Done
	})
	if err != nil {
		d.t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(to.Bytes()), int64(to.Len()))
	if err != nil {
		d.t.Fatal(err)
	}
	files = make(map[string][]byte)
	for _, file := range archive.File {
		from, err := file.Open()
		if err != nil {
			d.t.Fatal(err)
		}
		if files[file.Name], err = io.ReadAll(from); err != nil {
			d.t.Fatal(err)
		}
	}
	return files, made
}

// only is the name of the one file that matches.
func only(t *testing.T, files map[string][]byte, pattern string) string {
	t.Helper()
	var found []string
	for name := range files {
		if regexp.MustCompile(pattern).MatchString(name) {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s matches %v", pattern, found)
	}
	return found[0]
}

// A reader exports everything, in an archived space and after they were
// removed, and it can be checked and read without Parley.
func TestEverythingIsExported(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("# Words\n\nof both")
	if _, err := ada.CreateDocument(ada.ctx, id, app.NewDocument{Kind: "text", Title: `../a:b*"<c>|? ` + strings.Repeat("long ", 20), Markdown: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ada.AddFile(ada.ctx, id, "image/png", strings.NewReader(pngBegins+"a picture")); err != nil {
		t.Fatal(err)
	}
	ada.must(ben.entersBy(ada, id, space.Reader, app.LetIn))
	ada.must(ada.ArchiveSpace(ada.ctx, id, true))
	ben.until("the space is archived", id, func(s app.Space) bool { return s.Archived })

	files, made := ben.exports(id)
	if made.Documents != 2 || made.Files != 0 || len(made.Unreadable) != 0 { // nobody here has asked for one
		t.Errorf("exported %+v", made)
	}
	if got := string(files[only(t, files, `^documents/Plan [0-9a-f]{8}\.md$`)]); got != "# Words\n\nof both\n" {
		t.Errorf("the document reads %q", got)
	}
	if name := only(t, files, `^documents/a b c long .*\.md$`); strings.ContainsAny(strings.TrimPrefix(name, "documents/"), `/\:*?"<>|`) || len(name) > 100 {
		t.Errorf("a file is called %s", name)
	}
	saved := files[only(t, files, `^documents/Plan .*\.automerge$`)]
	if _, err := chunk.Split(saved, chunk.DefaultLimits); err != nil {
		t.Errorf("the Automerge file: %v", err)
	}
	if n, err := ada.Merge(ada.ctx, ref, saved); codeOf(err) != app.CodeArchived {
		t.Errorf("merging into an archived space took %d (%v)", n, err)
	}
	var log struct {
		Members []app.Member
		Entries []struct {
			Hash, Kind, Author, Name string
			Bytes                    string
		}
	}
	if err := json.Unmarshal(files["members.json"], &log); err != nil {
		t.Fatal(err)
	}
	var entries [][]byte
	for _, e := range log.Entries {
		raw, err := base64.StdEncoding.DecodeString(e.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, raw)
	}
	checked, err := space.Open(entries)
	if err != nil || checked.ID() != id || !checked.Archived() || len(checked.Seats()) != 2 {
		t.Errorf("the log that was exported: %v", err)
	}
	if len(log.Members) != 2 || log.Members[1].Name != "Ben" || log.Members[0].LastSeen != nil || log.Entries[0].Kind != "found" || log.Entries[0].Name != "Ada" {
		t.Errorf("members.json holds %+v", log.Members)
	}
	if bytes.Contains(files["members.json"], []byte("PARLEY1")) {
		t.Error("the export gives codes away")
	}

	ada.must(ada.ArchiveSpace(ada.ctx, id, false))
	if n, err := ada.Merge(ada.ctx, ref, saved); n != 0 || err != nil {
		t.Errorf("merging back took %d (%v)", n, err)
	}
	ada.must(ada.RemoveMember(ada.ctx, id, ben.Device()))
	ben.until("Ben is out", id, func(s app.Space) bool { return s.YouWere == app.WereRemoved })
	if _, err := ada.Edit(ada.ctx, ref, app.Edit{Insert: "Secret "}); err != nil {
		t.Fatal(err)
	}
	files, made = ben.exports(id)
	if made.Documents != 2 || bytes.Contains(files[only(t, files, `^documents/Plan .*\.md$`)], []byte("Secret")) {
		t.Errorf("after the removal %+v", made)
	}

	files, made = ada.exports(id)
	if made.Files != 1 || string(files[only(t, files, `^files/[0-9a-f]{64}\.png$`)]) != pngBegins+"a picture" {
		t.Errorf("Ada exports %+v", made)
	}
	var about struct {
		Format    int
		Name      string
		Documents []struct {
			Title string
			Files []string
		}
		Lacks []app.Missing
	}
	if err := json.Unmarshal(files["space.json"], &about); err != nil || about.Format != 1 || about.Name != "Park" || len(about.Documents) != 2 || about.Lacks == nil {
		t.Errorf("space.json holds %+v (%v)", about, err)
	}
	for _, d := range about.Documents {
		for _, name := range d.Files {
			if _, ok := files[name]; !ok {
				t.Errorf("%s is not in the archive", name)
			}
		}
	}
}

// What is damaged, or has not arrived, is named, and keeps nothing else out.
func TestAnExportNamesWhatItLacks(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, dir, false)
	d.must(d.SetPerson(d.ctx, app.Person{Name: "Ada"}))
	id, _ := d.space("words")
	gone, err := d.CreateDocument(d.ctx, id, app.NewDocument{Kind: "text", Title: "Gone", Markdown: "gone"})
	d.must(err)
	_, _, err = d.AddFile(d.ctx, id, "", strings.NewReader("a picture"))
	d.must(err)
	locations := d.Locations()
	d.close()
	spoil(t, locations, id, gone)

	d = openAt(t, dir, false)
	defer d.close()
	files, made := d.exports(id)
	var lacks []string
	for _, lack := range made.Unreadable {
		lacks = append(lacks, lack.What+": "+lack.Sentence)
	}
	slices.Sort(lacks)
	if len(lacks) != 2 || lacks[0] != "Gone: This document has not arrived on this computer yet." ||
		!regexp.MustCompile(`^files/[0-9a-f]{64}: This file was damaged`).MatchString(lacks[1]) {
		t.Errorf("the export lacks %q", lacks)
	}
	if made.Documents != 2 || made.Files != 0 {
		t.Errorf("exported %+v", made)
	}
	if got := string(files[only(t, files, `^documents/Plan .*\.md$`)]); got != "words\n" {
		t.Errorf("the other document reads %q", got)
	}
}

// spoil takes a document out of a device's store that is closed, as though it
// had never come, and damages every file of a space.
func spoil(t *testing.T, l app.Locations, id space.ID, gone crdt.DocumentID) {
	t.Helper()
	backend, err := badger.Open(badger.Options{Dir: l.Store(), Key: storeKey(t, l).Store(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	var ops []crdt.Op
	err = backend.View(func(r crdt.Reader) error {
		return r.Scan(append([]byte{'s'}, id[:]...), nil, func(key, value []byte) (bool, error) {
			table, rest := key[33], key[34:]
			switch {
			case (table == 'p' || table == 'd') && bytes.HasPrefix(rest, gone[:]):
				ops = append(ops, crdt.Op{Key: bytes.Clone(key)})
			case table == 'B':
				damaged := bytes.Clone(value)
				damaged[0] ^= 1
				ops = append(ops, crdt.Op{Key: bytes.Clone(key), Value: damaged})
			}
			return true, nil
		})
	})
	if err == nil {
		err = backend.Write(ops)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// keeps is a Delivery that holds what it is given.
type keeps struct {
	name    string
	content bytes.Buffer
}

func (k *keeps) Deliver(ctx context.Context, name string, write func(context.Context, io.Writer) error) (app.Exported, error) {
	k.name = name
	return app.Exported{File: "/somewhere/" + name}, write(ctx, &k.content)
}

func TestAWindowExports(t *testing.T) {
	d := newDevice(t, "Ada")
	id, ref := d.space("words")
	p := d.page(ref)
	defer p.close()
	if _, err := p.ExportSpace(id.String()); codeOf(err) != app.CodeInvalid {
		t.Errorf("a window that nobody gets files from: %v", err)
	}
	var to keeps
	app.DeliverBy(p.Window, &to)
	made, err := p.ExportSpace(id.String())
	if err != nil || made.File != "/somewhere/"+to.name || made.URL != "" {
		t.Errorf("it was exported to %+v (%v)", made, err)
	}
	if to.name != "Park "+id.String()[:8]+".zip" {
		t.Errorf("it is called %q", to.name)
	}
	if _, err := zip.NewReader(bytes.NewReader(to.content.Bytes()), int64(to.content.Len())); err != nil {
		t.Error(err)
	}
	for {
		told, ok := p.hears(app.EventExporting).Data.(app.ExportingData)
		if !ok || told.Space != id.String() || told.Of != 1 {
			t.Fatalf("told %+v", told)
		}
		if told.End != "" {
			if told.End != app.ExportMade || told.Done != 1 || told.Absent == nil || told.Lacks != 0 {
				t.Errorf("at the end told %+v", told)
			}
			return
		}
	}
}

// A founder who left, forgot the space and was invited again gets its list of
// documents from the others, and makes no other one.
func TestAFounderComesBack(t *testing.T) {
	dir := t.TempDir()
	ada, ben := openAt(t, dir, true), newDevice(t, "Ben")
	ada.must(ada.SetPerson(ada.ctx, app.Person{Name: "Ada"}))
	id, ref := ada.space("words")
	ada.must(ben.entersBy(ada, id, space.Facilitator, app.LetIn))
	ada.must(ada.LeaveSpace(ada.ctx, id))
	ben.until("Ada is gone", id, func(s app.Space) bool { return len(s.Members) == 1 })
	ada.must(ada.ForgetSpace(ada.ctx, id))
	ada.must(ada.entersBy(ben, id, space.Editor, app.LetIn))
	locations := ada.Locations()
	ada.close()
	spoil(t, locations, id, crdt.IndexID(id)) // as though the list had not come yet
	ada = openAt(t, dir, false)
	if list, err := ada.Documents(ada.ctx, id); err != nil || len(list) != 0 {
		t.Errorf("before they meet, Ada lists %+v (%v)", list, err)
	}
	if _, err := ada.CreateDocument(ada.ctx, id, app.NewDocument{Kind: "text", Title: "Too early"}); codeOf(err) != app.CodeNotFound {
		t.Errorf("a document before the list is there: %v", err)
	}
	ada.close()
	ada = openAt(t, dir, true)
	defer ada.close()
	ada.must(ada.Connect(ada.ctx, ben.Network().Addresses[0]))
	for _, d := range []*device{ada, ben} {
		waitFor(t, "the list is there", func() bool {
			list, err := d.Documents(d.ctx, id)
			return err == nil && len(list) == 1 && list[0].ID == ref.Document.String()
		})
	}
}
