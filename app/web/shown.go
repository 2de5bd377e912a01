package web

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"

	"parley/app"
)

// shownPath is where pages find the files of spaces, each window below a path of
// its own that only its page was told: over the socket, for which it had to prove
// itself.
const shownPath = "/files/"

func newShownPath() string { return shownPath + rand.Text() + "/" } // 130 bits

// windowFiles is how one window gets files to its page.
type windowFiles struct {
	*downloads
	at string
}

// FilesAt implements app.FileShower.
func (f *windowFiles) FilesAt() string { return f.at }

// shown are the windows by their paths.
type shown struct {
	mu      sync.Mutex
	windows map[string]func() any
}

// add lets a window's page have files until the returned function is called.
func (s *shown) add(at string, target func() any) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.windows == nil {
		s.windows = make(map[string]func() any)
	}
	s.windows[at] = target
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.windows, at)
	}
}

// find splits a path into a window and what its page wants.
func (s *shown) find(path string) (target func() any, rest string) {
	secret, rest, _ := strings.Cut(strings.TrimPrefix(path, shownPath), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.windows[shownPath+secret+"/"], rest
}

func (s *Server) serveShown(w http.ResponseWriter, r *http.Request) {
	target, rest := s.shown.find(r.URL.Path)
	if target == nil {
		http.Error(w, "This window is not open any more.", http.StatusNotFound)
		return
	}
	if !s.begin() {
		http.Error(w, "Parley is being closed.", http.StatusServiceUnavailable)
		return
	}
	defer s.serving.Done()
	header := w.Header()
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	app.ServeFile(target(), w, r, rest)
}
