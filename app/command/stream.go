package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"parley/app"
)

// giver is a command that hands the bytes of a file from where it was typed to
// where it runs, which may be another process, as they are asked for.
type giver interface {
	open() (io.ReadCloser, error) // where it was typed
	give(io.Reader)               // where it runs, ahead of Run
}

// taker is a command whose Run hands bytes to where it was typed, by a Reply
// that is a carrier.
type taker interface {
	create() (*os.File, error) // where it was typed: what takes them
}

// carrier is a Reply that carries bytes too, as they are given to it.
type carrier interface {
	Carry(part []byte) error
}

// maxPart is how many bytes travel in one line.
const maxPart = 256 << 10

// handed is a line by which a giver's bytes travel: some of them, or the end.
type handed struct {
	Data []byte `json:"data,omitempty"`
	End  bool   `json:"end,omitempty"`
}

// handFile sends a giver's file over the control socket.
func handFile(ctx context.Context, to io.Writer, g giver) error {
	file, err := g.open()
	if err != nil {
		return err
	}
	defer file.Close()
	err = hand(to, file)
	if own := new(unreadableError); err == nil || errors.As(err, &own) {
		return err
	}
	return hungUp(ctx, err)
}

// hand sends what from holds.
func hand(to io.Writer, from io.Reader) error {
	lines := json.NewEncoder(to)
	buffer := make([]byte, maxPart)
	for {
		n, err := from.Read(buffer)
		last := err == io.EOF
		if err != nil && !last {
			return &unreadableError{err}
		}
		if err := lines.Encode(handed{Data: buffer[:n], End: last}); err != nil {
			return err
		}
		if last {
			return nil
		}
	}
}

// unreadableError is one of the file, not of the socket.
type unreadableError struct{ error }

func (e *unreadableError) Unwrap() error { return e.error }

// feed reads what hand has sent. When it has come to the end, or can read no
// more, finished is closed.
type feed struct {
	lines    *json.Decoder
	rest     []byte
	err      error
	finished chan struct{}
}

func newFeed(from io.Reader) *feed {
	return &feed{lines: json.NewDecoder(from), finished: make(chan struct{})}
}

func (f *feed) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		var next handed
		if err := f.lines.Decode(&next); err != nil {
			f.end(fmt.Errorf("read what is handed over: %w", errors.Join(io.ErrUnexpectedEOF, err)))
			continue
		}
		f.rest = next.Data
		if next.End {
			f.end(io.EOF)
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *feed) end(err error) {
	f.err = err
	close(f.finished)
}

// wait returns when it has come to the end; of none, at once.
func (f *feed) wait() {
	if f != nil {
		<-f.finished
	}
}

// drain reads what the command has left, so that whoever is still sending
// comes to hear the answer. It is no more than a file may have.
func (f *feed) drain() {
	if f == nil {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(f, app.MaxFile+maxPart)) // nobody is interested any more
	if f.err == nil {
		f.end(io.ErrUnexpectedEOF)
	}
}

// taken runs do with a terminal that writes what is carried to the file of a
// taker. A file that did not become whole is removed.
func taken(command Command, t terminal, do func(terminal) error) (err error) {
	to, ok := command.(taker)
	if !ok {
		return do(t)
	}
	file, err := to.create()
	if err != nil {
		return err
	}
	t.take = func(part []byte) error {
		if _, err := file.Write(part); err != nil {
			return app.NewError(app.CodeUnwritable, fmt.Sprintf("The file %s could not be written, and was removed. Make room on the disk and try again.", file.Name()), err)
		}
		return nil
	}
	err = do(t)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	return err
}

var errNoTaker = errors.New("nobody takes bytes here")

// Carry hands bytes to the file of the command that was typed.
func (t terminal) Carry(part []byte) error {
	if t.take == nil {
		return errNoTaker
	}
	return t.take(part)
}

// Carry sends bytes to the process that asks.
func (a *answers) Carry(part []byte) error {
	for len(part) > 0 {
		n := min(len(part), maxPart)
		if err := a.send(answer{Carried: part[:n]}); err != nil {
			return err
		}
		part = part[n:]
	}
	return nil
}
