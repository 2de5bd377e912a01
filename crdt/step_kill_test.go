//go:build unix

package crdt_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// stepsEnv makes the test binary a process that does one thing after the other
// in a store, and is killed before the write of that number.
const stepsEnv = "PARLEY_TEST_KILL_BEFORE_WRITE"

// mortal is a backend whose process is killed before one of its writes.
type mortal struct {
	crdt.Backend
	before int
}

func (m *mortal) Write(ops []crdt.Op) error {
	if m.before--; m.before == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // it does not return
	}
	return m.Backend.Write(ops)
}

// stepByStep writes, compacts, sets aside, writes on and compacts again, and
// says what is done.
func stepByStep(dir string, before int) error {
	backend, err := badger.Open(badger.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	key, err := space.GenerateKey(strings.NewReader(strings.Repeat("k", 64)))
	if err != nil {
		return err
	}
	child := materialize.New(materialize.Options{})
	store, err := crdt.Open(crdt.Options{
		Backend: &mortal{backend, before}, Device: key.Device(), Materializer: child, KeepLoose: 4,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	ctx := context.Background()
	_, founding, err := space.Found(key, "Riverside", space.Person{Name: "Ada"}, time.Unix(1e9, 0), strings.NewReader(strings.Repeat("s", 64)))
	if err != nil {
		return err
	}
	log, err := store.CreateSpace(ctx, founding.Raw)
	if err != nil {
		return err
	}
	ref := crdt.Ref{Space: log.ID(), Document: crdt.DocumentID{1}, Part: space.Body}
	var newest, last chunk.Change
	write := func(n int) error {
		for range n {
			actor := space.ActorFor(ref.Space, key.Device(), 0)
			head, err := goOn(store, ref, chunk.Actor(actor[:]))
			if err != nil {
				return err
			}
			c, err := chunk.Encode(head, []chunk.Actor{head.Actor}, []chunk.Op{{
				Key: chunk.Key{Name: fmt.Sprint(head.Seq), IsName: true}, Action: chunk.Put, Value: chunk.String("v"),
			}})
			if err != nil {
				return err
			}
			bundle := crdt.Bundle{Changes: [][]byte{c.Raw}, Signatures: []crdt.Signature{crdt.Sign(key, ref, c)}}
			if receipt, err := store.Append(ctx, ref, bundle, crdt.Local, key.Device()); err != nil || receipt.Accepted != 1 {
				return fmt.Errorf("%+v, %w", receipt, err)
			}
			fmt.Println("wrote", c.Hash)
			newest, last = c, newest
		}
		return nil
	}
	err = errors.Join(write(8), store.Compact(ctx, ref), write(2))
	if err != nil {
		return err
	}
	fmt.Println("leaves", newest.Hash)
	if _, err := store.SetAside(ctx, ref, []chunk.Hash{newest.Hash}, crdt.ReasonTrap); err != nil {
		return err
	}
	fmt.Println("left", newest.Hash)
	fmt.Println("leaves", last.Hash) // it lies in no snapshot either
	if _, err := store.SetAside(ctx, ref, []chunk.Hash{last.Hash}, crdt.ReasonTrap); err != nil {
		return err
	}
	fmt.Println("left", last.Hash)
	if err := errors.Join(store.Compact(ctx, ref), store.CompactWhole(ctx, ref)); err != nil {
		return err
	}
	fmt.Println("done")
	return errors.Join(child.Close(), store.Close())
}

// TestKilledAtEveryStep kills a process before each of its writes, one after
// the other, and looks at what it has left.
func TestKilledAtEveryStep(t *testing.T) {
	for before := 1; ; before++ {
		dir := t.TempDir()
		command := exec.Command(os.Args[0], dir)
		command.Env = append(os.Environ(), stepsEnv+"="+strconv.Itoa(before))
		command.Stderr = os.Stderr
		out, err := command.StdoutPipe()
		if err == nil {
			err = command.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		wrote, done := make(map[string]bool), false
		leaving, left := "", make(map[string]bool)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			switch what, hash, _ := strings.Cut(lines.Text(), " "); what {
			case "wrote":
				wrote[hash] = true
			case "leaves":
				leaving = hash
			case "left":
				left[hash], leaving = true, ""
			case "done":
				done = true
			}
		}
		if err := command.Wait(); done != (err == nil) {
			t.Fatalf("killed before write %d: %v", before, err)
		}
		d := &device{t: t, dir: dir, options: crdt.Options{Log: slog.New(slog.DiscardHandler)}}
		d.opens()
		d.understands()
		if spaces := d.store.Spaces(); len(spaces) == 1 {
			ref := crdt.Ref{Space: spaces[0], Document: crdt.DocumentID{1}, Part: space.Body}
			look := func(when string) {
				held := make(map[string]bool)
				for hash := range d.history(ref) {
					held[hash.String()] = true
				}
				for hash := range wrote {
					if held[hash] == left[hash] && hash != leaving {
						t.Errorf("killed before write %d, %s: held %v, left %v", before, when, held[hash], left[hash])
					}
				}
			}
			look("opened")
			d.compacts(ref)
			look("compacted")
			if err := d.store.CompactWhole(t.Context(), ref); err != nil {
				t.Error(err)
			}
			look("at rest")
			if loose := d.loose(ref); loose != 0 {
				t.Errorf("killed before write %d: %d changes are left beside the snapshot", before, loose)
			}
		} else if len(wrote) > 0 {
			t.Errorf("killed before write %d: the space is gone", before)
		}
		d.closes()
		if done {
			if before < 15 {
				t.Errorf("all is done in %d writes", before)
			}
			return
		}
	}
}
