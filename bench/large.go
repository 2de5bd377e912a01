package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"parley/app/web"
	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

const (
	manyKeys = 260_000
	perTurn  = 500 // keys handed in together, so that the making does not take long
	openings = 30
	rest     = time.Minute

	// looseAtMost is how many changes stay beside a snapshot until there is a
	// next one.
	looseAtMost = 1000
)

// measureLarge measures a long text that one author wrote key by key: what it
// takes on the disk, how soon a window has it, and what is left in memory.
func measureLarge(ctx context.Context, dir string) (_ []Row, err error) {
	keys, err := strokes(manyKeys)
	if err != nil {
		return nil, err
	}
	kept, err := keepLarge(ctx, filepath.Join(dir, "large"), keys)
	if err != nil {
		return nil, err
	}
	opened, err := openLarge(ctx, filepath.Join(dir, "writer"), keys)
	if err != nil {
		return nil, err
	}
	name := func(what string) string {
		return fmt.Sprintf("a text of %d one-key changes by one author: %s", manyKeys, what)
	}
	one := func(sample float64) []float64 { return []float64{sample} }
	return []Row{
		row(documents, name("what Automerge itself saves"), "kB", one(kept.saved)),
		row(documents, name("its records after compaction, keys and values"), "kB", one(kept.records)),
		aimed(documents, name("its records, against what Automerge saves"), "times", one(kept.records/kept.saved), 1.3, byMedian),
		row(documents, name("the store's directory once closed, allocated blocks"), "kB", one(kept.full)),
		row(documents, name("the same before there was a document"), "kB", one(kept.empty)),
		aimed(documents, name("its bytes in a window after opening, warm"), "ms", opened.took, 20, byMedian),
		row(documents, name("the bytes that the window gets"), "kB", one(opened.size)),
		row(documents, name("main process with it open, resident"), "MB", one(opened.open.resident)),
		aimed(documents, name("main process a minute after closing it, resident"), "MB", one(opened.closed.resident), 60, byMedian),
		row(documents, name("the same, shared pages counted in proportion"), "MB", one(opened.closed.proportional)),
	}, nil
}

// kept is what a document came to on the disk, in kB.
type kept struct {
	saved       float64 // by Automerge itself
	records     float64 // the store's records that the document added
	empty, full float64 // the directory's allocated blocks without and with it
}

func keepLarge(ctx context.Context, dir string, keys []stroke) (k kept, err error) {
	s, err := setUp(ctx, dir)
	if err != nil {
		return k, err
	}
	if err := s.close(); err != nil {
		return k, err
	}
	if k.empty, err = allocated(ctx, dir); err != nil {
		return k, err
	}
	if err := s.open(); err != nil {
		return k, err
	}
	if err = errors.Join(s.keep(ctx, keys, &k), s.close()); err != nil {
		return k, err
	}
	k.full, err = allocated(ctx, dir)
	return k, err
}

// keep writes a document, compacts it and weighs it.
func (s *shelf) keep(ctx context.Context, keys []stroke, k *kept) error {
	before, err := s.bytes()
	if err != nil {
		return err
	}
	ref := s.newRef()
	if _, err := s.types(ctx, ref, s.device, keys, perTurn); err != nil {
		return err
	}
	if err := s.compact(ctx, ref); err != nil {
		return err
	}
	after, err := s.bytes()
	if err != nil {
		return err
	}
	chunks, _, err := s.store.Load(ref)
	if err != nil {
		return err
	}
	saved, err := s.child.Read(ctx, chunks, materialize.Automerge)
	k.saved, k.records = kilobytes(len(saved)), kilobytes(after-before)
	return err
}

func kilobytes(bytes int) float64 { return float64(bytes) / 1024 }

// types writes a new document key by key, and hands in perTurn at a time.
func (s *shelf) types(ctx context.Context, ref crdt.Ref, author space.Key, keys []stroke, perTurn int) (*hand, error) {
	h, err := s.begin(ctx, ref, author)
	if err != nil {
		return nil, err
	}
	return h, h.types(keys, perTurn, func(changes []chunk.Change) error {
		return s.append(ctx, ref, author, changes)
	})
}

// types writes at the end of what is there, and hands in perTurn keys at a
// time.
func (h *hand) types(keys []stroke, perTurn int, handIn func([]chunk.Change) error) error {
	from := len(h.sequence)
	for turn := range slices.Chunk(keys, perTurn) {
		changes := make([]chunk.Change, 0, perTurn)
		for _, key := range turn {
			change, err := h.press(from, key)
			if err != nil {
				return err
			}
			changes = append(changes, change)
		}
		if err := handIn(changes); err != nil {
			return err
		}
	}
	return nil
}

