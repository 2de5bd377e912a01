// Command bench measures what Parley promises to its users: how soon a letter
// is safe, how soon the others have it, how soon one can begin to write. It
// runs real nodes on this machine's loopback and a real browser, next to the
// raw limits measured in the same run, and prints a table.
//
//	go run ./bench [-only group[/step]] [-cpuprofile file]
//
// With BENCH_JSON in the environment it also writes the figures there, as a
// list of {group, name, unit, median, p95, p99, aim, met}. It expects the programs
// in bin/ (make build).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"

	"parley/crdt/materialize"
)

// group is one set of figures that can be asked for by name. Where measuring
// fails, it returns what it has.
type group struct {
	name    string
	measure func(ctx context.Context, step string) ([]Row, error) // step: alone, if not empty
}

var groups = []group{
	{"edit", whole(measureEdit)},
	{"start", whole(measureStart)},
	{documents, whole(measureDocuments)},
	{spaces, whole(measureSpaces)},
	{peers, measurePeers},
}

// whole is a group that has no steps to be asked for.
func whole(measure func(context.Context) ([]Row, error)) func(context.Context, string) ([]Row, error) {
	return func(ctx context.Context, step string) ([]Row, error) {
		if step != "" {
			return nil, fmt.Errorf("there is no step %q", step)
		}
		return measure(ctx)
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == materialize.Argument {
		materialize.Main()
		return
	}
	only := flag.String("only", "", "measure this group alone, or one step of it: peers/keys")
	profile := flag.String("cpuprofile", "", "write there where this process spends its time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := profiled(*profile, func() error { return run(ctx, *only) }); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// profiled writes a profile of a run, if there is a path.
func profiled(path string, run func() error) error {
	if path == "" {
		return run()
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(fmt.Errorf("write the profile: %w", err), file.Close())
	}
	err = run()
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

func run(ctx context.Context, only string) error {
	var rows []Row
	known := false
	only, step, _ := strings.Cut(only, "/")
	for _, g := range groups {
		if only != "" && g.name != only {
			continue
		}
		known = true
		measured, err := g.measure(ctx, step)
		rows = append(rows, measured...)
		if err != nil {
			return errors.Join(fmt.Errorf("measure %s: %w", g.name, err), printTable(os.Stdout, rows))
		}
	}
	if !known {
		return fmt.Errorf("there is no group %q", only)
	}
	if err := printTable(os.Stdout, rows); err != nil {
		return err
	}
	if path := os.Getenv("BENCH_JSON"); path != "" {
		return writeJSON(path, rows)
	}
	return nil
}

// quiet is the log of the nodes that are measured: what goes wrong, no more.
var quiet = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
