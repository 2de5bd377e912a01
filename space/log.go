package space

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxEntries bounds a log, and with it the memory and work that a hostile
// member can cost.
const MaxEntries = 1 << 15

// Errors of a log that callers tell apart.
var (
	ErrOtherSpace = errors.New("the entry belongs to another space")
	ErrNoStanding = errors.New("the entry's author was let in by nobody below it")
	ErrFull       = errors.New("the membership log is full")
)

// Log is the membership log of one space: its entries and what they amount
// to. What it answers depends on the set of entries alone, not on the order
// in which they came. It only grows. It is safe for concurrent use.
type Log struct {
	id ID // of the founding entry, which is nodes[0]

	mu sync.RWMutex
	graph
	order []int  // the log's order (docs/formats.md), of indices into nodes
	place []int  // where in order each node is
	heads []Hash // entries that no other has as a parent, sorted
	state *state // what order amounts to
}

// Open builds the log from its entries, in any order. It fails when the
// founding entry or a parent is absent, or an entry is malformed.
func Open(entries [][]byte) (*Log, error) {
	for _, raw := range entries {
		e, err := ParseEntry(raw)
		if err != nil {
			return nil, fmt.Errorf("open log: %w", err)
		}
		if e.Kind != KindFound {
			continue
		}
		l := newLog(e)
		missing, err := l.reopen(entries)
		if err == nil && len(missing) > 0 {
			err = fmt.Errorf("entry %s is absent", missing[0])
		}
		if err != nil {
			return nil, fmt.Errorf("open log: %w", err)
		}
		return l, nil
	}
	return nil, errors.New("open log: the founding entry is absent")
}

// reopen adds entries of a log, for all of which there was room once.
func (l *Log) reopen(entries [][]byte) (missing []Hash, err error) {
	pending, refused := l.parse(entries)
	sorted, missing := l.sortPending(pending)
	for _, e := range sorted {
		if err := l.link(e); err != nil {
			refused = append(refused, fmt.Errorf("entry %s: %w", e.Hash, err))
			continue
		}
		l.heads = headsAfter(l.heads, e)
	}
	l.arrange(1)
	return missing, errors.Join(refused...)
}

func newLog(founding Entry) *Log {
	l := &Log{id: ID(founding.Hash), graph: newGraph(founding), heads: []Hash{founding.Hash}}
	l.order, l.place = []int{0}, []int{0}
	l.state = evaluate(l)
	return l
}

// ID is the space's ID.
func (l *Log) ID() ID { return l.id }

// Add checks entries and adds what fits, in any order and any number of
// times. It returns the entries that are new, parents first; the hashes of
// parents that are known neither to the log nor among the given, whose
// children were not added; and an error that wraps ErrMalformedEntry,
// ErrOtherSpace, ErrNoStanding or ErrFull if any entry was refused, the others
// being added all the same.
func (l *Log) Add(raw ...[]byte) (added []Entry, missing []Hash, err error) {
	added, missing, err = l.Check(raw...)
	return l.Insert(added), missing, err
}

