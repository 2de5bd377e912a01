package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/app"
	"parley/p2p/lab"
)

func TestMain(m *testing.M) {
	if app.RunChild(os.Args) {
		return
	}
	goleak.VerifyTestMain(lab.Apart(m))
}

// openPeer opens a peer with a control socket that also knows some commands
// that misbehave.
func openPeer(t *testing.T) (*app.App, *Control) {
	t.Helper()
	locations, err := app.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	peer, err := app.Open(context.Background(), app.Options{Locations: locations, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	control, err := OpenControl(peer, log)
	if err != nil {
		t.Fatal(err)
	}
	control.commands["panic"] = func() Command { return new(panicking) }
	control.commands["wait"] = func() Command { return new(waiting) }
	t.Cleanup(func() {
		if err := errors.Join(control.Close(), peer.Close()); err != nil {
			t.Error(err)
		}
	})
	return peer, control
}

type panicking struct{}

func (*panicking) Run(context.Context, *app.App, Reply) error { panic("on purpose") }

// waiting runs until it is cancelled, and says when it is.
type waiting struct{ Until string }

func (c *waiting) Run(ctx context.Context, _ *app.App, reply Reply) error {
	if err := reply.Result(spaceCreated{"waiting"}); err != nil {
		return err
	}
	<-ctx.Done()
	return os.WriteFile(c.Until, []byte("cancelled"), 0o600)
}

// say sends lines to the control socket and reads one answer.
func say(t *testing.T, peer *app.App, line string) (answer, net.Conn) {
	t.Helper()
	conn, err := net.Dial("unix", peer.Locations().ControlSocket())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(conn, line); err != nil {
		t.Fatal(err)
	}
	raw, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var got answer
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	return got, conn
}

func works(t *testing.T, peer *app.App) {
	t.Helper()
	var out bytes.Buffer
	if err := ask(context.Background(), peer.Locations(), "space list", new(SpaceList), terminal{out: &out}); err != nil {
		t.Errorf("after all this the peer answers %v", err)
	}
}

func TestBadOrdersAreRefusedAndThePeerKeepsWorking(t *testing.T) {
	peer, _ := openPeer(t)
	for order, want := range map[string]app.Code{
		`{"version":1,"command":"panic","arguments":{}}`:                    app.CodeInternal,
		`{"version":99,"command":"space list","arguments":{}}`:              app.CodeInvalid,
		`{"version":1,"command":"serve","arguments":{}}`:                    app.CodeInvalid,
		`{"version":1,"command":"space list","arguments":{"Unknown":true}}`: app.CodeInternal,
		`{"version":1,"command":"space create","arguments":{"Name":12}}`:    app.CodeInternal,
		`nonsense`: app.CodeInternal,
	} {
		if got, _ := say(t, peer, order); got.Error == nil || got.Error.Code != want {
			t.Errorf("%s was answered with %+v, want code %s", order, got.Error, want)
		}
	}
	works(t, peer)
}

func TestHangingUpCancelsTheCommand(t *testing.T) {
	peer, _ := openPeer(t)
	until := filepath.Join(t.TempDir(), "until")
	got, conn := say(t, peer, `{"version":1,"command":"wait","arguments":{"Until":"`+until+`"}}`)
	if got.Result == nil {
		t.Fatalf("got %+v", got)
	}
	conn.Close()
	deadline := time.Now().Add(20 * time.Second)
	for {
		if _, err := os.Stat(until); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the command was not cancelled")
		}
		time.Sleep(time.Millisecond)
	}
	works(t, peer)
}

// TestSayingNothingMoreIsNotHangingUp closes one half of the connection, as
// simple programs do that have sent all they have to send.
func TestSayingNothingMoreIsNotHangingUp(t *testing.T) {
	peer, control := openPeer(t)
	answerNow := make(chan struct{})
	control.commands["patient"] = func() Command { return &patient{answerNow} }
	conn, err := net.Dial("unix", peer.Locations().ControlSocket())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, `{"version":1,"command":"patient","arguments":{}}`); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(conn)
	if line, err := lines.ReadString('\n'); err != nil || line != "\n" {
		t.Fatalf("at first came %q (%v), want an empty line", line, err) // so the closing was seen
	}
	close(answerNow)
	var out bytes.Buffer
	if err := hear(t.Context(), json.NewDecoder(lines), terminal{out: &out}); err != nil || out.String() != "patience\n" {
		t.Errorf("answered %q, %v", out.String(), err)
	}
}

// TestAFileThatIsNotHandedOverInFullIsNotKept hangs up in the middle of one.
func TestAFileThatIsNotHandedOverInFullIsNotKept(t *testing.T) {
	peer, control := openPeer(t)
	if err := peer.SetPerson(t.Context(), app.Person{Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	id, err := peer.CreateSpace(t.Context(), "Park plan")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("unix", peer.Locations().ControlSocket())
	if err != nil {
		t.Fatal(err)
	}
	lines := `{"version":1,"command":"file add","arguments":{"Space":"` + id.String() + `"}}` + "\n"
	part, err := json.Marshal(handed{Data: make([]byte, maxPart)})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		lines += string(part) + "\n"
	}
	if _, err := conn.Write([]byte(lines)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := control.Close(); err != nil { // which waits for the command
		t.Fatal(err)
	}
	if files, err := peer.Files(id); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}

// patient answers when it is told to, unless it is cancelled before.
type patient struct{ now chan struct{} }

func (c *patient) Run(ctx context.Context, _ *app.App, reply Reply) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.now:
		return reply.Result(spaceCreated{"patience"})
	}
}

