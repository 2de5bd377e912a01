package crdt

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"parley/crdt/chunk"
)

// Whoever shows a document reads it with the same core that may end a process,
// or that traps in a page. So what others wrote is shown only once the
// materializer has read it without harm: the part is vetted through a position.
// Storing and passing on do not wait for that.

// vetting is who is at it, and what is held open for it.
type vetting struct {
	mu    sync.Mutex
	parts map[Ref]*vetted
}

// vetted is a part that somebody shows, or vets.
type vetted struct {
	users int // guarded by vetting.mu, as is
	shown int

	turn chan struct{} // holds one token; who has it may use what follows
	held bool          // a session is open
	session
}

// session is what the materializer holds open of a part.
type session struct {
	number  uint64
	through uint64 // it has everything up to here
	bottom  uint64 // the part's, as it was then
}

func newVetting() *vetting { return &vetting{parts: make(map[Ref]*vetted)} }

func (v *vetting) enter(ref Ref, shows int) *vetted {
	v.mu.Lock()
	defer v.mu.Unlock()
	w := v.parts[ref]
	if w == nil {
		w = &vetted{turn: make(chan struct{}, 1)}
		w.turn <- struct{}{}
		v.parts[ref] = w
	}
	w.users++
	w.shown += shows
	return w
}

// leave undoes enter. last says that nobody shows the part any more.
func (v *vetting) leave(ref Ref, w *vetted, shows int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w.shown -= shows
	if w.users--; w.users == 0 {
		delete(v.parts, ref)
	}
}

// shownParts are those that somebody shows.
func (v *vetting) shownParts() map[Ref]bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	shown := make(map[Ref]bool)
	for ref, w := range v.parts {
		shown[ref] = w.shown > 0
	}
	return shown
}

func (v *vetting) isShown(w *vetted) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return w.shown > 0
}

// Show says that somebody shows a part, until hide is called: it is then held
// open, so that Vetted costs as much as what is new. hide may be called more
// than once, and does not wait for whoever vets the part: that may take long.
func (s *Store) Show(ref Ref) (hide func()) {
	w := s.vetting.enter(ref, 1)
	return sync.OnceFunc(func() {
		s.vetting.leave(ref, w, 1)
		select {
		case <-w.turn:
			s.handBack(ref, w)
		default: // whoever has the turn sees that nobody shows the part
		}
	})
}

// handBack gives the turn back, having closed a session that nobody needs.
func (s *Store) handBack(ref Ref, w *vetted) {
	for {
		s.settleVetting(ref, w)
		held := w.held
		w.turn <- struct{}{}
		if !held || s.vetting.isShown(w) {
			return
		}
		// It was hidden meanwhile, by somebody who did not get the turn.
		select {
		case <-w.turn:
		default:
			return
		}
	}
}

// settleVetting closes a session that nobody needs any more, and writes down
// how far the part is vetted. The caller has the turn.
func (s *Store) settleVetting(ref Ref, w *vetted) {
	if !w.held || s.vetting.isShown(w) {
		return
	}
	s.materializer.(Sessions).CloseSession(w.number)
	w.held = false
	if err := s.noteState(ref, func(*stateRecord) bool { return true }); err != nil && !errors.Is(err, ErrClosed) {
		s.log.Warn("how far a document is vetted was not written down", "ref", ref, "error", err)
	}
}

// Vetted makes sure that a part can be shown as far as it goes, and returns the
// position up to which it can: LoadVetted and AfterVetted stop there. What
// cannot be shown is set aside (Mend), so mostly that is all of it.
//
// It fails, with the position up to which the part was vetted before, where
// nothing helps (with chunk.ErrStopped or chunk.ErrUnreadable, and at once
// until the part moves), and where the materializer could not be asked. Calls
// for one part wait for each other.
func (s *Store) Vetted(ctx context.Context, ref Ref) (through uint64, err error) {
	through, whole, err := s.vettedSoFar(ref)
	if err != nil || whole {
		return through, err
	}
	w := s.vetting.enter(ref, 0)
	defer s.vetting.leave(ref, w, 0)
	select {
	case <-w.turn:
	case <-ctx.Done():
		return through, ctx.Err()
	}
	defer s.handBack(ref, w)
	for range maxRounds {
		if through, whole, err = s.vettedSoFar(ref); err != nil || whole {
			return through, err
		}
		if err = s.vet(ctx, ref, w); err != nil {
			break
		}
	}
	if err != nil {
		return through, fmt.Errorf("vet %s: %w", ref, err)
	}
	return s.vettedThrough(ref)
}

// maxRounds is how often a part is vetted again that moves meanwhile, before
// what has been vetted is all that is shown for now.
const maxRounds = 3

// errStuck is what is known of a part that nothing helped to read.
var errStuck = fmt.Errorf("%w, and nothing that was tried has helped", chunk.ErrStopped)

// vettedSoFar says how far a part is vetted, and whether that is all of it. It
// fails with errStuck where trying again is of no use.
func (s *Store) vettedSoFar(ref Ref) (through uint64, whole bool, err error) {
	err = s.withPart(ref, func(p *part, _ Reader) error {
		through, whole = p.vetted(), s.materializer == nil || p.vetted() == p.state.Position
		if s.materializer == nil {
			through = p.state.Position
		}
		if !whole && p.state.Stuck == p.state.Position {
			return errStuck
		}
		return nil
	})
	return through, whole, err
}

func (s *Store) vettedThrough(ref Ref) (uint64, error) {
	through, _, err := s.vettedSoFar(ref)
	return through, err
}

