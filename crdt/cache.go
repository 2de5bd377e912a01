package crdt

import (
	"container/list"
	"sync"
)

// idleParts is how many parts stay in memory when nobody uses them.
const idleParts = 64

// sweptParts is how many of the parts that are not in memory are known to have
// nothing left over.
const sweptParts = 1 << 14

// cache hands out the one part of each ref, and forgets those that have been
// idle longest.
type cache struct {
	ailing *ailing

	mu    sync.Mutex
	parts map[Ref]*part
	idle  *list.List // of *part, newest first
	where map[Ref]*list.Element
	swept map[Ref]bool // of those that are not in memory: nothing was left over
}

func newCache(ailing *ailing) *cache {
	return &cache{
		ailing: ailing, parts: make(map[Ref]*part), idle: list.New(),
		where: make(map[Ref]*list.Element), swept: make(map[Ref]bool),
	}
}

// acquire returns the locked part. release unlocks it.
func (c *cache) acquire(ref Ref) *part {
	c.mu.Lock()
	p, ok := c.parts[ref]
	if !ok {
		p = &part{ref: ref, ailing: c.ailing, swept: c.swept[ref]}
		c.parts[ref] = p
		delete(c.swept, ref)
	}
	p.users++
	if at, ok := c.where[ref]; ok {
		c.idle.Remove(at)
		delete(c.where, ref)
	}
	c.mu.Unlock()
	p.mu.Lock()
	return p
}

// release gives a locked part back.
func (c *cache) release(p *part) {
	p.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.users--; p.users > 0 {
		return
	}
	c.where[p.ref] = c.idle.PushFront(p)
	for c.idle.Len() > idleParts {
		oldest := c.idle.Remove(c.idle.Back()).(*part)
		delete(c.where, oldest.ref)
		delete(c.parts, oldest.ref)
		if oldest.swept || oldest.loaded && oldest.clean {
			c.remember(oldest.ref)
		}
	}
}

// remember notes that nothing is left over of a part: only an append that fails
// leaves anything, and after that the part is not clean. So looking once is
// enough, and a change to a document that is not in memory costs less.
func (c *cache) remember(ref Ref) {
	if len(c.swept) >= sweptParts {
		clear(c.swept)
	}
	c.swept[ref] = true
}
