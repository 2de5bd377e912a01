package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"parley/p2p"
)

// station is a shelf with a part of the network: a device without a window.
type station struct {
	*shelf
	node *p2p.Node
}

// Loopback, over one transport: the wire (wire.go) carries TCP.
var (
	listenTCP  = []string{"/ip4/127.0.0.1/tcp/0"}
	listenQUIC = []string{"/ip4/127.0.0.1/udp/0/quic-v1"}
)

// goOnline connects a shelf's space with the network.
func goOnline(ctx context.Context, s *shelf, listen []string) (*station, error) {
	node, err := p2p.Open(ctx, p2p.Config{Key: s.device, Store: s.store, Listen: listen, Log: quiet})
	if err != nil {
		return nil, err
	}
	return &station{shelf: s, node: node}, nil
}

func (s *station) close() error { return errors.Join(s.node.Close(), s.shelf.close()) }

// address is where a station can be reached, by its own word.
func (s *station) address() string { return s.node.Addresses()[0] }

// newcomers makes shelves whose devices are editors of this one's space, and
// have its membership log and nothing else.
func (s *shelf) newcomers(ctx context.Context, n int) (_ []*shelf, err error) {
	made := make([]*shelf, n)
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll(made))
		}
	}()
	for i := range made {
		if made[i], err = setUp(ctx, filepath.Join(s.dir, "..", filepath.Base(s.dir)+"-"+string(rune('a'+i%26))+strings.Repeat("x", i/26))); err != nil {
			return nil, err
		}
		if err = s.admit(ctx, made[i].device); err != nil {
			return nil, err
		}
	}
	log, _ := s.store.Log(s.space)
	for _, m := range made {
		m.space = s.space
		if _, err = m.store.CreateSpace(ctx, log.Entries()...); err != nil {
			return nil, err
		}
	}
	return made, nil
}

func closeAll[T interface{ close() error }](all []T) (err error) {
	for _, one := range slices.Backward(all) {
		err = errors.Join(err, one.close())
	}
	return err
}

// same waits until stations hold the same of their space.
func same(ctx context.Context, a, b *station) error {
	return soon(ctx, func() bool { return a.store.Digest(a.space) == b.store.Digest(b.space) })
}

// soon waits for what is measured to the millisecond.
func soon(ctx context.Context, ready func() bool) error {
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
