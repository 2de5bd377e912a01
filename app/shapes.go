package app

import "time"

// The shapes that cross to a window and to a script, as JSON. The names in
// frontend/src/bridge/api.ts are the same; a test compares them.

// Person says who a device belongs to.
type Person struct {
	Name         string `json:"name"`
	Organisation string `json:"organisation,omitempty"`
	Official     bool   `json:"official,omitempty"`
}

// Welcome is what a fresh page needs before it can draw anything.
type Welcome struct {
	Device  string  `json:"device"`
	Version string  `json:"version"`
	Person  *Person `json:"person"` // null until the first start has asked for a name
	Spaces  []Space `json:"spaces"`
	Offline bool    `json:"offline"`
	Data    string  `json:"data"`
	Start   *Place  `json:"start,omitempty"`
}

// Author says whose an actor of a part is.
type Author struct {
	Actor    string `json:"actor"`          // hex
	Seat     string `json:"seat,omitempty"` // of the person; empty: nobody knows
	Person   Person `json:"person"`
	Former   bool   `json:"former,omitempty"`   // they are not in the space any more
	Imported bool   `json:"imported,omitempty"` // it was written elsewhere, and this person has brought it in
}

// Place is a document as a place to be.
type Place struct {
	Space    string `json:"space"`
	Document string `json:"document"`
}

// NoRole is the role of a device that does not belong to the space: it was
// removed or has left (Space.YouWere), or its join did not count. For that, two
// members who did not know of each other let more people in than the
// invitation was for, and the log's order gave its uses to others
// (docs/formats.md).
const NoRole = "none"

// Space is one space as this device sees it.
type Space struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	Role         string     `json:"role"` // of this device, or NoRole
	Index        string     `json:"index"`
	Members      []Member   `json:"members"` // one for each person, in the order of joining
	Archived     bool       `json:"archived"`
	Reach        string     `json:"reach"`        // how far its devices look for one another: "direct", "local" or "wide"
	Facilitators int        `json:"facilitators"` // people
	Formers      []Former   `json:"formers"`      // newest first
	Requests     int        `json:"requests"`
	Quarantined  int        `json:"quarantined"` // of what App.Quarantined lists, what can be let in
	Successor    *Successor `json:"successor,omitempty"`
	Newer        bool       `json:"newer"`
	YouWere      string     `json:"youWere,omitempty"` // WereRemoved, WereLeft, WereRevoked; else empty
}

// Why a device does not belong to a space any more.
const (
	WereRemoved = "removed"
	WereLeft    = "left"
	WereRevoked = "revoked" // the device alone; the person stays
)

// Member is a person who belongs to a space. Device is their place in it, named
// by the first of their devices there.
type Member struct {
	Device string `json:"device"`
	Person
	Role        string         `json:"role"`
	You         bool           `json:"you"`
	Connected   bool           `json:"connected"`
	LastSeen    *time.Time     `json:"lastSeen,omitempty"`
	Joined      time.Time      `json:"joined"`
	InvitedBy   string         `json:"invitedBy,omitempty"` // a name, as the next two
	AdmittedBy  string         `json:"admittedBy,omitempty"`
	ConfirmedBy string         `json:"confirmedBy,omitempty"`
	Verified    string         `json:"verified"` // VerifiedYes, VerifiedChanged or VerifiedNo
	Devices     []MemberDevice `json:"devices"`
}

// Whether the person of this device has compared words with somebody.
const (
	VerifiedYes     = "yes"
	VerifiedChanged = "changed" // they have another device or name since
	VerifiedNo      = "no"
)

// MemberDevice is one device of a Member.
type MemberDevice struct {
	Device           string     `json:"device"`
	Label            string     `json:"label"`
	ThisOne          bool       `json:"thisOne"`
	Connected        bool       `json:"connected"`
	LastSeen         *time.Time `json:"lastSeen,omitempty"`
	Since            time.Time  `json:"since"`
	NewSinceVerified bool       `json:"newSinceVerified"`
}

// Former is a person who belongs to a space no more.
type Former struct {
	Device string `json:"device"`
	Person
	Role string    `json:"role"`
	Left bool      `json:"left"`
	By   string    `json:"by"` // who removed them; empty where they left
	At   time.Time `json:"at"`
}

// Successor is the space in which one goes on whose last facilitator is gone.
type Successor struct {
	By      string `json:"by"`
	Name    string `json:"name"`
	CanJoin bool   `json:"canJoin"`
	Space   string `json:"space,omitempty"` // where this device is in it
}

