package p2p

import (
	"parley/crdt"
	"parley/space"
)

// A shortDigest is the digest of what a part holds, or of a bucket of parts.
type shortDigest [16]byte

func bucketSums(store *crdt.Store, id space.ID) []bucketSum {
	buckets := store.Buckets(id)
	list := make([]bucketSum, 0, len(buckets))
	for _, b := range buckets {
		list = append(list, bucketSum{Bucket: b.First, Digest: b.Digest})
	}
	return list
}

func partSums(store *crdt.Store, id space.ID, buckets []uint) (list []partSum) {
	for _, b := range buckets {
		for _, part := range store.Parts(id, byte(b)) {
			list = append(list, partSum{Document: part.Document, Part: part.Part, Digest: part.Digest})
		}
	}
	return list
}
