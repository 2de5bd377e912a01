package crdt

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"sync"

	"parley/space"
)

// PartDigest sums up one part of a document for catch-up.
type PartDigest struct {
	Document DocumentID
	Part     space.Part
	Digest   [16]byte
}

// Bucket sums up the parts whose document ID begins with First.
type Bucket struct {
	First  byte
	Digest [16]byte
}

// directory knows which parts a space has, and the digest of each, arranged
// as the protocol compares them.
type directory struct {
	mu      sync.Mutex
	buckets [256]directoryBucket
}

type directoryBucket struct {
	parts  map[Ref][16]byte
	digest [16]byte
	stale  bool
}

// set notes what a part holds. One that holds nothing any more, since nothing
// of it counts, is not listed: others may never have had it.
func (d *directory) set(ref Ref, state *stateRecord) {
	d.mu.Lock()
	defer d.mu.Unlock()
	bucket := &d.buckets[ref.Document[0]]
	if bucket.parts == nil {
		bucket.parts = make(map[Ref][16]byte)
	}
	if len(state.Heads) == 0 && state.Forks == ([16]byte{}) {
		delete(bucket.parts, ref)
	} else {
		bucket.parts[ref] = state.Digest
	}
	bucket.stale = true
}

func (d *directory) refs() (refs []Ref) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.buckets {
		refs = append(refs, d.buckets[i].sorted()...)
	}
	return refs
}

func (b *directoryBucket) sorted() []Ref {
	refs := make([]Ref, 0, len(b.parts))
	for ref := range b.parts {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, compareRefs)
	return refs
}

func compareRefs(a, b Ref) int {
	if c := bytes.Compare(a.Document[:], b.Document[:]); c != 0 {
		return c
	}
	return int(a.Part) - int(b.Part)
}

func (d *directory) list(first byte) (parts []PartDigest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	bucket := &d.buckets[first]
	for _, ref := range bucket.sorted() {
		parts = append(parts, PartDigest{Document: ref.Document, Part: ref.Part, Digest: bucket.parts[ref]})
	}
	return parts
}

func (d *directory) sums() (buckets []Bucket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.buckets {
		bucket := &d.buckets[i]
		if len(bucket.parts) == 0 {
			continue
		}
		if bucket.stale {
			bucket.digest, bucket.stale = bucket.sum(), false
		}
		buckets = append(buckets, Bucket{First: byte(i), Digest: bucket.digest})
	}
	return buckets
}

func (b *directoryBucket) sum() [16]byte {
	sum := sha256.New()
	for _, ref := range b.sorted() {
		digest := b.parts[ref]
		sum.Write(ref.Document[:])
		sum.Write([]byte{byte(ref.Part)})
		sum.Write(digest[:])
	}
	return [16]byte(sum.Sum(nil))
}

// Refs returns the parts that hold anything, sorted.
func (s *Store) Refs(id space.ID) []Ref {
	if held := s.held(id); held != nil {
		return held.directory.refs()
	}
	return nil
}

// Documents returns the documents that hold anything, sorted, the index among
// them.
func (s *Store) Documents(id space.ID) (documents []DocumentID) {
	for _, ref := range s.Refs(id) {
		if n := len(documents); n == 0 || documents[n-1] != ref.Document {
			documents = append(documents, ref.Document)
		}
	}
	return documents
}

// Digest is equal on two devices that hold the same of a space's documents.
func (s *Store) Digest(id space.ID) [32]byte {
	sum := sha256.New()
	for _, bucket := range s.Buckets(id) {
		sum.Write([]byte{bucket.First})
		sum.Write(bucket.Digest[:])
	}
	return [32]byte(sum.Sum(nil))
}

// Buckets returns the digests of the buckets that hold anything, in order.
func (s *Store) Buckets(id space.ID) []Bucket {
	if held := s.held(id); held != nil {
		return held.directory.sums()
	}
	return nil
}

// Parts returns the digests of the parts of one bucket, in order.
func (s *Store) Parts(id space.ID, bucket byte) []PartDigest {
	if held := s.held(id); held != nil {
		return held.directory.list(bucket)
	}
	return nil
}
