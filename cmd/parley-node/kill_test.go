package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKillWhileWriting kills a serving peer twenty times while somebody
// writes. Every edit that was acknowledged must be there afterwards.
func TestKillWhileWriting(t *testing.T) {
	data := t.TempDir()
	id := ask(t, data, "space", "create", "Park")["space"].(string)
	document := ask(t, data, "document", "create", id, "--title", "Plan")["document"].(string)

	var acknowledged []string
	refused := 0
	for round := range 20 {
		peer := startPeer(t, data)
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
					words <- written{word, edit(data, id, document, word)}
				}
			})
		}
		go func() {
			writers.Wait()
			close(words)
		}()
		n := 0
		for w := range words {
			if w.err != nil {
				refused++
				continue
			}
			acknowledged = append(acknowledged, w.word)
			// Kill it in the middle of what the other writers are at, after a
			// number of edits that differs from round to round.
			if n++; n == 2+round%5 {
				if err := peer.Process.Kill(); err != nil {
					t.Error(err)
				}
				_ = peer.Wait() // it was killed
				close(dead)
			}
		}
	}

	text := ask(t, data, "document", "show", id, document, "--format", "text")["content"].(string)
	for _, word := range acknowledged {
		if strings.Count(text, word) != 1 {
			t.Errorf("the acknowledged edit %s is there %d times", word, strings.Count(text, word))
		}
	}
	if found := len(regexp.MustCompile(`<\d+\.\d+\.\d+>`).FindAllString(text, -1)); found > len(acknowledged)+refused {
		t.Errorf("%d edits are there, %d were acknowledged and %d refused", found, len(acknowledged), refused)
	}
	t.Logf("%d edits acknowledged, %d cut off", len(acknowledged), refused)
}

// startPeer serves a data directory and waits until it does.
func startPeer(t *testing.T, data string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("parley-node")
	if err != nil {
		t.Fatal(err)
	}
	peer := exec.Command(program, "--data", data, "--json", "serve", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0")
	peer.Stderr = os.Stderr
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
	return exec.Command("parley-node", "--data", data, "document", "edit", space, document, "--at", "0", "--insert", word).Run()
}

// ask runs a command that answers with one object.
func ask(t *testing.T, data string, args ...string) map[string]any {
	t.Helper()
	raw, err := exec.Command("parley-node", append([]string{"--data", data, "--json"}, args...)...).Output()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		t.Fatalf("%v answered %q: %v", args, raw, err)
	}
	return object
}
