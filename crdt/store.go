package crdt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// Options are what a store is made of.
type Options struct {
	Backend      Backend          // the store closes it
	Device       space.DeviceID   // this device, whose actors are leased
	Materializer Materializer     // may be nil: then nothing is compacted
	Limits       chunk.Limits     // zero: chunk.DefaultLimits
	Log          *slog.Logger     // nil: slog.Default()
	Now          func() time.Time // nil: time.Now

	CompactCount int // compact a part with this many changes beside its snapshot; 0: 1000
	CompactSize  int // or with this many bytes of them; 0: 1 MiB
	KeepLoose    int // how many of the newest changes stay beside the snapshot; 0: 128

	Quiet        time.Duration // how long a part is left alone before none stay; 0: 10 minutes
	Housekeeping time.Duration // how often Run looks after what nobody waits for; 0: 30 seconds
	BlobGrace    time.Duration // how long a blob stays that nothing refers to; 0: 30 days
	BlobRound    time.Duration // how often Run looks for such blobs; 0: an hour

	// Report is told what people should know of; nil: only the log is. It is
	// called from any goroutine, must return at once and must not call back.
	Report func(Incident)
	// Refused is told of a space of which something has come into quarantine,
	// or gone from there; nil: nobody is. It is called as Report is.
	Refused func(space.ID)
}

// Store holds spaces and their documents. It is safe for concurrent use.
type Store struct {
	backend      Backend
	device       space.DeviceID
	materializer Materializer
	limits       chunk.Limits
	log          *slog.Logger
	now          func() time.Time
	compactCount int
	compactSize  int
	keepLoose    int
	quiet        time.Duration
	housekeeping time.Duration
	tell         func(Incident)
	refused      func(space.ID)

	bell        *bell
	committer   *committer
	cache       *cache
	leases      leases
	haves       haves
	compactions *compactQueue
	checkups    *checkups
	ailing      *ailing
	suspect     atomic.Bool // some of the store was lost, and not all parts are known to be whole
	unleased    bool        // nobody knows any more which numbers were leased
	vetting     *vetting
	resting     *resting
	forks       *forkQueue
	judging     *judgeQueue
	blobs       *blobs

	creating  sync.Mutex // held while a space is created
	unfolding sync.Mutex // held while a snapshot is taken apart

	mu     sync.RWMutex
	spaces map[space.ID]*heldSpace
	closed map[space.ID]uint32 // those that cannot be opened, and the number of their next entry
}

// heldSpace is what is in memory of a space.
type heldSpace struct {
	log        *space.Log
	directory  *directory
	quarantine *quarantine

	gone atomic.Bool // forgotten: whoever still works on it does so in vain

	mu     sync.Mutex // held while entries are added, until they are durable
	number uint32     // of the next entry

	judging sync.Mutex // held while the parts are judged
	judged  [32]byte   // the log's RightsDigest by which all were last
}

