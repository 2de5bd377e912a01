package app_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"parley/app"
	"parley/crdt"
	"parley/space"
)

// actorOf opens the device, asks under which actor a window would write, and
// whether it says that its directory was copied.
func actorOf(t *testing.T, dir string, ref crdt.Ref) (actor string, told bool) {
	t.Helper()
	d := openAt(t, dir, false)
	defer d.close()
	w, done := d.OpenWindow(d.ctx, func(app.Event) {})
	defer done()
	opened, err := w.OpenDocument(ref.Space.String(), ref.Document.String(), ref.Part.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, notice := range d.Notices() {
		told = told || notice.Code == app.NoticeCopied
	}
	return opened.Actor, told
}

// writtenIn is a closed device with a document.
func writtenIn(t *testing.T) (dir string, ref crdt.Ref) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "device")
	d := openAt(t, dir, false)
	defer d.close()
	if err := d.SetPerson(d.ctx, app.Person{Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	_, ref = d.space("the plan")
	return dir, ref
}

// copied is a copy of a directory that keeps times and modes.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if out, err := exec.Command("cp", "-a", dir, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

func TestACopiedDirectoryWritesUnderNumbersOfItsOwn(t *testing.T) {
	dir, ref := writtenIn(t)
	before, told := actorOf(t, dir, ref)
	if told {
		t.Error("a directory that was only opened again is called a copy")
	}
	other := copied(t, dir)
	there, told := actorOf(t, other, ref)
	if there == before || !told {
		t.Errorf("the copy writes as %s, the original as %s; told: %v", there, before, told)
	}
	if again, _ := actorOf(t, other, ref); again != there {
		t.Errorf("the copy writes as %s, and then as %s", there, again)
	}
	if here, told := actorOf(t, dir, ref); here != before || told {
		t.Errorf("the original writes as %s, and no more as %s; told: %v", here, before, told)
	}
}

func TestADirectoryThatWasPutBackWritesUnderOtherNumbers(t *testing.T) {
	for name, write := range map[string]func(path string, content []byte) error{
		"by new files": func(path string, content []byte) error {
			if err := os.WriteFile(path+".new", content, 0o600); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		},
		"in place": func(path string, content []byte) error { return os.WriteFile(path, content, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, ref := writtenIn(t)
			before, _ := actorOf(t, dir, ref)
			saved := copied(t, dir)
			d := openAt(t, dir, false)
			if _, err := d.Edit(d.ctx, ref, app.Edit{Insert: "written after the copy was made: "}); err != nil {
				t.Fatal(err)
			}
			d.close()
			putBack(t, saved, dir, write)
			if after, told := actorOf(t, dir, ref); after == before || !told {
				t.Errorf("it goes on as %s, and wrote as %s; told: %v", after, before, told)
			}
		})
	}
}

// putBack makes a directory what a copy of it is, and touches only what
// differs.
func putBack(t *testing.T, from, to string, write func(path string, content []byte) error) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(from, path)
		if there, err := os.ReadFile(filepath.Join(to, name)); err == nil && bytes.Equal(there, content) {
			return nil
		}
		return write(filepath.Join(to, name), content)
	})
	if err == nil {
		err = filepath.WalkDir(to, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, _ := filepath.Rel(to, path)
			if _, err := os.Lstat(filepath.Join(from, name)); err == nil {
				return nil
			}
			return os.Remove(path)
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCopiesOfADirectoryThatWasNeverMarkedWriteUnderDifferentNumbers opens what
// an earlier version wrote, as if it had been carried to another machine before
// either was opened by this one.
func TestCopiesOfADirectoryThatWasNeverMarkedWriteUnderDifferentNumbers(t *testing.T) {
	var actors []string
	for range 2 {
		dir := t.TempDir()
		archive := filepath.Join("testdata", "format1", "closed.tar.gz")
		if out, err := exec.Command("tar", "-xzf", archive, "-C", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		ref := aDocument(t, dir)
		actor, told := actorOf(t, dir, ref)
		if told {
			t.Error("a directory of an earlier version is called a copy")
		}
		if again, told := actorOf(t, dir, ref); again != actor || told {
			t.Errorf("it writes as %s, and then as %s; told: %v", actor, again, told)
		}
		actors = append(actors, actor)
	}
	if actors[0] == actors[1] {
		t.Errorf("both copies write as %s", actors[0])
	}
}

// aDocument is one that the device in a directory has.
func aDocument(t *testing.T, dir string) crdt.Ref {
	t.Helper()
	d := openAt(t, dir, false)
	defer d.close()
	id, err := d.FindSpace(d.Spaces()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	documents, err := d.Documents(d.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	document, err := d.FindDocument(d.ctx, id, documents[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return crdt.Ref{Space: id, Document: document, Part: space.Body}
}
