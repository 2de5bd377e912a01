//go:build unix

package crdt_test

import (
	"bufio"
	"bytes"
	"context"
	cryptorand "crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// killRounds is more in a longer run (make soak).
var killRounds = flag.Int("kill-rounds", 20, "how often a writing process is killed")

// writerEnv tells the test binary to be a writer: in the directory, and into
// the document, that it names.
const writerEnv = "PARLEY_TEST_WRITER"

const (
	writers = 3 // at once, in one document
	// A document gets so many rounds, then it is looked at and another begun.
	roundsPerDocument = 20
)

var writerKey = bytes.Repeat([]byte{7}, badger.KeySize)

// writeUntilKilled appends changes for ever, several authors at once, while
// what they wrote is compacted. It prints the hash of each change that was
// acknowledged. It founds a space if there is none.
func writeUntilKilled(where string) {
	if err := write(where); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(where string) error {
	dir, number, _ := strings.Cut(where, "#")
	document, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	ctx := context.Background()
	key := space.KeyFromSeed([32]byte{1})
	backend, err := badger.Open(badger.Options{Dir: dir, Key: writerKey, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	store, err := crdt.Open(crdt.Options{
		Backend: backend, Device: key.Device(), Log: slog.New(slog.DiscardHandler),
		Materializer: materialize.New(materialize.Options{}), CompactCount: 40, KeepLoose: 10,
		Housekeeping: 50 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	go store.Run(ctx)
	if len(store.Spaces()) == 0 {
		_, e, err := space.Found(key, "Riverside", space.Person{Name: "Ada"}, time.Now(), cryptorand.Reader)
		if err != nil {
			return err
		}
		if _, err := store.CreateSpace(ctx, e.Raw); err != nil {
			return err
		}
	}
	ref := killedRef(store, document)
	failed := make(chan error)
	var printing sync.Mutex
	for range writers {
		lease, err := store.Lease(ref)
		if err != nil {
			return err
		}
		next, err := goOn(store, ref, chunk.Actor(lease.Actor[:]))
		if err != nil {
			return err
		}
		go func() {
			failed <- writeAs(ctx, store, ref, key, next, func(c chunk.Change) {
				printing.Lock()
				defer printing.Unlock()
				fmt.Println(c.Hash)
			})
		}()
	}
	return <-failed
}

// killedRef is the document that is written in some rounds.
func killedRef(store *crdt.Store, document int) crdt.Ref {
	return crdt.Ref{Space: store.Spaces()[0], Document: crdt.DocumentID{1, byte(document >> 8), byte(document)}}
}

func writeAs(ctx context.Context, store *crdt.Store, ref crdt.Ref, key space.Key, next chunk.Change, acknowledged func(chunk.Change)) error {
	for {
		value := chunk.String(fmt.Sprint(next.Seq))
		if next.Seq%100 == 0 {
			large := make([]byte, crdt.LargeValue) // lies in a file of its own
			_, _ = cryptorand.Read(large)          // which never fails
			value = chunk.String(hex.EncodeToString(large))
		}
		c, err := chunk.Encode(next, []chunk.Actor{next.Actor}, []chunk.Op{{
			Key: chunk.Key{Name: fmt.Sprintf("%s-%d", next.Actor, next.Seq), IsName: true}, Action: chunk.Put, Value: value,
		}})
		if err != nil {
			return err
		}
		bundle := crdt.Bundle{Changes: [][]byte{c.Raw}, Signatures: []crdt.Signature{crdt.Sign(key, ref, c)}}
		receipt, err := store.Append(ctx, ref, bundle, crdt.Local, key.Device())
		if err != nil || receipt.Accepted != 1 {
			return fmt.Errorf("%+v, %w", receipt, err)
		}
		acknowledged(c)
		next = chunk.Change{Actor: c.Actor, Seq: c.Seq + 1, StartOp: c.MaxOp + 1, Deps: []chunk.Hash{c.Hash}}
	}
}

// goOn is the head of an actor's next change, on top of all there is.
func goOn(store *crdt.Store, ref crdt.Ref, actor chunk.Actor) (chunk.Change, error) {
	next := chunk.Change{Actor: actor, Seq: 1, StartOp: 1}
	chunks, _, err := store.Load(ref)
	if err != nil {
		return next, err
	}
	heads := make(map[chunk.Hash]bool)
	for _, raw := range chunks {
		if s, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits); err == nil {
			next.Seq, next.StartOp = s.Vector[actor]+1, s.MaxOp+1
			for _, head := range s.Heads {
				heads[head] = true
			}
			continue
		}
		c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return next, err
		}
		for _, dep := range c.Deps {
			delete(heads, dep)
		}
		heads[c.Hash] = true
		next.StartOp = max(next.StartOp, c.MaxOp+1)
		if c.Actor == actor {
			next.Seq = max(next.Seq, c.Seq+1)
		}
	}
	for head := range heads {
		next.Deps = append(next.Deps, head)
	}
	return next, nil
}

// TestNothingAcknowledgedIsLostWhenTheProcessIsKilled kills a process at a
// random moment while several windows write and what they write is compacted,
// and before that, now and then, the child that compacts.
func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	k := &killing{t: t, dir: t.TempDir()}
	began := time.Now()
	for round := range *killRounds {
		k.round(random)
		if last := round == *killRounds-1; last || (round+1)%roundsPerDocument == 0 {
			k.look()
			k.document++
			k.acknowledged = nil
			t.Logf("%s: %d rounds, %d changes acknowledged, %d children killed",
				time.Since(began).Round(time.Second), round+1, k.changes, k.children)
		}
	}
	if k.changes < 10**killRounds || k.snapshots == 0 || k.children == 0 {
		t.Errorf("too little was going on: %d changes, %d snapshots, %d children killed", k.changes, k.snapshots, k.children)
	}
}

// killing is a directory in which somebody writes until they are killed.
type killing struct {
	t            *testing.T
	dir          string
	document     int
	acknowledged []chunk.Hash // in the document

	changes, children, snapshots int
}

// round has a process write, and kills it.
func (k *killing) round(random *rand.Rand) {
	k.t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), fmt.Sprintf("%s=%s#%d", writerEnv, k.dir, k.document))
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		k.t.Fatal(err)
	}
	begun := make(chan struct{}) // once something was acknowledged, or it ended
	killed := make(chan int)
	go func() {
		children := 0
		if random.IntN(5) > 0 {
			<-begun
		}
		for range random.IntN(3) {
			time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
			children += killChildren(command.Process.Pid)
		}
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
		_ = command.Process.Kill() // Wait tells whether it ended otherwise
		killed <- children
	}()
	first := sync.OnceFunc(func() { close(begun) })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		first()
		hash, err := chunk.ParseHash(lines.Text())
		if err != nil {
			k.t.Errorf("acknowledged %q: %v", lines.Text(), err)
			continue
		}
		k.acknowledged = append(k.acknowledged, hash)
		k.changes++
	}
	first()
	k.children += <-killed
	var exit *exec.ExitError
	if err := command.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		k.t.Fatalf("the writer ended by itself: %v", err)
	}
}

