package space

import "time"

// The authors of the table, in its order: those in the five roles; who was
// demoted from facilitator to reader, and who was removed as a facilitator, and
// know it; a stranger; and again the demoted and the removed, who write as though
// they did not know it yet.
var tableAuthors = []tableAuthor{
	{"facilitator", asMade(Facilitator)},
	{"editor", asMade(Editor)},
	{"annotator", asMade(Annotator)},
	{"reader", asMade(Reader)},
	{"keeper", asMade(Keeper)},
	{"former facilitator", (*scene).demoted},
	{"removed", (*scene).removed},
	{"stranger", (*scene).stranger},
	{"former facilitator, as before", func(s *scene) { s.asBefore((*scene).demoted) }},
	{"removed, as before", func(s *scene) { s.asBefore((*scene).removed) }},
}

// A tableRow is an entry, and what becomes of it by each author: y, it counts;
// -, it is kept and does not count; x, it is refused. They are written by hand,
// from docs/roles.md and docs/formats.md.
type tableRow struct {
	what    string
	role    string // the line of docs/roles.md that it belongs to, if it belongs to one
	kind    Kind
	becomes string
	body    func(s *scene) any
}

// The lines of docs/roles.md that entries are about.
const (
	passingOn  = "pass on a newcomer's application, and so let them in by an invitation"
	inviting   = "invite, withdraw invitations, say yes or no to those who ask"
	changing   = "change roles, name keepers"
	removing   = "remove others, with all their devices"
	confirming = "confirm an official's standing (not their own)"
	lettingIn  = "let in changes from quarantine"
	ofSpace    = "rename the space, archive and reopen it, say how far its devices look for one another"
	succeeding = "found a successor when no facilitator is left"
	ofPerson   = "change their own name, organisation and standing"
	ofDevices  = "link, name and revoke their own devices, make a recovery sheet"
	leaving    = "leave; export what they can read"
)

