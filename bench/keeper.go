package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"parley/space"
)

const (
	keptDocuments = 1000
	keptFor       = 40 // members, all connected
	settling      = 30 * time.Second
)

// measureKeeper weighs a real keeper's process that holds a thousand documents
// and has forty members connected.
func measureKeeper(ctx context.Context, dir string) (_ []Row, err error) {
	founder, err := setUp(ctx, filepath.Join(dir, "kept"))
	if err != nil {
		return nil, err
	}
	for range keptDocuments {
		if _, err := founder.births(ctx, founder.newRef()); err != nil {
			return nil, errors.Join(err, founder.close())
		}
	}
	others, err := founder.newcomers(ctx, keptFor-1)
	if err != nil {
		return nil, errors.Join(err, founder.close())
	}
	var members []*station
	defer func() { err = errors.Join(err, closeAll(members)) }()
	for i, s := range append([]*shelf{founder}, others...) {
		one, err := goOnline(ctx, s, listenQUIC)
		if err != nil {
			return nil, errors.Join(err, s.close(), closeAll(others[i:]))
		}
		members = append(members, one)
	}
	keeper, err := keep(ctx, filepath.Join(dir, "keeper"), members[0])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, keeper.stop()) }()
	for _, m := range members {
		if err := m.node.Connect(ctx, keeper.address); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	for _, m := range members {
		if err := same(ctx, m, members[0]); err != nil {
			return nil, err
		}
	}
	all := time.Since(began).Seconds()
	select {
	case <-time.After(settling):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	w, err := weighProcess(keeper.process.Process.Pid)
	if err != nil {
		return nil, err
	}
	name := func(what string) string {
		return fmt.Sprintf("a keeper, %d documents, %d members connected: %s", keptDocuments, keptFor, what)
	}
	return []Row{
		aimed(peers, name("its process half a minute after, resident"), "MB", []float64{w.resident}, 150, byMedian),
		row(peers, name("until all of them had everything, most of it through it"), "s", []float64{all}),
	}, nil
}

// keep starts a process that is a keeper of a station's space.
func keep(ctx context.Context, data string, founder *station) (*node, error) {
	log, _ := founder.store.Log(founder.space)
	invite, secret, err := log.Invite(founder.device, space.InviteOptions{Role: space.Keeper, Uses: 1}, time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if _, _, err := founder.store.AddEntries(ctx, founder.space, [][]byte{invite.Raw}); err != nil {
		return nil, err
	}
	code := space.Code{
		Space: founder.space, Secret: secret, Inviter: founder.device.Device(), Name: log.Name(),
		Addresses: founder.node.CodeAddresses(),
	}
	n, err := serve(ctx, data)
	if err != nil {
		return nil, err
	}
	if _, err := n.ask(ctx, "device", "device", "--name", "Keeper"); err != nil {
		return nil, errors.Join(err, n.stop())
	}
	if _, err := n.ask(ctx, "", "join", code.String()); err != nil {
		return nil, errors.Join(err, n.stop())
	}
	return n, nil
}
