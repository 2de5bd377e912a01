package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/app"
	"parley/app/vault"
	"parley/crdt"
	"parley/space"
)

// Peers lists who is connected.
type Peers struct{}

func (*Peers) networked() {}

type peerListed struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Kind  string `json:"kind"`
	app.Peer
}

func (r peerListed) Plain() string {
	return fmt.Sprintf("%s  %s over %s, %.1f ms\n", r.ID, r.Title, r.Transport, r.RTT)
}

// Run tells one result for each peer.
func (c *Peers) Run(_ context.Context, peer *app.App, reply Reply) error {
	for _, p := range peer.Network().Peers {
		title := p.Name
		if title == "" {
			title = "(not in your spaces)"
		}
		if err := reply.Result(peerListed{ID: p.Device, Title: title, Kind: "peer", Peer: p}); err != nil {
			return err
		}
	}
	return nil
}

// Connect connects to a device.
type Connect struct {
	Address string `arg:"" help:"The device's address, such as /ip4/192.0.2.7/udp/4001/quic-v1/p2p/12D3KooW…"`
}

func (*Connect) networked() {}

type connected struct {
	Connected string `json:"connected"`
}

func (r connected) Plain() string { return "Connected.\n" }

// Run connects, and answers once the connection stands.
func (c *Connect) Run(ctx context.Context, peer *app.App, reply Reply) error {
	if err := peer.Connect(ctx, c.Address); err != nil {
		return err
	}
	return reply.Result(connected{c.Address})
}

type offlineResult struct {
	Offline bool `json:"offline"`
}

func (r offlineResult) Plain() string {
	if r.Offline {
		return "Offline. Everything you write is saved here and reaches the others later.\n"
	}
	return "Online.\n"
}

var errNotRunning = app.NewError(app.CodeOffline, "Parley is not running with this directory, so it is not online.", nil)

// Offline ends every connection and makes no new ones.
type Offline struct{}

func (*Offline) notRunning() error { return errNotRunning }

// Run goes offline.
func (*Offline) Run(_ context.Context, peer *app.App, reply Reply) error {
	return setOffline(peer, reply, true)
}

// Online undoes Offline.
type Online struct{}

func (*Online) notRunning() error { return errNotRunning }

// Run goes online.
func (*Online) Run(_ context.Context, peer *app.App, reply Reply) error {
	return setOffline(peer, reply, false)
}

func setOffline(peer *app.App, reply Reply, offline bool) error {
	if err := peer.SetOffline(offline); err != nil {
		return err
	}
	return reply.Result(offlineResult{offline})
}

// StatusCommand says what is stored, who is here and who lacks something.
type StatusCommand struct {
	Space string `arg:"" optional:"" help:"The space; without it, all of them."`
}

func (*StatusCommand) onlyShows() bool { return true }

// deviceStatus is what is the same for all spaces.
type deviceStatus struct {
	Kind    string      `json:"kind"`
	Guard   vault.Guard `json:"guard"`
	Offline bool        `json:"offline"`
}

func (r deviceStatus) Plain() string {
	words := guardWords(r.Guard) + "\n"
	if r.Offline {
		words += "This device is offline.\n"
	}
	return words
}

// closed opens the device to run. Where it is locked, it can still say by what.
func (c *StatusCommand) closed(ctx context.Context, g *Grammar, l app.Locations, t terminal) (err error) {
	peer, err := g.open(ctx, t, app.Options{Locations: l, Log: g.logger(t)})
	var told *app.Error
	if errors.As(err, &told) && (told.Code == app.CodeLocked || told.Code == app.CodeWrongPassphrase || told.Code == app.CodeKeyring) {
		if guard, unknown := app.GuardAt(l); unknown == nil {
			err = errors.Join(t.Result(deviceStatus{Kind: "device", Guard: guard}), err)
		}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, peer.Close()) }()
	return c.Run(ctx, peer, t)
}

type statusResult struct {
	ID        string             `json:"id"`
	Title     string             `json:"title"`
	Kind      string             `json:"kind"`
	Role      string             `json:"role"`
	Documents int                `json:"documents"`
	Saved     bool               `json:"saved"`
	Offline   bool               `json:"offline"`
	Members   []app.MemberStatus `json:"members"`
	Refused   int                `json:"quarantined"`
}

