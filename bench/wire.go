package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
)

// wire is a cable to a station on which bytes are counted: those of every
// layer, both ways.
type wire struct {
	listener net.Listener
	to       string // host and port
	device   string
	carried  atomic.Int64
	running  sync.WaitGroup

	mu     sync.Mutex
	open   []net.Conn
	closed bool
}

// lay lays a wire to a station that listens on TCP.
func lay(to *station) (*wire, error) {
	// /ip4/HOST/tcp/PORT/p2p/DEVICE
	parts := strings.Split(to.address(), "/")
	if len(parts) != 7 || parts[3] != "tcp" {
		return nil, fmt.Errorf("lay a wire: %s is no address over TCP", to.address())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{listener: listener, to: net.JoinHostPort(parts[2], parts[4]), device: parts[6]}
	w.running.Go(w.accept)
	return w, nil
}

// address is this end's.
func (w *wire) address() string {
	at := w.listener.Addr().(*net.TCPAddr)
	return fmt.Sprintf("/ip4/%s/tcp/%d/p2p/%s", at.IP, at.Port, w.device)
}

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return // closed
		}
		far, err := net.Dial("tcp", w.to)
		if err != nil {
			near.Close()
			continue
		}
		w.mu.Lock()
		w.open = append(w.open, near, far)
		if w.closed {
			near.Close()
			far.Close()
		}
		w.mu.Unlock()
		w.running.Go(func() { w.carry(near, far) })
		w.running.Go(func() { w.carry(far, near) })
	}
}

func (w *wire) carry(to, from net.Conn) {
	_, _ = io.Copy(io.MultiWriter(to, count{&w.carried}), from) // ends with the connection
	to.Close()
	from.Close()
}

type count struct{ into *atomic.Int64 }

func (c count) Write(p []byte) (int, error) {
	c.into.Add(int64(len(p)))
	return len(p), nil
}

// kB is what was carried so far.
func (w *wire) kB() float64 { return float64(w.carried.Load()) / 1000 }

func (w *wire) close() (err error) {
	err = w.listener.Close()
	w.mu.Lock()
	w.closed = true
	for _, c := range w.open {
		if e := c.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	w.mu.Unlock()
	w.running.Wait()
	return err
}
