package web

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"

	"parley/app"
)

func TestCallsAndEvents(t *testing.T) {
	p := newStage(t, "127.0.0.1:0").page()
	p.send(`{"id":1,"method":"Echo","params":["hello",{"x":3}]}`)
	if got := p.receive(); got.ID != 1 || string(got.Result) != `{"text":"hello","x":3}` {
		t.Errorf("Echo answered %+v", got)
	}
	p.send(`{"id":2,"method":"Refuse","params":[]}`)
	if got := p.receive(); got.Error == nil || got.Error.Code != app.CodeExpired || got.Error.Message != "This invitation has ended." {
		t.Errorf("Refuse answered %+v", got.Error)
	}
	p.send(`{"id":3,"method":"Bytes","params":["AAEC/w=="]}`)
	if got := p.receive(); string(got.Result) != `"AAEC/w=="` {
		t.Errorf("Bytes answered %s", got.Result)
	}
	p.send(`{"id":4,"method":"Tell","params":["network"]}`)
	if got := p.receive(); got.Event != "network" {
		t.Errorf("got %+v, want the event first", got)
	}
}

func TestBadCallsAreRefusedAndThePageKeepsWorking(t *testing.T) {
	p := newStage(t, "127.0.0.1:0").page()
	for call, want := range map[string]app.Code{
		`{"id":7,"method":"Reboot","params":[]}`:                codeUnknownMethod,
		`{"id":7,"method":"","params":[]}`:                      codeUnknownMethod,
		`{"id":7,"method":"Echo","params":["hello"]}`:           app.CodeInvalid,
		`{"id":7,"method":"Echo","params":["hello",{"x":1},2]}`: app.CodeInvalid,
		`{"id":7,"method":"Echo","params":[1,{"x":1}]}`:         app.CodeInvalid,
		`{"id":7,"method":"Echo","params":["hello",{"y":1}]}`:   app.CodeInvalid,
		`{"id":7,"method":"Echo","params":["hello",null]}`:      app.CodeInvalid,
		`{"id":7,"method":"Echo"}`:                              app.CodeInvalid,
		`{"id":7,"method":"Bytes","params":["not base64"]}`:     app.CodeInvalid,
		`{"id":7,"method":"Commit","params":[-1]}`:              app.CodeInvalid,
		`{"id":7,"method":"Panic","params":[]}`:                 app.CodeInternal,
	} {
		p.send(call)
		got := p.receive()
		if got.ID != 7 || got.Error == nil || got.Error.Code != want {
			t.Errorf("%s answered %+v, want code %s", call, got.Error, want)
		}
	}
	p.works()
}

func TestNonsenseEndsTheConnection(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	for _, nonsense := range []string{
		`{`, ``, `[]`, `"hello"`, `{"id":1,"method":"Nothing","params":[]} {}`,
		`{"id":"1","method":"Nothing","params":[]}`, `{"id":1,"method":"Nothing","params":[],"more":1}`,
	} {
		p := s.page()
		p.send(nonsense)
		p.ends(websocket.StatusInvalidFramePayloadData)
	}
	binary := s.page()
	if err := binary.conn.Write(binary.ctx, websocket.MessageBinary, []byte(`{"id":1,"method":"Nothing","params":[]}`)); err != nil {
		t.Fatal(err)
	}
	binary.ends(websocket.StatusInvalidFramePayloadData)
	s.page().works()
}

func TestOversizedMessagesEndTheConnection(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	p := s.page()
	// The write fails when the server has had enough.
	_ = p.conn.Write(p.ctx, websocket.MessageText, []byte(`{"id":1,"method":"Bytes","params":["`+strings.Repeat("A", maxMessage)+`"]}`))
	p.ends(websocket.StatusMessageTooBig)
	before := s.stranger(s.server.Origin())
	_ = before.conn.Write(before.ctx, websocket.MessageText, []byte(`{"token":"`+strings.Repeat("A", maxHello)+`"}`))
	if _, _, err := before.conn.Read(before.ctx); err == nil {
		t.Error("a huge token was answered")
	}
	s.page().works()
}

func TestCommitsKeepTheirOrder(t *testing.T) {
	p := newStage(t, "127.0.0.1:0").page()
	const n = 40
	for i := range n {
		raw, _ := json.Marshal(request{ID: uint64(i + 1), Method: "Commit", Params: []json.RawMessage{json.RawMessage(jsonNumber(i))}})
		p.send(string(raw))
	}
	var last []uint64
	for range n {
		if err := json.Unmarshal(p.receive().Result, &last); err != nil {
			t.Fatal(err)
		}
	}
	for i, got := range last {
		if got != uint64(i) {
			t.Fatalf("commits took effect in the order %v", last)
		}
	}
}

func jsonNumber(i int) string { raw, _ := json.Marshal(i); return string(raw) }

func TestASlowCallDoesNotHoldUpOthers(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	p := s.page()
	p.send(`{"id":1,"method":"Wait","params":[]}`)
	p.works()
	close(s.gate)
	if got := p.receive(); got.ID != 1 || got.Error != nil {
		t.Errorf("Wait answered %+v", got)
	}
}

func TestAWindowEndsWithItsConnectionEvenInTheMiddleOfACall(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	p := s.page()
	p.send(`{"id":1,"method":"Wait","params":[]}`)
	p.works()
	p.conn.CloseNow()
	select {
	case <-s.closed:
	case <-time.After(10 * time.Second):
		t.Fatal("the window was not closed")
	}
}

