package crdt_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// writerEnv tells the test binary to be a writer in the directory it names.
const writerEnv = "PARLEY_TEST_WRITER"

// writeUntilKilled appends changes for ever, while what it wrote is compacted,
// and prints the hash of each that was acknowledged. It founds a space if
// there is none.
func writeUntilKilled(dir string) {
	if err := write(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(dir string) error {
	ctx := context.Background()
	key := space.KeyFromSeed([32]byte{1})
	backend, err := badger.Open(badger.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	store, err := crdt.Open(crdt.Options{
		Backend: backend, Device: key.Device(), Log: slog.New(slog.DiscardHandler),
		Materializer: materialize.New(materialize.Options{}), CompactCount: 40, KeepLoose: 10,
	})
	if err != nil {
		return err
	}
	go store.Run(ctx)
	if len(store.Spaces()) == 0 {
		_, e, err := space.Found(key, "Riverside", space.Person{Name: "Ada"}, time.Now(), rand.Reader)
		if err != nil {
			return err
		}
		if _, err := store.CreateSpace(ctx, e.Raw); err != nil {
			return err
		}
	}
	ref := crdt.Ref{Space: store.Spaces()[0], Document: crdt.DocumentID{1}}
	lease, err := store.Lease(ref)
	if err != nil {
		return err
	}
	next, err := goOn(store, ref, chunk.Actor(lease.Actor[:]))
	for err == nil {
		c, err := chunk.Encode(next, []chunk.Actor{next.Actor}, []chunk.Op{{
			Key: chunk.Key{Name: "text", IsName: true}, Action: chunk.Put, Value: chunk.String(fmt.Sprint(next.Seq)),
		}})
		if err != nil {
			return err
		}
		bundle := crdt.Bundle{Changes: [][]byte{c.Raw}, Signatures: []crdt.Signature{crdt.Sign(key, ref, c)}}
		receipt, err := store.Append(ctx, ref, bundle, crdt.Local, key.Device())
		if err != nil || receipt.Accepted != 1 {
			return fmt.Errorf("%+v, %w", receipt, err)
		}
		fmt.Println(c.Hash)
		next = chunk.Change{Actor: c.Actor, Seq: c.Seq + 1, StartOp: c.MaxOp + 1, Deps: []chunk.Hash{c.Hash}}
	}
	return err
}

// goOn is the head of the only actor's next change.
func goOn(store *crdt.Store, ref crdt.Ref, actor chunk.Actor) (chunk.Change, error) {
	next := chunk.Change{Actor: actor, Seq: 1, StartOp: 1}
	chunks, _, err := store.Load(ref)
	if err != nil {
		return next, err
	}
	for _, raw := range chunks {
		if s, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits); err == nil {
			next.Seq, next.StartOp, next.Deps = s.Vector[actor]+1, s.MaxOp+1, s.Heads
			continue
		}
		c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return next, err
		}
		next.Seq, next.StartOp, next.Deps = c.Seq+1, c.MaxOp+1, []chunk.Hash{c.Hash}
	}
	return next, nil
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	dir := t.TempDir()
	acknowledged := make(map[string]bool)
	for round := range 20 {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), writerEnv+"="+dir)
		command.Stderr = os.Stderr
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acknowledged[lines.Text()] = true
			if n == 5+9*round {
				if err := command.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := command.Wait(); err == nil {
			t.Fatal("the writer ended by itself")
		}
	}
	d := &device{t: t, dir: dir, options: crdt.Options{Log: slog.New(slog.DiscardHandler)}}
	d.opens()
	defer d.closes()
	ref := crdt.Ref{Space: d.store.Spaces()[0], Document: crdt.DocumentID{1}}
	held := d.history(ref)
	if snapshots, _ := d.chunks(ref); snapshots == 0 {
		t.Error("nothing was compacted while it was killed")
	}
	for hash := range acknowledged {
		h, err := chunk.ParseHash(hash)
		if err != nil || !held[h] {
			t.Fatalf("change %s was acknowledged and is gone (%v)", hash, err)
		}
	}
	if len(acknowledged) < 1000 || len(held) < len(acknowledged) {
		t.Fatalf("%d acknowledged, %d held", len(acknowledged), len(held))
	}
}
