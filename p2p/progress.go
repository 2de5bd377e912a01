package p2p

import (
	"sync"

	"parley/crdt"
	"parley/space"
)

// Progress is how far it is to fetch what a space holds from somebody. It counts
// documents of which something was missing, but for the index.
type Progress struct {
	Active bool
	From   space.DeviceID // zero unless active
	Done   int
	Total  int
	Bytes  int64 // that have come
}

// Progress tells how far catching up is in a space. Single changes that come as
// people write are not counted as that.
func (n *Node) Progress(id space.ID) Progress {
	if o := n.current(); o != nil {
		if r := o.room(id); r != nil {
			return r.progress.now()
		}
	}
	return Progress{}
}

// progress is how far one room is. Of pulls that overlap, which are rare, the
// one that began last is told of.
type progress struct {
	changed func()

	mu   sync.Mutex
	of   *pull
	told Progress
	left map[crdt.DocumentID]int // parts to come
}

func (s *progress) now() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told
}

// begin says what a pull is going to fetch.
func (s *progress) begin(p *pull, refs []crdt.Ref) {
	left := make(map[crdt.DocumentID]int)
	for _, ref := range refs {
		if ref.Document != crdt.IndexID(ref.Space) {
			left[ref.Document]++
		}
	}
	if len(left) == 0 {
		return
	}
	s.mu.Lock()
	s.of, s.left = p, left
	s.told = Progress{Active: true, From: p.device, Total: len(left)}
	s.mu.Unlock()
	s.changed()
}

// took says that something of a part has come, and whether there is more.
func (s *progress) took(p *pull, ref crdt.Ref, bytes int, more bool) {
	s.mu.Lock()
	if s.of != p {
		s.mu.Unlock()
		return
	}
	s.told.Bytes += int64(bytes)
	if parts, ok := s.left[ref.Document]; ok && !more {
		if s.left[ref.Document]--; parts == 1 {
			delete(s.left, ref.Document)
			s.told.Done++
		}
	}
	s.mu.Unlock()
	s.changed()
}

// end says that a pull is over, however it ended.
func (s *progress) end(p *pull) {
	s.mu.Lock()
	over := s.of == p
	if over {
		s.of, s.left, s.told = nil, nil, Progress{}
	}
	s.mu.Unlock()
	if over {
		s.changed()
	}
}
