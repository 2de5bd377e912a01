package crdt

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"parley/space"
)

// DocumentID names a document within its space.
type DocumentID [16]byte

// ErrMalformedID is what parsing the text of an ID fails with.
var ErrMalformedID = errors.New("malformed document ID")

// NewDocumentID reads a new ID from a source of randomness.
func NewDocumentID(rand io.Reader) (DocumentID, error) {
	var id DocumentID
	if _, err := io.ReadFull(rand, id[:]); err != nil {
		return DocumentID{}, fmt.Errorf("new document ID: %w", err)
	}
	return id, nil
}

// IndexID names the index document of a space.
func IndexID(id space.ID) DocumentID {
	sum := sha256.Sum256(append([]byte("parley/index/1"), id[:]...))
	return DocumentID(sum[:16])
}

// String is the ID in lower-case hex.
func (d DocumentID) String() string { return hex.EncodeToString(d[:]) }

// ParseDocumentID reads what DocumentID.String writes.
func ParseDocumentID(s string) (DocumentID, error) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != len(DocumentID{}) {
		return DocumentID{}, fmt.Errorf("parse document ID: %w", ErrMalformedID)
	}
	return DocumentID(raw), nil
}

// MarshalText writes lower-case hex.
func (d DocumentID) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads hex.
func (d *DocumentID) UnmarshalText(text []byte) error {
	parsed, err := ParseDocumentID(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// Ref names one part of one document: one Automerge document.
type Ref struct {
	Space    space.ID
	Document DocumentID
	Part     space.Part
}

// String is for logs and error messages.
func (r Ref) String() string {
	return fmt.Sprintf("%s/%s/%s", r.Space.String()[:8], r.Document, r.Part)
}