// vetted is the position up to which the part can be shown. A snapshot made
// here was read when it was made.
func (p *part) vetted() uint64 { return max(p.state.Vetted, p.view().through()) }

// vet vets a part up to now, or sets aside what is in the way. The caller has
// the turn.
func (s *Store) vet(ctx context.Context, ref Ref, w *vetted) error {
	if live, ok := s.materializer.(Sessions); ok && s.vetting.isShown(w) {
		switch err := s.vetLive(ctx, live, ref, w); {
		case err == nil:
			return s.noteVetted(ref, w.through, w.bottom, false)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		// A session may fail for its own reasons. What the whole document
		// says counts.
	}
	var seen view
	var chunks [][]byte
	err := s.readPart(ref, lookOn, func(v view, r Reader) (err error) {
		seen = v
		chunks, err = readChunks(r, v)
		return err
	})
	if err != nil {
		return err
	}
	switch _, err = s.readable(ctx, chunks, nil); {
	case err == nil, errors.Is(err, chunk.ErrNoCore):
		return s.noteVetted(ref, seen.position, seen.bottom, true)
	case harmful(err):
		_, err = s.Mend(ctx, ref)
	}
	return err
}

// vetLive gives a session what came since, or opens one.
func (s *Store) vetLive(ctx context.Context, live Sessions, ref Ref, w *vetted) error {
	var seen view
	var news, all [][]byte
	again := true
	err := s.readPart(ref, lookOn, func(v view, r Reader) (err error) {
		seen = v
		if w.held && w.bottom == v.bottom && w.through >= v.floor {
			news, again, err = newChanges(r, v, w.through)
		}
		if err == nil && again {
			all, err = readChunks(r, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	if !again {
		if len(news) > 0 {
			err = live.Add(ctx, w.number, news)
		}
		w.held = err == nil
		w.through = seen.position
		if err == nil || !errors.Is(err, chunk.ErrNoSession) {
			return err
		}
		err = s.readPart(ref, lookOn, func(v view, r Reader) (err error) {
			seen = v
			all, err = readChunks(r, v)
			return err
		})
		if err != nil {
			return err
		}
	}
	if w.held {
		live.CloseSession(w.number)
		w.held = false
	}
	number, err := live.Open(ctx, all)
	if err != nil {
		return err
	}
	w.held = true
	w.session = session{number: number, through: seen.position, bottom: seen.bottom}
	return nil
}

// newChanges reads the changes after a position; again says that there are
// snapshots among what came.
func newChanges(r Reader, v view, after uint64) (changes [][]byte, again bool, err error) {
	for _, info := range v.snapshots {
		if info.position > after && info.through == 0 {
			return nil, true, nil
		}
	}
	changes, err = readChanges(r, v.ref, after, v.position)
	return changes, false, err
}

// noteVetted notes how far a part is vetted, unless it was rebuilt meanwhile.
func (s *Store) noteVetted(ref Ref, through, bottom uint64, durable bool) error {
	set := func(state *stateRecord) bool {
		if state.Bottom == bottom {
			state.Vetted = max(state.Vetted, through)
		}
		return durable
	}
	return s.noteState(ref, set)
}

// noteState changes what is known of a part without moving it. Where set says
// so it is made durable; otherwise the next append does that, and nothing but
// work is lost if there is none.
func (s *Store) noteState(ref Ref, set func(*stateRecord) (durable bool)) error {
	p := s.cache.acquire(ref)
	defer s.cache.release(p)
	if err := s.backend.View(p.load); err != nil {
		return err
	}
	state := p.state
	durable := set(&state)
	if durable {
		op := Op{Key: stateKey(ref), Value: encode(state)}
		if err := s.committer.commit(0, func(uint64) commit { return commit{final: []Op{op}} }); err != nil {
			return err
		}
	}
	p.state = state
	return nil
}

// LoadVetted is Load for whoever shows the part: it returns what is vetted, and
// the position of that.
func (s *Store) LoadVetted(ref Ref) (chunks [][]byte, position uint64, err error) {
	err = s.readVetted(ref, func(v view, r Reader) (err error) {
		position = v.position
		chunks, err = readChunks(r, v)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("load %s: %w", ref, err)
	}
	return chunks, position, nil
}

// AfterVetted is likewise After. anew says that changes were taken out of the
// part since: whoever shows it has some that it does not hold any more, and has
// to begin again with what is returned. Until some of the rebuilt part is
// vetted, nothing is returned, and what is shown stays as it is.
func (s *Store) AfterVetted(ref Ref, position uint64) (chunks [][]byte, next uint64, anew bool, err error) {
	err = s.readVetted(ref, func(v view, r Reader) (err error) {
		next, anew = max(v.position, position), position > 0 && position <= v.bottom && v.position > v.bottom
		chunks, err = readSince(r, v, position)
		return err
	})
	if err != nil {
		return nil, 0, false, fmt.Errorf("load %s after %d: %w", ref, position, err)
	}
	return chunks, next, anew, nil
}

// readVetted is readPart for what is vetted of a part.
func (s *Store) readVetted(ref Ref, read func(view, Reader) error) error {
	var vetted uint64
	look := func(p *part, _ Reader) error {
		if vetted = p.vetted(); s.materializer == nil {
			vetted = p.state.Position
		}
		return nil
	}
	return s.readPart(ref, look, func(v view, r Reader) error { return read(v.upTo(vetted), r) })
}

// upTo is a view of what came up to a position.
func (v view) upTo(position uint64) view {
	kept := v.snapshots[:0:0]
	for _, info := range v.snapshots {
		if info.position <= position {
			kept = append(kept, info)
		}
	}
	v.position, v.snapshots = position, kept
	return v
}