// Open opens a store on a backend. It fails with ErrNewer, and changes
// nothing, if a newer version of Parley has written there. On failure the
// backend stays open.
func Open(o Options) (*Store, error) {
	s := &Store{
		backend:      o.Backend,
		device:       o.Device,
		materializer: o.Materializer,
		limits:       o.Limits,
		log:          o.Log,
		now:          o.Now,
		compactCount: orDefault(o.CompactCount, 1000),
		compactSize:  orDefault(o.CompactSize, 1<<20),
		keepLoose:    orDefault(o.KeepLoose, 128),
		closed:       make(map[space.ID]uint32),
		ailing:       newAiling(),
		leases:       leases{held: make(map[Ref]map[uint32]bool)},
		haves:        haves{pending: make(map[haveID]Have)},
		housekeeping: orDefault(o.Housekeeping, 30*time.Second),
		tell:         o.Report,
		refused:      o.Refused,
		compactions:  newCompactQueue(),
		checkups:     newCheckups(),
		forks:        newForkQueue(),
		judging:      newJudgeQueue(),
		vetting:      newVetting(),
		resting:      newResting(),
		quiet:        orDefault(o.Quiet, 10*time.Minute),
		blobs:        newBlobs(o.BlobGrace, o.BlobRound),
		spaces:       make(map[space.ID]*heldSpace),
	}
	if s.limits == (chunk.Limits{}) {
		s.limits = chunk.DefaultLimits
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.cache = newCache(s.ailing)
	position, err := s.open()
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s.bell = newBell(position)
	s.committer = newCommitter(s.backend, s.bell)
	if s.unleased {
		if err := s.FreshLeases(); err != nil {
			s.committer.close()
			return nil, fmt.Errorf("open store: %w", err)
		}
	}
	return s, nil
}

func orDefault[N int | time.Duration](n, fallback N) N {
	if n == 0 {
		return fallback
	}
	return n
}

// open reads what has to be in memory, as far as it can be read.
func (s *Store) open() (position uint64, err error) {
	if err := migrate(s.backend, s.log); err != nil {
		return 0, err
	}
	if err := purgeForgotten(s.backend); err != nil {
		return 0, err
	}
	var forgotten bool
	var found []Finding
	err = s.backend.View(func(r Reader) error {
		o := &opening{reader: r, limits: s.limits, closed: s.closed}
		var suspect uint64
		if position, forgotten, err = o.number(positionKey); err != nil {
			return err
		}
		if s.leases.base, err = readLeaseBase(r); errors.Is(err, ErrDamaged) {
			o.found = append(o.found, findingOf(leaseKey, err))
			s.unleased, err = true, nil
		}
		if err != nil {
			return err
		}
		if suspect, _, err = o.number(suspectKey); err != nil {
			return err
		}
		if err := s.openSpaces(o); err != nil {
			return err
		}
		if forgotten || position < o.highest {
			position = o.highest + positionLeap
		}
		if suspect != 0 {
			s.suspect.Store(true)
			s.unleased = true // what was lost may be the last that was written under them
			err = s.examineAll(context.Background(), r, func(f Finding) { o.found = append(o.found, f) })
		}
		found = o.found
		return err
	})
	for _, f := range found {
		switch {
		case f.Ref == (Ref{}):
		case f.About == AboutQuarantine:
			s.forks.add(f.Ref) // to be restated
		default:
			s.ailing.add(f.Ref)
		}
	}
	s.reportFound(found)
	return position, err
}

// readNumber reads a number, which is 0 where there is none.
func readNumber(r Reader, key []byte) (uint64, error) {
	value, err := r.Get(key)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err == nil && len(value) != 8 {
		err = fmt.Errorf("%w: %x", ErrDamaged, key)
	}
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(value), nil
}

// openSpaces finds the spaces by going from one to the next.
func (s *Store) openSpaces(o *opening) error {
	from := slices.Clone(spacesKey)
	for {
		var id space.ID
		found := false
		err := o.reader.Scan(spacesKey, from, func(key, _ []byte) (bool, error) {
			if len(key) < spaceKeySize {
				o.found = append(o.found, findingOf(key, errUnknownKey))
				return true, nil
			}
			id, found = space.ID(key[1:spaceKeySize]), true
			return false, nil
		})
		if err != nil || !found {
			return err
		}
		switch held, err := o.space(id); {
		case errors.Is(err, errUnfounded):
			if err := o.unopened(id); err != nil {
				return err
			}
			s.log.Warn("what there is of a space cannot be opened and is left alone", "space", id)
		case err != nil:
			return fmt.Errorf("space %s: %w", id, err)
		default:
			s.spaces[id] = held
			if held.judged != held.log.RightsDigest() {
				s.judging.add(id)
			}
			for _, ref := range held.quarantine.forkedParts() {
				s.forks.add(ref)
			}
		}
		// The tables' names are below 0xff, so this is past the space.
		from = tableKey(id, 0xff)
	}
}

// Close makes durable what is under way, sends listeners away and closes the
// backend. Nothing may be called afterwards, but what is still waiting ends
// with ErrClosed.
func (s *Store) Close() error {
	flushed := s.flushHave()
	s.committer.close()
	s.bell.close()
	return errors.Join(flushed, s.backend.Close())
}

func (s *Store) held(id space.ID) *heldSpace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.spaces[id]
}

func (s *Store) directory(id space.ID) *directory { return s.held(id).directory }

// withPart looks at a part with its state loaded. use must be quick: the part
// is locked.
func (s *Store) withPart(ref Ref, use func(*part, Reader) error) error {
	return s.readPart(ref, use, nil)
}

// readPart is withPart, and then reads records at leisure: then sees the part
// as look saw it, while appends go on.
func (s *Store) readPart(ref Ref, look func(*part, Reader) error, then func(view, Reader) error) (err error) {
	p := s.cache.acquire(ref)
	release := sync.OnceFunc(func() { s.cache.release(p) })
	defer release()
	defer func() { s.noteDamage(ref, err) }()
	return s.backend.View(func(r Reader) error {
		if err := p.load(r); err != nil {
			return err
		}
		if err := look(p, r); err != nil || then == nil {
			return err
		}
		v := p.view()
		release()
		return then(v, r)
	})
}

// Vector returns how far each actor of a part is known.
func (s *Store) Vector(ref Ref) (vector Vector, err error) {
	err = s.withPart(ref, func(p *part, _ Reader) error {
		vector = p.vector()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("vector of %s: %w", ref, err)
	}
	return vector, nil
}

// PartDigest is the digest of what a part holds, as the directory lists it.
func (s *Store) PartDigest(ref Ref) (digest [16]byte, err error) {
	err = s.withPart(ref, func(p *part, _ Reader) error {
		digest = withTold(p.state.digest(), s.held(ref.Space).tells().of(ref).digest)
		return nil
	})
	if err != nil {
		return digest, fmt.Errorf("digest of %s: %w", ref, err)
	}
	return digest, nil
}

// LastMove is the position of what was appended to a part last, 0 if nothing
// was.
func (s *Store) LastMove(ref Ref) (position uint64, err error) {
	err = s.withPart(ref, func(p *part, _ Reader) error {
		position = p.state.Position
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("last move of %s: %w", ref, err)
	}
	return position, nil
}
