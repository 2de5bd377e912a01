package bundle_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"parley/app/bundle"
	"parley/crdt"
	"parley/space"
)

// TestAFileGoesBackAndForth: two devices that never meet end with the same, and
// each file holds what the other lacks and no more.
func TestAFileGoesBackAndForth(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id := ada.founds()
	ada.admits(id, space.Editor, ben)
	plan, board := refIn(id, 1), refIn(id, 2)
	ada.writes(plan, "a", "b", "c")
	ada.writes(board, "d")
	blob, err := ada.store.PutBlob(t.Context(), id, "image/png", strings.NewReader(strings.Repeat("picture", 400_000)))
	if err != nil {
		t.Fatal(err)
	}

	first := ada.packs(id, bundle.Options{Files: true})
	taken := ben.takes(first)
	if !taken.Joined || len(taken.New) != 2 || len(taken.Updated) != 0 || taken.Files != 1 || taken.Device != ada.key.Device() {
		t.Errorf("Ben took in %+v", taken)
	}
	ben.same(id, ada)
	if err := ben.store.VerifyBlob(t.Context(), id, blob.ID); err != nil {
		t.Error(err)
	}
	if again := ben.takes(first); again.Joined || len(again.New)+len(again.Updated)+again.Files+again.Entries+len(again.Refused) != 0 {
		t.Errorf("the same file once more brought %+v", again)
	}

	ben.writes(plan, "e")
	ben.writes(refIn(id, 3), "f")
	answer := ben.packsSince(id, first)
	if len(answer) > 20_000 {
		t.Errorf("the answer has %d bytes: it brings what Ada has", len(answer))
	}
	taken = ada.takes(answer)
	if taken.Joined || len(taken.New) != 1 || len(taken.Updated) != 1 || taken.Files != 0 {
		t.Errorf("Ada took in %+v", taken)
	}
	ada.same(id, ben)

	// What goes on from one's own earlier file.
	ada.writes(board, "g")
	second, made := ada.packed(id, bundle.Options{Since: ada.knows(id, answer), Files: true})
	if made.Documents != 1 || made.Files != 0 {
		t.Errorf("the second file brings %+v", made)
	}
	ben.takes(second)
	ben.same(id, ada)
	ada.writes(board, "h")
	ben.takes(ada.packsSince(id, second))
	ben.same(id, ada)
}

// TestWhoMadeAFileIsKnownToHaveIt: the file says how far its maker has got, of
// the parts that it brings nothing of too.
func TestWhoMadeAFileIsKnownToHaveIt(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id := ada.founds()
	ada.admits(id, space.Editor, ben)
	ada.writes(refIn(id, 1), "a")
	first := ada.packs(id, bundle.Options{})
	ada.writes(refIn(id, 2), "b")
	ben.takes(first)
	heard := make(map[crdt.Ref]crdt.Vector)
	_, err := bundle.Take(t.Context(), ben.store, ben.key, bytes.NewReader(ada.packsSince(id, first)),
		func(device space.DeviceID, ref crdt.Ref, vector crdt.Vector) {
			if device != ada.key.Device() {
				t.Errorf("%s has it", device)
			}
			heard[ref] = vector
		})
	if err != nil || len(heard) != 2 {
		t.Fatalf("%d parts were told of, %v", len(heard), err)
	}
	for ref, vector := range heard {
		if ours, err := ben.store.Vector(ref); err != nil || !maps.Equal(ours, vector) {
			t.Errorf("of %s %v was told, and %v is here (%v)", ref, vector, ours, err)
		}
	}
}

