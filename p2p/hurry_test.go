package p2p

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// A race is a hurry among peers who bring so many bytes each second and never
// end; the honest one has the document.
type race struct {
	pace map[peer.ID]int64

	mu    sync.Mutex
	asked []peer.ID
	cut   []peer.ID
	came  atomic.Bool
}

const honest = peer.ID("honest")

func (r *race) pull(ctx context.Context, from peer.ID, brought *atomic.Int64) error {
	r.mu.Lock()
	r.asked = append(r.asked, from)
	r.mu.Unlock()
	if from == honest {
		brought.Add(100)
		r.came.Store(true)
		return nil
	}
	for pause(ctx, time.Second) {
		brought.Add(r.pace[from])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = append(r.cut, from)
	return errors.New("cut off")
}

// runs lets a hurry go on until the document is here, or for so long.
func (r *race) runs(t *testing.T, most time.Duration, peers ...peer.ID) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	var tasks sync.WaitGroup
	h := &hurry{pull: r.pull, here: r.came.Load}
	h.run(ctx, func(task func()) bool { tasks.Go(task); return true }, peers)
	r.mu.Lock()
	r.cut = slices.Clip(r.cut) // what the end cuts off comes behind
	r.mu.Unlock()
	cancel()
	tasks.Wait()
}

var slow = []peer.ID{"a", "b", "c", "d"}

func TestWhoBringsNextToNothingKeepsNobodyFromBeingAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &race{pace: map[peer.ID]int64{"a": 40, "b": 30, "c": 20, "d": 50}}
		r.runs(t, time.Hour, append(slices.Clone(slow), honest)...)
		if !r.came.Load() {
			t.Fatalf("the document did not come; asked were %q", r.asked)
		}
		// One makes way, and nobody is asked twice for that.
		if want := append(slices.Clone(slow), honest); !slices.Equal(r.asked, want) {
			t.Errorf("asked were %q", r.asked)
		}
	})
}

func TestWhoBringsEnoughIsLeftToGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &race{pace: map[peer.ID]int64{"a": 2 * slowest, "b": 2 * slowest, "c": 100, "d": 2 * slowest}}
		r.runs(t, time.Hour, append(slices.Clone(slow), honest)...)
		if !r.came.Load() || len(r.cut) == 0 || r.cut[0] != "c" {
			t.Errorf("it came: %v; %q made way", r.came.Load(), r.cut)
		}
	})
}

// Where all are slow each has its turn, and longer turns: so that something comes
// in the end.
func TestTheSlowHaveLongerTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &race{pace: make(map[peer.ID]int64)}
		r.runs(t, time.Hour, append(slices.Clone(slow), "e")...)
		turns := make(map[peer.ID]int)
		for _, p := range r.asked {
			turns[p]++
		}
		// Of turns of 5, 10, 20, … seconds no more than ten fit into an hour.
		for _, p := range append(slices.Clone(slow), "e") {
			if turns[p] < 3 || turns[p] > 12 {
				t.Errorf("%s was asked %d times", p, turns[p])
			}
		}
	})
}
