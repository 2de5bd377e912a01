package dht

import (
	"context"
	"sync"

	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
)

// A shelf keeps what others leave here, in memory and up to a number: strangers
// may write, so something has to make room. Which, they cannot choose.
type shelf struct {
	most int

	mu    sync.Mutex
	notes map[datastore.Key][]byte
}

var _ datastore.Batching = (*shelf)(nil)

func newShelf(most int) *shelf { return &shelf{most: most, notes: make(map[datastore.Key][]byte)} }

func (s *shelf) Get(_ context.Context, key datastore.Key) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.notes[key]
	if !ok {
		return nil, datastore.ErrNotFound
	}
	return value, nil
}

func (s *shelf) Has(_ context.Context, key datastore.Key) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.notes[key]
	return ok, nil
}

func (s *shelf) GetSize(ctx context.Context, key datastore.Key) (int, error) {
	value, err := s.Get(ctx, key)
	if err != nil {
		return -1, err
	}
	return len(value), nil
}

func (s *shelf) Put(_ context.Context, key datastore.Key, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.notes[key]; !known && len(s.notes) >= s.most {
		for other := range s.notes { // the order is drawn anew each time
			delete(s.notes, other)
			break
		}
	}
	s.notes[key] = value
	return nil
}

func (s *shelf) Delete(_ context.Context, key datastore.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.notes, key)
	return nil
}

// Query finds nothing: nobody may look through what lies here.
func (s *shelf) Query(_ context.Context, q query.Query) (query.Results, error) {
	return query.ResultsWithEntries(q, nil), nil
}

func (s *shelf) Batch(context.Context) (datastore.Batch, error) {
	return datastore.NewBasicBatch(s), nil
}
func (s *shelf) Sync(context.Context, datastore.Key) error { return nil }
func (s *shelf) Close() error                              { return nil }
