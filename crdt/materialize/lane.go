package materialize

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"parley/crdt/chunk"
)

// lane runs requests in one child process, one after the other.
type lane struct {
	options Options
	turn    chan struct{} // holds one token: whose turn it is
	needed  func() bool   // whether the process holds something; it then stays for Options.Unused; nil: never

	mu      sync.Mutex // guards all below
	closed  bool
	process *process
	idle    *time.Timer
	ended   sync.WaitGroup // one for each process
}

func newLane(options Options) *lane {
	l := &lane{options: options, turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// close stops the process and waits until it is gone.
func (l *lane) close() {
	l.mu.Lock()
	l.closed = true
	if l.idle != nil {
		l.idle.Stop()
	}
	if l.process != nil {
		l.process.kill()
	}
	l.mu.Unlock()
	l.ended.Wait()
}

func (l *lane) running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.process != nil && !l.process.gone()
}

// maxEnded is how often a request is made again whose process somebody else
// has ended.
const maxEnded = 5

// do waits for its turn, makes sure that a process runs, and asks it. A request
// whose process was ended by somebody else is made again: it is not at fault.
func (l *lane) do(ctx context.Context, q request) (answer reply, err error) {
	select {
	case <-l.turn:
	case <-ctx.Done():
		return reply{}, ctx.Err()
	}
	defer func() { l.turn <- struct{}{} }()
	for range maxEnded {
		p, err := l.start()
		if err != nil {
			return reply{}, err
		}
		if answer, err = l.ask(ctx, p, q); !errors.Is(err, ErrEnded) {
			return answer, err
		}
	}
	return reply{}, ErrEnded
}

// ask asks a process that the caller has the turn of.
func (l *lane) ask(ctx context.Context, p *process, q request) (reply, error) {
	defer l.rest(p)
	answer, at, err := p.ask(ctx, q, l.options.Deadline)
	if err == nil {
		if answer.Failure != nil {
			return reply{}, answer.Failure.err()
		}
		return answer, nil
	}
	// Whatever went wrong on the way, this process is of no further use. It
	// has mostly ended already, and how says whose fault it is.
	ended := p.ends()
	p.kill()
	<-p.done
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	switch {
	case closed:
		return reply{}, ErrClosed
	case ctx.Err() != nil:
		return reply{}, ctx.Err()
	case errors.Is(err, ErrDeadline), errors.Is(err, chunk.ErrTooLarge):
		return reply{}, err
	}
	l.options.Log.Warn("The reader of documents stopped", "operation", q.Operation, "chunks", len(q.Chunks),
		"error", err, "exit", p.exit, "output", p.output.String())
	switch {
	case ended && endedFromOutside(p.exit):
		return reply{}, ErrEnded
	case at >= 0:
		return reply{}, &ChunkError{Chunk: at, Err: ErrCrashed}
	}
	return reply{}, ErrCrashed
}

// endedFromOutside reports whether a process ended as it does not end by
// itself. (A core that aborts and a memory limit end it in other ways.)
func endedFromOutside(exit error) bool {
	var how *exec.ExitError
	if !errors.As(exit, &how) {
		return false
	}
	status, ok := how.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	switch status.Signal() {
	case syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP:
		return true
	}
	return false
}

// start returns the process, started if there is none.
func (l *lane) start() (*process, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if l.idle != nil {
		l.idle.Stop()
	}
	if l.process != nil && !l.process.gone() {
		return l.process, nil
	}
	p, err := start(l.options, &l.ended)
	if err != nil {
		return nil, fmt.Errorf("start the reader of documents: %w", err)
	}
	l.process = p
	return p, nil
}

// rest lets the process leave if nothing is asked of it for a while.
func (l *lane) rest(p *process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.process != p {
		return
	}
	if l.idle != nil {
		l.idle.Stop()
	}
	after := l.options.Idle
	if l.needed != nil && l.needed() {
		after = l.options.Unused
	}
	l.idle = time.AfterFunc(after, func() {
		select {
		case <-l.turn:
			// Nobody is asking, so nobody loses an answer.
			p.leave()
			select {
			case <-p.done:
			case <-time.After(l.options.Deadline):
				p.kill()
				<-p.done
			}
			l.turn <- struct{}{}
		default:
		}
	})
}
