package app

import (
	"context"
	"errors"
	"slices"

	"parley/space"
)

// tendSeats keeps what concerns this device's person the same on all their
// devices and in all their spaces, until ctx ends: the name, the cover of the
// recovery sheet, and who their devices are.
func (a *App) tendSeats(ctx context.Context) {
	seen := a.news.current()
	persons := make(map[space.ID]space.Person)
	for {
		if err := a.tendOnce(ctx, persons); err != nil && ctx.Err() == nil {
			a.log.Error("tend seats", "err", err)
		}
		for {
			fresh, rung := a.news.since(seen)
			if slices.ContainsFunc(fresh, func(t topic) bool { return t.event == EventSpaces }) {
				break
			}
			select {
			case <-ctx.Done():
				return
			case <-rung:
			}
		}
	}
}

// tendOnce looks once. persons are those of the seats when it last looked.
func (a *App) tendOnce(ctx context.Context, persons map[space.ID]space.Person) error {
	a.seating.Lock()
	defer a.seating.Unlock()
	return errors.Join(a.followPerson(ctx, persons), a.tendRecovery(ctx), a.noteDevices())
}

// followPerson takes over what another device of this person has said of them.
func (a *App) followPerson(ctx context.Context, persons map[space.ID]space.Person) error {
	mine := a.Person()
	if mine == nil || a.settings.get().Unsaid {
		return nil // this device has something to say first
	}
	var changed *space.Person
	for _, s := range a.seats() {
		id, person := s.log.ID(), s.seat.Person
		if was, known := persons[id]; person != mine.toSpace() && (!known || was != person) {
			changed = &person
		}
		persons[id] = person
	}
	if changed == nil {
		return nil
	}
	return a.SetPerson(ctx, personFrom(*changed))
}

// noteDevices tells of devices that have become this person's since it last
// looked: whoever did not link one should know. The device at which it was
// linked has it on the screen.
func (a *App) noteDevices() error {
	known := a.settings.get().Known
	var now []string
	var fresh []MyDevice
	for _, device := range a.Devices() {
		now = append(now, device.Device)
		if !device.ThisOne && !slices.Contains(known, device.Device) {
			fresh = append(fresh, device)
		}
	}
	slices.Sort(now)
	if slices.Equal(now, known) {
		return nil
	}
	if err := a.settings.change(func(s *settings) { s.Known = now }); err != nil {
		return err
	}
	for _, device := range fresh {
		if known == nil || a.linking.expects() {
			continue
		}
		a.notices.add(Notice{
			ID: string(NoticeDeviceLinked) + " " + device.Device, Code: NoticeDeviceLinked,
			Values: map[string]string{"device": device.Label}, At: device.Since,
		})
	}
	return nil
}
