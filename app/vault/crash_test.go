package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// folder is a keyring that outlives its process: a file for each entry. After
// a number of questions, the process that asks is killed: before the answer,
// or after.
type folder struct {
	dir   string
	left  int // questions until the end; negative: no end
	after bool
}

func (f *folder) ask(do func() error) error {
	f.left--
	if f.left == 0 && !f.after {
		kill()
	}
	err := do()
	if f.left == 0 {
		kill()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoEntry
	}
	return err
}

func (f *folder) Get(_ context.Context, name string) (secret []byte, err error) {
	err = f.ask(func() error {
		secret, err = os.ReadFile(filepath.Join(f.dir, name))
		return err
	})
	return secret, err
}

func (f *folder) Set(_ context.Context, name string, secret []byte) error {
	return f.ask(func() error { return os.WriteFile(filepath.Join(f.dir, name), secret, 0o600) })
}

func (f *folder) Delete(_ context.Context, name string) error {
	return f.ask(func() error { return os.Remove(filepath.Join(f.dir, name)) })
}

// kill ends this process as nothing can prepare for.
func kill() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // until the signal arrives
}

// act is the process that changes guards until it is killed.
func act(dir string) {
	left, _ := strconv.Atoi(os.Getenv("VAULT_TEST_LEFT"))
	v := At(filepath.Join(dir, "store.key"), &folder{dir: filepath.Join(dir, "ring"), left: left, after: os.Getenv("VAULT_TEST_AFTER") != ""})
	ctx := context.Background()
	phrase := ""
	if guard, err := v.Guard(); err == nil && guard == ByPassphrase {
		for _, phrase = range []string{rightPassphrase, otherPassphrase} {
			if key, err := v.Open(ctx, []byte(phrase)); err == nil {
				key.Wipe()
				break
			}
		}
	}
	for n := 0; ; n++ {
		to := []Guard{InKeyring, InFile, InKeyring, InKeyring, ByPassphrase, ByPassphrase}[n%6]
		next := map[bool]string{true: rightPassphrase, false: otherPassphrase}[n%2 == 0]
		if _, err := v.Change(ctx, to, []byte(phrase), []byte(next)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		phrase = next
	}
}

// TestKilledWhileTheGuardChanges kills a process that changes guards: before
// and after each question to the keyring, and at random moments. The key is
// there every time, and is the same.
func TestKilledWhileTheGuardChanges(t *testing.T) {
	dir := t.TempDir()
	ring := filepath.Join(dir, "ring")
	if err := os.Mkdir(ring, 0o700); err != nil {
		t.Fatal(err)
	}
	v := At(filepath.Join(dir, "store.key"), &folder{dir: ring, left: -1})
	key, _, err := v.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	random := 30
	if testing.Short() {
		random = 5
	}
	run := func(what string, env ...string) {
		ctx, cancel := t.Context(), func() {}
		if len(env) == 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(400))*time.Millisecond)
		}
		defer cancel()
		child := exec.CommandContext(ctx, os.Args[0]) // which kills it when ctx is over
		child.Env = append(append(os.Environ(), "VAULT_TEST_ACT="+dir), env...)
		if len(env) == 0 {
			child.Env = append(child.Env, "VAULT_TEST_LEFT=-1")
		}
		said, err := child.Output()
		var ended *exec.ExitError
		if errors.Is(err, context.DeadlineExceeded) {
			return // before it had begun
		}
		if !errors.As(err, &ended) || ended.Exited() {
			t.Fatalf("%s: the process was not killed (%v) and said %s", what, err, said)
		}
		for _, phrase := range []string{rightPassphrase, otherPassphrase} {
			again, err := v.Open(t.Context(), []byte(phrase))
			if errors.Is(err, ErrWrongPassphrase) && phrase == rightPassphrase {
				continue
			}
			if err != nil {
				t.Fatalf("%s: the key is nowhere: %v", what, err)
			}
			if !again.equal(key) {
				t.Fatalf("%s: the key is another one", what)
			}
			break
		}
	}
	for question := 1; question <= 14; question++ {
		left := "VAULT_TEST_LEFT=" + strconv.Itoa(question)
		run(fmt.Sprintf("before question %d", question), left)
		run(fmt.Sprintf("after question %d", question), left, "VAULT_TEST_AFTER=1")
	}
	for n := range random {
		run(fmt.Sprintf("at random, round %d", n))
	}
}
