package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"parley/app/vault"
	"parley/crdt"
	"parley/space"
)

// NoticeCode names what a notice is about; a window has the words for it.
type NoticeCode string

// The codes of notices, with the values that their sentences name.
const (
	// NoticeForked: two computers wrote under one name. Values: person, count;
	// own, where they are this device's.
	NoticeForked NoticeCode = "forked"
	// NoticeCopied: the data directory was copied or put back, and this device
	// writes under new numbers now.
	NoticeCopied NoticeCode = "copied"
	// NoticeSetAside: changes could not be read and were set aside. Values:
	// person, count.
	NoticeSetAside NoticeCode = "set-aside"
	// NoticeDamaged: files or records cannot be read any more. Values: files
	// or count, saved; gaps, the number of documents that lack something, where
	// that is known.
	NoticeDamaged NoticeCode = "damaged"
	// NoticeSettingsAside: the settings could not be read. Values: file.
	NoticeSettingsAside NoticeCode = "settings-aside"
	// NoticeRestored: this device was put back from a backup. Values: file.
	NoticeRestored NoticeCode = "restored"
	// NoticeAdmitted: an application was answered with yes. Values: space.
	NoticeAdmitted NoticeCode = "admitted"
	// NoticeDeclined: it was answered with no. Values: space.
	NoticeDeclined NoticeCode = "declined"
	// NoticeUnanswered: its invitation ended first. Values: space.
	NoticeUnanswered NoticeCode = "unanswered"
	// NoticeDeviceLinked: this person has a device more. Values: device, where
	// it has a name.
	NoticeDeviceLinked NoticeCode = "device-linked"
)

// Notice is something that a person should know about this device or one of
// its documents, and that no screen they look at would show.
type Notice struct {
	ID       string            `json:"id"`
	Code     NoticeCode        `json:"code"`
	Space    string            `json:"space,omitempty"`
	Document string            `json:"document,omitempty"`
	Values   map[string]string `json:"values"` // what the sentence names: persons, files, numbers
	At       time.Time         `json:"at"`
}

// Sentence says in English what happened and what to do, for a terminal. A
// window has its own words.
func (n Notice) Sentence() string {
	who := n.Values["person"]
	if who == "" {
		who = "somebody who is not in the space"
	}
	changes := n.Values["count"] + " changes"
	if n.Values["count"] == "1" {
		changes = "1 change"
	}
	switch n.Code {
	case NoticeForked:
		if n.Values["own"] != "" {
			return fmt.Sprintf("This device and a copy of it have both written. Set aside of a document, on the side that fewer people have built on: %s. "+
				"Use the copy no more, or start it with a data directory of its own.", changes)
		}
		return fmt.Sprintf("A device of %s and a copy of it have both written. Set aside of a document, on the side that fewer people have built on: %s. "+
			"Ask them to use only one of the two.", who, changes)
	case NoticeCopied:
		return "The data directory of this device was copied or put back. It writes under new numbers now, so that nothing gets mixed up. You need do nothing."
	case NoticeSetAside:
		return fmt.Sprintf("Set aside of a document, because it could not be read with them: %s by %s. The rest is there. "+
			"Ask whether something of theirs is missing, and to write it again.", changes, who)
	case NoticeDamaged:
		return fmt.Sprintf("Something on the disk cannot be read any more (%s). All that could be read is there, and the damaged files are kept. "+
			"What others have comes back from them.%s Check the disk, and make a backup.", n.about(), n.gaps())
	case NoticeSettingsAside:
		return fmt.Sprintf("The settings of this device could not be read and lie aside in %s. Look whether your name and the network are as you want them.", n.about())
	case NoticeRestored:
		return fmt.Sprintf("This device was put back from the backup %s. What came after it comes back from the people you work with.", n.about())
	}
	return n.membership()
}

