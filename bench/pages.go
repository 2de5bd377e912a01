package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"parley/space"
)

const (
	blocks         = 1000
	blockText      = "The stop is moved closer to the crossing, so that nobody has to run across the road for the bus home."
	keysPerPage    = 200
	keysOfWarmUp   = 20
	chromiumBinary = "/usr/bin/chromium"
)

// place is a document in the window that a link opens.
type place struct {
	Link     string `json:"link"`
	Space    string `json:"space"`
	Document string `json:"document"`
}

// plan tells pages.mjs what to do.
type plan struct {
	Chromium string `json:"chromium"`
	WarmUp   int    `json:"warmUp"`
	Letters  int    `json:"letters"`
	Starts   int    `json:"starts"`
	First    *place `json:"first,omitempty"`
	Second   *place `json:"second,omitempty"`
	Large    *place `json:"large,omitempty"`
	Start    *place `json:"start,omitempty"`
}

// seen is what pages.mjs found, in milliseconds.
type seen struct {
	Across    []float64 `json:"across"`
	Bare      []float64 `json:"bare"`
	Work      []float64 `json:"work"`
	Painted   []float64 `json:"painted"`
	Starts    []float64 `json:"starts"`
	Renderers []int     `json:"renderers"`
}

// measurePages times letters in two browser windows on two nodes, and in a
// large document.
func measurePages(ctx context.Context, dir string) (_ []Row, err error) {
	anna, err := serve(ctx, filepath.Join(dir, "anna"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, anna.stop()) }()
	omar, err := serve(ctx, filepath.Join(dir, "omar"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, omar.stop()) }()

	small, large, err := anna.prepare(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := anna.invite(ctx, small.Space, omar); err != nil {
		return nil, err
	}
	found, page, err := look(ctx, plan{
		Letters: keysPerPage, WarmUp: keysOfWarmUp,
		First: &small, Second: &place{Link: omar.link, Space: small.Space, Document: small.Document}, Large: &large,
	})
	if err != nil {
		return nil, err
	}
	if err := page.close(); err != nil {
		return nil, err
	}
	const inLarge = " in a document of 100,000 characters and 1,000 blocks"
	return []Row{
		aimed("edit", "key to painted in the other window (Chromium)", "ms", found.Across, 16, byMedian),
		row("edit", "raw limit: key, main thread's time, the browser alone"+inLarge, "ms", found.Bare),
		aimed("edit", "key, main thread's time"+inLarge, "ms", found.Work, 8, byP95),
		row("edit", "key to painted locally"+inLarge, "ms", found.Painted),
	}, nil
}

// node is a running parley-node that serves its window.
type node struct {
	data    string
	link    string
	address string
	process *exec.Cmd
}

// binary is where make build puts a program.
func binary(name string) string { return filepath.Join("bin", name) }

// serve starts a node and waits until it serves its window.
func serve(ctx context.Context, data string) (*node, error) {
	n := &node{data: data}
	n.process = exec.CommandContext(ctx, binary("parley-node"), "--data", data, "--json", "serve", "--no-mdns",
		"--web", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--listen", "/ip4/127.0.0.1/tcp/0")
	n.process.Stderr = os.Stderr
	out, err := n.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := n.process.Start(); err != nil {
		return nil, fmt.Errorf("start a node (is %s built?): %w", binary("parley-node"), err)
	}
	var ready struct {
		Web       string
		Addresses []string
	}
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		return nil, errors.Join(fmt.Errorf("read the node's link: %w", err), n.stop())
	}
	n.link = ready.Web
	if len(ready.Addresses) > 0 {
		n.address = ready.Addresses[0]
	}
	go io.Copy(io.Discard, out)
	return n, nil
}

func (n *node) stop() error {
	if err := n.process.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return n.process.Wait()
}

// ask runs a command of the node and returns one field of its answer.
func (n *node) ask(ctx context.Context, field string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, binary("parley-node"), append([]string{"--data", n.data, "--json"}, args...)...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("parley-node %s: %w", args[0], err)
	}
	answer := make(map[string]any)
	if err := json.NewDecoder(strings.NewReader(string(out))).Decode(&answer); err != nil {
		return "", fmt.Errorf("parley-node %s: read %q: %w", args[0], out, err)
	}
	text, _ := answer[field].(string)
	return text, nil
}

// prepare makes a space with a small and a large document.
func (n *node) prepare(ctx context.Context, dir string) (small, large place, err error) {
	if _, err := n.ask(ctx, "device", "device", "--name", filepath.Base(n.data)); err != nil {
		return small, large, err
	}
	spaceID, err := n.ask(ctx, "space", "space", "create", "Bench")
	if err != nil {
		return small, large, err
	}
	text := filepath.Join(dir, "large.md")
	if err := os.WriteFile(text, []byte(strings.Repeat(blockText+"\n\n", blocks)), 0o600); err != nil {
		return small, large, err
	}
	small = place{Link: n.link, Space: spaceID}
	if small.Document, err = n.ask(ctx, "document", "document", "create", spaceID, "--kind", "text", "--title", "Small"); err != nil {
		return small, large, err
	}
	large = place{Link: n.link, Space: spaceID}
	large.Document, err = n.ask(ctx, "document", "document", "create", spaceID, "--kind", "text", "--title", "Large", "--from", text)
	return small, large, err
}

// invite lets another node into a space.
func (n *node) invite(ctx context.Context, spaceID string, other *node) error {
	code, err := n.ask(ctx, "code", "invite", "create", spaceID, "--role", space.Editor.String())
	if err != nil {
		return err
	}
	if _, err := other.ask(ctx, "device", "device", "--name", filepath.Base(other.data)); err != nil {
		return err
	}
	_, err = other.ask(ctx, "space", "join", code)
	return err
}

// browsers are the pages of a finished look, still open.
type browsers struct {
	process *exec.Cmd
	enter   io.WriteCloser
}

// close lets the pages go.
func (b *browsers) close() error {
	_, _ = fmt.Fprintln(b.enter) // it may have ended already
	_ = b.enter.Close()
	return b.process.Wait()
}

// look runs pages.mjs and returns what it found. Pages that it keeps open, for
// their memory to be measured, stay until close.
func look(ctx context.Context, p plan) (seen, *browsers, error) {
	p.Chromium = chromiumBinary
	instructions, err := json.Marshal(p)
	if err != nil {
		return seen{}, nil, err
	}
	b := &browsers{process: exec.CommandContext(ctx, "node", filepath.Join("bench", "pages.mjs"), string(instructions))}
	b.process.Stderr = os.Stderr
	if b.enter, err = b.process.StdinPipe(); err != nil {
		return seen{}, nil, err
	}
	out, err := b.process.StdoutPipe()
	if err != nil {
		return seen{}, nil, err
	}
	if err := b.process.Start(); err != nil {
		return seen{}, nil, fmt.Errorf("start the browser: %w", err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var found seen
	if err == nil {
		err = json.Unmarshal(line, &found)
	}
	if err != nil {
		return seen{}, nil, errors.Join(fmt.Errorf("read what the browser saw: %w", err), b.close())
	}
	return found, b, nil
}
