package crdt_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

const (
	// mutationsEnv says how many inputs to try; make mutate sets it.
	mutationsEnv = "PARLEY_MUTATIONS"
	// mutatorEnv tells the test binary to be the process they are tried on, in
	// the directory it names.
	mutatorEnv = "PARLEY_TEST_MUTATOR"
)

// What is asked of whoever takes such inputs.
const (
	fewMutations  = 20_000
	vetEvery      = 50      // of the inputs that pass Go's parsing, one in so many is handed to the child
	mendEvery     = 20      // of the documents that took one in
	perDocument   = 400     // inputs
	perGeneration = 100_000 // inputs that are tried on one store
)

// mutations is what became of them.
type mutations struct {
	Seed     uint64
	Inputs   int
	Bombs    int
	Parsed   int            // passed Go's parsing
	Signed   int            // of these, signed by a member
	Accepted int            // changes that the store took in
	Refused  map[string]int // by reason
	Waiting  int            // for a change that nobody has
	Unsure   int            // bundles that were turned away because the child could not say
	Vetted   int            // handed to the child by themselves
	Readable int            // of these, those that were a document
	Crashed  int            // of these, those that ended the child
	Slow     int            // of these, those that took it too long
	Mended   int            // documents that the child looked at afterwards
	Aside    int            // changes that it then set aside
	Stores   int
	Memory   int64 // of this process, at its peak
	Took     time.Duration
}

// TestNoInputEndsTheProcess lets a process of its own take in changed,
// truncated and forged chunks by the thousands, through the whole of Append and
// on a sample through the child too, and shows that it lives and stays small.
// make mutate does the same with millions.
func TestNoInputEndsTheProcess(t *testing.T) {
	count := os.Getenv(mutationsEnv)
	switch {
	case count == "" && testing.Short():
		count = strconv.Itoa(fewMutations / 10)
	case count == "":
		count = strconv.Itoa(fewMutations)
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), mutatorEnv+"="+t.TempDir(), mutationsEnv+"="+count)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var m mutations
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatalf("%q: %v", lines.Bytes(), err)
		}
		t.Logf("%s", lines.Bytes())
	}
	if err := command.Wait(); err != nil {
		t.Fatalf("the process ended after %d inputs of seed %d: %v", m.Inputs, m.Seed, err)
	}
	if want, _ := strconv.Atoi(count); m.Inputs != want {
		t.Errorf("%d inputs of %s", m.Inputs, count)
	}
	if runtime.GOOS == "linux" && (m.Memory == 0 || m.Memory > mostMemory) {
		t.Errorf("it took %d MB at its peak, of %d allowed", m.Memory/1_000_000, mostMemory/1_000_000)
	}
	if m.Inputs < fewMutations {
		return // too few for something of everything
	}
	// Otherwise this has shown nothing.
	for what, n := range map[string]int{
		"passed parsing": m.Parsed, "were taken in": m.Accepted, "were refused": len(m.Refused),
		"were handed to the child": m.Vetted, "were no document": m.Vetted - m.Readable,
	} {
		if n == 0 {
			t.Errorf("no inputs %s", what)
		}
	}
}

