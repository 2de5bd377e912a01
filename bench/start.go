package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"parley/app/web"
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
	socket, err := web.Dial(ctx, link)
	if err != nil {
		return nil, err
	}
	defer socket.CloseNow()
	var samples []float64
	for i := range warmUp + rounds {
		began := time.Now()
		call := map[string]any{"id": i + 1, "method": "CloseDocument", "params": []string{
			strings.Repeat("0", 64), strings.Repeat("0", 32), "body",
		}}
		if err := wsjson.Write(ctx, socket, call); err != nil {
			return nil, err
		}
		for answered := false; !answered; {
			var answer struct{ ID int }
			if err := wsjson.Read(ctx, socket, &answer); err != nil {
				return nil, err
			}
			answered = answer.ID == i+1
		}
		if i >= warmUp {
			samples = append(samples, milliseconds(time.Since(began)))
		}
	}
	return samples, socket.Close(websocket.StatusNormalClosure, "")
}

// weigh measures the memory of the main process, its child and a page.
func weigh(main int, renderers []int) ([]Row, error) {
	own, err := proportionalMB(main)
	if err != nil {
		return nil, err
	}
	child := 0.0
	for _, pid := range childrenOf(main) {
		weight, err := proportionalMB(pid)
		if err != nil {
			return nil, err
		}
		child += weight
	}
	page := 0.0
	for _, pid := range renderers {
		weight, err := proportionalMB(pid)
		if err != nil {
			return nil, err
		}
		page = max(page, weight)
	}
	return []Row{
		row("start", "memory of the main process, with that document open", "MB", []float64{own}),
		row("start", "memory of the child, which has just read it", "MB", []float64{child}),
		row("start", "memory of the page that shows it", "MB", []float64{page}),
	}, nil
}

// proportionalMB is a process's memory, shared pages counted in proportion.
func proportionalMB(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, fmt.Errorf("weigh process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kB, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kB / 1024, err
		}
	}
	return 0, fmt.Errorf("weigh process %d: no Pss", pid)
}

func childrenOf(pid int) []int {
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil // none
	}
	var pids []int
	for _, field := range strings.Fields(string(out)) {
		if child, err := strconv.Atoi(field); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}
