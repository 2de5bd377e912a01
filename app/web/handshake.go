package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/coder/websocket"
)

// The handshake (docs/window.md) shows each side that the other knows the
// token, and shows it to nobody else: whoever took the port of a peer that has
// ended learns nothing from the pages that come back to it. A proof names the
// host that the page speaks to, so that it is worth nothing at another port,
// where somebody in between would pass it on to.
type (
	nonce     [32]byte
	challenge struct {
		Nonce []byte `json:"nonce,omitempty"`
		// Token stands in place of Nonce where a page has no cryptography: it
		// came from another machine, unencrypted.
		Token string `json:"token,omitempty"`
	}
	reply struct {
		Nonce []byte `json:"nonce"`
		Proof []byte `json:"proof"`
	}
	proof struct {
		Proof []byte `json:"proof"`
	}
)

// Both labels are equally long, as the nonces are, so that what is proven can
// be read in one way only.
const (
	byServer = "parley/server"
	byWindow = "parley/window"
)

func newNonce() (n nonce) {
	rand.Read(n[:]) // never fails: it ends the process where there is no randomness
	return n
}

func parseNonce(raw []byte) (n nonce, err error) {
	if len(raw) != len(n) {
		return n, errors.New("nonce is not 32 bytes")
	}
	return nonce(raw), nil
}

// prove is what one side says to the other's nonce.
func prove(token, label string, own, other nonce, host string) []byte {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(label))
	mac.Write(other[:])
	mac.Write(own[:])
	mac.Write([]byte(strings.ToLower(host)))
	return mac.Sum(nil)
}

// proven compares in a time that tells nothing about the token.
func proven(token, label string, own, other nonce, host string, got []byte) bool {
	// The prover's own nonce is the other one here.
	return hmac.Equal(got, prove(token, label, other, own, host))
}

// authenticate has the handshake with a page that speaks to host. It fails
// unless the page has proven that it knows the token.
func authenticate(ctx context.Context, conn *websocket.Conn, g *guard, host string) error {
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	conn.SetReadLimit(maxHello)
	var first challenge
	if err := readMessage(ctx, conn, &first); err != nil {
		return err
	}
	if first.Nonce == nil {
		return g.admit(first.Token)
	}
	theirs, err := parseNonce(first.Nonce)
	if err != nil {
		return err
	}
	ours := newNonce()
	if err := writeMessage(ctx, conn, reply{Nonce: ours[:], Proof: prove(g.token, byServer, ours, theirs, host)}); err != nil {
		return err
	}
	var last proof
	if err := readMessage(ctx, conn, &last); err != nil {
		return err
	}
	if !proven(g.token, byWindow, ours, theirs, host, last.Proof) {
		return errWrongToken
	}
	return nil
}

var errWrongToken = errors.New("wrong token")

// Dial opens a window's socket as a page does that was opened by link: for
// programs that speak to a window without a browser. It fails where the server
// does not know the token.
func Dial(ctx context.Context, link string) (_ *websocket.Conn, err error) {
	at, err := url.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("open window: %w", err)
	}
	token, ok := strings.CutPrefix(at.Fragment, "token=")
	if !ok {
		return nil, errors.New("open window: the link has no token")
	}
	conn, _, err := websocket.Dial(ctx, "ws://"+at.Host+SocketPath, nil)
	if err != nil {
		return nil, fmt.Errorf("open window: %w", err)
	}
	if err := introduce(ctx, conn, token, at.Host); err != nil {
		return nil, errors.Join(fmt.Errorf("open window: %w", err), conn.CloseNow())
	}
	conn.SetReadLimit(maxMessage)
	return conn, nil
}

// introduce is the page's side of the handshake.
func introduce(ctx context.Context, conn *websocket.Conn, token, host string) error {
	ours := newNonce()
	if err := writeMessage(ctx, conn, challenge{Nonce: ours[:]}); err != nil {
		return err
	}
	var answered reply
	if err := readMessage(ctx, conn, &answered); err != nil {
		return err
	}
	theirs, err := parseNonce(answered.Nonce)
	if err != nil {
		return err
	}
	if !proven(token, byServer, ours, theirs, host, answered.Proof) {
		return errWrongToken
	}
	return writeMessage(ctx, conn, proof{Proof: prove(token, byWindow, ours, theirs, host)})
}

func readMessage(ctx context.Context, conn *websocket.Conn, into any) error {
	kind, raw, err := conn.Read(ctx)
	if err != nil {
		return err
	}
	if kind != websocket.MessageText {
		return errors.New("not a text message")
	}
	return decodeStrict(raw, into)
}

func writeMessage(ctx context.Context, conn *websocket.Conn, message any) error {
	raw, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, raw)
}
