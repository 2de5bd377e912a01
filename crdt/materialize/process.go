package materialize

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// memoryVariable tells the child its memory limit, in bytes.
const memoryVariable = "PARLEY_MATERIALIZE_MEMORY"

// inherited are the environment variables that the child gets of the parent's:
// those without which a program may not start.
var inherited = []string{"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT"}

// process is one child process.
type process struct {
	in     io.WriteCloser
	out    *bufio.Reader
	output tail
	pid    int
	done   chan struct{} // closed when it has ended
	exit   error         // how; to be read after done
	stop   func()
	once   sync.Once

	talking sync.Mutex // held while a request is under way
}

// start starts a child process; ended counts it until it is gone.
func start(options Options, ended *sync.WaitGroup) (*process, error) {
	p := &process{done: make(chan struct{})}
	command := options.Command
	if len(command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find own executable: %w", err)
		}
		command = []string{self, Argument}
	}
	cmd := exec.Command(command[0], command[1:]...)
	// With one arena, the core takes again what it has freed, on whichever thread
	// it runs; with several, a few requests over a large document reach the limit.
	cmd.Env = append(cmd.Env, memoryVariable+"="+strconv.FormatInt(options.Memory, 10), "GOTRACEBACK=single", "MALLOC_ARENA_MAX=1")
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Stderr = &p.output
	cmd.SysProcAttr = attributes()
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// A pipe of our own: what the child said last is still to be read when it
	// has ended.
	out, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = theirs
	p.in, p.out = in, bufio.NewReaderSize(out, 1<<16)
	p.stop = func() { _ = cmd.Process.Kill() } // it may have ended already

	started := make(chan error)
	ended.Add(1)
	go func() {
		defer ended.Done()
		// Where the system ends the child with its parent, "parent" is the
		// thread that started it; so that thread stays until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		_ = theirs.Close() // the child has its own
		started <- err
		if err == nil {
			p.exit = cmd.Wait()
		}
		close(p.done)
		p.talking.Lock()
		defer p.talking.Unlock()
		_ = out.Close() // nothing was written to it
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	p.pid = cmd.Process.Pid
	options.Log.Debug("The reader of documents has started", "pid", p.pid)
	return p, nil
}

func (p *process) gone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// ends reports whether a process that does not answer any more ends without
// being told to, giving the system a moment to notice.
func (p *process) ends() bool {
	select {
	case <-p.done:
		return true
	case <-time.After(time.Second):
		return false
	}
}

// kill ends the process at once. Wait for done to know that it is gone.
func (p *process) kill() { p.once.Do(p.stop) }

// leave tells the process that nothing more is coming, so that it ends.
func (p *process) leave() { _ = p.in.Close() }

// ask sends a request and waits for the reply. at is the chunk last announced,
// or -1. After an error the process must be killed.
func (p *process) ask(ctx context.Context, q request, deadline time.Duration) (answer reply, at int, err error) {
	type result struct {
		answer reply
		at     int
		err    error
	}
	answered := make(chan result, 1)
	p.talking.Lock()
	go func() {
		defer p.talking.Unlock()
		r := result{at: -1}
		defer func() { answered <- r }()
		if r.err = writeFrame(p.in, q); r.err != nil {
			return
		}
		for {
			var next reply
			if r.err = readFrame(p.out, &next); r.err != nil {
				return
			}
			if !next.Note {
				r.answer = next
				return
			}
			r.at = next.At
		}
	}()
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	var reason error
	select {
	case r := <-answered:
		return r.answer, r.at, r.err
	case <-ctx.Done():
		reason = ctx.Err()
	case <-timer.C:
		reason = fmt.Errorf("%w (%v)", ErrDeadline, deadline)
	}
	// Killing it ends the conversation, and with it the goroutine.
	p.kill()
	r := <-answered
	return reply{}, r.at, reason
}

// tail keeps the end of what the child says on its way out.
type tail struct {
	mu  sync.Mutex
	end []byte
}

const tailSize = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b...)
	if extra := len(t.end) - tailSize; extra > 0 {
		t.end = append(t.end[:0], t.end[extra:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.end)
}
