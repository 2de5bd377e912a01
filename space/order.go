package space

import (
	"container/heap"
	"slices"
)

// arrange brings order and state up to date with the nodes from first on.
func (l *Log) arrange(first int) {
	count := len(l.nodes) - first
	if count == 0 {
		return
	}
	if count > len(l.order)/8 {
		l.order = l.sorted()
		l.renumber(0)
	} else {
		for i := first; i < len(l.nodes); i++ {
			at := l.insertionPoint(i)
			l.order = slices.Insert(l.order, at, i)
			l.renumber(at)
		}
	}
	added := l.nodes[first:]
	switch {
	case all(first, added, onTop):
		for i := first; i < len(l.nodes); i++ {
			l.state.extend(int32(i))
		}
	case all(first, added, func(_ int, n *node) bool { return hasNoSay(n.entry) }):
		for i := first; i < len(l.nodes); i++ {
			l.state.enter(int32(i))
			l.state.decideOne(int32(i), sure)
		}
		l.state = l.state.replacedBy(l.state.fold())
	default:
		l.state = l.state.replacedBy(evaluate(l))
	}
}

func all(first int, nodes []node, is func(int, *node) bool) bool {
	for i := range nodes {
		if !is(first+i, &nodes[i]) {
			return false
		}
	}
	return true
}

// onTop reports whether a node has all that came before it below it.
func onTop(i int, n *node) bool { return n.past.all == i }

func (l *Log) renumber(from int) {
	l.place = slices.Grow(l.place, len(l.nodes)-len(l.place))[:len(l.nodes)]
	for at := from; at < len(l.order); at++ {
		l.place[l.order[at]] = at
	}
}

// insertionPoint finds where a node without children belongs in the order: it
// is open to be placed once its last parent is, and goes before the first
// entry from there on that is larger. Nothing else moves, because nothing
// waits for it.
func (l *Log) insertionPoint(i int) int {
	at := 0
	for _, parent := range l.nodes[i].parents {
		at = max(at, l.place[parent]+1)
	}
	hash := l.nodes[i].entry.Hash
	for at < len(l.order) && compareHashes(l.nodes[l.order[at]].entry.Hash, hash) < 0 {
		at++
	}
	return at
}

// sorted computes the order from nothing.
func (l *Log) sorted() []int {
	waiting := make([]int, len(l.nodes))
	children := make([][]int, len(l.nodes))
	for i, n := range l.nodes {
		waiting[i] = len(n.parents)
		for _, parent := range n.parents {
			children[parent] = append(children[parent], i)
		}
	}
	open := byHash{log: l, nodes: []int{0}}
	order := make([]int, 0, len(l.nodes))
	for len(open.nodes) > 0 {
		i := heap.Pop(&open).(int)
		order = append(order, i)
		for _, child := range children[i] {
			if waiting[child]--; waiting[child] == 0 {
				heap.Push(&open, child)
			}
		}
	}
	return order
}

// byHash is a heap of nodes, the smallest hash first.
type byHash struct {
	log   *Log
	nodes []int
}

func (h byHash) Len() int { return len(h.nodes) }

func (h byHash) Less(a, b int) bool {
	return compareHashes(h.log.nodes[h.nodes[a]].entry.Hash, h.log.nodes[h.nodes[b]].entry.Hash) < 0
}

func (h byHash) Swap(a, b int) { h.nodes[a], h.nodes[b] = h.nodes[b], h.nodes[a] }

func (h *byHash) Push(i any) { h.nodes = append(h.nodes, i.(int)) }

func (h *byHash) Pop() any {
	last := h.nodes[len(h.nodes)-1]
	h.nodes = h.nodes[:len(h.nodes)-1]
	return last
}