// Request is somebody who waits for a facilitator's answer.
type Request struct {
	ID     string `json:"id"`
	Device string `json:"device"`
	Person
	Role       string    `json:"role"`
	InvitedBy  string    `json:"invitedBy"`
	AdmittedBy string    `json:"admittedBy"`
	At         time.Time `json:"at"`
}

// Quarantined is what one device wrote into one part of a document and was not
// let in for one reason. Its ID is one of exactly these changes.
type Quarantined struct {
	ID           string    `json:"id"`
	Document     string    `json:"document"`
	Title        string    `json:"title"`
	Part         string    `json:"part"`
	Device       string    `json:"device,omitempty"`
	Name         string    `json:"name"`
	Organisation string    `json:"organisation,omitempty"`
	Reason       string    `json:"reason"`
	Changes      int       `json:"changes"`
	Since        time.Time `json:"since"`
	Until        time.Time `json:"until"`
	Size         int       `json:"size"` // bytes
	Excerpt      string    `json:"excerpt"`
	Does         *Effect   `json:"does,omitempty"` // absent: these are too many changes to count it
	Admissible   bool      `json:"admissible"`
}

// Effect is what changes do to a text, in letters.
type Effect struct {
	Adds     int `json:"adds"`
	TakesOut int `json:"takesOut"`
}

// InviteOptions say what invitation to make.
type InviteOptions struct {
	Role  string  `json:"role"`
	Uses  int     `json:"uses"`
	Hours float64 `json:"hours"` // until it ends; 0: never
	Ask   bool    `json:"ask"`
}

// Exported says where an exported space is; both are empty where the person has
// changed their mind.
type Exported struct {
	File string `json:"file"`
	URL  string `json:"url"`
}

// Document is one line of a space's index.
type Document struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Kind    string    `json:"kind"`
	Created time.Time `json:"created"`

	Archived   bool      `json:"archived"`
	ArchivedAt time.Time `json:"archivedAt,omitzero"` // absent: not known
}

// OpenedDocument is everything a window needs to show a part of a document and
// to write it.
type OpenedDocument struct {
	Actor    string   `json:"actor"`    // hex; leased until the window closes the part
	Position uint64   `json:"position"` // to pull after
	Chunks   [][]byte `json:"chunks"`
	Writable bool     `json:"writable"` // whether the role allows it now; a Commit asks again
	Together bool     `json:"together"` // some other window has the document open; see Window.Company
}

// Committed answers a commit once it is on disk.
type Committed struct {
	Position uint64 `json:"position"`
}

// Pulled is what a part got after a position. Anew says that changes which the
// window has were taken out of the part: the chunks are all that is left, and
// the window has to begin again with them.
type Pulled struct {
	Position uint64   `json:"position"`
	Chunks   [][]byte `json:"chunks"`
	Anew     bool     `json:"anew"`
}

// Invitation is one invitation to a space. Its code is known to the device that
// made it, and only as long as the code lets somebody in; elsewhere it is
// empty.
type Invitation struct {
	ID        string     `json:"id"`
	Code      string     `json:"code"`
	Role      string     `json:"role"`
	Ask       bool       `json:"ask"`    // a facilitator has to say yes to whoever uses it
	Author    string     `json:"author"` // the place, as in Member, of who made it
	By        string     `json:"by"`     // and their name
	Created   time.Time  `json:"created"`
	Uses      int        `json:"uses"`
	Used      int        `json:"used"`
	Expires   *time.Time `json:"expires,omitempty"` // absent: never
	Withdrawn bool       `json:"withdrawn"`
}

// Here is what another device's window said of where it is.
type Here struct {
	Device   string    `json:"device"`
	Name     string    `json:"name"`
	Document string    `json:"document"`
	State    []byte    `json:"state"` // opaque to Go
	At       time.Time `json:"at"`
}

// Status says in facts what the window says in words: what is saved, and who
// has the latest.
type Status struct {
	Saved   bool           `json:"saved"`
	Offline bool           `json:"offline"`
	Members []MemberStatus `json:"members"` // everybody, but for this device
}

// MemberStatus is a person's share in a Status: what any of their devices has.
type MemberStatus struct {
	Device    string     `json:"device"` // as in Member
	Name      string     `json:"name"`
	Connected bool       `json:"connected"`
	HasLatest bool       `json:"hasLatest"`
	LastSeen  *time.Time `json:"lastSeen,omitempty"`
	You       bool       `json:"you"`             // the other devices of this person
	Known     bool       `json:"known"`           // anything is known of what they have
	AsOf      *time.Time `json:"asOf,omitempty"`  // when they last said what they have; absent while connected
	Lacks     *time.Time `json:"lacks,omitempty"` // when the first change was written that they lack, where that is known
}

