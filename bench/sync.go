package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
)

const (
	syncRounds  = 5
	changesEach = 100
)

// measureFirstSync has a newcomer fetch a long text written key by key, and then
// both write while they are apart.
func measureFirstSync(ctx context.Context, dir string) (_ []Row, err error) {
	keys, err := strokes(manyKeys)
	if err != nil {
		return nil, err
	}
	author, err := setUp(ctx, filepath.Join(dir, "author"))
	if err != nil {
		return nil, err
	}
	ref := author.newRef()
	birth, err := author.births(ctx, ref)
	if err != nil {
		return nil, errors.Join(err, author.close())
	}
	written, err := author.continues(ctx, ref, birth, keys)
	if err != nil {
		return nil, errors.Join(err, author.close())
	}
	if err := author.compact(ctx, ref); err != nil {
		return nil, errors.Join(err, author.close())
	}
	chunks, _, err := author.store.Load(ref)
	if err != nil {
		return nil, errors.Join(err, author.close())
	}
	saved, err := author.child.Read(ctx, chunks, materialize.Automerge)
	if err != nil {
		return nil, errors.Join(err, author.close())
	}
	made, err := author.newcomers(ctx, syncRounds)
	if err != nil {
		return nil, errors.Join(err, author.close())
	}
	here, err := goOnline(ctx, author, listenTCP)
	if err != nil {
		return nil, errors.Join(err, closeAll(made), author.close())
	}
	defer func() { err = errors.Join(err, here.close()) }()
	all := float64(len(saved)) / 1000
	var took, carried, times, apartTook, apartCarried []float64
	for i, m := range made {
		newcomer, err := goOnline(ctx, m, listenTCP)
		if err != nil {
			return nil, errors.Join(err, closeAll(made[i:]))
		}
		first, err := reach(ctx, newcomer, here)
		if err == nil && i == len(made)-1 {
			apartTook, apartCarried, err = apart(ctx, here, newcomer, ref, written, birth)
		}
		if err = errors.Join(err, newcomer.close()); err != nil {
			return nil, errors.Join(err, closeAll(made[i+1:]))
		}
		took, carried, times = append(took, first.took), append(carried, first.kB), append(times, first.kB/all)
	}
	name := func(what string) string { return fmt.Sprintf("a text of %d one-key changes: %s", manyKeys, what) }
	return []Row{
		row(peers, name("what Automerge itself saves"), "kB", []float64{all}),
		row(peers, name("first sync, every byte on the wire"), "kB", carried),
		aimed(peers, name("first sync, against what Automerge saves"), "times", times, 1.1, byMedian),
		aimed(peers, name("first sync, from connecting to durable"), "s", took, 1, byMedian),
		aimed(peers, name("100 different changes on each side, every byte on the wire"), "kB", apartCarried, 60, byMedian),
		aimed(peers, name("100 different changes on each side, from connecting to both being equal"), "ms", scaled(apartTook, 1000), 100, byMedian),
	}, nil
}

func scaled(samples []float64, by float64) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = s * by
	}
	return out
}

// births creates a document and returns the changes it is born with.
func (s *shelf) births(ctx context.Context, ref crdt.Ref) ([][]byte, error) {
	birth, err := s.child.Create(ctx, materialize.Birth{Actor: actorOf(s.space, s.device, 0), Kind: "text", Time: time.Now()})
	if err != nil {
		return nil, err
	}
	changes := make([]chunk.Change, len(birth))
	for i, raw := range birth {
		if changes[i], err = chunk.ParseChange(raw, chunk.DefaultLimits); err != nil {
			return nil, err
		}
	}
	return birth, s.append(ctx, ref, s.device, changes)
}

// continues writes keys below a document's birth.
func (s *shelf) continues(ctx context.Context, ref crdt.Ref, birth [][]byte, keys []stroke) (*hand, error) {
	h, err := takeUp(actorOf(s.space, s.device, 0), birth)
	if err != nil {
		return nil, err
	}
	return h, h.types(keys, perTurn, func(changes []chunk.Change) error {
		return s.append(ctx, ref, s.device, changes)
	})
}

// exchange is what it took until two stations were equal.
type exchange struct{ took, kB float64 } // seconds

// apart cuts the wire between two stations, has both write, and connects them
// again, a few times.
func apart(ctx context.Context, author, other *station, ref crdt.Ref, writes *hand, birth [][]byte) (took, carried []float64, err error) {
	theirs, err := takeUp(actorOf(other.space, other.device, 0), birth)
	if err != nil {
		return nil, nil, err
	}
	for range syncRounds {
		if err := other.node.SetOffline(true); err != nil {
			return nil, nil, err
		}
		if err := author.adds(ctx, ref, writes); err != nil {
			return nil, nil, err
		}
		if err := other.adds(ctx, ref, theirs); err != nil {
			return nil, nil, err
		}
		if err := other.node.SetOffline(false); err != nil {
			return nil, nil, err
		}
		e, err := reach(ctx, other, author)
		if err != nil {
			return nil, nil, err
		}
		took, carried = append(took, e.took), append(carried, e.kB)
	}
	return took, carried, nil
}

// adds types a hundred letters, one change each, at once durable.
func (s *shelf) adds(ctx context.Context, ref crdt.Ref, h *hand) error {
	keys := make([]stroke, changesEach)
	for i := range keys {
		keys[i] = stroke{at: i, typed: "e"}
	}
	return h.types(keys, changesEach, func(changes []chunk.Change) error {
		return s.append(ctx, ref, s.device, changes)
	})
}

// reach connects two stations by a new wire and waits until they are equal.
func reach(ctx context.Context, from, to *station) (e exchange, err error) {
	w, err := lay(to)
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	began := time.Now()
	if err := from.node.Connect(ctx, w.address()); err != nil {
		return e, err
	}
	if err := same(ctx, from, to); err != nil {
		return e, err
	}
	e.took = time.Since(began).Seconds()
	e.kB = w.kB()
	return e, nil
}
