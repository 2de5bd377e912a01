package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parley/app"
)

// SpaceReach says how far a space reaches.
type SpaceReach struct {
	Space string `arg:"" help:"The space."`
	Reach string `arg:"" enum:"direct,local,wide" help:"How far: direct, wherever an address leads; local, on the local network only; wide, as direct, and computers that you enter may be asked where members are."`

	Bootstrap []string `help:"With wide: a computer to ask, on this device; may be given several times. Others enter theirs with network bootstrap." placeholder:"ADDR"`
}

type reachChanged struct {
	Space string `json:"space"`
	Title string `json:"title"`
	Reach string `json:"reach"`
}

// reachWords say what a reach means, after the name of a space.
var reachWords = map[string]string{
	"direct": "reaches its members wherever they are.",
	"local":  "stays on the local network: nothing of it is dialled, relayed or announced outside. Files by hand still go anywhere. Members who are elsewhere hear of this when they are on one network with somebody who knows.",
	"wide":   "reaches its members wherever they are. Computers that somebody enters (network bootstrap) are asked where members are, and told where this device is, under a key and in a form that only two members can read. They see this device's internet address, and that it asks.",
}

func (r reachChanged) Plain() string { return fmt.Sprintf("%q %s\n", r.Title, reachWords[r.Reach]) }

// Run says it.
func (c *SpaceReach) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	if len(c.Bootstrap) > 0 {
		if c.Reach != "wide" {
			return app.NewError(app.CodeInvalid, "Computers are asked for a space with the reach wide only: leave --bootstrap out.", nil)
		}
		if err := peer.SetBootstrap(append(peer.Network().Bootstrap, c.Bootstrap...)); err != nil {
			return err
		}
	}
	var told *app.Error
	err = peer.SetReach(ctx, id, c.Reach)
	if known := errors.As(err, &told) && told.Code == app.CodeNoEffect && len(c.Bootstrap) > 0; err != nil && !known {
		return err
	}
	s, err := peer.Space(id)
	if err != nil {
		return err
	}
	return reply.Result(reachChanged{s.ID, s.Name, s.Reach})
}

// NetworkBootstrap shows and sets which computers are asked for members of spaces
// with a wide reach.
type NetworkBootstrap struct {
	Addresses []string `arg:"" optional:"" name:"address" help:"Computers to ask, in place of those before; without any, what is set is shown. Such as /ip4/198.51.100.7/tcp/4002/p2p/12D3KooW…, from whoever runs a keeper with serve --dht."`
	None      bool     `help:"Ask nobody."`
}

type bootstrapTold struct {
	Bootstrap []string `json:"bootstrap"`
	Asking    bool     `json:"asking"`
	Answering int      `json:"answering"`
	Serving   []string `json:"serving"`
}

func (r bootstrapTold) Plain() string {
	var b strings.Builder
	for _, address := range r.Bootstrap {
		fmt.Fprintf(&b, "%s\n", address)
	}
	switch {
	case len(r.Bootstrap) == 0:
		b.WriteString("No computer is asked where members are.\n")
	case !r.Asking:
		b.WriteString("They are not asked: no space has the reach wide, or this device is offline.\n")
	default:
		fmt.Fprintf(&b, "They are asked where members of wide spaces are. Answering now: %s.\n", counted(r.Answering, "computer"))
	}
	for _, address := range r.Serving {
		fmt.Fprintf(&b, "Others can enter this device: %s\n", address)
	}
	return b.String()
}

// Run tells one result.
func (c *NetworkBootstrap) Run(_ context.Context, peer *app.App, reply Reply) error {
	if c.None && len(c.Addresses) > 0 {
		return app.NewError(app.CodeInvalid, "Give either addresses or --none.", nil)
	}
	if c.None || len(c.Addresses) > 0 {
		if err := peer.SetBootstrap(c.Addresses); err != nil {
			return err
		}
	}
	n := peer.Network()
	return reply.Result(bootstrapTold{n.Bootstrap, n.Asking, n.Answering, n.Serving})
}

// NetworkStatus lists how connected devices are reached.
type NetworkStatus struct{}

func (*NetworkStatus) networked() {}

type connectionListed struct {
	Kind string `json:"kind"`
	app.Connection
}

func (r connectionListed) Plain() string {
	name := r.Name
	if name == "" {
		name = "(not in your spaces)"
	}
	return fmt.Sprintf("%s  %s, %s over %s, %.1f ms; %s received, %s sent\n",
		short(r.Device), name, wayWords(r.Via, r.ThroughName), r.Transport, r.RTT, bytesWords(r.In), bytesWords(r.Out))
}

