package p2p

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/crdt"
	"parley/space"
)

const notKnown = "its author is not known to belong to this space"

// partTable is what becomes of a change that somebody sends, by the part that it
// is of: y, it counts; -, it is set aside. It is written by hand, from
// docs/roles.md.
var partTable = []struct {
	what    string
	part    func(c *company) crdt.Ref
	becomes string // facilitator, editor, annotator, reader, keeper; former facilitator, removed, stranger
}{
	{"the body of a document", func(c *company) crdt.Ref { return c.plan }, "                yy--- - - -"},
	{"its annotations", func(c *company) crdt.Ref { return c.notes }, "                      yyy-- - - -"},
	{"the list of documents", func(c *company) crdt.Ref { return c.index(space.Body) }, "   yy--- - - -"},
	{"what is beside the list", func(c *company) crdt.Ref { return c.index(space.Annotations) }, "yyy-- - - -"},
	// It is the right to annotate that decides, whoever says that they are an official.
	{"an official's response", func(c *company) crdt.Ref { return c.notes }, "                             yyy-- - - -"},
}

func (c *company) index(part space.Part) crdt.Ref {
	return crdt.Ref{Space: c.park, Document: crdt.IndexID(c.park), Part: part}
}

// TestAttackEverybodySendsEveryPart has everybody send a change of every part,
// who may not by a program that does not ask whether they may. All the others who
// are in the space judge it alike.
func TestAttackEverybodySendsEveryPart(t *testing.T) {
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Annotator}, someone{"Dora", space.Reader},
		someone{"Emil", space.Keeper}, someone{"Fay", space.Facilitator}, someone{"Mal", space.Facilitator})
	members, emil, fay, mal, eve := c.all[:6], c.all[4], c.all[5], c.all[6], newDevice(t, "Eve")
	ada.makes(c.park, fay, space.Reader)
	ada.removes(c.park, mal)
	mal.isOut(c.park)
	mal.stops()
	// All say that they are officials, while nobody has anything against anybody yet.
	for _, d := range members {
		person := space.Person{Name: d.name, Organisation: "Council", Standing: space.Official}
		entry, err := d.logOf(c.park).SetPerson(d.key, person, d.now())
		d.adds(c.park, entry, err)
	}
	c.together(members...)
	for _, row := range partTable {
		ref, verdicts := row.part(c), strings.ReplaceAll(row.becomes, " ", "")
		for at, by := range members {
			change := by.change(ref, row.what+" by "+by.name)
			counts := verdicts[at] == 'y'
			if counts {
				by.writesRaw(ref, change)
			} else {
				by.tells(ref, by.key, change)
			}
			c.becomes(ref, by, change.Seq, counts, notTheirRole, without(members, by)...)
		}
		// Nobody in the space hears who is not. A keeper passes on what they wrote.
		for at, by := range []*device{mal, eve} {
			change := by.change(ref, row.what+" by "+by.name)
			emil.misserves(falseServer{log: [][][]byte{nil}, piece: pieceOf(ref, by.key, change)})
			for _, d := range without(members, emil) {
				if err := d.pullsFrom(c.park, emil, ref); err != nil {
					t.Errorf("%s pulls: %v", d.name, err)
				}
				c.becomes(ref, by, change.Seq, verdicts[6+at] == 'y', []string{notHereAnyMore, notKnown}[at], d)
			}
		}
	}
	// Those who wrote what does not count have it from others, and later.
	c.ends("Ada facilitator, Ben editor, Cleo annotator, Dora reader, Emil keeper, Fay reader; "+
		"plan: hello, the body of a document by Ada, the body of a document by Ben; "+
		"notes: an official's response by Ada, an official's response by Ben, an official's response by Cleo, "+
		"its annotations by Ada, its annotations by Ben, its annotations by Cleo", ada, c.all[1])
	for _, d := range members {
		if d.turnsAway(emil) {
			t.Errorf("%s turns away who passed on what was well signed", d.name)
		}
	}
}

func without(devices []*device, one *device) []*device {
	return slices.DeleteFunc(slices.Clone(devices), func(d *device) bool { return d == one })
}

// becomes waits until devices say of a change that it counts, or have set it
// aside for a reason.
func (c *company) becomes(ref crdt.Ref, by *device, seq uint64, counts bool, why string, devices ...*device) {
	c.t.Helper()
	for _, d := range devices {
		d.waitFor(fmt.Sprintf("%s's %d of %s: %t", by.name, seq, ref, counts), func() bool {
			aside := d.whyAside(ref, by, seq)
			if counts {
				return aside == "" && d.has(ref, by, seq)
			}
			return aside == why && !d.has(ref, by, 1)
		})
	}
}

// whyAside is why a device has set a change aside; empty if it has not.
func (d *device) whyAside(ref crdt.Ref, by *device, seq uint64) string {
	d.t.Helper()
	list, err := d.store.Quarantine(ref.Space)
	if err != nil {
		d.t.Error(err)
	}
	actor := space.ActorFor(ref.Space, by.id(), 0)
	for _, q := range list {
		if q.Ref == ref && string(q.Actor) == string(actor[:]) && q.Seq == seq {
			return q.Reason.Error()
		}
	}
	return ""
}
