package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"parley/app"
)

// The control socket carries one command per connection, as lines of JSON: the
// asking process sends one order, the running peer answers with any number of
// answers, the last of which is done or an error. After an order whose command
// reads a file come that file's bytes. Whoever asks may hang up, which cancels
// the command. It is local to one machine and one user; the
// version guards against two builds that talk past each other.
const controlVersion = 1

const (
	maxOrder     = 64 << 20 // bytes: a document to import, in base64
	orderTimeout = 10 * time.Second
	replyTimeout = 30 * time.Second
	probeEvery   = time.Second
)

type order struct {
	Version   int             `json:"version"`
	Command   string          `json:"command"`
	Arguments json.RawMessage `json:"arguments"`
}

type answer struct {
	Result  json.RawMessage `json:"result,omitempty"`
	Plain   []byte          `json:"plain,omitempty"`   // bytes, because a document need not be text
	Carried []byte          `json:"carried,omitempty"` // for the file that the command writes
	Note    string          `json:"note,omitempty"`
	Error   *app.Error      `json:"error,omitempty"`
	Done    bool            `json:"done,omitempty"`
}

// errNobody says that no peer is running on a data directory.
var errNobody = errors.New("no peer is running")

// Control takes commands for a running peer. Close ends it.
type Control struct {
	peer     *app.App
	log      *slog.Logger
	commands map[string]func() Command
	listener net.Listener
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// OpenControl listens on the control socket of the peer's data directory. It
// is for the process that has the directory open: a socket that is there
// already was left behind by one that was killed.
func OpenControl(peer *app.App, log *slog.Logger) (*Control, error) {
	commands, err := named()
	if err != nil {
		return nil, err
	}
	path := peer.Locations().ControlSocket()
	if err := app.PrivateDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	sweep(filepath.Dir(path), log)
	c := &Control{peer: peer, log: log, commands: commands, listener: listener}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.running.Go(c.accept)
	return c, nil
}

// staleAfter is how old a socket must be to be swept away: in the moment in
// which a peer makes its own, nobody listens on it yet either.
const staleAfter = time.Minute

// sweep removes the sockets that killed peers with other data directories have
// left behind. What it cannot remove does no harm.
func sweep(dir string, log *slog.Logger) {
	left, err := filepath.Glob(filepath.Join(dir, "*.sock"))
	if err != nil {
		log.Debug("look for sockets left behind", "err", err)
	}
	for _, path := range left {
		info, err := os.Lstat(path)
		if err != nil || info.Mode().Type() != fs.ModeSocket || time.Since(info.ModTime()) < staleAfter {
			continue
		}
		conn, err := net.DialTimeout("unix", path, time.Second)
		if err == nil {
			conn.Close()
			continue
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			log.Debug("remove socket left behind", "path", path, "err", os.Remove(path))
		}
	}
}

// Close takes no more commands, cancels those that run, and waits for them. It
// may be called again.
func (c *Control) Close() error {
	c.cancel()
	err := c.listener.Close() // which removes the socket's file
	c.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (c *Control) accept() {
	for {
		conn, err := c.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			c.log.Error("accept command", "err", err)
			return
		}
		c.running.Go(func() {
			defer conn.Close()
			if err := c.serve(conn); err != nil {
				c.log.Debug("command ended", "err", err)
			}
		})
	}
}

func (c *Control) serve(conn net.Conn) error {
	if err := sameUser(conn); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(orderTimeout)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	// A deadline in the past is what ends the reading with the command.
	stopReading := func() { _ = conn.SetReadDeadline(time.Now()) }
	defer context.AfterFunc(ctx, stopReading)()
	answers := &answers{conn: conn}
	in := &io.LimitedReader{R: conn, N: maxOrder}
	lines := bufio.NewReader(in)
	command, err := c.read(lines)
	if err != nil {
		return answers.fail(err)
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if ctx.Err() != nil { // then this was too late to take the deadline away
		stopReading()
	}
	var fed *feed
	if g, ok := command.(giver); ok {
		in.N = math.MaxInt64 // the command knows how much it takes
		fed = newFeed(lines)
		g.give(fed)
	}
	var hangup sync.WaitGroup
	hangup.Go(func() {
		defer cancel()
		fed.wait() // until then, reading it finds out who is gone
		answers.untilGone(ctx)
	})
	err = run(ctx, command, c.peer, answers)
	fed.drain()
	cancel()
	hangup.Wait()
	if err != nil {
		return answers.fail(err)
	}
	return answers.send(answer{Done: true})
}

// read takes one order off the connection.
func (c *Control) read(lines *bufio.Reader) (Command, error) {
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("read order: %w", err)
	}
	var got order
	if err := json.Unmarshal(line, &got); err != nil {
		return nil, fmt.Errorf("read order: %w", err)
	}
	build, known := c.commands[got.Command]
	if got.Version != controlVersion || !known {
		return nil, errMismatch
	}
	command := build()
	arguments := json.NewDecoder(bytes.NewReader(got.Arguments))
	arguments.DisallowUnknownFields()
	if err := arguments.Decode(command); err != nil {
		return nil, fmt.Errorf("read order: %w", err)
	}
	return command, nil
}

var errMismatch = app.NewError(app.CodeInvalid,
	"Another version of Parley is running on this data directory. Quit it, or use the program that belongs to it.", nil)

// run runs a command. A panic in it is its own failure, not the peer's.
func run(ctx context.Context, command Command, peer *app.App, reply Reply) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("run command: panic: %v", fault)
		}
	}()
	return command.Run(ctx, peer, reply)
}

