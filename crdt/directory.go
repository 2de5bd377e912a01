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
	told    *told // what others are told of what is set aside, by which the digests are
	buckets [256]directoryBucket
}

type directoryBucket struct {
	parts  map[Ref][16]byte
	told   map[Ref][16]byte // of what others are told of what is set aside
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
	if digest := state.digest(); digest == ([16]byte{}) {
		delete(bucket.parts, ref)
	} else {
		bucket.parts[ref] = digest
	}
	bucket.stale = true
}

// digest is that of what a part holds, zeros if that is nothing.
func (r *stateRecord) digest() [16]byte {
	if len(r.Heads) == 0 && r.Forks == ([16]byte{}) {
		return [16]byte{}
	}
	return r.Digest
}

// tell has the digests cover what others are told of what is set aside.
func (d *directory) tell(told *told) {
	if d.told == told {
		return
	}
	d.told = told
	for i := range d.buckets {
		d.buckets[i].stale, d.buckets[i].told = true, nil
	}
	for ref, part := range told.parts {
		bucket := &d.buckets[ref.Document[0]]
		if bucket.told == nil {
			bucket.told = make(map[Ref][16]byte)
		}
		bucket.told[ref] = part.digest
	}
}

func (d *directory) refs() (refs []Ref) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.buckets {
		refs = append(refs, sortedRefs(d.buckets[i].parts, nil)...)
	}
	return refs
}

// sortedRefs are the parts in either of two maps.
func sortedRefs(some, others map[Ref][16]byte) []Ref {
	refs := make([]Ref, 0, len(some)+len(others))
	for ref := range some {
		refs = append(refs, ref)
	}
	for ref := range others {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, compareRefs)
	return slices.Compact(refs)
}

// list gives the digests of the parts of which others are told anything, in order.
func (b *directoryBucket) list() []PartDigest {
	refs := sortedRefs(b.parts, b.told)
	parts := make([]PartDigest, len(refs))
	for i, ref := range refs {
		parts[i] = PartDigest{Document: ref.Document, Part: ref.Part, Digest: withTold(b.parts[ref], b.told[ref])}
	}
	return parts
}

func compareRefs(a, b Ref) int {
	if c := bytes.Compare(a.Document[:], b.Document[:]); c != 0 {
		return c
	}
	return int(a.Part) - int(b.Part)
}

func (d *directory) list(told *told, first byte) []PartDigest {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tell(told)
	return d.buckets[first].list()
}

func (d *directory) sums(told *told) (buckets []Bucket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tell(told)
	for i := range d.buckets {
		bucket := &d.buckets[i]
		if len(bucket.parts)+len(bucket.told) == 0 {
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
	for _, part := range b.list() {
		sum.Write(part.Document[:])
		sum.Write([]byte{byte(part.Part)})
		sum.Write(part.Digest[:])
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

// Digest is equal on two devices that hold the same of a space's documents, and
// have set aside the same of what does not count.
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
		return held.directory.sums(held.tells())
	}
	return nil
}

// Parts returns the digests of the parts of one bucket, in order.
func (s *Store) Parts(id space.ID, bucket byte) []PartDigest {
	if held := s.held(id); held != nil {
		return held.directory.list(held.tells(), bucket)
	}
	return nil
}
