package badger

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/pb"
	"google.golang.org/protobuf/proto"
)

// MANIFEST is a log of which tables there are. Badger removes every table that
// it does not name, and takes a record that seems to go past the end for the
// trace of a crash: so a flipped bit in it would cost tables.
var manifestHead = []byte{'B', 'd', 'g', 'r', 0, 0, 0, 8}

// Records of MANIFEST and KEYREGISTRY begin with a length and a checksum.
const recordHead = 8

// tableInfo is how a table has to be read.
type tableInfo struct {
	level       int
	keyID       uint64
	compression options.CompressionType
}

// manifest is what MANIFEST says.
type manifest struct {
	tables map[uint64]tableInfo
	gone   map[uint64]bool // tables that were removed
	sound  []byte          // the file's bytes, put right where that could be done
	whole  bool            // every record could be read
	mended bool
}

// readManifest reads as much as can be read.
func readManifest(data []byte, found finder) manifest {
	m := manifest{tables: map[uint64]tableInfo{}, gone: map[uint64]bool{}, whole: true}
	m.sound = bytes.Clone(data)
	if !bytes.HasPrefix(data, manifestHead) {
		found.damaged(0, "it does not begin as it should")
		if len(data) < len(manifestHead) {
			m.whole = false
			return m
		}
		m.mended = true
		copy(m.sound, manifestHead)
	}
	at := len(manifestHead)
	for at < len(data) {
		record, state := readRecord(m.sound[at:])
		switch state {
		case recordTorn:
			// A crash while it was written: what it says had not happened yet.
			m.sound = m.sound[:at]
			return m
		case recordLost:
			found.damaged(int64(at), "a record's checksum does not match")
			m.whole = false
			if record == nil {
				return m
			}
			at += recordHead + len(record)
			continue
		case recordMended:
			found.damaged(int64(at), "a bit of a record was flipped, and is put right")
			m.mended = true
		}
		if err := m.apply(record); err != nil {
			found.damaged(int64(at), "a record makes no sense: %v", err)
			m.whole = false
		}
		at += recordHead + len(record)
	}
	return m
}

func (m *manifest) apply(record []byte) error {
	var set pb.ManifestChangeSet
	if err := proto.Unmarshal(record, &set); err != nil {
		return err
	}
	for _, change := range set.Changes {
		switch change.Op {
		case pb.ManifestChange_CREATE:
			m.tables[change.Id] = tableInfo{int(change.Level), change.KeyId, options.CompressionType(change.Compression)}
		case pb.ManifestChange_DELETE:
			delete(m.tables, change.Id)
			m.gone[change.Id] = true
		default:
			return fmt.Errorf("an unknown operation, %d", change.Op)
		}
	}
	return nil
}

// recordState says how well a record could be read.
type recordState uint8

const (
	recordSound recordState = iota
	recordMended
	recordTorn // its end was never written
	recordLost
)

// readRecord reads the record that data begins with: its length, the checksum
// of what follows, and that. It puts a flipped bit right, in place. The record
// is nil if its length is not known.
func readRecord(data []byte) (record []byte, state recordState) {
	if len(data) < recordHead {
		return nil, recordTorn
	}
	head := data[:recordHead]
	body := func() []byte {
		if n := binary.BigEndian.Uint32(head); uint64(n) <= uint64(len(data)-recordHead) {
			return data[recordHead : recordHead+n]
		}
		return nil
	}
	want := binary.BigEndian.Uint32(head[4:])
	record = body()
	if record != nil && checksum(record) == want {
		return record, recordSound
	}
	if eachFlip(head[:4], func() bool { b := body(); return b != nil && checksum(b) == want }) {
		return body(), recordMended
	}
	if record == nil {
		return nil, recordTorn
	}
	if at, mended := mendBit(record, want); mended {
		if at == len(record) {
			binary.BigEndian.PutUint32(head[4:], checksum(record))
		}
		return record, recordMended
	}
	return record, recordLost
}
