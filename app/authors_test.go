package app_test

import (
	"strings"
	"testing"

	"parley/app"
	"parley/crdt"
	"parley/space"
)

// Whoever has written stays its author by name when they are removed.
func TestWhoWroteWhatIsKnownByName(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("words of Ada")
	ada.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	_, err := ben.Edit(ben.ctx, ref, app.Edit{Insert: "Ben too. "})
	ada.must(err)
	waitFor(t, "Ada reads Ben", func() bool { return ada.text(ref) == "Ben too. words of Ada" })

	ada.wrote(ref, app.Author{Seat: ada.Device().String(), Person: app.Person{Name: "Ada"}},
		app.Author{Seat: ben.Device().String(), Person: app.Person{Name: "Ben"}})
	ada.must(ada.RemoveMember(ada.ctx, id, ben.Device()))
	ada.wrote(ref, app.Author{Seat: ada.Device().String(), Person: app.Person{Name: "Ada"}},
		app.Author{Seat: ben.Device().String(), Person: app.Person{Name: "Ben"}, Former: true})
}

// What was written in another space was brought in by whoever has founded this one.
func TestWhatComesFromElsewhereWasBroughtIn(t *testing.T) {
	ben, _, id, refs := orphaned(t, t.TempDir())
	defer ben.close()
	next, err := ben.Succeed(ben.ctx, id, "Next", func(int, int) {})
	ben.must(err)
	ref := refs[0]
	ref.Space = next
	brought := app.Author{Seat: ben.Device().String(), Person: app.Person{Name: "Ben"}, Imported: true}
	ben.wrote(ref, brought, brought)
}

// wrote checks who the authors of a part are, in any order.
func (d *device) wrote(ref crdt.Ref, want ...app.Author) {
	d.t.Helper()
	authors, err := d.Authors(ref)
	d.must(err)
	left := make(map[app.Author]int)
	for _, author := range authors {
		if len(author.Actor) != 40 || strings.Trim(author.Actor, "0123456789abcdef") != "" {
			d.t.Errorf("an actor is %q", author.Actor)
		}
		author.Actor = ""
		left[author]++
	}
	for _, author := range want {
		left[author]--
	}
	for author, n := range left {
		if n != 0 {
			d.t.Errorf("there are %+d of %+v", n, author)
		}
	}
}
