package crdt

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
)

// committer gives out positions and makes records durable. Whoever commits
// while nobody writes does the writing, for itself and for those who come
// meanwhile: these share the next write and its sync, and one of them does it.
// So a commit that comes alone waits for no other goroutine. The bell rings
// when, and in the order in which, records are on disk.
type committer struct {
	backend Backend
	bell    *bell

	mu      sync.Mutex
	next    uint64 // position
	queue   []*commit
	writing bool // somebody is, or is about to
	closed  bool
	idle    sync.Cond // on mu: nobody is writing any more
}

// commit is what one append writes.
type commit struct {
	staged []Op   // invisible until final is written; may be split over several writes
	final  []Op   // written together
	after  []Op   // written when final is, or perhaps not
	apply  func() // makes it visible in memory, before the bell rings; may be nil. It may be called by any commit's goroutine
	moves  []Move // ascending positions
	last   uint64 // highest position it was given

	told chan struct{} // capacity 1: it is done, or it is the one to write next
	done bool          // set by whoever writes, before it tells
	err  error         // likewise
}

func newCommitter(backend Backend, bell *bell) *committer {
	c := &committer{backend: backend, bell: bell, next: bell.position + 1}
	c.idle.L = &c.mu
	return c
}

// commit reserves n positions, lets build make the records from the first of
// them, and returns when they are durable. build must be quick. It fails with
// ErrTooMany if what has to be written together does not fit into one write.
func (c *committer) commit(n int, build func(first uint64) commit) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	first := c.next
	c.next += uint64(n)
	made := build(first)
	if !cost(made.final).plus(positionCost).fits() {
		c.mu.Unlock()
		return ErrTooMany
	}
	made.last = c.next - 1
	made.told = make(chan struct{}, 1)
	c.queue = append(c.queue, &made)
	leads := !c.writing
	c.writing = true
	c.mu.Unlock()
	if !leads {
		<-made.told
	}
	if !made.done {
		c.lead()
	}
	return made.err
}

// lead writes what is queued by now, and hands over to one who came meanwhile.
func (c *committer) lead() {
	c.mu.Lock()
	queue := c.queue
	c.queue = nil
	c.mu.Unlock()
	for len(queue) > 0 {
		var group []*commit
		group, queue = takeGroup(queue)
		c.write(group)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > 0 {
		c.queue[0].told <- struct{}{}
		return
	}
	c.writing = false
	c.idle.Broadcast()
}

// close waits until everything is written, and takes nothing more.
func (c *committer) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for c.writing {
		c.idle.Wait()
	}
}

// takeGroup splits off as many commits as fit into one write, at least one.
func takeGroup(queue []*commit) (group, rest []*commit) {
	total := positionCost
	for i, one := range queue {
		total = total.plus(cost(one.staged)).plus(cost(one.final))
		if i > 0 && !total.fits() {
			return queue[:i], queue[i:]
		}
	}
	return queue, nil
}

// writeCost is what ops take of the limits of one write.
type writeCost struct{ ops, bytes, large int }

// positionCost is that of the op that keeps the position.
var positionCost = writeCost{ops: 1, bytes: 32}

func cost(ops []Op) (total writeCost) {
	for _, op := range ops {
		total = total.plus(opCost(op))
	}
	return total
}

func opCost(op Op) writeCost {
	if len(op.Value) >= LargeValue {
		return writeCost{ops: 1, bytes: len(op.Key), large: len(op.Value)}
	}
	return writeCost{ops: 1, bytes: len(op.Key) + len(op.Value)}
}

func (c writeCost) plus(other writeCost) writeCost {
	return writeCost{c.ops + other.ops, c.bytes + other.bytes, c.large + other.large}
}

func (c writeCost) fits() bool {
	return c.ops <= MaxWriteOps && c.bytes <= MaxWriteBytes && c.large <= MaxLargeBytes
}

// write makes a group durable and then visible.
func (c *committer) write(group []*commit) {
	last := group[len(group)-1].last
	err := c.writeOps(group, last)
	if err != nil && len(group) > 1 {
		// One of them may be at fault: the others need not fail with it.
		for _, one := range group {
			c.write([]*commit{one})
		}
		return
	}
	if err == nil {
		var moves []Move
		for _, one := range group {
			if one.apply != nil {
				one.apply()
			}
			moves = append(moves, one.moves...)
		}
		if len(moves) > 0 {
			c.bell.publish(last, moves)
		}
	}
	for _, one := range group {
		if err == nil && len(one.after) > 0 {
			one.err = c.writeLarge(&commit{staged: one.after}, positionOp(last))
		} else {
			one.err = err
		}
		one.done = true
		one.told <- struct{}{}
	}
}

func (c *committer) writeOps(group []*commit, last uint64) error {
	position := positionOp(last)
	if len(group) == 1 {
		return c.writeLarge(group[0], position)
	}
	var ops []Op
	for _, one := range group {
		ops = append(append(ops, one.staged...), one.final...)
	}
	return c.backend.Write(append(ops, position))
}

// writeLarge writes one commit, its staged records ahead in pieces where they
// do not fit in with the rest.
func (c *committer) writeLarge(one *commit, position Op) error {
	final := cost(one.final).plus(positionCost)
	staged := one.staged
	for len(staged) > 0 && !final.plus(cost(staged)).fits() {
		n, total := 0, positionCost
		for n < len(staged) && (n == 0 || total.plus(opCost(staged[n])).fits()) {
			total = total.plus(opCost(staged[n]))
			n++
		}
		if err := c.backend.Write(append(slices.Clone(staged[:n]), position)); err != nil {
			return fmt.Errorf("stage: %w", err)
		}
		staged = staged[n:]
	}
	return c.backend.Write(append(append(slices.Clone(staged), one.final...), position))
}

func positionOp(last uint64) Op {
	return Op{Key: positionKey, Value: binary.BigEndian.AppendUint64(nil, last)}
}