// membership says what happened to who belongs where.
func (n Notice) membership() string {
	switch n.Code {
	case NoticeAdmitted:
		return fmt.Sprintf("You are in %q now: a facilitator has said yes.", n.Values["space"])
	case NoticeDeclined:
		return fmt.Sprintf("A facilitator of %q has declined your request to join. Ask the person who invited you.", n.Values["space"])
	case NoticeUnanswered:
		return fmt.Sprintf("Nobody answered your request to join %q before the invitation ended. Ask for a new one.", n.Values["space"])
	case NoticeDeviceLinked:
		return fmt.Sprintf("A new device is linked to you: %s. If that was not you, take it out at once with \"parley-node device revoke\".",
			cmp.Or(n.Values["device"], "one without a name"))
	}
	return fmt.Sprintf("A newer Parley left a notice about %q.", n.Code)
}

// gaps says whether anything is missing since, where that was found out.
func (n Notice) gaps() string {
	switch n.Values["gaps"] {
	case "":
		return ""
	case "0":
		return " As far as can be seen, no document lacks anything."
	case "1":
		return " One document lacks something, for which the other members are asked."
	}
	return fmt.Sprintf(" %s documents lack something, for which the other members are asked.", n.Values["gaps"])
}

// about is what the notice's values name.
func (n Notice) about() string {
	for _, name := range []string{"files", "file"} {
		if n.Values[name] != "" {
			return n.Values[name]
		}
	}
	return n.Values["count"] + " records"
}

// maxNotices bounds how many are kept; the oldest goes first.
const maxNotices = 100

// notices are those that nobody has dismissed, oldest first, and a file that
// holds the same. What cannot be written stays in memory: it is about a device
// in trouble, whose disk may be full.
type notices struct {
	path    string
	key     *vault.Key
	log     *slog.Logger
	changed func()

	mu   sync.Mutex
	list []Notice

	heardMu sync.Mutex
	heard   []crdt.Incident
	rung    chan struct{} // holds at most one: there are incidents to put into words
}

// openNotices reads what was not dismissed, and seals it where it lies in the
// clear. A file that cannot be read is put
// aside, and counts as empty. changed is called after every change.
func openNotices(path string, key *vault.Key, log *slog.Logger, changed func()) (*notices, error) {
	n := &notices{path: path, key: key, log: log, changed: changed, rung: make(chan struct{}, 1)}
	raw, inClear, err := readSealed(key, path)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err == nil {
		if err = json.Unmarshal(raw, &n.list); err == nil {
			if inClear {
				n.keep()
			}
			return n, nil
		}
		n.list = nil // not what was read before the damage
	}
	aside, asideErr := putAside(path)
	if asideErr != nil {
		return nil, fmt.Errorf("put unreadable notices aside: %w", errors.Join(err, asideErr))
	}
	log.Warn("notices could not be read and were put aside", "file", aside, "err", err)
	return n, nil
}

// add keeps a notice. One with the ID of an earlier one takes its place. The
// notice's time is now where it has none.
func (n *notices) add(notice Notice) {
	n.update(notice.ID, func(*Notice) Notice { return notice })
}

// update puts what next makes of the notice with an ID (nil: there is none) in
// its place.
func (n *notices) update(id string, next func(before *Notice) Notice) {
	n.mu.Lock()
	at := slices.IndexFunc(n.list, func(other Notice) bool { return other.ID == id })
	var before *Notice
	if at >= 0 {
		before = &n.list[at]
	}
	notice := next(before)
	notice.ID = id
	if notice.Values == nil {
		notice.Values = map[string]string{}
	}
	if notice.At.IsZero() {
		notice.At = now()
	}
	if at >= 0 {
		n.list = slices.Delete(n.list, at, at+1)
	}
	n.list = append(n.list, notice)
	if over := len(n.list) - maxNotices; over > 0 {
		n.list = slices.Delete(n.list, 0, over)
	}
	n.keep()
	n.mu.Unlock()
	n.changed()
}

// dismiss forgets a notice. One that is not there is no error: another window
// may have dismissed it.
func (n *notices) dismiss(id string) {
	n.mu.Lock()
	n.list = slices.DeleteFunc(n.list, func(other Notice) bool { return other.ID == id })
	n.keep()
	n.mu.Unlock()
	n.changed()
}

