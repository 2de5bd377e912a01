package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

const documents = "documents" // the group

// measureDocuments measures what documents cost: to be kept, to be opened, to
// be there at all.
func measureDocuments(ctx context.Context) ([]Row, error) {
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var rows []Row
	for _, step := range []func(context.Context, string) ([]Row, error){measureCommits, measureAppends, measureLarge, measureBundles, measureMany} {
		measured, err := step(ctx, dir)
		if err != nil {
			return rows, err
		}
		rows = append(rows, measured...)
	}
	return rows, nil
}

// shelf is an encrypted store without a device around it, for the benchmark to
// fill and look into.
type shelf struct {
	dir    string
	key    []byte // of the store
	device space.Key
	space  space.ID

	backend *badger.Backend
	store   *crdt.Store
	child   *materialize.Child
	stop    context.CancelFunc // of what runs in the background of the store
	running sync.WaitGroup
}

// setUp makes a store with a space in it.
func setUp(ctx context.Context, dir string) (_ *shelf, err error) {
	s := &shelf{dir: dir, key: make([]byte, badger.KeySize)}
	rand.Read(s.key)
	if s.device, err = space.GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	_, founding, err := space.Found(s.device, "Bench", space.Person{Name: "Anna"}, time.Now(), rand.Reader)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	log, err := s.store.CreateSpace(ctx, founding.Raw)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.space = log.ID()
	return s, nil
}

// open opens the store, and keeps house there as a running Parley does.
func (s *shelf) open() (err error) {
	s.backend, err = badger.Open(badger.Options{Dir: s.dir, Key: s.key, Log: quiet})
	if err != nil {
		return err
	}
	s.child = materialize.New(materialize.Options{Log: quiet})
	s.store, err = crdt.Open(crdt.Options{Backend: s.backend, Device: s.device.Device(), Materializer: s.child, Log: quiet})
	if err != nil {
		return errors.Join(err, s.backend.Close())
	}
	background, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.running.Go(func() {
		_ = s.store.Run(background) // it ends with its context
	})
	return nil
}

func (s *shelf) close() error {
	s.stop()
	s.running.Wait()
	return errors.Join(s.child.Close(), s.store.Close())
}

// bytes counts the keys and values of all the records of documents.
func (s *shelf) bytes() (total int, err error) {
	err = s.backend.View(func(r crdt.Reader) error {
		return r.Scan([]byte{'s'}, nil, func(key, value []byte) (bool, error) {
			total += len(key) + len(value)
			return true, nil
		})
	})
	return total, err
}

// begin creates a document and gives its author the hand to write it with.
func (s *shelf) begin(ctx context.Context, ref crdt.Ref, author space.Key) (*hand, error) {
	actor := actorOf(s.space, author, 0)
	birth, err := s.child.Create(ctx, materialize.Birth{Actor: actor, Kind: "text", Time: time.Now()})
	if err != nil {
		return nil, err
	}
	var changes []chunk.Change
	for _, raw := range birth {
		change, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	if err := s.append(ctx, ref, author, changes); err != nil {
		return nil, err
	}
	return takeUp(actor, birth)
}

// append hands changes in as their author does, signed, in one piece.
func (s *shelf) append(ctx context.Context, ref crdt.Ref, author space.Key, changes []chunk.Change) error {
	return s.takes(ctx, ref, author, bundleOf(ref, author, changes))
}

func bundleOf(ref crdt.Ref, author space.Key, changes []chunk.Change) crdt.Bundle {
	bundle := crdt.Bundle{Signatures: crdt.SignNewest(author, ref, changes)}
	for _, change := range changes {
		bundle.Changes = append(bundle.Changes, change.Raw)
	}
	return bundle
}

// takes hands in what somebody has signed, all of which is to be taken.
func (s *shelf) takes(ctx context.Context, ref crdt.Ref, author space.Key, bundle crdt.Bundle) error {
	origin := crdt.Peer
	if author.Device() == s.device.Device() {
		origin = crdt.Local
	}
	receipt, err := s.store.Append(ctx, ref, bundle, origin, author.Device())
	if err == nil && receipt.Accepted != len(bundle.Changes) {
		err = fmt.Errorf("%d of %d changes were taken: %w", receipt.Accepted, len(bundle.Changes), receipt.Err())
	}
	return err
}

// admit lets another device into the space, as an editor.
func (s *shelf) admit(ctx context.Context, newcomer space.Key) error {
	log, _ := s.store.Log(s.space)
	invite, secret, err := log.Invite(s.device, space.InviteOptions{Role: space.Editor, Uses: 1}, time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	if _, _, err := s.store.AddEntries(ctx, s.space, [][]byte{invite.Raw}); err != nil {
		return err
	}
	log, _ = s.store.Log(s.space)
	code := space.Code{Space: s.space, Secret: secret, Inviter: s.device.Device(), Name: log.Name()}
	application, err := space.Apply(newcomer, code, space.Person{Name: "Omar"})
	if err != nil {
		return err
	}
	join, err := log.Admit(s.device, application, time.Now())
	if err != nil {
		return err
	}
	_, _, err = s.store.AddEntries(ctx, s.space, [][]byte{join.Raw})
	return err
}

// allocated is what a directory's files take of the disk, in kB: blocks, not
// lengths, since some of the files are long and mostly holes.
func allocated(ctx context.Context, dir string) (float64, error) {
	out, err := exec.CommandContext(ctx, "du", "-sk", dir).Output()
	if err != nil {
		return 0, fmt.Errorf("measure %s: %w", dir, err)
	}
	size, _, _ := strings.Cut(string(out), "\t")
	return strconv.ParseFloat(size, 64)
}
