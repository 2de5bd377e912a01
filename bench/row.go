package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"text/tabwriter"
	"time"
)

// Row is one measured figure: the median, the 95th and the 99th percentile of
// its samples, in Unit. Aim and Met are nil where a figure has no aim of its own
// (the raw limits that the others are read against).
type Row struct {
	Group  string   `json:"group"`
	Name   string   `json:"name"`
	Unit   string   `json:"unit"`
	Median float64  `json:"median"`
	P95    float64  `json:"p95"`
	P99    float64  `json:"p99"`
	Aim    *float64 `json:"aim"`
	Met    *bool    `json:"met"`
}

// Which of a row's figures its aim is about.
const (
	byMedian = iota
	byP95
	byP99
)

// row makes a Row without an aim.
func row(group, name, unit string, samples []float64) Row {
	return Row{
		Group: group, Name: name, Unit: unit,
		Median: quantile(samples, 0.5), P95: quantile(samples, 0.95), P99: quantile(samples, 0.99),
	}
}

// aimed makes a Row of which one figure should not exceed aim.
func aimed(group, name, unit string, samples []float64, aim float64, by int) Row {
	r := row(group, name, unit, samples)
	met := [...]float64{byMedian: r.Median, byP95: r.P95, byP99: r.P99}[by] <= aim
	r.Aim, r.Met = &aim, &met
	return r
}

// atLeast makes a Row whose median should not be below aim.
func atLeast(group, name, unit string, samples []float64, aim float64) Row {
	r := row(group, name, unit, samples)
	met := r.Median >= aim
	r.Aim, r.Met = &aim, &met
	return r
}

// quantile returns the value below which a share q of samples lies (nearest
// rank), and 0 for no samples.
func quantile(samples []float64, q float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	sorted := append([]float64(nil), samples...)
	sort.Float64s(sorted)
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func printTable(w io.Writer, rows []Row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "group\tfigure\tmedian\tp95\tp99\taim\tmet\t")
	for _, r := range rows {
		aim, met := "–", "–"
		if r.Aim != nil {
			aim = fmt.Sprintf("%.4g", *r.Aim)
		}
		if r.Met != nil {
			met = map[bool]string{true: "yes", false: "NO"}[*r.Met]
		}
		fmt.Fprintf(table, "%s\t%s, %s\t%s\t%s\t%s\t%s\t%s\t\n",
			r.Group, r.Name, r.Unit, digits(r.Median), digits(r.P95), digits(r.P99), aim, met)
	}
	return table.Flush()
}

// digits writes a figure with three digits that count, or in full.
func digits(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func writeJSON(path string, rows []Row) error {
	encoded, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the figures: %w", err)
	}
	if err := os.WriteFile(path, append(encoded, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}
