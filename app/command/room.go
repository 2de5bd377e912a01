package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/app"
	"parley/space"
)

// RoomGroup holds the commands about rooms.
type RoomGroup struct {
	Open RoomOpen `cmd:"" help:"Let in whoever is on this local network and knows three words, until interrupted."`
	Join RoomJoin `cmd:"" help:"Join the space whose words hang on the wall."`
}

// RoomOpen opens a space to whoever is in the room.
type RoomOpen struct {
	Space   string `arg:"" help:"The space."`
	Role    string `help:"What those who come in may do: facilitator, editor, annotator, reader or keeper." default:"editor" enum:"facilitator,editor,annotator,reader,keeper"`
	Minutes int    `help:"How long the words let somebody in." default:"30"`
}

func (*RoomOpen) networked() {}
func (*RoomOpen) lasting()   {}

type roomOpened struct {
	Words   string    `json:"words"`
	Role    string    `json:"role"`
	Expires time.Time `json:"expires"`
}

func (r roomOpened) Plain() string { return r.Words + "\n" }

type roomJoined struct {
	Device string `json:"device"`
	Name   string `json:"name"`
}

func (r roomJoined) Plain() string { return fmt.Sprintf("%s is in.\n", r.Name) }

type roomEnded struct {
	Ended app.RoomEnd `json:"ended"`
}

func (r roomEnded) Plain() string {
	switch r.Ended {
	case app.RoomExpired:
		return "The time is over, and the words let nobody in any more.\n"
	case app.RoomGuessed:
		return "The words were guessed wrongly too often, and let nobody in any more. Open the room again for new ones.\n"
	case app.RoomWithdrawn:
		return "The invitation was taken back, and the words let nobody in any more.\n"
	}
	return "The room is closed, and the words let nobody in any more.\n"
}

// Run opens the room, tells the words and who comes in, and closes the room
// when it is interrupted.
func (c *RoomOpen) Run(ctx context.Context, peer *app.App, reply Reply) (err error) {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	role, err := space.ParseRole(c.Role)
	if err != nil {
		return app.NewError(app.CodeInvalid, err.Error()+".", err)
	}
	room, err := peer.OpenRoom(ctx, id, role, time.Duration(c.Minutes)*time.Minute)
	if err != nil {
		return err
	}
	opened := roomOpened{Words: strings.Join(room.Words, " "), Role: room.Role, Expires: *room.Expires}
	replaced := false // by words that somebody else has put up since
	defer func() {
		if !replaced {
			err = errors.Join(err, peer.CloseRoom(context.WithoutCancel(ctx), id))
		}
	}()
	if err := reply.Result(opened); err != nil {
		return err
	}
	reply.Note(fmt.Sprintf("Whoever is on this network and types these words comes in, until %s. Interrupt to close the room.",
		room.Expires.Local().Format("15:04")))
	told := make(map[string]bool)
	err = peer.FollowRoom(ctx, id, func(room app.Room) error {
		if replaced = strings.Join(room.Words, " ") != opened.Words; replaced {
			return errReplaced
		}
		for _, guest := range room.Joined {
			if guest.Name == "" || told[guest.Device] {
				continue
			}
			told[guest.Device] = true
			if err := reply.Result(roomJoined(guest)); err != nil {
				return err
			}
		}
		if room.Open {
			return nil
		}
		return reply.Result(roomEnded{room.Ended})
	})
	if errors.Is(err, errReplaced) {
		return reply.Result(roomEnded{app.RoomClosed})
	}
	return err
}

var errReplaced = errors.New("another room of the space was opened")

// RoomJoin joins by the words on a wall.
type RoomJoin struct {
	Words []string `arg:"" help:"The three words."`
}

func (*RoomJoin) networked() {}

// Run looks for the room, joins, and waits until what the space holds has
// arrived.
func (c *RoomJoin) Run(ctx context.Context, peer *app.App, reply Reply) error {
	if err := peer.EnsurePerson(ctx); err != nil {
		return err
	}
	reply.Note("Looking on this network for the room with these words …")
	id, err := peer.JoinRoom(ctx, strings.Join(c.Words, " "))
	if err != nil {
		return err
	}
	return arrive(ctx, peer, reply, id)
}
