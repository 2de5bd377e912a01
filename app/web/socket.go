package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/coder/websocket"

	"parley/app"
)

const (
	maxHello   = 4 << 10  // bytes of a message of the handshake
	maxMessage = 24 << 20 // bytes of a call: the largest change Parley stores, in base64, with room
	maxCalls   = 32       // calls under way on one connection, Commits not counted
	maxCommits = 64       // Commits waiting for their turn

	helloTimeout = 10 * time.Second
	writeTimeout = 20 * time.Second
	pingEvery    = 20 * time.Second
	pingTimeout  = 20 * time.Second
)

// ordered is the one method whose calls take effect in the order in which
// they arrive: a change must not overtake the one it builds on.
const ordered = "Commit"

// The messages on the socket, as JSON in text frames.
type (
	request struct {
		ID     uint64            `json:"id"`
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
	}
	response struct {
		ID     uint64 `json:"id"`
		Result any    `json:"result"`
	}
	failure struct {
		ID    uint64     `json:"id"`
		Error *app.Error `json:"error"`
	}
	notice struct {
		Event app.EventName `json:"event"`
		Data  any           `json:"data"`
	}
)

// socket is one connection, which is one window.
type socket struct {
	conn   *websocket.Conn
	table  Calls
	target func() any // what answers calls now
	log    *slog.Logger

	calls   sync.WaitGroup
	room    chan struct{} // one token for each call under way
	commits chan func()
}

func newSocket(conn *websocket.Conn, table Calls, log *slog.Logger) *socket {
	return &socket{
		conn: conn, table: table, log: log,
		room:    make(chan struct{}, maxCalls),
		commits: make(chan func(), maxCommits),
	}
}

// serve answers calls to target until the connection ends or ctx does, then
// cancels ctx and waits: when it returns, no call is running any more.
func (s *socket) serve(ctx context.Context, cancel context.CancelFunc, target func() any) error {
	s.target = target
	s.calls.Go(func() {
		for commit := range s.commits {
			commit()
		}
	})
	s.calls.Go(func() { s.ping(ctx) })
	defer s.calls.Wait()
	defer close(s.commits)
	defer cancel()

	s.conn.SetReadLimit(maxMessage)
	for {
		kind, raw, err := s.conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("read call: %w", err)
		}
		var asked request
		if kind != websocket.MessageText || decodeStrict(raw, &asked) != nil {
			return errors.Join(errors.New("read call: not a call"),
				s.conn.Close(websocket.StatusInvalidFramePayloadData, "not a call"))
		}
		if err := s.take(ctx, asked); err != nil {
			return err
		}
	}
}

// take starts one call, or waits until there is room for it.
func (s *socket) take(ctx context.Context, asked request) error {
	call, err := s.table.prepare(s.target(), asked.Method, asked.Params)
	if err != nil {
		s.answer(ctx, asked.ID, nil, err)
		return nil
	}
	run := func() {
		result, err := call()
		s.answer(ctx, asked.ID, result, err)
	}
	if asked.Method == ordered {
		select {
		case s.commits <- run:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case s.room <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.calls.Go(func() {
		defer func() { <-s.room }()
		run()
	})
	return nil
}

func (s *socket) answer(ctx context.Context, id uint64, result any, err error) {
	if err == nil {
		s.write(ctx, response{ID: id, Result: result})
		return
	}
	told := app.Explain(err)
	s.log.Info("call refused", "code", told.Code, "err", errors.Unwrap(told))
	s.write(ctx, failure{ID: id, Error: told})
}

// emit sends an event. It blocks while the page does not read, which slows
// nobody but this window's own pump.
func (s *socket) emit(ctx context.Context, event app.Event) {
	s.write(ctx, notice{Event: event.Name, Data: event.Data})
}

// write sends one message. A connection that cannot take it in time is ended;
// the reader finds out, and the page connects again and pulls what it missed.
func (s *socket) write(ctx context.Context, message any) {
	raw, err := json.Marshal(message)
	if err != nil {
		s.log.Error("encode message", "err", err)
		s.conn.CloseNow()
		return
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, raw); err != nil {
		s.conn.CloseNow()
	}
}

// ping finds out about a page that is gone without a word.
func (s *socket) ping(ctx context.Context) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		pinged, cancel := context.WithTimeout(ctx, pingTimeout)
		err := s.conn.Ping(pinged)
		cancel()
		if err != nil {
			s.conn.CloseNow()
			return
		}
	}
}