func TestClosingDoesNotWaitForWhoeverIsConnected(t *testing.T) {
	peer, control := openPeer(t)
	silent, err := net.Dial("unix", peer.Locations().ControlSocket())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	until := filepath.Join(t.TempDir(), "until")
	if got, _ := say(t, peer, `{"version":1,"command":"wait","arguments":{"Until":"`+until+`"}}`); got.Result == nil {
		t.Fatalf("got %+v", got)
	}
	began := time.Now()
	if err := control.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > orderTimeout/2 {
		t.Errorf("closing took %v", took)
	}
}

func TestSocketsOfKilledPeersAreSweptAway(t *testing.T) {
	dir := t.TempDir()
	listen := func(name string) *net.UnixListener {
		listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, name), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		listener.SetUnlinkOnClose(false)
		return listener
	}
	long := time.Now().Add(-2 * staleAfter)
	for _, dead := range []string{"dead.sock", "young.sock"} {
		listen(dead).Close()
	}
	live := listen("live.sock")
	defer live.Close()
	if err := os.WriteFile(filepath.Join(dir, "file.sock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{"dead.sock", "live.sock", "file.sock"} {
		if err := os.Chtimes(filepath.Join(dir, old), long, long); err != nil {
			t.Fatal(err)
		}
	}
	sweep(dir, slog.New(slog.DiscardHandler))
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	if want := []string{"file.sock", "live.sock", "young.sock"}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
}

func TestASocketThatWasLeftBehind(t *testing.T) {
	peer, control := openPeer(t)
	path := peer.Locations().ControlSocket()
	if err := control.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("closing leaves %s behind (%v)", path, err)
	}
	// What a killed peer leaves: a socket that nobody listens on.
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
	if err := ask(context.Background(), peer.Locations(), "space list", new(SpaceList), terminal{}); !errors.Is(err, errNobody) {
		t.Errorf("asking at a dead socket: %v", err)
	}
	again, err := OpenControl(peer, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	works(t, peer)
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestEveryCommandIsOneOfTheTwoKinds(t *testing.T) {
	var g Grammar
	k, err := parser(&g, terminal{})
	if err != nil {
		t.Fatal(err)
	}
	var remote []string
	for _, leaf := range k.Model.Leaves(false) {
		name := nameOf(leaf)
		target := leaf.Target.Addr().Interface()
		_, alone := target.(standalone)
		_, command := target.(Command)
		if alone == command {
			t.Errorf("%s is neither a command for a peer nor one that stands alone", name)
		}
		if leaf.Help == "" {
			t.Errorf("%s has no help", name)
		}
		for _, flag := range leaf.Flags {
			if flag.Help == "" {
				t.Errorf("--%s of %s has no help", flag.Name, name)
			}
		}
		for _, positional := range leaf.Positional {
			if positional.Help == "" {
				t.Errorf("%s of %s has no help", positional.Name, name)
			}
		}
		if command {
			remote = append(remote, name)
		}
	}
	for _, want := range []string{
		"device show", "device link", "device revoke", "device recover", "open", "space create", "space list", "invite create", "join", "peers", "connect", "status",
		"document create", "document list", "document show", "document edit", "document merge", "document rename", "watch",
	} {
		if !slices.Contains(remote, want) {
			t.Errorf("there is no command %q among %s", want, strings.Join(remote, ", "))
		}
	}
}

// TestOrdersSurviveTheWay sends each command's fields through JSON, but for
// the names of files, which are read where they were typed.
func TestOrdersSurviveTheWay(t *testing.T) {
	official := true
	for _, command := range []Command{
		&Device{Name: "Ada", Official: &official},
		&InviteCreate{Space: "ab", Role: "editor", Uses: 3, Expires: time.Hour},
		&DocumentEdit{Target: target{"ab", "cd"}, At: 1, Delete: 2, Insert: "é\n"},
		&DocumentArchive{Target: target{"ab", "cd"}},
		&DocumentMerge{Target: target{"ab", "cd"}, Saved: []byte{0, 255}},
		&DocumentCreate{Space: "ab", Kind: "text", Title: "T", Markdown: "# x"},
		&Join{Code: []string{"PARLEY1", "X"}},
	} {
		raw, err := json.Marshal(command)
		if err != nil {
			t.Fatal(err)
		}
		again := newOf(reflect.TypeOf(command).Elem())
		if err := json.Unmarshal(raw, again); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, command) {
			t.Errorf("%s came back as %+v", raw, again)
		}
	}
}
