package web

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"parley/app"
)

// downloadPath is where a page fetches a file that its window has made for it.
const downloadPath = "/download/"

// downloadWithin is how long a file may be fetched.
const downloadWithin = time.Minute

// downloads are the files that wait to be fetched, each once, by whoever knows
// its name: the page has it over its socket, which it had to prove itself for.
type downloads struct {
	mu      sync.Mutex
	waiting map[string]*download
}

type download struct {
	name   string
	write  func(ctx context.Context, to io.Writer) error
	expiry *time.Timer
}

// expire ends a file that nobody has fetched: it is written to nobody, so that
// whoever makes it lets go of what it holds for that.
func (d *downloads) expire(secret string) {
	found := d.take(secret)
	if found == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = found.write(ctx, io.Discard) // it fails, as it was stopped
}

// Deliver implements app.Delivery: it answers at once with where the page can
// fetch the file, which is written as it is fetched.
func (d *downloads) Deliver(_ context.Context, name string, write func(ctx context.Context, to io.Writer) error) (app.Exported, error) {
	secret := rand.Text() // 130 bits
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = make(map[string]*download)
	}
	d.waiting[secret] = &download{
		name: name, write: write,
		expiry: time.AfterFunc(downloadWithin, func() { d.expire(secret) }),
	}
	return app.Exported{URL: downloadPath + secret}, nil
}

// take gives a file out, once.
func (d *downloads) take(secret string) *download {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.waiting[secret]
	if !ok {
		return nil
	}
	found.expiry.Stop()
	delete(d.waiting, secret)
	return found
}

// close forgets what nobody has fetched.
func (d *downloads) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for secret, found := range d.waiting {
		found.expiry.Stop()
		delete(d.waiting, secret)
	}
}

// serveDownload writes a file to a browser. When that fails, the connection
// breaks off, so that the browser does not take the beginning for the whole.
func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		http.Error(w, "Only GET is answered here.", http.StatusMethodNotAllowed)
		return
	}
	if !s.enter() {
		http.Error(w, "Too many windows are open. Close some.", http.StatusServiceUnavailable)
		return
	}
	defer s.leave()
	found := s.downloads.take(strings.TrimPrefix(r.URL.Path, downloadPath))
	if found == nil {
		http.Error(w, "This file was fetched already, or too much time has passed. Save it again from the window.", http.StatusNotFound)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": found.name}))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	if err := found.write(ctx, w); err != nil {
		s.log.Info("a download broke off", "err", errors.Join(err, ctx.Err()))
		panic(http.ErrAbortHandler)
	}
}
