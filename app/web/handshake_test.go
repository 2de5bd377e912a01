package web

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestOnlyTheTokenLetsAPageIn(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	for _, first := range []string{
		`{"nonce":"AAAA"}`, `{"nonce":""}`, `{"nonce":null}`, `{}`, `nonsense`, `{"id":1,"method":"Nothing","params":[]}`,
		`{"token":"` + s.server.guard.token + `"}`, // on this machine the token itself is never said
		`{"token":"` + s.server.guard.token + `","more":1}`,
	} {
		p := s.stranger(s.server.Origin())
		p.send(first)
		p.ends(websocket.StatusPolicyViolation)
	}
	for name, last := range map[string]func(ours, theirs nonce, heard reply) any{
		"a wrong token": func(ours, theirs nonce, _ reply) any {
			return proof{prove("a wrong token", byWindow, ours, theirs, s.host())}
		},
		"the server's own proof": func(_, _ nonce, heard reply) any { return proof{heard.Proof} },
		"a proof for another host": func(ours, theirs nonce, _ reply) any {
			return proof{prove(s.server.guard.token, byWindow, ours, theirs, "127.0.0.1:1")}
		},
		"a proof of an earlier handshake": func(ours, _ nonce, _ reply) any {
			return proof{prove(s.server.guard.token, byWindow, ours, newNonce(), s.host())}
		},
		"no proof": func(nonce, nonce, reply) any { return struct{}{} },
		"a call":   func(nonce, nonce, reply) any { return request{ID: 1, Method: "Nothing"} },
	} {
		p := s.stranger(s.server.Origin())
		ours := newNonce()
		var heard reply
		if err := errors.Join(writeMessage(p.ctx, p.conn, challenge{Nonce: ours[:]}), readMessage(p.ctx, p.conn, &heard)); err != nil {
			t.Fatal(err)
		}
		if err := writeMessage(p.ctx, p.conn, last(ours, nonce(heard.Nonce), heard)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.conn.Read(p.ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.closed) != 0 {
		t.Error("a window was opened for a stranger")
	}
}

func TestAPageFromAnotherMachineMayShowTheToken(t *testing.T) {
	s := newStage(t, "0.0.0.0:0")
	p := s.stranger(s.server.Origin())
	p.send(`{"token":"` + s.server.guard.token + `"}`)
	p.works()
	wrong := s.stranger(s.server.Origin())
	wrong.send(`{"token":"wrong"}`)
	wrong.ends(websocket.StatusPolicyViolation)
}

// TestWhoeverTookThePortLearnsNothing opens a page at a server that does not
// know the token, and at one that passes everything on to the real server,
// which is somewhere else by now.
func TestWhoeverTookThePortLearnsNothing(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	link := func(impostor string) string { return "http://" + impostor + "/#token=" + s.server.guard.token }

	other := newStage(t, "127.0.0.1:0")
	other.server.guard.token = "guessed"
	if _, err := Dial(t.Context(), link(other.host())); !errors.Is(err, errWrongToken) {
		t.Errorf("a server without the token: %v", err)
	}

	heard := make(chan string, 8)
	relay := impostor(t, func(ctx context.Context, page *websocket.Conn) {
		real, _, err := websocket.Dial(ctx, "ws://"+s.host()+SocketPath, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer real.CloseNow()
		for from, to := page, real; ; from, to = to, from {
			kind, raw, err := from.Read(ctx)
			if err != nil {
				return
			}
			heard <- string(raw)
			if err := to.Write(ctx, kind, raw); err != nil {
				return
			}
		}
	})
	if _, err := Dial(t.Context(), link(relay)); !errors.Is(err, errWrongToken) {
		t.Errorf("a server that passes on: %v", err)
	}
	for range 2 {
		if said := <-heard; strings.Contains(said, s.server.guard.token) {
			t.Errorf("the token was said: %s", said)
		}
	}
	if len(s.closed) != 0 {
		t.Error("a window was opened for whoever took the port")
	}
}

// impostor is a server on a port of its own, for one page.
func impostor(t *testing.T, meet func(ctx context.Context, page *websocket.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(over)
		page, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer page.CloseNow()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		meet(ctx, page)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		<-over
		server.Close()
		<-served
	})
	return listener.Addr().String()
}

// TestProofsAreAsDocumented holds what is computed to what docs/window.md
// says. frontend/src/bridge/handshake.test.ts has the same values.
func TestProofsAreAsDocumented(t *testing.T) {
	var page, server nonce
	for i := range page {
		page[i], server[i] = byte(i), byte(255-i)
	}
	for label, want := range map[string]string{
		byServer: "0e72da8d49392f3940e2c81fa3b47c9bc1d9cad64ab95e300a074b8a34f9a606",
		byWindow: "500d6d94e571de247fcc68dbcffbede82d5096c914b1d31c630bb7e9d3613001",
	} {
		own, other := server, page
		if label == byWindow {
			own, other = page, server
		}
		if got := hex.EncodeToString(prove("s3cret-T0ken", label, own, other, "127.0.0.1:4001")); got != want {
			t.Errorf("%s proves %s, want %s", label, got, want)
		}
	}
}

func TestALinkThatIsNone(t *testing.T) {
	for _, link := range []string{"", "http://127.0.0.1:1/", "http://127.0.0.1:1/#secret", "http://127.0.0.1:1/#token=x", "http://[/#token=x"} {
		if conn, err := Dial(t.Context(), link); err == nil {
			conn.CloseNow()
			t.Errorf("%q opened a window", link)
		}
	}
}

func FuzzHandshake(f *testing.F) {
	raw, _ := json.Marshal(challenge{Nonce: make([]byte, 32)})
	f.Add(raw)
	f.Add([]byte(`{"nonce":"AAAA","token":"x"}`))
	f.Add([]byte(`{"nonce":[1,2]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var first challenge
		if decodeStrict(raw, &first) != nil {
			return
		}
		if n, err := parseNonce(first.Nonce); err == nil && string(n[:]) != string(first.Nonce) {
			t.Error("another nonce was read")
		}
	})
}
