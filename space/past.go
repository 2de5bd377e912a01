package space

import "math/bits"

// past is the set of an entry's ancestors, by the numbers that entries get as
// they come in (parents first). In a log whose branches keep joining, an
// entry's past is everything before some point and little else, so it is kept
// as that point and a bitmap of what lies beyond it.
type past struct {
	all  int      // every number below it is in the set
	more []uint64 // bit i%64 of more[i/64-all/64] for every i >= all
}

func (p *past) has(i int) bool {
	if i < p.all {
		return true
	}
	w := i/64 - p.all/64
	return w < len(p.more) && p.more[w]>>(i%64)&1 == 1
}

// pastOf joins the pasts of an entry's parents, and the parents themselves.
func pastOf(parents []int, of func(int) past) past {
	all, last := 0, 0
	for _, i := range parents {
		all = max(all, of(i).all)
		last = max(last, i)
	}
	if last < all {
		return past{all: all}
	}
	base := all / 64
	words := make([]uint64, last/64-base+1)
	words[0] = 1<<(all%64) - 1
	for _, i := range parents {
		p := of(i)
		for w, word := range p.more {
			if at := p.all/64 + w; at >= base {
				words[at-base] |= word
			}
		}
		if i >= all {
			words[i/64-base] |= 1 << (i % 64)
		}
	}
	full := 0
	for full < len(words) && words[full] == ^uint64(0) {
		full++
	}
	all = (base + full) * 64
	words = words[full:]
	if len(words) == 0 {
		return past{all: all}
	}
	low := bits.TrailingZeros64(^words[0])
	all += low
	if len(words) == 1 && words[0] == 1<<low-1 {
		words = nil
	}
	return past{all: all, more: append([]uint64(nil), words...)}
}
