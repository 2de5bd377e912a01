package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	wordlist "parley/app/words"
	"parley/p2p"
	"parley/space"
)

func openRoomDevice(t *testing.T, name, listen string) *App {
	t.Helper()
	locations, err := At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Options{
		Locations: locations, Network: true, Listen: strings.Fields(listen), Log: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		err = a.SetPerson(t.Context(), Person{Name: name})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// watchesRoom gives the room as it is told when it is over.
func watchesRoom(t *testing.T, a *App, id space.ID) Room {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var last Room
	if err := a.FollowRoom(ctx, id, func(room Room) error { last = room; return nil }); err != nil {
		t.Fatal(err)
	}
	return last
}

func TestARoomsTimeIsOver(t *testing.T) {
	ada := openRoomDevice(t, "Ada", "/ip4/127.0.0.1/tcp/0")
	id, err := ada.CreateSpace(t.Context(), "Park")
	if err == nil {
		_, err = ada.openRoom(t.Context(), id, space.Editor, time.Second)
	}
	if err != nil {
		t.Fatal(err)
	}
	if room := watchesRoom(t, ada, id); room.Open || room.Ended != RoomExpired {
		t.Errorf("the room is %+v", room)
	}
	invitations, err := ada.Invitations(id)
	if err != nil || len(invitations) != 1 || !invitations[0].Withdrawn {
		t.Errorf("the invitations are %+v (%v)", invitations, err)
	}
}

// TestARoomIsGuessedAt guesses until there are no guesses left. Wrong words
// that have the hint of the right ones are looked for: others cost nothing.
func TestARoomIsGuessedAt(t *testing.T) {
	ada := openRoomDevice(t, "Ada", "/ip4/127.0.0.1/tcp/0 /ip6/::1/tcp/0")
	id, err := ada.CreateSpace(t.Context(), "Park")
	if err != nil {
		t.Fatal(err)
	}
	room, err := ada.OpenRoom(t.Context(), id, space.Editor, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	right, err := wordlist.ParseRoom(strings.Join(room.Words, " "))
	if err != nil {
		t.Fatal(err)
	}
	_, hint := right.Secret()
	wrong := wordlist.DrawRoom()
	for other := hint + 1; other != hint || wrong == right; {
		wrong = wordlist.DrawRoom()
		_, other = wrong.Secret()
	}
	for i, listen := range []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0", "/ip6/::1/tcp/0"} {
		mallory := openRoomDevice(t, fmt.Sprint("Mallory ", i), listen)
		for _, address := range ada.Network().Addresses {
			if address[:4] == listen[:4] {
				if err := mallory.Connect(t.Context(), address); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 3 {
			if _, err := mallory.JoinRoom(t.Context(), strings.Join(wrong.Words(), " ")); !errors.Is(err, p2p.ErrWords) {
				t.Errorf("Mallory %d gets %v", i, err)
			}
		}
	}
	if room := watchesRoom(t, ada, id); room.Open || room.Ended != RoomGuessed || room.Wrong != 12 || len(room.Joined) != 0 {
		t.Errorf("the room is %+v", room)
	}
	// New words, and all is well.
	if room, err = ada.OpenRoom(t.Context(), id, space.Editor, time.Hour); err != nil || !room.Open || room.Wrong != 0 {
		t.Errorf("the next room is %+v (%v)", room, err)
	}
}