// look opens the store and expects all that was acknowledged, and nothing that
// is wrong.
func (k *killing) look() {
	k.t.Helper()
	d := &device{t: k.t, dir: k.dir, key: space.KeyFromSeed([32]byte{1}), options: crdt.Options{Log: slog.New(slog.DiscardHandler)}}
	d.sealed = writerKey
	d.opens()
	defer d.closes()
	if len(d.store.Spaces()) == 0 {
		if len(k.acknowledged) > 0 {
			k.t.Fatal("the space is gone")
		}
		return
	}
	ref := killedRef(d.store, k.document)
	held := d.history(ref)
	snapshots, _ := d.chunks(ref)
	k.snapshots += snapshots
	for _, hash := range k.acknowledged {
		if !held[hash] {
			k.t.Fatalf("change %s was acknowledged and is gone", hash)
		}
	}
	if refused, err := d.store.Quarantine(ref.Space); err != nil || len(refused) > 0 {
		k.t.Fatalf("%d changes were set aside, as the first %+v (%v)", len(refused), refused[0], err)
	}
	d.isSound()
}

// isSound reads every record of a store, which must all be as they should.
func (d *device) isSound() {
	d.t.Helper()
	check := crdt.NewRecordCheck()
	err := d.store.Backup(d.t.Context(), check.Add, func(f crdt.Finding) {
		d.t.Errorf("%s at %x: %v", f.About, f.Key, f.Wrong)
	})
	if err = errors.Join(err, check.End()); err != nil {
		d.t.Error(err)
	}
}

// killChildren kills the children of a process, and says how many there were.
func killChildren(pid int) (killed int) {
	out, _ := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output() // fails if there is none
	for _, field := range strings.Fields(string(out)) {
		child, err := strconv.Atoi(field)
		if err == nil && syscall.Kill(child, syscall.SIGKILL) == nil {
			killed++
		}
	}
	return killed
}
