// Package web serves the window to a browser on this machine: the built
// frontend, and one WebSocket for each window, over which the page calls the
// methods of app.Window and hears its events. It knows the shape of calls and
// who may make them, and nothing of what they do.
package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"parley/app"
)

// SocketPath is where a page opens its WebSocket.
const SocketPath = "/socket"

// maxWindows bounds the connections of one server. More windows than that is
// a page in a loop, not a person.
const maxWindows = 64

// Options say what a Server serves, and where.
type Options struct {
	// Address is HOST:PORT; port 0 takes a free one. A host that is not a
	// loopback address lets other machines in, unencrypted but for the token.
	Address string
	// Access holds the token that every page must know, and the port to take
	// where Address leaves the choice and it is free.
	Access app.BrowserAccess
	// Files is the built frontend.
	Files fs.FS
	// Open makes the window of one connection; ctx ends with the connection.
	// The function it returns is called once, after the connection's last
	// call has returned.
	Open func(ctx context.Context, emit func(app.Event)) (window *app.Pane, close func())
	// Log gets what a person need not see. It never gets the token.
	Log *slog.Logger
}

// Server is a running web server. Close ends it.
type Server struct {
	guard *guard
	files http.Handler
	built bool
	table Calls
	open  opener
	log   *slog.Logger

	downloads downloads
	shown     shown

	http   *http.Server
	ctx    context.Context // of every connection
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	windows int
	serving sync.WaitGroup // grows under mu, and only until closed
}

// opener is Options.Open for windows of any type. files is how one gets files
// to its page, target what answers its calls now.
type opener func(ctx context.Context, emit func(app.Event), files app.Delivery) (target func() any, close func())

// Serve listens and serves until Close.
func Serve(o Options) (*Server, error) {
	return serve(o, WindowCalls(), func(ctx context.Context, emit func(app.Event), files app.Delivery) (func() any, func()) {
		window, closeWindow := o.Open(ctx, emit)
		window.DeliverBy(files)
		return window.Target, closeWindow
	})
}

// serve takes what can be called apart from how a window is made, so that tests
// can serve windows that misbehave on purpose.
func serve(o Options, table Calls, open opener) (*Server, error) {
	if o.Access.Token == "" {
		return nil, errors.New("serve window: a token is missing")
	}
	listener, err := listen(o.Address, o.Access.Port)
	if err != nil {
		return nil, app.NewError(app.CodeInvalid, fmt.Sprintf(
			"Parley cannot serve its window at %s. Choose another address; port 0 takes a free one.", o.Address), err)
	}
	listening, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read own address: %w", err), listener.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, missing := fs.Stat(o.Files, "index.html")
	s := &Server{
		guard:  &guard{listening: netip.AddrPortFrom(listening.Addr().Unmap(), listening.Port()), token: o.Access.Token},
		files:  http.FileServerFS(o.Files),
		built:  missing == nil,
		table:  table,
		open:   open,
		log:    o.Log,
		ctx:    ctx,
		cancel: cancel,
	}
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	s.serving.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("serve window", "err", err)
		}
	})
	return s, nil
}

// listen takes the wanted port where the address leaves the choice and the port
// is free, and whatever the address says otherwise.
func listen(address string, wanted uint16) (net.Listener, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && port == "0" && wanted != 0 {
		if listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(int(wanted)))); err == nil {
			return listener, nil
		}
	}
	return net.Listen("tcp", address)
}

// Close ends every connection, waits until their windows are closed, and
// frees the address.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	err := s.http.Close()
	s.serving.Wait()
	s.downloads.close()
	return err
}

// Link is the address to open in a browser, with the token in its fragment,
// which a browser sends to nobody.
func (s *Server) Link() string { return s.Origin() + "/#token=" + s.guard.token }

// Port is where the server listens.
func (s *Server) Port() uint16 { return s.guard.listening.Port() }

// Origin is the scheme, host and port that the server is best reached at.
func (s *Server) Origin() string {
	at := s.guard.listening
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	}
	return "http://" + at.String()
}

// Loopback says whether only this machine can reach the server.
func (s *Server) Loopback() bool { return s.guard.listening.Addr().IsLoopback() }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.guard.hostAllowed(r.Host) {
		http.Error(w, "Parley does not answer to this name. Use the link that Parley printed.", http.StatusMisdirectedRequest)
		return
	}
	switch {
	case r.URL.Path == SocketPath:
		s.serveSocket(w, r)
		return
	case strings.HasPrefix(r.URL.Path, downloadPath):
		s.serveDownload(w, r)
		return
	case strings.HasPrefix(r.URL.Path, shownPath):
		s.serveShown(w, r)
		return
	}
	s.serveFile(w, r)
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET and HEAD are answered here.", http.StatusMethodNotAllowed)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", SecurityPolicy("ws://"+r.Host))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !s.built {
		http.Error(w, "The window is not part of this program, because it was built without it. Build it with make.", http.StatusNotFound)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		header.Set("Cache-Control", "private, max-age=31536000, immutable") // Vite puts a hash in each name
	} else {
		header.Set("Cache-Control", "no-store")
	}
	s.files.ServeHTTP(w, r)
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.guard.originAllowed(r) {
		http.Error(w, "This page does not belong to Parley.", http.StatusForbidden)
		return
	}
	if !s.enter() {
		http.Error(w, "Too many windows are open. Close some.", http.StatusServiceUnavailable)
		return
	}
	defer s.leave()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // Origin is checked above, more strictly
	if err != nil {
		s.log.Debug("accept window", "err", err)
		return
	}
	defer conn.CloseNow()
	if err := authenticate(s.ctx, conn, s.guard, r.Host); err != nil {
		s.log.Debug("refuse window", "err", err)
		conn.Close(websocket.StatusPolicyViolation, "wrong token")
		return
	}
	s.serveWindow(conn)
}

// enter counts a window in, unless there are too many or the server is
// closing. Close waits for those counted: http.Server does not wait for
// connections that became WebSockets.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.windows == maxWindows {
		return false
	}
	s.windows++
	s.serving.Add(1)
	return true
}

// begin counts in what a window's page asks beside its socket, unless the server
// is closing. It ends with serving.Done.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.serving.Add(1)
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.windows--
	s.serving.Done()
}

// serveWindow runs one window for as long as its connection lasts.
func (s *Server) serveWindow(conn *websocket.Conn) {
	// When the server closes, the page is told so first; its connection ends
	// with that, and everything else ends with the connection.
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.ctx))
	defer cancel()
	defer context.AfterFunc(s.ctx, func() { conn.Close(websocket.StatusGoingAway, "Parley was closed") })()
	sock := newSocket(conn, s.table, s.log)
	files := &windowFiles{downloads: &s.downloads, at: newShownPath()}
	target, closeWindow := s.open(ctx, func(event app.Event) { sock.emit(ctx, event) }, files)
	defer closeWindow()
	defer s.shown.add(files.at, target)()
	s.log.Debug("window left", "err", sock.serve(ctx, cancel, target))
}
