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
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// judgeEnv makes the test binary a process that hears of a removal, and is
// killed before the write of that number.
const judgeEnv = "PARLEY_TEST_JUDGE_UNTIL_WRITE"

// trial is a process in which somebody is removed, who wrote in several parts.
type trial struct {
	ctx      context.Context
	store    *crdt.Store
	ada, xan space.Key
	id       space.ID
}

const trialParts = 3

func (*trial) ref(id space.ID, i int) crdt.Ref {
	return crdt.Ref{Space: id, Document: crdt.DocumentID{byte(i + 1)}, Part: space.Body}
}

// judgeStepByStep says what was written and whether it is to count.
func judgeStepByStep(dir string, before int) error {
	backend, err := badger.Open(badger.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	child := materialize.New(materialize.Options{})
	w := &trial{ctx: context.Background(), ada: space.KeyFromSeed([32]byte{1}), xan: space.KeyFromSeed([32]byte{2})}
	w.store, err = crdt.Open(crdt.Options{
		Backend: &mortal{backend, before}, Device: w.ada.Device(), Materializer: child, KeepLoose: 2,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	if err := w.begin(); err != nil {
		return err
	}
	removal, err := w.removal()
	if err != nil {
		return err
	}
	for i := range trialParts {
		if err := w.write(i, w.xan, 3, "late"); err != nil {
			return err
		}
		// In one part somebody has built on it, one is compacted.
		switch i {
		case 1:
			err = w.store.CompactWhole(w.ctx, w.ref(w.id, i))
		case 2:
			err = w.write(i, w.ada, 1, "kept")
		}
		if err != nil {
			return err
		}
	}
	raw := make([][]byte, len(removal))
	for i, e := range removal {
		raw[i] = e.Raw
	}
	if _, _, err := w.store.AddEntries(w.ctx, w.id, raw); err != nil {
		return err
	}
	fmt.Println("removed")
	if err := w.store.Judge(w.ctx, w.id); err != nil {
		return err
	}
	fmt.Println("done")
	return errors.Join(child.Close(), w.store.Close())
}

// begin founds a space of two, in which both have written.
func (w *trial) begin() error {
	now, random := time.Unix(1e9, 0), strings.NewReader(strings.Repeat("r", 1<<12))
	_, founding, err := space.Found(w.ada, "Riverside", space.Person{Name: "Ada"}, now, random)
	if err != nil {
		return err
	}
	log, err := w.store.CreateSpace(w.ctx, founding.Raw)
	if err != nil {
		return err
	}
	w.id = log.ID()
	invite, secret, err := log.Invite(w.ada, space.InviteOptions{Role: space.Editor, Uses: 1}, now, random)
	if err != nil {
		return err
	}
	if _, _, err := w.store.AddEntries(w.ctx, w.id, [][]byte{invite.Raw}); err != nil {
		return err
	}
	code := space.Code{Space: w.id, Secret: secret, Inviter: w.ada.Device(), Name: log.Name()}
	application, err := space.Apply(w.xan, code, space.Person{Name: "Xan"})
	if err != nil {
		return err
	}
	join, err := log.Admit(w.ada, application, now)
	if err != nil {
		return err
	}
	if _, _, err := w.store.AddEntries(w.ctx, w.id, [][]byte{join.Raw}); err != nil {
		return err
	}
	for i := range trialParts {
		if err := errors.Join(w.write(i, w.ada, 2, "kept"), w.write(i, w.xan, 2, "kept")); err != nil {
			return err
		}
	}
	return nil
}

func (w *trial) removal() ([]space.Entry, error) {
	cut, err := w.store.Cut(w.ctx, w.id, []space.DeviceID{w.xan.Device()})
	if err != nil {
		return nil, err
	}
	log, _ := w.store.Log(w.id)
	return log.Remove(w.ada, w.xan.Device(), cut, time.Unix(1e9+1, 0))
}

func (w *trial) write(i int, key space.Key, n int, fate string) error {
	ref := w.ref(w.id, i)
	for range n {
		actor := space.ActorFor(w.id, key.Device(), 0)
		head, err := goOn(w.store, ref, chunk.Actor(actor[:]))
		if err != nil {
			return err
		}
		c, err := chunk.Encode(head, []chunk.Actor{head.Actor}, []chunk.Op{{
			Key: chunk.Key{Name: fmt.Sprintf("%x %d", head.Actor, head.Seq), IsName: true}, Action: chunk.Put, Value: chunk.String("v"),
		}})
		if err != nil {
			return err
		}
		origin := crdt.Peer
		if key.Device() == w.ada.Device() {
			origin = crdt.Local
		}
		bundle := crdt.Bundle{Changes: [][]byte{c.Raw}, Signatures: []crdt.Signature{crdt.Sign(key, ref, c)}}
		if receipt, err := w.store.Append(w.ctx, ref, bundle, origin, key.Device()); err != nil || receipt.Accepted != 1 {
			return fmt.Errorf("%+v, %w", receipt, err)
		}
		if i == 2 {
			fate = "kept" // somebody builds on the last
		}
		fmt.Println(fate, i, c.Hash)
	}
	return nil
}

// TestKilledInTheMiddleOfJudging kills a process before each of the writes that
// follow a removal, and has the next one go on: it knows that there is something
// to do, and what is in the part and what is aside is in one of the two places.
func TestKilledInTheMiddleOfJudging(t *testing.T) {
	killedLate := 0
	for before := 20; ; before++ {
		dir := t.TempDir()
		command := exec.Command(os.Args[0], dir)
		command.Env = append(os.Environ(), judgeEnv+"="+strconv.Itoa(before))
		command.Stderr = os.Stderr
		out, err := command.StdoutPipe()
		if err == nil {
			err = command.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		fates := make([]map[string]string, trialParts)
		for i := range fates {
			fates[i] = make(map[string]string)
		}
		removed, done := false, false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			switch words := strings.Fields(lines.Text()); words[0] {
			case "removed":
				removed = true
			case "done":
				done = true
			default:
				i, _ := strconv.Atoi(words[1])
				fates[i][words[2]] = words[0]
			}
		}
		if err := command.Wait(); done != (err == nil) {
			t.Fatalf("killed before write %d: %v", before, err)
		}
		if removed {
			killedLate++
			lookAtTrial(t, dir, before, fates)
		}
		if done {
			if killedLate < 6 {
				t.Errorf("all is judged in %d writes", killedLate)
			}
			return
		}
	}
}

func lookAtTrial(t *testing.T, dir string, before int, fates []map[string]string) {
	d := &device{t: t, name: "Ada", dir: dir, options: crdt.Options{Log: slog.New(slog.DiscardHandler)}}
	d.opens()
	d.understands()
	defer d.closes()
	id := d.store.Spaces()[0]
	for _, when := range []string{"opened", "judged"} {
		if when == "judged" {
			d.judges(id)
			d.isWhole()
		}
		for i, fate := range fates {
			ref := new(trial).ref(id, i)
			held, aside := d.history(ref), d.asideOf(ref)
			for hash, fate := range fate {
				hash, err := chunk.ParseHash(hash)
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case fate == "kept" && !held[hash]:
					t.Errorf("killed before write %d, %s: a change is gone", before, when)
				case !held[hash] && aside[hash] != crdt.ReasonRemoved:
					t.Errorf("killed before write %d, %s: a change is in neither place", before, when)
				case when == "judged" && held[hash] != (fate == "kept"):
					t.Errorf("killed before write %d, %s: held %v, %s", before, when, held[hash], fate)
				}
			}
		}
	}
}
