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
	"parley/space"
)

// writerEnv tells the test binary to be a writer in the directory it names.
const writerEnv = "PARLEY_TEST_WRITER"

// writeUntilKilled appends changes for ever and prints the hash of each that
// was acknowledged. It founds a space if there is none.
func writeUntilKilled(dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	key := space.KeyFromSeed([32]byte{1})
	backend, err := badger.Open(dir, slog.New(slog.DiscardHandler))
	fail(err)
	store, err := crdt.Open(crdt.Options{Backend: backend, Device: key.Device(), Log: slog.New(slog.DiscardHandler)})
	fail(err)
	if len(store.Spaces()) == 0 {
		_, e, err := space.Found(key, "Riverside", space.Person{Name: "Ada"}, time.Now(), rand.Reader)
		fail(err)
		_, err = store.CreateSpace(context.Background(), e.Raw)
		fail(err)
	}
	ref := crdt.Ref{Space: store.Spaces()[0], Document: crdt.DocumentID{1}}
	lease, err := store.Lease(ref)
	fail(err)
	actor := chunk.Actor(lease.Actor[:])
	var head chunk.Change
	chunks, _, err := store.Load(ref)
	fail(err)
	for _, raw := range chunks {
		head, err = chunk.ParseChange(raw, chunk.DefaultLimits)
		fail(err)
	}
	for {
		next := chunk.Change{Actor: actor, Seq: head.Seq + 1, StartOp: head.MaxOp + 1}
		if head.Seq > 0 {
			next.Deps = []chunk.Hash{head.Hash}
		}
		head, err = chunk.Encode(next, []chunk.Actor{actor}, []chunk.Op{{
			Key: chunk.Key{Name: "text", IsName: true}, Action: chunk.Put, Value: chunk.String(fmt.Sprint(next.Seq)),
		}})
		fail(err)
		receipt, err := store.Append(context.Background(), ref, crdt.Bundle{
			Changes: [][]byte{head.Raw}, Signatures: []crdt.Signature{crdt.Sign(key, ref, head)},
		}, crdt.Local, key.Device())
		fail(err)
		if receipt.Accepted == 1 {
			fmt.Println(head.Hash)
		}
	}
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
			if n == 5+7*round {
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
	held := d.hashes(crdt.Ref{Space: d.store.Spaces()[0], Document: crdt.DocumentID{1}})
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
