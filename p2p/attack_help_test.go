package p2p

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	circuitclient "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	circuitpb "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/util"

	"parley/p2p/lab"
	"parley/space"
)

// helpsMany is Hana, whom the internet reaches, and Ada, who says so; and a space
// of theirs that has many further members, whose keys these are.
func helpsMany(t *testing.T, members int) (hana *device, park space.ID, keys []space.Key) {
	t.Helper()
	hana = livesAt(t, "Hana", "1.2.3.4")
	ada := newDevice(t, "Ada")
	ada.moves([]string{"/ip4/127.0.0.1/tcp/0"})
	park = hana.founds("Park")
	ada.joins(hana.invites(park, 1, time.Time{}))
	code := hana.invites(park, max(members, 1), time.Time{})
	for i := range members {
		key := madeUp(t, fmt.Sprint("member ", i))
		hana.keeps(park, hana.forgesJoin(code, key, fmt.Sprint("Member ", i), time.Now(), hana.logOf(park).Heads()...))
		keys = append(keys, key)
	}
	hana.waitFor("being of help", hana.helps)
	return hana, park, keys
}

// A smuggler is a member's program that talks to libp2p's relay by itself.
type smuggler struct {
	*rogue
	got   atomic.Int64 // bytes that came over circuits
	ended atomic.Int32 // circuits to it that are over
}

func newSmuggler(t *testing.T, key space.Key, through *device, options ...libp2p.Option) *smuggler {
	t.Helper()
	s := &smuggler{rogue: newRogue(t, key, options...)}
	s.host.SetStreamHandler(circuit.ProtoIDv2Stop, func(stream network.Stream) {
		defer s.ended.Add(1)
		r, w := util.NewDelimitedReader(stream, 4096), util.NewDelimitedWriter(stream)
		var m circuitpb.StopMessage
		if r.ReadMsg(&m) != nil {
			return
		}
		if w.WriteMsg(&circuitpb.StopMessage{Type: circuitpb.StopMessage_STATUS.Enum(), Status: circuitpb.Status_OK.Enum()}) != nil {
			return
		}
		n, _ := io.Copy(io.Discard, stream) // it ends when it is cut
		s.got.Add(n)
		_ = stream.Close()
	})
	s.connects(through)
	return s
}

func (s *smuggler) reserves(with *device) error {
	_, err := circuitclient.Reserve(s.t.Context(), s.host, peer.AddrInfo{ID: peerOf(with.id())})
	return err
}

// opens asks for a circuit, and says what became of it.
func (s *smuggler) opens(through *device, to *smuggler) (network.Stream, circuitpb.Status) {
	s.t.Helper()
	stream, err := s.host.NewStream(s.t.Context(), peerOf(through.id()), circuit.ProtoIDv2Hop)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = stream.Reset() })
	ask := &circuitpb.HopMessage{Type: circuitpb.HopMessage_CONNECT.Enum(), Peer: util.PeerInfoToPeerV2(peer.AddrInfo{ID: to.host.ID()})}
	var answer circuitpb.HopMessage
	if util.NewDelimitedWriter(stream).WriteMsg(ask) != nil || util.NewDelimitedReader(stream, 4096).ReadMsg(&answer) != nil {
		return nil, circuitpb.Status_UNUSED
	}
	return stream, answer.GetStatus()
}

