package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"parley/app"
	"parley/crdt/chunk"
	"parley/space"
)

const (
	warmUp  = 50
	letters = 1000
	// pause is left by a typist, so that a letter may find everything asleep.
	// That is slower on most machines than one letter right after the other.
	pause = 20 * time.Millisecond
)

// measureEdit follows one letter: to the disk, to the other node's disk, to
// the screens.
func measureEdit(ctx context.Context) ([]Row, error) {
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var rows []Row
	for _, step := range []func(context.Context, string) ([]Row, error){measureLimits, measureNodes, measurePages} {
		measured, err := step(ctx, dir)
		if err != nil {
			return nil, err
		}
		rows = append(rows, measured...)
	}
	return rows, nil
}

// measureNodes times commits on one node, until they are durable there and
// until they are durable on another.
func measureNodes(ctx context.Context, dir string) (_ []Row, err error) {
	alone, err := openDesk(ctx, filepath.Join(dir, "alone"), false)
	if err != nil {
		return nil, err
	}
	durable, err := alone.typeAlone()
	if err = errors.Join(err, alone.close()); err != nil {
		return nil, err
	}

	first, err := openDesk(ctx, filepath.Join(dir, "first"), true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, first.close()) }()
	second, err := first.welcome(ctx, filepath.Join(dir, "second"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, second.close()) }()
	if _, err := second.window.OpenDocument(first.space, first.document, "body"); err != nil {
		return nil, err
	}
	t, err := sitDown(first.window, first.space, first.document)
	if err != nil {
		return nil, err
	}
	atOnce, err := t.typeTo(second, 0)
	if err != nil {
		return nil, err
	}
	typed, err := t.typeTo(second, pause)
	if err != nil {
		return nil, err
	}
	return []Row{
		row("edit", "commit to durable", "ms", durable),
		aimed("edit", "commit to durable on the other node", "ms", atOnce, 1, byMedian),
		aimed("edit", "commit to durable on the other node, a letter every 20 ms", "ms", typed, 1, byMedian),
	}, nil
}

// desk is one device with one window, at which somebody writes.
type desk struct {
	app         *app.App
	window      *app.Window
	closeWindow func()

	onMoved         chan app.MovedData
	space, document string
}

func openDesk(ctx context.Context, data string, network bool) (*desk, error) {
	locations, err := app.At(data)
	if err != nil {
		return nil, err
	}
	opened, err := app.Open(ctx, app.Options{
		Locations: locations, Network: network, Log: quiet,
		Listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"},
	})
	if err != nil {
		return nil, err
	}
	d := &desk{app: opened, onMoved: make(chan app.MovedData, 1<<16)}
	d.window, d.closeWindow = opened.OpenWindow(ctx, func(e app.Event) {
		if moved, ok := e.Data.(app.MovedData); ok {
			d.onMoved <- moved
		}
	})
	return d, d.window.SetPerson(app.Person{Name: filepath.Base(data)})
}

func (d *desk) close() error {
	d.closeWindow()
	return d.app.Close()
}

// begin founds a space with an empty text in it.
func (d *desk) begin() error {
	founded, err := d.window.CreateSpace("Bench")
	if err != nil {
		return err
	}
	d.space = founded.ID
	d.document, err = d.window.CreateDocument(d.space, "text", "Bench")
	return err
}

func (d *desk) typeAlone() ([]float64, error) {
	if err := d.begin(); err != nil {
		return nil, err
	}
	t, err := sitDown(d.window, d.space, d.document)
	if err != nil {
		return nil, err
	}
	var samples []float64
	for i := range warmUp + letters {
		change, err := t.letter('a' + rune(i%26))
		if err != nil {
			return nil, err
		}
		start := time.Now()
		if err := t.commit(change); err != nil {
			return nil, err
		}
		if i >= warmUp {
			samples = append(samples, milliseconds(time.Since(start)))
		}
	}
	return samples, nil
}

// welcome opens a second device and admits it to a space of the first.
func (d *desk) welcome(ctx context.Context, data string) (*desk, error) {
	if err := d.begin(); err != nil {
		return nil, err
	}
	invitation, err := d.window.Invite(d.space, app.InviteOptions{Role: space.Editor.String(), Uses: 1, Hours: 1})
	if err != nil {
		return nil, err
	}
	other, err := openDesk(ctx, data, true)
	if err != nil {
		return nil, err
	}
	if _, err := other.window.Join(invitation.Code); err != nil {
		return nil, errors.Join(fmt.Errorf("join: %w", err), other.close())
	}
	return other, nil
}

// typeTo types letters and times each until the other device has it on disk
// and has told its window so.
func (t *typist) typeTo(other *desk, pause time.Duration) ([]float64, error) {
	var samples []float64
	for i := range warmUp + letters {
		change, err := t.letter('a' + rune(i%26))
		if err != nil {
			return nil, err
		}
		start := time.Now()
		if err := t.commit(change); err != nil {
			return nil, err
		}
		if err := other.waitForMove(t.document); err != nil {
			return nil, fmt.Errorf("letter %d: %w", i, err)
		}
		if i >= warmUp {
			samples = append(samples, milliseconds(time.Since(start)))
		}
		time.Sleep(pause)
	}
	return samples, nil
}

func (d *desk) waitForMove(document string) error {
	deadline := time.After(30 * time.Second)
	for {
		select {
		case moved := <-d.onMoved:
			if moved.Document == document {
				return nil
			}
		case <-deadline:
			return errors.New("nothing arrived on the other node")
		}
	}
}

func hexActor(s string) (chunk.Actor, error) {
	raw, err := hex.DecodeString(s)
	return chunk.Actor(raw), err
}
