package crdt

import "slices"

// blobBatch is how many pieces are written together: enough that the disk is not
// asked to sync for each of them, and few enough that a letter somebody types
// meanwhile does not wait for long.
const blobBatch = 4

// stager makes pieces durable that do not count yet, several with one sync, while
// the next ones come. It holds at most 2*blobBatch of them in memory. One
// goroutine uses it, and has called rest or flush when it is done with it.
type stager struct {
	write func([]Op) error

	batch   []Op       // that waits for company
	pieces  int        // in it
	writing []Op       // that is being written
	written chan error // capacity 1: how that ended; nil unless there is any
	spare   [][]byte   // what pieces are copied into
	err     error      // that a write has failed with: nothing more is written
}

// add takes a piece, which it copies, and what has to be written with it. It
// waits where the disk is slower than what comes. What it fails with may be about
// an earlier piece.
func (s *stager) add(piece Op, with ...Op) error {
	if s.err != nil {
		return s.err
	}
	var room []byte
	if last := len(s.spare) - 1; last >= 0 {
		room, s.spare = s.spare[last], s.spare[:last]
	}
	piece.Value = append(room[:0], piece.Value...)
	s.batch = append(append(s.batch, with...), piece)
	if s.pieces++; s.pieces < blobBatch {
		return nil
	}
	if err := s.wait(); err != nil {
		return err
	}
	s.start()
	return nil
}

// start has the batch written, while nothing else is.
func (s *stager) start() {
	ops, written := s.batch, make(chan error, 1)
	s.batch, s.pieces, s.writing, s.written = nil, 0, ops, written
	go func() { written <- s.write(ops) }()
}

// wait returns when nothing is being written.
func (s *stager) wait() error {
	if s.written == nil {
		return s.err
	}
	s.err = <-s.written
	for _, op := range s.writing {
		if cap(op.Value) >= blobPiece {
			s.spare = append(s.spare, op.Value)
		}
	}
	s.writing, s.written = nil, nil
	return s.err
}

// flush returns when all that was added is durable.
func (s *stager) flush() error {
	if err := s.wait(); err != nil {
		return err
	}
	if len(s.batch) > 0 {
		s.start()
	}
	return s.wait()
}

// rest is what is still to be written, and the caller's to write; all else is
// durable.
func (s *stager) rest() ([]Op, error) {
	err := s.wait()
	ops := slices.Clone(s.batch)
	s.batch, s.pieces = nil, 0
	return ops, err
}
