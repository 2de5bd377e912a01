package vault

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// TestASecretService runs itself again on a message bus of its own, with a home
// of its own: there GNOME's keyring answers, is locked, and stops answering.
func TestASecretService(t *testing.T) {
	if os.Getenv("VAULT_TEST_SESSION") != "" {
		inSession(t)
		return
	}
	if _, err := exec.LookPath("gnome-keyring-daemon"); err != nil {
		t.Fatal("this test needs gnome-keyring: run build/need packages test")
	}
	home := t.TempDir()
	// A bus that starts nothing by itself: it would start a keyring of its own.
	config := filepath.Join(home, "bus.conf")
	if err := os.WriteFile(config, []byte(busConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	again := exec.Command("dbus-run-session", "--config-file="+config, "--", os.Args[0], "-test.run", "^TestASecretService$", "-test.v")
	again.Env = append(os.Environ(), "VAULT_TEST_SESSION=1", "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_DATA_HOME=", "DISPLAY=", "WAYLAND_DISPLAY=")
	said, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "--- PASS: TestASecretService") {
		t.Errorf("%v:\n%s", err, said)
	}
}

const busConfig = `<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

func inSession(t *testing.T) {
	daemon := exec.Command("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	daemon.Stdin = strings.NewReader("the password of this test's keyring")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait() // it was killed
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for { // until it is there
		open, err := reach(ctx)
		if open {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("the keyring did not come up: %v", err)
		}
	}

	alone, atScreen := Platform(false), Platform(true)
	v := At(filepath.Join(t.TempDir(), "store.key"), alone)
	key, refused, err := v.Create(ctx)
	if err != nil || refused != nil {
		t.Fatal(err, refused)
	}
	is := func(guard Guard) string {
		t.Helper()
		again, err := v.Open(ctx, nil)
		if err != nil || !again.equal(key) {
			t.Fatalf("under %s: %v", guard, err)
		}
		said, err := v.read()
		if err != nil || len(said) != 1 || said[0].Guard != guard {
			t.Fatalf("the file says %v (%v), want %q", said, err, guard)
		}
		return said[0].Entry
	}
	entry := is(InKeyring)
	if dropped, err := v.Change(ctx, InFile, nil, nil); err != nil || dropped != nil {
		t.Fatal(err, dropped)
	}
	is(InFile)
	if _, err := alone.Get(ctx, entry); !errors.Is(err, ErrNoEntry) {
		t.Errorf("the keyring still has the entry (%v)", err)
	}
	if err := alone.Delete(ctx, entry); !errors.Is(err, ErrNoEntry) {
		t.Errorf("what is not there was removed (%v)", err)
	}
	if _, err := v.Change(ctx, InKeyring, nil, nil); err != nil {
		t.Fatal(err)
	}
	is(InKeyring)

	lock(t)
	// With a screen it asks, and here nobody can answer: the question fails.
	for _, keyring := range []Keyring{alone, atScreen} {
		if _, err := At(v.path, keyring).Open(ctx, nil); !errors.Is(err, ErrKeyringLocked) {
			t.Errorf("a locked keyring gave %v", err)
		}
		if _, refused, err := At(filepath.Join(t.TempDir(), "store.key"), keyring).Create(ctx); err != nil || !errors.Is(refused, ErrKeyringLocked) {
			t.Errorf("a locked keyring gave %v, %v for a new key", refused, err)
		}
	}

	if err := daemon.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := At(v.path, platform{patience: 200 * time.Millisecond}).Open(ctx, nil); !errors.Is(err, ErrNoKeyring) {
		t.Errorf("a keyring that does not answer gave %v", err)
	}
}

// lock locks the keyring, as logging out does.
func lock(t *testing.T) {
	t.Helper()
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	call := bus.Object("org.freedesktop.secrets", "/org/freedesktop/secrets").
		Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{"/org/freedesktop/secrets/collection/login"})
	if call.Err != nil {
		t.Fatal(call.Err)
	}
}

// TestNoBusIsLaunched has no message bus, and a program beside it that would
// launch one.
func TestNoBusIsLaunched(t *testing.T) {
	dir := t.TempDir()
	launched := filepath.Join(dir, "launched")
	if err := os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte("#!/bin/sh\ntouch "+launched+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	for _, address := range []string{"autolaunch:", "autolaunch:scope=user"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		v := At(filepath.Join(t.TempDir(), "store.key"), Platform(true))
		if _, refused, err := v.Create(t.Context()); err != nil || !errors.Is(refused, ErrNoKeyring) {
			t.Errorf("without a bus: %v, %v", refused, err)
		}
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(dir, "nobody"))
	if _, refused, err := At(filepath.Join(t.TempDir(), "store.key"), Platform(true)).Create(t.Context()); err != nil || !errors.Is(refused, ErrNoKeyring) {
		t.Errorf("with a bus that is gone: %v, %v", refused, err)
	}
	if _, err := os.Stat(launched); err == nil {
		t.Error("a bus was launched")
	}
}
