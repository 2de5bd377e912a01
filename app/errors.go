package app

import (
	"context"
	"errors"
	"syscall"

	wordlist "parley/app/words"
	"parley/crdt"
	"parley/crdt/materialize"
	"parley/p2p"
	"parley/space"
)

// Code names a reason that a caller may branch on: a screen chooses its words
// by it, a script its next step.
type Code string

// The codes of errors.
const (
	CodeInvalid         Code = "invalid"          // an argument cannot mean anything
	CodeMalformed       Code = "malformed"        // not an invitation code, or a damaged one
	CodeExpired         Code = "expired"          // the invitation's time is over
	CodeUsedUp          Code = "used-up"          // the invitation has no uses left
	CodeWithdrawn       Code = "withdrawn"        // the invitation was taken back
	CodeWaiting         Code = "waiting"          // a facilitator has to say yes first
	CodeDeclined        Code = "declined"         // a facilitator has said no
	CodeNotInvited      Code = "not-invited"      // nobody knows this invitation
	CodeAlreadyMember   Code = "already-member"   // this device belongs to the space already
	CodeUnreachable     Code = "unreachable"      // no answer from the other device
	CodeNotFound        Code = "not-found"        // no such space, document, invitation or file
	CodeNotHere         Code = "not-here"         // a file that has not come from another device yet
	CodeAmbiguous       Code = "ambiguous"        // a shortened ID fits several
	CodeNotAllowed      Code = "not-allowed"      // the role does not permit it
	CodeNotCounted      Code = "not-counted"      // this device was let in, and its place did not count
	CodeNotOpen         Code = "not-open"         // the window has not opened that part
	CodeOutOfOrder      Code = "out-of-order"     // a change came before one it builds on
	CodeUnreadable      Code = "unreadable"       // a file or document that cannot be read
	CodeUnrelated       Code = "unrelated"        // a file that is not a copy of the document
	CodeTooLarge        Code = "too-large"        // more than Parley takes at once
	CodeUnwritable      Code = "unwritable"       // the data directory cannot be written
	CodeInUse           Code = "in-use"           // another process has the data directory
	CodeNewer           Code = "newer"            // the store was written by a newer Parley
	CodeDamagedKey      Code = "damaged-key"      // the device key cannot be read
	CodeMissingKey      Code = "missing-key"      // there is a store but no device key
	CodeLocked          Code = "locked"           // a passphrase is needed first
	CodeWrongPassphrase Code = "wrong-passphrase" // it does not fit
	CodeKeyring         Code = "keyring"          // the platform's keyring does not give the key
	CodeNoKeyring       Code = "no-keyring"       // no keyring takes the key, or gives it to be put elsewhere
	CodeUnconfirmed     Code = "unconfirmed"      // it cannot be undone, and nobody has said yes to it
	CodeNoMember        Code = "no-member"        // this device was removed from the space, or has left it
	CodeStillMember     Code = "still-member"     // this device belongs to the space
	CodeArchived        Code = "archived"         // nobody may write in the space
	CodeShelved         Code = "shelved"          // the document is archived, and is brought back first
	CodeNoFacilitator   Code = "no-facilitator"   // there is none left who could do it
	CodeHasFacilitator  Code = "has-facilitator"  // there is one, who can do it
	CodeSucceeded       Code = "succeeded"        // the space goes on in another one already
	CodeNoEffect        Code = "no-effect"        // it is so already
	CodeChanged         Code = "changed"          // it is not as it was shown any more
	CodeWords           Code = "words"            // words that somebody typed are not in the list, or not all
	CodeOtherWords      Code = "other-words"      // no device near has these words on its wall
	CodeAlone           Code = "alone"            // there is no device near to ask
	CodeNoBundle        Code = "no-bundle"        // not a file by which a space is carried
	CodeNewerFile       Code = "newer-file"       // one of another version of Parley
	CodeNotForUs        Code = "not-for-us"       // one that other devices can open
	CodeBrokenFile      Code = "broken-file"      // one that is damaged or not complete
	CodeForgedFile      Code = "forged-file"      // one that no honest Parley of a member has made
	CodeOtherSpace      Code = "other-space"      // one of another space
	CodeOffline         Code = "offline"          // the network is switched off
	CodeTimeout         Code = "timeout"          // it took too long
	CodeStopped         Code = "stopped"          // the person did not want it any more
	CodeClosed          Code = "closed"           // Parley is shutting down
	CodeInternal        Code = "internal"         // a fault of Parley's own
)

// Error is what a person is told: a sentence that says what happened and what
// to do. Its cause, for the log, is behind Unwrap.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	cause   error
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the technical cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

func newError(code Code, message string) *Error { return &Error{Code: code, Message: message} }

func wrapError(code Code, message string, cause error) *Error {
	return &Error{Code: code, Message: message, cause: cause}
}

// NewError makes an error for a person from outside this package: a host of
// windows, a command.
func NewError(code Code, message string, cause error) *Error { return wrapError(code, message, cause) }

// Explain turns any error into one for a person. An Error stays as it is.
func Explain(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	var wrong *wordlist.Error
	if errors.As(err, &wrong) {
		return wrapError(CodeWords, wrong.Error(), err)
	}
	for _, row := range explanations {
		if errors.Is(err, row.cause) {
			return wrapError(row.code, row.message, err)
		}
	}
	return wrapError(CodeInternal, "Something went wrong inside Parley: "+err.Error()+
		". What was saved is still there. Try again; if it stays, please report it.", err)
}

