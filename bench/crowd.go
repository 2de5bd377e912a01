package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/crdt"
	"parley/crdt/chunk"
)

const (
	crowd       = 40
	typesEvery  = 500 * time.Millisecond // each of them
	lettersEach = 40
)

// measureRoom has forty people in one room type into one text, all connected to
// all as on a local network, and times each letter until it is on every disk.
func measureRoom(ctx context.Context, dir string) (_ []Row, err error) {
	founder, err := setUp(ctx, filepath.Join(dir, "room"))
	if err != nil {
		return nil, err
	}
	ref := founder.newRef()
	birth, err := founder.births(ctx, ref)
	if err != nil {
		return nil, errors.Join(err, founder.close())
	}
	others, err := founder.newcomers(ctx, crowd-1)
	if err != nil {
		return nil, errors.Join(err, founder.close())
	}
	var all []*station
	defer func() { err = errors.Join(err, closeAll(all)) }()
	for i, s := range append([]*shelf{founder}, others...) {
		one, err := goOnline(ctx, s, listenQUIC)
		if err != nil {
			return nil, errors.Join(err, s.close(), closeAll(others[i:]))
		}
		all = append(all, one)
	}
	for i, one := range all {
		for _, other := range all[:i] {
			if err := one.node.Connect(ctx, other.address()); err != nil {
				return nil, err
			}
		}
	}
	for _, one := range all {
		if err := soon(ctx, func() bool { return len(one.node.Peers()) == crowd-1 }); err != nil {
			return nil, fmt.Errorf("all in one room: %w", err)
		}
		if err := same(ctx, one, all[0]); err != nil {
			return nil, fmt.Errorf("all in one room: %w", err)
		}
	}
	spread, own, err := everyoneTypes(ctx, all, ref, birth)
	if err != nil {
		return nil, err
	}
	name := func(what string) string {
		return fmt.Sprintf("%d devices on these cores, a letter each every %v: %s", crowd, typesEvery, what)
	}
	return []Row{
		row(peers, name("a letter on its own device's disk"), "ms", own),
		aimed(peers, name("a letter on every device's disk"), "ms", spread, 250, byP95),
	}, nil
}

// A letterAt is one person's letter, by its change's number.
type letterAt struct {
	actor chunk.Actor
	seq   uint64
}

// A tally says when letters were typed, and when the last device had them.
type tally struct {
	mu      sync.Mutex
	typed   map[letterAt]time.Time
	had     map[letterAt]int
	arrived map[letterAt]time.Time // on the last one
}

func everyoneTypes(ctx context.Context, all []*station, ref crdt.Ref, birth [][]byte) (spread, own []float64, err error) {
	t := &tally{typed: make(map[letterAt]time.Time), had: make(map[letterAt]int), arrived: make(map[letterAt]time.Time)}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var watchers errgroup.Group
	for _, one := range all {
		from := one.store.Position()
		watchers.Go(func() error { return t.watch(watching, one, ref, from) })
	}
	var typists errgroup.Group
	owned := make([][]float64, len(all))
	for i, one := range all {
		typists.Go(func() (err error) {
			owned[i], err = t.press(ctx, one, i, ref, birth)
			return err
		})
	}
	err = typists.Wait()
	if err == nil {
		err = soon(ctx, func() bool {
			t.mu.Lock()
			defer t.mu.Unlock()
			return len(t.arrived) == len(t.typed)
		})
	}
	stop()
	if err = errors.Join(err, watchers.Wait()); err != nil {
		return nil, nil, err
	}
	for letter, at := range t.arrived {
		spread = append(spread, milliseconds(at.Sub(t.typed[letter])))
	}
	for _, samples := range owned {
		own = append(own, samples...)
	}
	return spread, own, nil
}

// press has one person type, in a rhythm of their own.
func (t *tally) press(ctx context.Context, one *station, nth int, ref crdt.Ref, birth [][]byte) (own []float64, err error) {
	h, err := takeUp(actorOf(one.space, one.device, 1), birth)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(typesEvery * time.Duration(nth) / crowd):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	beat := time.NewTicker(typesEvery)
	defer beat.Stop()
	for range lettersEach {
		change, err := h.insert(len(h.sequence), "e")
		if err != nil {
			return nil, err
		}
		began := time.Now()
		t.mu.Lock()
		t.typed[letterAt{change.Actor, change.Seq}] = began
		t.mu.Unlock()
		if err := one.append(ctx, ref, one.device, []chunk.Change{change}); err != nil {
			return nil, err
		}
		own = append(own, milliseconds(time.Since(began)))
		select {
		case <-beat.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return own, nil
}

// watch notes what a device has on its disk.
func (t *tally) watch(ctx context.Context, one *station, ref crdt.Ref, from uint64) error {
	known := make(crdt.Vector)
	for {
		_, next, err := one.store.Wait(ctx, from)
		switch {
		case err == nil, errors.Is(err, crdt.ErrLagged):
		case errors.Is(err, context.Canceled):
			return nil // all were seen
		default:
			return err
		}
		from = next
		vector, err := one.store.Vector(ref)
		if err != nil {
			return err
		}
		now := time.Now()
		t.mu.Lock()
		for actor, seq := range vector {
			for n := known[actor] + 1; n <= seq; n++ {
				letter := letterAt{actor, n}
				if _, typed := t.typed[letter]; !typed {
					continue // the document's birth
				}
				if t.had[letter]++; t.had[letter] == crowd {
					t.arrived[letter] = now
				}
			}
		}
		t.mu.Unlock()
		known = vector
	}
}
