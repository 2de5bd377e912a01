package crdt

import (
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// IncidentKind says what happened.
type IncidentKind uint8

// What a store reports through Options.Report.
const (
	// IncidentFork: an actor has two changes with one number, since a data
	// directory was copied or put back, or since somebody cheats.
	IncidentFork IncidentKind = iota + 1
	// IncidentAside: changes were set aside because the document could not be
	// read with them.
	IncidentAside
	// IncidentDamaged: records on the disk cannot be read any more.
	IncidentDamaged
	// IncidentCopied: changes came that this device has written, or would write
	// next, and does not hold: its data was copied or put back. It writes under
	// other numbers from now on.
	IncidentCopied
)

// Incident is something that happened to a document that its people should
// know of, though nothing was lost that could be kept.
type Incident struct {
	Kind   IncidentKind
	Ref    Ref            // the document's part; zero where the whole store is meant
	Device space.DeviceID // whose changes these are; zero where unknown
	Actor  chunk.Actor    // likewise
	Count  int            // of changes, or of records
	Detail string         // for the log, and for whoever knows the words
	Time   time.Time
}

// report tells of an incident.
func (s *Store) report(i Incident) {
	i.Time = s.now()
	s.log.Warn("something happened to a document", "kind", i.Kind, "ref", i.Ref, "device", i.Device,
		"actor", i.Actor, "count", i.Count, "detail", i.Detail)
	if s.tell != nil {
		s.tell(i)
	}
}
