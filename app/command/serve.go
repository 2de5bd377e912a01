package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"parley/app"
	"parley/app/web"
)

// Serve runs a peer.
type Serve struct {
	Listen []string `help:"An address to listen on for other devices, as a multiaddr such as /ip4/0.0.0.0/udp/4001/quic-v1; may be given several times. Without it, any free port, the same as last time where that is free." placeholder:"ADDR"`
	Web    string   `help:"Serve the window to a browser at this address. Port 0 takes a free one." placeholder:"HOST:PORT"`
	MDNS   bool     `name:"mdns" help:"Find devices on the local network." default:"true" negatable:""`

	KeepUnused time.Duration `help:"How long a file stays that no document refers to." default:"720h" placeholder:"DURATION"`
}

type served struct {
	Device    string   `json:"device"`
	Addresses []string `json:"addresses"`
	Web       string   `json:"web"`
}

func (r served) Plain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "This device is %s.\n", r.Device)
	for _, address := range r.Addresses {
		fmt.Fprintf(&b, "It listens on %s\n", address)
	}
	if r.Web != "" {
		fmt.Fprintf(&b, "\nOpen the window in a browser on this computer; the link is for you alone:\n%s\n\n", r.Web)
	}
	b.WriteString("Interrupt to stop.\n")
	return b.String()
}

// Run serves until ctx ends, then stops everything in the opposite order.
func (c *Serve) Run(ctx context.Context, t terminal, g *Grammar) error {
	locations, err := app.Locate(g.Data, g.Profile)
	if err != nil {
		return err
	}
	host, err := c.start(ctx, t, g, locations)
	if err != nil {
		return err
	}
	if err := t.Result(host.served()); err != nil {
		return errors.Join(err, host.Close())
	}
	<-ctx.Done()
	return host.Close()
}

// host is a running peer with its control socket and, perhaps, its web server.
type host struct {
	peer    *app.App
	control *Control
	web     *web.Server // nil without --web
}

func (c *Serve) start(ctx context.Context, t terminal, g *Grammar, l app.Locations) (_ *host, err error) {
	h := new(host)
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	log := g.logger(t)
	if h.peer, err = g.open(ctx, t, app.Options{
		Locations: l, Network: true, Listen: c.Listen, MDNS: c.MDNS, KeepUnused: c.KeepUnused, Log: log,
	}); err != nil {
		return h, err
	}
	if h.control, err = OpenControl(h.peer, log); err != nil {
		// Not worth to stop for: what is written here still reaches the others.
		t.Note("Other commands cannot reach this peer while it runs: " + err.Error() + ".")
		h.control = nil
	}
	if c.Web == "" {
		return h, nil
	}
	h.web, err = serveWindow(h.peer, c.Web, t, log)
	if err == nil && !h.web.Loopback() {
		t.Note("Other computers can reach this window, and what it sends is not encrypted. Give the link to nobody you would not give your work.")
	}
	return h, err
}

// serveWindow serves the window of a peer with the token, and if it can at the
// port, that its pages know already.
func serveWindow(peer *app.App, address string, t terminal, log *slog.Logger) (*web.Server, error) {
	access, err := peer.BrowserAccess()
	if err != nil {
		return nil, err
	}
	server, err := web.Serve(web.Options{Address: address, Access: access, Files: t.files, Open: peer.OpenWindow, Log: log})
	if err != nil {
		return nil, err
	}
	if err := peer.KeepBrowserPort(server.Port()); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, nil
}

func (h *host) served() served {
	s := served{Device: h.peer.Device().String(), Addresses: h.peer.Network().Addresses}
	if h.web != nil {
		s.Web = h.web.Link()
	}
	return s
}

// Close stops what start has started: first what asks the peer, then the peer.
func (h *host) Close() error {
	var errs []error
	if h.web != nil {
		errs = append(errs, h.web.Close())
	}
	if h.control != nil {
		errs = append(errs, h.control.Close())
	}
	if h.peer != nil {
		errs = append(errs, h.peer.Close())
	}
	return errors.Join(errs...)
}

// Version prints the version.
type Version struct{}

type versionResult struct {
	Version string `json:"version"`
	Go      string `json:"go"`
}

func (r versionResult) Plain() string { return fmt.Sprintf("parley-node %s (%s)\n", r.Version, r.Go) }

// Run prints the version.
func (*Version) Run(_ context.Context, t terminal, _ *Grammar) error {
	result := versionResult{Version: app.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		result.Go = info.GoVersion
	}
	return t.Result(result)
}