// Check says what Add would do, without doing it, for callers that first make
// the entries durable and then Insert them.
func (l *Log) Check(raw ...[]byte) (fresh []Entry, missing []Hash, err error) {
	pending, refused := l.parse(raw)
	if len(pending) == 0 {
		return nil, nil, errors.Join(refused...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	sorted, missing := l.sortPending(pending)
	first := len(l.nodes)
	defer l.cut(first)
	above := l.buildersOn(sorted)
	for _, e := range sorted {
		err := fmt.Errorf("too many entries of %s: %w", e.Author, ErrFull)
		if l.hasRoom(e, above[e.Hash]) {
			err = l.link(e)
		}
		if err != nil {
			refused = append(refused, fmt.Errorf("entry %s: %w", e.Hash, err))
			continue
		}
		fresh = append(fresh, e)
	}
	return fresh, missing, errors.Join(refused...)
}

// parse returns what is not in the log yet, each once.
func (l *Log) parse(raw [][]byte) (pending map[Hash]Entry, refused []error) {
	known := l.Len()
	pending = make(map[Hash]Entry)
	var fresh [][]byte
	for _, bytes := range raw {
		hash := Hash(sha256.Sum256(bytes))
		if _, ok := pending[hash]; ok || l.Has(hash) {
			continue
		}
		if known+len(pending) >= MaxEntries {
			refused = append(refused, ErrFull)
			break
		}
		pending[hash] = Entry{}
		fresh = append(fresh, bytes)
	}
	entries, errs := parseAll(fresh)
	clear(pending)
	for i, e := range entries {
		err := errs[i]
		if err == nil && e.Space != l.id {
			err = ErrOtherSpace
		}
		if err != nil {
			refused = append(refused, fmt.Errorf("entry %x: %w", sha256.Sum256(fresh[i]), err))
			continue
		}
		pending[e.Hash] = e
	}
	return pending, refused
}

// parseAll parses entries on all cores: almost all of the time goes into their
// signatures.
func parseAll(raw [][]byte) (entries []Entry, errs []error) {
	const share = 16 // fewer are not worth a goroutine
	entries, errs = make([]Entry, len(raw)), make([]error, len(raw))
	var next atomic.Int64
	work := func() {
		for {
			from := int(next.Add(share)) - share
			if from >= len(raw) {
				return
			}
			for i := from; i < min(from+share, len(raw)); i++ {
				entries[i], errs[i] = ParseEntry(raw[i])
			}
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(raw)+share-1)/share) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	return entries, errs
}

// sortPending puts parents before children and leaves out what lacks parents.
func (l *Log) sortPending(pending map[Hash]Entry) (sorted []Entry, missing []Hash) {
	absent := make(map[Hash]bool)
	waiting := make(map[Hash]int) // parents not yet sorted
	children := make(map[Hash][]Hash)
	var ready []Hash
	// The order must not depend on the map's: it says which entries find room.
	for _, hash := range slices.SortedFunc(maps.Keys(pending), compareHashes) {
		for _, parent := range pending[hash].Parents {
			if _, ok := l.index[parent]; ok {
				continue
			}
			waiting[hash]++
			children[parent] = append(children[parent], hash)
			if _, ok := pending[parent]; !ok {
				absent[parent] = true
			}
		}
		if waiting[hash] == 0 {
			ready = append(ready, hash)
		}
	}
	for len(ready) > 0 {
		hash := ready[0]
		ready = ready[1:]
		sorted = append(sorted, pending[hash])
		for _, child := range children[hash] {
			if waiting[child]--; waiting[child] == 0 {
				ready = append(ready, child)
			}
		}
	}
	for hash := range absent {
		missing = append(missing, hash)
	}
	slices.SortFunc(missing, compareHashes)
	return sorted, missing
}

// Insert adds entries that Check returned, parents first, and returns those
// that were not there yet.
func (l *Log) Insert(fresh []Entry) (added []Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := len(l.nodes)
	for _, e := range fresh {
		if _, ok := l.index[e.Hash]; ok || e.Space != l.id || l.link(e) != nil {
			continue
		}
		l.heads = headsAfter(l.heads, e)
		added = append(added, e)
	}
	l.arrange(first)
	return added
}

// headsAfter are the heads once an entry is on top of some of them.
func headsAfter(heads []Hash, e Entry) []Hash {
	heads = slices.DeleteFunc(heads, func(h Hash) bool {
		_, covered := slices.BinarySearchFunc(e.Parents, h, compareHashes)
		return covered
	})
	at, _ := slices.BinarySearchFunc(heads, e.Hash, compareHashes)
	return slices.Insert(heads, at, e.Hash)
}

// Has reports whether an entry is in the log.
func (l *Log) Has(hash Hash) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, ok := l.index[hash]
	return ok
}

// Len is the number of entries.
func (l *Log) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.nodes)
}

// Heads returns the hashes of the entries that no other builds on, sorted.
func (l *Log) Heads() []Hash {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.heads)
}

// MaxLandmarks is the most that Landmarks returns.
const MaxLandmarks = 1 << 10

// Landmarks returns the heads, and ever sparser entries before them: a few
// dozen hashes that let someone with an older or a different log find, by
// Since, about where the two part. Of more than MaxLandmarks it leaves out
// heads, so that Since gives more than is needed.
func (l *Log) Landmarks() []Hash {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var sparse []Hash
	for back := 1; back < len(l.nodes); back *= 2 {
		hash := l.nodes[len(l.nodes)-1-back].entry.Hash
		if _, head := slices.BinarySearchFunc(l.heads, hash, compareHashes); !head {
			sparse = append(sparse, hash)
		}
	}
	marks := l.heads[:min(len(l.heads), MaxLandmarks-len(sparse))]
	return append(slices.Clone(marks), sparse...)
}

// Digest is equal for two logs if, and only if, they hold the same entries.
func (l *Log) Digest() [32]byte {
	l.mu.RLock()
	defer l.mu.RUnlock()
	sum := sha256.New()
	sum.Write([]byte("parley/log/1"))
	for _, head := range l.heads {
		sum.Write(head[:])
	}
	return [32]byte(sum.Sum(nil))
}

// Entries returns the bytes of all entries in the log's order. They must not
// be changed.
func (l *Log) Entries() [][]byte {
	l.mu.RLock()
	defer l.mu.RUnlock()
	raw := make([][]byte, len(l.order))
	for at, i := range l.order {
		raw[at] = l.nodes[i].entry.Raw
	}
	return raw
}

// Since returns the entries, in the log's order, that someone who has these
// and all below them may lack. Hashes that are not in the log are passed over:
// give it Landmarks rather than Heads of a log that may hold more than this
// one.
func (l *Log) Since(heads []Hash) [][]byte {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var known []int
	for _, hash := range heads {
		if i, ok := l.index[hash]; ok {
			known = append(known, i)
		}
	}
	had := pastOf(known, func(i int) past { return l.nodes[i].past })
	var raw [][]byte
	for _, i := range l.order {
		if !had.has(i) {
			raw = append(raw, l.nodes[i].entry.Raw)
		}
	}
	return raw
}

func compareHashes(a, b Hash) int { return bytes.Compare(a[:], b[:]) }
