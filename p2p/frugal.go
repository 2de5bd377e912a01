package p2p

// SetFrugal says that this device is to use the network sparingly, or takes that
// back. Sparingly, nothing is fetched that nobody waits for: of documents, the
// list and those that are open (CatchUp still gets all), no files in advance,
// presence is said less often, and nobody is helped to find others. Config.Frugal can have the same effect: either is
// enough.
func (n *Node) SetFrugal(frugal bool) {
	was := n.frugal()
	n.sparing.Store(frugal)
	if o := n.current(); o != nil {
		o.relay.tend()
	}
	if was && !n.frugal() {
		n.Lavish()
	}
}

// Frugal reports whether the network is used sparingly now.
func (n *Node) Frugal() bool { return n.frugal() }

func (n *Node) frugal() bool { return n.sparing.Load() || n.frugally() }

// Lavish gets what was left for later while the network was used sparingly. It
// is to be called when Config.Frugal has come to report something else. While
// there is still a reason, nothing is got, and nobody is helped to find others.
func (n *Node) Lavish() {
	o := n.current()
	if o == nil {
		return
	}
	o.relay.tend()
	if n.frugal() {
		return
	}
	for _, id := range n.store.Spaces() {
		r := o.room(id)
		if r == nil {
			continue
		}
		r.fetcher.moved()
		r.fetcher.stir()
		for _, p := range o.sharers(id) {
			r.pull(pullRequest{from: p})
		}
	}
}