// all are the notices, newest first.
func (n *notices) all() []Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := make([]Notice, 0, len(n.list))
	for _, notice := range slices.Backward(n.list) {
		list = append(list, notice)
	}
	return list
}

// keep writes the list. The caller holds mu.
func (n *notices) keep() {
	raw, err := json.MarshalIndent(n.list, "", "\t")
	if err == nil {
		err = replaceSealed(n.key, n.path, append(raw, '\n'))
	}
	if err != nil {
		n.log.Error("keep notices", "err", err)
	}
}

// hear takes an incident of the store. It returns at once, as the store asks
// of whoever it reports to; put makes notices of them.
func (n *notices) hear(i crdt.Incident) {
	n.heardMu.Lock()
	n.heard = append(n.heard, i)
	n.heardMu.Unlock()
	select {
	case n.rung <- struct{}{}:
	default:
	}
}

// heardOfDamage counts the documents of which something is known to be damaged,
// among the incidents that are not notices yet.
func (n *notices) heardOfDamage() int {
	n.heardMu.Lock()
	defer n.heardMu.Unlock()
	type document struct {
		space    space.ID
		document crdt.DocumentID
	}
	damaged := make(map[document]bool)
	for _, i := range n.heard {
		if i.Kind == crdt.IncidentDamaged {
			damaged[document{i.Ref.Space, i.Ref.Document}] = true
		}
	}
	return len(damaged)
}

func (n *notices) takeHeard() []crdt.Incident {
	n.heardMu.Lock()
	defer n.heardMu.Unlock()
	heard := n.heard
	n.heard = nil
	return heard
}

// Notices are what people of this device should know and nobody has dismissed,
// newest first.
func (a *App) Notices() []Notice { return a.notices.all() }

// DismissNotice forgets a notice, for all windows. It is no error where there
// is none.
func (a *App) DismissNotice(id string) { a.notices.dismiss(id) }

// noteIncidents makes notices of what the store reports, until ctx ends.
func (a *App) noteIncidents(ctx context.Context) {
	for {
		for _, i := range a.notices.takeHeard() {
			a.note(i)
		}
		select {
		case <-ctx.Done():
			return
		case <-a.notices.rung:
		}
	}
}

var noticeOf = map[crdt.IncidentKind]NoticeCode{
	crdt.IncidentFork:    NoticeForked,
	crdt.IncidentAside:   NoticeSetAside,
	crdt.IncidentDamaged: NoticeDamaged,
	crdt.IncidentCopied:  NoticeCopied,
}

// note makes a notice of an incident. What happens again to one document, by
// one person, adds to the notice that is there.
func (a *App) note(i crdt.Incident) {
	code, ok := noticeOf[i.Kind]
	if !ok {
		a.log.Error("an incident without a notice", "kind", i.Kind)
		return
	}
	if code == NoticeCopied {
		a.noteCopied()
		return
	}
	notice := Notice{Code: code, At: i.Time, Values: map[string]string{}}
	if i.Ref != (crdt.Ref{}) {
		notice.Space, notice.Document = i.Ref.Space.String(), i.Ref.Document.String()
	}
	if i.Device != (space.DeviceID{}) {
		notice.Values["person"] = a.nameIn(i.Ref.Space, i.Device)
		if i.Device == a.Device() {
			notice.Values["own"] = "true"
		}
	}
	id := fmt.Sprintf("%s %s %s %s", code, notice.Space, notice.Document, i.Device)
	a.notices.update(id, func(before *Notice) Notice {
		count := i.Count
		if before != nil {
			// What is not a number was written by a hand, and counts as none.
			earlier, _ := strconv.Atoi(before.Values["count"])
			count += earlier
		}
		notice.Values["count"] = strconv.Itoa(count)
		return notice
	})
}

// nameIn is what a device's person is called in a space, or empty.
func (a *App) nameIn(id space.ID, device space.DeviceID) string {
	if log, ok := a.store.Log(id); ok {
		if member, ok := log.Member(device); ok {
			return member.Person.Name
		}
	}
	return ""
}
