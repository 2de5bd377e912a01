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

// Place is a document as a place to be.
type Place struct {
	Space    string `json:"space"`
	Document string `json:"document"`
}

// NoRole is the role of a device whose join did not count: two members who did
// not know of each other let more people in than the invitation was for, and
// the log's order gave its uses to others (docs/formats.md).
const NoRole = "none"

// Space is one space as this device sees it.
type Space struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Role    string   `json:"role"` // of this device, or NoRole
	Index   string   `json:"index"`
	Members []Member `json:"members"`
}

// Member is one member of a space.
type Member struct {
	Device string `json:"device"`
	Person
	Role      string     `json:"role"`
	You       bool       `json:"you"`
	Connected bool       `json:"connected"`
	LastSeen  *time.Time `json:"lastSeen,omitempty"`
}

// Document is one line of a space's index.
type Document struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Kind    string    `json:"kind"`
	Created time.Time `json:"created"`
}

// OpenedDocument is everything a window needs to show a part of a document and
// to write it.
type OpenedDocument struct {
	Actor    string   `json:"actor"`    // hex; leased until the window closes the part
	Position uint64   `json:"position"` // to pull after
	Chunks   [][]byte `json:"chunks"`
	Writable bool     `json:"writable"`
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
	Members []MemberStatus `json:"members"` // the others, not this device
}

// MemberStatus is another member's share in a Status.
type MemberStatus struct {
	Device    string     `json:"device"`
	Name      string     `json:"name"`
	Connected bool       `json:"connected"`
	HasLatest bool       `json:"hasLatest"`
	LastSeen  *time.Time `json:"lastSeen,omitempty"`
}

// Network is what the network screen shows.
type Network struct {
	Device    string   `json:"device"`
	Addresses []string `json:"addresses"`
	Peers     []Peer   `json:"peers"`
	Offline   bool     `json:"offline"`
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
	Data any // MovedData, CompanyData, SpaceData or NoData
}

// EventName is the name of an event; these are all there are.
type EventName string

// The events of a window.
const (
	EventMoved    EventName = "moved"    // MovedData: a part got new chunks; pull them
	EventHere     EventName = "here"     // SpaceData: presence in a space changed
	EventSpaces   EventName = "spaces"   // NoData: membership, names or invitations of some space changed
	EventNetwork  EventName = "network"  // NoData: somebody connected or left
	EventStatus   EventName = "status"   // SpaceData: who has what in a space changed
	EventCompany  EventName = "company"  // CompanyData: other windows came to an open document, or all have left it
	EventUnlocked EventName = "unlocked" // NoData: the device is open now, and answers
	EventNotices  EventName = "notices"  // NoData: there is another notice, or one less
	EventClosing  EventName = "closing"  // NoData: the window is about to go; hand in what was typed, then say Ready
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

// SpaceData says which space an event is about.
type SpaceData struct {
	Space string `json:"space"`
}

// NoData is the empty object.
type NoData struct{}
