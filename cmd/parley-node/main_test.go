package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/app"
	"parley/app/vault"
	"parley/crdt"
	"parley/crdt/badger"
	"parley/p2p/lab"
)

// patience is how long a script waits for something to happen.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	if app.RunChild(os.Args) { // this program is also the child of tests that open documents
		return
	}
	if os.Getenv("PARLEY_KEYRING") == "" {
		os.Setenv("PARLEY_KEYRING", "false") // the keyring of whoever runs the tests is theirs
	}
	testscript.Main(lab.Apart(m), map[string]func(){"parley-node": main})
}

func TestScripts(t *testing.T) { runScripts(t, "script") }

// TestScriptsOnALocalNetwork runs those in which devices find each other by
// themselves.
func TestScriptsOnALocalNetwork(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		lab.LocalNetwork(t)
		runScripts(t, "lan")
	})
}

func runScripts(t *testing.T, folder string) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", folder),
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_DATA_HOME", "")
			env.Setenv("PARLEY_KEYRING", "false") // the keyring of whoever runs the tests is theirs
			env.Values[peersKey{}] = &peers{running: make(map[string]*served)}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve":  serve,
			"quit":   quit,
			"field":  field,
			"until":  until,
			"cut":    cut,
			"append": appendFile,
			"newer":  newer,
			"unzip":  unzip,
			"refer":  refer,

			"keyring": keyring,
			"spoil":   spoil,
			"flip":    flip,
		},
	})
}

// peers are the peers that a script has started.
type peers struct{ running map[string]*served }

type peersKey struct{}

type served struct {
	command *exec.Cmd
	drained sync.WaitGroup
}

// serve NAME [argument…] starts a peer that listens on loopback only, and
// waits until it serves. It sets $NAME_address, $NAME_device and $NAME_web.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: serve NAME [argument…]")
	}
	name := args[0]
	arguments := append([]string{"serve", "--json", "--no-mdns", "--data", name,
		"--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--listen", "/ip4/127.0.0.1/tcp/0"}, args[1:]...)
	program, err := exec.LookPath("parley-node")
	ts.Check(err)
	command := exec.Command(program, arguments...)
	command.Dir = ts.MkAbs(".")
	command.Env = append(os.Environ(), "DISPLAY=")
	for _, name := range []string{"HOME", "PARLEY_KEYRING", "DBUS_SESSION_BUS_ADDRESS"} {
		command.Env = append(command.Env, name+"="+ts.Getenv(name))
	}
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	ts.Check(err)
	ts.Check(command.Start())
	peer := &served{command: command}
	lines := bufio.NewReader(stdout)
	first := make(chan string, 1)
	peer.drained.Go(func() {
		line, _ := lines.ReadString('\n')
		first <- line
		_, _ = io.Copy(io.Discard, lines)
	})
	ts.Value(peersKey{}).(*peers).running[name] = peer
	ts.Defer(func() {
		if command.ProcessState == nil {
			_ = command.Process.Kill()
			peer.drained.Wait()
			_ = command.Wait()
		}
	})
	var ready struct {
		Device    string
		Addresses []string
		Web       string
	}
	select {
	case line := <-first:
		if err := json.Unmarshal([]byte(line), &ready); err != nil {
			ts.Fatalf("%s said %q: %v", name, line, err)
		}
	case <-time.After(patience):
		ts.Fatalf("%s did not come up", name)
	}
	if len(ready.Addresses) == 0 {
		ts.Fatalf("%s listens nowhere", name)
	}
	ts.Setenv(name+"_address", ready.Addresses[0])
	ts.Setenv(name+"_device", ready.Device)
	ts.Setenv(name+"_web", ready.Web)
}

// quit NAME ends a peer as an interrupt would, and fails unless it ends well.
func quit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: quit NAME")
	}
	running := ts.Value(peersKey{}).(*peers).running
	peer, ok := running[args[0]]
	if !ok {
		ts.Fatalf("%s is not running", args[0])
	}
	delete(running, args[0])
	ts.Check(peer.command.Process.Signal(syscall.SIGTERM))
	peer.drained.Wait()
	if err := peer.command.Wait(); err != nil {
		ts.Fatalf("%s ended with %v", args[0], err)
	}
}