// explanations says in words what the packages below say in sentinels. The
// first that fits counts.
var explanations = []struct {
	cause   error
	code    Code
	message string
}{
	{space.ErrMalformedCode, CodeMalformed, "This is not a complete invitation code. Copy it again, from the first letter to the last."},
	{space.ErrExpired, CodeExpired, "This invitation has ended. Ask the person who sent it for a new one."},
	{space.ErrUsedUp, CodeUsedUp, "This invitation has been used up. Ask the person who sent it for a new one."},
	{space.ErrWithdrawn, CodeWithdrawn, "This invitation was withdrawn. Ask the person who sent it for a new one."},
	{space.ErrUnknownInvitation, CodeNotInvited, "Nobody in this space knows this invitation. Ask the person who sent it for a new one."},
	{space.ErrAlreadyMember, CodeAlreadyMember, "This device is in this space already."},
	{space.ErrNotFacilitator, CodeNotAllowed, "Only a facilitator can do this. Ask one of them."},
	{space.ErrNotMember, CodeNotCounted, "Your place in this space did not count, because the invitation was used up. Ask for a new one."},
	{space.ErrRemoved, CodeNotInvited, "This device was removed from the space, or has left it. Ask a facilitator for an invitation that is made from now on."},
	{space.ErrRevoked, CodeNotInvited, "This device was taken out of its owner's devices. Link it again from another of them."},
	{space.ErrUnknownSeat, CodeNotFound, "This person is not in the space any more."},
	{space.ErrUnknownDevice, CodeNotFound, "This device is not in the space any more."},
	{space.ErrUnknownRequest, CodeNotFound, "This request is not there any more, or somebody has answered it."},
	{space.ErrOwnStanding, CodeNotAllowed, "Nobody confirms their own standing. Ask another facilitator."},
	{space.ErrOtherSeat, CodeNotAllowed, "This belongs to somebody else in the space."},
	{space.ErrNoEffect, CodeNoEffect, "This would change nothing: it is like that already, or somebody has decided otherwise at the same time."},
	{space.ErrCutTooLarge, CodeTooLarge, "This person has written more than one removal can name. Nothing was changed."},
	{space.ErrName, CodeInvalid, "A name needs 1 to 80 characters, on one line."},
	{space.ErrFull, CodeTooLarge, "The list of who belongs to this space is full."},
	{crdt.ErrUnknownSpace, CodeNotFound, "This device does not belong to that space."},
	{crdt.ErrPart, CodeNotFound, "There is no such part of a document."},
	{crdt.ErrClosed, CodeClosed, "Parley is being closed."},
	{crdt.ErrLagged, CodeTimeout, "More happened than could be told. Start again to see what is there now."},
	{crdt.ReasonRole, CodeNotAllowed, "Your role in this space does not let you change this. Ask a facilitator."},
	{crdt.ReasonArchived, CodeArchived, "This space is archived: it can be read, and nobody changes anything in it. A facilitator can open it again."},
	{crdt.ReasonRemoved, CodeNoMember, "You do not belong to this space any more, so what you write here is not shared. It is kept on this device."},
	{crdt.ReasonNoRight, CodeNotAllowed, "This device is not known to belong to this space. Ask a facilitator."},
	{crdt.ErrNotKept, CodeNotFound, "This was set aside for what it is, not for who wrote it, and cannot be let in."},
	{p2p.ErrWaiting, CodeWaiting, "Your request has reached the space. A facilitator there has to say yes first."},
	{p2p.ErrDeclined, CodeDeclined, "A facilitator has declined your request. Ask the person who invited you."},
	{p2p.ErrWords, CodeOtherWords, "No computer on this network has these words on its wall. Compare them with the wall and type them again. If they are right, ask for new words."},
	{p2p.ErrAlone, CodeAlone, "No other computer with Parley was found on this network. Check that both computers are on the same one, and that Parley is open on both."},
	{p2p.ErrOffline, CodeOffline, "This device is set to work offline. Go online first."},
	{p2p.ErrOtherSeat, CodeNotAllowed, "Somebody offered a space that is not yours, and it was not taken. Show a new code on your other device and try again."},
	{p2p.ErrNotNow, CodeUnreachable, "The other computer is busy. Try again in a minute."},
	{p2p.ErrUnreachable, CodeUnreachable, "Nobody from this space could be reached. Ask the person who invited you to keep Parley open, and check that both computers are on a network where they can reach each other."},
	{materialize.ErrMarkdown, CodeUnreadable, "This text cannot be taken in as Markdown. Nothing was changed."},
	{materialize.ErrOutOfRange, CodeInvalid, "There is no such place in the text: it is shorter. Nothing was changed."},
	{materialize.ErrMissing, CodeNotFound, "A part of this document has not arrived yet. It comes when this device meets a member who has it."},
	{materialize.ErrUnreadable, CodeUnreadable, "This document cannot be read. It is kept as it is."},
	{materialize.ErrCrashed, CodeUnreadable, "This document cannot be read: what reads it stopped. It is kept as it is."},
	{materialize.ErrDeadline, CodeTimeout, "Reading this document took too long and was given up. It is kept as it is."},
	{materialize.ErrClosed, CodeClosed, "Parley is being closed."},
	{crdt.ErrFull, CodeUnwritable, "The disk is full, so nothing more can be saved. Make room on it; what was saved before is safe."},
	{syscall.ENOSPC, CodeUnwritable, "The disk is full, so nothing more can be saved. Make room on it; what was saved before is safe."},
	{syscall.EROFS, CodeUnwritable, "The disk cannot be written to any more. What was saved before is safe."},
	{context.DeadlineExceeded, CodeTimeout, "This took too long and was given up. Nothing was lost; try again."},
	{context.Canceled, CodeClosed, "Parley was closed before this was done."},
}
