package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// killRounds is more in a longer run (make soak).
var killRounds = flag.Int("kill-rounds", 10, "how often a serving peer is killed")

// roundsPerDocument is for how long a document is written before it is read
// and another begun: reading takes longer the more there is.
const roundsPerDocument = 20

// TestKillWhileWriting kills a serving peer, and the child that it opens
// documents with, while somebody writes. Every edit that was acknowledged must
// be there afterwards, once, and the doctor must find nothing.
func TestKillWhileWriting(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := &killing{
		data: t.TempDir(), random: rand.New(rand.NewPCG(seed, 0)),
	}
	k.space = ask(t, k.data, "space", "create", "Park")["space"].(string)
	began := time.Now()
	for round := range *killRounds {
		if round%roundsPerDocument == 0 {
			k.begin(t)
		}
		k.round(t, round)
		if round%roundsPerDocument == roundsPerDocument-1 || round == *killRounds-1 {
			k.look(t)
			t.Logf("%s: %d rounds, %d edits acknowledged, %d cut off, %d children killed",
				time.Since(began).Round(time.Second), round+1, k.good, k.cut, k.children)
		}
	}
	if k.good < 3**killRounds || k.children == 0 {
		t.Errorf("too little was going on: %d edits were acknowledged, %d children killed", k.good, k.children)
	}
}

// killing is a data directory that is written to by peers that are killed.
type killing struct {
	data, space string
	random      *rand.Rand

	document     string
	acknowledged []string // words in the document
	refused      int      // words that may be in it

	good, cut, children int // of all documents
}

// begin begins another document.
func (k *killing) begin(t *testing.T) {
	t.Helper()
	k.document = ask(t, k.data, "document", "create", k.space, "--title", "Plan")["document"].(string)
	k.acknowledged, k.refused = nil, 0
}

// round has three writers write through a peer, and kills that.
func (k *killing) round(t *testing.T, round int) {
	t.Helper()
	peer := startPeer(t, k.data)
	dead := make(chan struct{})
	words := make(chan written, 64)
	var writers sync.WaitGroup
	for writer := range 3 {
		writers.Go(func() {
			for n := 0; alive(dead); n++ {
				// A command that comes too late for the peer opens the
				// directory itself. What it acknowledges counts like the
				// rest.
				word := fmt.Sprintf("<%d.%d.%d>", round, writer, n)
				words <- written{word, edit(k.data, k.space, k.document, word)}
			}
		})
	}
	go func() {
		writers.Wait()
		close(words)
	}()
	// Kill it in the middle of what the other writers are at, after a number
	// of edits and a moment more.
	last, killed := 2+k.random.IntN(5), false
	for w := range words {
		if w.err != nil {
			k.refused++
			k.cut++
		} else {
			k.acknowledged = append(k.acknowledged, w.word)
			k.good++
		}
		if killed {
			continue
		}
		if k.random.IntN(3) == 0 {
			k.children += killChildren(peer.Process.Pid)
		}
		if last--; last > 0 {
			continue
		}
		killed = true
		time.Sleep(time.Duration(k.random.IntN(50)) * time.Millisecond)
		if err := peer.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = peer.Wait() // it was killed
		close(dead)
	}
}

// look reads the document, and lets the doctor read everything.
func (k *killing) look(t *testing.T) {
	t.Helper()
	ask(t, k.data, "doctor") // fails where anything is wrong
	text := ask(t, k.data, "document", "show", k.space, k.document, "--format", "text")["content"].(string)
	for _, word := range k.acknowledged {
		if strings.Count(text, word) != 1 {
			t.Errorf("the acknowledged edit %s is there %d times", word, strings.Count(text, word))
		}
	}
	if found := len(regexp.MustCompile(`<\d+\.\d+\.\d+>`).FindAllString(text, -1)); found > len(k.acknowledged)+k.refused {
		t.Errorf("%d edits are there, %d were acknowledged and %d refused", found, len(k.acknowledged), k.refused)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// killChildren kills the children of a process, and says how many there were.
func killChildren(pid int) (killed int) {
	out, _ := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output() // fails if there is none
	for _, field := range strings.Fields(string(out)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			continue
		}
		if process, err := os.FindProcess(child); err == nil && process.Kill() == nil {
			killed++
		}
	}
	return killed
}

// startPeer serves a data directory and waits until it does.
func startPeer(t *testing.T, data string) *exec.Cmd {
	t.Helper()
	return startTelling(t, data, os.Stderr)
}

// startTelling is startPeer for one whose complaints go somewhere.
func startTelling(t *testing.T, data string, complaints io.Writer, flags ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("parley-node")
	if err != nil {
		t.Fatal(err)
	}
	peer := exec.Command(program, append([]string{"--data", data, "--json", "serve", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"}, flags...)...)
	peer.Stderr = complaints
	stdout, err := peer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := peer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Process.Kill() })
	first := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(stdout).ReadString('\n')
		first <- err
		_, _ = io.Copy(io.Discard, stdout)
	}()
	select {
	case err := <-first:
		if err != nil {
			t.Fatalf("the peer did not come up: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the peer did not come up")
	}
	return peer
}

// written is what became of a word.
type written struct {
	word string
	err  error
}

func alive(dead <-chan struct{}) bool {
	select {
	case <-dead:
		return false
	default:
		return true
	}
}

// edit inserts a word at the beginning. It returns nil when that was
// acknowledged.
func edit(data, space, document, word string) error {
	_, err := try(data, "document", "edit", space, document, "--at", "0", "--insert", word)
	return err
}

// ask runs a command that answers with one object.
func ask(t *testing.T, data string, args ...string) map[string]any {
	t.Helper()
	answer, err := try(data, args...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// try runs a command that may fail; the error then holds what it said.
func try(data string, args ...string) (answer map[string]any, err error) {
	command := exec.Command("parley-node", append([]string{"--data", data, "--json"}, args...)...)
	var complaint strings.Builder
	command.Stderr = &complaint
	raw, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w: %s%s", args, err, complaint.String(), raw)
	}
	if len(raw) > 0 {
		err = json.Unmarshal(raw, &answer)
	}
	return answer, err
}
