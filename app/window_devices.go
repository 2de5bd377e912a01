package app

import (
	"context"
	"errors"

	"parley/space"
)

// The calls of a window about a person's own devices, the way back to them,
// and whom they have verified.

// Devices lists the devices of this person.
func (w *Window) Devices() ([]MyDevice, error) { return w.app.Devices(), nil }

// LinkDevice makes a code by which one more device becomes this person's.
func (w *Window) LinkDevice() (LinkCode, error) { return w.app.LinkDevice(w.ctx) }

// CancelLink ends it.
func (w *Window) CancelLink() error { return w.app.CancelLink(w.ctx) }

// UseLink makes this device one of whoever made the code.
func (w *Window) UseLink(code, label string) (Linked, error) {
	return w.search(func(ctx context.Context) (Linked, error) { return w.app.UseLink(ctx, code, label) })
}

// StopSearch ends a UseLink or Recover of this window that is under way: it
// fails with CodeStopped, unless something was found already. It is no error
// where none is.
func (w *Window) StopSearch() error {
	w.mu.Lock()
	stop := w.stop
	w.mu.Unlock()
	if stop != nil {
		stop()
	}
	return nil
}

// search runs what StopSearch can end. The newest of several is the one that
// can be ended.
func (w *Window) search(run func(context.Context) (Linked, error)) (Linked, error) {
	ctx, cancel := context.WithCancelCause(w.ctx)
	defer cancel(nil)
	stopped := newError(CodeStopped, "The search was stopped. Nothing was changed.")
	w.mu.Lock()
	w.stop = func() { cancel(stopped) }
	w.mu.Unlock()
	linked, err := run(ctx)
	if err != nil && errors.Is(context.Cause(ctx), stopped) {
		return Linked{}, stopped
	}
	return linked, err
}

// RenameDevice names a device of this person.
func (w *Window) RenameDevice(device, label string) error {
	id, err := parseDevice(device)
	if err != nil {
		return err
	}
	return w.app.RenameDevice(w.ctx, id, label)
}

// NewRecoverySheet draws the words of a sheet.
func (w *Window) NewRecoverySheet() (RecoverySheet, error) { return w.app.NewRecoverySheet() }

// KeepRecoverySheet makes them bring this person back.
func (w *Window) KeepRecoverySheet(words string) (RecoveryState, error) {
	return w.app.KeepRecoverySheet(w.ctx, words)
}

// RecoveryState says what the sheet in force is worth.
func (w *Window) RecoveryState() (RecoveryState, error) { return w.app.RecoveryState(), nil }

// Recover makes this device one of the person's whose sheet has these words.
func (w *Window) Recover(words, address, label string) (Linked, error) {
	return w.search(func(ctx context.Context) (Linked, error) { return w.app.Recover(ctx, words, address, label) })
}

// CheckWords says what is wrong with words that were typed.
func (w *Window) CheckWords(words string) (WordsProblem, error) { return CheckWords(words), nil }

// SafetyWords are those to compare with another person.
func (w *Window) SafetyWords(spaceID, seat string) (Safety, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return Safety{}, err
	}
	device, err := parseDevice(seat)
	if err != nil {
		return Safety{}, err
	}
	return w.app.SafetyWords(id, device)
}

// MarkVerified keeps whether they were the same.
func (w *Window) MarkVerified(spaceID, seat string, same bool) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	device, err := parseDevice(seat)
	if err != nil {
		return err
	}
	return w.app.MarkVerified(id, device, same)
}

// Pending lists the applications that wait for an answer.
func (w *Window) Pending() ([]PendingJoin, error) { return w.app.Pending(), nil }

// CancelPending forgets one.
func (w *Window) CancelPending(id string) error { return w.app.CancelPending(id) }

// TakeHanded gives the code of a link or file that was opened outside, once.
func (w *Window) TakeHanded() (string, error) { return w.app.takeHanded(), nil }

func parseDevice(text string) (space.DeviceID, error) {
	device, err := space.ParseDeviceID(text)
	if err != nil {
		return space.DeviceID{}, wrapError(CodeNotFound, "There is no such device.", err)
	}
	return device, nil
}
