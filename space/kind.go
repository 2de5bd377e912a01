package space

import "fmt"

// Kind says what an entry does. It is as wide as a number can be in an entry, so
// that no kind of a newer Parley is malformed.
type Kind uint64

// The kinds, as stored. An entry of a kind that comes after these is of a
// newer Parley: it is kept and passed on, and counts for nothing here.
const (
	KindFound     Kind = 1
	KindInvite    Kind = 2
	KindWithdraw  Kind = 3
	KindJoin      Kind = 4
	KindPerson    Kind = 5
	KindRole      Kind = 6
	KindRemove    Kind = 7
	KindRevoke    Kind = 8
	KindCut       Kind = 9
	KindSeatKey   Kind = 10
	KindLabel     Kind = 11
	KindConfirm   Kind = 12
	KindAnswer    Kind = 13
	KindArchive   Kind = 14
	KindRename    Kind = 15
	KindAdmit     Kind = 16
	KindSuccessor Kind = 17
	KindReach     Kind = 18

	lastKind = KindReach
)

var kindNames = [...]string{
	KindFound: "found", KindInvite: "invite", KindWithdraw: "withdraw", KindJoin: "join",
	KindPerson: "person", KindRole: "role", KindRemove: "remove", KindRevoke: "revoke",
	KindCut: "cut", KindSeatKey: "seat key", KindLabel: "label", KindConfirm: "confirm",
	KindAnswer: "answer", KindArchive: "archive", KindRename: "rename", KindAdmit: "admit",
	KindSuccessor: "successor", KindReach: "reach",
}

// String is the kind's word.
func (k Kind) String() string {
	if k == 0 || k > lastKind {
		return fmt.Sprintf("kind %d", uint64(k))
	}
	return kindNames[k]
}

// parseBody reads what an entry of a kind says. The body of a kind that this
// version does not know is nil.
func parseBody(kind Kind, id ID, raw []byte) (any, error) {
	switch kind {
	case KindFound:
		return parse[foundBody](raw)
	case KindInvite:
		return parse[inviteBody](raw)
	case KindWithdraw:
		return parse[withdrawBody](raw)
	case KindJoin:
		return parseJoin(id, raw)
	case KindPerson:
		return parse[personBody](raw)
	case KindRole:
		return parse[roleBody](raw)
	case KindRemove:
		return parse[removeBody](raw)
	case KindRevoke:
		return parse[revokeBody](raw)
	case KindCut:
		return parse[cutBody](raw)
	case KindSeatKey:
		return parse[seatKeyBody](raw)
	case KindLabel:
		return parse[labelBody](raw)
	case KindConfirm:
		return parse[confirmBody](raw)
	case KindAnswer:
		return parse[answerBody](raw)
	case KindArchive:
		return parse[archiveBody](raw)
	case KindRename:
		return parse[renameBody](raw)
	case KindAdmit:
		return parse[admitBody](raw)
	case KindSuccessor:
		return parse[successorBody](raw)
	case KindReach:
		return parse[reachBody](raw)
	}
	if kind == 0 {
		return nil, errNoKind
	}
	return nil, nil
}

// body is what an entry of some kind says.
type body[T any] interface {
	*T
	validate() error
}

func parse[T any, B body[T]](raw []byte) (any, error) {
	b := B(new(T))
	if err := decode(raw, b); err != nil {
		return nil, err
	}
	return b, b.validate()
}
