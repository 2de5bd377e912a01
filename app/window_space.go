package app

import (
	"context"
	"io"
	"slices"
	"time"

	"parley/space"
)

// Delivery gets a file from a window to the person at it: who shows the window
// knows how. name is what to call the file; write writes it, once, and fails
// where the file is not to be kept. Deliver answers when the file is there, or
// with where it can be had from.
type Delivery interface {
	Deliver(ctx context.Context, name string, write func(ctx context.Context, to io.Writer) error) (Exported, error)
}

// DeliverBy says how the window gets files to the person at it. It is called
// before the window's first call.
func DeliverBy(w *Window, d Delivery) { w.delivery = d }

// What a window may ask about the people of a space, and about the space as a
// whole. The operations of App say who may, and what each fails with.

// Requests lists who waits for a facilitator's answer.
func (w *Window) Requests(spaceID string) ([]Request, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return nil, err
	}
	return w.app.Requests(id)
}

// AnswerRequest lets somebody in who waits, or turns them away.
func (w *Window) AnswerRequest(spaceID, request string, accept bool) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	return w.app.AnswerRequest(w.ctx, id, request, accept)
}

// SetRole gives a person another role.
func (w *Window) SetRole(spaceID, seat, role string) error {
	id, device, err := parseMember(spaceID, seat)
	if err != nil {
		return err
	}
	parsed, err := parseRole(role)
	if err != nil {
		return err
	}
	return w.app.SetRole(w.ctx, id, device, parsed)
}

// Confirm says that an official is one, or takes that back.
func (w *Window) Confirm(spaceID, seat string, confirmed bool) error {
	id, device, err := parseMember(spaceID, seat)
	if err != nil {
		return err
	}
	return w.app.Confirm(w.ctx, id, device, confirmed)
}

// RemoveMember takes a person out of the space.
func (w *Window) RemoveMember(spaceID, seat string) error {
	id, device, err := parseMember(spaceID, seat)
	if err != nil {
		return err
	}
	return w.app.RemoveMember(w.ctx, id, device)
}

// LeaveSpace takes this device's person out of the space. The page has asked
// whether they mean it.
func (w *Window) LeaveSpace(spaceID string) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	return w.app.LeaveSpace(w.ctx, id)
}

// ForgetSpace deletes this device's copy of a space that it has left or was
// removed from.
func (w *Window) ForgetSpace(spaceID string) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	return w.app.ForgetSpace(w.ctx, id)
}

// RenameSpace gives the space another name.
func (w *Window) RenameSpace(spaceID, name string) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	return w.app.RenameSpace(w.ctx, id, name)
}

// SetReach says how far the space's devices look for one another.
func (w *Window) SetReach(spaceID, reach string) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	return w.app.SetReach(w.ctx, id, reach)
}

// ArchiveSpace closes the space for writing, or opens it again.
func (w *Window) ArchiveSpace(spaceID string, archived bool) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	return w.app.ArchiveSpace(w.ctx, id, archived)
}

// Succeed founds the space in which one without facilitators goes on.
func (w *Window) Succeed(spaceID, name string) (Space, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return Space{}, err
	}
	next, err := w.app.Succeed(w.ctx, id, name, w.progress(EventSucceeding, id))
	if err != nil {
		return Space{}, err
	}
	return w.app.Space(next)
}

// JoinSuccessor joins the space in which one goes on.
func (w *Window) JoinSuccessor(spaceID string) (Space, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return Space{}, err
	}
	next, err := w.app.JoinSuccessor(w.ctx, id)
	if err != nil {
		return Space{}, err
	}
	return w.app.Space(next)
}

// SaveInvitation saves an invitation of this device as a file, to be given to
// somebody, where the person wants it.
func (w *Window) SaveInvitation(spaceID, invitation string) (Exported, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return Exported{}, err
	}
	known, err := w.app.Space(id)
	if err != nil {
		return Exported{}, err
	}
	invitations, err := w.app.Invitations(id)
	if err != nil {
		return Exported{}, err
	}
	at := slices.IndexFunc(invitations, func(i Invitation) bool { return i.ID == invitation && i.Code != "" })
	if at < 0 {
		return Exported{}, newError(CodeNotFound, "This device has no code for this invitation. Ask the person who made it.")
	}
	if w.delivery == nil {
		return Exported{}, newError(CodeInvalid, "This window cannot save files. Copy the code instead.")
	}
	text := "parley:" + invitations[at].Code + "\n"
	return w.delivery.Deliver(w.ctx, fileName(known.Name, id.String())+".parley-invite", func(_ context.Context, to io.Writer) error {
		_, err := io.WriteString(to, text)
		return err
	})
}

// Quarantine lists what was refused of what others wrote in a space.
func (w *Window) Quarantine(spaceID string) ([]Quarantined, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return nil, err
	}
	return w.app.Quarantined(w.ctx, id)
}

// AdmitQuarantined lets some of it in.
func (w *Window) AdmitQuarantined(spaceID string, ids []string) error {
	id, err := parseSpace(spaceID)
	if err != nil {
		return err
	}
	return w.app.AdmitQuarantined(w.ctx, id, ids)
}

// progressPause is how often a window is told how far something is.
const progressPause = 100 * time.Millisecond

// progress tells the window how far something is: not too often, but always
// that it is done.
func (w *Window) progress(event EventName, id space.ID) func(done, of int) {
	var last time.Time
	return func(done, of int) {
		if done < of && time.Since(last) < progressPause {
			return
		}
		last = time.Now()
		w.emit(Event{Name: event, Data: ProgressData{Space: id.String(), Done: done, Of: of}})
	}
}

func parseMember(spaceID, device string) (space.ID, space.DeviceID, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return id, space.DeviceID{}, err
	}
	parsed, err := space.ParseDeviceID(device)
	if err != nil {
		return id, parsed, wrapError(CodeNotFound, "There is no such person.", err)
	}
	return id, parsed, nil
}
