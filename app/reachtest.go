package app

import (
	"context"
	"errors"
	"time"

	"parley/space"
)

// Connection is how a device is reached that is connected now.
type Connection struct {
	Device      string    `json:"device"`
	Name        string    `json:"name,omitempty"`        // of its person; known where it shares a space
	Via         string    `json:"via"`                   // "local", "direct" or "relayed"
	Through     string    `json:"through,omitempty"`     // the keeper's device, where it is relayed
	ThroughName string    `json:"throughName,omitempty"` // what the keeper is called
	Address     string    `json:"address"`               // of the device, or of the keeper
	Transport   string    `json:"transport"`
	RTT         float64   `json:"rtt"` // milliseconds; 0 while unknown
	Since       time.Time `json:"since"`
	In          int64     `json:"in"` // bytes, since this device went online
	Out         int64     `json:"out"`
	InRate      float64   `json:"inRate"` // bytes per second
	OutRate     float64   `json:"outRate"`
	Spaces      []string  `json:"spaces"` // that both are in
}

// ConnectionTest says what works on the way from this device to others, in
// facts; the window and the command line have the words.
type ConnectionTest struct {
	Listening []string     `json:"listening"`
	Looking   bool         `json:"looking"`   // for devices on the local network
	Heard     int          `json:"heard"`     // how many were found there
	IPv6      bool         `json:"ipv6"`      // this computer has an address of the internet's
	Reachable string       `json:"reachable"` // from outside: "yes", "no" or "unknown"
	Outside   []string     `json:"outside"`   // addresses at which it is
	Mapping   string       `json:"mapping"`   // the router opened a port: "yes", "no" or, where it is not asked, "off"
	Keepers   []KeeperTest `json:"keepers"`
	Devices   []DeviceTest `json:"devices"`
}

// KeeperTest is what became of one keeper. Trouble says why this device cannot
// be reached through it: "unreached", "relayed" (only through another keeper),
// "refuses", "full" or "silent"; it is empty where it can.
type KeeperTest struct {
	Device   string   `json:"device"`
	Name     string   `json:"name"`
	Spaces   []string `json:"spaces"`
	Via      string   `json:"via"` // as in Connection; empty: not connected
	Relaying bool     `json:"relaying"`
	Trouble  string   `json:"trouble,omitempty"`
}

// DeviceTest is how one of the other devices in this device's spaces is reached.
type DeviceTest struct {
	Device   string     `json:"device"`
	Name     string     `json:"name"`  // of its person
	Label    string     `json:"label"` // what they call the device
	You      bool       `json:"you"`   // it is one of this person's own
	Via      string     `json:"via"`   // as in Connection; empty: not connected
	Through  string     `json:"through,omitempty"`
	LastSeen *time.Time `json:"lastSeen,omitempty"` // absent: never
}

// Connections tells how each connected device is reached.
func (a *App) Connections() []Connection {
	list := []Connection{}
	for _, c := range a.node.Connections() {
		member, _ := a.memberOf(c.Device)
		one := Connection{
			Device: c.Device.String(), Name: member.Person.Name, Via: string(c.Via),
			Address: c.Address, Transport: c.Transport, RTT: float64(c.RTT) / float64(time.Millisecond), Since: c.Since,
			In: c.In, Out: c.Out, InRate: c.InRate, OutRate: c.OutRate, Spaces: texts(c.Spaces),
		}
		if c.Through != (space.DeviceID{}) {
			keeper, _ := a.memberOf(c.Through)
			one.Through, one.ThroughName = c.Through.String(), keeper.Person.Name
		}
		list = append(list, one)
	}
	return list
}

// memberOf is a device as a member of the first of this device's spaces that it
// is in.
func (a *App) memberOf(device space.DeviceID) (space.Member, bool) {
	for _, log := range a.logs() {
		if m, ok := log.Member(device); ok {
			return m, true
		}
	}
	return space.Member{}, false
}

