package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"parley/app/bundle"
	"parley/crdt/chunk"
)

const (
	carriedKeys  = 100
	carriedTimes = 5
)

// measureBundles measures a long text that travels as a file: all of it, and what
// was typed since.
func measureBundles(ctx context.Context, dir string) (_ []Row, err error) {
	keys, err := strokes(manyKeys)
	if err != nil {
		return nil, err
	}
	from, err := setUp(ctx, filepath.Join(dir, "carried from"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	to, err := setUp(ctx, filepath.Join(dir, "carried to"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, to.close()) }()
	if err := from.admit(ctx, to.device); err != nil {
		return nil, err
	}
	ref := from.newRef()
	h, err := from.types(ctx, ref, from.device, keys, perTurn)
	if err != nil {
		return nil, err
	}
	if err := from.compact(ctx, ref); err != nil {
		return nil, err
	}
	whole, err := from.carry(ctx, to, nil)
	if err != nil {
		return nil, err
	}
	err = h.types(keys[:carriedKeys], 1, func(changes []chunk.Change) error {
		return from.append(ctx, ref, from.device, changes)
	})
	if err != nil {
		return nil, err
	}
	some, err := from.carry(ctx, to, whole.file)
	if err != nil {
		return nil, err
	}
	if from.store.Digest(from.space) != to.store.Digest(from.space) {
		return nil, errors.New("what was carried is not what was there")
	}
	name := func(what string) string {
		return fmt.Sprintf("a bundle of a text of %d one-key changes: %s", manyKeys, what)
	}
	since := func(what string) string {
		return fmt.Sprintf("a bundle of %d changes since that: %s", carriedKeys, what)
	}
	return []Row{
		row(documents, name("size"), "kB", []float64{kilobytes(len(whole.file))}),
		row(documents, name("written"), "ms", whole.written),
		row(documents, name("taken in by who has nothing"), "ms", []float64{whole.taken}),
		row(documents, name("allocated while it is written"), "MB", []float64{whole.allocated}),
		row(documents, since("size"), "kB", []float64{kilobytes(len(some.file))}),
		row(documents, since("written, the first one read"), "ms", some.written),
		row(documents, since("taken in"), "ms", []float64{some.taken}),
	}, nil
}

// carried is one bundle on its way from one store to another.
type carried struct {
	file      []byte
	written   []float64 // ms
	taken     float64   // ms
	allocated float64   // MB
}

func (s *shelf) carry(ctx context.Context, to *shelf, earlier []byte) (c carried, err error) {
	for range carriedTimes {
		var file bytes.Buffer
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		o := bundle.Options{Space: s.space, Key: s.device, Files: true, Now: time.Now()}
		if earlier != nil {
			log, _ := s.store.Log(s.space)
			if o.Since, err = bundle.ReadKnown(log, s.device, bytes.NewReader(earlier)); err != nil {
				return c, err
			}
		}
		if _, err := bundle.Write(ctx, s.store, o, &file); err != nil {
			return c, err
		}
		c.written = append(c.written, milliseconds(time.Since(began)))
		runtime.ReadMemStats(&after)
		c.file, c.allocated = file.Bytes(), float64(after.TotalAlloc-before.TotalAlloc)/(1<<20)
	}
	began := time.Now()
	_, err = bundle.Take(ctx, to.store, to.device, bytes.NewReader(c.file), nil)
	c.taken = milliseconds(time.Since(began))
	return c, err
}
