// Command bench measures what Parley promises to its users: how soon a letter
// is safe, how soon the others have it, how soon one can begin to write. It
// runs real nodes on this machine's loopback and a real browser, next to the
// raw limits measured in the same run, and prints a table.
//
//	go run ./bench [-only group]
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

	"parley/crdt/materialize"
)

// group is one set of figures that can be asked for by name. Where measuring
// fails, it returns what it has.
type group struct {
	name    string
	measure func(context.Context) ([]Row, error)
}

var groups = []group{
	{"edit", measureEdit},
	{"start", measureStart},
	{documents, measureDocuments},
	{spaces, measureSpaces},
	{peers, measurePeers},
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == materialize.Argument {
		materialize.Main()
		return
	}
	only := flag.String("only", "", "measure this group alone")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string) error {
	var rows []Row
	known := false
	for _, g := range groups {
		if only != "" && g.name != only {
			continue
		}
		known = true
		measured, err := g.measure(ctx)
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
