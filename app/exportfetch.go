package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/crdt"
	"parley/p2p"
	"parley/space"
)

// An export fetches the files that documents show and that are not here. It
// waits for as long as anything comes.
const (
	// exportAtOnce is how many files are asked for at once: whoever opens a
	// document meanwhile waits for these at most.
	exportAtOnce = 4
	exportAlone  = 10 * time.Second // how long nothing may come while nobody is connected
	exportQuiet  = time.Minute      // and while somebody is
	exportTries  = 2                // how often in a row, before the rest is given up
	exportLooks  = 250 * time.Millisecond
)

// Absent says of how many files an export could not get hold, and why.
type Absent struct {
	Why   AbsentWhy `json:"why"`
	Files int       `json:"files"`
	Who   []string  `json:"who"` // names of some who are known to have such a file
}

// AbsentWhy is why a file did not come.
type AbsentWhy string

// Why files are absent from an export.
const (
	AbsentUnreachable AbsentWhy = "unreachable" // nobody who is connected has it
	AbsentSlow        AbsentWhy = "slow"        // somebody is connected, and it did not come
	AbsentOffline     AbsentWhy = "offline"     // the network is switched off here
	AbsentOutside     AbsentWhy = "outside"     // this device is no longer in the space
	AbsentNoRoom      AbsentWhy = "no-room"     // it may not take up more room here
)

// maxAbsentWho is how many are named for one reason.
const maxAbsentWho = 5

// shownFile is a file that a document shows.
type shownFile struct {
	blob  crdt.BlobID
	title string // of the document
}

// answered is what came of asking for a file.
type answered struct {
	file shownFile
	err  error
}

// refersTo takes note of the files that a part refers to, if there is anything
// of it.
func (e *exporter) refersTo(ctx context.Context, d Document, ref crdt.Ref) error {
	if vector, err := e.app.store.Vector(ref); err == nil && len(vector) == 0 {
		return nil
	}
	blobs, err := e.app.store.ReferredBlobs(ctx, ref)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		e.lacks(d.Title, "It could not be found out which files this document shows. Those that are not in the files folder are missing.", err)
	}
	for _, blob := range blobs {
		e.shown = append(e.shown, shownFile{blob, d.Title})
	}
	return nil
}

