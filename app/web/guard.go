package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard decides who may speak to the server. The token keeps out other people
// and programs on the machine, the checks of Host and Origin keep out pages of
// the web that this person's own browser has open.
type guard struct {
	listening netip.AddrPort
	token     string
}

// admit takes the token itself from a page, where pages may have no
// cryptography to prove with: browsers keep it from those that came
// unencrypted from another machine. On this machine every page has it, and
// whoever shows the token instead is refused. It compares in a time that tells
// nothing about the token.
func (g *guard) admit(token string) error {
	digest, ours := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(g.token))
	if g.listening.Addr().IsLoopback() || subtle.ConstantTimeCompare(digest[:], ours[:]) != 1 {
		return errWrongToken
	}
	return nil
}

// hostAllowed refuses requests that were sent here under somebody else's name:
// a page at evil.example whose name was rebound to 127.0.0.1 still carries its
// own name in Host. An IP address cannot be rebound, so a server that listens
// on every interface accepts any of them.
func (g *guard) hostAllowed(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, "80" // what a browser leaves out
	}
	if port != portOf(g.listening) {
		return false
	}
	ours := g.listening.Addr()
	if strings.EqualFold(name, "localhost") {
		return ours.IsLoopback() || ours.IsUnspecified()
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	return addr.Unmap() == ours.Unmap() || ours.IsUnspecified() || ours.IsLoopback() && addr.IsLoopback()
}

// originAllowed wants a page that opens a socket to be one that this server
// gave out. Every browser sends Origin when it opens a WebSocket; what sends
// none is no page, and needs the token like everybody.
func (g *guard) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin == "" || origin == "http://"+r.Host
}

func portOf(addr netip.AddrPort) string {
	_, port, _ := net.SplitHostPort(addr.String())
	return port
}

// SecurityPolicy is the Content-Security-Policy of the window's page: nothing
// from anywhere but its own origin, WebAssembly but no eval, no frames.
// Automerge needs 'wasm-unsafe-eval'; React Aria adds a style element of its
// own, which needs inline styles. connect names the origin of the socket,
// because not every WebKit counts ws: as 'self'; it may be empty.
func SecurityPolicy(connect string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"style-src 'self' 'unsafe-inline'",
		"img-src 'self' data: blob:",
		"font-src 'self'",
		strings.TrimSpace("connect-src 'self' " + connect),
		"worker-src 'self'",
		"manifest-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}
