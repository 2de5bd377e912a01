package p2p

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"parley/space"
)

const tenThousand = 10_000

// floods are entries of a member who wants the others to be busy: 3000 on top
// of one another, the rest beside one another; of the kinds that she may write and
// of some that she may not, of the known ones and others.
func (d *device) floods(c *company) (entries [][]byte) {
	c.t.Helper()
	base := d.logOf(c.park).Heads()
	parents := base
	for i := range tenThousand {
		kind, body := d.flooding(c, i)
		raw := d.forges(c.park, kind, body, time.Unix(int64(i), 0), parents...)
		entries = append(entries, raw)
		parents = base
		if i < 3000 {
			e, err := space.ParseEntry(raw)
			if err != nil {
				c.t.Fatal(err)
			}
			parents = []space.Hash{e.Hash}
		}
	}
	return entries
}

// flooding is what one of these says. Ten on top of one another make a key into
// Mal's own seat, let in a device of her making, and take both back.
func (d *device) flooding(c *company, i int) (space.Kind, map[int]any) {
	mal, ada := d.id(), c.all[0].id()
	made := func(what string) space.Key {
		return space.KeyFromSeed(sha256.Sum256([]byte(fmt.Sprint(what, " of Mal's ", i/10))))
	}
	link, public := made("link"), made("link").Device()
	cut := []any{[]any{c.plan.Document[:], 0, []any{[]any{[]byte{byte(i >> 8), byte(i)}, 1 + i}}}}
	switch i % 10 {
	case 0:
		proof := space.ProveSeatKey(link.Seed(), mal, space.Link)
		return space.KindSeatKey, map[int]any{1: public[:], 2: uint(space.Link), 3: 1000, 4: 0, 5: mal, 6: proof}
	case 1:
		application, err := space.Apply(made("device"), space.Code{Space: c.park, Secret: link.Seed()}, space.Person{Name: "Mal"})
		if err != nil {
			c.t.Fatal(err)
		}
		return space.KindJoin, map[int]any{1: application}
	case 2:
		return space.KindLabel, map[int]any{1: mal, 2: fmt.Sprint("device ", i)}
	case 3:
		return space.KindCut, map[int]any{1: cut}
	case 4: // for which she has no right
		return space.KindRole, map[int]any{1: mal, 2: uint(space.Facilitator), 3: cut}
	case 5:
		return space.KindRemove, map[int]any{1: ada, 2: cut}
	case 6:
		return space.KindWithdraw, map[int]any{1: public[:]}
	case 7: // of a newer Parley
		return 300, map[int]any{1: i}
	case 8:
		return space.KindRevoke, map[int]any{1: made("device").Device(), 2: cut}
	}
	return space.KindPerson, map[int]any{1: map[int]any{1: "Mal", 3: 0}}
}

// maxKept is what four devices keep in memory of a flood: it is twice as much as
// they do.
const maxKept = 128 << 20

// bounded sees to it that what something keeps in memory has an end. How much work
// it is to judge such logs is counted in space/.
func bounded(t *testing.T, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	do()
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("keeps %d KiB", kept>>10)
	if kept > maxKept {
		t.Errorf("it keeps %d KiB, and %d at most are due", kept>>10, maxKept>>10)
	}
}

// hearLittle sees to it that nobody was told some entries again and again. They
// come by gossip and, when there are too many for that, once more by catch-up; on
// a slow machine a page or two come twice.
func (c *company) hearLittle(entries [][]byte) {
	c.t.Helper()
	size := int64(len(slices.Concat(entries...)))
	for _, d := range c.all {
		in := int64(0)
		for _, connection := range d.node.Connections() {
			in += connection.In
		}
		c.t.Logf("%s was told %d KiB, of a flood of %d", d.name, in>>10, size>>10)
		if in > 6*size {
			c.t.Errorf("%s was told %d KiB, and the flood has %d", d.name, in>>10, size>>10)
		}
	}
}

func TestAttackTenThousandEntries(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Editor}, someone{"Mal", space.Editor})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	flood := mal.floods(c)
	bounded(t, func() {
		// Her own log takes as many as anybody's: that there are more, it says.
		if _, _, err := mal.store.AddEntries(t.Context(), c.park, flood); err == nil {
			t.Error("all are taken")
		}
		c.endsWithin(6*patience, "Ada facilitator, Ben editor, Cleo editor, Mal editor; plan: hello; notes: ", c.all...)
	})
	c.hearLittle(flood)
	if n := ada.logOf(c.park).Len(); n < 8192 || n > 8300 {
		t.Errorf("the log has %d entries", n)
	}
	if n := len(ada.logOf(c.park).SeatDevices(mal.id())); n < 100 {
		t.Errorf("%d devices were ever Mal's: what she writes does not count", n)
	}
	// Everybody goes on working, and she can be removed.
	ben.writes(c.plan, "all the same")
	ada.waitFor("what Ben wrote", func() bool { return ada.has(c.plan, ben, 1) })
	ada.makes(c.park, ben, space.Annotator)
	ada.removes(c.park, mal)
	c.ends("Ada facilitator, Ben annotator, Cleo editor; plan: all the same, hello; notes: ", honest...)
	mal.isOut(c.park)
}

func TestAttackTenThousandEntriesNotTheSameToAll(t *testing.T) {
	// Of entries beside one another each device keeps those that came first. So
	// Mal tells Ada others than Ben. What Ben writes on top of them reaches Ada,
	// though for the rest of them she has no room. It must not turn the two
	// against each other, and their work goes on.
	c, ada := newCompany(t, someone{"Ben", space.Facilitator}, someone{"Cleo", space.Editor}, someone{"Mal", space.Editor})
	ben, cleo, mal := c.all[1], c.all[2], c.all[3]
	honest := []*device{ada, ben, cleo}
	flood := mal.floods(c)
	backwards := slices.Clone(flood)
	slices.Reverse(backwards)
	c.apart()
	bounded(t, func() {
		for _, told := range []struct {
			to   *device
			what [][]byte
		}{{ada, flood}, {ben, append(slices.Clone(flood[:3000]), backwards[:7000]...)}} {
			c.online(mal)
			mal.misserves(falseServer{log: pages(told.what, 1<<20)})
			c.online(told.to, mal)
			told.to.waitFor("as much as it takes", func() bool { return told.to.logOf(c.park).Len() >= 8192 })
			c.apart()
		}
		if ada.logOf(c.park).Digest() == ben.logOf(c.park).Digest() {
			t.Error("they were told the same")
		}
		ben.removes(c.park, mal)
		c.online(honest...)
		for i, d := range honest {
			d.writes(c.plan, "all the same")
			for _, other := range honest[:i] {
				// What Ben wrote came on top of what Ada has no room for.
				_ = d.pullsFrom(c.park, other)
				_ = other.pullsFrom(c.park, d)
			}
		}
		const as = "Ada facilitator, Ben facilitator, Cleo editor; plan: all the same, all the same, all the same, hello; notes: "
		c.endsButForLogs(6*patience, as, honest...)
		c.setsAside(nil, honest...)
		for _, d := range honest {
			for _, other := range honest {
				if d.turnsAway(other) {
					t.Errorf("%s turns %s away", d.name, other.name)
				}
			}
		}
	})
}