// wayWords say how a device is reached.
func wayWords(via, through string) string {
	switch via {
	case "local":
		return "on the local network"
	case "direct":
		return "directly"
	case "relayed":
		return "through the keeper " + through
	}
	return "not connected"
}

func bytesWords(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}

type relayingResult struct {
	Kind string `json:"kind"`
	app.Relaying
}

func (r relayingResult) Plain() string {
	if r.Helping {
		return fmt.Sprintf("The internet reaches this device. It helps %s of fellow members to find each other.\n", counted(r.Helped, "device"))
	}
	return fmt.Sprintf("This device is a keeper: %s talk through it now, %s went through since it went online.\n",
		counted(r.Devices, "device"), bytesWords(r.Bytes))
}

// Run tells one result for each device, and one for what this one relays.
func (c *NetworkStatus) Run(_ context.Context, peer *app.App, reply Reply) error {
	if r := peer.Relaying(); r.On || r.Helping {
		if err := reply.Result(relayingResult{"relaying", r}); err != nil {
			return err
		}
	}
	for _, connection := range peer.Connections() {
		if err := reply.Result(connectionListed{"connection", connection}); err != nil {
			return err
		}
	}
	return nil
}

// NetworkTest tests the network.
type NetworkTest struct{}

func (*NetworkTest) networked() {}

type networkTested struct{ app.ConnectionTest }

func (r networkTested) Plain() string {
	var b strings.Builder
	say := func(format string, values ...any) { fmt.Fprintf(&b, format+"\n", values...) }
	if len(r.Listening) == 0 {
		say("This device has no network.")
	}
	for _, address := range r.Listening {
		say("It listens on %s", address)
	}
	switch {
	case !r.Looking:
		say("It does not look for others on the local network.")
	case r.Heard == 0:
		say("It has heard of nobody else on the local network. If somebody is there, the network may be keeping devices apart: enter an address of theirs.")
	default:
		say("It has heard of %s on the local network.", counted(r.Heard, "other device"))
	}
	say("%s", map[string]string{
		"yes":     "Others can reach it from the internet.",
		"no":      "Others cannot reach it from the internet, as behind most routers. Through a keeper they can.",
		"unknown": "Nobody could say whether others reach it from the internet: this needs a member elsewhere who is connected.",
	}[r.Reachable])
	if r.Mapping == "yes" {
		say("The router has opened a port for it.")
	}
	if !r.IPv6 {
		say("This computer has no IPv6 address of the internet's.")
	}
	if len(r.Keepers) == 0 {
		say("None of your spaces has a keeper. Members who are not on one network reach each other only where a router lets them in.")
	}
	for _, k := range r.Keepers {
		say("Keeper %s: %s", k.Name, keeperWords(k))
	}
	for _, d := range r.Devices {
		say("%s: %s", testedName(d), reachedWords(d))
	}
	return b.String()
}

func keeperWords(k app.KeeperTest) string {
	switch k.Trouble {
	case "":
		return "connected " + wayWords(k.Via, "") + "; others can reach this device through it."
	case "unreached":
		return "cannot be reached. Check that it runs, and enter its address once: connect ADDRESS."
	case "relayed":
		return "is reached through another keeper only, so it is no help."
	case "refuses":
		return "does not know this device for a member yet. That ends by itself when it has heard."
	case "full":
		return "helps as many devices as it can already."
	}
	return "is connected, and does not relay."
}

func testedName(d app.DeviceTest) string {
	if d.Label == "" {
		return d.Name
	}
	return fmt.Sprintf("%s (%s)", d.Name, d.Label)
}

func reachedWords(d app.DeviceTest) string {
	switch {
	case d.Via == "relayed":
		return "connected through a keeper."
	case d.Via != "":
		return "connected " + wayWords(d.Via, "") + "."
	case d.LastSeen != nil:
		return "not connected since " + d.LastSeen.Local().Format("2 January 2006 15:04") + "."
	}
	return "never connected."
}

// Run tests, and tells one result.
func (c *NetworkTest) Run(ctx context.Context, peer *app.App, reply Reply) error {
	reply.Note("Testing. This takes up to 15 seconds.")
	test, err := peer.TestConnection(ctx)
	if err != nil {
		return err
	}
	return reply.Result(networkTested{test})
}
