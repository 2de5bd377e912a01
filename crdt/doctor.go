package crdt

import (
	"bytes"

	"parley/space"
)

// Subject says what a Finding is about.
type Subject string

// The subjects.
const (
	AboutStore      Subject = "store"      // a number that the store as a whole needs
	AboutSpace      Subject = "space"      // a space that cannot be opened
	AboutEntry      Subject = "entry"      // an entry of a membership log
	AboutPart       Subject = "part"       // what is known of a part at a glance
	AboutActor      Subject = "actor"      // an actor's newest change
	AboutChange     Subject = "change"     // a change
	AboutSnapshot   Subject = "snapshot"   // a snapshot, or a piece of one
	AboutHave       Subject = "have"       // what a member is known to hold
	AboutQuarantine Subject = "quarantine" // something refused
	AboutBlob       Subject = "blob"       // a file, or a piece of one
	AboutUnknown    Subject = "unknown"    // a key that no record has
)

// Finding is one thing that is wrong with a store.
type Finding struct {
	About Subject
	Space space.ID // zero where it is about no space
	Ref   Ref      // zero where it is about no part
	Key   []byte   // of the record; nil where it is about several, or about one that is not there
	Wrong error    // what is wrong, for whoever knows the format
}

// findingOf is about one record.
func findingOf(key []byte, wrong error) Finding {
	f := Finding{About: AboutUnknown, Key: bytes.Clone(key), Wrong: wrong}
	if len(key) > 0 && key[0] == topMeta {
		f.About = AboutStore
		return f
	}
	if len(key) <= spaceKeySize || key[0] != topSpace {
		return f
	}
	f.Space = spaceOf(key)
	table := key[spaceKeySize]
	switch table {
	case tableEntries:
		f.About = AboutEntry
		return f
	case tableBlobs, tablePieces, tablePuts, tableHalves:
		f.About = AboutBlob
		return f
	case tableJudged:
		f.About = AboutStore
		return f
	}
	ref, rest, ok := refOf(f.Space, key)
	if !ok {
		return f
	}
	f.Ref = ref
	switch {
	case table == tableParts:
		f.About = AboutPart
	case table == tableHave:
		f.About = AboutHave
	case table == tableQuarantine:
		f.About = AboutQuarantine
	case table == tableDocuments && len(rest) > 0:
		f.About = aboutKind(rest[0])
	}
	return f
}

func aboutKind(kind byte) Subject {
	switch kind {
	case kindActor:
		return AboutActor
	case kindChange:
		return AboutChange
	case kindSnapshot, kindRaw:
		return AboutSnapshot
	case kindBlobs:
		return AboutBlob
	}
	return AboutUnknown
}

// spaceOf reads the space of a key that is long enough to name one.
func spaceOf(key []byte) space.ID { return space.ID(key[1:spaceKeySize]) }
