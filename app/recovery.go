package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	wordlist "parley/app/words"
	"parley/p2p"
	"parley/space"
)

// recoveryUses is how many devices one sheet can bring back. Each use is in
// the log for everyone to see, so it need not be small.
const recoveryUses = 100

// recoveryMark is what this device keeps of the recovery sheet in force: the
// public half of its key, and on the device that made it the proof with which
// that is registered. The words are on paper only.
type recoveryMark struct {
	Key    string    `json:"key"`
	Proof  []byte    `json:"proof,omitempty"`
	Made   time.Time `json:"made"`
	Spaces []string  `json:"spaces"` // IDs of those where the key was seen to be good
}

// RecoverySheet is a sheet that has been drawn and lets nobody in yet.
type RecoverySheet struct {
	Words  []string  `json:"words"`
	Made   time.Time `json:"made"`
	Spaces []string  `json:"spaces"` // names of those that it will cover
}

// RecoveryState says what a sheet is worth now.
type RecoveryState struct {
	Made   *time.Time `json:"made,omitempty"` // absent: there is no sheet
	Covers int        `json:"covers"`         // spaces that it brings back
	Of     int        `json:"of"`             // spaces that this device is in
}

// NewRecoverySheet draws words for a recovery sheet. They are worth something
// once KeepRecoverySheet has been called with them; so a sheet that somebody
// gives up half-way ends no older one.
func (a *App) NewRecoverySheet() (RecoverySheet, error) {
	sheet := RecoverySheet{Words: wordlist.NewEntropy().Words(), Made: now(), Spaces: []string{}}
	for _, s := range a.seats() {
		sheet.Spaces = append(sheet.Spaces, s.log.Name())
	}
	if len(sheet.Spaces) == 0 {
		return RecoverySheet{}, newError(CodeInvalid,
			"You are in no space yet, so there is nothing that a sheet could bring back. Make a space or join one first.")
	}
	return sheet, nil
}

// KeepRecoverySheet makes the words of a sheet bring this person back, in every
// space of this device and in those that it will be in. The sheet before it
// ends. It may be repeated.
func (a *App) KeepRecoverySheet(ctx context.Context, text string) (RecoveryState, error) {
	seed, err := recoverySeed(text)
	if err != nil {
		return RecoveryState{}, err
	}
	a.seating.Lock()
	defer a.seating.Unlock()
	made := now().Truncate(time.Second) // as entries have it
	if before := a.settings.get().Recovery; before != nil && !made.After(before.Made) {
		made = before.Made.Add(time.Second) // the newest sheet counts, whatever the clocks of two devices say
	}
	mark := recoveryMark{
		Key:   space.InvitationKey(space.KeyFromSeed(seed).Device()).String(),
		Proof: space.ProveSeatKey(seed, a.Device(), space.Recovery),
		Made:  made,
	}
	if err := a.cover(ctx, mark); err != nil {
		return RecoveryState{}, err
	}
	a.news.ring(topic{event: EventSpaces})
	return a.RecoveryState(), nil
}

func recoverySeed(text string) ([32]byte, error) {
	secret, err := wordlist.ParseRecovery(text)
	if err != nil {
		return [32]byte{}, wrapError(CodeMalformed, err.Error(), err)
	}
	return secret.Seed(), nil
}

// RecoveryState says which of this device's spaces the sheet in force covers.
func (a *App) RecoveryState() RecoveryState {
	seats := a.seats()
	state := RecoveryState{Of: len(seats)}
	mark := a.settings.get().Recovery
	if mark == nil {
		return state
	}
	state.Made = &mark.Made
	for _, s := range seats {
		if key, ok := recoveryKeyOf(s); ok && key.Key.String() == mark.Key {
			state.Covers++
		}
	}
	return state
}

// recoveryKeyOf is the recovery key of this person's seat in a space.
func recoveryKeyOf(s mySeat) (space.SeatKey, bool) {
	for _, key := range s.log.SeatKeys(space.Recovery) {
		if key.Seat == s.seat.ID {
			return key, true
		}
	}
	return space.SeatKey{}, false
}

