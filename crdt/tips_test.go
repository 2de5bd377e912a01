package crdt_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// TestAForkDoesNotMakeAPageOfALargeDocument has a fork in a document of many
// large changes: whoever is on the other side gets it in pages all the same.
func TestAForkDoesNotMakeAPageOfALargeDocument(t *testing.T) {
	ada, ben, mal := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands(), newDevice(t, "Mal")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben, mal)
	one := mal.picksUp(ref)
	fork := *one
	smaller, larger := one.writes("one"), fork.writes("two")
	if larger.Hash.Compare(smaller.Hash) < 0 {
		smaller, larger = larger, smaller
	}
	ada.takes(ref, mal.bundle(ref, smaller), mal)
	ada.takes(ref, mal.bundle(ref, larger), mal)
	ben.takes(ref, mal.bundle(ref, larger), mal)
	const page, large = 1 << 20, 600 << 10
	pen := ada.picksUp(ref)
	for range 12 {
		text := make([]byte, large*3/4)
		_, _ = rand.Read(text)
		ada.commits(ref, pen.writes(base64.RawStdEncoding.EncodeToString(text)))
	}
	var tips crdt.Tips
	pages := 0
	for more := true; more; pages++ {
		bundle, further, err := ada.store.Offer(t.Context(), ref, tips, page)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, raw := range append(bundle.Changes, bundle.Snapshots...) {
			size += len(raw)
		}
		if size > page+large+page/8 {
			t.Errorf("a page of at most %d bytes has %d", page, size)
		}
		for _, refused := range ben.takes(ref, bundle, ada).Refused {
			if refused.Reason.Forged() {
				t.Errorf("Ben would turn Ada away: %v", refused)
			}
		}
		grown, got := tips.With(bundle)
		if tips, more = grown, further; more && !got {
			t.Fatal("a page brought nothing, and there is more")
		}
	}
	if pages < 4 {
		t.Errorf("it came in %d pages", pages)
	}
	for _, d := range []*device{ada, ben} {
		d.settles(ref)
	}
	if a, b := ada.store.Digest(ref.Space), ben.store.Digest(ref.Space); a != b {
		t.Errorf("they hold different things: %s", fmt.Sprint(ada.aside(ref), ben.aside(ref)))
	}
	if _, ok := ben.history(ref)[chunk.Hash(smaller.Hash)]; !ok {
		t.Error("the side that counts is not there")
	}
}