// Two members take a third's help for a way to send each other what they like.
func TestAttackWhoHelpsIsNoGeneralRelay(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		hana, _, keys := helpsMany(t, 2)
		mal, mo := newSmuggler(t, keys[0], hana), newSmuggler(t, keys[1], hana)
		if err := mo.reserves(hana); err != nil {
			t.Fatal(err)
		}
		const tries = 3 * helpCircuitsBurst
		opened, began, load := 0, time.Now(), make([]byte, 4*helpBytes)
		for range tries {
			stream, status := mal.opens(hana, mo)
			if status != circuitpb.Status_OK {
				continue
			}
			opened++
			if err := stream.SetWriteDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			_, _ = stream.Write(load) // it is cut in the middle
			_ = stream.CloseWrite()
			waitFor(t, "the end of the circuit", func() bool { return int(mo.ended.Load()) == opened })
		}
		most := helpCircuitsBurst + int(time.Since(began)/helpCircuitEvery) + 1
		if opened < helpCircuitsBurst || opened > most {
			t.Errorf("%d circuits of %d were opened, %d at most are to be", opened, tries, most)
		}
		if got := mo.got.Load(); got == 0 || got > int64(opened)*helpBytes {
			t.Errorf("%d bytes went over %d circuits", got, opened)
		}
		if len(load) <= helpBytes {
			t.Error("that was all there was to send")
		}
	})
}

func TestAttackWhoHelpsIsFloodedWithCircuits(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		hana, _, keys := helpsMany(t, 6)
		var all []*smuggler
		for _, key := range keys {
			all = append(all, newSmuggler(t, key, hana))
		}
		for _, s := range all[3:] {
			if err := s.reserves(hana); err != nil {
				t.Fatal(err)
			}
		}
		opened := make(map[int]int)
		for i := range 3 {
			for range 2 * helpCircuits {
				if _, status := all[i].opens(hana, all[3+i]); status == circuitpb.Status_OK {
					opened[i]++
				}
			}
		}
		if opened[0] != helpCircuits || opened[1] != helpCircuits || opened[0]+opened[1]+opened[2] != helpAtOnce {
			t.Errorf("so many circuits are open: %v", opened)
		}
	})
}

func TestAttackWhoHelpsIsFloodedWithReservations(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		hana, _, keys := helpsMany(t, helpPerAddress+4)
		granted := 0
		var last *smuggler
		for _, key := range keys {
			last = newSmuggler(t, key, hana)
			if last.reserves(hana) == nil {
				granted++
			}
		}
		// Ada has one of those, who is at the same address.
		if helped := hana.node.Relaying().Helped; granted > helpPerAddress || helped > helpPerAddress || granted == 0 {
			t.Errorf("%d of one address were let reserve, and %d are helped", granted, helped)
		}
		// Asking is bounded, too: one device is not answered any more at last, and
		// does not wait for that.
		answered := 0
		for range 2 * helpRequestsBurst {
			var refused circuitclient.ReservationError
			if err := last.reserves(hana); err == nil || errors.As(err, &refused) && refused.Status == circuitpb.Status_RESERVATION_REFUSED {
				answered++
			}
		}
		if answered < helpRequestsBurst/2 || answered >= 2*helpRequestsBurst-1 {
			t.Errorf("%d of %d were answered", answered, 2*helpRequestsBurst)
		}
		if !last.isConnected(hana) || !hana.helps() {
			t.Error("Hana gave up")
		}
	})
}

// One person's many devices do not take all the places there are.
func TestAttackWhoHelpsIsFloodedByOnePerson(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		hana, park, _ := helpsMany(t, 0)
		secret := hana.registers(space.Link, helpPerPerson+1, time.Now().Add(time.Hour), park)
		for i := range helpPerPerson + 1 {
			phone := newDevice(t, fmt.Sprint("Phone ", i))
			phone.moves(hidden)
			if _, err := phone.links(secret, hana); err != nil {
				t.Fatal(err)
			}
			if i < helpPerPerson {
				phone.waitFor("being found", func() bool { return phone.reserved(hana) })
				continue
			}
			phone.waitFor("Hana's help", func() bool { return len(phone.node.current().helpers(phone.id())) == 1 })
			if _, err := phone.node.current().reserve(t.Context(), peerOf(hana.id())); !errors.Is(err, errKeeperRefuses) {
				t.Errorf("one more of a person's devices reserves: %v", err)
			}
		}
	})
}
