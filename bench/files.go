package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

const (
	fileSize   = 200 << 20
	fileRounds = 3 // of each, in turn
)

// measureFiles measures how fast a large file goes from one device to another:
// until it is durable there, beside the same bytes over a bare stream of libp2p
// to somebody who forgets them.
func measureFiles(ctx context.Context, dir string) (_ []Row, err error) {
	author, err := setUp(ctx, filepath.Join(dir, "files"))
	if err != nil {
		return nil, err
	}
	blob, err := author.store.PutBlob(ctx, author.space, "application/octet-stream", io.LimitReader(rand.Reader, fileSize))
	if err != nil {
		return nil, errors.Join(err, author.close())
	}
	made, err := author.newcomers(ctx, fileRounds)
	if err != nil {
		return nil, errors.Join(err, author.close())
	}
	here, err := goOnline(ctx, author, listenTCP)
	if err != nil {
		return nil, errors.Join(err, closeAll(made), author.close())
	}
	defer func() { err = errors.Join(err, here.close()) }()
	var ours, raw []float64
	var limits fileLimits
	for i, m := range made {
		newcomer, err := goOnline(ctx, m, listenTCP)
		if err != nil {
			return nil, errors.Join(err, closeAll(made[i:]))
		}
		speed, err := perSecond(func() error {
			return newcomer.node.FetchBlob(ctx, m.space, blob.ID)
		}, func() error {
			if err := newcomer.node.Connect(ctx, here.address()); err != nil {
				return err
			}
			return same(ctx, newcomer, here)
		})
		if err = errors.Join(err, newcomer.close()); err != nil {
			return nil, errors.Join(err, closeAll(made[i+1:]))
		}
		ours = append(ours, speed)
		if speed, err = rawStream(ctx); err != nil {
			return nil, errors.Join(err, closeAll(made[i+1:]))
		}
		raw = append(raw, speed)
		if err := limits.measure(dir); err != nil {
			return nil, errors.Join(err, closeAll(made[i+1:]))
		}
	}
	name := func(what string) string { return fmt.Sprintf("a file of %d MB: %s", fileSize>>20, what) }
	return []Row{
		row(peers, name("a bare libp2p stream, nothing stored"), "MB/s", raw),
		row(peers, name("raw limit: its SHA-256, once; it takes three"), "MB/s", limits.hash),
		row(peers, name("raw limit: encrypted as the store does, once"), "MB/s", limits.cipher),
		row(peers, name("raw limit: written to a plain file, synced every 4 MB"), "MB/s", limits.disk),
		row(peers, name("raw limit: written to Badger, encrypted, synced every 4 MB"), "MB/s", limits.badger),
		row(peers, name("ours, durable and compared with its name"), "MB/s", ours),
		row(peers, name("ours against the raw write to Badger, medians"), "times", []float64{quantile(ours, 0.5) / quantile(limits.badger, 0.5)}),
		atLeast(peers, name("ours against the bare stream, medians"), "times", []float64{quantile(ours, 0.5) / quantile(raw, 0.5)}, 0.8),
	}, nil
}

// perSecond is how many MB of a file come in a second, once what comes before is
// done.
func perSecond(carry, before func() error) (float64, error) {
	if err := before(); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := carry(); err != nil {
		return 0, err
	}
	return fileSize / float64(1<<20) / time.Since(began).Seconds(), nil
}

const rawFile = "/bench/file/1"

// rawStream sends a file's worth of bytes over one stream of TCP.
func rawStream(ctx context.Context) (speed float64, err error) {
	here, there, err := pair(ctx, listenTCP)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, here.Close(), there.Close()) }()
	there.SetStreamHandler(rawFile, func(s network.Stream) {
		piece := make([]byte, 1<<20)
		for sent := 0; sent < fileSize; sent += len(piece) {
			if _, err := s.Write(piece); err != nil {
				_ = s.Reset() // the other side then fails
				return
			}
		}
		_ = s.Close()
	})
	return perSecond(func() error {
		stream, err := here.NewStream(ctx, there.ID(), rawFile)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, stream)
		if err == nil && n != fileSize {
			err = io.ErrUnexpectedEOF
		}
		return errors.Join(err, stream.Close())
	}, nothingBefore)
}
