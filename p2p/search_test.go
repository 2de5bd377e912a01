package p2p

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// With multicast somebody may always turn up; a search for whoever knows a key
// ends all the same, when all who are there have said that they do not.
func TestASearchEndsWhenAllWhoAreThereHaveSaidNo(t *testing.T) {
	ada, ben, phone := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Phone")
	phone.node.mdns = true
	s := newSearch(phone.node.current(), func(context.Context, peer.AddrInfo) error { return errors.New("a stranger") })
	s.quiet = 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var asked []peer.ID
	s.run(ctx, []peer.AddrInfo{{ID: peerOf(ada.id())}}, func(a answer) verdict {
		if len(asked) == 0 {
			phone.node.meetings.met(peer.AddrInfo{ID: peerOf(ben.id())}) // who turns up meanwhile is asked, too
		}
		asked = append(asked, a.from)
		return denied
	})
	if ctx.Err() != nil {
		t.Error("it went on looking")
	}
	if len(asked) != 2 || asked[0] != peerOf(ada.id()) || asked[1] != peerOf(ben.id()) {
		t.Errorf("asked %v", asked)
	}
}