func TestCloseEndsOpenWindows(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	p := s.page()
	p.works()
	done := make(chan error)
	go func() { done <- s.server.Close() }()
	p.ends(websocket.StatusGoingAway)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(s.closed) != 1 {
		t.Errorf("%d windows were closed, want 1", len(s.closed))
	}
}

func TestOriginAndHostAreChecked(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(s.server.guard.listening.String())
	ours := "127.0.0.1:" + port
	for _, c := range []struct {
		origin, host string
		want         int
	}{
		{"http://" + ours, ours, 101},
		{"http://localhost:" + port, "localhost:" + port, 101},
		{"", ours, 101},
		{"null", ours, 403},
		{"https://" + ours, ours, 403},
		{"http://evil.example", ours, 403},
		{"http://evil.example:" + port, ours, 403},
		{"http://localhost:" + port, ours, 403},
		{"http://127.0.0.1:1", ours, 403},
		{"http://" + ours + ".evil.example", ours, 403},
		{"http://evil.example:" + port, "evil.example:" + port, 421},
		{"http://" + ours, "127.0.0.1:1", 421},
		{"http://10.0.0.1:" + port, "10.0.0.1:" + port, 421},
	} {
		conn, status, err := s.dial(c.origin, c.host)
		if err == nil {
			conn.CloseNow()
		}
		if status != c.want {
			t.Errorf("origin %q, host %q: %d (%v), want %d", c.origin, c.host, status, err, c.want)
		}
	}
}

func TestHostsOfOtherListeners(t *testing.T) {
	for _, c := range []struct {
		listening, host string
		want            bool
	}{
		{"0.0.0.0:80", "192.0.2.1", true},
		{"0.0.0.0:80", "localhost", true},
		{"0.0.0.0:80", "parley.example", false},
		{"0.0.0.0:8080", "192.0.2.1", false},
		{"[::1]:8080", "[::1]:8080", true},
		{"[::1]:8080", "127.0.0.1:8080", true},
		{"192.0.2.1:8080", "192.0.2.1:8080", true},
		{"192.0.2.1:8080", "192.0.2.2:8080", false},
		{"192.0.2.1:8080", "localhost:8080", false},
		{"127.0.0.1:8080", "", false},
		{"127.0.0.1:8080", "[", false},
	} {
		g := &guard{listening: mustAddr(c.listening)}
		if got := g.hostAllowed(c.host); got != c.want {
			t.Errorf("listening on %s, host %q: %v, want %v", c.listening, c.host, got, c.want)
		}
	}
}

func TestFilesComeWithTheirGuards(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) (status int, header http.Header, body string) {
		t.Helper()
		response, err := client.Get(s.server.Origin() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		raw, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, response.Header, string(raw)
	}
	_, index, body := get("/")
	if !strings.Contains(body, "<title>Parley</title>") {
		t.Errorf("index is %q", body)
	}
	for header, want := range map[string]string{
		"Cache-Control":          "no-store",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "no-referrer",
	} {
		if got := index.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	policy := index.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "'wasm-unsafe-eval'", "frame-ancestors 'none'", "connect-src 'self' ws://127.0.0.1:"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if _, asset, _ := get("/assets/app-1a2b.js"); !strings.Contains(asset.Get("Cache-Control"), "immutable") {
		t.Errorf("an asset's Cache-Control is %q", asset.Get("Cache-Control"))
	}
	if got, _, _ := get("/no-such-file"); got != http.StatusNotFound {
		t.Errorf("a missing file answers %d", got)
	}
	if strings.Contains(s.server.Origin(), s.server.guard.token) || !strings.HasSuffix(s.server.Link(), "/#token="+s.server.guard.token) {
		t.Error("the token belongs into the link's fragment and nowhere else")
	}
}

func TestTooManyWindows(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	for range maxWindows {
		s.stranger(s.server.Origin())
	}
	conn, status, err := s.dial(s.server.Origin(), "")
	if err == nil {
		conn.CloseNow()
	}
	if status != http.StatusServiceUnavailable {
		t.Errorf("one window too many answered %d (%v)", status, err)
	}
}

func TestAnAddressInUseIsASentence(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	_, err := serve(Options{
		Address: s.server.guard.listening.String(), Access: app.BrowserAccess{Token: "t"},
		Files: fstest.MapFS{}, Log: slog.New(slog.DiscardHandler),
	}, callsOf(reflect.TypeFor[*stub]()), nil)
	if told := app.Explain(err); told.Code != app.CodeInvalid {
		t.Errorf("got %v", err)
	}
}

func TestTheLastPortIsTakenAgainIfItIsFree(t *testing.T) {
	taken := newStage(t, "127.0.0.1:0").server.Port()
	again := func(wanted uint16) uint16 {
		server, err := serve(Options{
			Address: "127.0.0.1:0", Access: app.BrowserAccess{Token: "t", Port: wanted},
			Files: fstest.MapFS{}, Log: slog.New(slog.DiscardHandler),
		}, callsOf(reflect.TypeFor[*stub]()), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
		return server.Port()
	}
	other := again(taken)
	if other == taken {
		t.Errorf("port %d was given out twice", taken)
	}
	if got := again(other); got != other {
		t.Errorf("port %d was free, and %d was taken", other, got)
	}
}

func mustAddr(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }
