package command

import (
	"context"
	"fmt"
	"strings"

	"parley/app"
	"parley/space"
)

// Device shows or names this device.
type Device struct {
	Name         string `help:"The name of the person this device belongs to." placeholder:"NAME"`
	Organisation string `help:"The organisation that the person speaks for." placeholder:"NAME"`
	Official     *bool  `help:"The person speaks as an official (or, with --no-official, as one of the community)." negatable:""`
}

type deviceResult struct {
	Device string      `json:"device"`
	Data   string      `json:"data"`
	Person *app.Person `json:"person"`
}

func (r deviceResult) Plain() string {
	return fmt.Sprintf("%s\n%s\n%s\n", describe(r.Person), r.Device, r.Data)
}

func describe(p *app.Person) string {
	if p == nil {
		return "Nobody has said yet who this device belongs to. Say it with --name."
	}
	words := p.Name
	if p.Organisation != "" {
		words += ", " + p.Organisation
	}
	if p.Official {
		words += " (official)"
	}
	return words
}

func (c *Device) onlyShows() bool { return *c == Device{} }

// Run changes what was given and shows the outcome.
func (c *Device) Run(ctx context.Context, peer *app.App, reply Reply) error {
	if c.Name != "" || c.Organisation != "" || c.Official != nil {
		person := peer.PersonOrUser()
		if c.Name != "" {
			person.Name = c.Name
		}
		if c.Organisation != "" {
			person.Organisation = c.Organisation
		}
		if c.Official != nil {
			person.Official = *c.Official
		}
		if err := peer.SetPerson(ctx, person); err != nil {
			return err
		}
	}
	return reply.Result(deviceResult{Device: peer.Device().String(), Data: peer.Locations().Data(), Person: peer.Person()})
}

// SpaceCreate creates a space.
type SpaceCreate struct {
	Name string `arg:"" help:"What the space is called."`
}

type spaceCreated struct {
	Space string `json:"space"`
}

func (r spaceCreated) Plain() string { return r.Space + "\n" }

// Run creates the space and tells its ID.
func (c *SpaceCreate) Run(ctx context.Context, peer *app.App, reply Reply) error {
	if err := peer.EnsurePerson(ctx); err != nil {
		return err
	}
	id, err := peer.CreateSpace(ctx, c.Name)
	if err != nil {
		return err
	}
	return reply.Result(spaceCreated{Space: id.String()})
}

// lookUp finds a space by the beginning of its ID, and how it stands.
func lookUp(peer *app.App, prefix string) (space.ID, app.Space, error) {
	id, err := peer.FindSpace(prefix)
	if err != nil {
		return id, app.Space{}, err
	}
	s, err := peer.Space(id)
	return id, s, err
}

// SpaceList lists the spaces.
type SpaceList struct{}

type spaceListed struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Kind  string `json:"kind"`
	Role  string `json:"role"`
	app.Space
}

func (r spaceListed) Plain() string {
	words := fmt.Sprintf("%s  %s (%s, %s)\n", short(r.ID), r.Title, r.Role, counted(len(r.Members), "member"))
	if r.Role == app.NoRole {
		words = fmt.Sprintf("%s  %s\n", short(r.ID), r.Title)
	}
	for _, state := range r.states() {
		words += "  " + state + "\n"
	}
	return words
}

// states are what is to be known of a space that is not as usual.
func (r spaceListed) states() (states []string) {
	say := func(holds bool, words string, args ...any) {
		if holds {
			states = append(states, fmt.Sprintf(words, args...))
		}
	}
	say(r.YouWere == app.WereRemoved, "You were removed from it; what was here before is still here.")
	say(r.YouWere == app.WereLeft, "You have left it; what was here before is still here.")
	say(r.YouWere == app.WereRevoked, "This device was taken out of it, and your other devices were not.")
	say(r.Role == app.NoRole && r.YouWere == "", "%s", notCounted)
	say(r.Archived, "It is archived: nobody can write.")
	say(r.Facilitators == 0 && r.Successor == nil && r.Role != app.NoRole, "It has no facilitator any more. Its editors can go on in a new space: space succeed.")
	say(r.Successor != nil && r.Successor.Space == "", "It goes on in another space: space succeed brings you there.")
	say(r.Successor != nil && r.Successor.Space != "", "It goes on in another space, where you are.")
	say(r.Requests > 0, "%s to be let in: invite requests.", counted(r.Requests, "request"))
	say(r.Quarantined > 0, "Something that others wrote was not let in: quarantine list.")
	say(r.Newer, "Somebody uses a newer Parley, which has said something that this one does not understand. Update it.")
	return states
}

// Run tells one result for each space.
func (c *SpaceList) Run(_ context.Context, peer *app.App, reply Reply) error {
	return each(reply, peer.Spaces(), func(s app.Space) Result { return spaceListed{s.ID, s.Name, "space", s.Role, s} })
}

// Join joins a space.
type Join struct {
	Code []string `arg:"" help:"The invitation code."`
}

func (*Join) networked() {}

type joined struct {
	Space     string `json:"space"`
	Title     string `json:"title"`
	Documents int    `json:"documents"`
	Complete  bool   `json:"complete"`
}

func (r joined) Plain() string {
	words := fmt.Sprintf("%s\nYou are in %q, with %s.\n", r.Space, r.Title, counted(r.Documents, "document"))
	if !r.Complete {
		words += "Not everything has arrived yet. The rest comes when this device meets the others again.\n"
	}
	return words
}

// Run joins, and waits until what the space holds has arrived.
func (c *Join) Run(ctx context.Context, peer *app.App, reply Reply) error {
	// A code that a mail program has broken into lines comes as several words.
	code, err := app.ParseCode(strings.Join(c.Code, ""))
	if err != nil {
		return err
	}
	if err := peer.EnsurePerson(ctx); err != nil {
		return err
	}
	reply.Note(fmt.Sprintf("Asking to join %q …", code.Name))
	id, err := peer.Join(ctx, code)
	if err != nil {
		return err
	}
	return arrive(ctx, peer, reply, id)
}

// arrive waits until what a space holds that this device has just joined has
// arrived, and tells what there is.
func arrive(ctx context.Context, peer *app.App, reply Reply, id space.ID) error {
	reply.Note("You are in. Getting what is there …")
	complete, err := peer.CatchUp(ctx, id)
	if err != nil {
		return err
	}
	documents, err := peer.Documents(ctx, id)
	if err != nil {
		return err
	}
	place, err := peer.Space(id)
	if err != nil {
		return err
	}
	return reply.Result(joined{Space: id.String(), Title: place.Name, Documents: len(documents), Complete: complete})
}

// short is how much of an ID is shown to people: enough to be the only one.
func short(id string) string { return id[:min(12, len(id))] }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