// newer DIR makes a store what a newer version of Parley would leave: its
// format has a higher number (docs/formats.md, Storage).
func newer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: newer DIR")
	}
	locations, err := app.At(ts.MkAbs(args[0]))
	ts.Check(err)
	key, err := vault.At(locations.StoreKey(), nil).Open(context.Background(), nil)
	ts.Check(err)
	backend, err := badger.Open(badger.Options{Dir: locations.Store(), Key: key.Store(), Log: slog.New(slog.DiscardHandler)})
	ts.Check(err)
	defer backend.Close()
	ts.Check(backend.Write([]crdt.Op{{Key: []byte{'m', 'v'}, Value: binary.BigEndian.AppendUint64(nil, 99)}}))
}

// keyring starts a message bus and GNOME's keyring on it, unlocked, both for
// this script alone, and lets parley-node use it. It may take a moment until it
// answers.
func keyring(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: keyring")
	}
	home := ts.Getenv("HOME")
	address := "unix:path=" + filepath.Join(home, "bus")
	env := append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_DATA_HOME=", "DISPLAY=", "DBUS_SESSION_BUS_ADDRESS="+address)
	// A bus that starts nothing by itself: it would start a keyring of its own.
	config := filepath.Join(home, "bus.conf")
	ts.Check(os.WriteFile(config, []byte(busConfig), 0o600))
	for _, program := range [][]string{
		{"dbus-daemon", "--config-file=" + config, "--nofork", "--nopidfile", "--address=" + address},
		{"gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"},
	} {
		command := exec.Command(program[0], program[1:]...)
		command.Env, command.Stdin = env, strings.NewReader("the password of this script's keyring")
		if program[0] == "gnome-keyring-daemon" {
			waitFor(ts, filepath.Join(home, "bus"))
		}
		if err := command.Start(); err != nil {
			ts.Fatalf("%v: run build/need packages test", err)
		}
		ts.Defer(func() {
			_ = command.Process.Kill()
			_ = command.Wait() // it was killed
		})
	}
	ts.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	ts.Setenv("PARLEY_KEYRING", "true")
}

const busConfig = `<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// waitFor waits until a file is there.
func waitFor(ts *testscript.TestScript, path string) {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not appear", path)
		}
	}
}

// field NAME VAR reads a field of the one JSON object that the last command
// printed into a variable.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: field NAME VAR")
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &object); err != nil {
		ts.Fatalf("%v in %q", err, ts.ReadFile("stdout"))
	}
	value, ok := object[args[0]]
	if !ok {
		ts.Fatalf("no field %s in %v", args[0], object)
	}
	ts.Setenv(args[1], fmt.Sprint(value))
}

// until PATTERN COMMAND [argument…] repeats a command until what it prints
// matches, or, with !, until it does not.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: until PATTERN COMMAND [argument…]")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	deadline := time.Now().Add(patience)
	for {
		err := ts.Exec(args[1], args[2:]...)
		printed := ts.ReadFile("stdout")
		if err == nil && pattern.MatchString(printed) != neg {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("gave up on %q; at last: %v\n%s", args[0], err, printed)
		}
		time.Sleep(20 * time.Millisecond) // between two questions, not for an answer
	}
}

// cut FILE N OUT writes the first N bytes of a file; a negative N leaves that
// many out.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut FILE N OUT")
	}
	content := ts.ReadFile(args[0])
	var n int
	if _, err := fmt.Sscan(args[1], &n); err != nil {
		ts.Fatalf("%v", err)
	}
	if n < 0 {
		n += len(content)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(content[:n]), 0o600))
}

// append FILE TEXT adds to a file.
func appendFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append FILE TEXT")
	}
	content := ts.ReadFile(args[0]) + strings.ReplaceAll(args[1], `\x00`, "\x00")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(content), 0o600))
}
