package p2p

import (
	"crypto/sha256"

	"parley/crdt"
	"parley/space"
)

// A shortDigest is the digest of a part's vector, or of a bucket of parts.
type shortDigest [16]byte

// partDigest is the digest of a part with this vector, as the store computes
// it too (docs/protocol.md, "Digests").
func partDigest(ref crdt.Ref, v crdt.Vector) shortDigest {
	raw, err := encoding.Marshal(toWire(v))
	if err != nil {
		panic(err) // a list of byte strings and numbers always encodes
	}
	h := sha256.New()
	h.Write(ref.Document[:])
	h.Write([]byte{byte(ref.Part)})
	h.Write(raw)
	return shortDigest(h.Sum(nil))
}

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
