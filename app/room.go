package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	wordlist "parley/app/words"
	"parley/p2p"
	"parley/space"
)

// How long a room may be open.
const (
	minRoomTime = time.Minute
	maxRoomTime = 24 * time.Hour
)

// roomWithdrawal is how long the withdrawal of a room's invitation may take.
const roomWithdrawal = 10 * time.Second

// RoomEnd says why a room is not open any more.
type RoomEnd string

// The ends of a room.
const (
	RoomClosed    RoomEnd = "closed"    // somebody closed it, or Parley
	RoomExpired   RoomEnd = "expired"   // its time was over
	RoomGuessed   RoomEnd = "guessed"   // its words were guessed wrongly too often
	RoomWithdrawn RoomEnd = "withdrawn" // its invitation was taken back, or does not count any more
)

// Room is a space that is open to whoever is on the same local network and
// reads the words on the wall.
type Room struct {
	Open    bool        `json:"open"`
	Words   []string    `json:"words"`
	Role    string      `json:"role"`
	Expires *time.Time  `json:"expires,omitempty"` // absent: it was never open
	Joined  []RoomGuest `json:"joined"`            // the first first
	Wrong   int         `json:"wrong"`             // guesses
	Ended   RoomEnd     `json:"ended,omitempty"`   // why it is not open any more
}

// RoomGuest is somebody who knew the words. The name is empty until they are
// in.
type RoomGuest struct {
	Device string `json:"device"`
	Name   string `json:"name"`
}

// rooms are those that this device has opened since it started, the last of
// each space.
type rooms struct {
	opening sync.Mutex // one at a time

	mu  sync.Mutex
	all map[space.ID]*openRoom
}

func (r *rooms) of(id space.ID) *openRoom {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[id]
}

func (r *rooms) put(room *openRoom) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = make(map[space.ID]*openRoom)
	}
	r.all[room.log.ID()] = room
}

// openRoom is a room from its opening on. Its goroutine, run, ends it: it takes
// the words down and withdraws the invitation.
type openRoom struct {
	app        *App
	log        *space.Log
	words      wordlist.Room
	role       space.Role
	expires    time.Time
	invitation space.InvitationKey
	wall       *p2p.Wall

	changed chan struct{} // capacity 1: there is something new on the wall
	close   func()        // asks run to end
	closing chan struct{} // closed by close
	over    chan struct{} // closed when run has ended it

	mu    sync.Mutex
	ended RoomEnd
}

// OpenRoom makes an invitation to a space and puts up words that give it to
// whoever is on the same local network, for as long as lasts. Only a
// facilitator can. A room of the space that is open already is closed first.
// The words say who may come in: they are shown, and kept nowhere.
func (a *App) OpenRoom(ctx context.Context, id space.ID, role space.Role, lasts time.Duration) (Room, error) {
	if lasts < minRoomTime || lasts > maxRoomTime {
		return Room{}, newError(CodeInvalid, "A room can be open for one minute to 24 hours.")
	}
	return a.openRoom(ctx, id, role, lasts)
}

func (a *App) openRoom(ctx context.Context, id space.ID, role space.Role, lasts time.Duration) (Room, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return Room{}, err
	}
	if a.node.Offline() {
		return Room{}, p2p.ErrOffline
	}
	a.rooms.opening.Lock()
	defer a.rooms.opening.Unlock()
	if err := a.CloseRoom(ctx, id); err != nil {
		return Room{}, err
	}
	room := &openRoom{
		app: a, log: log, role: role, expires: now().Add(lasts).Truncate(time.Second),
		changed: make(chan struct{}, 1), closing: make(chan struct{}), over: make(chan struct{}),
	}
	room.close = sync.OnceFunc(func() { close(room.closing) })
	options := space.InviteOptions{Role: role, Uses: space.MaxUses, Expiry: room.expires}
	entry, secret, err := log.Invite(a.key, options, now(), rand.Reader)
	if err != nil {
		return Room{}, err
	}
	room.invitation = space.InvitationKey(space.KeyFromSeed(secret).Device())
	if err := a.rememberRoom(room.invitation, id); err != nil {
		return Room{}, err
	}
	if err := a.addEntry(ctx, id, entry); err != nil {
		return Room{}, err
	}
	if err := room.hang(secret); err != nil {
		return Room{}, errors.Join(err, room.withdraw())
	}
	a.rooms.put(room)
	a.running.Go(room.run)
	a.news.ring(topic{event: EventRoom, space: id})
	return room.describe(), nil
}

