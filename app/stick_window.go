package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"parley/crdt"
)

// A window takes in files that a person chooses in it, or drops on it, and a page
// has their bytes and not their names. So it sends them, part after part. A
// carriage is one such file on its way, or one that the system has handed over,
// or one that is made for the person: what they see the progress of, and can stop.
type carriage struct {
	ctx    context.Context // ends with the window, or when it is stopped
	stop   context.CancelFunc
	parts  chan sentPart // from the page, to whoever reads
	rest   sentPart
	size   int64
	opened *os.File // what the system has handed over; nil: the page sends it
}

// sentPart is some of a file.
type sentPart struct {
	bytes []byte
	last  bool
}

// carriages are those of one window.
type carriages struct {
	mu    sync.Mutex
	under map[string]*carriage
}

// maxCarriages is how many may be under way in one window.
const maxCarriages = 8

// CarryOptions say what to put into a file to carry.
type CarryOptions struct {
	Document string `json:"document"` // empty: all
	Files    bool   `json:"files"`
	Since    bool   `json:"since"` // leave out what is known by the file that the page sends
}

// CarryingData says how far a carriage is: in bytes that were read, or in
// documents and files that were written.
type CarryingData struct {
	Carriage string `json:"carriage"`
	Done     int64  `json:"done"`
	Of       int64  `json:"of"`
}

// BeginCarriage makes ready for a file that the page sends, of so many bytes, or
// that is made for the person, and names it. handed is what TakeHanded gave, for
// a file that the system has handed over; else it is empty. Each ends with
// CarryOut or CarryIn, or by StopCarriage.
func (w *Window) BeginCarriage(handed string, size int64) (string, error) {
	c := &carriage{size: size, parts: make(chan sentPart)}
	if handed != "" {
		name := strings.TrimPrefix(handed, FileScheme)
		if !w.app.wasHanded(name) {
			return "", newError(CodeNotFound, "This file was not opened with Parley. Open it again.")
		}
		file, err := os.Open(name)
		if err != nil {
			return "", wrapError(CodeUnreadable, fmt.Sprintf("The file %q cannot be read. Look whether it is still there.", shown(name, maxTitle)), err)
		}
		if info, err := file.Stat(); err == nil {
			c.size = info.Size()
		}
		c.opened = file
	}
	c.ctx, c.stop = context.WithCancel(w.ctx)
	id := rand.Text()
	w.carriages.mu.Lock()
	defer w.carriages.mu.Unlock()
	if len(w.carriages.under) >= maxCarriages {
		c.stop()
		c.close()
		return "", newError(CodeInvalid, "Too many files are under way in this window. Wait until they are done.")
	}
	if w.carriages.under == nil {
		w.carriages.under = make(map[string]*carriage)
	}
	w.carriages.under[id] = c
	return id, nil
}

// SendPart hands over a part of a file that the page sends, in order, the last
// with last. It answers when the part has been read.
func (w *Window) SendPart(id string, part []byte, last bool) error {
	c, err := w.carriages.find(id)
	if err != nil {
		return err
	}
	select {
	case c.parts <- sentPart{part, last}:
		return nil
	case <-c.ctx.Done():
		return errStopped
	}
}

// StopCarriage ends one, whatever is done with it. One that is over is no error.
func (w *Window) StopCarriage(id string) error {
	w.carriages.end(id)
	return nil
}

// CarryOut makes a file of a space for its members' devices, where the person
// wants it.
func (w *Window) CarryOut(id, spaceID string, o CarryOptions) (Exported, error) {
	c, err := w.carriages.find(id)
	if err != nil {
		return Exported{}, err
	}
	packing, err := w.pack(c, spaceID, o)
	if err != nil {
		err = c.explain(err)
		w.carriages.end(id)
		return Exported{}, err
	}
	if w.delivery == nil {
		w.carriages.end(id)
		return Exported{}, newError(CodeInvalid, "This window cannot save files. Use `parley-node bundle export`.")
	}
	tell := w.carrying(id)
	written := false
	exported, err := w.delivery.Deliver(c.ctx, BundleName(now()), func(ctx context.Context, to io.Writer) error {
		// Who shows the window may write after Deliver has returned.
		written = true
		defer w.carriages.end(id)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(c.ctx, cancel)()
		_, err := packing.Write(ctx, to, func(done, of int) { tell(int64(done), int64(of)) })
		return c.explain(err)
	})
	if err != nil || exported.URL == "" && !written {
		w.carriages.end(id) // they have changed their mind
	}
	return exported, err
}

func (w *Window) pack(c *carriage, spaceID string, o CarryOptions) (*Packing, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return nil, err
	}
	options := BundleOptions{Files: o.Files}
	if o.Document != "" {
		document, err := crdt.ParseDocumentID(o.Document)
		if err != nil {
			return nil, wrapError(CodeNotFound, "There is no such document.", err)
		}
		options.Document = &document
	}
	if o.Since {
		options.Since = c
	}
	return w.app.PackBundle(c.ctx, id, options)
}

// CarryIn takes in the file of a carriage.
func (w *Window) CarryIn(id string) (BundleTaken, error) {
	c, err := w.carriages.find(id)
	if err != nil {
		return BundleTaken{}, err
	}
	defer w.carriages.end(id)
	taken, err := w.app.ImportBundle(c.ctx, &counted{from: c, of: c.size, tell: w.carrying(id)})
	return taken, c.explain(err)
}

// carrying tells the window how far a carriage is.
func (w *Window) carrying(id string) func(done, of int64) {
	var last time.Time
	return func(done, of int64) {
		if done < of && time.Since(last) < progressPause {
			return
		}
		last = time.Now()
		w.emit(Event{Name: EventCarrying, Data: CarryingData{Carriage: id, Done: done, Of: of}})
	}
}

// counted tells how much was read.
type counted struct {
	from     io.Reader
	done, of int64
	tell     func(done, of int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.done += int64(n)
	c.tell(c.done, c.of)
	return n, err
}

var errStopped = newError(CodeStopped, "This was stopped.")

// Read gives what the page sends, or what is in the file that was handed over.
func (c *carriage) Read(p []byte) (int, error) {
	if c.opened != nil {
		return c.opened.Read(p)
	}
	for len(c.rest.bytes) == 0 {
		if c.rest.last {
			return 0, io.EOF
		}
		select {
		case c.rest = <-c.parts:
		case <-c.ctx.Done():
			return 0, c.ctx.Err()
		}
	}
	n := copy(p, c.rest.bytes)
	c.rest.bytes = c.rest.bytes[n:]
	return n, nil
}

// explain tells what was stopped from what failed.
func (c *carriage) explain(err error) error {
	if err != nil && c.ctx.Err() != nil {
		return errStopped
	}
	return err
}

func (c *carriage) close() {
	if c.opened != nil {
		c.opened.Close()
	}
}

func (s *carriages) find(id string) (*carriage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.under[id]
	if !ok {
		return nil, errStopped
	}
	return c, nil
}

// end forgets a carriage and stops what is done with it.
func (s *carriages) end(id string) {
	s.mu.Lock()
	c := s.under[id]
	delete(s.under, id)
	s.mu.Unlock()
	if c != nil {
		c.stop()
		c.close()
	}
}

// endAll is end of all there are.
func (s *carriages) endAll() {
	s.mu.Lock()
	under := s.under
	s.under = nil
	s.mu.Unlock()
	for _, c := range under {
		c.stop()
		c.close()
	}
}
