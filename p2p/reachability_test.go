package p2p

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"

	"parley/p2p/lab"
)

func TestMembersSayWhetherOneIsReachedFromOutside(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		at := func(name, ip string) *device {
			lab.IP(t, "addr", "add", ip+"/32", "dev", "lo")
			d := newDevice(t, name)
			d.moves([]string{"/ip4/" + ip + "/tcp/0"})
			return d
		}
		ada, ben := at("Ada", "1.2.3.4"), at("Ben", "5.6.7.8")
		park := ada.founds("Park")
		reached := func(d *device) Answer {
			answer, _ := d.node.current().outside.state()
			return answer
		}

		// Who is connected and shares nothing is not asked, and not answered.
		mallory := at("Mallory", "9.9.9.9")
		mallory.connects(ada)
		ada.waitFor("Mallory", func() bool { _, ok := ada.to(mallory); return ok })
		if o := ada.node.current().outside; o.mayProbe(peerOf(mallory.id())) {
			t.Error("a stranger may be asked")
		}
		stream, err := mallory.node.current().host.NewStream(t.Context(), peerOf(ada.id()), autonatv2.DialProtocol)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Read(make([]byte, 1)); err == nil {
			t.Error("a stranger is answered")
		}

		ben.joins(ada.invites(park, 1, time.Time{}))
		ada.shares(park, ben)
		ada.waitFor("an answer", func() bool { return reached(ada) == Yes && reached(ben) == Yes })
		_, where := ada.node.current().outside.state()
		if len(where) != 1 || where[0] != ada.node.Addresses()[0] {
			t.Errorf("Ada is reached at %v", where)
		}

		// Cleo is seen from outside, at an address to which nobody listens.
		cleo := newDevice(t, "Cleo")
		cleo.joins(ada.invites(park, 1, time.Time{}))
		cleo.waitFor("an answer", func() bool { return reached(cleo) == No })
	})
}

func TestATestOfTheConnectionSaysWhatWorks(t *testing.T) {
	ada, keeper, ben, park := apart(t, hidden)
	ada.shares(park, ben)
	report, err := ada.node.TestConnection(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Keepers) != 1 || report.Keepers[0].Device != keeper.id() || !report.Keepers[0].Relaying ||
		report.Keepers[0].Via != ViaLocal || report.Keepers[0].Trouble != "" {
		t.Errorf("keepers: %+v", report.Keepers)
	}
	if report.Mapping != Off || report.Reachable != Unknown || report.Looking || len(report.Listening) != 0 {
		t.Errorf("the report: %+v", report)
	}
	seen := make(map[string]Via)
	for _, d := range report.Devices {
		seen[d.Device.String()] = d.Via
	}
	if len(seen) != 2 || seen[keeper.id().String()] != ViaLocal || seen[ben.id().String()] != ViaRelayed {
		t.Errorf("devices: %+v", report.Devices)
	}

	keeper.stops()
	ben.stops()
	ada.waitFor("them to be gone", func() bool { return len(ada.node.Connections()) == 0 })
	if report, err = ada.node.TestConnection(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(report.Keepers) != 1 || report.Keepers[0].Relaying || report.Keepers[0].Trouble != KeeperUnreached {
		t.Errorf("keepers: %+v", report.Keepers)
	}
	for _, d := range report.Devices {
		if d.Via != "" || d.LastSeen.IsZero() {
			t.Errorf("a device that is gone: %+v", d)
		}
	}
	if err := ada.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if _, err := ada.node.TestConnection(t.Context()); err == nil {
		t.Error("a test without a network")
	}
}