// hang draws words and puts them up.
func (r *openRoom) hang(secret space.InvitationSecret) error {
	for {
		r.words = wordlist.DrawRoom()
		password, hint := r.words.Secret()
		wall, err := r.app.node.HangWords(p2p.WallConfig{
			Password: password, Hint: hint, Until: r.expires,
			Code: func() space.Code {
				return space.Code{
					Space: r.log.ID(), Secret: secret, Inviter: r.app.Device(), Addresses: r.app.codeAddresses(r.log.ID()),
					Name: r.log.Name(), Expiry: r.expires,
				}
			},
			Changed: func() {
				select {
				case r.changed <- struct{}{}:
				default:
				}
			},
		})
		if errors.Is(err, p2p.ErrHintTaken) {
			continue // another room of this device; most words have another hint
		}
		if err != nil {
			return fmt.Errorf("open room: %w", err)
		}
		r.wall = wall
		return nil
	}
}

// run waits for the room's end, and ends it.
func (r *openRoom) run() {
	defer close(r.over)
	reason := r.wait()
	r.wall.TakeDown()
	if err := r.withdraw(); err != nil {
		r.app.log.Warn("the invitation of a room was not withdrawn, it ends by itself", "space", r.log.ID(), "expires", r.expires, "err", err)
	}
	r.mu.Lock()
	r.ended = reason
	r.mu.Unlock()
	r.ring()
}

// wait tells windows what changes, until the room is over.
func (r *openRoom) wait() RoomEnd {
	timer := time.NewTimer(time.Until(r.expires))
	defer timer.Stop()
	seen := r.app.news.current()
	for {
		switch r.wall.State().End {
		case p2p.WallGuessed:
			return RoomGuessed
		case p2p.WallExpired:
			return RoomExpired
		case p2p.WallTaken:
			return RoomClosed
		}
		if made, ok := r.log.Invitation(r.invitation); !ok || made.Withdrawn {
			return RoomWithdrawn
		}
		fresh, rung := r.app.news.since(seen)
		for _, t := range fresh {
			if t.event == EventSpaces { // a guest may be in, or the invitation withdrawn
				r.ring()
				break
			}
		}
		select {
		case <-r.app.background.Done():
			return RoomClosed
		case <-r.closing:
			return RoomClosed
		case <-timer.C:
			return RoomExpired
		case <-r.changed:
			r.ring()
		case <-rung:
		}
	}
}

func (r *openRoom) ring() { r.app.news.ring(topic{event: EventRoom, space: r.log.ID()}) }

// withdraw takes the invitation back, also where the room ends because
// everything does.
func (r *openRoom) withdraw() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.app.background), roomWithdrawal)
	defer cancel()
	return r.app.withdrawRoom(ctx, r.log, r.invitation)
}

// withdrawRoom takes the invitation of a room back. It is no error if somebody
// has.
func (a *App) withdrawRoom(ctx context.Context, log *space.Log, invitation space.InvitationKey) error {
	if made, ok := log.Invitation(invitation); ok && !made.Withdrawn {
		entry, err := log.Withdraw(a.key, invitation, now())
		if err == nil {
			err = a.addEntry(ctx, log.ID(), entry)
		}
		if err != nil {
			return err
		}
	}
	return a.forgetRoom(invitation)
}

// rememberRoom keeps that a room is being opened, so that its invitation is
// withdrawn even if Parley is killed meanwhile.
func (a *App) rememberRoom(invitation space.InvitationKey, id space.ID) error {
	return a.settings.change(func(s *settings) {
		s.Rooms = maps.Clone(s.Rooms)
		if s.Rooms == nil {
			s.Rooms = make(map[string]string)
		}
		s.Rooms[invitation.String()] = id.String()
	})
}

func (a *App) forgetRoom(invitation space.InvitationKey) error {
	return a.settings.change(func(s *settings) {
		s.Rooms = maps.Clone(s.Rooms)
		delete(s.Rooms, invitation.String())
	})
}

// mendRooms withdraws the invitations of rooms that were open when an earlier
// run was killed. One that cannot be withdrawn any more ends by itself.
func (a *App) mendRooms(ctx context.Context) {
	for invitation, spaceID := range a.settings.get().Rooms {
		err := func() error {
			key, err := space.ParseInvitationKey(invitation)
			if err != nil {
				return err
			}
			id, err := space.ParseID(spaceID)
			if err != nil {
				return err
			}
			log, err := a.spaceLog(id)
			if err == nil {
				err = a.withdrawRoom(ctx, log, key)
			}
			if err != nil {
				return errors.Join(err, a.forgetRoom(key))
			}
			return nil
		}()
		if err != nil {
			a.log.Warn("the invitation of an earlier room was not withdrawn", "space", spaceID, "err", err)
		}
	}
}

