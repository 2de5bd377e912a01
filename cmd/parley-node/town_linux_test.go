package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/p2p/lab"
)

// A neighbour is somebody with Parley on a machine of their own, in a town of
// networks. Commands reach their peer from anywhere; what it says to others goes
// over the machine's networks alone.
type neighbour struct {
	t       *testing.T
	name    string
	machine *lab.Machine
	data    string

	process   *exec.Cmd
	drained   sync.WaitGroup
	device    string
	addresses []string
}

func livesAt(t *testing.T, machine *lab.Machine, name string) *neighbour {
	t.Helper()
	n := &neighbour{t: t, name: name, machine: machine, data: filepath.Join(t.TempDir(), "data")}
	n.does("device", "--name", name)
	n.starts()
	return n
}

// starts starts the peer, and waits until it serves.
func (n *neighbour) starts(flags ...string) {
	n.t.Helper()
	program, err := exec.LookPath("parley-node")
	if err != nil {
		n.t.Fatal(err)
	}
	verbose := []string{}
	if os.Getenv("PARLEY_TEST_LOG") != "" {
		verbose = append(verbose, "--verbose")
	}
	n.process = n.machine.Command(program, append(append([]string{"--data", n.data, "--json"}, append(verbose, "serve")...), flags...)...)
	n.process.Stderr = told{n.name}
	stdout, err := n.process.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.process.Start(); err != nil {
		n.t.Fatal(err)
	}
	process := n.process
	n.t.Cleanup(func() {
		if process.ProcessState == nil {
			_ = syscall.Kill(-process.Process.Pid, syscall.SIGKILL)
			n.drained.Wait()
			_ = process.Wait() // it was killed
		}
	})
	lines := bufio.NewReader(stdout)
	first := make(chan []byte, 1)
	n.drained.Go(func() {
		line, _ := lines.ReadBytes('\n')
		first <- line
		_, _ = io.Copy(io.Discard, lines)
	})
	select {
	case line := <-first:
		var ready struct {
			Device    string
			Addresses []string
		}
		if err := json.Unmarshal(line, &ready); err != nil {
			n.t.Fatalf("%s said %q: %v", n.name, line, err)
		}
		n.device, n.addresses = ready.Device, ready.Addresses
	case <-time.After(patience):
		n.t.Fatalf("%s did not come up", n.name)
	}
}

// told marks what a peer complains of with its name.
type told struct{ name string }

func (w told) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if _, err := os.Stderr.WriteString(w.name + ": " + strings.TrimSuffix(string(line), "\n") + "\n"); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// quits ends the peer as an interrupt would.
func (n *neighbour) quits() {
	n.t.Helper()
	if err := n.process.Process.Signal(os.Interrupt); err != nil {
		n.t.Fatal(err)
	}
	n.drained.Wait()
	if err := n.process.Wait(); err != nil {
		n.t.Fatalf("%s ended with %v", n.name, err)
	}
}

// sleeps stops all that the peer runs, as a laptop does whose lid is closed, and
// wakes lets it go on.
func (n *neighbour) sleeps() { n.signals(syscall.SIGSTOP) }
func (n *neighbour) wakes()  { n.signals(syscall.SIGCONT) }

func (n *neighbour) signals(s syscall.Signal) {
	n.t.Helper()
	if err := syscall.Kill(-n.process.Process.Pid, s); err != nil {
		n.t.Fatal(err)
	}
}

func (n *neighbour) does(arguments ...string) map[string]any {
	n.t.Helper()
	return ask(n.t, n.data, arguments...)
}

// founds makes a space with a document.
func (n *neighbour) founds() (space, document string) {
	n.t.Helper()
	space = n.does("space", "create", "Park")["space"].(string)
	return space, n.does("document", "create", space, "--title", "Plan")["document"].(string)
}

// invites makes a code.
func (n *neighbour) invites(space string, flags ...string) string {
	n.t.Helper()
	return n.does(append([]string{"invite", "create", space}, flags...)...)["code"].(string)
}

func (n *neighbour) writes(space, document, word string) {
	n.t.Helper()
	if err := edit(n.data, space, document, word); err != nil {
		n.t.Fatal(err)
	}
}

// reads waits until a document has a word in it.
func (n *neighbour) reads(space, document, word string) {
	n.t.Helper()
	n.waits("reads "+word, patience, func() bool {
		shown, err := try(n.data, "document", "show", space, document, "--format", "text")
		text, _ := shown["content"].(string)
		return err == nil && strings.Contains(text, word)
	})
}

// meets waits until another is connected in some way, for so long at most, and
// says where.
func (n *neighbour) meets(other *neighbour, limit time.Duration, vias ...string) (address string) {
	n.t.Helper()
	n.waits("meets "+other.name+" "+strings.Join(vias, " or "), limit, func() bool {
		for _, c := range n.connections() {
			if c.Device != other.device {
				continue
			}
			for _, via := range vias {
				if c.Via == via {
					address = c.Address
					return true
				}
			}
		}
		return false
	})
	return address
}

// misses waits until another is not connected any more.
func (n *neighbour) misses(other *neighbour) {
	n.t.Helper()
	n.waits("misses "+other.name, patience, func() bool {
		for _, c := range n.connections() {
			if c.Device == other.device {
				return false
			}
		}
		return true
	})
}

// book is the file in which the peer keeps where others were. It is sealed: all
// that can be seen is whether it is another than before.
func (n *neighbour) book() string {
	n.t.Helper()
	raw, err := os.ReadFile(filepath.Join(n.data, "addresses.json"))
	if err != nil {
		n.t.Fatal(err)
	}
	return string(raw)
}

type connectionSeen struct{ Device, Via, Address string }

func (n *neighbour) connections() (seen []connectionSeen) {
	n.t.Helper()
	raw, err := exec.Command("parley-node", "--data", n.data, "--json", "network", "status").Output()
	if err != nil {
		n.t.Fatalf("%s does not say who is connected: %v", n.name, err)
	}
	for line := range bytes.Lines(raw) {
		var one connectionSeen
		if err := json.Unmarshal(line, &one); err != nil {
			n.t.Fatalf("%v in %q", err, line)
		}
		seen = append(seen, one)
	}
	return seen
}

// helps reports whether a peer says that it helps others to find each other.
func (n *neighbour) helps() bool {
	n.t.Helper()
	raw, err := exec.Command("parley-node", "--data", n.data, "--json", "network", "status").Output()
	if err != nil {
		n.t.Fatalf("%s does not say whether it helps: %v", n.name, err)
	}
	return bytes.Contains(raw, []byte(`"helping":true`))
}

// waits waits for something, asking again and again.
func (n *neighbour) waits(what string, limit time.Duration, done func() bool) {
	n.t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(50 * time.Millisecond) { // between two questions, not for an answer
		if time.Now().After(deadline) {
			n.t.Fatalf("%s waited %v: %s", n.name, limit, what)
		}
	}
}

// toText is an answer as it was printed.
func toText(t *testing.T, answer any) string {
	t.Helper()
	raw, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
