package crdt

import (
	"encoding/binary"

	"parley/crdt/chunk"
	"parley/space"
)

// The one place that knows every key of the store (docs/formats.md, Storage).
//
//	m version                                     format of the store
//	m position                                    highest position given out
//	m suspect                                     there: some of the store was lost
//	x key                                         a record that could not be read
//	f space                                       forgotten; what is left of it is to be deleted
//	m l                                           lowest lease number for new leases
//	m i                                           by which a data directory that was copied is recognised
//	m m                                           format that is being left for the next
//	s space e number                              entry of the membership log
//	s space p document part                       state of a part
//	s space j                                     by which rights the parts were judged
//	s space h document part device                what a member is known to have
//	s space q document part hash                  quarantined
//	s space b hash                                blob's description
//	s space B number piece                        blob's bytes
//	s space u number                              blob being put
//	s space i hash                                blob that has come half
//	s space d document part a actor               newest signed change of an actor
//	s space d document part c position            change
//	s space d document part s position            snapshot's description
//	s space d document part r position piece      snapshot's bytes
//	s space d document part b                     blobs that a part refers to
const (
	topMeta  = 'm'
	topSpace = 's'
	topAside = 'x'

	topForgotten = 'f'

	tableEntries    = 'e'
	tableParts      = 'p'
	tableHave       = 'h'
	tableQuarantine = 'q'
	tableDocuments  = 'd'
	tableBlobs      = 'b'
	tablePieces     = 'B'
	tablePuts       = 'u'
	tableHalves     = 'i'
	tableJudged     = 'j'

	kindActor    = 'a'
	kindChange   = 'c'
	kindSnapshot = 's'
	kindRaw      = 'r'
	kindBlobs    = 'b'
)

var (
	versionKey  = []byte{topMeta, 'v'}
	positionKey = []byte{topMeta, 'p'}
	leaseKey    = []byte{topMeta, 'l'}
	leavingKey  = []byte{topMeta, 'm'}

	incarnationKey = []byte{topMeta, 'i'}
	suspectKey     = []byte{topMeta, 'x'}
	spacesKey      = []byte{topSpace}
)

const (
	spaceKeySize = 1 + len(space.ID{})
	refSize      = len(DocumentID{}) + 1
)

// asideKey is where a record is put that could not be read.
func asideKey(key []byte) []byte { return append([]byte{topAside}, key...) }

func tableKey(id space.ID, table byte) []byte {
	key := make([]byte, 0, 96)
	key = append(key, topSpace)
	key = append(key, id[:]...)
	return append(key, table)
}

func entryKey(id space.ID, number uint32) []byte {
	return binary.BigEndian.AppendUint32(tableKey(id, tableEntries), number)
}

func judgedKey(id space.ID) []byte { return tableKey(id, tableJudged) }

func refKey(table byte, ref Ref) []byte {
	key := append(tableKey(ref.Space, table), ref.Document[:]...)
	return append(key, byte(ref.Part))
}

func stateKey(ref Ref) []byte { return refKey(tableParts, ref) }

func haveKey(ref Ref, device space.DeviceID) []byte {
	return append(refKey(tableHave, ref), device[:]...)
}

func quarantineKey(ref Ref, hash chunk.Hash) []byte {
	return append(refKey(tableQuarantine, ref), hash[:]...)
}

func kindKey(ref Ref, kind byte) []byte { return append(refKey(tableDocuments, ref), kind) }

func actorKey(ref Ref, actor chunk.Actor) []byte {
	return append(kindKey(ref, kindActor), actor...)
}

func positionedKey(ref Ref, kind byte, position uint64) []byte {
	return binary.BigEndian.AppendUint64(kindKey(ref, kind), position)
}

func rawKey(ref Ref, position uint64, piece int) []byte {
	return binary.BigEndian.AppendUint16(positionedKey(ref, kindRaw, position), uint16(piece))
}

func blobKey(id space.ID, blob BlobID) []byte { return append(tableKey(id, tableBlobs), blob[:]...) }

func putKey(id space.ID, number blobNumber) []byte {
	return append(tableKey(id, tablePuts), number[:]...)
}

func halfKey(id space.ID, blob BlobID) []byte { return append(tableKey(id, tableHalves), blob[:]...) }

func pieceKey(id space.ID, number blobNumber, piece int) []byte {
	return binary.BigEndian.AppendUint16(append(tableKey(id, tablePieces), number[:]...), uint16(piece))
}

// refOf reads document and part of a key of one of a space's tables by part,
// and what follows them.
func refOf(id space.ID, key []byte) (ref Ref, rest []byte, ok bool) {
	const at = spaceKeySize + 1
	if len(key) < at+refSize {
		return Ref{}, nil, false
	}
	ref = Ref{Space: id, Document: DocumentID(key[at : at+16]), Part: space.Part(key[at+16])}
	return ref, key[at+refSize:], true
}

// positionOf reads the position that a key ends with.
func positionOf(key []byte) (uint64, bool) {
	if len(key) < 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[len(key)-8:]), true
}