func (r *openRoom) describe() Room {
	r.mu.Lock()
	ended := r.ended
	r.mu.Unlock()
	wall := r.wall.State()
	room := Room{
		Open: ended == "", Words: r.words.Words(), Role: r.role.String(), Expires: &r.expires,
		Joined: []RoomGuest{}, Wrong: wall.Wrong, Ended: ended,
	}
	for _, device := range wall.Guests {
		guest := RoomGuest{Device: device.String()}
		if member, ok := r.log.Member(device); ok {
			guest.Name = member.Person.Name
		}
		room.Joined = append(room.Joined, guest)
	}
	return room
}

// RoomState tells how the room of a space stands: the one that is open, or the
// last one since this device started.
func (a *App) RoomState(id space.ID) (Room, error) {
	if _, err := a.spaceLog(id); err != nil {
		return Room{}, err
	}
	if room := a.rooms.of(id); room != nil {
		return room.describe(), nil
	}
	return Room{Words: []string{}, Joined: []RoomGuest{}}, nil
}

// CloseRoom takes the words of a space down and withdraws the invitation that
// they gave. Who is in stays in. It is no error if no room is open.
func (a *App) CloseRoom(ctx context.Context, id space.ID) error {
	room := a.rooms.of(id)
	if room == nil {
		return nil
	}
	room.close()
	select {
	case <-room.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// FollowRoom tells how the room of a space stands, now and after each change,
// until it is over, ctx ends or tell fails.
func (a *App) FollowRoom(ctx context.Context, id space.ID, tell func(Room) error) error {
	seen := a.news.current()
	for {
		room, err := a.RoomState(id)
		if err != nil {
			return err
		}
		if err := tell(room); err != nil || !room.Open {
			return err
		}
		for changed := false; !changed; {
			fresh, rung := a.news.since(seen)
			for _, t := range fresh {
				changed = changed || t == topic{event: EventRoom, space: id}
			}
			if changed {
				break
			}
			select {
			case <-rung:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// JoinRoom joins the space whose words hang on the wall of the room that this
// device is in: typed are those words, as somebody read them. It fails with
// CodeWords, CodeOtherWords, CodeAlone or like Join.
func (a *App) JoinRoom(ctx context.Context, typed string) (space.ID, error) {
	read, err := wordlist.ParseRoom(typed)
	if err != nil {
		return space.ID{}, err
	}
	if _, err := a.mySelf(); err != nil { // before others are asked
		return space.ID{}, err
	}
	password, hint := read.Secret()
	code, err := a.node.AskWords(ctx, password, hint)
	if err != nil {
		return space.ID{}, err
	}
	return a.Join(ctx, code)
}

// OpenRoom opens a space to whoever is in the same room, for so many minutes.
func (w *Window) OpenRoom(spaceID, role string, minutes float64) (Room, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return Room{}, err
	}
	parsed, err := space.ParseRole(role)
	if err != nil {
		return Room{}, wrapError(CodeInvalid, fmt.Sprintf("There is no role called %q.", role), err)
	}
	if !(minutes <= maxRoomTime.Minutes()) { // NaN included
		minutes = 0
	}
	return w.app.OpenRoom(w.ctx, id, parsed, time.Duration(minutes*float64(time.Minute)))
}

// CloseRoom ends that.
func (w *Window) CloseRoom(spaceID string) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	return w.app.CloseRoom(w.ctx, id)
}

// RoomState tells how the room of a space stands.
func (w *Window) RoomState(spaceID string) (Room, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return Room{}, err
	}
	return w.app.RoomState(id)
}

// JoinRoom joins by the words on a wall.
func (w *Window) JoinRoom(typed string) (Space, error) {
	id, err := w.app.JoinRoom(w.ctx, typed)
	if err != nil {
		return Space{}, err
	}
	return w.app.Space(id)
}

// CheckRoomWords says what is wrong with the words of a wall, as they are typed.
func (w *Window) CheckRoomWords(typed string) (WordsProblem, error) {
	_, err := wordlist.ParseRoom(typed)
	return wordsProblem(err), nil
}
