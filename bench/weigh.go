package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// weight is a process's memory, in MB.
type weight struct {
	resident     float64 // all of its pages that are in memory
	proportional float64 // of those shared with others, its share
}

func weighProcess(pid int) (w weight, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return weight{}, fmt.Errorf("weigh process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line) // as in "Pss: 1234 kB"
		into := map[string]*float64{"Rss:": &w.resident, "Pss:": &w.proportional}[fields[0]]
		if into == nil {
			continue
		}
		kB, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return weight{}, fmt.Errorf("weigh process %d: %w", pid, err)
		}
		*into = kB / 1024
	}
	if w.proportional == 0 {
		return weight{}, fmt.Errorf("weigh process %d: no Pss", pid)
	}
	return w, nil
}

// weigh measures the memory of the main process, its child and a page, shared
// pages counted in proportion.
func weigh(main int, renderers []int) ([]Row, error) {
	own, err := weighProcess(main)
	if err != nil {
		return nil, err
	}
	child := 0.0
	for _, pid := range childrenOf(main) {
		w, err := weighProcess(pid)
		if err != nil {
			return nil, err
		}
		child += w.proportional
	}
	page := 0.0
	for _, pid := range renderers {
		w, err := weighProcess(pid)
		if err != nil {
			return nil, err
		}
		page = max(page, w.proportional)
	}
	return []Row{
		row("start", "memory of the main process, with that document open", "MB", []float64{own.proportional}),
		row("start", "memory of the child, which has just read it", "MB", []float64{child}),
		row("start", "memory of the page that shows it", "MB", []float64{page}),
	}, nil
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
