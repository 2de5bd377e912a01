package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

const (
	reconnects = 5
	stillFor   = 2 * time.Second // nothing on the wire: whatever was to be said was said
)

// measureReconnect connects two devices that hold the same, again and again.
func measureReconnect(ctx context.Context, dir string) (rows []Row, err error) {
	// Of two devices that share a space without documents: what connecting costs
	// by itself.
	bare, err := reconnect(ctx, filepath.Join(dir, "reconnect-0"), 0)
	if err != nil {
		return nil, err
	}
	rows = append(rows,
		row(peers, "reconnect, an empty space: every byte on the wire, handshakes included", "kB", bare.kB),
		row(peers, "reconnect, an empty space: from connecting to both knowing", "ms", bare.took),
	)
	for _, of := range []struct {
		documents int
		kB        float64
	}{{1000, 2}, {10_000, 4}} {
		found, err := reconnect(ctx, filepath.Join(dir, fmt.Sprintf("reconnect-%d", of.documents)), of.documents)
		if err != nil {
			return rows, err
		}
		name := func(what string) string {
			return fmt.Sprintf("reconnect, %d documents, nothing changed: %s", of.documents, what)
		}
		more := make([]float64, len(found.kB))
		for i := range more {
			more[i] = found.kB[i] - quantile(bare.kB, 0.5)
		}
		rows = append(rows,
			aimed(peers, name("every byte on the wire, handshakes included"), "kB", found.kB, of.kB, byMedian),
			row(peers, name("of these, more than for an empty space"), "kB", more),
			aimed(peers, name("from connecting to both knowing"), "ms", found.took, 50, byMedian),
		)
	}
	return rows, nil
}

type reconnected struct{ kB, took []float64 } // ms

func reconnect(ctx context.Context, dir string, documents int) (found reconnected, err error) {
	s, err := setUp(ctx, dir)
	if err != nil {
		return found, err
	}
	for range documents {
		if _, err := s.births(ctx, s.newRef()); err != nil {
			return found, errors.Join(err, s.close())
		}
	}
	made, err := s.newcomers(ctx, 1)
	if err != nil {
		return found, errors.Join(err, s.close())
	}
	here, err := goOnline(ctx, s, listenTCP)
	if err != nil {
		return found, errors.Join(err, closeAll(made), s.close())
	}
	defer func() { err = errors.Join(err, here.close()) }()
	there, err := goOnline(ctx, made[0], listenTCP)
	if err != nil {
		return found, errors.Join(err, closeAll(made))
	}
	defer func() { err = errors.Join(err, there.close()) }()
	if _, err := reach(ctx, there, here); err != nil {
		return found, err
	}
	for range reconnects {
		if err := there.node.SetOffline(true); err != nil {
			return found, err
		}
		if err := soon(ctx, func() bool { return len(here.node.Peers()) == 0 }); err != nil {
			return found, err
		}
		if err := there.node.SetOffline(false); err != nil {
			return found, err
		}
		kB, took, err := there.greets(ctx, here)
		if err != nil {
			return found, err
		}
		found.kB, found.took = append(found.kB, kB), append(found.took, took)
	}
	return found, nil
}

// greets connects to another station and waits until both know that they hold
// the same. It returns what was carried, once nothing more is, and how many
// milliseconds it took to know.
func (s *station) greets(ctx context.Context, other *station) (kB, took float64, err error) {
	w, err := lay(other)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	began := time.Now()
	if err := s.node.Connect(ctx, w.address()); err != nil {
		return 0, 0, err
	}
	if err := s.node.CatchUp(ctx, s.space); err != nil {
		return 0, 0, err
	}
	took = milliseconds(time.Since(began))
	for before := -1.0; before != w.kB(); {
		before = w.kB()
		select {
		case <-time.After(stillFor):
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		}
	}
	return w.kB(), took, nil
}
