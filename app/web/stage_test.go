package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"parley/app"
	"parley/p2p/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(lab.Apart(m)) }

// stub is a window that misbehaves on demand. The real one is tested in app;
// here it is the socket that matters.
type stub struct {
	emit func(app.Event)

	mu      sync.Mutex
	commits []uint64
	gate    chan struct{} // Wait returns when it is closed
	ctx     context.Context
}

type point struct {
	X int `json:"x"`
}

func (s *stub) Echo(text string, p point) (map[string]any, error) {
	return map[string]any{"text": text, "x": p.X}, nil
}
func (s *stub) Nothing() error { return nil }
func (s *stub) Refuse() error {
	return app.NewError(app.CodeExpired, "This invitation has ended.", errors.New("secret detail"))
}
func (s *stub) Panic() error { panic("on purpose") }
func (s *stub) Tell(name string) error {
	s.emit(app.Event{Name: app.EventName(name), Data: app.NoData{}})
	return nil
}
func (s *stub) Bytes(b []byte) ([]byte, error) { return b, nil }

// Wait keeps a call under way until the test, or the connection, ends it.
func (s *stub) Wait() error {
	select {
	case <-s.gate:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// Commit takes longer the earlier it is called, so that calls which could
// overtake each other would.
func (s *stub) Commit(n uint64) ([]uint64, error) {
	if n%2 == 0 {
		time.Sleep(time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commits = append(s.commits, n)
	return s.commits, nil
}

// page is a test's browser page with its stub on the other side.
type page struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
}

type stage struct {
	t      *testing.T
	server *Server
	gate   chan struct{}
	closed chan struct{} // gets one value for every closed window
}

func newStage(t *testing.T, address string) *stage {
	t.Helper()
	s := &stage{t: t, gate: make(chan struct{}), closed: make(chan struct{}, 2*maxWindows)}
	server, err := serve(Options{
		Address: address,
		Access:  app.BrowserAccess{Token: "the token of this test"},
		Files: fstest.MapFS{
			"index.html":         {Data: []byte("<!doctype html><title>Parley</title>")},
			"assets/app-1a2b.js": {Data: []byte("export {}")},
		},
		Log: slog.New(slog.DiscardHandler),
	}, callsOf(reflect.TypeFor[*stub]()), func(ctx context.Context, emit func(app.Event), _ app.Delivery) (func() any, func()) {
		window := &stub{emit: emit, gate: s.gate, ctx: ctx}
		return func() any { return window }, func() { s.closed <- struct{}{} }
	})
	if err != nil {
		t.Fatal(err)
	}
	s.server = server
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// dial opens a socket as a page of that origin would. It answers with the
// status of the handshake.
func (s *stage) dial(origin, host string) (*websocket.Conn, int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	conn, response, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.server.Origin(), "http")+SocketPath, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport},
		HTTPHeader: http.Header{"Origin": {origin}},
		Host:       host,
	})
	if response == nil {
		return conn, 0, err
	}
	if response.Body != nil { // of a refusal
		response.Body.Close()
	}
	return conn, response.StatusCode, err
}

// host is what a page that this server gave out speaks to.
func (s *stage) host() string { return strings.TrimPrefix(s.server.Origin(), "http://") }

// page opens a page with the right token.
func (s *stage) page() *page {
	s.t.Helper()
	conn, _, err := s.dial(s.server.Origin(), "")
	if err != nil {
		s.t.Fatal(err)
	}
	conn.SetReadLimit(maxMessage)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	p := &page{t: s.t, conn: conn, ctx: ctx}
	s.t.Cleanup(func() { conn.CloseNow(); cancel() })
	if err := introduce(ctx, conn, s.server.guard.token, s.host()); err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (p *page) send(text string) {
	p.t.Helper()
	if err := p.conn.Write(p.ctx, websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

type received struct {
	ID     uint64          `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *app.Error      `json:"error"`
	Event  string          `json:"event"`
}

func (p *page) receive() received {
	p.t.Helper()
	_, raw, err := p.conn.Read(p.ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	var got received
	if err := json.Unmarshal(raw, &got); err != nil {
		p.t.Fatal(err)
	}
	return got
}

// ends waits for the server to end the connection.
func (p *page) ends(want websocket.StatusCode) {
	p.t.Helper()
	_, _, err := p.conn.Read(p.ctx)
	if got := websocket.CloseStatus(err); got != want {
		p.t.Errorf("connection ended with status %d (%v), want %d", got, err, want)
	}
}

func (p *page) works() {
	p.t.Helper()
	p.send(`{"id":999,"method":"Nothing","params":[]}`)
	if got := p.receive(); got.ID != 999 || got.Error != nil {
		p.t.Errorf("after all this the page got %+v", got)
	}
}

// stranger opens a socket and has said nothing yet.
func (s *stage) stranger(origin string) *page {
	s.t.Helper()
	conn, _, err := s.dial(origin, "")
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	s.t.Cleanup(func() { conn.CloseNow(); cancel() })
	return &page{t: s.t, conn: conn, ctx: ctx}
}