// DocumentSeen says how many people of a space have the latest of a document,
// besides the person of this device.
type DocumentSeen struct {
	Document string `json:"document"`
	Have     int    `json:"have"`
	People   int    `json:"people"` // that there are
}

// CatchingUp is how far it is to get what a space holds from somebody.
type CatchingUp struct {
	Active bool   `json:"active"`
	From   string `json:"from"` // a name
	Done   int    `json:"done"` // documents
	Of     int    `json:"of"`
	Bytes  int64  `json:"bytes"` // that have come
}

// Network is what the network screen shows.
type Network struct {
	Device    string   `json:"device"`
	Addresses []string `json:"addresses"`
	Peers     []Peer   `json:"peers"`
	Offline   bool     `json:"offline"`
	Frugal    bool     `json:"frugal"`    // somebody has switched it on
	Spares    string   `json:"spares"`    // why the network is used sparingly by itself: "battery", "metered" or ""
	Helps     bool     `json:"helps"`     // it may help fellow members to find each other: SetHelping
	Helping   bool     `json:"helping"`   // it does: the internet reaches it
	Helped    int      `json:"helped"`    // devices that others find through it now
	Bootstrap []string `json:"bootstrap"` // nodes to ask for members of wide spaces, as entered
	Asking    bool     `json:"asking"`    // they are asked: some space is wide
	Answering int      `json:"answering"` // how many nodes answer
	Serving   []string `json:"serving"`   // where this device is such a node itself
}

// Peer is a device that is connected now.
type Peer struct {
	Device    string    `json:"device"`
	Name      string    `json:"name,omitempty"` // known where it shares a space
	Addresses []string  `json:"addresses"`
	Transport string    `json:"transport"`
	RTT       float64   `json:"rtt"` // milliseconds; 0 while unknown
	Since     time.Time `json:"since"`
}

// Event is something a window is told without asking. It is small on purpose,
// because the desktop window evaluates events as script: what changed is
// pulled by a call.
type Event struct {
	Name EventName
	Data any // MovedData, CompanyData, ProgressData, ExportingData, CarryingData, SpaceData or NoData
}

// EventName is the name of an event; these are all there are.
type EventName string

// The events of a window.
const (
	EventMoved    EventName = "moved"    // MovedData: a part got new chunks; pull them
	EventHere     EventName = "here"     // SpaceData: presence in a space changed
	EventSpaces   EventName = "spaces"   // NoData: members, names, invitations, requests or quarantine of some space changed
	EventNetwork  EventName = "network"  // NoData: somebody connected or left
	EventStatus   EventName = "status"   // SpaceData: who has what in a space changed
	EventCompany  EventName = "company"  // CompanyData: other windows came to an open document, or all have left it
	EventUnlocked EventName = "unlocked" // NoData: the device is open now, and answers
	EventRoom     EventName = "room"     // SpaceData: the room of a space opened or ended, or somebody came in
	EventNotices  EventName = "notices"  // NoData: there is another notice, or one less
	EventHanded   EventName = "handed"   // NoData: a link or a file was opened outside
	EventClosing  EventName = "closing"  // NoData: the window is about to go; hand in what was typed, then say Ready
	EventCatching EventName = "catching" // SpaceData: catching up in a space began, got on, or ended

	EventExporting  EventName = "exporting"  // ExportingData: how far this window's export of a space is, or how it ended
	EventCarrying   EventName = "carrying"   // CarryingData: how far a file of this window's is, by which a space is carried
	EventSucceeding EventName = "succeeding" // ProgressData: how far the founding of a space's successor is
)

// MovedData says which part moved, and to where.
type MovedData struct {
	Space    string `json:"space"`
	Document string `json:"document"`
	Part     string `json:"part"`
	Position uint64 `json:"position"`
}

// CompanyData says which document has company now, or has none any more.
type CompanyData struct {
	Space    string `json:"space"`
	Document string `json:"document"`
}

// ProgressData says how many documents and files of a space are done, and of
// how many.
type ProgressData struct {
	Space string `json:"space"`
	Done  int    `json:"done"`
	Of    int    `json:"of"`
}

// SpaceData says which space an event is about.
type SpaceData struct {
	Space string `json:"space"`
}

// NoData is the empty object.
type NoData struct{}
