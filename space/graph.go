package space

import (
	"fmt"
	"maps"
	"slices"
)

// MaxEntriesBelow limits what one member can do to a log: so many entries of its
// author may be below an entry. It depends on what is below the entry only, so
// that all keep the same entries. For what it does not reach there is room.go.
const MaxEntriesBelow = 1 << 12

// graph is the entries that a log keeps, linked.
type graph struct {
	nodes   []node             // as they came, parents before children
	index   map[Hash]int       // into nodes
	written map[DeviceID][]int // nodes by author, ascending
	joins   map[DeviceID][]int // nodes by the device that they let in, ascending
}

type node struct {
	entry   Entry
	parents []int
	past    past
}

func newGraph(founding Entry) graph {
	return graph{
		nodes:   []node{{entry: founding}},
		index:   map[Hash]int{founding.Hash: 0},
		written: map[DeviceID][]int{founding.Author: {0}},
		joins:   make(map[DeviceID][]int),
	}
}

// link adds an entry on top of its parents if it is to be kept. It fails with
// ErrNoStanding, also where a parent was not kept, and with ErrFull.
func (g *graph) link(e Entry) error {
	parents := make([]int, len(e.Parents))
	for i, hash := range e.Parents {
		at, ok := g.index[hash]
		if !ok {
			return fmt.Errorf("on top of an entry that is not kept: %w", ErrNoStanding)
		}
		parents[i] = at
	}
	below := pastOf(parents, func(i int) past { return g.nodes[i].past })
	if !g.stands(e.Author, below) {
		return ErrNoStanding
	}
	if g.exhausted(e.Author, below) {
		return fmt.Errorf("too many entries of %s: %w", e.Author, ErrFull)
	}
	at := len(g.nodes)
	g.index[e.Hash] = at
	g.nodes = append(g.nodes, node{entry: e, parents: parents, past: below})
	g.written[e.Author] = append(g.written[e.Author], at)
	if application, ok := e.body.(Application); ok {
		g.joins[application.Device] = append(g.joins[application.Device], at)
	}
	return nil
}

// stands reports whether an author founded the space or was let in below an
// entry by somebody who stood there. That invitations are known, good and not
// spent is no matter here: it makes entries count, and depends on more than
// what is below them.
func (g *graph) stands(author DeviceID, below past) bool {
	return author == g.nodes[0].entry.Author || slices.ContainsFunc(g.joins[author], below.has)
}

func (g *graph) exhausted(author DeviceID, below past) bool {
	written := g.written[author]
	if len(written) < MaxEntriesBelow {
		return false
	}
	count, _ := slices.BinarySearch(written, below.all)
	for _, at := range written[count:] {
		if below.has(at) {
			count++
		}
	}
	return count >= MaxEntriesBelow
}

// cut takes back what was linked as the n-th entry and later.
func (g *graph) cut(n int) {
	for _, removed := range g.nodes[n:] {
		delete(g.index, removed.entry.Hash)
		cutList(g.written, removed.entry.Author, n)
		if application, ok := removed.entry.body.(Application); ok {
			cutList(g.joins, application.Device, n)
		}
	}
	clear(g.nodes[n:])
	g.nodes = g.nodes[:n]
}

func cutList(lists map[DeviceID][]int, device DeviceID, n int) {
	kept, _ := slices.BinarySearch(lists[device], n)
	if kept == 0 {
		delete(lists, device)
		return
	}
	lists[device] = lists[device][:kept]
}

// clone copies what link changes.
func (g *graph) clone() graph {
	copied := graph{
		nodes: slices.Clone(g.nodes), index: maps.Clone(g.index),
		written: maps.Clone(g.written), joins: maps.Clone(g.joins),
	}
	for _, lists := range []map[DeviceID][]int{copied.written, copied.joins} {
		for device, list := range lists {
			lists[device] = slices.Clip(list)
		}
	}
	return copied
}
