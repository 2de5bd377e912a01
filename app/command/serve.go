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

	MapPorts bool `name:"map-ports" help:"Ask the router to let others in (UPnP, NAT-PMP)."`

	Table []string `name:"dht" help:"Serve, at this address, the hash table in which members of spaces with a wide reach find each other; may be given several times. For a keeper that the internet reaches." placeholder:"ADDR"`

	KeepUnused time.Duration `help:"How long a file stays that no document refers to." default:"720h" placeholder:"DURATION"`
}

type served struct {
	Device    string   `json:"device"` // empty while locked
	Addresses []string `json:"addresses"`
	Web       string   `json:"web"`
	Locked    bool     `json:"locked,omitempty"`

	Keeps []app.Kept `json:"keeps,omitempty"` // the spaces in which it is keeper
}

func (r served) Plain() string {
	var b strings.Builder
	if r.Locked {
		fmt.Fprintf(&b, "This device is locked. Open this link in a browser on this computer and unlock it there; the link is for you alone:\n%s\n\n", r.Web)
	} else {
		fmt.Fprintf(&b, "This device is %s.\n", r.Device)
		for _, address := range r.Addresses {
			fmt.Fprintf(&b, "It listens on %s\n", address)
		}
		for _, kept := range r.Keeps {
			b.WriteString(keptWords(kept))
		}
		if r.Web != "" {
			fmt.Fprintf(&b, "\nOpen the window in a browser on this computer; the link is for you alone:\n%s\n\n", r.Web)
		}
	}
	b.WriteString("Interrupt to stop.\n")
	return b.String()
}

func keptWords(k app.Kept) string {
	words := fmt.Sprintf("It is a keeper of %q: it stores %s and passes them on", k.Name, counted(k.Documents, "document"))
	if k.Relays {
		return words + ", and helps members to reach each other.\n"
	}
	return words + ", on the local network only.\n"
}

// Run serves until ctx ends, then stops everything in the opposite order. A
// device that is locked it opens when somebody unlocks it in a browser, if it
// serves one, and asks for the passphrase otherwise.
func (c *Serve) Run(ctx context.Context, t terminal, g *Grammar) error {
	locations, err := app.Locate(g.Data, g.Profile)
	if err != nil {
		return err
	}
	host, err := c.start(ctx, t, g, locations)
	if err != nil {
		return err
	}
	if host.door.App() == nil {
		err = t.Result(served{Locked: true, Web: host.web.Link(), Addresses: []string{}})
	}
	for err == nil {
		select {
		case <-host.opened:
			err = t.Result(host.served())
		case <-ctx.Done():
			return host.Close()
		}
	}
	return errors.Join(err, host.Close())
}

// host is a running peer with its control socket and, perhaps, its web server.
type host struct {
	terminal terminal
	log      *slog.Logger
	door     *app.Door
	opened   chan struct{} // gets one value when the device is open
	web      *web.Server   // nil without --web
}

func (c *Serve) start(ctx context.Context, t terminal, g *Grammar, l app.Locations) (_ *host, err error) {
	h := &host{terminal: t, log: g.logger(t), opened: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if h.door, err = app.NewDoor(app.Options{
		Locations: l, Network: true, Listen: c.Listen, MDNS: c.MDNS, MapPorts: c.MapPorts, Table: c.Table, KeepUnused: c.KeepUnused, Keyring: g.keyring(), Log: h.log,
	}, h.attend); err != nil {
		return h, err
	}
	if err = c.open(ctx, h); err != nil || c.Web == "" {
		return h, err
	}
	h.web, err = serveWindow(h.door, c.Web, t, h.log)
	if err == nil && !h.web.Loopback() {
		if h.door.App() == nil {
			return h, errLockedAfar
		}
		t.Note("Other computers can reach this window, and what it sends is not encrypted. Give the link to nobody you would not give your work.")
	}
	return h, err
}

// errLockedAfar keeps passphrases off the network, where they would travel in
// the clear.
var errLockedAfar = app.NewError(app.CodeLocked,
	"This device is locked, and a window that other computers can reach is no place to type a passphrase. Name a file that holds it with --passphrase-file.", nil)

// open opens the device, if it need not wait for somebody who unlocks it in a
// browser.
func (c *Serve) open(ctx context.Context, h *host) error {
	try := func(passphrase []byte) error { return h.door.Open(ctx, passphrase) }
	if c.Web == "" || h.terminal.secrets.file != "" {
		return withPassphrase(h.terminal, try)
	}
	if err := try(nil); !app.IsLocked(err) {
		return err
	}
	return nil
}

// attend lets other commands reach the device once it is open.
func (h *host) attend(peer *app.App) (leave func() error) {
	h.opened <- struct{}{}
	control, err := OpenControl(peer, h.log)
	if err != nil {
		// Not worth to stop for: what is written here still reaches the others.
		h.terminal.Note("Other commands cannot reach this peer while it runs: " + err.Error() + ".")
		return func() error { return nil }
	}
	return control.Close
}

// serveWindow serves the window of a device with the token, and if it can at
// the port, that its pages know already.
func serveWindow(door *app.Door, address string, t terminal, log *slog.Logger) (*web.Server, error) {
	access, err := door.BrowserAccess()
	if err != nil {
		return nil, err
	}
	server, err := web.Serve(web.Options{Address: address, Access: access, Files: t.files, Open: door.OpenWindow, Log: log})
	if err != nil {
		return nil, err
	}
	if err := door.KeepBrowserPort(server.Port()); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, nil
}

func (h *host) served() served {
	peer := h.door.App()
	s := served{Device: peer.Device().String(), Addresses: peer.Network().Addresses, Keeps: peer.Keeps()}
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
	if h.door != nil {
		errs = append(errs, h.door.Close())
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
