package space

// ledger is a log's entries, listed by what they are about, and which of them
// count. Its lists are in the log's order.
type ledger struct {
	log      *Log
	numbers  map[DeviceID]int32 // into subjects
	subjects []subject
	doors    map[InvitationKey]*door
	leading  map[leading]bool
	refusals map[int32][]int32 // answers that say no, by the join that asks
	archives []int32
	facts    []fact // by node
	pasts    []past // by node: what is below it, close together in memory
	looks    *int   // how often below was asked, if somebody counts: nearly all work comes by there
}

// subject is a device, or the seat that is named by it, and what entries say
// about either.
type subject struct {
	id          DeviceID
	grants      []int32 // may let the device in: the founding entry, joins, answers that say yes
	ranks       []int32 // may give the seat a role: grants of the device, role entries
	demotions   []int32 // give the seat another role than facilitator
	removals    []int32 // of the seat
	revocations []int32 // of the device
	keys        []int32 // seat keys into the seat
	doors       []*door // of these, each once
}

// door is a key that lets in, and what entries say about it.
type door struct {
	entries     []int32 // invites and seat keys
	withdrawals []int32
	joins       []int32
	answers     []int32 // that say yes to one of the joins
}

// leading is that some entry says of a door that it leads into a seat.
type leading struct {
	door *door
	seat int32
}

// fact is what is known of an entry beside what it says itself.
type fact struct {
	verdict verdict
	author  int32 // subject
	about   int32 // subject of a join, an answer or what is said of a seat or device
	seat    int32 // of the author, through which the entry counts
	via     int32 // of a join or a yes that counts: the invite or seat key; nobody where there is none
	join    int32 // of an answer: the join, if that is below; else nobody
	door    *door
}

// verdict says whether an entry counts.
type verdict uint8

const (
	open   verdict = iota // not decided
	counts                //
	void                  // does not count
)

const nobody = -1

func newLedger(l *Log) *ledger {
	g := &ledger{
		log:      l,
		numbers:  make(map[DeviceID]int32),
		doors:    make(map[InvitationKey]*door),
		leading:  make(map[leading]bool),
		refusals: make(map[int32][]int32),
	}
	for _, i := range l.order {
		g.enter(int32(i))
	}
	return g
}

func (g *ledger) number(id DeviceID) int32 {
	n, ok := g.numbers[id]
	if !ok {
		n = int32(len(g.subjects))
		g.numbers[id] = n
		g.subjects = append(g.subjects, subject{id: id})
	}
	return n
}

func (g *ledger) door(key InvitationKey) *door {
	d := g.doors[key]
	if d == nil {
		d = new(door)
		g.doors[key] = d
	}
	return d
}

// enter lists the next entry in the log's order.
func (g *ledger) enter(i int32) {
	for int(i) >= len(g.facts) {
		g.pasts = append(g.pasts, g.log.nodes[len(g.facts)].past)
		g.facts = append(g.facts, fact{})
	}
	e := &g.log.nodes[i].entry
	f := fact{author: g.number(e.Author), about: nobody, seat: nobody, via: nobody, join: nobody}
	switch body := e.body.(type) {
	case *foundBody:
		f.about = f.author
		g.grant(f.about, i)
	case *inviteBody:
		f.door = g.door(body.Invitation)
		f.door.entries = append(f.door.entries, i)
	case *seatKeyBody:
		f.about, f.door = g.number(body.Seat), g.door(body.Key)
		f.door.entries = append(f.door.entries, i)
		seat := &g.subjects[f.about]
		seat.keys = append(seat.keys, i)
		if into := (leading{f.door, f.about}); !g.leading[into] {
			g.leading[into] = true
			seat.doors = append(seat.doors, f.door)
		}
	case *withdrawBody:
		f.door = g.door(body.Invitation)
		f.door.withdrawals = append(f.door.withdrawals, i)
	case Application:
		f.about, f.door = g.number(body.Device), g.door(body.Invitation)
		f.door.joins = append(f.door.joins, i)
		g.grant(f.about, i)
	case *answerBody:
		g.enterAnswer(&f, i, body)
	case *roleBody:
		f.about = g.number(body.Seat)
		seat := &g.subjects[f.about]
		seat.ranks = append(seat.ranks, i)
		if body.Role != Facilitator {
			seat.demotions = append(seat.demotions, i)
		}
	case *removeBody:
		f.about = g.number(body.Seat)
		seat := &g.subjects[f.about]
		seat.removals = append(seat.removals, i)
	case *revokeBody:
		f.about = g.number(body.Device)
		device := &g.subjects[f.about]
		device.revocations = append(device.revocations, i)
	case *archiveBody:
		g.archives = append(g.archives, i)
	case *labelBody:
		f.about = g.number(body.Device)
	case *confirmBody:
		f.about = g.number(body.Seat)
	}
	g.facts[i] = f
}

func (g *ledger) enterAnswer(f *fact, i int32, body *answerBody) {
	join, ok := g.log.index[body.Join]
	if !ok || !g.below(int32(join), i) {
		return
	}
	if _, ok := g.log.nodes[join].entry.body.(Application); !ok {
		return
	}
	f.join = int32(join)
	f.about, f.door = g.facts[join].about, g.facts[join].door
	if !body.Accept {
		g.refusals[f.join] = append(g.refusals[f.join], i)
		return
	}
	f.door.answers = append(f.door.answers, i)
	g.grant(f.about, i)
}

func (g *ledger) grant(device, i int32) {
	s := &g.subjects[device]
	s.grants = append(s.grants, i)
	s.ranks = append(s.ranks, i)
}

// whole stands for an entry that has the whole log below it.
const whole = -2

// below reports whether an entry is among another's ancestors.
func (g *ledger) below(a, of int32) bool {
	if g.looks != nil {
		*g.looks++
	}
	return of == whole || g.pasts[of].has(int(a))
}

// beside reports whether two entries are concurrent.
func (g *ledger) beside(a, b int32) bool { return a != b && !g.below(a, b) && !g.below(b, a) }

func (g *ledger) body(i int32) any { return g.log.nodes[i].entry.body }

// key is what an invite or a seat key says.
type key struct {
	seat   int32 // that the key leads into; nobody: into the newcomer's own
	role   Role  // of an invite
	uses   int
	expiry uint64
	ask    bool
}

func (g *ledger) key(i int32) key {
	switch body := g.body(i).(type) {
	case *inviteBody:
		return key{seat: nobody, role: body.Role, uses: int(body.Uses), expiry: body.Expiry, ask: body.Ask}
	case *seatKeyBody:
		return key{seat: g.facts[i].about, uses: int(body.Uses), expiry: body.Expiry}
	}
	return key{seat: nobody}
}

// leads is the seat that a grant of a device leads into through an invite or a
// seat key.
func (g *ledger) leads(grant, via int32) int32 {
	if via != nobody {
		if seat := g.key(via).seat; seat != nobody {
			return seat
		}
	}
	return g.facts[grant].about
}

// joinOf is the join that a grant is, or answers; nobody for the founding
// entry.
func (g *ledger) joinOf(grant int32) int32 {
	switch g.body(grant).(type) {
	case Application:
		return grant
	case *answerBody:
		return g.facts[grant].join
	}
	return nobody
}

// asks reports whether what came through a key as this entry lets nobody in by
// itself: a join where a facilitator is to say yes.
func (g *ledger) asks(i, via int32) bool {
	_, join := g.body(i).(Application)
	return join && via != nobody && g.key(via).ask
}