// fetch gets the files that documents show and that were not here, and writes
// each as soon as it has come.
func (e *exporter) fetch(ctx context.Context, here map[crdt.BlobID]bool) error {
	var missing []shownFile
	for _, f := range e.shown {
		if !here[f.blob] {
			here[f.blob] = true
			missing = append(missing, f)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	e.told.Of += len(missing)
	e.told.Fetching = len(missing)
	e.tell(e.told)
	asking := newAsking(ctx, e.app, e.log.ID(), func() { e.tell(e.told) })
	defer asking.end()
	for len(missing)+len(asking.under) > 0 {
		for len(missing) > 0 && len(asking.under) < exportAtOnce && !asking.over {
			asking.ask(missing[0])
			missing = missing[1:]
		}
		if asking.over && len(asking.under) == 0 { // what is left was not asked for
			e.absents(missing[0], context.DeadlineExceeded)
			missing = missing[1:]
			continue
		}
		got, err := asking.wait(ctx)
		if err != nil {
			return err
		}
		if got.err != nil {
			e.absents(got.file, got.err)
		} else if err := e.file(ctx, got.file.blob); err != nil {
			return err
		} else {
			asking.tries = 0
			e.fetched()
		}
		asking.quiet()
	}
	return nil
}

func (e *exporter) fetched() {
	e.told.Fetched++
	e.step()
}

// absents names a file that did not come.
func (e *exporter) absents(f shownFile, err error) {
	id := e.log.ID()
	var why AbsentWhy
	var sentence string
	who := e.app.holderNames(id, f.blob)
	switch {
	case errors.Is(err, p2p.ErrOffline):
		why, sentence = AbsentOffline, "It is not on this computer, and Parley is offline here. Go online and export again."
	case errors.Is(err, space.ErrNotMember):
		why, sentence = AbsentOutside, "It is not on this computer, and does not come any more, since this device is not in the space. Ask somebody who is for it."
	case errors.Is(err, crdt.ErrFull):
		why, sentence = AbsentNoRoom, "There is no room for it on this computer. Make room and export again."
	case errors.Is(err, crdt.ErrBlobsFull), errors.Is(err, crdt.ErrBlobTooLarge):
		why, sentence = AbsentNoRoom, "The files of this space may not take up more room on this computer. Ask somebody who has it for it."
	case errors.Is(err, p2p.ErrNotHeld), e.app.alone(id):
		why, sentence = AbsentUnreachable, "Nobody who has it is reachable now. Export again when others of the space are online."
		if len(who) > 0 {
			sentence = fmt.Sprintf("Nobody who has it is reachable now. Export again when %s is online.", strings.Join(who, " or "))
		}
	default:
		why, sentence = AbsentSlow, "It did not come, or came too slowly. Export again when the connection is better."
	}
	title := f.title
	if title == "" {
		title = "A document without a title"
	} else {
		title = fmt.Sprintf("%q", title)
	}
	e.lacks("files/"+f.blob.String(), title+" shows it. "+sentence, err)
	at := slices.IndexFunc(e.absent, func(a Absent) bool { return a.Why == why })
	if at < 0 {
		at = len(e.absent)
		e.absent = append(e.absent, Absent{Why: why, Who: []string{}})
	}
	one := &e.absent[at]
	one.Files++
	for _, name := range who {
		if len(one.Who) < maxAbsentWho && !slices.Contains(one.Who, name) {
			one.Who = append(one.Who, name)
		}
	}
	e.fetched()
}

// alone reports whether nobody is connected who is in a space.
func (a *App) alone(id space.ID) bool {
	return !slices.ContainsFunc(a.node.Peers(), func(p p2p.Peer) bool { return slices.Contains(p.Spaces, id) })
}

// asking asks for files of a space, some at once, and gives up where nothing
// comes for too long. One goroutine uses it.
type asking struct {
	app   *App
	space space.ID
	ctx   context.Context
	stop  context.CancelFunc

	running sync.WaitGroup
	answers chan answered
	under   map[crdt.BlobID]context.CancelFunc
	looks   *time.Ticker
	still   func() // is called at every look

	pieces uint64    // that had come when it last looked
	latest time.Time // when anything came
	tries  int       // how often in a row nothing came for too long
	over   bool      // nothing more is asked for
}

func newAsking(ctx context.Context, a *App, id space.ID, still func()) *asking {
	s := &asking{
		app: a, space: id, answers: make(chan answered, exportAtOnce), under: make(map[crdt.BlobID]context.CancelFunc),
		looks: time.NewTicker(exportLooks), still: still, pieces: a.node.FetchedPieces(id), latest: time.Now(),
	}
	s.ctx, s.stop = context.WithCancel(ctx)
	return s
}

// end stops what is under way and waits for it.
func (s *asking) end() {
	s.stop()
	s.looks.Stop()
	s.running.Wait()
}

func (s *asking) ask(f shownFile) {
	ctx, cancel := context.WithCancel(s.ctx)
	s.under[f.blob] = cancel
	s.running.Go(func() {
		defer cancel()
		s.answers <- answered{f, s.app.node.FetchBlob(ctx, s.space, f.blob)} // there is room for all that are under way
	})
}

// wait is the next answer. It fails only when ctx ends.
func (s *asking) wait(ctx context.Context) (answered, error) {
	for {
		select {
		case got := <-s.answers:
			delete(s.under, got.file.blob)
			if ctx.Err() != nil {
				return got, ctx.Err()
			}
			return got, nil
		case <-s.looks.C:
			s.look()
			s.still()
		case <-ctx.Done():
			return answered{}, ctx.Err()
		}
	}
}

// quiet begins anew to count how long nothing has come.
func (s *asking) quiet() { s.latest = time.Now() }

// look gives up what is under way where nothing has come for too long, and the
// rest too if that happens again or nobody is there.
func (s *asking) look() {
	if pieces := s.app.node.FetchedPieces(s.space); pieces != s.pieces {
		s.pieces, s.tries = pieces, 0
		s.quiet()
		return
	}
	most, alone := exportQuiet, s.app.alone(s.space)
	if alone {
		most = exportAlone
	}
	if time.Since(s.latest) < most {
		return
	}
	s.quiet()
	s.tries++
	s.over = alone || s.tries >= exportTries
	for _, cancel := range s.under {
		cancel()
	}
}
