package app

import (
	"context"
	"errors"

	"parley/space"
)

// Revoked is what a device that was taken out has taken along.
type Revoked struct {
	SheetEnded bool `json:"sheetEnded"` // the recovery sheet was made on it
}

// RevokeDevice ends what another device of this person may do, in every space
// that it is in with this one, and with it every key by which it could let
// further devices in. What it wrote and this device has stays.
func (a *App) RevokeDevice(ctx context.Context, device space.DeviceID) (revoked Revoked, err error) {
	if device == a.Device() {
		return Revoked{}, newError(CodeInvalid, "This is the device that you are using, and it cannot take itself out. Take it out on another device of yours; if you have no other, leave your spaces instead.")
	}
	a.seating.Lock()
	defer a.seating.Unlock()
	err = a.inMySeats(ctx, device, func(s mySeat) ([]space.Entry, error) {
		if key, ok := recoveryKeyOf(s); ok && key.Author == device {
			revoked.SheetEnded = true // with the device that made it
		}
		cut, err := a.store.Cut(ctx, s.log.ID(), []space.DeviceID{device})
		if err != nil {
			return nil, err
		}
		return s.log.Revoke(a.key, device, cut, now())
	})
	if err != nil {
		return Revoked{}, err
	}
	// A link key lets any device in, and who has the lost one may have made it.
	for _, s := range a.seats() {
		for _, key := range s.log.SeatKeys(space.Link) {
			if key.Seat == s.seat.ID {
				err = errors.Join(err, a.withdrawSeatKey(ctx, s.log, key.Key))
			}
		}
	}
	return revoked, err
}

// RevokeDevice takes another device of this person out of all spaces.
func (w *Window) RevokeDevice(device string) (Revoked, error) {
	id, err := parseDevice(device)
	if err != nil {
		return Revoked{}, err
	}
	return w.app.RevokeDevice(w.ctx, id)
}
