package crdt

import (
	"parley/crdt/chunk"
	"parley/space"
)

// Whether a change counts is for the membership log as it is now to say, not
// as it was when the change came (docs/formats.md, Judging). A change stands by
// itself if its author may write the part now, or if it is not above what a
// removal, a demotion or an archive has left of them. What stands by itself
// counts, and so does everything below it, whoever wrote that: somebody who may
// write has built on it.

// rights is what a membership log says of a part at a moment.
type rights struct {
	log *space.Log
	ref Ref
	as  uint64 // of log.Rights: while that says the same, all this holds
}

func rightsIn(log *space.Log, ref Ref) rights { return rights{log: log, ref: ref, as: log.Rights()} }

// hold reports whether the log still says the same.
func (r rights) hold() bool { return r.log.Rights() == r.as }

// fault says why a change does not stand by itself by a signature of its own, or
// 0 if it does. It is its actor's device that is asked for, or where there is
// none the one that signed for it, which vouches for somebody else's work; the
// zero device is nobody.
func (r rights) fault(actor chunk.Actor, seq uint64, signer space.DeviceID) Reason {
	owner, owned := ownerOf(r.log, actor)
	if !owned {
		owner = signer
	}
	worth := r.worth(owner)
	if worth == whole || (owned || worth == within) && seq <= r.limit(actor) {
		return 0
	}
	return r.why(owner)
}

// worth is what a device's signature says of changes of an actor that is no
// device's: of each which it signs and those of the actor below that.
type worth uint8

const (
	nothing worth = iota
	within        // they stand as far as cuts go: it might once write
	whole         // they stand: it may write
)

func (r rights) worth(device space.DeviceID) worth {
	switch {
	case r.log.MayWrite(device, r.ref.Part):
		return whole
	case r.log.WasWriter(device, r.ref.Part):
		return within
	}
	return nothing
}

// limit is the number up to which an actor's changes stand although whoever
// wrote them may not write any more.
func (r rights) limit(actor chunk.Actor) uint64 {
	return r.log.Limit([]byte(actor), r.ref.Document, r.ref.Part)
}

// why says for what reason a device may not write the part.
func (r rights) why(device space.DeviceID) Reason {
	if member, ok := r.log.Member(device); ok {
		if r.log.Archived() && space.MayWrite(member.Role, r.ref.Part) {
			return ReasonArchived
		}
		return ReasonRole
	}
	own := space.ActorFor(r.ref.Space, device, 0)
	if owner, ok := r.log.Actor([16]byte(own[:16])); ok && owner == device {
		return ReasonRemoved
	}
	return ReasonNoRight
}

// ownerOf names the member whom an actor belongs to.
func ownerOf(log *space.Log, actor chunk.Actor) (space.DeviceID, bool) {
	prefix, ok := space.ActorOwner([]byte(actor))
	if !ok {
		return space.DeviceID{}, false
	}
	return log.Actor(prefix)
}
