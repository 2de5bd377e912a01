package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	texts        = "text" // the group
	textKeys     = 60
	textActions  = 6
	textTitle    = "Large"
	otherTitle   = "Small"
	keyAim       = 4   // ms
	actionAim    = 16  // ms
	openAim      = 800 // ms
	rivalEditors = "editors"
)

// measureTexts measures what writing in a long text costs a page's main
// thread, beside the editors that somebody might build on instead, in both
// engines that show our window.
func measureTexts(ctx context.Context) (_ []Row, err error) {
	if err := installRivals(ctx); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	blocks, err := makeText()
	if err != nil {
		return nil, err
	}
	display, err := openDisplay(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, display.close()) }()

	var rows []Row
	for _, engine := range []string{"chromium", "webkit"} {
		measured, err := measureEngine(ctx, filepath.Join(dir, engine), engine, blocks, display)
		rows = append(rows, measured...)
		if err != nil {
			return rows, fmt.Errorf("in %s: %w", engine, err)
		}
	}
	return rows, nil
}

// A writingPage is one that text.mjs opens: of ours with the place to open, and
// what one clicks on to get there.
type writingPage struct {
	Link  string `json:"link"`
	Place *place `json:"place,omitempty"`
	Title string `json:"title,omitempty"`
	Other string `json:"other,omitempty"`
}

type textPlan struct {
	Engine string       `json:"engine"`
	Rounds textRounds   `json:"rounds"`
	Writer writingPage  `json:"writer"`
	Reader *writingPage `json:"reader,omitempty"`
	Bare   bool         `json:"bare,omitempty"`
}

type textRounds struct {
	Keys    int `json:"keys"`
	Actions int `json:"actions"`
}

// writingCost is what text.mjs found, in milliseconds of the main thread; open
// in milliseconds on the clock. Pasted counts blocks.
type writingCost struct {
	Key, Remote, Enter, Bold, Paste, Open []float64
	Pasted, Renderer                      int

	memory float64 // MB
}

// measureEngine measures each editor in one browser engine, one after the
// other, with documents that are new.
func measureEngine(ctx context.Context, dir, engine string, blocks []textBlock, d *display) (_ []Row, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	writer, reader, stop, err := ourPages(ctx, dir, blocks)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	yjs, automerge, end, err := rivalPages(ctx, dir, blocks)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()

	rounds := textRounds{Keys: textKeys, Actions: textActions}
	costs := make([]writingCost, 4)
	for i, p := range []textPlan{
		{Writer: writer, Bare: true},
		{Writer: writer, Reader: &reader},
		{Writer: yjs, Reader: &yjs},
		{Writer: automerge, Reader: &automerge},
	} {
		fmt.Fprintf(os.Stderr, "text: measuring editor %d of 4 in %s\n", i+1, engine)
		p.Engine, p.Rounds = engine, rounds
		if costs[i], err = writes(ctx, p, d); err != nil {
			return nil, err
		}
	}
	return textRows(engine, costs[0], costs[1], costs[2], costs[3]), nil
}

func textRows(engine string, bare, ours, yjs, automerge writingCost) []Row {
	name := func(what, who string) string { return fmt.Sprintf("%s: %s: %s", engine, what, who) }
	const onYjs, onAutomerge = "y-prosemirror on Hocuspocus", "@automerge/prosemirror on automerge-repo"
	rows := []Row{row(texts, name("raw limit: a key, main thread's time", "the browser alone"), "ms", bare.Key)}
	for _, of := range []struct {
		what string
		cost func(writingCost) []float64
		aim  float64
	}{
		{"a key", func(c writingCost) []float64 { return c.Key }, keyAim},
		{"somebody else's key", func(c writingCost) []float64 { return c.Remote }, keyAim},
		{"Enter", func(c writingCost) []float64 { return c.Enter }, actionAim},
		{"bold over a page", func(c writingCost) []float64 { return c.Bold }, actionAim},
		{"a page pasted", func(c writingCost) []float64 { return c.Paste }, actionAim},
	} {
		what := of.what + ", main thread's time"
		mine := of.cost(ours)
		rows = append(rows,
			aimed(texts, name(what, "ours"), "ms", mine, of.aim, byP95),
			row(texts, name(what, onYjs), "ms", of.cost(yjs)),
			row(texts, name(what, onAutomerge), "ms", of.cost(automerge)),
			aimed(texts, name(of.what, "ours against "+onYjs+", medians"), "times",
				[]float64{quantile(mine, 0.5) / quantile(of.cost(yjs), 0.5)}, 1, byMedian),
			aimed(texts, name(of.what, "ours against "+onAutomerge+", medians"), "times",
				[]float64{quantile(mine, 0.5) / quantile(of.cost(automerge), 0.5)}, 1, byMedian),
		)
	}
	return append(rows,
		aimed(texts, name("click to a text that can be written", "ours"), "ms", ours.Open, openAim, byP95),
		row(texts, name("memory of the page", "ours"), "MB", []float64{ours.memory}),
		row(texts, name("memory of the page", onYjs), "MB", []float64{yjs.memory}),
		row(texts, name("memory of the page", onAutomerge), "MB", []float64{automerge.memory}),
	)
}

