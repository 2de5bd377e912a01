package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

const (
	peers      = "peers" // the group
	keyRounds  = 3       // of each, in turn
	keysWarmUp = 50
	keysTyped  = 500
)

// measurePeers measures what goes between devices, beside the peers that
// somebody might pick instead, which run on this machine in the same run. step is
// the one to measure, or empty for all.
func measurePeers(ctx context.Context, step string) ([]Row, error) {
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var rows []Row
	known := false
	for _, s := range []struct {
		name    string
		measure func(context.Context, string) ([]Row, error)
	}{
		{"keys", measureKeys}, {"first", measureFirstSync}, {"reconnect", measureReconnect},
		{"file", measureFiles}, {"room", measureRoom}, {"keeper", measureKeeper},
	} {
		if step != "" && s.name != step {
			continue
		}
		known = true
		fmt.Fprintf(os.Stderr, "peers: measuring %s\n", s.name) // all of them take minutes
		measured, err := s.measure(ctx, dir)
		rows = append(rows, measured...)
		if err != nil {
			return rows, err
		}
	}
	if !known {
		return nil, fmt.Errorf("there is no step %q", step)
	}
	return rows, nil
}

// A rival is something else that carries keys, started from bench/others.
type rival struct {
	name, script string
}

var (
	hocuspocus    = rival{"Hocuspocus and Yjs", "hocuspocus.mjs"}
	automergeRepo = rival{"automerge-repo", "automerge-repo.mjs"}
)

// measureKeys times one key from one device to another: ours until it is on
// both disks, the others until it is in the other's memory. One letter right
// after the other, and a letter every 20 ms.
func measureKeys(ctx context.Context, dir string) (rows []Row, err error) {
	if err := installRivals(ctx); err != nil {
		return nil, err
	}
	for _, pace := range []time.Duration{0, pause} {
		var ours, theirs, repos []float64
		for i := range keyRounds { // in turn, since the machine's mood changes
			at := filepath.Join(dir, fmt.Sprintf("keys-%d-%d", pace, i))
			samples, err := timeKeys(ctx, at, pace)
			if err != nil {
				return rows, err
			}
			ours = append(ours, samples...)
			if samples, err = hocuspocus.keys(ctx, at, pace); err != nil {
				return rows, err
			}
			theirs = append(theirs, samples...)
			if samples, err = automergeRepo.keys(ctx, at, pace); err != nil {
				return rows, err
			}
			repos = append(repos, samples...)
		}
		name := func(what string) string {
			if pace == 0 {
				return "one key after the other: " + what
			}
			return fmt.Sprintf("a key every %v: %s", pace, what)
		}
		ratio := func(to []float64) []float64 { return []float64{quantile(ours, 0.5) / quantile(to, 0.5)} }
		rows = append(rows,
			row(peers, name("ours, durable on both devices"), "ms", ours),
			row(peers, name("Hocuspocus with Yjs, client to client, nothing stored"), "ms", theirs),
			row(peers, name("automerge-repo, until the other has it"), "ms", repos),
			aimed(peers, name("ours against Hocuspocus, medians"), "times", ratio(theirs), 0.75, byMedian),
			aimed(peers, name("ours against automerge-repo, medians"), "times", ratio(repos), 0.01, byMedian),
		)
	}
	return rows, nil
}

// timeKeys times keys between two of our devices in one process.
func timeKeys(ctx context.Context, dir string, pace time.Duration) (_ []float64, err error) {
	first, err := openDesk(ctx, filepath.Join(dir, "first"), true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, first.close()) }()
	second, err := first.welcome(ctx, filepath.Join(dir, "second"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, second.close()) }()
	if _, err := second.window.OpenDocument(first.space, first.document, "body"); err != nil {
		return nil, err
	}
	t, err := sitDown(first.window, first.space, first.document)
	if err != nil {
		return nil, err
	}
	return t.typeTo(second, pace)
}

const rivals = "bench/others"

// installRivals fetches what package-lock.json there names, unless it is there. It
// is npm install that does so and not npm ci, which refuses a lock without the
// optional packages of other platforms, that not every registry has.
func installRivals(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(rivals, "node_modules", "yjs")); err == nil {
		return nil
	}
	install := exec.CommandContext(ctx, "npm", "install", "--no-save", "--no-audit", "--no-fund", "--no-progress", "--ignore-scripts")
	install.Dir, install.Stderr = rivals, os.Stderr
	if err := install.Run(); err != nil {
		return fmt.Errorf("install the peers to measure beside ours: %w", err)
	}
	return nil
}

// keys are the milliseconds that each key took.
func (r rival) keys(ctx context.Context, dir string, pace time.Duration) ([]float64, error) {
	program := exec.CommandContext(ctx, "node", filepath.Join(rivals, r.script), strconv.Itoa(keysWarmUp),
		strconv.Itoa(keysTyped), strconv.FormatInt(pace.Milliseconds(), 10), filepath.Join(dir, r.script))
	program.Stderr = os.Stderr
	out, err := program.Output()
	if err != nil {
		return nil, fmt.Errorf("measure %s: %w", r.name, err)
	}
	var said struct{ Keys []float64 }
	if err := json.Unmarshal(out, &said); err != nil {
		return nil, fmt.Errorf("measure %s: read %q: %w", r.name, out, err)
	}
	return said.Keys, nil
}
