package crdt

import (
	"errors"
	"fmt"

	"parley/crdt/chunk"
)

// Bundle is the unit that travels: Append takes one, Since gives one. The
// order within does not matter.
type Bundle struct {
	Snapshots  [][]byte // Automerge document chunks
	Changes    [][]byte // Automerge change chunks
	Signatures []Signature
}

// Empty reports whether the bundle brings nothing.
func (b Bundle) Empty() bool { return len(b.Snapshots) == 0 && len(b.Changes) == 0 }

// Origin says which way a change came in.
type Origin uint8

// The origins.
const (
	Local  Origin = 1 // written on this device
	Peer   Origin = 2 // sent by another device
	Import Origin = 3 // taken from a file
)

var originNames = [...]string{Local: "local", Peer: "peer", Import: "import"}

// String is the word that the command line and JSON use.
func (o Origin) String() string {
	if o < Local || o > Import {
		return fmt.Sprintf("origin %d", uint8(o))
	}
	return originNames[o]
}

// MarshalText writes the word.
func (o Origin) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the word.
func (o *Origin) UnmarshalText(text []byte) error {
	for known := Local; known <= Import; known++ {
		if string(text) == originNames[known] {
			*o = known
			return nil
		}
	}
	return fmt.Errorf("unknown origin %q", text)
}

// Receipt says what became of a bundle.
type Receipt struct {
	Accepted    int           // changes that are new and durable now
	Position    uint64        // of the last of them; of the part's last before, if there is none
	Missing     []chunk.Hash  // dependencies that are not here: what needs them was not stored
	Quarantined int           // how much was refused
	Refused     []Quarantined // the same one by one, without the bytes
}

// Err is nil unless something was refused. It wraps the first refusal's
// Reason.
func (r Receipt) Err() error {
	if len(r.Refused) == 0 {
		return nil
	}
	return r.Refused[0]
}

// Reason says why something was refused. Callers test for it with errors.Is.
type Reason uint8

// The reasons, as stored in quarantine.
const (
	ReasonMalformed    Reason = 1  // not a valid chunk
	ReasonBadSignature Reason = 2  // a signature that does not match
	ReasonNotVouched   Reason = 3  // no signature covers it
	ReasonActor        Reason = 4  // the actor belongs to another device than the one that signed
	ReasonNoRight      Reason = 5  // nobody who signed for it is known here to have ever belonged to the space
	ReasonFork         Reason = 6  // another change has this actor and sequence number
	ReasonSequence     Reason = 7  // it does not follow its actor's earlier change
	ReasonTooLarge     Reason = 8  // beyond the limits
	ReasonUnfit        Reason = 9  // a snapshot, sound by itself, that is no document with what is here
	ReasonNonsense     Reason = 10 // with it, or with what it builds on, the document cannot be read
	ReasonApart        Reason = 11 // it had to go with something that was set aside
	ReasonCrash        Reason = 12 // what reads documents stopped, or took too long or too much memory, over it
	ReasonTrap         Reason = 13 // a window could not show it
	ReasonForked       Reason = 14 // it builds on the losing side of a fork
	ReasonRemoved      Reason = 15 // its author does not belong to the space any more
	ReasonRole         Reason = 16 // its author's role does not give the right to this part
	ReasonArchived     Reason = 17 // the space was archived without it
)

var reasonTexts = [...]string{
	ReasonMalformed:    "the bytes are not a valid change",
	ReasonBadSignature: "its signature does not match",
	ReasonNotVouched:   "nobody has signed for it",
	ReasonActor:        "it claims to be written by another device than the one that signed it",
	ReasonNoRight:      "its author is not known to belong to this space",
	ReasonFork:         "another change with the same actor and sequence number is here already",
	ReasonSequence:     "it does not follow its author's earlier change",
	ReasonTooLarge:     "it is too large",
	ReasonUnfit:        "it does not fit with what is here already",
	ReasonNonsense:     "the document could not be read with it",
	ReasonApart:        "it could not stay without something that was set aside",
	ReasonCrash:        "its reader stopped or took too long",
	ReasonTrap:         "a window could not show it",
	ReasonForked:       "it builds on the losing side of a fork",
	ReasonRemoved:      "its author does not belong to this space any more",
	ReasonRole:         "its author may not write this part of the document",
	ReasonArchived:     "the space is archived: nobody changes anything in it",
}

// Error says in plain words what is wrong.
func (r Reason) Error() string {
	if r < ReasonMalformed || r > ReasonArchived {
		return fmt.Sprintf("refused for reason %d", uint8(r))
	}
	return reasonTexts[r]
}

// mended reports whether something that had been accepted was taken out again.
func (r Reason) mended() bool {
	switch r {
	case ReasonNonsense, ReasonApart, ReasonCrash, ReasonTrap:
		return true
	}
	return false
}

// final reports whether what was set aside for this reason is refused when it
// comes again.
func (r Reason) final() bool {
	return r == ReasonNonsense || r == ReasonCrash || r == ReasonTrap
}

// judged reports whether something does not count because of the membership
// log, and would by another.
func (r Reason) judged() bool {
	switch r {
	case ReasonNoRight, ReasonRemoved, ReasonRole, ReasonArchived:
		return true
	}
	return false
}

// returns reports whether what was set aside for this reason may count again.
func (r Reason) returns() bool { return r.forked() || r.judged() }

// Forged reports whether an honest device could not have passed this on: it
// is wrong whatever one knows of the membership log.
func (r Reason) Forged() bool {
	switch r {
	case ReasonNoRight, ReasonActor, ReasonFork, ReasonUnfit, ReasonNonsense, ReasonApart,
		ReasonCrash, ReasonTrap, ReasonForked, ReasonRemoved, ReasonRole, ReasonArchived:
		return false
	}
	return true
}

// Errors of the store that callers tell apart.
var (
	ErrUnknownSpace = errors.New("this space is not on this device")
	ErrClosed       = errors.New("the store is closed")
	ErrNewer        = errors.New("this data was written by a newer version of Parley: update Parley to open it")
	ErrLagged       = errors.New("too much happened since: look at everything again")
	ErrPart         = errors.New("no such part of a document")
	ErrTooMany      = errors.New("this holds changes of more authors than can be taken in at once: take it in in pieces")
	ErrDamaged      = errors.New("a record of the store cannot be read")
)
