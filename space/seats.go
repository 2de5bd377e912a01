package space

import "time"

// Member is a live device of a space.
type Member struct {
	Device    DeviceID
	Seat      DeviceID  // of the person whose device it is
	Label     string    // what they call the device; may be empty
	Person    Person    // of the seat
	Role      Role      // of the seat
	Joined    time.Time // as the member who admitted the device claims
	InvitedBy DeviceID  // the device that wrote the invitation or the key; zero for the founder
	Admitted  DeviceID  // the device that let it in; zero for the founder
}

// Seat is a person's place in a space. It is named by the ID of the device
// that was let in first.
type Seat struct {
	ID          DeviceID
	Person      Person
	Role        Role
	Joined      time.Time
	InvitedBy   DeviceID // seat; zero for the founder
	Admitted    DeviceID // seat; zero for the founder
	ConfirmedBy DeviceID // seat that has confirmed the person's standing; zero: nobody
	Devices     []Member // live ones, in the order of joining
}

// Former is a seat whose person was removed or has left.
type Former struct {
	Seat
	Left bool     // by themselves
	By   DeviceID // seat
	When time.Time
}

// Request is an application through an invitation that asks first, which no
// facilitator has answered yet.
type Request struct {
	Join       Hash
	Device     DeviceID
	Label      string
	Person     Person
	Role       Role
	Invitation InvitationKey
	Admitted   DeviceID // seat that has passed it on
	When       time.Time
}

// SeatKey is a live key into a seat: whoever joins with it becomes a device of
// that seat.
type SeatKey struct {
	Key     InvitationKey
	Seat    DeviceID
	Purpose Purpose
	Uses    int
	Used    int
	Expiry  time.Time // zero: never
	Author  DeviceID
	Created time.Time
}

// Successor is a space that somebody has founded to take the place of this
// one.
type Successor struct {
	Codes map[Role]Code // with which who has a role here joins there
	By    DeviceID      // seat
	When  time.Time
}

// Invitation is an open or spent way into a space.
type Invitation struct {
	Key       InvitationKey
	Role      Role
	Uses      int
	Used      int
	Expiry    time.Time // zero: never
	Ask       bool      // a facilitator has to say yes to every newcomer
	Withdrawn bool
	Author    DeviceID
	Created   time.Time
}
