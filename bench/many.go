package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

const (
	manyDocuments = 1000
	keysOfEach    = 2000

	notInMemory  = 200 // documents; 64 stay there
	appendRounds = 5
)

// measureMany measures what it takes to start with a thousand documents.
func measureMany(ctx context.Context, dir string) (_ []Row, err error) {
	data := filepath.Join(dir, "many")
	if err := writeMany(ctx, data); err != nil {
		return nil, err
	}
	var ready, resident, proportional []float64
	for range starts {
		began := time.Now()
		n, err := serve(ctx, data)
		if err != nil {
			return nil, err
		}
		ready = append(ready, time.Since(began).Seconds())
		w, err := weighProcess(n.process.Process.Pid)
		if err = errors.Join(err, n.stop()); err != nil {
			return nil, err
		}
		resident = append(resident, w.resident)
		proportional = append(proportional, w.proportional)
	}
	name := func(what string) string {
		return fmt.Sprintf("%d documents of %d changes: %s", manyDocuments, keysOfEach, what)
	}
	return []Row{
		aimed(documents, name("program to a link that answers"), "s", ready, 0.5, byMedian),
		aimed(documents, name("main process then, resident"), "MB", resident, 80, byMedian),
		row(documents, name("the same, shared pages counted in proportion"), "MB", proportional),
	}, nil
}

// writeMany has somebody write a thousand documents.
func writeMany(ctx context.Context, data string) (err error) {
	keys, err := strokes(keysOfEach)
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, data, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.begin(); err != nil {
		return err
	}
	documents := []string{d.document}
	for i := range manyDocuments - 1 {
		document, err := d.window.CreateDocument(d.space, "text", fmt.Sprintf("Document %d", i))
		if err != nil {
			return err
		}
		documents = append(documents, document)
	}
	for _, document := range documents {
		if err := d.writes(document, keys); err != nil {
			return err
		}
	}
	for _, document := range documents {
		if err := d.compacts(ctx, document); err != nil {
			return err
		}
	}
	return nil
}

// measureAppends times how soon a peer's change of a document is on the disk
// that is not in memory.
func measureAppends(ctx context.Context, dir string) (_ []Row, err error) {
	s, err := setUp(ctx, filepath.Join(dir, "appends"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	author, err := space.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := s.admit(ctx, author); err != nil {
		return nil, err
	}
	keys, err := strokes(keysOfEach)
	if err != nil {
		return nil, err
	}
	refs := make([]crdt.Ref, notInMemory)
	hands := make([]*hand, notInMemory)
	for i := range refs {
		refs[i] = s.newRef()
		if hands[i], err = s.types(ctx, refs[i], author, keys, len(keys)); err != nil {
			return nil, err
		}
		if err := s.compact(ctx, refs[i]); err != nil {
			return nil, err
		}
	}
	raw, err := timeSyncedWrites(filepath.Join(dir, "raw-appends"), true)
	if err != nil {
		return nil, err
	}
	var samples []float64
	for range appendRounds {
		for i, h := range hands {
			change, err := h.insert(len(h.sequence), "e")
			if err != nil {
				return nil, err
			}
			bundle := bundleOf(refs[i], author, []chunk.Change{change}) // signed where it was written
			start := time.Now()
			if err := s.takes(ctx, refs[i], author, bundle); err != nil {
				return nil, err
			}
			samples = append(samples, milliseconds(time.Since(start)))
		}
	}
	return []Row{
		row(documents, "raw limit: one synced Badger write, just before the appends", "ms", raw),
		aimed(documents, "append of a peer's change, document not in memory", "ms", samples, 0.3, byMedian),
	}, nil
}
