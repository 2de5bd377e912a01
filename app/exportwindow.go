package app

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"parley/space"
)

// ExportingData says how far this window's export of a space is, and how it
// ended.
type ExportingData struct {
	Space    string    `json:"space"`
	Done     int       `json:"done"`
	Of       int       `json:"of"`
	Fetched  int       `json:"fetched"`
	Fetching int       `json:"fetching"`
	End      ExportEnd `json:"end"` // empty: it is under way
	// Once it has ended well: which files did not come, and how much else the
	// archive says that it lacks.
	Absent []Absent `json:"absent"`
	Lacks  int      `json:"lacks"`
}

// ExportEnd is how an export ended.
type ExportEnd string

// How an export ends.
const (
	ExportMade    ExportEnd = "made"
	ExportStopped ExportEnd = "stopped"
	ExportFailed  ExportEnd = "failed"
)

// exportings are the exports that are under way in one window, one per space.
type exportings struct {
	mu    sync.Mutex
	under map[space.ID]context.CancelFunc
}

// begin takes note of an export, or reports that the space has one. Its context
// ends by end, and by stop.
func (s *exportings) begin(id space.ID) (_ context.Context, end func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under[id] != nil {
		return nil, nil, false
	}
	if s.under == nil {
		s.under = make(map[space.ID]context.CancelFunc)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.under[id] = cancel
	return ctx, sync.OnceFunc(func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.under, id)
	}), true
}

func (s *exportings) stop(id space.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.under[id]; cancel != nil {
		cancel()
	}
}

// ExportSpace saves everything of a space where the person wants it. The window
// is told how far it is, and once it has begun, how it has ended: in a browser
// that is after ExportSpace has answered. It fails with CodeStopped when it was
// stopped.
func (w *Window) ExportSpace(spaceID string) (Exported, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return Exported{}, err
	}
	name, err := w.app.ExportName(id)
	if err != nil {
		return Exported{}, err
	}
	if w.delivery == nil {
		return Exported{}, newError(CodeInvalid, "This window cannot save files. Use `parley-node space export`.")
	}
	// In a browser it is a download like others: it outlives the page.
	stopped, end, ok := w.exportings.begin(id)
	if !ok {
		return Exported{}, newError(CodeInvalid, "This space is being saved already. Wait until that is done, or stop it.")
	}
	written := false
	exported, err := w.delivery.Deliver(w.ctx, name, func(ctx context.Context, to io.Writer) error {
		// Who shows the window may write after Deliver has returned.
		written = true
		defer end()
		return w.export(ctx, stopped, id, to)
	})
	if err != nil || exported.URL == "" && !written {
		end() // they have changed their mind
	}
	return exported, err
}

// export writes an export that ends with either context, and tells the window
// of it.
func (w *Window) export(ctx, stopped context.Context, id space.ID, to io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(stopped, cancel)()
	var last time.Time
	told := ExportingData{Space: id.String(), Absent: []Absent{}}
	made, err := w.app.Export(ctx, id, to, func(p ExportProgress) {
		told.Done, told.Of, told.Fetched, told.Fetching = p.Done, p.Of, p.Fetched, p.Fetching
		if time.Since(last) >= progressPause {
			last = time.Now()
			w.emit(Event{Name: EventExporting, Data: told})
		}
	})
	switch {
	case err == nil:
		told.End, told.Absent, told.Lacks = ExportMade, made.Absent, len(made.Unreadable)
		for _, absent := range made.Absent {
			told.Lacks -= absent.Files
		}
	case stopped.Err() != nil, errors.Is(err, context.Canceled):
		told.End, err = ExportStopped, errStopped
	default:
		told.End = ExportFailed
	}
	w.emit(Event{Name: EventExporting, Data: told})
	return err
}

// StopExport ends the export of a space that is under way in this window. Where
// none is, that is no error.
func (w *Window) StopExport(spaceID string) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	w.exportings.stop(id)
	return nil
}
