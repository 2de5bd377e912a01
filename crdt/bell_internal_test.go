package crdt

import (
	"errors"
	"testing"
)

func TestTheBellForgetsTheOldestMoves(t *testing.T) {
	b := newBell(100)
	const first, count = 102, keptMoves + 1004
	for n := uint64(0); n < count; n += 10 {
		var moves []Move
		for i := range uint64(10) {
			moves = append(moves, Move{Position: first + n + i})
		}
		b.publish(first+n+9, moves)
	}
	newest := uint64(first + count - 1)
	if _, at, _, err := b.after(100); !errors.Is(err, ErrLagged) || at != newest {
		t.Fatalf("from the start: %d, %v", at, err)
	}
	oldest := newest - keptMoves
	if _, _, _, err := b.after(oldest - 1); !errors.Is(err, ErrLagged) {
		t.Fatalf("one too many: %v", err)
	}
	for _, behind := range []uint64{keptMoves, 12345, 7, 0} {
		moves, at, _, err := b.after(newest - behind)
		if err != nil || uint64(len(moves)) != behind || at != newest {
			t.Fatalf("%d behind: %d moves, %v", behind, len(moves), err)
		}
		for i, m := range moves {
			if m.Position != newest-behind+1+uint64(i) {
				t.Fatalf("move %d of %d is %d", i, len(moves), m.Position)
			}
		}
	}
}
