package p2p

import (
	"crypto/sha256"
	"flag"
	"fmt"
	mathrand "math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

var (
	simSeeds = flag.Int("sim-seeds", 24, "how many networks TestSimulatedNetworks plays")
	simSeed  = flag.Uint64("sim-seed", 1, "the seed of the first of them; 0: any")
	simTries = flag.Int("sim-tries", 1, "how often each of them is played")
)

const (
	// agreement is how long devices may take to hold the same once all of them
	// hear each other.
	agreement = 90 * time.Second
	// silence is for how long nothing is said after that, and who keeps in touch
	// looks after everybody a few times.
	silence = 5 * time.Minute
	// touching is what a look at somebody who holds the same may cost in bytes,
	// with all that QUIC has to say of it.
	touching = 4 << 10
)

// TestSimulatedNetworks plays networks that go wrong: each from its seed, with
// real nodes, real QUIC, and a wire and a time of its own. Whatever happens to
// them, once they hear each other all end with the same, and then keep quiet.
//
// A seed decides what happens, how bad the wire is, and all keys and entries of
// the story. What libp2p draws, and which goroutine runs first, is as chance will
// have it: a failure may take a few tries (-sim-tries) to come again.
//
// Unasked, the same seeds are played every time, so that what fails is what was
// changed last; make sim plays others.
func TestSimulatedNetworks(t *testing.T) {
	first, count := *simSeed, *simSeeds
	if first == 0 {
		first = mathrand.Uint64() >> 32
	}
	if testing.Short() {
		count = min(count, 5)
	}
	library := openLibrary(t)
	for i := range uint64(count * *simTries) {
		seed := first + i/uint64(*simTries)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSimulation(t, seed)
				s.child = library
				s.run()
			})
			if t.Failed() {
				t.Logf("again: go test ./p2p -run '^TestSimulatedNetworks$' -sim-seeds 1 -sim-tries 20 -sim-seed %d", seed)
			}
		})
	}
}

// A simulation is one space, its devices, and what happens to them.
type simulation struct {
	t       *testing.T
	seed    uint64
	chance  *mathrand.Rand
	secrets *mathrand.ChaCha8 // for keys
	child   crdt.Materializer // of all devices; may be nil
	wire    *wire
	park    space.ID
	all     []*player
	most    int // devices there may be
	begun   time.Time

	addresses    int // given to devices so far
	documents    int // born so far
	files        []crdt.BlobID
	acknowledged []acknowledged
	opened       map[[32]byte]chunk.Change // what was parsed, by its SHA-256
}

// acknowledged is a change that is durable with somebody: with its author, who
// was told so, or if their disk was put back with somebody who had got it.
type acknowledged struct {
	with *player
	ref  crdt.Ref
	hash chunk.Hash
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	chance := mathrand.New(mathrand.NewPCG(seed, 0))
	return &simulation{
		t: t, seed: seed, chance: chance, secrets: mathrand.NewChaCha8(sha256.Sum256(fmt.Append(nil, seed))),
		wire: newWire(seed), most: 3 + chance.IntN(8), begun: time.Now(), opened: make(map[[32]byte]chunk.Change),
	}
}

func (s *simulation) logf(format string, args ...any) {
	s.t.Helper()
	s.t.Logf("%7.3f  %s", time.Since(s.begun).Seconds(), fmt.Sprintf(format, args...))
}

func (s *simulation) run() {
	founder := s.newPlayer()
	founder.founds()
	for range min(2+s.chance.IntN(3), s.most-1) {
		s.joins(s.newPlayer(), space.Editor)
	}
	founder.bears("document 0")
	s.wire.suffers(s.someFaults())
	for range 30 + s.chance.IntN(50) {
		s.step()
		s.passes()
		if s.t.Failed() {
			return
		}
	}
	s.calm()
	if s.agree() {
		s.filesCome()
		s.staysSilent()
		s.compare()
	}
	if s.t.Failed() {
		s.tell()
	}
}

// passes lets some time go by: mostly as between two keys, now and then so much
// that connections are given up.
func (s *simulation) passes() {
	switch n := s.chance.IntN(20); {
	case n < 12:
		time.Sleep(time.Duration(s.chance.IntN(300)) * time.Millisecond)
	case n < 19:
		time.Sleep(time.Duration(s.chance.IntN(4000)) * time.Millisecond)
	default:
		time.Sleep(time.Duration(s.chance.IntN(90)) * time.Second)
	}
}

func (s *simulation) someFaults() wireFaults {
	milliseconds := func(n int) time.Duration { return time.Duration(1+s.chance.IntN(n)) * time.Millisecond }
	f := wireFaults{delay: milliseconds(40), jitter: milliseconds(20)}
	if s.chance.IntN(2) == 0 {
		f.late, f.lateness = s.chance.Float64()/4, milliseconds(400)
	}
	if s.chance.IntN(3) == 0 {
		f.lost = s.chance.Float64() / 8
	}
	if s.chance.IntN(3) == 0 {
		f.twice = s.chance.Float64() / 4
	}
	return f
}

// one is any player for whom something holds; nil if there is none.
func (s *simulation) one(holds func(*player) bool) *player {
	for _, i := range s.chance.Perm(len(s.all)) {
		if holds(s.all[i]) {
			return s.all[i]
		}
	}
	return nil
}
