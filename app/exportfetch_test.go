package app_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"parley/app"
	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

const pngBegins = "\x89PNG\r\n\x1a\n"

// showsFile adds a file and lets a document show it.
func (d *device) showsFile(ref crdt.Ref, media string, content []byte) app.File {
	d.t.Helper()
	file, reference, err := d.AddFile(d.ctx, ref.Space, media, bytes.NewReader(content))
	d.must(err)
	p := d.page(ref)
	defer p.close()
	_, err = p.commit(p.puts(chunk.ID{}, "shows "+file.Hash[:8], reference))
	d.must(err)
	_, err = d.Edit(d.ctx, ref, app.Edit{Insert: "See " + file.Hash[:8] + ": "}) // whoever has this has the reference, too
	d.must(err)
	return file
}

// hasAllOf waits until a device has everything that another wrote in a document.
func (d *device) hasAllOf(other *device, ref crdt.Ref) {
	d.t.Helper()
	waitFor(d.t, "the document has come", func() bool { return d.text(ref) == other.text(ref) })
}

// spares makes a device fetch nothing that nobody asks for.
func (d *device) spares() *device {
	d.t.Helper()
	d.must(d.SetFrugal(true))
	return d
}

// A reader's export fetches the files that they have never looked at, also of an
// archived space and though the network is used sparingly. They are named by
// what they are and not by what somebody called them.
func TestAnExportFetchesWhatIsNotHere(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben").spares()
	id, ref := ada.space("A bench by the pond.")
	picture := append([]byte(pngBegins), bytes.Repeat([]byte("pixels"), 400_000)...)
	script := []byte("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
	shown := map[string][]byte{ // by their names in the archive
		ada.showsFile(ref, "text/html", picture).Hash + ".png":                picture,
		ada.showsFile(ref, "image/svg+xml", script).Hash:                      script,
		ada.showsFile(ref, "image/png", []byte("%PDF-1.7 ...")).Hash + ".pdf": []byte("%PDF-1.7 ..."),
		ada.showsFile(ref, "image/png", nil).Hash:                             nil,
	}
	ada.must(ben.entersBy(ada, id, space.Reader, app.LetIn))
	ben.hasAllOf(ada, ref)
	ada.must(ada.ArchiveSpace(ada.ctx, id, true))
	ben.until("the space is archived", id, func(s app.Space) bool { return s.Archived })
	if files, err := ben.Files(id); err != nil || len(files) != 0 {
		t.Fatalf("before, Ben has %+v (%v)", files, err)
	}

	files, made := ben.exports(id)
	if made.Documents != 1 || made.Files != len(shown) || len(made.Unreadable) != 0 || len(made.Absent) != 0 {
		t.Errorf("exported %+v", made)
	}
	for name, want := range shown {
		if got, ok := files["files/"+name]; !ok || !bytes.Equal(got, want) {
			t.Errorf("files/%s is there: %v, with %d bytes", name, ok, len(got))
		}
	}
	if bytes.Contains(files["README.txt"], []byte("missing")) {
		t.Error("README.txt says that something is missing")
	}

	// They are here now: whoever gives them is not needed any more.
	ben.must(ben.SetOffline(true))
	if _, made := ben.exports(id); made.Files != len(shown) {
		t.Errorf("once more exported %+v", made)
	}
}

// Files that do not come are named with the reason wherever somebody looks, and
// keep nothing else out.
func TestAnExportNamesTheFilesThatDoNotCome(t *testing.T) {
	ada, ben, cem := newDevice(t, "Ada"), newDevice(t, "Ben").spares(), newDevice(t, "Cem").spares()
	id, ref := ada.space("A bench by the pond.")
	ada.must(ben.entersBy(ada, id, space.Reader, app.LetIn))
	ada.must(cem.entersBy(ada, id, space.Reader, app.LetIn))
	file := ada.showsFile(ref, "image/png", []byte(pngBegins))
	ben.hasAllOf(ada, ref)
	cem.hasAllOf(ada, ref)
	lacks := func(d *device, why app.AbsentWhy, sentence string) {
		t.Helper()
		files, made := d.exports(id)
		if made.Documents != 1 || made.Files != 0 || len(made.Unreadable) != 1 || made.Unreadable[0].What != "files/"+file.Hash ||
			len(made.Absent) != 1 || made.Absent[0].Why != why || made.Absent[0].Files != 1 {
			t.Errorf("%s: exported %+v", why, made)
			return
		}
		var about struct{ Lacks []app.Missing }
		if err := json.Unmarshal(files["space.json"], &about); err != nil || len(about.Lacks) != 1 || about.Lacks[0] != made.Unreadable[0] {
			t.Errorf("%s: space.json holds %+v (%v)", why, about, err)
		}
		said := made.Unreadable[0].Sentence
		if !strings.HasPrefix(said, `"Plan" shows it. `) || !strings.Contains(said, sentence) || !bytes.Contains(files["README.txt"], []byte(said)) {
			t.Errorf("%s: it says %q", why, said)
		}
		if got := string(files[only(t, files, `^documents/Plan .*\.md$`)]); !strings.HasSuffix(got, ": A bench by the pond.\n") {
			t.Errorf("%s: the document reads %q", why, got)
		}
	}

	ada.must(ada.SetOffline(true))
	ben.until("Ada is gone", id, func(s app.Space) bool { return !s.Members[0].Connected })
	lacks(ben, app.AbsentUnreachable, "Nobody who has it is reachable now. Export again when others")
	ben.must(ben.SetOffline(true))
	lacks(ben, app.AbsentOffline, "Go online and export again.")

	// Who was removed has what had come, and gets nothing more.
	ada.must(ada.SetOffline(false))
	cem.must(cem.Connect(cem.ctx, ada.Network().Addresses[0]))
	ada.must(ada.RemoveMember(ada.ctx, id, cem.Device()))
	cem.until("Cem is out", id, func(s app.Space) bool { return s.YouWere == app.WereRemoved })
	lacks(cem, app.AbsentOutside, "this device is not in the space")
}

// Somebody who is not there now, but was and said what they have, is named.
func TestAnExportSaysWhoHasWhatDidNotCome(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("A bench by the pond.")
	ada.must(ben.entersBy(ada, id, space.Reader, app.LetIn))
	later := []byte(pngBegins + "later")
	_, _, err := ada.AddFile(ada.ctx, id, "", bytes.NewReader(later))
	ada.must(err)
	// When this one comes by itself, Ben has heard of both.
	ada.showsFile(ref, "", []byte(pngBegins+"now"))
	waitFor(t, "one file has come", func() bool {
		files, err := ben.Files(id)
		return err == nil && len(files) == 1
	})
	ben.spares()
	ada.showsFile(ref, "", later)
	ben.hasAllOf(ada, ref)
	ada.must(ada.SetOffline(true))
	_, made := ben.exports(id)
	if made.Files != 1 || len(made.Unreadable) != 1 || !strings.Contains(made.Unreadable[0].Sentence, "Export again when Ada is online.") ||
		len(made.Absent) != 1 || !slices.Equal(made.Absent[0].Who, []string{"Ada"}) {
		t.Errorf("exported %+v", made)
	}
}

// An export that is stopped while it waits ends at once, and the window is told.
func TestAnExportIsStoppedWhileItWaits(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben").spares()
	id, ref := ada.space("A bench by the pond.")
	ada.must(ben.entersBy(ada, id, space.Reader, app.LetIn))
	ada.showsFile(ref, "image/png", []byte(pngBegins))
	ben.hasAllOf(ada, ref)
	ada.must(ada.SetOffline(true))
	ben.until("Ada is gone", id, func(s app.Space) bool { return !s.Members[0].Connected })

	p := ben.page(ref)
	defer p.close()
	app.DeliverBy(p.Window, &keeps{})
	ended := make(chan error, 1)
	go func() {
		_, err := p.ExportSpace(id.String())
		ended <- err
	}()
	for {
		told := p.hears(app.EventExporting).Data.(app.ExportingData)
		if told.Fetching == 1 {
			break
		}
	}
	if _, err := p.ExportSpace(id.String()); codeOf(err) != app.CodeInvalid {
		t.Errorf("a second one meanwhile: %v", err)
	}
	ben.must(p.StopExport(id.String()))
	if err := <-ended; codeOf(err) != app.CodeStopped {
		t.Errorf("it ended with %v", err)
	}
	if told := p.hears(app.EventExporting).Data.(app.ExportingData); told.End != app.ExportStopped {
		t.Errorf("at the end told %+v", told)
	}
	ben.must(p.StopExport(id.String()))
}