// Of each kind, the first row is what docs/formats.md says of it in general.
var entryTable = []tableRow{
	//                                                  in the roles             as before:
	//                                                       FEARK former        former
	//                                                             | removed       | removed
	//                                                             | | stranger    | |
	{"another founding of the space", "", KindFound, "       xxxxx x x x           x x", founding},

	{"an invitation to facilitate", inviting, KindInvite, "  y---- - - x           - -", invitationTo(Facilitator)},
	{"an invitation to edit", inviting, KindInvite, "        y---- - - x           - -", invitationTo(Editor)},
	{"an invitation to annotate", inviting, KindInvite, "    y---- - - x           - -", invitationTo(Annotator)},
	{"an invitation to read", inviting, KindInvite, "        y---- - - x           - -", invitationTo(Reader)},
	{"an invitation to keep", inviting, KindInvite, "        y---- - - x           - -", invitationTo(Keeper)},
	{"an invitation that asks", inviting, KindInvite, "      y---- - - x           - -", invitationThatAsks},

	{"withdrawing an invitation", inviting, KindWithdraw, "  y---- - - x           - -", withdrawing(openCode)},
	{"withdrawing their own link", ofDevices, KindWithdraw, "yyyyy y - x           y -", withdrawing(ownLink)},
	{"withdrawing another's link", "", KindWithdraw, "       y---- - - x           - -", withdrawing(anothersLink)},
	{"withdrawing what there is not", "", KindWithdraw, "    ----- - - x           - -", withdrawing(noCode)},

	{"a join by an invitation", passingOn, KindJoin, "       yyyyy y - x           y -", joinBy(openCode)},
	{"a request by one that asks", passingOn, KindJoin, "    yyyyy y - x           y -", joinBy(askingCode)},
	{"a join by their own link", ofDevices, KindJoin, "      yyyyy y - x           y -", joinBy(ownLink)},
	{"a join by another's link", "", KindJoin, "             yyyyy y - x           y -", joinBy(anothersLink)},
	{"a join after the invitation's end", "", KindJoin, "    ----- - - x           - -", joinBy(endedCode)},
	{"a join by a withdrawn invitation", "", KindJoin, "     ----- - - x           - -", joinBy(withdrawnCode)},
	{"a join by a used up invitation", "", KindJoin, "       ----- - - x           - -", joinBy(usedCode)},
	{"a join by what there is not", "", KindJoin, "          ----- - - x           - -", joinBy(noCode)},

	{"another name", ofPerson, KindPerson, "                 yyyyy y - x           y -", renamed},
	{"another standing", ofPerson, KindPerson, "             yyyyy y - x           y -", official},

	{"making another a facilitator", changing, KindRole, "   y---- - - x           - -", roleOf(another, Facilitator)},
	{"making another an editor", changing, KindRole, "       y---- - - x           - -", roleOf(another, Editor)},
	{"making another an annotator", changing, KindRole, "    y---- - - x           - -", roleOf(another, Annotator)},
	{"making another a reader", changing, KindRole, "        y---- - - x           - -", roleOf(another, Reader)},
	{"making another a keeper", changing, KindRole, "        y---- - - x           - -", roleOf(another, Keeper)},
	{"making themselves a facilitator", changing, KindRole, "y---- - - x           - -", roleOf(themselves, Facilitator)},
	{"making themselves a reader", changing, KindRole, "     y---- - - x           - -", roleOf(themselves, Reader)},
	{"demoting the founder", changing, KindRole, "           y---- - - x           y y", roleOf(theFounder, Reader)},

	{"removing another", removing, KindRemove, "             y---- - - x           - -", removalOf(another)},
	{"removing the founder", removing, KindRemove, "         y---- - - x           y y", removalOf(theFounder)},
	{"leaving", leaving, KindRemove, "                       yyyyy y - x           y -", removalOf(themselves)},

	{"revoking another's device", "", KindRevoke, "          y---- - - x           - -", revocationOf(anothersPhone)},
	{"revoking the founder's device", "", KindRevoke, "      y---- - - x           y y", revocationOf(theFounder)},
	{"revoking their own device", ofDevices, KindRevoke, "   yyyyy y - x           y -", revocationOf(ownPhone)},
	{"revoking the device they write on", "", KindRevoke, "  yyyyy y - x           y -", revocationOf(themselves)},

	{"a part of a cut", "", KindCut, "                       yyyyy y - x           y -", partOfCut},

	{"a link", ofDevices, KindSeatKey, "                     yyyyy y - x           y -", keyInto(themselves, Link)},
	{"a recovery sheet", ofDevices, KindSeatKey, "           yyyyy y - x           y -", keyInto(themselves, Recovery)},
	{"a link into another's seat", "", KindSeatKey, "        ----- - - x           - -", keyInto(another, Link)},

	{"naming their own device", ofDevices, KindLabel, "      yyyyy y - x           y -", labelOf(ownPhone)},
	{"naming another's device", "", KindLabel, "             ----- - - x           - -", labelOf(anothersPhone)},

	{"confirming another", confirming, KindConfirm, "        y---- - - x           - -", confirmation(another, true)},
	{"confirming another no more", confirming, KindConfirm, "y---- - - x           - -", confirmation(another, false)},
	{"confirming themselves", "", KindConfirm, "             ----- - - x           - -", confirmation(themselves, true)},

	{"saying yes to who asks", inviting, KindAnswer, "       y---- - - x           - -", answerTo(whoAsks, true)},
	{"saying no to who asks", inviting, KindAnswer, "        y---- - - x           - -", answerTo(whoAsks, false)},
	{"saying yes to who did not ask", "", KindAnswer, "      ----- - - x           - -", answerTo(whoCame, true)},

	{"archiving the space", ofSpace, KindArchive, "          y---- - - x           - -", archive(true)},
	{"reopening the space", ofSpace, KindArchive, "          y---- - - x           - -", archive(false)},

	{"another name of the space", ofSpace, KindRename, "     y---- - - x           - -", renamedSpace},

	{"letting in what is set aside", lettingIn, KindAdmit, " y---- - - x           - -", partAdmitted},

	// It shows once there is no facilitator any more. Of those who were demoted,
	// only what takes a facilitator is struck.
	{"a successor", succeeding, KindSuccessor, "             yy--- - - x           y -", successor},

	{"reach: direct", ofSpace, KindReach, "                  y---- - - x           - -", reaching(ReachDirect)},
	{"reach: local", ofSpace, KindReach, "                   y---- - - x           - -", reaching(ReachLocal)},
	{"reach: wide", ofSpace, KindReach, "                    y---- - - x           - -", reaching(ReachWide)},

	{"what a newer Parley says", "", lastKind + 1, "         ----- - - x           - -", fromLater},
}

// changeTable is who may write which part of a document, as docs/roles.md says.
var changeTable = []struct {
	role    string
	part    Part
	becomes string // FEARK, former, removed, stranger
}{
	{"write the body of documents, create and rename them", Body, "               yy--- - - -"},
	{"archive documents and bring them back", Body, "                             yy--- - - -"},
	{"annotate: comment, discuss suggestions", Annotations, "                     yyy-- - - -"},
	{"respond officially, who takes part as an official: by the right to annotate", Annotations, "yyy-- - - -"},
}

