package lab

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// apartEnv tells a process that it has a network namespace of its own: which
// one, or else that none may be made.
const (
	apartEnv = "PARLEY_TEST_APART"
	unable   = "not permitted"
)

// aloneEnv names the test that a process was started for.
const aloneEnv = "PARLEY_TEST_ALONE"

// Apart has the tests of a package run in a process of their own where there is
// no network but loopback.
func Apart(m Tests) Tests { return apart{m} }

type apart struct{ Tests }

func (a apart) Run() int {
	switch os.Getenv(apartEnv) {
	case "":
	case unable:
		return a.Tests.Run()
	default:
		if err := loopbackUp(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return a.Tests.Run()
	}
	// The parent's death is told to the child by the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	again := inNamespace(exec.Command(os.Args[0], os.Args[1:]...))
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.Env = append(os.Environ(), apartEnv+"=loopback")
	var ended *exec.ExitError
	switch err := again.Run(); {
	case err == nil:
		return 0
	case errors.As(err, &ended) && ended.Exited():
		return ended.ExitCode()
	case errors.As(err, &ended):
		fmt.Fprintln(os.Stderr, "the tests ended with", err)
		return 1
	default:
		fmt.Fprintf(os.Stderr, "NOT APART: this system permits no network namespaces (%v), so these tests run beside whatever else is on this machine.\n", err)
		if err := os.Setenv(apartEnv, unable); err != nil {
			return 1
		}
		return a.Tests.Run()
	}
}

// Alone runs a story in a process of its own, on a network of its own with
// nobody else on it: there is loopback and no other way out. The package's
// TestMain runs its tests Apart. Of parallel ones within, 16 run at once: what
// happens to networks is mostly waited for.
func Alone(t *testing.T, story func(t *testing.T)) {
	t.Helper()
	switch {
	case os.Getenv(aloneEnv) == t.Name():
		story(t)
		return
	case os.Getenv(apartEnv) == unable:
		t.Skip("NOT TESTED HERE: this story needs a network of its own, and this system permits no network namespaces. As root, or where users may make them, it runs.")
	}
	wanted := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	if run := flag.Lookup("test.run"); run != nil && !strings.Contains(t.Name(), "/") {
		if _, part, ok := strings.Cut(run.Value.String(), "/"); ok {
			wanted += "/" + part
		}
	}
	arguments := []string{"-test.run=" + wanted, "-test.v", "-test.parallel=16"}
	if testing.Short() {
		arguments = append(arguments, "-test.short")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	process := inNamespace(exec.Command(os.Args[0], arguments...))
	process.Env = append(os.Environ(), apartEnv+"=alone", aloneEnv+"="+t.Name())
	out, err := process.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	switch {
	case bytes.Contains(out, []byte("--- SKIP: "+t.Name())):
		t.Skipf("%s", out)
	case !bytes.Contains(out, []byte("--- PASS: "+t.Name())):
		t.Fatalf("the story was not told:\n%s", out)
	}
}

// LocalNetwork plugs a story that is Alone into a local network with nobody
// else on it: all that listen there hear each other's multicasts.
func LocalNetwork(t testing.TB) {
	t.Helper()
	IP(t, "link", "add", "lan", "type", "veth", "peer", "name", "socket")
	IP(t, "addr", "add", "192.168.77.1/24", "dev", "lan")
	IP(t, "link", "set", "socket", "up")
	IP(t, "link", "set", "lan", "up")
}

// IP runs the command of that name, of iproute2, in the network that the test
// is on.
func IP(t testing.TB, arguments ...string) {
	t.Helper()
	if out, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s(run build/need packages test)", strings.Join(arguments, " "), err, out)
	}
}

func loopbackUp() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("switch loopback on: %w", err)
	}
	defer func() { _ = unix.Close(socket) }() // it held nothing
	lo, err := unix.NewIfreq("lo")
	if err == nil {
		lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING | unix.IFF_LOOPBACK)
		err = unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, lo)
	}
	if err != nil {
		return fmt.Errorf("switch loopback on: %w", err)
	}
	return nil
}

// inNamespace has a command start in a new network namespace with its loopback
// up, and die with the thread that starts it.
func inNamespace(command *exec.Cmd) *exec.Cmd {
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return command
}
