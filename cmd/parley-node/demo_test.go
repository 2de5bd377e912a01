//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/app"
	"parley/app/web"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
)

// TestDemo runs the demo as a newcomer would: both pages show the proposal,
// what is written in one reaches the other, and an interrupt leaves nothing
// behind.
func TestDemo(t *testing.T) {
	temp := t.TempDir()
	program, err := exec.LookPath("parley-node")
	if err != nil {
		t.Fatal(err)
	}
	demo := exec.Command(program, "demo", "--browser", "--json")
	demo.Env = append(os.Environ(), "TMPDIR="+temp, "HOME="+temp)
	demo.Stderr = os.Stderr
	demo.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // to find what it leaves behind
	stdout, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	group := -demo.Process.Pid
	t.Cleanup(func() { _ = syscall.Kill(group, syscall.SIGKILL) }) // nobody, when all went well
	var made struct{ Space, Document, First, Second string }
	line, err := readLine(stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &made); err != nil {
		t.Fatalf("%v in %q", err, line)
	}

	child := materialize.New(materialize.Options{})
	defer child.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	first := openPage(ctx, t, child, made.First, made.Space, made.Document)
	second := openPage(ctx, t, child, made.Second, made.Space, made.Document)
	for _, p := range []*demoPage{first, second} {
		if text := p.text(); !strings.Contains(text, "bus stop") {
			t.Errorf("a page shows %q", text)
		}
	}
	first.writes("Seen by both. ")
	second.sees("Seen by both. ")
	second.writes("And answered. ")
	first.sees("And answered. Seen by both. ")

	ended := []<-chan websocket.StatusCode{first.listens(), second.listens()}
	if err := demo.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for _, page := range ended {
		if status := <-page; status != websocket.StatusGoingAway {
			t.Errorf("a page was left with status %d", status)
		}
	}
	if _, err := io.Copy(io.Discard, stdout); err != nil {
		t.Error(err)
	}
	if err := demo.Wait(); err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	if err := syscall.Kill(group, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("processes of the demo are left (%v)", err)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind are %v (%v)", left, err)
	}
}

// readLine waits for the first line of a program that goes on.
func readLine(from io.Reader) ([]byte, error) {
	type read struct {
		line []byte
		err  error
	}
	first := make(chan read, 1)
	go func() {
		line, err := bufio.NewReader(from).ReadBytes('\n')
		first <- read{line, err}
	}()
	select {
	case got := <-first:
		return got.line, got.err
	case <-time.After(patience):
		return nil, errors.New("nothing was printed")
	}
}

// demoPage is a page without a browser: it speaks to the window and has the
// child for its Automerge.
type demoPage struct {
	t      *testing.T
	ctx    context.Context
	conn   *websocket.Conn
	child  *materialize.Child
	place  []any // space, document, part
	actor  chunk.Actor
	chunks [][]byte
	after  uint64
	asked  int
	moved  bool // since the last pull
}

func openPage(ctx context.Context, t *testing.T, child *materialize.Child, link, space, document string) *demoPage {
	t.Helper()
	conn, err := web.Dial(ctx, link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	p := &demoPage{t: t, ctx: ctx, conn: conn, child: child, place: []any{space, document, "body"}}
	var welcome app.Welcome
	p.call(&welcome, "Hello")
	if welcome.Start == nil || welcome.Start.Document != document {
		t.Errorf("the window begins at %+v", welcome.Start)
	}
	var opened app.OpenedDocument
	p.call(&opened, "OpenDocument", p.place...)
	if err := p.actor.UnmarshalText([]byte(opened.Actor)); err != nil {
		t.Fatal(err)
	}
	p.chunks, p.after = opened.Chunks, opened.Position
	return p
}

// call asks the window, and passes over the events that come before the
// answer.
func (p *demoPage) call(result any, method string, params ...any) {
	p.t.Helper()
	p.asked++
	if params == nil {
		params = []any{}
	}
	raw, err := json.Marshal(map[string]any{"id": p.asked, "method": method, "params": params})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.conn.Write(p.ctx, websocket.MessageText, raw); err != nil {
		p.t.Fatal(err)
	}
	for {
		got := p.hear()
		if got.Error != nil {
			p.t.Fatalf("%s: %v", method, got.Error)
		}
		if got.ID != p.asked {
			continue
		}
		if err := json.Unmarshal(got.Result, result); err != nil {
			p.t.Fatal(err)
		}
		return
	}
}

// heard is whatever a window says.
type heard struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *app.Error      `json:"error"`
	Event  app.EventName   `json:"event"`
}

func (p *demoPage) hear() (got heard) {
	p.t.Helper()
	_, raw, err := p.conn.Read(p.ctx)
	if err == nil {
		err = json.Unmarshal(raw, &got)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.moved = p.moved || got.Event == app.EventMoved
	return got
}

// listens reads on until the window is closed, and says with what status.
func (p *demoPage) listens() <-chan websocket.StatusCode {
	ended := make(chan websocket.StatusCode, 1)
	go func() {
		for {
			if _, _, err := p.conn.Read(p.ctx); err != nil {
				ended <- websocket.CloseStatus(err)
				return
			}
		}
	}()
	return ended
}

func (p *demoPage) text() string {
	p.t.Helper()
	raw, err := p.child.Read(p.ctx, p.chunks, app.FormatText)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(raw)
}

// writes types at the very beginning.
func (p *demoPage) writes(text string) {
	p.t.Helper()
	change, err := p.child.Edit(p.ctx, p.chunks, p.actor, materialize.Edit{Insert: text, Time: time.Now()})
	if err != nil {
		p.t.Fatal(err)
	}
	p.chunks = append(p.chunks, change)
	var committed app.Committed
	p.call(&committed, "Commit", append(p.place, [][]byte{change})...)
}

// sees waits until the text begins with something.
func (p *demoPage) sees(start string) {
	p.t.Helper()
	for !strings.HasPrefix(p.text(), start) {
		for !p.moved {
			p.hear()
		}
		p.moved = false
		var pulled app.Pulled
		p.call(&pulled, "Pull", append(p.place, p.after)...)
		p.chunks, p.after = append(p.chunks, pulled.Chunks...), pulled.Position
	}
}
