package crdt

import (
	"math"

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

// fault says why a change does not stand by itself, or 0 if it does. It is its
// actor's device that is asked for, or where there is none the one that signed
// for it, which vouches for somebody else's work; the zero device is nobody.
func (r rights) fault(actor chunk.Actor, seq uint64, signer space.DeviceID) Reason {
	device := signer
	if owner, ok := ownerOf(r.log, actor); ok {
		device = owner
	}
	return r.faultOf(device, actor, seq)
}

func (r rights) faultOf(device space.DeviceID, actor chunk.Actor, seq uint64) Reason {
	if r.log.MayWrite(device, r.ref.Part) || seq <= r.limit(actor) {
		return 0
	}
	return r.why(device)
}

// limit is the number up to which an actor's changes stand whoever wrote them.
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

// standing is how far each actor's changes in a part stand by themselves, by
// all signatures that are known.
type standing struct {
	rights
	signers map[chunk.Actor]map[space.DeviceID]uint64 // of actors that are no member's: who has signed, up to which number
	through map[chunk.Actor]uint64
}

func (r rights) standing() *standing {
	return &standing{
		rights:  r,
		signers: make(map[chunk.Actor]map[space.DeviceID]uint64),
		through: make(map[chunk.Actor]uint64),
	}
}

// note makes a signature known. All are to be made known before anything is
// asked.
func (s *standing) note(signature Signature) {
	signers := s.signers[signature.Actor]
	if signers == nil {
		signers = make(map[space.DeviceID]uint64)
		s.signers[signature.Actor] = signers
	}
	signers[signature.Device] = max(signers[signature.Device], signature.Seq)
}

// stands reports whether a change stands by itself.
func (s *standing) stands(actor chunk.Actor, seq uint64) bool {
	through, ok := s.through[actor]
	if !ok {
		through = s.reach(actor)
		s.through[actor] = through
	}
	return seq <= through
}

func (s *standing) reach(actor chunk.Actor) uint64 {
	through := s.limit(actor)
	if owner, ok := ownerOf(s.log, actor); ok {
		if s.log.MayWrite(owner, s.ref.Part) {
			return math.MaxUint64
		}
		return through
	}
	for device, seq := range s.signers[actor] {
		if s.log.MayWrite(device, s.ref.Part) {
			through = max(through, seq)
		}
	}
	return through
}

// reason says why a change does not stand by itself.
func (s *standing) reason(actor chunk.Actor, seq uint64) Reason {
	if owner, ok := ownerOf(s.log, actor); ok {
		return s.why(owner)
	}
	// Of several who vouched and may not write any more, the reason is that of
	// the one with the smallest number: the most that is known of them.
	reason := ReasonNoRight
	for device, reach := range s.signers[actor] {
		if why := s.why(device); reach >= seq && (reason == ReasonNoRight || why < reason && why != ReasonNoRight) {
			reason = why
		}
	}
	return reason
}
