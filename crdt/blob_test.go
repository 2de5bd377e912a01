package crdt_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/space"
)

const piece = 1 << 20

// picture is a file of n bytes that looks like no other.
func picture(n int, seed uint64) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	raw := make([]byte, n)
	_, _ = rand.NewChaCha8(key).Read(raw) // never fails
	return raw
}

func (d *device) puts(id space.ID, raw []byte) crdt.Blob {
	d.t.Helper()
	blob, err := d.store.PutBlob(d.t.Context(), id, "image/png", bytes.NewReader(raw))
	if err != nil {
		d.t.Fatal(err)
	}
	if blob.ID != sha256.Sum256(raw) || blob.Size != int64(len(raw)) {
		d.t.Fatalf("%d bytes were put as %+v", len(raw), blob)
	}
	return blob
}

func (d *device) gets(id space.ID, blob crdt.BlobID) []byte {
	d.t.Helper()
	r, err := d.store.OpenBlob(id, blob)
	if err != nil {
		d.t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		d.t.Fatal(err)
	}
	return raw
}

// files lists the blobs of a space.
func (d *device) files(id space.ID) (ids []crdt.BlobID) {
	d.t.Helper()
	list, err := d.store.Blobs(id)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, blob := range list {
		ids = append(ids, blob.ID)
	}
	return ids
}

