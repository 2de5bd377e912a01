package crdt

import (
	"context"
	"fmt"
)

// ReferredBlobs are the blobs that a part refers to, in what it shows now:
// ascending, each once, whether they are here or not. The part is only opened if
// it has moved since somebody last looked.
func (s *Store) ReferredBlobs(ctx context.Context, ref Ref) ([]BlobID, error) {
	if s.held(ref.Space) == nil {
		return nil, fmt.Errorf("what %s refers to: %w", ref, ErrUnknownSpace)
	}
	record, err := s.referencesOf(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("what %s refers to: %w", ref, err)
	}
	blobs := make([]BlobID, len(record.Blobs))
	for i, id := range record.Blobs {
		blobs[i] = id
	}
	return blobs, nil
}