// mutateUntilDone is that process.
func mutateUntilDone(dir string) {
	debug.SetMemoryLimit(crdt.MemoryTarget) // as both programs do
	if err := mutate(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func mutate(dir string) error {
	count, err := strconv.Atoi(os.Getenv(mutationsEnv))
	if err != nil {
		return err
	}
	number := uint64(time.Now().UnixNano())
	if given := os.Getenv(seedEnv); given != "" {
		if number, err = strconv.ParseUint(given, 10, 64); err != nil {
			return err
		}
	}
	ctx := context.Background()
	child := materialize.New(materialize.Options{Deadline: 20 * time.Second})
	v := &victim{
		child: child, dir: dir, ada: space.KeyFromSeed([32]byte{1}), mal: space.KeyFromSeed([32]byte{2}),
		m: mutations{Seed: number, Refused: make(map[string]int)},
	}
	if err := v.begins(ctx); err != nil {
		return err
	}
	actor := space.ActorFor(v.space, v.mal.Device(), 0)
	b, base, err := newBreeder(ctx, number, child, chunk.Actor(actor[:]))
	if err != nil {
		return err
	}
	v.breeder, v.base = b, base
	began, said := time.Now(), time.Now()
	for v.m.Inputs < count {
		if err := v.takes(ctx, min(1+b.IntN(16), count-v.m.Inputs)); err != nil {
			return fmt.Errorf("after %d inputs of seed %d: %w", v.m.Inputs, number, err)
		}
		if done := v.m.Inputs == count; done || time.Since(said) > 30*time.Second {
			said = time.Now()
			v.m.Took = time.Since(began).Round(time.Second)
			v.m.Memory = peakMemory()
			if err := json.NewEncoder(os.Stdout).Encode(v.m); err != nil {
				return err
			}
		}
	}
	return errors.Join(v.store.Close(), child.Close())
}

// victim is the device that takes everything in.
type victim struct {
	*breeder
	child    *materialize.Child
	dir      string
	ada, mal space.Key // the device's own, and a member's who sends all this
	base     []chunk.Change
	m        mutations

	space   space.ID
	entries [][]byte // of the membership log
	store   *crdt.Store
	old     int // how many inputs this store has seen
	ref     crdt.Ref
	used    int // how many inputs this document has seen
}

// begins opens a store that holds nothing but the space.
func (v *victim) begins(ctx context.Context) error {
	if v.store != nil {
		if err := errors.Join(v.store.Close(), os.RemoveAll(v.dir)); err != nil {
			return err
		}
	}
	log := slog.New(slog.DiscardHandler)
	backend, err := badger.Open(badger.Options{Dir: v.dir, Log: log})
	if err != nil {
		return err
	}
	v.store, err = crdt.Open(crdt.Options{Backend: backend, Device: v.ada.Device(), Materializer: v.child, Log: log})
	if err != nil {
		return errors.Join(err, backend.Close())
	}
	v.m.Stores++
	v.old, v.used = 0, perDocument
	if v.entries != nil {
		_, err = v.store.CreateSpace(ctx, v.entries...)
		return err
	}
	return v.founds(ctx)
}

// founds makes the space and lets the sender in.
func (v *victim) founds(ctx context.Context) error {
	_, e, err := space.Found(v.ada, "Riverside", space.Person{Name: "Ada"}, time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	log, err := v.store.CreateSpace(ctx, e.Raw)
	if err != nil {
		return err
	}
	v.space = log.ID()
	enters := func(e space.Entry, err error) error {
		if err == nil {
			_, _, err = v.store.AddEntries(ctx, v.space, [][]byte{e.Raw})
		}
		return err
	}
	e, secret, err := log.Invite(v.ada, space.InviteOptions{Role: space.Editor, Uses: 1}, time.Now(), rand.Reader)
	if err := enters(e, err); err != nil {
		return err
	}
	code := space.Code{Space: v.space, Secret: secret, Inviter: v.ada.Device(), Name: log.Name()}
	application, err := space.Apply(v.mal, code, space.Person{Name: "Mal"})
	if err != nil {
		return err
	}
	if err := enters(log.Admit(v.ada, application, time.Now())); err != nil {
		return err
	}
	v.entries = log.Entries()
	return nil
}

// opens begins another document, with good work in it.
func (v *victim) opens(ctx context.Context) error {
	if v.old >= perGeneration {
		if err := v.begins(ctx); err != nil {
			return err
		}
	}
	v.ref = crdt.Ref{Space: v.space, Document: crdt.DocumentID{byte(v.m.Inputs), byte(v.m.Inputs >> 8), byte(v.m.Inputs >> 16), byte(v.m.Inputs >> 24)}}
	v.used = 0
	bundle := crdt.Bundle{Signatures: crdt.SignNewest(v.mal, v.ref, v.base)}
	for _, c := range v.base {
		bundle.Changes = append(bundle.Changes, c.Raw)
	}
	receipt, err := v.store.Append(ctx, v.ref, bundle, crdt.Peer, v.mal.Device())
	if err == nil && receipt.Accepted != len(v.base) {
		err = fmt.Errorf("good work was not taken in: %+v", receipt)
	}
	return err
}

// takes breeds some inputs and takes them in as one bundle.
func (v *victim) takes(ctx context.Context, n int) error {
	if v.used >= perDocument {
		if err := v.opens(ctx); err != nil {
			return err
		}
	}
	var bundle crdt.Bundle
	for range n {
		raw := v.next()
		v.m.Inputs++
		v.old++
		v.used++
		if len(raw) > 1<<16 {
			v.m.Bombs++
		}
		if err := v.sorts(ctx, raw, &bundle); err != nil {
			return err
		}
	}
	receipt, err := v.store.Append(ctx, v.ref, bundle, crdt.Peer, v.mal.Device())
	if err != nil {
		// The child may say that it cannot say; nothing else may go wrong.
		if !errors.Is(err, materialize.ErrCrashed) && !errors.Is(err, materialize.ErrDeadline) && !errors.Is(err, chunk.ErrUnreadable) {
			return err
		}
		v.m.Unsure++
		v.used = perDocument
		return nil
	}
	v.m.Waiting += len(receipt.Missing)
	for _, refused := range receipt.Refused {
		v.m.Refused[fmt.Sprint(uint8(refused.Reason))]++
	}
	if receipt.Accepted == 0 {
		return nil
	}
	v.m.Accepted += receipt.Accepted
	if v.IntN(mendEvery) == 0 {
		v.m.Mended++
		aside, err := v.store.Mend(ctx, v.ref)
		if err != nil && !errors.Is(err, materialize.ErrCrashed) && !errors.Is(err, materialize.ErrDeadline) && !errors.Is(err, chunk.ErrUnreadable) {
			return err
		}
		v.m.Aside += aside
	}
	if v.IntN(4) == 0 {
		v.used = perDocument
	}
	return nil
}

// sorts parses an input, puts it into the bundle, signed or not, and hands it to
// the child if its turn comes.
func (v *victim) sorts(ctx context.Context, raw []byte, bundle *crdt.Bundle) error {
	if kind, err := chunk.KindOf(raw); err == nil && kind == chunk.KindDocument {
		bundle.Snapshots = append(bundle.Snapshots, raw)
		if s, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits); err == nil {
			for ops := s.Ops(); ops.Next(); {
				_ = ops.Value.Bytes()
			}
			v.m.Parsed++
			return v.vets(ctx, raw)
		}
		return nil
	}
	bundle.Changes = append(bundle.Changes, raw)
	c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
	if err != nil {
		if !errors.Is(err, chunk.ErrMalformed) && !errors.Is(err, chunk.ErrTooLarge) {
			return fmt.Errorf("an error of no kind: %w", err)
		}
		return nil
	}
	v.m.Parsed++
	if v.IntN(3) == 0 {
		v.m.Signed++
		bundle.Signatures = append(bundle.Signatures, crdt.Sign(v.mal, v.ref, c))
	}
	return v.vets(ctx, raw)
}

// vets hands one of many to the child, on top of the document.
func (v *victim) vets(ctx context.Context, raw []byte) error {
	if v.IntN(vetEvery) != 0 {
		return nil
	}
	v.m.Vetted++
	var chunks [][]byte
	for _, c := range v.base {
		chunks = append(chunks, c.Raw)
	}
	switch _, err := v.child.Vet(ctx, append(chunks, raw)); {
	case err == nil:
		v.m.Readable++
	case errors.Is(err, materialize.ErrCrashed):
		v.m.Crashed++
	case errors.Is(err, materialize.ErrDeadline):
		v.m.Slow++
	case !errors.Is(err, chunk.ErrUnreadable):
		return err
	}
	return nil
}

// peakMemory is the most that this process has had resident, in bytes; 0 where
// the system does not say.
func peakMemory() int64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(raw) {
		if text, ok := strings.CutPrefix(string(line), "VmHWM:"); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