func (r statusResult) Plain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n  Saved on this computer: %s.\n", short(r.ID), r.Title, counted(r.Documents, "document"))
	if r.Role == app.NoRole {
		b.WriteString("  " + notCounted + "\n")
	}
	for _, m := range r.Members {
		fmt.Fprintf(&b, "  %s %s.\n", m.Name, standing(m))
	}
	if r.Refused > 0 {
		fmt.Fprintf(&b, "  %s set aside, because their sender may not make them.\n", counted(r.Refused, "change"))
	}
	return b.String()
}

// notCounted is what a person is told whose role is app.NoRole.
const notCounted = "Your place in this space did not count, because the invitation was used up. Ask for a new one."

func standing(m app.MemberStatus) string {
	switch {
	case m.Connected && m.HasLatest:
		return "is here and has the latest"
	case m.Connected:
		return "is here and is getting the latest"
	case m.HasLatest:
		return "has the latest"
	case m.LastSeen != nil:
		return "has not got the latest yet; last here " + m.LastSeen.Local().Format("2 January 2006 15:04")
	}
	return "has not got the latest yet"
}

// Run tells one result for each space.
func (c *StatusCommand) Run(_ context.Context, peer *app.App, reply Reply) error {
	if aside := peer.Aside(); aside != "" {
		reply.Note(aside)
	}
	for _, notice := range peer.Notices() {
		if notice.Code == app.NoticeSettingsAside {
			continue // said above, for as long as the file is there
		}
		if err := reply.Result(noticeResult{Kind: "notice", Notice: notice}); err != nil {
			return err
		}
	}
	guard, err := peer.Guard()
	if err != nil {
		return err
	}
	ids := peer.SpaceIDs()
	if err := reply.Result(deviceStatus{Kind: "device", Guard: guard, Offline: peer.Network().Offline}); err != nil {
		return err
	}
	if c.Space != "" {
		id, err := peer.FindSpace(c.Space)
		if err != nil {
			return err
		}
		ids = []space.ID{id}
	}
	for _, id := range ids {
		status, err := peer.SpaceStatus(id)
		if err != nil {
			return err
		}
		if err := reply.Result(statusResult{
			ID: id.String(), Title: status.Name, Kind: "space", Role: status.Role, Documents: status.Documents, Saved: status.Saved,
			Offline: status.Offline, Members: status.Members, Refused: status.Quarantined,
		}); err != nil {
			return err
		}
	}
	return nil
}

type noticeResult struct {
	Kind string `json:"kind"`
	app.Notice
}

func (r noticeResult) Plain() string {
	about := ""
	if r.Document != "" {
		about = " (document " + short(r.Document) + ")"
	}
	return fmt.Sprintf("%s: %s%s\n", r.At.Local().Format("2 January 2006 15:04"), r.Sentence(), about)
}

// Watch prints what is added.
type Watch struct {
	Space    string `arg:"" help:"The space."`
	Document string `arg:"" optional:"" help:"The document; without it, all of them."`
}

func (*Watch) networked() {}
func (*Watch) lasting()   {}

type appended struct {
	Document string    `json:"document"`
	Part     string    `json:"part"`
	Actor    string    `json:"actor"`
	Sequence uint64    `json:"sequence"`
	Origin   string    `json:"origin"`
	Time     time.Time `json:"time"`
}

func (r appended) Plain() string {
	return fmt.Sprintf("%s  %s of %s: change %d of %s (%s)\n",
		r.Time.Local().Format(time.TimeOnly), r.Part, short(r.Document), r.Sequence, short(r.Actor), r.Origin)
}

// Run tells one result for each change that is added, until ctx ends.
func (c *Watch) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	var only *crdt.DocumentID
	if c.Document != "" {
		document, err := peer.FindDocument(ctx, id, c.Document)
		if err != nil {
			return err
		}
		only = &document
	}
	reply.Note("Watching. Interrupt to stop.")
	return peer.Watch(ctx, id, only, func(m crdt.Move) error {
		return reply.Result(appended{
			Document: m.Ref.Document.String(), Part: m.Ref.Part.String(), Actor: m.Actor.String(),
			Sequence: m.Seq, Origin: m.Origin.String(), Time: m.Time,
		})
	})
}