// ourPages has two nodes with the text in a space of both.
func ourPages(ctx context.Context, dir string, blocks []textBlock) (writer, reader writingPage, stop func() error, err error) {
	var nodes []*node
	stop = func() (err error) {
		for _, n := range nodes {
			err = errors.Join(err, n.stop())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, stop())
		}
	}()
	for _, name := range []string{"anna", "omar"} {
		n, err := serve(ctx, filepath.Join(dir, name))
		if err != nil {
			return writer, reader, nil, err
		}
		nodes = append(nodes, n)
	}
	_, large, err := nodes[0].prepare(ctx, dir, asMarkdown(blocks))
	if err != nil {
		return writer, reader, nil, err
	}
	if err := nodes[0].invite(ctx, large.Space, nodes[1]); err != nil {
		return writer, reader, nil, err
	}
	page := func(n *node) writingPage {
		return writingPage{Link: n.link, Place: &large, Title: textTitle, Other: otherTitle}
	}
	return page(nodes[0]), page(nodes[1]), stop, nil
}

// rivalPages starts the other editors with the text in them.
func rivalPages(ctx context.Context, dir string, blocks []textBlock) (yjs, automerge writingPage, end func() error, err error) {
	file := filepath.Join(dir, "text.json")
	encoded, err := json.Marshal(map[string]any{"blocks": blocks})
	if err != nil {
		return yjs, automerge, nil, err
	}
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		return yjs, automerge, nil, err
	}
	server := exec.CommandContext(ctx, "node", filepath.Join(rivals, rivalEditors, "serve.mjs"), file, filepath.Join(dir, rivalEditors))
	server.Stderr = os.Stderr
	input, err := server.StdinPipe()
	if err != nil {
		return yjs, automerge, nil, err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return yjs, automerge, nil, err
	}
	if err := server.Start(); err != nil {
		return yjs, automerge, nil, fmt.Errorf("start the other editors: %w", err)
	}
	end = func() error { return errors.Join(input.Close(), server.Wait()) }
	var at struct {
		Pages            string
		Hocuspocus, Repo int
		URL              string
	}
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		return yjs, automerge, nil, errors.Join(fmt.Errorf("read where the other editors are: %w", err), end())
	}
	page := func(name, where string) writingPage {
		return writingPage{Link: at.Pages + "/" + name + "#" + url.PathEscape(where)}
	}
	return page("yjs.html", fmt.Sprintf(`{"hocuspocus":%d}`, at.Hocuspocus)),
		page("automerge.html", fmt.Sprintf(`{"repo":%d,"url":%q}`, at.Repo, at.URL)), end, nil
}

// writes has text.mjs write in an editor, and weighs its page in the end.
func writes(ctx context.Context, p textPlan, d *display) (cost writingCost, err error) {
	plan, err := json.Marshal(p)
	if err != nil {
		return cost, err
	}
	script := exec.CommandContext(ctx, "node", filepath.Join("bench", "text", "text.mjs"), string(plan))
	script.Stderr, script.Env = os.Stderr, append(os.Environ(), d.env()...)
	enter, err := script.StdinPipe()
	if err != nil {
		return cost, err
	}
	out, err := script.StdoutPipe()
	if err != nil {
		return cost, err
	}
	if err := script.Start(); err != nil {
		return cost, fmt.Errorf("start a browser: %w", err)
	}
	defer func() {
		_, _ = io.WriteString(enter, "\n") // it may have ended already
		_ = enter.Close()
		err = errors.Join(err, script.Wait())
	}()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return cost, fmt.Errorf("read what writing costs: %w", err)
	}
	if err := json.Unmarshal(line, &cost); err != nil {
		return cost, fmt.Errorf("read what writing costs: %w", err)
	}
	if p.Bare {
		return cost, nil
	}
	if cost.Pasted < textActions {
		return cost, fmt.Errorf("%d pages were pasted, and there are %d blocks more", textActions, cost.Pasted)
	}
	w, err := weighProcess(cost.Renderer)
	cost.memory = w.proportional
	return cost, err
}

// display is a screen that nobody looks at.
type display struct {
	server *exec.Cmd
	name   string
}

func openDisplay(ctx context.Context) (*display, error) {
	server := exec.CommandContext(ctx, "Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset")
	out, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start a screen: %w", err)
	}
	d := &display{server: server}
	number, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a screen: %w", err), d.close())
	}
	d.name = ":" + strings.TrimSpace(number)
	return d, nil
}

func (d *display) env() []string {
	return []string{"DISPLAY=" + d.name, "WAYLAND_DISPLAY=", "LIBGL_ALWAYS_SOFTWARE=1"}
}

func (d *display) close() error {
	if err := d.server.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := d.server.Wait(); err != nil {
		if ended := new(exec.ExitError); !errors.As(err, &ended) {
			return err
		}
	}
	return nil
}