// answers is the Reply of a command that was asked over the socket.
type answers struct{ conn net.Conn }

func (a *answers) Result(result Result) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	return a.send(answer{Result: raw, Plain: []byte(result.Plain())})
}

func (a *answers) Note(sentence string) {
	// A lost note is no reason to fail; the next result finds out why.
	_ = a.send(answer{Note: sentence})
}

// untilGone returns when the asking process is gone, or ctx is over. One that
// only has nothing more to say still listens: it is sent an empty line every
// now and then, which is nothing between two answers and cannot be sent to
// whoever is gone.
func (a *answers) untilGone(ctx context.Context) {
	if _, err := io.Copy(io.Discard, a.conn); err != nil {
		return // ctx is over, or the connection is broken
	}
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for a.write([]byte("\n")) == nil {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (a *answers) fail(err error) error {
	return errors.Join(err, a.send(answer{Error: app.Explain(err)}))
}

func (a *answers) send(what answer) error {
	raw, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return a.write(append(raw, '\n'))
}

// write writes a whole line. Two of them do not mix: a connection takes one
// write at a time.
func (a *answers) write(line []byte) error {
	if err := a.conn.SetWriteDeadline(time.Now().Add(replyTimeout)); err != nil {
		return err
	}
	_, err := a.conn.Write(line)
	return err
}

// ask lets the peer that runs on a data directory do a command. It fails with
// errNobody when there is none, having done nothing.
func ask(ctx context.Context, l app.Locations, name string, command Command, t terminal) error {
	path := l.ControlSocket()
	if err := app.IsPrivateDir(filepath.Dir(path)); err != nil {
		return errNobody // at least nobody to be trusted with what a command says
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return errNobody
	}
	if err != nil {
		return fmt.Errorf("reach running peer: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	arguments, err := json.Marshal(command)
	if err != nil {
		return fmt.Errorf("encode order: %w", err)
	}
	raw, err := json.Marshal(order{Version: controlVersion, Command: name, Arguments: arguments})
	if err != nil {
		return fmt.Errorf("encode order: %w", err)
	}
	if _, err := conn.Write(append(raw, '\n')); err != nil {
		return hungUp(ctx, err)
	}
	if g, ok := command.(giver); ok {
		if err := handFile(ctx, conn, g); err != nil {
			return err
		}
	}
	return hear(ctx, json.NewDecoder(conn), t)
}

// hear prints answers until the last.
func hear(ctx context.Context, answers *json.Decoder, t terminal) error {
	for {
		var got answer
		if err := answers.Decode(&got); err != nil {
			return hungUp(ctx, err)
		}
		switch {
		case got.Error != nil:
			return got.Error
		case got.Done:
			return nil
		case got.Note != "":
			t.Note(got.Note)
		case got.Carried != nil:
			if err := t.Carry(got.Carried); err != nil {
				return err
			}
		default:
			if err := t.print(got.Result, string(got.Plain)); err != nil {
				return err
			}
		}
	}
}

// hungUp explains a connection that ended before the last answer.
func hungUp(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return app.NewError(app.CodeClosed,
		"The running Parley was closed before it had answered. Look whether the change is there before you try again.", err)
}
