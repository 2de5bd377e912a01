package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"parley/app/vault"
	"parley/crdt"
)

// The format of a backup (docs/formats.md, Backups): a line, and then frames,
// the last of which says how many records there are and what all of it hashes
// to.
const backupMagic = "parley-backup-1\n"

// The kinds of frames.
const (
	backupHead   = 'h'
	backupEntry  = 'f'
	backupRecord = 'r'
	backupEnd    = 'e'
)

const (
	frameHead = 5                  // bytes: length and kind
	maxFrame  = crdt.MaxRecord + 2 // bytes of what follows them
	counts    = 8 + 8              // bytes of the last frame before its hash
	trailer   = counts + sha256.Size
)

// What can be wrong with the bytes of a backup.
var (
	errNoBackup      = errors.New("not a backup")
	errBackupVersion = errors.New("a backup of a newer version")
	errBackupCut     = errors.New("the end of the backup is missing")
	errBackupDamaged = errors.New("the backup is damaged") // the error around it says where
)

// backupHeader says where a backup comes from.
type backupHeader struct {
	Device  string    `json:"device"`
	Made    time.Time `json:"made"`
	Version string    `json:"version"` // of the program

	Guard vault.Guard `json:"guard,omitempty"` // what guarded the key to all this; earlier versions did not say
}

// backupWriter writes one backup. Close ends it, and leaves what is below
// open.
type backupWriter struct {
	to      io.Writer
	sum     hash.Hash
	frame   []byte
	records uint64
	left    uint64 // records that could not be read
}

func newBackupWriter(to io.Writer, header backupHeader) (*backupWriter, error) {
	w := &backupWriter{to: to, sum: sha256.New()}
	raw, err := json.Marshal(header)
	if err != nil {
		return nil, fmt.Errorf("write backup: %w", err)
	}
	if err := w.write([]byte(backupMagic)); err != nil {
		return nil, err
	}
	return w, w.put(backupHead, raw)
}

// file adds a file of the data directory. All come before the first record.
func (w *backupWriter) file(name string, content []byte) error {
	return w.put(backupEntry, []byte{byte(len(name))}, []byte(name), content)
}

func (w *backupWriter) record(key, value []byte) error {
	w.records++
	return w.put(backupRecord, binary.BigEndian.AppendUint16(nil, uint16(len(key))), key, value)
}

// end writes what makes the backup complete.
func (w *backupWriter) end() error {
	frame := binary.BigEndian.AppendUint32(nil, trailer)
	frame = append(frame, backupEnd)
	frame = binary.BigEndian.AppendUint64(frame, w.records)
	frame = binary.BigEndian.AppendUint64(frame, w.left)
	if err := w.write(frame); err != nil {
		return err
	}
	return w.write(w.sum.Sum(nil))
}

func (w *backupWriter) put(kind byte, content ...[]byte) error {
	w.frame = append(w.frame[:0], 0, 0, 0, 0, kind)
	for _, some := range content {
		w.frame = append(w.frame, some...)
	}
	if len(w.frame)-frameHead > maxFrame {
		return fmt.Errorf("write backup: %d bytes in one piece", len(w.frame))
	}
	binary.BigEndian.PutUint32(w.frame, uint32(len(w.frame)-frameHead))
	return w.write(w.frame)
}

