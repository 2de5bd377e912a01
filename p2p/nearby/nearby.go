// Package nearby lets devices on the same local networks find each other by
// multicast DNS (RFC 6762, RFC 6763): each says a few texts about itself on
// every network that the machine is attached to, and hears those of others.
//
// It goes on when networks come and go, says on each network only what is meant
// for it, in one packet that fits every link, and can be made to ask again at
// once. It knows nothing of what the texts mean, and believes nobody: whoever
// uses it checks what was heard.
package nearby

import (
	"context"
	"crypto/rand"
	"log/slog"
	"math/big"
	mrand "math/rand/v2"
	"net/netip"
	"strings"
	"time"
)

const (
	// Questions follow one another after one second, two, four and so on up to
	// askMost. Where somebody else asks the same, that counts as ours.
	askFirst = time.Second
	askMost  = time.Minute
	// announcements is how often we say, unasked, that we are on a network: at
	// once, and after one second and two more.
	announcements = 3
	// answerPause is the least time between two packets of ours on a network.
	answerPause = time.Second
	// Devices that are asked together do not answer together.
	answerLeast, answerMost = 20 * time.Millisecond, 120 * time.Millisecond
	// reopen is how long to wait where multicast cannot be heard at all.
	reopen = 5 * time.Second
)

// Options say what a Finder says, and to whom it tells what it hears.
type Options struct {
	// Service is the kind of thing to find, like "_chat._udp".
	Service string
	// Texts are what to say on a network where this machine has these addresses,
	// the most useful first: what does not fit into one packet is left out. Each
	// has at most 255 bytes. It is called from the goroutine of Run. Where it
	// gives nothing, nothing is said.
	Texts func(addresses []netip.Addr) []string
	// Heard is told what others say, and where: the name of the interface, or ""
	// on systems that do not tell. It is called from the goroutine of Run, again
	// each time that somebody says it, and also with what we say ourselves.
	Heard func(texts []string, where string)
	Log   *slog.Logger
}

// A Finder finds. Its methods may be called from any goroutine.
type Finder struct {
	options  Options
	instance string // our name, drawn anew for each Finder
	ask      chan struct{}
	moved    chan struct{}
}

// New makes a Finder, which does nothing until it runs.
func New(options Options) *Finder {
	return &Finder{options: options, instance: randomName(), ask: make(chan struct{}, 1), moved: make(chan struct{}, 1)}
}

// Ask asks on all networks who is there: now, soon again, and then ever less
// often.
func (f *Finder) Ask() { ring(f.ask) }

// Moved says that the machine's networks may have changed, or that time has
// passed unnoticed: they are looked at, we say where we are, and ask.
func (f *Finder) Moved() { ring(f.moved) }

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default: // it rings already
	}
}

// Run says and hears until ctx ends, then says goodbye and returns. It may be
// called once.
func (f *Finder) Run(ctx context.Context) {
	r := &round{Finder: f, ears: newEars(), answering: make(map[int]*answering)}
	defer r.ears.close()
	r.look(time.Now())
	r.askAfresh(time.Now())
	for {
		timer := time.NewTimer(time.Until(r.next()))
		select {
		case <-ctx.Done():
			timer.Stop()
			r.say(r.ears.links, 0)
			return
		case <-f.ask:
			r.askAfresh(time.Now())
		case <-f.moved:
			r.look(time.Now())
			r.askAfresh(time.Now())
		case p := <-r.ears.packets:
			r.hear(p, time.Now())
		case <-timer.C:
			r.act(time.Now())
		}
		timer.Stop()
	}
}

// A round is what Run knows. It is used by its goroutine alone.
type round struct {
	*Finder
	ears *ears

	warned    bool      // that nothing can be heard
	lookAgain time.Time // zero, or when to try again to hear
	asked     time.Time // last
	askNext   time.Time
	askPause  time.Duration
	answering map[int]*answering // by the index of the link
}

// answering is when we speak on a link.
type answering struct {
	last    time.Time
	due     time.Time // zero: not
	unasked int       // how often still, after due
}