// tendRecovery keeps the sheet in force good in all spaces: those joined after
// it was made, too, where it was made on this device. Where another device of this person has made a newer one,
// that is in force from now on; where it was ended, none is. The caller holds
// seating.
func (a *App) tendRecovery(ctx context.Context) error {
	mark := a.settings.get().Recovery
	for _, s := range a.seats() {
		key, ok := recoveryKeyOf(s)
		if ok && (mark == nil || key.Key.String() != mark.Key && key.Created.After(mark.Made)) {
			mark = &recoveryMark{Key: key.Key.String(), Made: key.Created}
		}
	}
	if mark == nil {
		return nil
	}
	for _, s := range a.seats() {
		if _, ok := recoveryKeyOf(s); !ok && slices.Contains(mark.Spaces, s.log.ID().String()) {
			return a.settings.change(func(s *settings) { s.Recovery = nil })
		}
	}
	return a.cover(ctx, *mark)
}

// cover writes a recovery key into the spaces that lack it, and keeps its mark.
func (a *App) cover(ctx context.Context, mark recoveryMark) error {
	key, err := space.ParseInvitationKey(mark.Key)
	if err != nil {
		return fmt.Errorf("read recovery key: %w", err)
	}
	at := now()
	if mark.Made.After(at) {
		at = mark.Made // or the newest sheet would not be the newest in every space
	}
	var errs []error
	var covered []string
	for _, s := range a.seats() {
		live, ok := recoveryKeyOf(s)
		if !ok || live.Key != key {
			if len(mark.Proof) == 0 {
				continue // it is for the device that made the sheet to do
			}
			entry, err := s.log.RegisterSeatKey(a.key, key, mark.Proof, space.Recovery, recoveryUses, time.Time{}, at)
			if err == nil {
				err = a.addEntry(ctx, s.log.ID(), entry)
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
		}
		covered = append(covered, s.log.ID().String())
	}
	slices.Sort(covered)
	known := a.settings.get().Recovery
	if known == nil || known.Key != mark.Key || !slices.Equal(known.Spaces, covered) {
		mark.Spaces = covered
		errs = append(errs, a.settings.change(func(s *settings) { s.Recovery = &mark }))
	}
	return errors.Join(errs...)
}

// Recover makes this device one of the person's whose recovery sheet has these
// words. Members are looked for on the local network, and at an address where
// one is given. label is what the others shall call this device. It fails with
// CodeMalformed or CodeUnreachable.
func (a *App) Recover(ctx context.Context, text, address, label string) (Linked, error) {
	seed, err := recoverySeed(text)
	if err != nil {
		return Linked{}, err
	}
	if label, err = deviceLabel(label); err != nil {
		return Linked{}, err
	}
	link := p2p.Link{Secret: seed, Label: label}
	if address != "" {
		// Somebody who is not there should be said to be so before the search
		// for others begins.
		if err := a.Connect(ctx, address); err != nil {
			return Linked{}, err
		}
		link.Doors = []string{address}
	}
	linked, err := a.takeSeats(ctx, link)
	if errors.Is(err, p2p.ErrUnreachable) {
		return Linked{}, wrapError(CodeUnreachable, "Nobody was found who knows you by these words. "+
			"Check the words against your sheet, and make sure that somebody of one of your spaces has Parley open on the same network, or give the address of one of them.", err)
	}
	return linked, err
}

// CheckRecovery says what is wrong with words that are to be a recovery
// sheet's. It fails with CodeMalformed.
func CheckRecovery(text string) error {
	_, err := recoverySeed(text)
	return err
}

// WordsProblem says what is wrong with words that somebody typed.
type WordsProblem struct {
	Right    bool   `json:"right"`    // nothing is
	Position int    `json:"position"` // of the word that is none, from 1; 0: it is about all of them
	Word     string `json:"word"`     // as it was typed
	Nearest  string `json:"nearest"`  // the word that was perhaps meant, or empty
	Count    int    `json:"count"`    // how many there are, and
	Want     int    `json:"want"`     // how many there should be, where that is wrong; else 0
}

// CheckWords says what is wrong with the words of a sheet or a link, for a
// screen to say so in its own language.
func CheckWords(text string) WordsProblem {
	_, err := wordlist.ParseRecovery(text)
	return wordsProblem(err)
}

func wordsProblem(err error) WordsProblem {
	var wrong *wordlist.Error
	if !errors.As(err, &wrong) {
		return WordsProblem{Right: err == nil}
	}
	return WordsProblem{
		Position: wrong.Position, Word: wrong.Word, Nearest: wrong.Nearest, Count: wrong.Count, Want: wrong.Want,
	}
}
