package p2p

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/space"
)

func TestAttackAMemberOfAnotherSpace(t *testing.T) {
	// Eve and Ada share a garden. Of the park Eve knows the ID, and nothing else.
	c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Reader})
	ben, cleo := c.all[1], c.all[2]
	eve := newDevice(t, "Eve")
	garden := ada.founds("Garden")
	eve.joins(ada.invites(garden, 1, time.Time{}))
	ada.shares(garden, eve)
	ada.writes(ref(garden, "beds"), "A bed of roses")
	eve.same(garden, ada)
	stale := eve.logOf(garden).Entries()
	eve.stops()

	open := ada.invites(c.park, 1, time.Time{})
	ada.writes(c.plan, "stainless steel")
	ben.same(c.park, ada)
	known := secretsOf(garden, ada) // what Ada tells of the garden is Eve's to know
	for _, d := range c.all {
		secrets := slices.DeleteFunc(secretsOf(c.park, d, "Park", "stainless steel"), func(s secret) bool {
			return slices.ContainsFunc(known, func(k secret) bool { return bytes.Equal(k.raw, s.raw) })
		})
		if len(secrets) < 20 {
			t.Fatalf("only %d secrets", len(secrets))
		}
		e := newSpy(t, eve.key, c.park)
		e.pries(d, stale, space.KeyFromSeed(open.Secret))
		d.connectsTo(e.rogue)
		waitFor(t, "a hello", func() bool { return len(e.visits) > 0 })
		if found := leaked(e.tape.bytes(), secrets); len(found) > 0 {
			t.Errorf("Eve heard %s from %s", strings.Join(found, ", "), d.name)
		}
		// Nor does she get anything in: entries and changes, as a member would.
		e.asks(t, d, c.park, [][]byte{
			sealed(t, eve.id(), eve.key, c.park, space.KindPerson, map[int]any{1: map[int]any{1: "Eve", 3: 0}}, time.Now(), ada.logOf(c.park).Heads()),
		})
	}
	ada.writes(c.plan, "for members")
	c.ends("Ada facilitator, Ben editor, Cleo reader; plan: for members, hello, stainless steel; notes: ", ada, ben, cleo)
	c.setsAside(nil, c.all...)
}

func TestAttackALogThatComesInBadly(t *testing.T) {
	// What Ada has decided while only Mal was there, the others hear from Mal.
	shuffled := func(entries [][]byte) [][]byte {
		entries = append(slices.Clone(entries), entries...)
		rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		return entries
	}
	for _, story := range []struct {
		name    string
		serves  func(whole [][]byte) falseServer
		whole   bool // all of it arrives all the same
		refused bool // nobody honest does this
	}{
		{"replayed and duplicated", func(whole [][]byte) falseServer {
			return falseServer{log: [][][]byte{whole, whole, append(slices.Clone(whole), whole...)}}
		}, true, false},
		{"shuffled", func(whole [][]byte) falseServer { return falseServer{log: [][][]byte{shuffled(whole)}} }, true, false},
		{"backwards, a page for each", func(whole [][]byte) falseServer {
			var pages [][][]byte
			for _, raw := range slices.Backward(whole) {
				pages = append(pages, [][]byte{raw})
			}
			return falseServer{log: pages}
		}, false, false},
		{"without what is below", func(whole [][]byte) falseServer {
			return falseServer{log: [][][]byte{whole[len(whole)-1:]}}
		}, false, false},
		{"cut short", func(whole [][]byte) falseServer {
			return falseServer{log: [][][]byte{whole[:len(whole)-2]}, cut: true}
		}, false, false},
		{"of entries that are cut short", func(whole [][]byte) falseServer {
			last := whole[len(whole)-1]
			return falseServer{log: [][][]byte{{last[:len(last)-1]}}}
		}, false, true},
		{"of another space", func([][]byte) falseServer {
			return falseServer{log: [][][]byte{strangerSpace(t)}}
		}, false, true},
	} {
		t.Run(story.name, func(t *testing.T) {
			c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Editor}, someone{"Dora", space.Reader}, someone{"Mal", space.Editor})
			ben, cleo, dora, mal := c.all[1], c.all[2], c.all[3], c.all[4]
			honest := []*device{ben, cleo, dora}
			c.apart()
			c.online(ada, mal)
			ada.makes(c.park, cleo, space.Annotator)
			ada.makes(c.park, dora, space.Editor)
			ada.makes(c.park, cleo, space.Reader)
			c.together(ada, mal)
			if err := ada.node.SetOffline(true); err != nil {
				t.Fatal(err)
			}
			served := story.serves(mal.logOf(c.park).Entries())
			mal.misserves(served)
			const as = "Ada facilitator, Ben editor, Cleo reader, Dora editor, Mal editor; plan: hello; notes: "
			for _, d := range honest {
				c.online(d, mal)
				if story.refused {
					d.waitFor("turning Mal away", func() bool { return d.turnsAway(mal) })
				} else {
					d.shares(c.park, mal)
				}
				if !story.refused && !served.cut {
					if err := d.pullsFrom(c.park, mal); err != nil {
						t.Errorf("%s pulls: %v", d.name, err)
					}
				}
			}
			if story.whole {
				c.ends(as, honest...)
			}
			// Who tells them properly finds no harm done.
			c.online(append(honest, ada)...)
			c.ends(as, append(honest, ada)...)
		})
	}
}

func TestAttackAnEntrySignedByTheWrongKey(t *testing.T) {
	removal := func(c *company, ada, ben, mal *device) []byte {
		return sealed(t, ada.id(), mal.key, c.park, space.KindRemove, map[int]any{1: ben.id()}, time.Now(), mal.logOf(c.park).Heads())
	}
	for name, tell := range map[string]func(c *company, mal *device, entry []byte, honest []*device){
		"by gossip": func(c *company, mal *device, entry []byte, _ []*device) {
			mal.publishes(c.park, &entriesMessage{Entries: [][]byte{entry}})
		},
		"by catch-up": func(c *company, mal *device, entry []byte, honest []*device) {
			mal.misserves(falseServer{log: [][][]byte{{entry}}})
			for _, d := range honest {
				// It is a puller's own to turn her away.
				d.node.current().room(c.park).pull(pullRequest{from: peerOf(mal.id())})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, ada := newCompany(t, someone{"Ben", space.Editor}, someone{"Cleo", space.Editor}, someone{"Mal", space.Editor})
			ben, cleo, mal := c.all[1], c.all[2], c.all[3]
			honest := []*device{ada, ben, cleo}
			entry := removal(c, ada, ben, mal)
			if _, err := space.ParseEntry(entry); !errors.Is(err, space.ErrMalformedEntry) {
				t.Fatal(err)
			}
			tell(c, mal, entry, honest)
			for _, d := range honest {
				d.waitFor("turning Mal away", func() bool { return d.turnsAway(mal) })
			}
			// The same, well signed, by Mal, who may not: it is kept and does nothing.
			ben.keeps(c.park, mal.forges(c.park, space.KindRemove, map[int]any{1: ben.id()}, time.Now(), ben.logOf(c.park).Heads()...))
			ada.writes(c.plan, "all the same")
			c.ends("Ada facilitator, Ben editor, Cleo editor, Mal editor; plan: all the same, hello; notes: ", honest...)
		})
	}
}