func (w *backupWriter) write(raw []byte) error {
	w.sum.Write(raw)
	if _, err := w.to.Write(raw); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

// backupVisitor is shown what a backup holds, in its order. What it is given
// is its to keep.
type backupVisitor struct {
	header func(backupHeader) error
	file   func(name string, content []byte) error
	record func(key, value []byte) error
}

// readBackup reads a backup to its end, and fails unless all of it is there as
// it was written. Only then does what the visitor was shown count. left says
// how many records could not be read when it was made. Errors about the bytes
// wrap one of those above.
func readBackup(from io.Reader, visit backupVisitor) (records, left uint64, err error) {
	r := &backupReader{from: from, sum: sha256.New()}
	if err := r.magic(); err != nil {
		return 0, 0, err
	}
	before := byte(0)
	for {
		kind, content, err := r.next()
		if err != nil {
			return 0, 0, err
		}
		if !follows(kind, before) {
			return 0, 0, fmt.Errorf("%w: a part of the kind %q comes after one of the kind %q", errBackupDamaged, kind, before)
		}
		before = kind
		if kind == backupEnd {
			return r.end(content)
		}
		if err := r.show(kind, content, visit); err != nil {
			return 0, 0, err
		}
	}
}

// follows reports whether frames may come in that order.
func follows(kind, before byte) bool {
	switch kind {
	case backupHead:
		return before == 0
	case backupEntry:
		return before == backupHead || before == backupEntry
	case backupRecord, backupEnd:
		return before != 0
	}
	return false
}

type backupReader struct {
	from    io.Reader
	sum     hash.Hash
	records uint64
}

func (r *backupReader) magic() error {
	raw := make([]byte, len(backupMagic))
	if err := r.read(raw); err != nil {
		return err
	}
	r.sum.Write(raw)
	if string(raw) == backupMagic {
		return nil
	}
	const name = len("parley-backup-")
	if bytes.HasPrefix(raw, []byte(backupMagic[:name])) {
		return fmt.Errorf("%w: it begins with %q", errBackupVersion, raw)
	}
	return fmt.Errorf("%w: it begins with %q", errNoBackup, raw)
}

// next reads a frame. Its content is a copy.
func (r *backupReader) next() (kind byte, content []byte, err error) {
	var head [frameHead]byte
	if err := r.read(head[:]); err != nil {
		return 0, nil, err
	}
	r.sum.Write(head[:])
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		return 0, nil, fmt.Errorf("%w: a part of %d bytes", errBackupDamaged, size)
	}
	// What is not there takes no memory.
	var buffer bytes.Buffer
	n, err := io.CopyN(&buffer, r.from, int64(size))
	if errors.Is(err, io.EOF) && n < int64(size) {
		err = io.ErrUnexpectedEOF
	}
	content = buffer.Bytes()
	if kind = head[4]; kind != backupEnd {
		r.sum.Write(content)
	}
	return kind, content, r.explain(err)
}

func (r *backupReader) read(raw []byte) error {
	_, err := io.ReadFull(r.from, raw)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return r.explain(err)
}

func (r *backupReader) explain(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errBackupCut
	}
	if err != nil {
		return fmt.Errorf("read backup: %w", err)
	}
	return nil
}

func (r *backupReader) show(kind byte, content []byte, visit backupVisitor) error {
	switch kind {
	case backupHead:
		var header backupHeader
		if err := json.Unmarshal(content, &header); err != nil {
			return fmt.Errorf("%w: its header: %w", errBackupDamaged, err)
		}
		return visit.header(header)
	case backupEntry:
		if len(content) == 0 || len(content) < 1+int(content[0]) {
			return fmt.Errorf("%w: a file without a name", errBackupDamaged)
		}
		n := 1 + int(content[0])
		return visit.file(string(content[1:n]), content[n:])
	}
	r.records++
	if len(content) < 2 || len(content) < 2+int(binary.BigEndian.Uint16(content)) {
		return fmt.Errorf("%w: a record without a key", errBackupDamaged)
	}
	n := 2 + int(binary.BigEndian.Uint16(content))
	return visit.record(content[2:n:n], content[n:])
}

func (r *backupReader) end(content []byte) (records, left uint64, err error) {
	if len(content) != trailer {
		return 0, 0, fmt.Errorf("%w: its end is damaged", errBackupDamaged)
	}
	r.sum.Write(content[:counts])
	records, left = binary.BigEndian.Uint64(content), binary.BigEndian.Uint64(content[8:])
	if !bytes.Equal(content[counts:], r.sum.Sum(nil)) {
		return 0, 0, fmt.Errorf("%w: it is not as it was written", errBackupDamaged)
	}
	if records != r.records {
		return 0, 0, fmt.Errorf("%w: %d records of %d", errBackupDamaged, r.records, records)
	}
	var more [1]byte
	if n, err := r.from.Read(more[:]); n > 0 || !errors.Is(err, io.EOF) {
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, fmt.Errorf("read backup: %w", err)
		}
		return 0, 0, fmt.Errorf("%w: something follows its end", errBackupDamaged)
	}
	return records, left, nil
}
