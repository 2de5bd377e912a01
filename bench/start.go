package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const starts = 10

// measureStart times the way from starting the program to a text that can be
// written, and weighs the processes.
func measureStart(ctx context.Context) (_ []Row, err error) {
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	data := filepath.Join(dir, "anna")
	n, err := serve(ctx, data)
	if err != nil {
		return nil, err
	}
	_, large, err := n.prepare(ctx, dir)
	if err = errors.Join(err, n.stop()); err != nil {
		return nil, err
	}

	var programs []float64
	for i := range starts {
		began := time.Now()
		if n, err = serve(ctx, data); err != nil {
			return nil, err
		}
		programs = append(programs, milliseconds(time.Since(began)))
		if i < starts-1 {
			if err := n.stop(); err != nil {
				return nil, err
			}
		}
	}
	defer func() { err = errors.Join(err, n.stop()) }()
	calls, err := timeCalls(ctx, n.link)
	if err != nil {
		return nil, err
	}
	large.Link = n.link
	found, page, err := look(ctx, plan{Starts: starts, Start: &large})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, page.close()) }()
	// The child is there while it is asked something, so that it can be weighed.
	if _, err := n.ask(ctx, "", "document", "show", large.Space, large.Document, "--format", "json"); err != nil {
		return nil, err
	}
	memory, err := weigh(n.process.Process.Pid, found.Renderers)
	if err != nil {
		return nil, err
	}
	whole := make([]float64, len(programs))
	for i := range whole {
		whole[i] = programs[i] + found.Starts[i]
	}
	return append([]Row{
		row("start", "raw limit: a bound call without content, over the window's socket", "ms", calls),
		row("start", "program to a link that answers", "ms", programs),
		row("start", "page to editable text of 100,000 characters", "ms", found.Starts),
		row("start", "program to editable text", "ms", whole),
	}, memory...), nil
}

// timeCalls times the smallest call that a window can make.
func timeCalls(ctx context.Context, link string) (_ []float64, err error) {
	window, err := openSocket(ctx, link)
	if err != nil {
		return nil, err
	}
	defer window.conn.CloseNow()
	var samples []float64
	for i := range warmUp + rounds {
		began := time.Now()
		err := window.call(ctx, "CloseDocument", nil, strings.Repeat("0", 64), strings.Repeat("0", 32), "body")
		if err != nil {
			return nil, err
		}
		if i >= warmUp {
			samples = append(samples, milliseconds(time.Since(began)))
		}
	}
	return samples, window.conn.Close(websocket.StatusNormalClosure, "")
}
