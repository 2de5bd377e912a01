package bundle_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"parley/app/bundle"
	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize"
	"parley/space"
)

// edit is one of a real history: a place, how much is deleted there, and what is
// inserted.
type edit struct {
	at, remove int
	insert     string
}

// UnmarshalJSON reads [place, deleted, "inserted"].
func (e *edit) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(raw, &[]any{&e.at, &e.remove, &e.insert})
}

func readHistory(t *testing.T) (edits []edit, end string) {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "bench", "data", "sveltecomponent.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var history struct {
		EndContent string
		Txns       []struct{ Patches []edit }
	}
	if err := json.NewDecoder(unzipped).Decode(&history); err != nil {
		t.Fatal(err)
	}
	for _, txn := range history.Txns {
		edits = append(edits, txn.Patches...)
	}
	return edits, history.EndContent
}

// TestARealTextIsWrittenByTurns: two people write a text that was really written,
// key by key, each a stretch of it, and the stick goes between them with what has
// changed since it came. A third takes in whatever lies on it now and then. In
// the end all have the text.
func TestARealTextIsWrittenByTurns(t *testing.T) {
	edits, end := readHistory(t)
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	id := ada.founds()
	ada.admits(id, space.Editor, ben, cleo)
	ref := refIn(id, 1)
	child := materialize.New(materialize.Options{})
	defer child.Close()
	born := space.ActorFor(id, ada.key.Device(), 1)
	birth, err := child.Create(t.Context(), materialize.Birth{Actor: chunk.Actor(born[:]), Kind: "text"})
	if err != nil {
		t.Fatal(err)
	}
	ada.keeps(ref, ada.parses(birth))

	first := ada.packs(id, bundle.Options{})
	ben.takes(first)
	stick := first
	writers := []*device{ada, ben}
	turn := len(edits)/24 + 1
	largest := 0
	for n := 0; len(edits) > 0; n++ {
		now := edits[:min(turn, len(edits))]
		edits = edits[len(now):]
		writers[n%2].types(ref, now)
		stick = writers[n%2].packsSince(id, stick)
		largest = max(largest, len(stick))
		if taken := writers[(n+1)%2].takes(stick); len(taken.Waiting) > 0 || len(taken.Updated) != 1 {
			t.Fatalf("turn %d brought %+v", n, taken)
		}
		if n%5 == 0 {
			if _, err := cleo.tries(stick); err != nil { // much of it builds on what she has not seen
				t.Fatal(err)
			}
		}
	}
	ada.same(id, ben)
	cleo.takes(ada.packs(id, bundle.Options{}))
	cleo.same(id, ada)
	for _, d := range []*device{ada, ben, cleo} {
		chunks, _, err := d.store.Load(ref)
		if err != nil {
			t.Fatal(err)
		}
		text, err := child.Read(t.Context(), chunks, materialize.Text)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != end {
			t.Errorf("%s has %d bytes that are not the %d that were written", d.name, len(text), len(end))
		}
	}
	t.Logf("the largest of the files between had %d bytes", largest)
}

func (d *device) parses(raw [][]byte) (changes []chunk.Change) {
	d.t.Helper()
	for _, one := range raw {
		c, err := chunk.ParseChange(one, chunk.DefaultLimits)
		if err != nil {
			d.t.Fatal(err)
		}
		changes = append(changes, c)
	}
	return changes
}

func (d *device) keeps(ref crdt.Ref, changes []chunk.Change) {
	d.t.Helper()
	receipt, err := d.store.Append(d.t.Context(), ref, d.signs(ref, changes...), crdt.Local, d.key.Device())
	if err != nil || receipt.Accepted != len(changes) {
		d.t.Fatalf("%s writes: %+v, %v", d.name, receipt, err)
	}
}

// types writes edits on top of what the device has, one change for each.
func (d *device) types(ref crdt.Ref, edits []edit) {
	d.t.Helper()
	chunks, _, err := d.store.Load(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	doc, err := richtext.Build(nil, d.parses(chunks))
	if err != nil {
		d.t.Fatal(err)
	}
	text, ok := doc.Field(chunk.ID{}, "text")
	if !ok {
		d.t.Fatal("the document has no text")
	}
	actor := space.ActorFor(ref.Space, d.key.Device(), 0)
	var written []chunk.Change
	for _, e := range edits {
		writing := doc.Write(chunk.Actor(actor[:]))
		if err := writing.Edit(text, e.at, e.remove, e.insert); err != nil {
			d.t.Fatal(err)
		}
		c, err := writing.Change(0)
		if err == nil {
			err = doc.Apply(c)
		}
		if err != nil {
			d.t.Fatal(err)
		}
		written = append(written, c)
	}
	d.keeps(ref, written)
}

// TestALargeSpaceTakesLittleMemory writes and takes in files that are together
// far larger than what either side may hold of them at once.
func TestALargeSpaceTakesLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes a lot")
	}
	const pictures, size, most = 4, 24 << 20, 40 << 20
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id := ada.founds()
	ada.admits(id, space.Editor, ben)
	for n := range pictures {
		picture := io.LimitReader(repeated(byte(n+1)), size)
		if _, err := ada.store.PutBlob(t.Context(), id, "image/png", picture); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	peak := uint64(0)
	read, written := io.Pipe()
	made := make(chan error, 1)
	go func() {
		_, err := bundle.Write(t.Context(), ada.store, bundle.Options{Space: id, Key: ada.key, Files: true, Now: time.Now()}, written)
		made <- written.CloseWithError(err)
	}()
	next := 0
	taken, err := bundle.Take(t.Context(), ben.store, ben.key, watched{read, func(done int) {
		if done < next {
			return
		}
		next = done + 8<<20
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		peak = max(peak, now.HeapAlloc)
	}, new(int)}, nil)
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	if err != nil || taken.Files != pictures {
		t.Fatalf("%+v, %v", taken, err)
	}
	if peak > before.HeapAlloc+most {
		t.Errorf("%d MB of files took %d MB of memory", pictures*size>>20, (peak-before.HeapAlloc)>>20)
	}
}

// repeated is an endless file of one byte.
type repeated byte

func (r repeated) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte{byte(r)}, len(p)))
	return len(p), nil
}

// watched tells how much was read.
type watched struct {
	from io.Reader
	tell func(done int)
	done *int
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	*w.done += n
	w.tell(*w.done)
	return n, err
}

// TestWhoOnlyStoresCarriesToo: a keeper, who may write nothing, takes in and
// brings all of it to somebody else.
func TestWhoOnlyStoresCarriesToo(t *testing.T) {
	ada, keeper, ben := newDevice(t, "Ada"), newDevice(t, "Keeper"), newDevice(t, "Ben")
	id := ada.founds()
	ada.admits(id, space.Keeper, keeper)
	ada.admits(id, space.Reader, ben)
	ada.writes(refIn(id, 1), "a", "b")
	if _, err := ada.store.PutBlob(t.Context(), id, "image/png", strings.NewReader("picture")); err != nil {
		t.Fatal(err)
	}
	keeper.takes(ada.packs(id, bundle.Options{Files: true}))
	if taken := ben.takes(keeper.packs(id, bundle.Options{Files: true})); taken.Files != 1 || len(taken.New) != 1 {
		t.Errorf("it brought %+v", taken)
	}
	ben.same(id, ada)
}