// TestConnection tries whatever this device has to reach others by, for up to
// 15 seconds, and says what works. It fails with CodeOffline.
func (a *App) TestConnection(ctx context.Context) (ConnectionTest, error) {
	report, err := a.node.TestConnection(ctx)
	if err != nil {
		return ConnectionTest{}, err
	}
	test := ConnectionTest{
		Listening: orNone(report.Listening), Looking: report.Looking, Heard: report.Heard, IPv6: report.IPv6,
		Reachable: string(report.Reachable), Outside: orNone(report.Outside), Mapping: string(report.Mapping),
		Keepers: []KeeperTest{}, Devices: []DeviceTest{},
	}
	for _, k := range report.Keepers {
		keeper, _ := a.memberOf(k.Device)
		test.Keepers = append(test.Keepers, KeeperTest{
			Device: k.Device.String(), Name: keeper.Person.Name, Spaces: texts(k.Spaces),
			Via: string(k.Via), Relaying: k.Relaying, Trouble: string(k.Trouble),
		})
	}
	for _, d := range report.Devices {
		member, _ := a.memberOf(d.Device)
		one := DeviceTest{
			Device: d.Device.String(), Name: member.Person.Name, Label: member.Label, You: a.isMine(d.Device), Via: string(d.Via),
		}
		if d.Through != (space.DeviceID{}) {
			one.Through = d.Through.String()
		}
		if !d.LastSeen.IsZero() {
			one.LastSeen = &d.LastSeen
		}
		test.Devices = append(test.Devices, one)
	}
	return test, nil
}

// isMine reports whether a device is another one of this person's.
func (a *App) isMine(device space.DeviceID) bool {
	for _, log := range a.logs() {
		me, in := log.Member(a.Device())
		if other, ok := log.Member(device); ok && in && other.Seat == me.Seat {
			return true
		}
	}
	return false
}

func texts(ids []space.ID) []string {
	list := []string{}
	for _, id := range ids {
		list = append(list, id.String())
	}
	return list
}

// Relaying is what this device does for others: as a keeper, or to help fellow
// members to find each other.
type Relaying struct {
	On      bool     `json:"on"` // as a keeper
	Spaces  []string `json:"spaces"`
	Devices int      `json:"devices"` // that talk to another one through this device now
	Bytes   int64    `json:"bytes"`   // passed on since it went online
	Helping bool     `json:"helping"` // as a member whom the internet reaches, not as a keeper
	Helped  int      `json:"helped"`  // devices that others find through this one now
}

// Relaying tells what this device does for others.
func (a *App) Relaying() Relaying {
	r := a.node.Relaying()
	return Relaying{On: r.On, Spaces: texts(r.Spaces), Devices: r.Devices, Bytes: r.Bytes, Helping: r.Helping, Helped: r.Helped}
}

// SetHelping says whether this device helps fellow members to find each other,
// also after a restart.
func (a *App) SetHelping(on bool) error {
	if err := a.settings.change(func(s *settings) { s.Unhelpful = !on }); err != nil {
		return err
	}
	a.node.SetHelping(on)
	a.news.ring(topic{event: EventNetwork})
	return nil
}

// Kept is a space in which this device is keeper.
type Kept struct {
	Space     string `json:"space"`
	Name      string `json:"name"`
	Documents int    `json:"documents"`
	Relays    bool   `json:"relays"` // it helps members to reach each other: the space leaves the local network
}

// Keeps lists the spaces in which this device is keeper.
func (a *App) Keeps() (list []Kept) {
	for _, log := range a.logs() {
		if me, ok := log.Member(a.Device()); !ok || me.Role != space.Keeper {
			continue
		}
		list = append(list, Kept{
			Space: log.ID().String(), Name: log.Name(), Documents: countBodies(log.ID(), a.store.Refs(log.ID())),
			Relays: log.Reach() != space.ReachLocal,
		})
	}
	return list
}

// SetReach says how far the devices of a space look for one another: "direct",
// "local" or "wide". Only facilitators can. It fails with CodeInvalid for
// another word and with CodeNoEffect where it is so already.
func (a *App) SetReach(ctx context.Context, id space.ID, reach string) error {
	log, err := a.spaceLog(id)
	if err != nil {
		return err
	}
	parsed, err := space.ParseReach(reach)
	if err != nil {
		return wrapError(CodeInvalid, "How far a space reaches is direct (wherever its members are), local (this network only) or wide (wherever they are, and computers that you enter may be asked where).", err)
	}
	entry, err := log.SetReach(a.key, parsed, now())
	if errors.Is(err, space.ErrNoEffect) {
		return wrapError(CodeNoEffect, "The space reaches that far already.", err)
	}
	if err != nil {
		return a.explain(log, err)
	}
	return a.addEntry(ctx, id, entry)
}
