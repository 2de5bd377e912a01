package app

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"

	"parley/p2p"
	"parley/space"
)

// A pendingJoin is an application that a facilitator has to answer before this
// device is in. It is kept, so that nobody has to wait in front of the screen.
type pendingJoin struct {
	Code  string    `json:"code"`
	Since time.Time `json:"since"`
}

// PendingJoin is one for a screen.
type PendingJoin struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"` // of the space
	Since   time.Time  `json:"since"`
	Expires *time.Time `json:"expires,omitempty"` // absent: never
}

func (p pendingJoin) id() string {
	sum := sha256.Sum256([]byte(p.Code))
	return hex.EncodeToString(sum[:8])
}

// knocking are the applications for which the node asks again by itself, by
// their IDs.
type knocking struct {
	mu    sync.Mutex
	stops map[string]func()
}

// Pending lists the applications of this device that wait for an answer,
// oldest first.
func (a *App) Pending() []PendingJoin {
	pending := []PendingJoin{}
	for _, p := range a.settings.get().Pending {
		code, err := space.ParseCode(p.Code)
		if err != nil {
			continue // only codes that were read are kept
		}
		shown := PendingJoin{ID: p.id(), Name: code.Name, Since: p.Since}
		if !code.Expiry.IsZero() {
			shown.Expires = &code.Expiry
		}
		pending = append(pending, shown)
	}
	return pending
}

// FindPending finds an application of this device by the beginning of its ID.
// It fails with CodeNotFound or CodeAmbiguous.
func (a *App) FindPending(prefix string) (PendingJoin, error) {
	pending := a.Pending()
	candidates := make([]candidate, len(pending))
	for i, p := range pending {
		candidates[i] = candidate{id: p.ID, title: p.Name}
	}
	hit, err := find("request of yours", prefix, candidates)
	if err != nil {
		return PendingJoin{}, err
	}
	return pending[hit], nil
}

// CancelPending forgets an application and asks no more. Should somebody say
// yes to it all the same, nothing comes of it here. It is no error where there
// is none.
func (a *App) CancelPending(id string) error {
	_, err := a.forgetPending(id)
	return err
}

// forgetPending says whether there was one to forget.
func (a *App) forgetPending(id string) (was bool, err error) {
	err = a.settings.change(func(s *settings) {
		kept := slices.DeleteFunc(slices.Clone(s.Pending), func(p pendingJoin) bool { return p.id() == id })
		was = len(kept) < len(s.Pending)
		s.Pending = kept
	})
	if err != nil {
		return false, err
	}
	a.knocking.mu.Lock()
	if stop := a.knocking.stops[id]; stop != nil {
		delete(a.knocking.stops, id)
		stop()
	}
	a.knocking.mu.Unlock()
	if was {
		a.news.ring(topic{event: EventSpaces})
	}
	return was, nil
}

// awaitAnswer keeps an application that a member has passed on, asks again
// until there is an answer, and fails with CodeWaiting.
func (a *App) awaitAnswer(code space.Code) error {
	waiting := pendingJoin{Code: code.String(), Since: now()}
	err := a.settings.change(func(s *settings) {
		if !slices.ContainsFunc(s.Pending, func(p pendingJoin) bool { return p.id() == waiting.id() }) {
			s.Pending = append(slices.Clone(s.Pending), waiting)
		}
	})
	if err != nil {
		return err
	}
	a.knockFor(waiting)
	a.news.ring(topic{event: EventSpaces})
	return wrapError(CodeWaiting,
		"Your request has reached the space. As soon as a facilitator there says yes, you are in; you need not wait here.", p2p.ErrWaiting)
}

// knockForAll goes on asking for what waits since an earlier run.
func (a *App) knockForAll() {
	for _, p := range a.settings.get().Pending {
		a.knockFor(p)
	}
}

// knockFor has the node ask again about one application. It may be repeated.
func (a *App) knockFor(p pendingJoin) {
	code, err := space.ParseCode(p.Code)
	if err != nil {
		return
	}
	person, err := a.mySelf()
	if err != nil {
		return
	}
	a.knocking.mu.Lock()
	defer a.knocking.mu.Unlock()
	if a.knocking.stops[p.id()] != nil {
		return
	}
	stop, err := a.node.KeepKnocking(code, person, "", func(answer error) { a.answered(p, code, answer) })
	if err != nil {
		a.log.Error("keep knocking", "space", code.Space, "err", err)
		return
	}
	if a.knocking.stops == nil {
		a.knocking.stops = make(map[string]func())
	}
	a.knocking.stops[p.id()] = stop
}

// answered tells what has come of an application.
func (a *App) answered(p pendingJoin, code space.Code, answer error) {
	was, err := a.forgetPending(p.id())
	if err != nil {
		a.log.Error("forget answered application", "err", err)
	}
	if !was {
		return // cancelled meanwhile
	}
	outcome := NoticeUnanswered
	switch {
	case answer == nil:
		outcome = NoticeAdmitted
	case errors.Is(answer, p2p.ErrDeclined):
		outcome = NoticeDeclined
	}
	notice := Notice{ID: string(outcome) + " " + p.id(), Code: outcome, Values: map[string]string{"space": code.Name}}
	if outcome == NoticeAdmitted {
		notice.Space = code.Space.String()
	}
	a.notices.add(notice)
}
