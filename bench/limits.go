package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const rounds = 1000

// measureLimits times the raw parts that an edit is made of. No edit can be
// faster than these.
func measureLimits(ctx context.Context, dir string) ([]Row, error) {
	write, err := timeSyncedWrites(filepath.Join(dir, "raw"), false)
	if err != nil {
		return nil, err
	}
	trip, err := timeRoundTrips(ctx)
	if err != nil {
		return nil, err
	}
	return []Row{
		row("edit", "raw limit: one synced Badger write of 256 bytes", "ms", write),
		row("edit", "raw limit: 128 bytes there and back over a libp2p stream (QUIC)", "ms", trip),
	}, nil
}

func timeSyncedWrites(dir string, encrypted bool) (_ []float64, err error) {
	options := badger.DefaultOptions(dir).WithSyncWrites(true).WithLogger(nil)
	if encrypted {
		key := make([]byte, 32)
		rand.Read(key)
		options = options.WithEncryptionKey(key).WithIndexCacheSize(16 << 20)
	}
	db, err := badger.Open(options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	value := make([]byte, 256)
	var samples []float64
	for i := range warmUp + rounds {
		rand.Read(value)
		start := time.Now()
		err := db.Update(func(txn *badger.Txn) error {
			return txn.Set(fmt.Appendf(nil, "key %d", i), value)
		})
		if err != nil {
			return nil, err
		}
		if i >= warmUp {
			samples = append(samples, milliseconds(time.Since(start)))
		}
	}
	return samples, nil
}

const echo = "/bench/echo/1"

func timeRoundTrips(ctx context.Context) (_ []float64, err error) {
	here, there, err := pair(ctx, listenQUIC)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, here.Close(), there.Close()) }()
	there.SetStreamHandler(echo, func(s network.Stream) {
		_, _ = io.Copy(s, s) // ends with the stream
		s.Close()
	})
	stream, err := here.NewStream(ctx, there.ID(), echo)
	if err != nil {
		return nil, err
	}
	message := make([]byte, 128)
	var samples []float64
	for i := range warmUp + rounds {
		start := time.Now()
		if _, err := stream.Write(message); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(stream, message); err != nil {
			return nil, err
		}
		if i >= warmUp {
			samples = append(samples, milliseconds(time.Since(start)))
		}
	}
	return samples, stream.Close()
}

// pair makes two plain hosts that are connected over loopback.
func pair(ctx context.Context, listen []string) (here, there host.Host, err error) {
	for _, h := range []*host.Host{&here, &there} {
		if *h, err = libp2p.New(libp2p.ListenAddrStrings(listen...), libp2p.DisableRelay()); err != nil {
			return nil, nil, err
		}
	}
	return here, there, here.Connect(ctx, peer.AddrInfo{ID: there.ID(), Addrs: there.Addrs()})
}
