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
	for _, m := range made {
		f, err := fetch(ctx, here, m, ref, written, birth)
		if err != nil {
			return nil, err
		}
		took, carried, times = append(took, f.first.took), append(carried, f.first.kB), append(times, f.first.kB/all)
		apartTook, apartCarried = append(apartTook, f.apart.took), append(apartCarried, f.apart.kB)
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

type fetched struct{ first, apart exchange }

// fetch connects a newcomer by a wire, lets it fetch, cuts the wire, has both
// write, and connects them again.
func fetch(ctx context.Context, author *station, m *shelf, ref crdt.Ref, writes *hand, birth [][]byte) (f fetched, err error) {
	newcomer, err := goOnline(ctx, m, listenTCP)
	if err != nil {
		return f, errors.Join(err, m.close())
	}
	defer func() { err = errors.Join(err, newcomer.close()) }()
	if f.first, err = reach(ctx, newcomer, author); err != nil {
		return f, err
	}
	if err := newcomer.node.SetOffline(true); err != nil {
		return f, err
	}
	theirs, err := takeUp(actorOf(m.space, m.device, 0), birth)
	if err != nil {
		return f, err
	}
	if err := author.adds(ctx, ref, writes); err != nil {
		return f, err
	}
	if err := newcomer.adds(ctx, ref, theirs); err != nil {
		return f, err
	}
	if err := newcomer.node.SetOffline(false); err != nil {
		return f, err
	}
	f.apart, err = reach(ctx, newcomer, author)
	return f, err
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