// raw opens the device's records to be looked at, and changed, behind the
// store's back.
func (d *device) raw(use func(*badger.Backend)) {
	d.t.Helper()
	d.closes()
	b, err := badger.Open(badger.Options{Dir: d.dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.t.Fatal(err)
	}
	use(b)
	if err := b.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.opens()
}

// records counts the records of a space's table.
func (d *device) records(id space.ID, table byte) (n int) {
	d.t.Helper()
	d.raw(func(b *badger.Backend) { n = len(keysOf(d.t, b, id, table)) })
	return n
}

func keysOf(t testing.TB, b *badger.Backend, id space.ID, table byte) (keys [][]byte) {
	t.Helper()
	prefix := append(append([]byte{'s'}, id[:]...), table)
	err := b.View(func(r crdt.Reader) error {
		return r.Scan(prefix, nil, func(key, _ []byte) (bool, error) {
			keys = append(keys, bytes.Clone(key))
			return true, nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestABlobComesBackAsItWasPut(t *testing.T) {
	d := newDevice(t, "Ada")
	id := d.founds().Space
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, 3*piece + 17} {
		want := picture(size, 1)
		blob := d.puts(id, want)
		if again := d.puts(id, want); again != blob {
			t.Fatalf("put again it is %+v and not %+v", again, blob)
		}
		d.restarts()
		if !bytes.Equal(d.gets(id, blob.ID), want) {
			t.Fatalf("%d bytes came back as others", size)
		}
		r, err := d.store.OpenBlob(id, blob.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, want); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if err := d.store.VerifyBlob(t.Context(), id, blob.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(d.files(id)); n != 6 {
		t.Fatalf("%d files of 6", n)
	}
	if n := d.records(id, 'B'); n != 0+1+1+1+2+4 {
		t.Errorf("%d pieces: something is kept twice", n)
	}
	if n := d.records(id, 'u'); n != 0 {
		t.Errorf("%d puts still under way", n)
	}
	if _, err := d.store.OpenBlob(id, crdt.BlobID{1}); !errors.Is(err, crdt.ErrNoBlob) {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestManyPutAtOnceAndEachIsKeptOnce(t *testing.T) {
	d := newDevice(t, "Ada")
	id := d.founds().Space
	same := picture(2*piece+5, 2)
	var wait sync.WaitGroup
	for i := range uint64(6) {
		wait.Go(func() { d.puts(id, same) })
		wait.Go(func() { d.puts(id, picture(piece+int(i), 3)) })
	}
	wait.Wait()
	if n := len(d.files(id)); n != 7 {
		t.Errorf("%d files of 7", n)
	}
	if n := d.records(id, 'B'); n != 3+1+5*2 {
		t.Errorf("%d pieces of 14", n)
	}
}

func TestOnlyWhoMayWritePutsBlobs(t *testing.T) {
	ada, ann, rea := newDevice(t, "Ada"), newDevice(t, "Ann"), newDevice(t, "Rea")
	id := ada.founds().Space
	ada.admits(id, space.Annotator, ann)
	ada.admits(id, space.Reader, rea)
	raw := picture(100, 4)
	log, _ := ada.store.Log(id)
	for _, d := range []*device{ann, rea} {
		if _, err := d.store.CreateSpace(t.Context(), log.Entries()...); err != nil {
			t.Fatal(err)
		}
	}
	ann.puts(id, raw)
	if _, err := rea.store.PutBlob(t.Context(), id, "", bytes.NewReader(raw)); !errors.Is(err, crdt.ReasonNoRight) {
		t.Errorf("a reader: %v", err)
	}
	if _, err := ada.store.PutBlob(t.Context(), space.ID{9}, "", bytes.NewReader(raw)); !errors.Is(err, crdt.ErrUnknownSpace) {
		t.Errorf("another space: %v", err)
	}
	for _, media := range []string{"picture", "image/png; x=\"", "a/" + strings.Repeat("b", 130)} {
		if _, err := ada.store.PutBlob(t.Context(), id, media, bytes.NewReader(raw)); !errors.Is(err, crdt.ErrMediaType) {
			t.Errorf("media type %q: %v", media, err)
		}
	}
}

func TestAPutThatFailsLeavesNothing(t *testing.T) {
	d := newDevice(t, "Ada")
	d.options.Limits = chunk.DefaultLimits
	d.options.Limits.Blob, d.options.Limits.Blobs = 4*piece, 6*piece
	d.restarts()
	id := d.founds().Space
	broken := errors.New("the stick was pulled out")
	put := func(from io.Reader) error {
		_, err := d.store.PutBlob(t.Context(), id, "", from)
		return err
	}
	if err := put(bytes.NewReader(picture(4*piece+1, 5))); !errors.Is(err, crdt.ErrBlobTooLarge) {
		t.Errorf("too large: %v", err)
	}
	for _, broken := range []error{broken, io.ErrUnexpectedEOF, fmt.Errorf("cut off: %w", io.EOF)} {
		half := io.MultiReader(bytes.NewReader(picture(2*piece+9, 6)), iotest.ErrReader(broken))
		if err := put(half); !errors.Is(err, broken) {
			t.Errorf("a reader that fails: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopping := io.MultiReader(bytes.NewReader(picture(2*piece, 7)), readerFunc(func([]byte) (int, error) { cancel(); return 1, nil }))
	if _, err := d.store.PutBlob(ctx, id, "", io.LimitReader(stopping, 4*piece)); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if n := d.records(id, 'B') + d.records(id, 'u') + d.records(id, 'b'); n != 0 {
		t.Fatalf("%d records are left", n)
	}
	// What failed takes no room, what is there does.
	d.puts(id, picture(4*piece, 8))
	if err := put(bytes.NewReader(picture(2*piece+1, 9))); !errors.Is(err, crdt.ErrBlobsFull) {
		t.Errorf("a full space: %v", err)
	}
	d.puts(id, picture(2*piece, 10))
	d.restarts()
	if err := put(bytes.NewReader([]byte{1})); !errors.Is(err, crdt.ErrBlobsFull) {
		t.Errorf("a full space, opened again: %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestALargeBlobTakesLittleMemory looks at what is alive while the largest
// blob goes in and out.
func TestALargeBlobTakesLittleMemory(t *testing.T) {
	d := newDevice(t, "Ada")
	id := d.founds().Space
	alive := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const size = 32 << 20
	before, most, seen := alive(), uint64(0), 0
	look := func(n int) {
		if seen += n; seen/(4*piece) != (seen-n)/(4*piece) {
			most = max(most, alive())
		}
	}
	source := rand.NewChaCha8([32]byte{11})
	generate := readerFunc(func(p []byte) (int, error) {
		n, err := source.Read(p[:min(len(p), 64<<10)])
		look(n)
		return n, err
	})
	blob, err := d.store.PutBlob(t.Context(), id, "", io.LimitReader(generate, size))
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.store.OpenBlob(id, blob.ID)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(sum, writerFunc(func(p []byte) (int, error) { look(len(p)); return len(p), nil })), r); err != nil {
		t.Fatal(err)
	}
	if crdt.BlobID(sum.Sum(nil)) != blob.ID {
		t.Fatal("other bytes came out")
	}
	if seen != 2*size {
		t.Fatalf("%d bytes went in and out", seen)
	}
	if grown := int64(most) - int64(before); grown > 20<<20 {
		t.Errorf("%d MB were alive on the way", grown>>20)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// putterEnv tells the test binary to put a blob into the store of the directory
// it names, and to stop half way until it is killed; takerEnv, to take one in.
const (
	putterEnv = "PARLEY_TEST_PUTTER"
	takerEnv  = "PARLEY_TEST_TAKER"
)

// killedAt is how many pieces have come then. What is durable are at least those
// of the batches before the last one.
const killedAt, durableAt = 10, 4

func putUntilKilled(dir string) {
	useUntilKilled(dir, func(store *crdt.Store) error {
		stop := readerFunc(func([]byte) (int, error) { fmt.Println("half"); select {} })
		_, err := store.PutBlob(context.Background(), store.Spaces()[0], "", io.MultiReader(bytes.NewReader(picture(killedAt*piece, 12)), stop))
		return err
	})
}

func takeUntilKilled(dir string) {
	useUntilKilled(dir, func(store *crdt.Store) error {
		raw := picture((killedAt+2)*piece, 12)
		in, err := store.TakeInBlob(store.Spaces()[0], sha256.Sum256(raw))
		if err != nil {
			return err
		}
		for at := range killedAt {
			if err := in.Take(raw[at*piece : (at+1)*piece]); err != nil {
				return err
			}
		}
		fmt.Println("half")
		select {}
	})
}

func useUntilKilled(dir string, use func(*crdt.Store) error) {
	key := space.KeyFromSeed([32]byte{1})
	backend, err := badger.Open(badger.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		var store *crdt.Store
		store, err = crdt.Open(crdt.Options{Backend: backend, Device: key.Device(), Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			err = use(store)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// isKilledHalfWay has a process of its own do something with the closed store of
// this device, and kills it.
func (d *device) isKilledHalfWay(env string) {
	d.t.Helper()
	command := exec.Command(os.Args[0])
	command.Env, command.Stderr = append(os.Environ(), env+"="+d.dir), os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		d.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "half\n" {
		d.t.Fatalf("%q, %v", line, err)
	}
	if err := command.Process.Kill(); err != nil {
		d.t.Fatal(err)
	}
	if err := command.Wait(); err == nil {
		d.t.Fatal("it ended by itself")
	}
}

func TestAPutThatWasKilledDoesNotCountAndIsCleanedUp(t *testing.T) {
	d := newDevice(t, "Ada")
	d.key = space.KeyFromSeed([32]byte{1})
	d.options.Device = d.key.Device()
	d.restarts()
	id := d.founds().Space
	kept := d.puts(id, picture(piece+1, 13))
	d.closes()
	d.isKilledHalfWay(putterEnv)
	d.opens()
	if files := d.files(id); len(files) != 1 || files[0] != kept.ID {
		t.Fatalf("files %v", files)
	}
	if n := d.records(id, 'B'); n < 2+durableAt || n > 2+killedAt {
		t.Fatalf("%d pieces: it was not killed half way", n)
	}
	if _, err := d.store.CollectBlobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := d.records(id, 'B'); n != 2 {
		t.Errorf("%d pieces are left of 2", n)
	}
	if n := d.records(id, 'u'); n != 0 {
		t.Errorf("%d puts are left", n)
	}
}

func TestABlobThatWasKilledOnItsWayInGoesOn(t *testing.T) {
	d := newDevice(t, "Ada")
	d.key = space.KeyFromSeed([32]byte{1})
	d.options.Device = d.key.Device()
	d.restarts()
	id := d.founds().Space
	d.closes()
	d.isKilledHalfWay(takerEnv)
	d.opens()
	want := picture((killedAt+2)*piece, 12)
	if d.store.HasBlob(id, sha256.Sum256(want)) || len(d.files(id)) != 0 {
		t.Fatal("half of it counts")
	}
	in, err := d.store.TakeInBlob(id, sha256.Sum256(want))
	if err != nil {
		t.Fatal(err)
	}
	if at := in.Offset(); at < durableAt*piece || at > killedAt*piece || at%piece != 0 {
		t.Errorf("it goes on from byte %d", at)
	}
	in.Close()
	if err := d.comes(id, want, 100); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(d.gets(id, sha256.Sum256(want)), want) {
		t.Error("it came as something else")
	}
}

func TestADamagedBlobIsNamedAndWholeAgainOncePut(t *testing.T) {
	d := newDevice(t, "Ada")
	id := d.founds().Space
	want, other := picture(3*piece, 14), picture(10, 15)
	blob, good := d.puts(id, want), d.puts(id, other)
	description := append(append(append([]byte{'s'}, id[:]...), 'b'), blob.ID[:]...)
	tests := []struct {
		name   string
		damage func(b *badger.Backend, pieces [][]byte)
	}{
		{"a piece is another", func(b *badger.Backend, pieces [][]byte) {
			writes(t, b, crdt.Op{Key: pieces[1], Value: picture(piece, 16)})
		}},
		{"a piece is shorter", func(b *badger.Backend, pieces [][]byte) {
			writes(t, b, crdt.Op{Key: pieces[0], Value: want[:piece-1]})
		}},
		{"a piece is gone", func(b *badger.Backend, pieces [][]byte) { writes(t, b, crdt.Op{Key: pieces[2]}) }},
		{"its description is cut", func(b *badger.Backend, _ [][]byte) {
			writes(t, b, crdt.Op{Key: description, Value: cutOff(t, b, description)})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d.raw(func(b *badger.Backend) { test.damage(b, piecesOf(t, b, id, 3)) })
			if err := d.store.VerifyBlob(t.Context(), id, blob.ID); !errors.Is(err, crdt.ErrDamaged) || !strings.Contains(err.Error(), blob.ID.String()) {
				t.Errorf("verified: %v", err)
			}
			if r, err := d.store.OpenBlob(id, blob.ID); err == nil {
				if got, err := io.ReadAll(r); !errors.Is(err, crdt.ErrDamaged) || !bytes.HasPrefix(want, got) {
					t.Errorf("%d bytes were read, %v", len(got), err)
				}
			} else if !errors.Is(err, crdt.ErrDamaged) {
				t.Errorf("opened: %v", err)
			}
			if !bytes.Equal(d.gets(id, good.ID), other) {
				t.Error("the other one is not what it was")
			}
			d.puts(id, want)
			if !bytes.Equal(d.gets(id, blob.ID), want) {
				t.Error("put again it is not whole")
			}
		})
	}
}

// piecesOf finds the pieces of the blob that has so many.
func piecesOf(t testing.TB, b *badger.Backend, id space.ID, n int) [][]byte {
	t.Helper()
	byNumber := make(map[string][][]byte)
	for _, key := range keysOf(t, b, id, 'B') {
		number := string(key[:len(key)-2])
		byNumber[number] = append(byNumber[number], key)
	}
	for _, keys := range byNumber {
		if len(keys) == n {
			return keys
		}
	}
	t.Fatalf("no blob has %d pieces", n)
	return nil
}

// cutOff is a record without its last byte.
func cutOff(t testing.TB, b *badger.Backend, key []byte) (value []byte) {
	t.Helper()
	err := b.View(func(r crdt.Reader) (err error) {
		value, err = r.Get(key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value[:len(value)-1]
}

func writes(t testing.TB, b *badger.Backend, ops ...crdt.Op) {
	t.Helper()
	if err := b.Write(ops); err != nil {
		t.Fatal(err)
	}
}

func TestBlobNames(t *testing.T) {
	id := crdt.BlobID(sha256.Sum256([]byte("a")))
	for _, s := range []string{id.String(), id.Reference()} {
		if got, err := crdt.ParseBlobID(s); err != nil || got != id {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "blob:", id.String()[1:], strings.ToUpper(id.String()), "blob:blob:" + id.String(), id.String() + "0"} {
		if got, err := crdt.ParseBlobID(s); err == nil {
			t.Errorf("%q is %v", s, got)
		}
	}
}
