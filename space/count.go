package space

import "slices"

// maxRounds bounds the work on entries that depend on one another in circles.
const maxRounds = 16

// decideAll decides which entries count (docs/formats.md). What an entry
// depends on is decided before it; entries that depend on one another in a
// circle are decided together. Circles are the strongly connected components
// of the entries, found by Tarjan's algorithm, without recursion: whoever
// writes entries decides how deep they depend.
func (g *ledger) decideAll() {
	w := walk{ledger: g, found: make([]int32, len(g.facts)), low: make([]int32, len(g.facts))}
	for _, i := range g.log.order {
		if w.found[i] == 0 {
			w.from(int32(i))
		}
	}
}

// walk is Tarjan's algorithm over what entries depend on.
type walk struct {
	*ledger
	found  []int32 // by node: when it was found, from 1; 0: not yet
	low    []int32 // by node: the first found that it leads back to
	clock  int32
	stack  []int32 // found, and not in a component yet
	frames []frame
	voices []voice // of the frames
}

// frame is a node whose dependencies are being looked at.
type frame struct {
	node     int32
	first    int // of its voices
	at, next int // the list and the entry in it that come next
}

func (w *walk) from(root int32) {
	w.find(root)
	for len(w.frames) > 0 {
		f := &w.frames[len(w.frames)-1]
		if on, ok := w.next(f); ok {
			if w.found[on] == 0 {
				w.find(on)
			} else {
				w.low[f.node] = min(w.low[f.node], w.found[on])
			}
			continue
		}
		node := f.node
		w.voices = w.voices[:f.first]
		w.frames = w.frames[:len(w.frames)-1]
		if n := len(w.frames); n > 0 {
			below := w.frames[n-1].node
			w.low[below] = min(w.low[below], w.low[node])
		}
		if w.low[node] == w.found[node] {
			at := len(w.stack) - 1
			for w.stack[at] != node {
				at--
			}
			w.decide(w.stack[at:])
			w.stack = w.stack[:at]
		}
	}
}

func (w *walk) find(node int32) {
	w.clock++
	w.found[node], w.low[node] = w.clock, w.clock
	w.stack = append(w.stack, node)
	first := len(w.voices)
	w.voices = w.ledger.voices(node, w.voices)
	w.frames = append(w.frames, frame{node: node, first: first, at: first})
}

// next is the next entry that a frame's entry depends on, that is not decided
// yet, and that tells something new.
func (w *walk) next(f *frame) (on int32, ok bool) {
	for f.at < len(w.voices) {
		s := w.voices[f.at]
		for f.next < len(s.list) {
			on := s.list[f.next]
			f.next++
			// Where many entries are beside one another, nearly all have been
			// found, and lead back no farther than what is known by now.
			if found := w.found[on]; found != 0 && found >= w.low[f.node] {
				continue
			}
			if w.facts[on].verdict == open && w.depends(f.node, on, s) {
				return on, true
			}
		}
		f.at, f.next = f.at+1, 0
	}
	return nobody, false
}

// decide decides a component, of which everything else that it depends on is
// decided.
func (g *ledger) decide(component []int32) {
	if len(component) == 1 {
		g.decideOne(component[0], sure)
		return
	}
	g.decideCircle(slices.SortedFunc(slices.Values(component), func(a, b int32) int {
		return g.log.place[a] - g.log.place[b]
	}))
}

// decideOne decides an entry by how it looks in a mode.
func (g *ledger) decideOne(i int32, m mode) {
	f := &g.facts[i]
	seat, via, ok := g.judge(i, m)
	if !ok {
		f.verdict = void
		return
	}
	f.verdict, f.seat, f.via = counts, seat, via
}

// decideCircle decides entries that depend on one another: first what is
// certain whatever becomes of the others, then what takes, which counts if it
// had a right to it when all the others are taken to count, and then what
// gives, which has to hold against that.
func (g *ledger) decideCircle(circle []int32) {
	for round, before := 0, len(circle)+1; round < maxRounds && len(circle) < before; round++ {
		before = len(circle)
		circle = slices.DeleteFunc(circle, g.certain)
	}
	type taking struct {
		at, seat, via int32
		ok            bool
	}
	var takings []taking
	gives := slices.DeleteFunc(circle, func(i int32) bool {
		if !g.takes(i) {
			return false
		}
		seat, via, ok := g.judge(i, assumed)
		takings = append(takings, taking{i, seat, via, ok})
		return true
	})
	for _, t := range takings {
		f := &g.facts[t.at]
		f.verdict = void
		if t.ok {
			f.verdict, f.seat, f.via = counts, t.seat, t.via
		}
	}
	for _, i := range gives {
		g.decideOne(i, sure)
	}
}

// certain decides an entry if that does not depend on others that are open.
func (g *ledger) certain(i int32) bool {
	if _, _, ok := g.judge(i, possible); !ok {
		g.facts[i].verdict = void
		return true
	}
	seat, via, ok := g.judge(i, sure)
	if ok {
		f := &g.facts[i]
		f.verdict, f.seat, f.via = counts, seat, via
	}
	return ok
}

// takes reports whether an entry takes something from somebody.
func (g *ledger) takes(i int32) bool {
	switch body := g.body(i).(type) {
	case *removeBody, *revokeBody, *withdrawBody:
		return true
	case *roleBody:
		return body.Role != Facilitator
	case *answerBody:
		return !body.Accept
	}
	return false
}

// hasNoSay reports whether no other entry depends on an entry.
func hasNoSay(e Entry) bool {
	switch e.body.(type) {
	case *personBody, *labelBody, *confirmBody, *archiveBody, *renameBody, *admitBody, *cutBody, *successorBody, *reachBody, nil:
		return true
	}
	return false
}
