package p2p

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"filippo.io/cpace"

	"parley/space"
)

const networkEnv = "PARLEY_TEST_NETWORK"

// onItsOwnNetwork runs a test in a process of its own, on a network of its own
// with nobody else on it. There the machine has an address that is not of any
// local network, 203.0.113.7.
func onItsOwnNetwork(t *testing.T, story func(t *testing.T)) {
	if os.Getenv(networkEnv) != "" {
		for _, arguments := range [][]string{{"link", "set", "lo", "up"}, {"addr", "add", "203.0.113.7/32", "dev", "lo"}} {
			if out, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
				t.Fatalf("ip %v: %v\n%s(run build/need packages test)", arguments, err, out)
			}
		}
		story(t)
		return
	}
	process := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	process.Env = append(os.Environ(), networkEnv+"=1")
	process.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		process.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		process.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		process.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	if out, err := process.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestWordsAreForTheLocalNetwork(t *testing.T) { onItsOwnNetwork(t, fromAfar) }

func fromAfar(t *testing.T) {
	afar := func(name string) *device {
		d := newDevice(t, name)
		d.stops()
		d.listen = []string{"/ip4/203.0.113.7/tcp/0"}
		d.starts()
		return d
	}
	ada, ben := afar("Ada"), afar("Ben")
	park := ada.founds("Park")
	wall := ada.hangs(park, tiger)

	// Ben does not even ask.
	ben.connects(ada)
	if _, err := ben.types(tiger); !errors.Is(err, ErrAlone) {
		t.Errorf("got %v", err)
	}
	// Mallory does, knows the words, and gets no answer.
	mallory := stranger(t, "Mallory")
	mallory.connects(ada)
	c := mallory.opens(ada, wordsProtocol)
	share, _, err := cpace.Start(string(tiger.password[:]), wordsContext(mallory.key.Device(), ada.id()))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.say(&askWords{Hint: tiger.hint, Share: [openerShare]byte(share)}); err != nil {
		t.Fatal(err)
	}
	var answered answerShareWords
	if _, err := c.hear(wordsFrame, &answered); err == nil {
		t.Error("Ada answers from afar")
	}
	if got := wall.State(); got.Wrong != 0 || len(got.Guests) != 0 {
		t.Errorf("the wall stands like this: %+v", got)
	}
	// An ordinary invitation goes the same way.
	code := ada.invites(park, 1, ada.now().AddDate(0, 0, 1))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := ben.node.Join(ctx, code, space.Person{Name: "Ben"}); err != nil {
		t.Error(err)
	}
}
