package main

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

const (
	windows     = 8
	eachWindow  = 1250 // changes that each hands in
	commitRuns  = 5
	commitTimes = 4000
)

// measureCommits times how soon one key's change is on the disk, signed and
// encrypted, and how many of them eight windows get there in a second.
func measureCommits(ctx context.Context, dir string) (_ []Row, err error) {
	raw, err := timeSyncedWrites(filepath.Join(dir, "raw"), true)
	if err != nil {
		return nil, err
	}
	s, err := setUp(ctx, filepath.Join(dir, "commits"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	alone, err := s.timeCommits(ctx)
	if err != nil {
		return nil, err
	}
	var apart, together []float64
	for range commitRuns {
		rate, err := s.commitsPerSecond(ctx, windows)
		if err != nil {
			return nil, err
		}
		apart = append(apart, rate)
		if rate, err = s.commitsPerSecond(ctx, 1); err != nil {
			return nil, err
		}
		together = append(together, rate)
	}
	return []Row{
		row(documents, "raw limit: one synced Badger write of 256 bytes, encrypted", "ms", raw),
		aimed(documents, "commit to durable, encrypted", "ms", alone, 0.5, byMedian),
		aimed(documents, "the same, by its 99th percentile", "ms", alone, 5, byP99),
		atLeast(documents, "commits from eight windows, each in a document of its own", "per s", apart, 5000),
		row(documents, "the same, all in one document", "per s", together),
	}, nil
}

func (s *shelf) timeCommits(ctx context.Context) ([]float64, error) {
	ref := s.newRef()
	h, err := s.begin(ctx, ref, s.device)
	if err != nil {
		return nil, err
	}
	var samples []float64
	for i := range warmUp + commitTimes {
		change, err := h.insert(len(h.sequence), string('a'+rune(i%26)))
		if err != nil {
			return nil, err
		}
		start := time.Now()
		if err := s.append(ctx, ref, s.device, []chunk.Change{change}); err != nil {
			return nil, err
		}
		if i >= warmUp {
			samples = append(samples, milliseconds(time.Since(start)))
		}
	}
	return samples, nil
}

// commitsPerSecond has eight windows write into so many documents as fast as
// they can. Each hands in its next change when the last is durable.
func (s *shelf) commitsPerSecond(ctx context.Context, documents int) (float64, error) {
	var refs [windows]crdt.Ref
	var written [windows][]chunk.Change
	for i := range windows {
		if i < documents {
			refs[i] = s.newRef()
			if _, err := s.begin(ctx, refs[i], s.device); err != nil {
				return 0, err
			}
		}
		refs[i] = refs[i%documents]
		birth, _, err := s.store.Load(refs[i])
		if err != nil {
			return 0, err
		}
		h, err := takeUp(actorOf(s.space, s.device, uint32(i)), birth)
		if err != nil {
			return 0, err
		}
		for range eachWindow {
			change, err := h.insert(len(h.sequence), "e")
			if err != nil {
				return 0, err
			}
			written[i] = append(written[i], change)
		}
	}
	var wait sync.WaitGroup
	var failed [windows]error
	start := time.Now()
	for i := range windows {
		wait.Go(func() {
			for _, change := range written[i] {
				if failed[i] = s.append(ctx, refs[i], s.device, []chunk.Change{change}); failed[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(start)
	return windows * eachWindow / took.Seconds(), errors.Join(failed[:]...)
}

func (s *shelf) newRef() crdt.Ref {
	ref := crdt.Ref{Space: s.space, Part: space.Body}
	rand.Read(ref.Document[:])
	return ref
}

func actorOf(id space.ID, author space.Key, lease uint32) chunk.Actor {
	actor := space.ActorFor(id, author.Device(), lease)
	return chunk.Actor(actor[:])
}