// look takes note of the networks there are, and announces us on all.
func (r *round) look(now time.Time) {
	r.lookAgain = time.Time{}
	if err := r.ears.open(); err != nil {
		if !r.warned {
			r.options.Log.Warn("Other computers on this network cannot be found by themselves, addresses still work", "error", err)
		}
		r.warned, r.lookAgain = true, now.Add(reopen)
		return
	}
	r.warned = false
	before := r.answering
	r.answering = make(map[int]*answering)
	for _, l := range r.ears.links {
		a := before[l.face.Index]
		if a == nil {
			a = new(answering)
		}
		a.due, a.unasked = r.after(a, now), announcements-1
		r.answering[l.face.Index] = a
	}
}

func (r *round) askAfresh(now time.Time) {
	r.askPause = askFirst
	if next := r.asked.Add(askFirst); next.After(now) {
		r.askNext = next
		return
	}
	r.askNext = now.Add(jitter())
}

// next is when there is something to do.
func (r *round) next() time.Time {
	next := r.askNext
	if !r.lookAgain.IsZero() && r.lookAgain.Before(next) {
		next = r.lookAgain
	}
	for _, a := range r.answering {
		if !a.due.IsZero() && a.due.Before(next) {
			next = a.due
		}
	}
	return next
}

// act does what is due.
func (r *round) act(now time.Time) {
	if !r.lookAgain.IsZero() && !now.Before(r.lookAgain) {
		r.look(now)
	}
	if !now.Before(r.askNext) {
		r.asked = now
		r.askNext = now.Add(r.askPause)
		r.askPause = min(2*r.askPause, askMost)
		for _, l := range r.ears.links {
			r.send(l, question(r.options.Service))
		}
	}
	for _, l := range r.ears.links {
		a := r.answering[l.face.Index]
		if a == nil || a.due.IsZero() || now.Before(a.due) {
			continue
		}
		r.say([]link{l}, lifetime)
		a.last, a.due = now, time.Time{}
		if a.unasked > 0 {
			a.due = now.Add(answerPause << (announcements - 1 - a.unasked))
			a.unasked--
		}
	}
}

// after is when to speak on a link where that is wanted now.
func (r *round) after(a *answering, now time.Time) time.Time {
	due := now.Add(jitter())
	if least := a.last.Add(answerPause); least.After(due) {
		due = least
	}
	if !a.due.IsZero() && a.due.Before(due) {
		due = a.due
	}
	return due
}

func (r *round) hear(p packet, now time.Time) {
	m, err := parse(p.bytes, r.options.Service)
	if err != nil {
		return // many kinds of things are said there
	}
	if m.asks {
		if now.Sub(r.asked) > answerMost && r.askPause >= askMost {
			r.askNext = now.Add(askMost*3/4 + mrand.N(askMost/2)) // somebody has asked for all of us
		}
		for _, l := range r.ears.links {
			if a := r.answering[l.face.Index]; a != nil && (p.index == 0 || p.index == l.face.Index) {
				a.due = r.after(a, now)
			}
		}
	}
	where := ""
	for _, l := range r.ears.links {
		if l.face.Index == p.index {
			where = l.face.Name
		}
	}
	for _, texts := range m.said {
		r.options.Heard(texts, where)
	}
}

// say tells on some links who we are, for so many seconds.
func (r *round) say(links []link, seconds uint32) {
	for _, l := range links {
		texts := r.options.Texts(l.addresses)
		if len(texts) == 0 {
			continue
		}
		raw, err := statement(r.options.Service, r.instance, l.addresses, texts, seconds)
		if err != nil {
			r.options.Log.Debug("What is to be said on the local network does not fit", "error", err)
			continue
		}
		r.send(l, raw)
	}
}

func (r *round) send(l link, raw []byte) {
	if err := r.ears.send(l, raw); err != nil {
		r.options.Log.Debug("Nothing can be said on a network", "interface", l.face.Name, "error", err)
	}
}

func jitter() time.Duration { return answerLeast + mrand.N(answerMost-answerLeast) }

func randomName() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	var name strings.Builder
	for range 32 {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err) // the system's source of randomness does not fail
		}
		name.WriteByte(letters[n.Int64()])
	}
	return name.String()
}