// TestOneDocumentTravelsAlone, with the list of documents, and with the pictures
// that it shows.
func TestOneDocumentTravelsAlone(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id := ada.founds()
	ada.admits(id, space.Reader, ben)
	index := crdt.Ref{Space: id, Document: crdt.IndexID(id), Part: space.Body}
	shown, err := ada.store.PutBlob(t.Context(), id, "image/png", strings.NewReader("shown"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := ada.store.PutBlob(t.Context(), id, "image/png", strings.NewReader("elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	ada.writes(index, "titles")
	ada.writes(refIn(id, 1), "a", shown.ID.Reference())
	ada.writes(refIn(id, 2), "b", other.ID.Reference())
	notes := refIn(id, 1)
	notes.Part = space.Annotations
	ada.writes(notes, "c")

	taken := ben.takes(ada.packs(id, bundle.Options{Document: refIn(id, 1).Document, Files: true}))
	if want := []crdt.DocumentID{refIn(id, 1).Document}; !slices.Equal(taken.New, want) {
		t.Errorf("new are %v", taken.New)
	}
	if got := ben.store.Refs(id); !slices.Contains(got, notes) || !slices.Contains(got, index) || slices.Contains(got, refIn(id, 2)) {
		t.Errorf("Ben has %v", got)
	}
	// Ben may only read, and takes in what others have put there.
	if !ben.store.HasBlob(id, shown.ID) || ben.store.HasBlob(id, other.ID) {
		t.Error("Ben has not the one picture that the document shows")
	}
	// Since a file of one document, everything else is still to come.
	ben.takes(ada.packsSince(id, ada.packs(id, bundle.Options{Document: refIn(id, 1).Document, Files: true})))
	ben.same(id, ada)
	if !ben.store.HasBlob(id, other.ID) {
		t.Error("the other picture has not come")
	}
}

// TestAFileWithoutFiles leaves them out, and a file that goes on from it brings
// them.
func TestAFileWithoutFiles(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id := ada.founds()
	ada.admits(id, space.Editor, ben)
	ada.writes(refIn(id, 1), "a")
	blob, err := ada.store.PutBlob(t.Context(), id, "", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	bare := ada.packs(id, bundle.Options{})
	if taken := ben.takes(bare); taken.Files != 0 || ben.store.HasBlob(id, blob.ID) {
		t.Errorf("it brought %+v", taken)
	}
	if taken := ben.takes(ada.packsSince(id, bare)); taken.Files != 1 || !ben.store.HasBlob(id, blob.ID) {
		t.Errorf("it brought %+v", taken)
	}
}

// TestWhatGoesOnFromAFileThatWasNotTakenIn says that something is missing, and
// nothing that builds on it is shown.
func TestWhatGoesOnFromAFileThatWasNotTakenIn(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id := ada.founds()
	ada.admits(id, space.Editor, ben)
	ada.writes(refIn(id, 1), "a")
	first := ada.packs(id, bundle.Options{})
	ada.writes(refIn(id, 1), "b")
	second := ada.packsSince(id, first)
	if taken := ben.takes(second); len(taken.Waiting) != 1 || len(taken.New) != 0 || taken.Everything() {
		t.Errorf("it brought %+v", taken)
	}
	ben.takes(first)
	if taken := ben.takes(second); len(taken.Waiting) != 0 || len(taken.Updated) != 1 {
		t.Errorf("after the first it brought %+v", taken)
	}
	ben.same(id, ada)
}

// TestWhatDoesNotCountIsSetAsideFromAFileToo: a reader's changes are as they
// would be over the network, and others find them set aside too.
func TestWhatDoesNotCountIsSetAsideFromAFileToo(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	id := ada.founds()
	ada.admits(id, space.Editor, ben, cleo)
	ada.writes(refIn(id, 1), "a")
	ben.takes(ada.packs(id, bundle.Options{}))
	log, _ := ada.store.Log(id)
	entries, err := log.SetRole(ada.key, ben.key.Device(), space.Reader, nil, ada.now())
	ada.enters(id, err, entries...)
	ben.writes(refIn(id, 1), "not any more") // as far as Ben knows, he may
	ben.writes(refIn(id, 2), "nor here")
	taken := ada.takes(ben.packs(id, bundle.Options{}))
	if len(taken.Refused) != 2 || len(taken.Updated)+len(taken.New) != 0 {
		t.Errorf("Ada took in %+v", taken)
	}
	if again := ada.takes(ben.packs(id, bundle.Options{})); len(again.Refused) != 0 {
		t.Errorf("what is set aside already is told of again: %+v", again)
	}
	// Cleo, who has never met Ben, finds it set aside as well.
	file := ada.packs(id, bundle.Options{})
	if taken := cleo.takes(file); len(taken.Refused) != 2 || len(taken.New) != 1 {
		t.Errorf("Cleo took in %+v", taken)
	}
	cleo.same(id, ada)
	if _, made := cleo.packed(id, bundle.Options{Since: cleo.knows(id, file)}); made.Documents != 0 {
		t.Errorf("an answer to that brings %+v", made)
	}
}

// TestWhoIsOutCannotTakeIn: a file for somebody who was removed before it was
// made does not open, and one made before says that they are out, once they know.
func TestWhoIsOutCannotTakeIn(t *testing.T) {
	ada, ben, eve := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Eve")
	id := ada.founds()
	ada.admits(id, space.Editor, ben)
	ada.writes(refIn(id, 1), "a")
	before := ada.packs(id, bundle.Options{})
	ben.takes(before)
	ada.removes(id, ben)
	ada.writes(refIn(id, 1), "b")
	after := ada.packs(id, bundle.Options{})
	for name, d := range map[string]*device{"removed": ben, "a stranger": eve} {
		if _, err := d.tries(after); err == nil || !strings.Contains(err.Error(), bundle.ErrNotForUs.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Ben hears of it.
	log, _ := ada.store.Log(id)
	if _, _, err := ben.store.AddEntries(t.Context(), id, log.Entries()); err != nil {
		t.Fatal(err)
	}
	digest := ben.store.Digest(id)
	if _, err := ben.tries(before); err == nil || !strings.Contains(err.Error(), bundle.ErrNoMember.Error()) {
		t.Errorf("who knows to be out: %v", err)
	}
	if ben.store.Digest(id) != digest {
		t.Error("something was taken in")
	}
	// Who comes back comes back by a file, too.
	ada.admits(id, space.Editor, ben)
	ben.takes(ada.packs(id, bundle.Options{}))
	ben.same(id, ada)
}

// TestAFileTellsNothingOfItsSpace: neither its ID nor the devices are in it in
// clear, the number of recipients is filled up, and two files have nothing in
// common.
func TestAFileTellsNothingOfItsSpace(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	id := ada.founds()
	ada.admits(id, space.Editor, ben, cleo)
	one, two := ada.packs(id, bundle.Options{}), ada.packs(id, bundle.Options{})
	for _, secret := range [][]byte{id[:], []byte(id.String()), []byte("Riverside"), bytes.Clone(deviceBytes(ada)), bytes.Clone(deviceBytes(ben))} {
		if bytes.Contains(one, secret) {
			t.Errorf("%q is in it", secret)
		}
	}
	head := func(file []byte) []string {
		clear, _, _ := bytes.Cut(file, []byte("\n--- "))
		return strings.Split(string(clear), "\n")
	}
	if n := (len(head(one)) - 1) / 2; n != 8 {
		t.Errorf("it has %d recipients", n)
	}
	for _, line := range head(one)[1:] {
		if slices.Contains(head(two), line) {
			t.Errorf("two files have %q in common", line)
		}
	}
	for _, line := range head(one)[1:] {
		if strings.HasPrefix(line, "->") && (!strings.HasPrefix(line, "-> X25519 ") || len(strings.Fields(line)) != 3) {
			t.Errorf("a recipient of another kind: %q", line)
		}
	}
	if _, err := age.Decrypt(bytes.NewReader(one), mustIdentity(t)); err == nil {
		t.Error("anybody can open it")
	}
}

func deviceBytes(d *device) []byte {
	id := d.key.Device()
	return id[:]
}

func mustIdentity(t *testing.T) age.Identity {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// TestAnythingWrittenMeanwhileIsNotPromised: a file that is made while somebody
// writes may be gone on from.
func TestAnythingWrittenMeanwhileIsNotPromised(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id := ada.founds()
	ada.admits(id, space.Editor, ben)
	for n := range byte(20) {
		ada.writes(refIn(id, n+1), "a", "b")
	}
	n := 0
	first := ada.packs(id, bundle.Options{Tell: func(done, of int) {
		n++
		ada.writes(refIn(id, byte(n)), fmt.Sprint("while it is made ", n))
	}})
	ben.takes(first)
	ben.takes(ada.packsSince(id, first))
	ben.same(id, ada)
}