// The bodies of the entries.

type whom func(s *scene) DeviceID

func another(s *scene) DeviceID       { return s.vic.id() }
func anothersPhone(s *scene) DeviceID { return s.vicsPhone.id() }
func theFounder(s *scene) DeviceID    { return s.ada.id() }
func themselves(s *scene) DeviceID    { return s.me.id() }
func ownPhone(s *scene) DeviceID      { return s.phone.id() }

func openCode(s *scene) Code      { return s.open }
func askingCode(s *scene) Code    { return s.asking }
func endedCode(s *scene) Code     { return s.ended }
func withdrawnCode(s *scene) Code { return s.withdrawn }
func usedCode(s *scene) Code      { return s.used }
func ownLink(s *scene) Code       { return s.link }
func anothersLink(s *scene) Code  { return s.vicsLink }
func noCode(s *scene) Code        { return Code{Space: s.log.ID(), Secret: [32]byte{99}} }

func whoAsks(s *scene) Hash { return s.request }
func whoCame(s *scene) Hash { return s.join }

func founding(*scene) any {
	return foundBody{Name: "Riverside", Person: Person{Name: "me"}, Nonce: [16]byte{7}}
}

func (s *scene) invite(role Role, ask bool) inviteBody {
	key := KeyFromSeed([32]byte{21})
	return inviteBody{
		Invitation: InvitationKey(key.Device()), Role: role, Uses: 2, Ask: ask,
		Proof: key.Sign(invitationMessage(s.log.ID(), s.me.id())),
	}
}

func invitationTo(role Role) func(*scene) any {
	return func(s *scene) any { return s.invite(role, false) }
}

func invitationThatAsks(s *scene) any { return s.invite(Editor, true) }

func withdrawing(code func(*scene) Code) func(*scene) any {
	return func(s *scene) any { return withdrawBody{Invitation: code(s).Invitation()} }
}

func joinBy(code func(*scene) Code) func(*scene) any {
	return func(s *scene) any { return joinBody{Application: s.new.applies(code(s))} }
}

func renamed(*scene) any { return personBody{Person: Person{Name: "somebody else"}} }

func official(*scene) any {
	return personBody{Person: Person{Name: "me", Organisation: "Council", Standing: Official}}
}

func roleOf(of whom, role Role) func(*scene) any {
	return func(s *scene) any { return roleBody{Seat: of(s), Role: role, Cut: someCut()} }
}

func removalOf(of whom) func(*scene) any {
	return func(s *scene) any { return removeBody{Seat: of(s), Cut: someCut()} }
}

func revocationOf(of whom) func(*scene) any {
	return func(s *scene) any { return revokeBody{Device: of(s), Cut: someCut()} }
}

func partOfCut(*scene) any    { return cutBody{Cut: someCut()} }
func partAdmitted(*scene) any { return admitBody{Cut: someCut()} }

func someCut() Cut {
	return Cut{{Document: [16]byte{1}, Part: Body, Actors: []ActorSeq{{Actor: []byte{1, 2, 3}, Seq: 4}}}}
}

func keyInto(seat whom, purpose Purpose) func(*scene) any {
	return func(s *scene) any {
		code := Code{Secret: [32]byte{22}}
		return seatKeyBody{
			Key: code.Invitation(), Purpose: purpose, Uses: 1, Expiry: uint64(noon.Add(time.Hour).Unix()),
			Seat: seat(s), Proof: ProveSeatKey(code.Secret, s.me.id(), purpose),
		}
	}
}

func labelOf(of whom) func(*scene) any {
	return func(s *scene) any { return labelBody{Device: of(s), Label: "the old one"} }
}

func confirmation(of whom, yes bool) func(*scene) any {
	return func(s *scene) any {
		return confirmBody{Seat: of(s), Person: Person{Name: "vic", Organisation: "Council", Standing: Official}, Yes: yes}
	}
}

func answerTo(join func(*scene) Hash, yes bool) func(*scene) any {
	return func(s *scene) any { return answerBody{Join: join(s), Accept: yes} }
}

func archive(on bool) func(*scene) any {
	return func(*scene) any { return archiveBody{On: on} }
}

func renamedSpace(*scene) any { return renameBody{Name: "Riverbank"} }

func successor(*scene) any {
	next := Code{Space: ID{7}, Secret: [32]byte{8}, Name: "Riverside again"}
	return successorBody{Codes: map[Role]string{Editor: next.String()}}
}

func reaching(reach Reach) func(*scene) any {
	return func(*scene) any { return reachBody{Reach: reach} }
}

func fromLater(*scene) any { return map[int]any{1: "a vote"} }