// compact makes one snapshot of a document, as the store does by itself once
// that has been left alone, and lets the room be given back that its changes
// took. It waits for a compaction that is under way.
func (s *shelf) compact(ctx context.Context, ref crdt.Ref) error {
	err := eventually(ctx, func() (bool, error) {
		if err := s.store.CompactWhole(ctx, ref); err != nil {
			return false, err
		}
		chunks, _, err := s.store.Load(ref)
		return len(chunks) == 1, err
	})
	if err == nil {
		// The one that was under way may have left some changes beside.
		err = s.store.CompactWhole(ctx, ref)
	}
	if err != nil {
		return err
	}
	return s.backend.Collect()
}

// eventually asks until the answer is yes, for as long as the slowest machine
// may take.
func eventually(ctx context.Context, ready func() (bool, error)) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Minute)
	defer stop()
	for {
		if yes, err := ready(); yes || err != nil {
			return err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// opened is what a window and its peer felt of a document.
type opened struct {
	took         []float64 // ms
	size         float64   // kB
	open, closed weight
}

// openLarge writes a document in one window, opens it in the window of a real
// process several times, and weighs that process with the document open and a
// minute after it was closed.
func openLarge(ctx context.Context, data string, keys []stroke) (o opened, err error) {
	at, err := writeLarge(ctx, data, keys)
	if err != nil {
		return o, err
	}
	n, err := serve(ctx, data)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, n.stop()) }()
	window, err := openSocket(ctx, n.link)
	if err != nil {
		return o, err
	}
	defer window.conn.CloseNow()
	for i := range warmUpOpenings + openings {
		var document struct{ Chunks [][]byte }
		start := time.Now()
		if err := window.call(ctx, "OpenDocument", &document, at...); err != nil {
			return o, err
		}
		took := time.Since(start)
		if i < warmUpOpenings {
			continue
		}
		o.took = append(o.took, milliseconds(took))
		o.size = 0
		for _, chunk := range document.Chunks {
			o.size += kilobytes(len(chunk))
		}
	}
	if o.open, err = weighProcess(n.process.Process.Pid); err != nil {
		return o, err
	}
	if err := window.call(ctx, "CloseDocument", nil, at...); err != nil {
		return o, err
	}
	select {
	case <-time.After(rest):
	case <-ctx.Done():
		return o, ctx.Err()
	}
	o.closed, err = weighProcess(n.process.Process.Pid)
	return o, err
}

// writeLarge has somebody write a document in a window, until what they wrote
// is compacted, and returns what a call names it by.
func writeLarge(ctx context.Context, data string, keys []stroke) (at []any, err error) {
	d, err := openDesk(ctx, data, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.begin(); err != nil {
		return nil, err
	}
	if err := d.writes(d.document, keys); err != nil {
		return nil, err
	}
	return []any{d.space, d.document, "body"}, d.compacts(ctx, d.document)
}

// writes has somebody write a document key by key.
func (d *desk) writes(document string, keys []stroke) error {
	t, err := sitDown(d.window, d.space, document)
	if err != nil {
		return err
	}
	err = t.hand.types(keys, perTurn, func(changes []chunk.Change) error {
		raws := make([][]byte, len(changes))
		for i, change := range changes {
			raws[i] = change.Raw
		}
		_, err := d.window.Commit(d.space, document, "body", raws)
		return err
	})
	return errors.Join(err, d.window.CloseDocument(d.space, document, "body"))
}

// compacts waits until a document is compacted, which its device does by
// itself.
func (d *desk) compacts(ctx context.Context, document string) error {
	return eventually(ctx, func() (bool, error) {
		opened, err := d.window.OpenDocument(d.space, document, "body")
		return len(opened.Chunks) < looseAtMost, errors.Join(err, d.window.CloseDocument(d.space, document, "body"))
	})
}

const warmUpOpenings = 3

// socket is a window's, without a page.
type socket struct {
	conn *websocket.Conn
	last int // call's ID
}

func openSocket(ctx context.Context, link string) (*socket, error) {
	conn, err := web.Dial(ctx, link)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 28)
	return &socket{conn: conn}, nil
}

// call makes a bound call and reads its result, passing over events.
func (s *socket) call(ctx context.Context, method string, result any, params ...any) error {
	s.last++
	if err := wsjson.Write(ctx, s.conn, map[string]any{"id": s.last, "method": method, "params": params}); err != nil {
		return fmt.Errorf("call %s: %w", method, err)
	}
	for {
		answer := struct {
			ID     int
			Result any
			Error  *struct{ Message string }
		}{Result: result}
		if err := wsjson.Read(ctx, s.conn, &answer); err != nil {
			return fmt.Errorf("call %s: %w", method, err)
		}
		switch {
		case answer.ID != s.last:
		case answer.Error != nil:
			return fmt.Errorf("call %s: %s", method, answer.Error.Message)
		default:
			return nil
		}
	}
}
